"""Which diagnosis leads where nobody has said so: the first that may."""

from __future__ import annotations

from collections.abc import Sequence

from leadterm.codes.system import CodeSystem
from leadterm.schema import ReferenceCode

__all__ = ["is_external", "is_manifestation", "likeliest"]

EXTERNAL, EXTENT = ("V", "W", "X", "Y"), ("B95", "B96", "B97", "R65.2", "T31", "T32", "Z3A", "Z37", "Z79", "Y9")
ELSEWHERE = "diseases classified elsewhere"


def likeliest(codes: Sequence[ReferenceCode], system: CodeSystem) -> ReferenceCode:
    """Choose the first of the codes, in the order a coder gave them, that may lead; the first of all if none may."""
    able = (
        one for one in codes if not one.code.startswith((*EXTERNAL, *EXTENT)) and not is_manifestation(system, one.code)
    )
    return next(able, codes[0])


def is_external(code: str) -> bool:
    """Tell whether a code says how an injury came about."""
    return code.startswith(EXTERNAL)


def is_manifestation(system: CodeSystem, code: str) -> bool:
    """Tell whether a code may never stand first because it is a manifestation."""
    return code in system and ELSEWHERE in system.title(code).lower() and bool(system.code_first(code))
