"""Exercises in the workbench: judged as `leadterm practise` judges, and kept with what a learner did there."""

from __future__ import annotations

from leadterm.paths import progress_file
from leadterm.practise.exercises import exercises
from leadterm.practise.progress import append
from leadterm.practise.scoring import Attempt, score_attempt
from leadterm.review.workbench import Workbench

__all__ = ["attempt_of", "keep_attempt"]


def attempt_of(bench: Workbench, number: int, lane: str = "") -> Attempt:
    """Judge the codes that a learner decided for."""
    typed = [code for _, code in bench.standing(number, lane).final]
    answer = bench.mode.answers[bench.encounter(number).encounter_id]
    return score_attempt(answer, typed, lambda _: bench.suggestions(number))


def keep_attempt(bench: Workbench, number: int, lane: str = "") -> None:
    """Add the result to the learner's progress: areas, scores and codes, no word of a note."""
    [exercise] = exercises([bench.mode.answers[bench.encounter(number).encounter_id]])
    append(progress_file(), exercise, attempt_of(bench, number, lane))
