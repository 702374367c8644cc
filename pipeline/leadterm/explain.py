"""Turns a candidate into a suggestion: evidence, the term that matched, and hints at what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadterm.candidates import Candidate
from leadterm.schema import EvidenceSpan, Suggestion

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["explain"]

MAX_EVIDENCE = 6


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
        With at least one evidence span.
    """
    best = candidate.supports[0]
    spans: dict[EvidenceSpan, None] = {}
    for support in candidate.supports[:MAX_EVIDENCE]:
        spans.update(dict.fromkeys(support.found.mention.spans))
    mention = best.found.mention
    return Suggestion(
        rank, system.name, candidate.code, system.title(candidate.code), confidence, tuple(spans),
        best.reading.term, best.reading.source, mention.assertion, mention.section, mention.cues, _hints(candidate, system),
    )  # fmt: skip


def _hints(candidate: Candidate, system: CodeSystem) -> tuple[str, ...]:
    """What the documentation leaves open."""
    hints = []
    choice = candidate.choice
    if choice.siblings:
        offers = ", ".join(f"{code} ({side})" for code in choice.siblings if (side := _side(system.title(code))))
        if offers:
            hints.append(f"laterality not documented: {offers}")
    elif choice.unspecified and choice.unsaid == 0:
        siblings = [code for code in system.children(system.parent(candidate.code) or candidate.code) if code != candidate.code]
        if siblings:
            hints.append("more detail would allow: " + ", ".join(siblings[:4]) + (" …" if len(siblings) > 4 else ""))
    if candidate.combined:
        hints.append("combines " + " and ".join(candidate.combined))
    if candidate.supports[0].found.mention.assertion == "possible":
        hints.append("documented as possible: code it only for an inpatient discharge")
    if candidate.supports[0].found.mention.assertion == "history":
        hints.append("documented as history: confirm that it is current")
    return tuple(hints)


def _side(title: str) -> str:
    lowered = title.lower()
    return next((side for side in ("bilateral", "right", "left") if side in lowered), "")
