"""The classification: what it says of a code, and a tree to walk in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from leadterm.codes import load_system
from leadterm.codes.registry import is_at_hand
from leadterm.codes.system import CodeSystem
from leadterm.errors import LeadtermError
from leadterm.rules.hints import more_specific, side_hint
from leadterm.schema import Encounter

__all__ = ["branch_view", "code_view", "system_at", "title_of"]

MOST = 500
COMMON_EPISODES = "ADS"  # seventh characters: active treatment, aftercare, late effect
MOST_ALTERNATIVES, MOST_NOTES = 9, 14
CODE = re.compile(r"[A-Z0-9][A-Z0-9.]{2,}")
SHOWN_NOTES = ("inclusion", "includes", "excludes1", "excludes2", "code first", "use additional", "code also")
Branch = dict[str, Any]


def system_at(name: str, day: str | None) -> CodeSystem | None:
    """Give a code system as of a day; None where it is not at hand."""
    return load_system(name, day) if is_at_hand(name) else None


def title_of(system: str, code: str, encounter: Encounter) -> str:
    """Give the title of a code on the day of an encounter; empty where it has none."""
    known = system_at(system, encounter.date_of_service)
    return known.title(code) if known is not None and code in known else ""


def code_view(system: str, code: str, day: str | None = None) -> dict[str, Any]:
    """Give what the classification says of a code: title, place, instructions, and what could stand in its place.

    >>> code_view("icd10cm", "e11.9")["title"]
    'Type 2 diabetes mellitus without complications'
    """
    known = system_at(system, day)
    code = (known and known.normalise(code)) or code
    if known is None or code not in known:
        return {"system": system, "code": code, "title": "", "path": [], "notes": [], "alternatives": []}
    heads = [known.block(code), *(known.chapter(code),)]
    path = [{"code": one, "title": known.title(one)} for one in known.ancestors(code)]
    path += [{"code": one.name, "title": one.title} for one in heads if one]
    notes = [{"kind": one.kind, "text": one.text, "owner": one.owner}
             for one in known.instructions(code) if one.kind in SHOWN_NOTES][:MOST_NOTES]  # fmt: skip
    return {"system": system, "code": code, "title": known.title(code), "path": path, "notes": notes,
            "alternatives": _alternatives(known, code)}  # fmt: skip


def _alternatives(known: CodeSystem, code: str) -> list[dict[str, str]]:
    """Codes that say more than this one, else those beside it: each complete, nine at most for nine keys."""
    named = [word for word in CODE.findall(side_hint(known, code)) if word in known]
    named += more_specific(known, code)
    above = known.parent(code)
    if not named and above is not None:
        named = sorted((one for one in known.children(above) if known.is_billable(one)),
                       key=lambda one: known.is_extended(one) and one[-1] not in COMMON_EPISODES)  # fmt: skip
    whole = [full for one in named for full in known.billable_descendants(one)]
    return [{"code": one, "title": known.title(one)}
            for one in dict.fromkeys(whole) if one != code][:MOST_ALTERNATIVES]  # fmt: skip


def branch_view(system: str, node: str, day: str | None = None) -> Branch:
    """Give a place of a classification as it was on a day.

    ``node``: a code, the name of a block or chapter (``E08-E13``, ``4``), or empty for the root.
    ``LeadtermError`` if the system is not at hand or has no such place.

    >>> found = branch_view("icd10cm", "E08-E13")
    >>> [one["code"] for one in found["path"]], [one["code"] for one in found["below"]][:2]
    (['4'], ['E08', 'E09'])
    """
    known = system_at(system, day)
    if known is None:
        raise LeadtermError(f"'{system[:20]}' is not at hand.", hint="See 'leadterm codes list'.")
    return _branch(known, known.normalise(node) or node)


def _branch(known: CodeSystem, node: str) -> Branch:
    if node in known:
        below = [_code(known, one) for one in known.children(node)]
        return {"here": _code(known, node), "path": list(_above(known, node)), "below": below[:MOST]}
    headings = _headings(known)
    if node not in headings:
        raise LeadtermError(f"no place '{node[:20]}' in {known.name}.", hint="Give a code, a block or a chapter.")
    here, path, below = headings[node]
    return {"here": here, "path": path, "below": below[:MOST]}


def _code(known: CodeSystem, code: str) -> Branch:
    return {"code": code, "title": known.title(code), "billable": known.is_billable(code),
            "more": bool(known.children(code))}  # fmt: skip


def _above(known: CodeSystem, code: str) -> Iterator[Branch]:
    """The way from the chapter down to the code above."""
    category = (known.ancestors(code) or (code,))[-1]
    for one in (known.chapter(category), known.block(category)):
        if one:
            yield {"code": one.name, "title": one.title, "billable": False, "more": True}
    yield from (_code(known, one) for one in reversed(known.ancestors(code)))


@lru_cache(maxsize=8)
def _headings(known: CodeSystem) -> dict[str, tuple[Branch | None, list[Branch], list[Branch]]]:
    """Root, chapters and blocks: each with itself, the way to it, and what lies below it."""
    made: dict[str, tuple[Branch | None, list[Branch], list[Branch]]] = {"": (None, [], [])}
    path: list[Branch]
    for code in known.codes:
        if known.parent(code) is not None:
            continue
        place, path = "", []
        for one in (known.chapter(code), known.block(code)):
            if one is None:
                continue
            here = {"code": one.name, "title": one.title, "billable": False, "more": True}
            if one.name not in made:
                made[one.name] = (here, list(path), [])
                made[place][2].append(here)
            place = one.name
            path.append(here)
        made[place][2].append(_code(known, code))
    return made
