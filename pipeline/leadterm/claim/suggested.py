"""The codes that a model suggests for an encounter, as if they were accepted: what a draft is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from leadterm.claim.leading import is_external
from leadterm.claim.sequence import LEADING
from leadterm.schema import Encounter, ReferenceCode, Suggestion, SuggestionSet

__all__ = ["with_codes"]


def with_codes(encounter: Encounter, result: SuggestionSet) -> Encounter:
    """Take over the suggestions at or above the line; the first diagnosis leads."""
    above = [one for one in result.suggestions if one.confidence >= result.threshold]
    lead = next((one.code for one in above if not is_external(one.code)), "")
    leading = LEADING[encounter.setting]
    codes = [
        ReferenceCode(one.system, one.code, leading if one.code == lead else "secondary", one.evidence, **line)
        for one in above
        for line in _lines(one)
    ]
    return replace(encounter, codes=tuple(codes))


def _lines(one: Suggestion) -> Iterator[dict[str, Any]]:
    """Units and modifiers of each line that a suggestion makes: what is thrown away of a drug is a line of its own."""
    yield {"units": one.units, "modifiers": tuple(said.code for said in one.modifiers if said.units is None)}
    for said in one.modifiers:
        if said.units is not None:
            yield {"units": said.units, "modifiers": (said.code,)}
