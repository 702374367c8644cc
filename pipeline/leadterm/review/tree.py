"""The classification as a tree to walk in: chapters, blocks, categories, codes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from leadterm.codes.system import CodeSystem
from leadterm.errors import LeadtermError

__all__ = ["branch"]

MOST = 500
Branch = dict[str, Any]


def branch(known: CodeSystem, node: str) -> Branch:
    """Give a place of the tree: itself, the way up to the root, and what lies below it.

    ``node``: a code, the name of a block or chapter (``E08-E13``, ``4``), or empty for the root.
    ``LeadtermError`` if the system has no such place.

    >>> from leadterm.codes import load_system
    >>> found = branch(load_system("icd10cm"), "E08-E13")
    >>> [one["code"] for one in found["path"]], [one["code"] for one in found["below"]][:2]
    (['4'], ['E08', 'E09'])
    """
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
