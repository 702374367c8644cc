"""Turns a candidate into a suggestion: evidence, the term that matched, and hints at what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadterm.dictionary.candidates import Candidate
from leadterm.dictionary.hints import episode_hint, side_hint, type_hint
from leadterm.schema import EvidenceSpan, Suggestion

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["explain"]

MAX_EVIDENCE, MAX_HINTS = 6, 2
ASSERTED = {
    "possible": "documented as uncertain: only an inpatient stay codes it, if still so at discharge",
    "history": "documented as history: code it only if still present or treated",
    "family": "said of a relative, not of the patient",
    "hypothetical": "spoken of as something that may come, not as present",
    "conditional": "spoken of under a condition, not as present",
}


def explain(candidate: Candidate, rank: int, confidence: float, system: CodeSystem) -> Suggestion:
    """Make the suggestion for a candidate.

    Parameters
    ----------
    candidate : Candidate
        A candidate with its supports, best first.
    rank : int
        1 is best.
    confidence : float
        Calibrated probability.
    system : CodeSystem
        Gives titles.

    Returns
    -------
    Suggestion
        With at least one evidence span, and at most two hints.
    """
    best = candidate.supports[0]
    spans: dict[EvidenceSpan, None] = {}
    for support in candidate.supports[:MAX_EVIDENCE]:
        spans.update(dict.fromkeys(support.found.mention.spans))
    mention = best.found.mention
    return Suggestion(
        rank, system.name, candidate.code, system.title(candidate.code), confidence, tuple(spans),
        best.reading.term, best.reading.source, mention.assertion, mention.section, mention.cues,
        _hints(candidate, system),
    )  # fmt: skip


def _hints(candidate: Candidate, system: CodeSystem) -> tuple[str, ...]:
    """What the documentation leaves open, the most important first."""
    doubt = ASSERTED.get(candidate.supports[0].found.mention.assertion)
    if doubt:
        return (doubt,)
    hints = ["combines " + " and ".join(candidate.combined)] if candidate.combined else []
    hints += [find(system, candidate.code) for find in (side_hint, type_hint, episode_hint)]
    return tuple(hint for hint in hints if hint)[:MAX_HINTS]
