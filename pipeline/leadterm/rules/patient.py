"""Codes that are for another patient: of the other sex, or of another age."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from leadterm.rules.findings import CodeSet, Finding, Severity

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["other_age", "other_sex"]

SEXES = {"F": "female", "M": "male"}
DOUBTFUL_YEARS = 1  # of a year of birth alone: the birthday may be before or after the day of service


def other_sex(table: CodeSet) -> Iterator[Finding]:
    """Codes whose title or place in the classification is of the other sex."""
    patient = table.encounter.sex
    for code in table.known if patient in SEXES else ():
        sexes = {row["sex"] for row in _rows_of(table.system, code) if row["sex"]}
        if sexes and patient not in sexes:
            (other,) = sexes
            text = f"{code} is a code for a {SEXES[other]} patient; the encounter says {SEXES[str(patient)]}."
            yield Finding("sex", "warning", table.system.name, (code,), "", text)


def other_age(table: CodeSet) -> Iterator[Finding]:
    """Codes for an age that the patient cannot have had on the day of service."""
    age = table.age
    for code in table.known if age is not None else ():
        for row in _rows_of(table.system, code):
            young, old = int(row["youngest"] or 0), int(row["oldest"] or 200)
            if age is not None and not young <= age <= old + DOUBTFUL_YEARS:
                severity: Severity = "note" if row["severity"] == "note" else "warning"
                whom = f"from {young} to {old} years" if row["youngest"] else f"up to {old} years"
                text = f"{code} is a code for patients {whom}; this one is about {age}."
                section = "I.C.16.a" if severity == "note" else ""
                yield Finding("age", severity, table.system.name, (code,), section, text)
                break


@lru_cache(maxsize=20_000)
def _rows_of(system: CodeSystem, code: str) -> tuple[Mapping[str, str], ...]:
    """The rows of the table that hold for a code; those of two sexes say nothing of the sex."""
    places = {"chapter": system.chapter(code), "block": system.block(code)}
    titles = {part: heading.title.lower() for part, heading in places.items() if heading}
    titles["code"] = " ".join(system.title(one) for one in (code, *system.ancestors(code))).lower()
    rows = [row for row in _table() if re.search(rf"\b{re.escape(row['words'])}\b", titles.get(row["part"], ""))]
    if len({row["sex"] for row in rows if row["sex"]}) > 1:
        rows = [row for row in rows if not row["sex"]]
    return tuple(rows)


@cache
def _table() -> tuple[Mapping[str, str], ...]:
    text = (files("leadterm.rules") / "patient_words.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(dict(zip(header, row, strict=True)) for row in rows)
