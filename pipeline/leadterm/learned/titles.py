"""Titles and releases of the codes a model suggests, where they can be found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.errors import LeadtermError

if TYPE_CHECKING:
    from leadterm.codes import CodeSystem
    from leadterm.learned.describe import SystemModel

__all__ = ["CodeSystems", "known_titles"]

_SHORTEST = 3
_OPEN = frozenset({"and", "by", "for", "from", "in", "into", "of", "or", "the", "to", "using", "with"})


def known_titles(
    corpus: str | Path | None, systems: Mapping[str, SystemModel]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Find titles in the corpus's own code lists, else in the code systems that are at hand.

    Release by system, and title by code by system; both lack what could not be found. ``corpus``: the corpus folder,
    where there is one.

    >>> known_titles(None, {})
    ({}, {})
    """
    at_hand, releases = CodeSystems(), dict[str, str]()
    titles: dict[str, dict[str, str]] = {}
    for name, system in systems.items():
        own = _own_titles(corpus, name)
        codes = system.base.codes[: system.base.seen]
        installed = None if own else at_hand.on(name)
        titles[name] = {code: own[code] for code in codes if own.get(code)} or at_hand.titles(name, codes)
        if installed:
            releases[name] = installed.release
    return releases, titles


def _own_titles(corpus: str | Path | None, system: str) -> dict[str, str]:
    """Titles that the corpus declares."""
    from leadterm.corpus import read_card, read_code_list

    if corpus is None or system not in read_card(corpus).code_lists:
        return {}
    return dict(read_code_list(corpus, system))


class CodeSystems:
    """The code systems of each day that are at hand, each looked up once.

    >>> CodeSystems().on("a system nobody has") is None
    True
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None], CodeSystem | None] = {}

    def on(self, name: str, day: str | None = None) -> CodeSystem | None:
        """Give a system as it was on a day of service, by default the newest; None where none is at hand."""
        from leadterm.codes import load_system

        if (name, day) not in self._found:
            try:
                self._found[name, day] = load_system(name, day)
            except LeadtermError:
                self._found[name, day] = None
        return self._found[name, day]

    def titles(self, name: str, codes: Iterable[str], day: str | None = None) -> dict[str, str]:
        """Give the titles of codes that are known; for the beginning of codes, what their titles share.

        >>> CodeSystems().titles("icd10cm", ["I10", "???"])
        {'I10': 'Essential (primary) hypertension'}
        >>> CodeSystems().titles("icd10pcs", ["BT20"])
        {'BT20': 'Computerized Tomography (CT Scan) of Bladder'}
        """
        system = self.on(name, day)
        found = {code: _title(system, code) for code in codes} if system else {}
        return {code: title for code, title in found.items() if title}

    def not_in_force(self, name: str, codes: Iterable[str], day: str) -> frozenset[str]:
        """Tell which codes are complete in the newest release, but not in that of a day or not on that day."""
        newest, then = self.on(name), self.on(name, day)
        if newest is None or then is None or not then.valid_on(day):
            return frozenset()  # a release of another time says nothing of the day
        known = (code for code in codes if code in newest and newest.is_billable(code))
        return frozenset(
            code for code in known if code not in then or not then.is_billable(code) or not then.valid_on(day, code)
        )


def _title(system: CodeSystem, code: str) -> str:
    """The title of a code; for the beginning of codes, or a code they have divided since, what their titles share."""
    if code in system:
        return system.title(code)
    ordered = _ordered(system)
    longer = list(takewhile(lambda other: other.startswith(code), islice(ordered, bisect_left(ordered, code), None)))
    if not longer or len(code) < _SHORTEST:
        return ""
    columns = zip(*(system.title(other).split() for other in longer), strict=False)
    shared = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, columns)]
    while shared and shared[-1] in _OPEN:
        shared.pop()
    return " ".join(shared).rstrip(",;")


@lru_cache(maxsize=8)
def _ordered(system: CodeSystem) -> list[str]:
    return sorted(system.codes)
