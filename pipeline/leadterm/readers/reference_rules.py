"""Checks of ICD-10-CM codes for the reference corpus: valid, billable, and allowed side by side.

The tables come from the package ``simple_icd_10_cm`` (April 2026 release); it is used only to build
and test the corpus, never when leadterm reads a note.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module
from itertools import permutations
from typing import Any

from leadterm.codes.registry import load_system
from leadterm.codes.release import as_day

__all__ = ["code_faults", "excluded_by", "excludes1_conflict", "other_faults"]

EXTERNAL_CAUSE = "VWXY"
REFERENCE = re.compile(r"\b([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?)[.-]*(?:-\s*([A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?))?")


@cache
def _tables() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module("simple_icd_10_cm")


def code_faults(codes: Sequence[str]) -> list[str]:
    """List what is wrong with the codes of one encounter, each on its own.

    One short sentence a fault; empty when all is well. ``codes``: ICD-10-CM codes, the first-listed or principal one
    first.

    >>> code_faults(["W01.0XXA", "E11", "E11.9", "E11.9"])
    ['W01.0XXA cannot come first', 'E11 is not billable', 'E11.9 comes twice']
    """
    tables = _tables()
    faults: list[str] = []
    for position, code in enumerate(codes):
        if not tables.is_valid_item(code) or not re.fullmatch(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?", code):
            faults.append(f"{code} is not a code of the release")
        elif not tables.is_leaf(code) or len(code) < 3:
            faults.append(f"{code} is not billable")
        elif position == 0 and _never_first(code):
            faults.append(f"{code} cannot come first")
        if code in codes[:position]:
            faults.append(f"{code} comes twice")
    return faults


def _never_first(code: str) -> bool:
    return code[0] in EXTERNAL_CAUSE or "classified elsewhere" in str(_tables().get_description(code)).lower()


@cache
def excluded_by(code: str) -> tuple[tuple[str, str], ...]:
    """Give the codes that Excludes1 notes of a code and its ancestors name.

    First and last of each range; the same twice for a single code or family.

    >>> ("E10", "E10") in excluded_by("E11.9")
    True
    """
    tables = _tables()
    ranges: list[tuple[str, str]] = []
    for item in [code, *tables.get_ancestors(code)]:
        for prioritize_blocks in (False, True):
            for note in tables.get_excludes1(item, prioritize_blocks=prioritize_blocks):
                for inside in re.findall(r"\(([^()]*)\)", note):
                    ranges.extend((low, high or low) for low, high in REFERENCE.findall(inside))
    return tuple(dict.fromkeys(ranges))


def excludes1_conflict(codes: Sequence[str], allowed: Collection[frozenset[str]] = ()) -> tuple[str, str] | None:
    """Find the first pair of codes that an Excludes1 note parts.

    The code whose note it is and the code it excludes.

    >>> excludes1_conflict(["E11.9", "E10.9"])
    ('E11.9', 'E10.9')
    >>> excludes1_conflict(["E11.9", "E10.9"], [frozenset({"E10.9", "E11.9"})]) is None
    True
    """
    valid = [code for code in codes if _tables().is_valid_item(code)]
    for code, other in permutations(valid, 2):
        if frozenset({code, other}) not in allowed and any(_within(other, *r) for r in excluded_by(code)):
            return code, other
    return None


def _within(code: str, low: str, high: str) -> bool:
    return low <= code[: len(low)] and code[: len(high)] <= high


def other_faults(codes: Sequence[tuple[str, str, Sequence[str]]], day: str) -> list[str]:
    """List what is wrong with codes of other systems: system, code and modifiers each; ``day`` of service.

    >>> other_faults([("hcpcs", "J0696", ["RT"]), ("hcpcs", "J2930", ["Q?"])], "2026-05-04")
    ['J2930 ended 2024-03-31', 'J2930 has the unknown modifier Q?']
    """
    faults: list[str] = []
    known = load_system("hcpcs_modifiers")
    for system, code, modifiers in codes:
        table = load_system(system)
        if code not in table or not table.is_billable(code):
            faults.append(f"{code} is not a code of {system} {table.release}")
        elif (until := table.days(code)[1]) and until < as_day(day):
            faults.append(f"{code} ended {until}")
        strange = [one for one in modifiers if one not in known and not one.isdigit()]
        faults += [f"{code} has the unknown modifier {one}" for one in strange]
    listed = [code for _, code, _ in codes]
    return faults + [f"{code} comes twice" for code in dict.fromkeys(listed) if listed.count(code) > 1]
