"""The codes that a model suggests for an encounter, as if they were accepted: what a draft is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leadterm.claim.leading import is_external
from leadterm.claim.sequence import LEADING
from leadterm.schema import Encounter, ReferenceCode, SuggestionSet

if TYPE_CHECKING:
    pass

__all__ = ["with_codes"]

WASTE = "JW"  # stands on a line of its own, with the units thrown away


def with_codes(encounter: Encounter, result: SuggestionSet) -> Encounter:
    """Take over the suggestions at or above the line; the first diagnosis leads."""
    above = [one for one in result.suggestions if one.confidence >= result.threshold]
    lead = next((one.code for one in above if not is_external(one.code)), "")
    leading = LEADING[encounter.setting]
    codes = [ReferenceCode(one.system, one.code, leading if one.code == lead else "secondary", one.evidence,
                           units=one.units, modifiers=tuple(said.code for said in one.modifiers if said.code != WASTE))
             for one in above]  # fmt: skip
    return replace(encounter, codes=tuple(codes))
