"""What a coder will do with suggestions, before she has done it; and how many keys it takes."""

from __future__ import annotations

from collections.abc import Collection

from leadterm.schema import SuggestionSet

__all__ = ["chance_of_change", "decisions_needed", "expected_changes", "expected_decisions"]


def chance_of_change(confidence: float, threshold: float) -> float:
    """Tell how likely a suggestion is changed: one above the line is rejected, one below it taken.

    >>> chance_of_change(0.9, 0.5).__round__(6), chance_of_change(0.2, 0.5)
    (0.1, 0.2)
    """
    return 1 - confidence if confidence >= threshold else confidence


def expected_changes(result: SuggestionSet) -> float:
    """Tell how many suggestions a coder can be expected to change."""
    return sum(chance_of_change(one.confidence, result.threshold) for one in result.suggestions)


def expected_decisions(result: SuggestionSet) -> float:
    """Tell how many decisions an encounter can be expected to take: each code above the line, and those below it."""
    return sum(1.0 if one.confidence >= result.threshold else one.confidence for one in result.suggestions)


def decisions_needed(result: SuggestionSet, codes: Collection[tuple[str, str]]) -> int:
    """Tell how many decisions an encounter takes: each code above the line is judged, each missing one is added."""
    above = {(one.system, one.code) for one in result.suggestions if one.confidence >= result.threshold}
    return len(above) + len(set(codes) - above)
