"""Whether a list of codes can be a whole release: one with far fewer codes than the release at hand is a part."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from leadterm.codes.registry import available, load_system
from leadterm.codes.release import effective_dates
from leadterm.codes.systems import SYSTEMS
from leadterm.errors import LeadtermError

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["check_whole"]

LEAST = 0.9  # of the codes at hand; ten years of ICD-10-CM and ICD-10-PCS lie closer together


def check_whole(system: str, release: str, kind: str, rows: Sequence[Sequence[str]]) -> None:
    """Refuse a list of an official system that lacks many of the codes at hand: it would take their place."""
    if system not in SYSTEMS or kind not in ("codes", "tabular", "tables"):
        return
    if not any(part.system == system and part.kind in ("codes", "tabular") for part in available()):
        return
    known = load_system(system)
    if kind == "codes":
        there = sum(row[2] == "1" for row in rows)
        wanted = sum(known.is_billable(code) and _was_there(known, code, release) for code in known)
    elif kind == "tables":
        sizes = (prod(map(len, row[3].split(" "))) for row in rows if row[0] == "row")
        there, wanted = sum(sizes), sum(map(known.is_billable, known))
    else:
        there, wanted = sum(row[0] == "code" for row in rows), sum(not known.is_extended(code) for code in known)
    if there < LEAST * wanted:
        raise LeadtermError(
            f"{system} {release} would have {there:,} codes; the release at hand, {known.release}, has {wanted:,}: "
            "it looks like a part of a list, and would hide the other codes.",
            hint="Install the whole list, or this one all the same with --force. Nothing was installed.",
        )


def _was_there(known: CodeSystem, code: str, release: str) -> bool:
    """Tell whether a code, by its own days, was in force when a release began."""
    day, (since, until) = effective_dates(known.name, release)[0], known.days(code)
    return day is None or ((since is None or since <= day) and (until is None or until >= day))
