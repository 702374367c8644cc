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


@lru_cache(maxsize=4096)
def _rows_of(system: CodeSystem, code: str) -> tuple[Mapping[str, str], ...]:
    """The rows of the table that hold for a code; those of two sexes say nothing of the sex."""
    found = {number for part in _titles(system, code) for number in part}
    rows = [row for number, (row, _) in enumerate(_table()) if number in found]
    if len({row["sex"] for row in rows if row["sex"]}) > 1:
        rows = [row for row in rows if not row["sex"]]
    return tuple(rows)


def _titles(system: CodeSystem, code: str) -> Iterator[frozenset[int]]:
    """Numbers of the rows whose words stand in the titles of a code, of those above it, of its block and chapter."""
    for part, heading in (("chapter", system.chapter(code)), ("block", system.block(code))):
        if heading:
            yield _named(part, heading.title)
    for one in (code, *system.ancestors(code)):
        yield _named("code", system.title(one))


@lru_cache(maxsize=4096)
def _named(part: str, title: str) -> frozenset[int]:
    small = title.lower()
    return frozenset(at for at, (row, words) in enumerate(_table()) if row["part"] == part and words.search(small))


@cache
def _table() -> tuple[tuple[Mapping[str, str], re.Pattern[str]], ...]:
    rows = package_table("leadterm.rules", "patient_words.tsv")
    return tuple((row, re.compile(rf"\b{re.escape(row['words'])}\b")) for row in rows)
