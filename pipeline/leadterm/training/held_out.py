"""Coded notes that teach nothing: a ranker fitted without them is scored on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.schema import Encounter
from leadterm.training.field_report import answer, figures
from leadterm.training.shipped_rows import Source, as_it_comes

if TYPE_CHECKING:
    from leadterm.dictionary.dictionary_model import DictionaryModel

__all__ = ["held_out", "leave_out", "score"]


def held_out(notes: Path, annotations: Path) -> tuple[Encounter, ...]:
    """MTSamples notes with the codes of another file than the one that teaches."""
    from leadterm.readers import read

    return tuple(one for _, one in read("mtsamples", notes, annotations=str(annotations)).encounters)


def leave_out(given: Sequence[Source], held: Sequence[Encounter]) -> list[Source]:
    """The sources without these notes, whoever coded them."""
    known = {one.digest for one in held}
    return [replace(s, encounters=tuple(one for one in s.encounters if one.digest not in known)) for s in given]


def score(model: DictionaryModel, held: Sequence[Encounter]) -> dict[str, float]:
    """Figures of `field_report.figures` on these notes, no setting given; none where there are none."""
    answers = []
    for one in held:
        shown = model.suggest(replace(as_it_comes(one), codes=()), systems=["icd10cm"]).suggestions
        codes, sure = [suggestion.code for suggestion in shown], [suggestion.confidence for suggestion in shown]
        answers.append(answer(one, codes, sure, ordered=True))
    return figures(answers, model.threshold) if held else {}
