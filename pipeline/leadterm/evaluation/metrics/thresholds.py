"""Choose the threshold on one split, report another: a threshold knows where it comes from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.metrics.reliability import fold_of
from leadterm.evaluation.tables.align import Aligned, align
from leadterm.evaluation.tables.labels import Bools, Floats
from leadterm.evaluation.tables.numbering import last_of_ties
from leadterm.evaluation.tables.qrels import Qrels
from leadterm.evaluation.tables.run import Run

__all__ = ["ChosenThreshold", "choose_threshold", "cross_validated_thresholds", "set_threshold"]


@dataclass(frozen=True, eq=False)
class ChosenThreshold:
    """A threshold with the split it was chosen on; scoring that split with it is refused.

    - ``value``: suggestions with at least this score are chosen.
    - ``split``: name of the split it was chosen on.
    - ``micro_f1``: what it reached there: too good to be reported.
    - ``encounters``: the encounters it was chosen on.

    >>> run, qrels = Run.from_mapping({"e1": {"A": 0.9, "B": 0.2}}), Qrels.from_mapping({"e1": ["A"]})
    >>> chosen = choose_threshold(run, qrels, "dev")
    >>> chosen.value, chosen.split
    (0.9, 'dev')
    """

    value: float
    split: str
    micro_f1: float
    encounters: frozenset[str] = field(repr=False)

    def check(self, split: str | None, encounters: Collection[str]) -> None:
        """Refuse the split, or any encounter, that the threshold was chosen on.

        ``split``: name of the split to be scored. ``encounters``: the encounters to be scored. ``LeadtermError`` if the
        threshold has seen what it shall be scored on.
        """
        shared = len(self.encounters.intersection(encounters))
        if shared or (split is not None and split == self.split):
            raise LeadtermError(
                f"the threshold was chosen on split '{self.split}', which holds {shared} of the {len(encounters)} "
                "encounters to be scored: the figures would flatter the system.",
                hint='Choose it on another split, give the number of a manifest, or use threshold="cv".',
            )


def choose_threshold(
    run: Run, qrels: Qrels, split_name: str, *, systems: Collection[str] | None = None
) -> ChosenThreshold:
    """Choose the one threshold with the best micro-F1; of equal ones the highest.

    - ``run``: suggestions for the encounters of the split.
    - ``qrels``: their reference codes.
    - ``split_name``: name of the split, for instance ``"dev"``.
    - ``systems``: code systems to score.

    Gives the threshold; it remembers the split. ``LeadtermError`` if the run has no score for any of the encounters.

    >>> run, qrels = Run.from_mapping({"e1": {"A": 0.9, "B": 0.2}}), Qrels.from_mapping({"e1": ["A", "B"]})
    >>> choose_threshold(run, qrels, "dev").value
    0.2
    """
    table = align(run, qrels, systems=systems)
    if not run.has_scores or not np.isfinite(table.score).any():
        raise LeadtermError(
            f"run '{run.name}' has no scores for the encounters of split '{split_name}'.",
            hint="A threshold needs scores; let the run answer that split too.",
        )
    value, f1 = best_threshold(table.score, table.hit, len(table.gold_row))
    return ChosenThreshold(value, split_name, f1, frozenset(table.encounters))


def best_threshold(score: Floats, hit: Bools, n_gold: int) -> tuple[float, float]:
    """Find the threshold with the best micro-F1 among the scores that occur.

    Gives the threshold (``inf`` if nothing helps) and its micro-F1.

    >>> best_threshold(np.array([0.9, 0.5]), np.array([True, False]), 1)
    (0.9, 1.0)
    """
    order = np.argsort(-score, kind="stable")
    ranked, right = score[order], np.cumsum(hit[order])
    f1 = np.where(last_of_ties(ranked), 2 * right / (np.arange(1, len(ranked) + 1) + max(n_gold, 1)), -1.0)
    if not len(f1) or f1.max() <= 0:
        return float("inf"), 0.0
    at = int(f1.argmax())
    return float(ranked[at]), float(f1[at])


def cross_validated_thresholds(table: Aligned, *, folds: int = 5, seed: int = 0) -> Floats:
    """Choose for each fold of patients the threshold that is best on the other folds."""
    if len(np.unique(table.group)) < 2:
        raise LeadtermError("a cross-validated threshold needs two patients or more.", hint="Give a number instead.")
    fold = fold_of(table.group, folds, seed)
    limits = np.empty(table.n)
    for f in np.unique(fold):
        other = fold[table.row] != f
        n_gold = int((fold[table.gold_row] != f).sum())
        limits[fold == f] = best_threshold(table.score[other], table.hit[other], n_gold)[0]
    return limits


def set_threshold(
    table: Aligned, run: Run, threshold: float | ChosenThreshold | str | None, split: str | None, seed: int
) -> tuple[Aligned, float | None, str]:
    """Apply what the caller asked for.

    `threshold`: None means the run's own threshold or, without one, every row.
    Gives the table with its choice, the threshold to print (the median over folds for ``"cv"``), where it is from.
    """
    if threshold is None:
        source = "every row" if run.threshold is None else "run"
        return table.with_threshold(run.threshold), run.threshold, source
    if not run.has_scores:
        raise LeadtermError(f"run '{run.name}' has ranks but no scores.", hint="Leave the threshold out.")
    if isinstance(threshold, ChosenThreshold):
        threshold.check(split, table.encounters)
        return table.with_threshold(threshold.value), threshold.value, f"chosen on {threshold.split}"
    if threshold == "cv":
        limits = cross_validated_thresholds(table, seed=seed)
        return table.with_threshold(limits), float(np.median(limits)), "cross-validated"
    if isinstance(threshold, str) or threshold != threshold:
        raise LeadtermError(f"unknown threshold '{threshold}'.", hint="Give a number, 'cv' or a chosen threshold.")
    return table.with_threshold(float(threshold)), float(threshold), "given"
