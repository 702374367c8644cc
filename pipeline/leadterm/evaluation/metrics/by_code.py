"""Metrics by code: macro averages, areas under curves, the precision-recall curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadterm.evaluation.metrics.ratios import divide
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Floats, Ints
from leadterm.evaluation.tables.numbering import last_of_ties

__all__ = ["LabelCounts", "areas", "label_counts", "macro_metrics", "precision_recall_curve"]


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """Right, wrong and missed suggestions of each code.

    `right, wrong, missed`: True positives, false positives, false negatives.

    >>> LabelCounts(np.array([1.0]), np.array([1.0]), np.array([0.0])).f1().round(3).tolist()
    [0.667]
    """

    right: Floats
    wrong: Floats
    missed: Floats

    def f1(self) -> Floats:
        """Give the F1 of each code, 0 where it was neither suggested nor right."""
        return divide(2 * self.right, 2 * self.right + self.wrong + self.missed)


def label_counts(table: Aligned) -> LabelCounts:
    """Count over the chosen suggestions."""
    right = np.bincount(table.col[table.chosen & table.hit], minlength=table.m).astype(np.float64)
    chosen = np.bincount(table.col[table.chosen], minlength=table.m)
    gold = np.bincount(table.gold_col, minlength=table.m)
    return LabelCounts(right, chosen - right, gold - right)


def macro_metrics(counts: LabelCounts) -> dict[str, float]:
    """Average over codes.

    ``macro_precision``, ``macro_recall`` and ``macro_f1`` are means over the codes present among the reference
    codes. ``macro_f1_harmonic`` is the older definition, the harmonic mean of the mean precision and the mean
    recall over all codes met, suggested ones too; the two must never be compared.

    >>> found = macro_metrics(LabelCounts(np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0])))
    >>> found["macro_f1"], found["macro_f1_harmonic"]
    (0.5, 0.5)
    """
    precision = divide(counts.right, counts.right + counts.wrong)
    recall = divide(counts.right, counts.right + counts.missed)
    present = counts.right + counts.missed > 0
    met = present | (counts.wrong > 0)
    p, r = _mean(precision[met]), _mean(recall[met])
    return {
        "macro_precision": _mean(precision[present]),
        "macro_recall": _mean(recall[present]),
        "macro_f1": _mean(counts.f1()[present]),
        "macro_f1_harmonic": 2 * p * r / (p + r) if p + r else 0.0,
    }


def areas(table: Aligned) -> dict[str, float]:
    """Areas under the ROC curve and average precision, over codes present among the reference codes.

    Every (encounter, code) pair that was not suggested ties at the lowest score. Average precision is the step
    sum over thresholds of (recall gained) x precision.

    Gives ``micro_auc, macro_auc, micro_average_precision, macro_average_precision``; macro AUC leaves out codes that
    every encounter has.
    """
    gold = np.bincount(table.gold_col, minlength=table.m)
    present = np.flatnonzero(gold)
    keep = gold[table.col] > 0
    place = np.cumsum(gold > 0) - 1
    col, score, hit = place[table.col[keep]], table.score[keep], table.hit[keep]
    one = np.zeros(len(col), dtype=np.int64)
    micro_auc, micro_ap = _areas_by_group(one, score, hit, gold.sum()[None], np.array([table.n * len(present)]))
    auc, precision = _areas_by_group(col, score, hit, gold[present], np.full(len(present), table.n))
    defined = gold[present] < table.n
    return {
        "micro_auc": float(micro_auc[0]),
        "macro_auc": _mean(auc[defined]),
        "micro_average_precision": float(micro_ap[0]),
        "macro_average_precision": _mean(precision),
    }


def precision_recall_curve(table: Aligned, points: int = 200) -> list[dict[str, float]]:
    """Precision and recall over all pairs as the threshold falls.

    Gives ``threshold, precision, recall``, from the highest threshold down.
    """
    order = np.argsort(-table.score, kind="stable")
    score, right = table.score[order], np.cumsum(table.hit[order])
    last = np.flatnonzero(last_of_ties(score))
    if len(last) > points:
        last = last[np.unique(np.linspace(0, len(last) - 1, points).astype(np.int64))]
    total = max(len(table.gold_row), 1)
    return [
        {"threshold": float(score[i]), "precision": float(right[i] / (i + 1)), "recall": float(right[i] / total)}
        for i in last
    ]


def _areas_by_group(group: Ints, score: Floats, hit: Bools, positives: Ints, pairs: Ints) -> tuple[Floats, Floats]:
    """Work out AUC and average precision of each group of scored pairs.

    The pairs of a group without a score form its last block of ties. Within a block of ties AUC counts half.
    """
    n = len(positives)
    order = np.lexsort((-score, group))
    g, s, h = group[order], score[order], hit[order].astype(np.float64)
    new = np.ones(len(g), dtype=bool)
    new[1:] = (g[1:] != g[:-1]) | (s[1:] != s[:-1])
    block = np.cumsum(new) - 1
    size, right = np.bincount(block).astype(np.float64), np.bincount(block, weights=h)
    owner = g[new]
    scored, found = np.bincount(g, minlength=n), np.bincount(g, weights=h, minlength=n)
    owner = np.concatenate([owner, np.arange(n)])
    size = np.concatenate([size, pairs - scored])
    right = np.concatenate([right, positives - found])
    order = np.argsort(owner, kind="stable")
    owner, size, right = owner[order], size[order], right[order]
    above, above_right = _before(size, owner), _before(right, owner)
    wrong, total, negatives = size - right, positives[owner], (pairs - positives)[owner]
    precision = divide(above_right + right, above + size)
    steps = divide(right, total.astype(np.float64)) * precision
    below = negatives - (above - above_right) - wrong
    auc = divide(right * (below + wrong / 2), total * negatives.astype(np.float64))
    return np.bincount(owner, weights=auc, minlength=n), np.bincount(owner, weights=steps, minlength=n)


def _before(value: Floats, owner: Ints) -> Floats:
    """Sum the values that stand before each one within its owner (owners ascending)."""
    total = np.cumsum(value) - value
    first = np.ones(len(owner), dtype=bool)
    first[1:] = owner[1:] != owner[:-1]
    return np.asarray(total - total[first][np.cumsum(first) - 1])


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0
