"""What an encounter is worth looking at: how many suggestions a coder will change, and what hangs on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from leadterm.claim.drafts import ClaimDraft, Diagnosis
from leadterm.claim.parties import Circumstances
from leadterm.claim.payment import flags_of
from leadterm.codes.systems import spec_of
from leadterm.decisions.worth import chance_of_change
from leadterm.schema import Encounter, SuggestionSet
from leadterm.service_line import LEADING

__all__ = ["Priority", "weigh"]

WEIGHTS = {"MCC": 3.0, "CC": 2.0, "HCC": 2.0}


@dataclass(frozen=True, slots=True)
class Priority:
    """``changes``: suggestions a coder can be expected to change. ``value``: the same, each by what hangs on its code.

    ``stakes``: how many codes above the line are complications or fall into risk categories: ``2 HCC, 1 MCC``.
    """

    changes: float
    value: float
    stakes: str


def weigh(encounter: Encounter, result: SuggestionSet) -> Priority:
    """Weigh an encounter by its suggestions.

    More hangs on a complication (MCC, CC) of a stay and on a code of a risk category (HCC): they weigh more.
    """
    codes = [one for one in result.suggestions if spec_of(one.system).codes == "diagnosis"]
    listed = tuple(Diagnosis(one.code, "secondary" if at else LEADING[encounter.setting])
                   for at, one in enumerate(codes))  # fmt: skip
    draft = ClaimDraft("", "institutional", Circumstances(), {}, listed, setting=encounter.setting)
    marks = {flag.code: [mark for mark in (flag.level, "HCC" if flag.hcc else "") if mark] for flag in flags_of(draft)}
    changes = value = 0.0
    count: Counter[str] = Counter()
    for one in result.suggestions:
        above, share = one.confidence >= result.threshold, chance_of_change(one.confidence, result.threshold)
        mine = marks.get(one.code, [])
        changes += share
        value += share * max((WEIGHTS[mark] for mark in mine), default=1.0)
        count.update(mine if above else ())
    stakes = ", ".join(f"{count[mark]} {mark}" for mark in WEIGHTS if count[mark])
    return Priority(round(changes, 3), round(value, 3), stakes)
