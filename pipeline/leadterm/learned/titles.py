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

__all__ = ["known_titles", "titles_of"]

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
    releases: dict[str, str] = {}
    titles: dict[str, dict[str, str]] = {}
    for name, system in systems.items():
        own = _own_titles(corpus, name)
        codes = system.base.codes[: system.base.seen]
        release, more = ("", {}) if own else _installed(name, codes)
        titles[name] = {code: own[code] for code in codes if own.get(code)} or more
        if release:
            releases[name] = release
    return releases, titles


def _own_titles(corpus: str | Path | None, system: str) -> dict[str, str]:
    """Titles that the corpus declares."""
    from leadterm.corpus import read_card, read_code_list

    if corpus is None or system not in read_card(corpus).code_lists:
        return {}
    return dict(read_code_list(corpus, system))


def titles_of(system: str, codes: Iterable[str]) -> dict[str, str]:
    """Give the titles of codes of a system that is at hand.

    Title by code, for those that are known; for the beginning of codes, what their titles share. ``codes``: codes, of
    which some may be unknown.

    >>> titles_of("icd10cm", ["I10", "???"])
    {'I10': 'Essential (primary) hypertension'}
    >>> titles_of("icd10pcs", ["BT20"])
    {'BT20': 'Computerized Tomography (CT Scan) of Bladder'}
    """
    return _installed(system, codes)[1]


def _installed(name: str, codes: Iterable[str]) -> tuple[str, dict[str, str]]:
    """Release and titles of an installed code system; a system that is not at hand has none."""
    from leadterm.codes import load_system

    try:
        system = load_system(name)
    except LeadtermError:
        return "", {}
    found = {code: _title(system, code) for code in codes}
    return system.release, {code: title for code, title in found.items() if title}


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
