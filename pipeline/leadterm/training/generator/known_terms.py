"""Terms whose code is known by construction: titles, inclusion terms and reviewed synonyms of the classification."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from leadterm.codes.system import CodeSystem
from leadterm.text.knowledge import load_table

__all__ = ["KnownTerm", "known_terms"]

MOST_WORDS = 9
_VAGUE = re.compile(
    r"\b(?:other|others|subsequent|sequela|elsewhere|classified|nos|nec|not specified|code|see|with or without)\b"
    r"|[\[\];]"
)
_SILENT = re.compile(r",? (?:unspecified|initial encounter)\b|\bunspecified ")
_LEFT_OUT = frozenset("VWXY")  # external causes stand beside an injury, never alone


class KnownTerm(NamedTuple):
    """Words and the code they stand for when a note says just that.

    >>> KnownTerm("gout", "M10.9").code
    'M10.9'
    """

    text: str
    code: str
    said: bool = False
    """Whether it is a reviewed synonym: words that notes use more than titles."""


@lru_cache(maxsize=2)
def known_terms(system: CodeSystem) -> tuple[tuple[KnownTerm, ...], ...]:
    """Give the terms of a classification, one tuple a chapter letter, in order of code and text."""
    found = {term for term in (*_titles(system), *_inclusions(system), *_synonyms(system)) if _is_plain(term)}
    codes: dict[str, set[str]] = {}
    for term in found:
        codes.setdefault(term.text.lower(), set()).add(term.code)
    clear = [term for term in found if len(codes[term.text.lower()]) == 1]
    letters: dict[str, list[KnownTerm]] = {}
    for term in sorted(clear, key=lambda term: (term.code, term.text, term.said)):
        letters.setdefault(term.code[0], []).append(term)
    return tuple(tuple(terms) for _, terms in sorted(letters.items()))


def _is_plain(term: KnownTerm) -> bool:
    words = term.text.split()
    return 0 < len(words) <= MOST_WORDS and not _VAGUE.search(term.text.lower()) and term.code[0] not in _LEFT_OUT


def _titles(system: CodeSystem) -> Iterator[KnownTerm]:
    for code in system.codes:
        if system.is_billable(code):
            yield KnownTerm(_as_said(_SILENT.sub("", system.title(code))), code)


def _inclusions(system: CodeSystem) -> Iterator[KnownTerm]:
    for term in system.terms(("inclusion",)):
        if system.is_billable(term.code):
            yield KnownTerm(_as_said(term.text), term.code)


def _synonyms(system: CodeSystem) -> Iterator[KnownTerm]:
    for row in load_table("synonyms.tsv"):
        if row["code"] in system and system.is_billable(row["code"]):
            yield KnownTerm(row["phrase"], row["code"], True)


def _as_said(title: str) -> str:
    """A title as a sentence would have it: no capital in front, but in names and abbreviations."""
    first = title.split(" ", 1)[0].rstrip(",")
    return title[:1].lower() + title[1:] if first[1:].islower() and "'" not in first else title
