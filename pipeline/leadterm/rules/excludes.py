"""Excludes notes in code form: which codes the tabular list keeps apart, or lets stand together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding
from leadterm.rules.references import Note, Reference, notes_of

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.codes.types import InstructionKind

__all__ = ["Exclusion", "exclusion", "exclusions", "inclusions"]


class Exclusion(NamedTuple):
    """The note that keeps two codes apart: where it stands and what it says."""

    owner: str
    text: str


def exclusions(case: Case) -> Iterator[Finding]:
    """Pairs of codes that exclude each other, by a note at either of them or above it."""
    named = [_named(case.system, code, "excludes1") for code in case.known]
    for (first, own), (second, other) in combinations(zip(case.known, named, strict=True), 2):
        if second[0] in own or first[0] in other:  # most pairs end here
            note = exclusion(case.system, first, second)
            if note:
                yield make_finding("excludes1", case.system.name, (first, second), owner=note.owner, note=note.text)


def inclusions(case: Case) -> Iterator[Finding]:
    """Pairs of codes that an Excludes2 note names: both may stand."""
    for at, first in enumerate(case.known):
        for second in case.known[at + 1 :]:
            note = exclusion(case.system, first, second, "excludes2")
            if note:
                yield make_finding("excludes2", case.system.name, (first, second), owner=note.owner, note=note.text)


@lru_cache(maxsize=4096)
def exclusion(system: CodeSystem, first: str, second: str, kind: InstructionKind = "excludes1") -> Exclusion | None:
    """Give the Excludes1 note that forbids two codes of a release together, or None.

    >>> from leadterm.codes import load_system
    >>> [exclusion(load_system("icd10cm"), "E10.9", other) for other in ("I10", "E11.9")]
    [None, Exclusion(owner='E10', text='type 2 diabetes mellitus (E11.-)')]
    """
    for one, other in ((first, second), (second, first)) if first != second else ():
        plain = other.replace(".", "")
        for reference, note in _named(system, one, kind).get(plain[0], ()):
            if reference.holds(plain):
                return Exclusion(note.owner, note.text)
    return None


@lru_cache(maxsize=4096)
def _named(system: CodeSystem, code: str, kind: InstructionKind) -> Mapping[str, tuple[tuple[Reference, Note], ...]]:
    """The codes that the notes of a kind name, by the letters they may begin with."""
    found: dict[str, list[tuple[Reference, Note]]] = {}
    for note in notes_of(system, code):
        for reference in note.named if note.kind == kind else ():
            for letter in range(ord(reference.low[0]), ord(reference.high[0]) + 1):
                found.setdefault(chr(letter), []).append((reference, note))
    return {letter: tuple(those) for letter, those in found.items()}
