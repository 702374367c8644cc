"""Trainers in the shape the evaluation asks for: encounters in, a system that answers with a run out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from leadterm.evaluation.protocol import Answer, Trainer
from leadterm.evaluation.tables.run import Run
from leadterm.experiments.baselines import linear_words, phrase_lookup
from leadterm.ranking.trees import RankerSettings
from leadterm.schema import Encounter
from leadterm.suggester import systems_asked
from leadterm.training.recipe import Recipe
from leadterm.training.train_model import TrainResult, train

if TYPE_CHECKING:
    import pandas as pd

    from leadterm.learned.prior_model import Prior
    from leadterm.suggester import Suggester

__all__ = ["LIGHT", "answer_of", "corpus_trainer", "frame_answer", "linear_trainer", "phrase_trainer"]

LIGHT = Recipe(folds=3, ranker=RankerSettings(iterations=60, learning_rate=0.12, folds=2))
"""A recipe for many quick trainings: a little less accurate, several times faster."""


def corpus_trainer(
    recipe: Recipe | None = None,
    *,
    systems: Sequence[str] | None = None,
    name: str = "trained",
    output: str | Path | None = None,
    earlier: Prior | Literal["auto"] | None = "auto",
    progress: Callable[[str], None] | None = None,
    done: Callable[[TrainResult], None] | None = None,
) -> Trainer:
    """Give the trainer of corpus models.

    `output`: Folder to keep the model in; each training replaces it. A temporary one by default; `earlier`: A model
    whose knowledge is taken over; by default the shipped one where it fits.
    """

    def tell(step: str, *_: object) -> None:
        if progress:
            progress(step)

    def learn(encounters: Sequence[Encounter]) -> Answer:
        held = {code.system for e in encounters for code in e.codes}
        wanted = [s for s in systems or () if s in held] or None
        with tempfile.TemporaryDirectory() as folder:
            place = Path(output or Path(folder) / "model")
            result = train(list(encounters), place, recipe, systems=wanted, earlier=earlier, progress=tell)
        if done:
            done(result)
        return answer_of(result.model, name)

    return learn


def answer_of(
    model: Suggester, name: str, watch: Callable[[Iterable[Encounter]], Iterable[Encounter]] = iter
) -> Answer:
    """Let a model answer with a run.

    `watch`: Passes the encounters on, for instance to show progress.
    Gives takes encounters, gives a run with the model's threshold.
    """

    def answer(encounters: Sequence[Encounter]) -> Run:
        systems = systems_asked(model, encounters)
        return Run.from_suggestions((model.suggest(e, systems=systems) for e in watch(encounters)), name=name)

    return answer


def frame_answer(system: Callable[[Sequence[Encounter]], pd.DataFrame], name: str) -> Answer:
    """Let a system that gives frames answer with a run."""
    return lambda encounters: Run.from_frame(system(encounters), name=name)


def linear_trainer(systems: Sequence[str] | None = None, *, name: str = "linear", seed: int = 0) -> Trainer:
    """Give the trainer of the linear baseline; see `leadterm.experiments.baselines.linear_words`."""
    return lambda encounters: frame_answer(linear_words(encounters, systems, seed=seed), name)


def phrase_trainer(*, name: str = "phrases") -> Trainer:
    """Give the trainer of the phrase baseline; see `leadterm.experiments.baselines.phrase_lookup`."""
    return lambda encounters: frame_answer(phrase_lookup(encounters), name)
