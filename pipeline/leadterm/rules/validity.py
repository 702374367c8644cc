"""Codes the release has, that are complete, and that hold on the day of service."""

from __future__ import annotations

from collections.abc import Iterator

from leadterm.rules.findings import CodeSet, Finding

__all__ = ["incomplete", "not_in_force", "unknown"]


def unknown(table: CodeSet) -> Iterator[Finding]:
    """Codes that the release of the day does not have."""
    system = table.system
    for code in table.codes:
        if code not in system:
            near = system.normalise(code)
            hint = f"; it is written {near}" if near else ""
            text = f"{code} is no code of {system.spec.short_title} {system.release}{hint}."
            yield Finding("unknown", "error", system.name, (code,), "", text)


def incomplete(table: CodeSet) -> Iterator[Finding]:
    """Codes with more detail below them: all characters that apply are needed."""
    system = table.system
    for code in table.known:
        if not system.is_billable(code):
            below = system.billable_descendants(code)
            offer = f", for instance {below[0]}" if below else ""
            text = f"{code} is not complete: use one of the {len(below)} codes below it{offer}."
            yield Finding("billable", "error", system.name, (code,), "I.B.2", text)


def not_in_force(table: CodeSet) -> Iterator[Finding]:
    """Codes whose own days do not hold the day of service (HCPCS codes come and go within a release)."""
    system, day = table.system, table.day
    if day is None or not system.valid_on(day):
        return  # a release of another time says nothing of the day
    for code in table.known:
        if not system.valid_on(day, code):
            text = f"{code} was not in force on {day.isoformat()}."
            yield Finding("in force", "error", system.name, (code,), "", text)
