"""Codes the release has, that are complete, and that hold on the day of service."""

from __future__ import annotations

from collections.abc import Iterator

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding

__all__ = ["incomplete", "not_in_force", "unknown"]


def unknown(case: Case) -> Iterator[Finding]:
    """Codes that the release of the day does not have."""
    system = case.system
    for code in case.codes:
        if code not in system:
            near = system.normalise(code)
            fix = f"It is written {near}." if near else f"Look it up: leadterm codes search TEXT --system {system.name}"
            release = f"{system.spec.short_title} {system.release}"
            yield make_finding("unknown-code", system.name, (code,), release=release, why="", fix=fix)


def incomplete(case: Case) -> Iterator[Finding]:
    """Codes with more detail below them: all characters that apply are needed."""
    system = case.system
    for code in case.known:
        if not system.is_billable(code):
            below = system.billable_descendants(code)
            yield make_finding(
                "incomplete", system.name, (code,), count=len(below), offer=below[0] if below else "none"
            )


def not_in_force(case: Case) -> Iterator[Finding]:
    """Codes whose own days do not hold the day of service (HCPCS codes come and go within a release)."""
    system, day = case.system, case.facts.day
    if day is None or not system.valid_on(day):
        return  # a release of another time says nothing of the day
    for code in case.known:
        if not system.valid_on(day, code):
            yield make_finding("not-in-force", system.name, (code,), day=day.isoformat())
