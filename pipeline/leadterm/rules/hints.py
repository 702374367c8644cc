"""What a code leaves unsaid, read from the titles of its relatives: side, type or stage, episode of care."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from leadterm.rules.book import make_finding

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Finding

__all__ = ["episode_hint", "left_open", "more_specific", "side_hint", "type_hint"]

WORD = re.compile(r"[a-z0-9']+")
SIDES = ("right", "left", "bilateral")
_SIDED = re.compile("right|left|bilateral", re.IGNORECASE)
EMPTY = frozenset({
    "a", "an", "and", "at", "by", "due", "for", "from", "in", "nos", "of", "on", "or", "other", "side", "sides", "the",
    "to", "unilateral", "unspecified", "with", "without",
})  # fmt: skip
NAMED = frozenset({"site", "stage", "severity", "degree", "trimester", "type", "thickness"})
LEADING = frozenset({"due", "with", "without"})
LISTED, GLANCE = 4, 180
HEALS, EXTERNAL = ("M", "S", "T0", "T1", "T2", "T30", "T31", "T32", "T33", "T34"), "VWXY"
SHARED = 0.5
STEM = 5


@lru_cache(maxsize=4096)
def left_open(system: CodeSystem, code: str) -> tuple[Finding, ...]:
    """Find what a code leaves unsaid, the most important first.

    >>> from leadterm.codes import load_system
    >>> [(one.rule, one.section, one.message[:23]) for one in left_open(load_system("icd10cm"), "M25.569")]
    [('side-open', 'I.B.13', 'side not documented: M2')]
    """
    found = (("side-open", side_hint), ("detail-open", type_hint), ("episode-assumed", episode_hint))
    return tuple(
        make_finding(rule, system.name, (code,), what=what) for rule, find in found if (what := find(system, code))
    )


@lru_cache(maxsize=4096)
def side_hint(system: CodeSystem, code: str) -> str:
    """Say that the side is not documented, with the codes of each side.

    Empty if the code has a side or its relatives have none.

    >>> from leadterm.codes import load_system
    >>> side_hint(load_system("icd10cm"), "M25.569")
    'side not documented: M25.561 right, M25.562 left'
    """
    stem, seventh = _stem(system, code)
    words = _words(system.title(stem))
    vague = words.count("unspecified")
    if not vague or set(words) & set(SIDES) or "." not in stem:
        return ""
    wanted = [_core(words), *(_core(words) - {noun} for noun in _unspecified(system.title(stem)))]
    found: dict[str, str] = {}
    for relative in _stems(system, stem):
        if not _SIDED.search(written := system.title(relative)):
            continue
        title = _words(written)
        sides = set(title) & set(SIDES)
        if len(sides) != 1 or title.count("unspecified") >= vague:
            continue
        side = sides.pop()
        if _core(title) in (wanted if side == "bilateral" else wanted[:1]):
            found.setdefault(side, _complete(system, relative, seventh))
    offers = [f"{found[side]} {side}" for side in SIDES if side in found]
    return f"side not documented: {', '.join(offers)}" if len(offers) > 1 else ""


@lru_cache(maxsize=4096)
def type_hint(system: CodeSystem, code: str) -> str:
    """Say which more specific codes there are beside an unspecified one.

    Empty if the code is specific or nothing beside it is the same condition in more detail. A code that needs more
    characters ends in a hyphen.

    >>> from leadterm.codes import load_system
    >>> type_hint(load_system("icd10cm"), "N18.9")
    'stage not documented: N18.1 stage 1, N18.2 stage 2 (mild), N18.3- stage 3 (moderate), N18.4 stage 4 (severe) …'
    """
    for level, offers in _levels(system, code):
        if len(offers) > 1:
            example = system.title(offers[0].split()[0].removesuffix("-"))
            return f"{_kind(system.title(level), example, ' '.join(offers))}: {_listing(offers)}"
    return ""


@lru_cache(maxsize=4096)
def more_specific(system: CodeSystem, code: str) -> tuple[str, ...]:
    """Give the codes beside an unspecified one that name the same condition in more detail.

    >>> from leadterm.codes import load_system
    >>> more_specific(load_system("icd10cm"), "N18.9")[:3]
    ('N18.1', 'N18.2', 'N18.3')
    """
    return tuple(offer.split()[0].removesuffix("-") for _, offers in _levels(system, code) for offer in offers)


def _levels(system: CodeSystem, code: str) -> Iterator[tuple[str, list[str]]]:
    """The code and those above it while they leave something open, each with the offers beside it."""
    level = "" if code[:1] in EXTERNAL else _stem(system, code)[0]
    while level and (parent := system.parent(level)) and (vague := _words(system.title(level)).count("unspecified")):
        yield level, [] if _is_other(system.title(parent)) else _more_specific(system, parent, level, vague)
        level = parent


def _more_specific(system: CodeSystem, parent: str, level: str, vague: int) -> list[str]:
    """Codes beside one that name the same condition and leave less unspecified, each with what sets it apart."""
    own = _core(_words(system.title(level)))
    offers = []
    for relative in system.children(parent) if own else ():
        title = system.title(relative)
        words = _words(title)
        if _is_other(title) or {"specified", *SIDES} & set(words) or words.count("unspecified") >= vague:
            continue
        if _share(own, _core(words)) > SHARED and (label := _label(title, own)):
            offers.append(f"{relative}{'' if system.is_billable(relative) else '-'} {label}")
    return offers


@lru_cache(maxsize=4096)
def episode_hint(system: CodeSystem, code: str) -> str:
    """Say which episode of care a 7th character A stands for, and what it would be otherwise.

    Empty if the code has no 7th character A, or is no injury or fracture: poisonings do not heal, and external causes
    follow their injury.

    >>> from leadterm.codes import load_system
    >>> episode_hint(load_system("icd10cm"), "S83.511A")
    '7th character A (active treatment) assumed: S83.511D if healing or aftercare, S83.511S if a late effect'
    """
    if not code.startswith(HEALS) or not system.is_extended(code) or not code.endswith("A"):
        return ""
    later = [
        f"{system.expand(code, letter)} {meaning}"
        for letter, meaning in (("D", "if healing or aftercare"), ("S", "if a late effect"))
        if system.expand(code, letter)
    ]
    return f"7th character A (active treatment) assumed: {', '.join(later)}" if later else ""


def _stem(system: CodeSystem, code: str) -> tuple[str, str]:
    """The code without its 7th character, and that character."""
    parent = system.parent(code)
    return (parent, code[-1]) if parent is not None and system.is_extended(code) else (code, "")


def _complete(system: CodeSystem, stem: str, seventh: str) -> str:
    return (system.expand(stem, seventh) if seventh else None) or stem


@lru_cache(maxsize=512)
def _below(system: CodeSystem, top: str) -> tuple[str, ...]:
    return tuple(code for code in system.descendants(top) if not system.is_extended(code))


def _stems(system: CodeSystem, stem: str) -> Iterable[str]:
    """Codes that may differ from one only by the side: those below the code two levels up, without 7th characters."""
    above = system.ancestors(stem)[:2]
    return _below(system, above[-1]) if above else ()


@lru_cache(maxsize=4096)  # many codes look at the titles beside them
def _words(title: str) -> tuple[str, ...]:
    return tuple(WORD.findall(title.lower()))


def _core(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word for word in words if word not in EMPTY and word not in SIDES)


def _share(own: frozenset[str], other: frozenset[str]) -> float:
    """Share of the words of one title that the other has, endings aside."""
    stems = {word[:STEM] for word in other}
    return sum(word[:STEM] in stems for word in own) / len(own)


def _is_other(title: str) -> bool:
    return title.lower().startswith(("other ", "other,", "unspecified"))


def _label(title: str, own: frozenset[str]) -> str:
    """What sets a title apart: the words left once those it shares are taken from its two ends."""
    shared = own | EMPTY
    words = title.split()
    first, last = 0, len(words)
    while first < last and _all_in(words[first], shared - LEADING):
        first += 1
    while last > first and _all_in(words[last - 1], shared - LEADING):
        last -= 1
    if last > first and words[last - 1].lower() in LEADING:
        last = len(words)
    if first and last - first == 1 and len(words[first]) < 3:  # "3" of "stage 3"
        first -= 1
    return " ".join(words[first:last]).strip(",; ")


def _all_in(word: str, shared: frozenset[str]) -> bool:
    return all(part in shared for part in _words(word))


def _listing(offers: Sequence[str]) -> str:
    """The first offers, as many as a reader takes in at a glance."""
    shown = list(offers[:LISTED])
    while len(shown) > 2 and sum(map(len, shown)) > GLANCE:
        shown.pop()
    return ", ".join(shown) + (" …" if len(shown) < len(offers) else "")


def _kind(title: str, relative: str, labels: str) -> str:
    """What is missing: a word that is unspecified in one title and not in the other, or that several labels have."""
    named = [word for word in _unspecified(title) if word in NAMED and word not in _unspecified(relative)]
    named += [word for word in ("stage", "trimester") if labels.lower().count(word) > 1]
    return f"{named[0]} not documented" if named else "more specific if documented"


def _unspecified(title: str) -> list[str]:
    words = _words(title)
    return [after for word, after in pairwise(words) if word == "unspecified"]
