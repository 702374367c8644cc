"""Which suggestions of an encounter a user gets to see, in each of the forms they are given in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from leadterm.rules.select import select

if TYPE_CHECKING:
    from leadterm.schema import Encounter, Suggestion, SuggestionSet
    from leadterm.suggester import Suggester

__all__ = ["Format", "Wanted"]


class Format(StrEnum):
    """How to print suggestions."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    FHIR = "fhir"
    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


SHOWN = {Format.TABLE: 15, Format.HTML: 20}
LEAST, LEAST_DOUBTED, LEAST_LOOSE = 0.02, 0.1, 0.3
"""What fewer than one coder in fifty would report is no suggestion, but where a number of rows is asked for.

One in ten of what is more often misread than not: what the note only fears, plans or denies; words apart, or one alone,
that a term of the classification takes together; a history that is concluded; services, steps of an operation.
Three in ten by loose synonyms.
"""
UNTRUE = frozenset({"hypothetical", "absent"})
OFFICIAL, LOOSE = frozenset({"index", "title", "inclusion", "neoplasm"}), "mesh"
ONE_WORD, STEP = frozenset({"index", "inclusion"}), "operation"
CONCLUDED, HISTORY, SERVICES = "companion", ("Z85", "Z86", "Z87"), "hcpcs"
LOOKED_UP = "fuzzy"  # what was asked for by an option is shown
SUGGESTED_ONLY = (Format.FHIR, Format.CSV, Format.XLSX, Format.PARQUET)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which suggestions to give.

    ``top``: most suggestions for an encounter; where None it depends on the format.
    """

    systems: tuple[str, ...]
    top: int | None
    threshold: float | None
    format: Format

    def apply(self, result: SuggestionSet) -> SuggestionSet:
        """Keep what is wanted, in its order: what would stand first, stands first."""
        threshold = result.threshold if self.threshold is None else self.threshold
        kept = [one for one in result.suggestions if one.confidence >= self._least(one, threshold)]
        if self.top is not None:
            kept = list(result.suggestions)
        if kept and kept[0].confidence < threshold:  # what would stand first is not suggested at this line
            kept = select(kept)
        ranked = tuple(replace(one, rank=rank) for rank, one in enumerate(kept, start=1))
        return replace(result, suggestions=ranked, threshold=threshold)

    def _least(self, one: Suggestion, threshold: float) -> float:
        """The least confidence with which a suggestion is shown."""
        if self.format in SUGGESTED_ONLY:
            return threshold
        if one.source == LOOKED_UP:
            return 0.0
        return min(LEAST_LOOSE if one.source == LOOSE else LEAST_DOUBTED if _is_doubted(one) else LEAST, threshold)

    def ask(self, engine: Suggester, encounter: Encounter) -> SuggestionSet:
        """Ask a model for what is wanted; tables and pages say how many there are below, so they need all."""
        top = None if self.format in SHOWN else self.top
        return self.apply(engine.suggest(encounter, systems=self.systems or None, top=top))

    def shown(self, result: SuggestionSet) -> int:
        """Count the suggestions that a table or page shows: all that are suggested and a few below."""
        sure = sum(s.confidence >= result.threshold for s in result.suggestions)
        return max(sure, SHOWN.get(self.format, 0)) if self.top is None else self.top


def _is_doubted(one: Suggestion) -> bool:
    """Whether a suggestion is of a kind that is misread more often than not, where little speaks for it."""
    if one.assertion in UNTRUE or one.system == SERVICES or one.source == STEP:
        return True
    if one.source == CONCLUDED:
        return one.code.startswith(HISTORY)
    apart = one.source in OFFICIAL and len(one.best.spans) > 1
    return apart or (one.source in ONE_WORD and len(one.best.text.split()) == 1)
