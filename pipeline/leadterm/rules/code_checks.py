"""All rules over the codes of an encounter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from typing import TYPE_CHECKING

from leadterm.rules.excludes import exclusions
from leadterm.rules.findings import CodeSet, Finding, Rule
from leadterm.rules.patient import other_age, other_sex
from leadterm.rules.validity import incomplete, not_in_force, unknown

if TYPE_CHECKING:
    from leadterm.schema import Encounter

__all__ = ["RULES", "check_codes"]

RULES: tuple[Rule, ...] = (unknown, incomplete, not_in_force, exclusions, other_sex, other_age)
"""A new rule is a function and a line here."""
_ORDER = ("error", "warning", "note")


def check_codes(
    encounter: Encounter, codes: Iterable[tuple[str, str]] | None = None, *, date: Date | str | None = None
) -> tuple[Finding, ...]:
    """Check the codes of an encounter against the classification and the guidelines.

    Parameters
    ----------
    encounter : Encounter
        Its sex, year of birth and date of service count where they are known.
    codes : iterable of (str, str), optional
        System and code; by default the encounter's own reference codes.
    date : date or str, optional
        Day of service where the encounter has none: the release that held then is asked.

    Returns
    -------
    tuple of Finding
        Errors first; then in the order of the rules. Codes of a system that is not at hand are passed over.

    Raises
    ------
    LeadtermError
        If the day is not a date.

    Examples
    --------
    >>> from leadterm.schema import Encounter, Note
    >>> e = Encounter("e1", (Note("n1", "Type 1 diabetes, type 2 diabetes."),))
    >>> [(f.rule, f.section) for f in check_codes(e, [("icd10cm", "E10.9"), ("icd10cm", "E11.9")])]
    [('excludes1', 'I.A.12.a')]
    """
    from leadterm.codes import load_system
    from leadterm.codes.registry import is_at_hand
    from leadterm.codes.release import as_day

    given = [(code.system, code.code) for code in encounter.codes] if codes is None else list(codes)
    when = encounter.date_of_service or date
    day = as_day(when) if when else None
    found: list[Finding] = []
    for name in dict.fromkeys(system for system, _ in given):
        if is_at_hand(name):
            own = tuple(dict.fromkeys(code for system, code in given if system == name))
            table = CodeSet(encounter, own, load_system(name, day), day)
            found += [finding for rule in RULES for finding in rule(table)]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))
