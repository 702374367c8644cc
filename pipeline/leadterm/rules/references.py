"""Codes named in the notes of the tabular list: ranges, and the characters a note asks of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from leadterm.codes.systems.bare_codes import bare

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["Note", "Reference", "names", "notes_of", "references_in"]

_CODE = r"[A-Z]\w{2}(?:\.[0-9A-Z]{1,4})?"
REFERENCE = re.compile(rf"\b({_CODE})(?:(?:\s?-\s?|-?\sto\s)({_CODE}))?")
DIGIT = re.compile(r"\d")
KINDS = frozenset({"excludes1", "excludes2", "code first", "use additional", "code also"})
PIECES = re.compile(r"[()]")
_PLACE = r"(fifth|sixth|seventh|5th|6th|7th|final)"
WITH_CHARACTER = re.compile(
    rf"\bwith {_PLACE}(?:[- ](?:to|or) (?:fifth|sixth|six|seventh))?[- ]characters? [.-]?([0-9A-Z]+)(?:-([0-9A-Z]))?"
)
WITH_ENDING = re.compile(r"\bwith \.(\w+)(?:-\.(\w+))?")
WORDS = {"with ketoacidosis": (3, "1", "1"), "with open fracture 7th character": (6, "B", "C")}
AT = {"fifth": 4, "5th": 4, "sixth": 5, "6th": 5, "seventh": 6, "7th": 6}


class Reference(NamedTuple):
    """First and last code of a range, without dots, and what characters at a place must stand between two values.

    ``at``: place of those characters, counted from 0 (from the end if negative); None where any code fits.
    """

    low: str
    high: str
    at: int | None = None
    first: str = ""
    last: str = ""

    def holds(self, plain: str) -> bool:
        """Tell whether it names a code without dots."""
        if not (self.low <= plain[: len(self.low)] and plain[: len(self.high)] <= self.high):
            return False
        if self.at is None:
            return True
        start = self.at if self.at >= 0 else len(plain) + self.at
        if start == 4 and len(plain) > 5 and plain[4] == "X":  # "fifth or sixth": the X only fills the gap
            start = 5
        return self.first <= plain[start : start + len(self.first)] <= self.last


class Note(NamedTuple):
    """A note of the tabular list that names codes: its kind, where it stands, what it says, the codes."""

    kind: str
    owner: str
    text: str
    named: tuple[Reference, ...]


@lru_cache(maxsize=4096)
def notes_of(system: CodeSystem, code: str) -> tuple[Note, ...]:
    """Give the notes that hold for a code and name codes, nearest first; those above are read once for all below."""
    parent = system.parent(code)
    above = notes_of(system, parent) if parent is not None else ()
    own = system.instructions(code, inherited=parent is None)
    found = (Note(one.kind, one.owner, one.text, references_in(one.text)) for one in own if one.kind in KINDS)
    return (*found, *above)


def names(references: Iterable[Reference], plain: str) -> bool:
    """Tell whether any of the references names a code without dots."""
    return any(reference.holds(plain) for reference in references)


@lru_cache(maxsize=4096)
def references_in(text: str) -> tuple[Reference, ...]:
    """Give the codes that a note names.

    >>> [(one.low, one.high) for one in references_in("foodstuffs (T61-T62), colitis (A04.7-), influenza (J09.X3)")]
    [('T61', 'T62'), ('A047', 'A047'), ('J09X3', 'J09X3')]
    >>> references_in("open skull fracture (S02.- with 7th character B)")[0].holds("S0210XB")
    True
    """
    found = []
    for piece in PIECES.split(text):
        asked = _characters(piece)
        pairs = ((low, high or low) for low, high in REFERENCE.findall(piece))
        found += [Reference(bare(low), bare(high), *asked) for low, high in pairs
                  if DIGIT.search(low[:3]) and DIGIT.search(high[:3])]  # fmt: skip
    return tuple(found)


def _characters(piece: str) -> tuple[int | None, str, str]:
    """Where and what characters a piece of a note asks for."""
    for words, asked in WORDS.items():
        if words in piece:
            return asked
    if match := WITH_CHARACTER.search(piece):
        place, first, last = match.groups()
        return AT.get(place, -len(first)), first, last or first
    if match := WITH_ENDING.search(piece):
        return 3, match[1], match[2] or match[1]
    return None, "", ""
