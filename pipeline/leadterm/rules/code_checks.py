"""All rules over the codes of an encounter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date as Date
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.codes.registry import installed
from leadterm.rules.code_order import (
    code_first,
    companions_noted,
    duplicates,
    leads,
    lone_leaders,
    order_of_pairs,
    sepsis,
)  # fmt: skip
from leadterm.rules.combine import companions_missing, hypertension, parts, pregnancy, sides, vague
from leadterm.rules.contradictions import one_episode, one_stage, told
from leadterm.rules.excludes import exclusions, inclusions
from leadterm.rules.findings import SEVERITIES, Case, Coded, Facts, Finding
from leadterm.rules.medicare import edit_diagnoses, edit_procedures, hospital_acquired, present_on_admission
from leadterm.rules.patient import other_age, other_sex
from leadterm.rules.services import check_services
from leadterm.rules.support import asserted, documented_side, integral
from leadterm.rules.validity import complete, existing, not_in_force

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules
    from leadterm.schema import Encounter

__all__ = ["RULES", "check_codes", "check_items"]

RULES: tuple[Callable[[Case], Iterable[Finding]], ...] = (
    existing, complete, not_in_force, duplicates, exclusions, leads, lone_leaders, order_of_pairs, sepsis, code_first,
    companions_noted, hypertension, parts, companions_missing, sides, vague, one_stage,
    one_episode, told, pregnancy, other_sex, other_age, asserted,
    documented_side, integral, edit_diagnoses, edit_procedures, present_on_admission, hospital_acquired,
)  # fmt: skip
"""A new rule is a function, a line here, and its words in ``rules.tsv``."""
LEADING = ("principal", "first-listed")


def check_codes(
    encounter: Encounter, codes: Iterable[Coded | tuple[str, str]] | None = None, *, date: Date | str | None = None,
    edits: Edits | None = None, site: SiteRules | None = None,
) -> tuple[Finding, ...]:  # fmt: skip
    """Check the codes of an encounter against the classification and the guidelines.

    - ``encounter``: its setting, sex, year of birth and date of service count where they are known.
    - ``codes``: codes, or system and code; by default the encounter's own reference codes.
    - ``date``: day of service where the encounter has none: the release that held then is asked.
    - ``edits``: official edits of services and coverage that the user has.
    - ``site``: rules, levels and overrides of the site.

    Errors come first, then in the order of the rules. Codes of a system that is not at hand are passed over.
    ``LeadtermError`` if the day is not a date.

    >>> from leadterm.schema import Encounter, Note
    >>> e = Encounter("e1", (Note("n1", "Type 1 diabetes, type 2 diabetes."),))
    >>> [(f.rule, f.section) for f in check_codes(e, [("icd10cm", "E10.9"), ("icd10cm", "E11.9")])]
    [('excludes1', 'I.A.12.a')]
    """
    given: list[Coded]
    if codes is None:
        given = [Coded.of(one) for one in encounter.codes]
    else:
        given = [one if isinstance(one, Coded) else Coded(*one) for one in codes]
    return check_items(Facts.of(encounter, date), given, edits=edits, site=site)


def check_items(
    facts: Facts, items: Sequence[Coded], *, edits: Edits | None = None, site: SiteRules | None = None
) -> tuple[Finding, ...]:
    """Check codes against what is known of an encounter, without the encounter itself.

    - ``facts``: day, setting, patient, payer.
    - ``items``: diagnoses, procedures and service lines, in the order of the claim.
    - ``edits``: official edits of services and coverage that the user has.
    - ``site``: rules, levels and overrides of the site.

    Errors come first, then in the order of the rules.

    >>> [f.rule for f in check_items(Facts(), [Coded("icd10cm", "E11")])]
    ['incomplete']
    """
    found: list[Finding] = []
    facts = replace(facts, beside=tuple(item.code for item in items))
    for name in dict.fromkeys(item.system for item in items):
        system = _system(name, facts.day, installed(name))
        if system is not None:
            own = sorted((item for item in items if item.system == name), key=lambda item: item.role not in LEADING)
            case = Case(facts, tuple(own), system)
            found += [finding for rule in RULES for finding in rule(case)]
            found += inclusions(case) if site and "excludes2" in site.levels else ()
    found += check_services(facts, items, edits)
    found = list(site.apply(facts, items, found)) if site else found
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


@lru_cache(maxsize=4096)
def _system(name: str, day: Date | None, _installed: tuple[tuple[str, int], ...]) -> CodeSystem | None:
    """Load a system once for a day and what is installed; None where it is not at hand."""
    from leadterm.codes import load_system
    from leadterm.codes.registry import is_at_hand

    return load_system(name, day) if is_at_hand(name) else None
