"""Codes the release has, that are complete, and that hold on the day of service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Case, Finding
from leadterm.rules.history import life_of

__all__ = ["complete", "existing", "not_in_force"]

SHOWN = 4


def existing(case: Case) -> Iterator[Finding]:
    """Codes that the release of the day does not have, that had ended by then, or had not begun."""
    for code in case.codes:
        day = case.facts.day
        if case.system.spec.knowledge and day is not None and (finding := _dated(case, code, day)):
            yield finding
        elif code not in case.system and not _held(case, code):
            yield _unknown(case, code)


def _dated(case: Case, code: str, day: date) -> Finding | None:
    """A code that is known, outside its days."""
    life = life_of(code)
    if life.came and day < life.came:
        words = {"first": life.came, "day": day, "before": _some(life.before) or "the code of that day"}
        return make_finding("not-yet", case.system.name, (code,), **words)  # type: ignore[arg-type]
    if life.went and day > life.went:
        below = case.system.billable_descendants(code) if code in case.system else ()
        words = {"last": life.went, "day": day, "after": _some(life.after or below) or "the code of that day"}
        return make_finding("retired", case.system.name, (code,), **words)  # type: ignore[arg-type]
    return None


def _held(case: Case, code: str) -> bool:
    """Whether a code that the release lacks, or has as a heading, was complete on the day."""
    if not case.system.spec.knowledge:
        return False
    life = life_of(code)
    return life.went is not None and case.facts.day is not None and case.facts.day <= life.went


def _unknown(case: Case, code: str) -> Finding:
    """A code that never was, with what may be meant."""
    system, release = case.system, f"{case.system.spec.short_title} {case.system.release}"
    near = system.normalise(code)
    base = next((code[:n] for n in range(len(code) - 1, 2, -1) if code[:n].rstrip(".") in system), "").rstrip(".")
    sevenths = system.seventh_characters(base) if base else {}
    if near:
        return make_finding("unknown-code", system.name, (code,), release=release, fix=f"It is written {near}.")
    if sevenths and len(code) > len(base):
        whole = system.expand(base, code[-1])
        what = f"ends in {code[-1]}, which {base} does not take" if whole is None else "lacks its placeholder X"
        fix = f"Write {whole}." if whole else f"Use one of {', '.join(sevenths)}."
        return make_finding("seventh-character", system.name, (code,), what=what, fix=fix)
    went = life_of(code)
    fix = f"It ended on {went.went}; use {_some(went.after)}." if went.went and went.after else ""
    below = system.billable_descendants(base) if base else ()
    meant = f"Is {base} meant?" if base in below else f"{base} has {_some(below)}."
    fix = fix or (meant if below else f"Find it: leadterm codes search TEXT --system {system.name}")
    return make_finding("unknown-code", system.name, (code,), release=release, fix=fix)


def _some(codes: tuple[str, ...]) -> str:
    return f"{', '.join(codes[:SHOWN])}{' …' if len(codes) > SHOWN else ''}"


def complete(case: Case) -> Iterator[Finding]:
    """Codes with more detail below them: all characters that apply are needed."""
    system, day = case.system, case.facts.day
    for code in case.known:
        if system.is_billable(code) or _held(case, code):
            continue
        if system.spec.knowledge and day and (life := life_of(code)).went and life.went and day > life.went:
            continue  # said by `existing`, with its day
        below = system.billable_descendants(code)
        if below and all(system.is_extended(one) for one in below):
            what = "lacks its 7th character"
            fix = f"Use {_some(below)}: the episode of care decides."
            yield make_finding("seventh-character", system.name, (code,), what=what, fix=fix)
        else:
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
