"""Excludes1 in code form: which codes the notes of the tabular list forbid together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from leadterm.codes.systems.bare_codes import bare
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["Exclusion", "exclusion", "exclusions"]

_CODE = r"[A-Z]\w{2}(?:\.[0-9A-Z]{1,4})?"
REFERENCE = re.compile(rf"\b({_CODE})(?:(?:\s?-\s?|-?\sto\s)({_CODE}))?")
DIGIT = re.compile(r"\d")


class Exclusion(NamedTuple):
    """The note that keeps two codes apart: where it stands and what it says."""

    owner: str
    text: str


def exclusions(case: Case) -> Iterator[Finding]:
    """Pairs of codes that exclude each other, by a note at either of them or above it."""
    known = case.known
    for at, first in enumerate(known):
        for second in known[at + 1 :]:
            note = exclusion(case.system, first, second)
            if note:
                yield make_finding("excludes1", case.system.name, (first, second), owner=note.owner, note=note.text)


@lru_cache(maxsize=50_000)
def exclusion(system: CodeSystem, first: str, second: str) -> Exclusion | None:
    """Give the Excludes1 note that forbids two codes of a release together, or None.

    >>> from leadterm.codes import load_system
    >>> [exclusion(load_system("icd10cm"), "E10.9", other) for other in ("I10", "E11.9")]
    [None, Exclusion(owner='E10', text='type 2 diabetes mellitus (E11.-)')]
    """
    for one, other in ((first, second), (second, first)) if first != second else ():
        plain = bare(other)
        for note, ranges in _notes(system, one):
            if any(low <= plain[: len(low)] and plain[: len(high)] <= high for low, high in ranges):
                return note
    return None


@lru_cache(maxsize=20_000)
def _notes(system: CodeSystem, code: str) -> tuple[tuple[Exclusion, tuple[tuple[str, str], ...]], ...]:
    """The notes that hold for a code, each with the first and last codes it names."""
    found = []
    for note in system.instructions(code, "excludes1"):
        ranges = ranges_in(note.text)
        if ranges:
            found.append((Exclusion(note.owner, note.text), ranges))
    return tuple(found)


@lru_cache(maxsize=20_000)
def ranges_in(text: str) -> tuple[tuple[str, str], ...]:
    """Give the first and last codes, without dots, of each reference of a note.

    >>> ranges_in("toxic effect of foodstuffs (T61-T62), colitis (A04.7-), influenza (J09.X3)")
    (('T61', 'T62'), ('A047', 'A047'), ('J09X3', 'J09X3'))
    """
    pairs = ((low, high or low) for low, high in REFERENCE.findall(text))
    return tuple((bare(low), bare(high)) for low, high in pairs if DIGIT.search(low[:3]) and DIGIT.search(high[:3]))
