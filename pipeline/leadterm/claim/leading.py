"""What may not lead a claim: external causes, manifestations."""

from __future__ import annotations

from leadterm.codes.system import CodeSystem

__all__ = ["is_external", "is_manifestation"]

EXTERNAL = ("V", "W", "X", "Y")
ELSEWHERE = "diseases classified elsewhere"


def is_external(code: str) -> bool:
    """Tell whether a code says how an injury came about."""
    return code.startswith(EXTERNAL)


def is_manifestation(system: CodeSystem, code: str) -> bool:
    """Tell whether a code may never stand first because it is a manifestation."""
    return code in system and ELSEWHERE in system.title(code).lower() and bool(system.code_first(code))
