"""Codes that are for another patient: of the other sex, or of another age."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["other_age", "other_sex"]

CAUSES = ("V", "W", "X", "Y")
SEXES = {"F": "female", "M": "male"}


def other_sex(case: Case) -> Iterator[Finding]:
    """Codes whose title or place in the classification is of the other sex."""
    patient = case.facts.sex
    for code in case.known if patient in SEXES else ():
        if code.startswith(CAUSES):
            continue  # of whoever did it
        sexes = {row["sex"] for row in _rows_of(case.system, code) if row["sex"]}
        if sexes and patient not in sexes:
            (other,) = sexes
            yield make_finding("other-sex", case.system.name, (code,), other_sex=SEXES[other], sex=SEXES[str(patient)])


def other_age(case: Case) -> Iterator[Finding]:
    """Codes for an age that the patient cannot have had on the day of service."""
    ages = case.facts.ages
    for code in case.known if ages else ():
        for row in _rows_of(case.system, code):
            oldest = int(row["oldest"] or 200)
            if ages and ages[0] > oldest:
                yield make_finding("perinatal-age", case.system.name, (code,), age=ages[0])
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
    return tuple(package_table("leadterm.rules", "patient_words.tsv"))
