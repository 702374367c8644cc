"""Metrics that are a sum over encounters divided by a sum over encounters, so that resampling is one product.

Ranked metrics follow the usual definitions: precision@k divides by k even where fewer codes are right, average
precision divides by the number of reference codes, ties go to the code that comes first in the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Floats, Ints

__all__ = ["CUTOFFS", "Ratios", "all_ratios", "set_counts"]

CUTOFFS = (1, 5, 8, 10, 15)


@dataclass(frozen=True, eq=False)
class Ratios:
    """Named metrics as numerators and denominators by encounter.

    `names`: The s metrics; `top, bottom`: The value of a metric is ``top.sum() / bottom.sum()``, and 0 where the latter
    is 0.

    >>> Ratios(("half",), np.array([[1.0], [0.0]]), np.ones((2, 1))).values()
    {'half': 0.5}
    """

    names: tuple[str, ...]
    top: Floats
    bottom: Floats

    def values(self) -> dict[str, float]:
        """Give each metric over all encounters."""
        ones = np.ones((1, len(self.top)))
        return {name: float(v) for name, v in zip(self.names, self.weighted(ones)[0], strict=True)}

    def weighted(self, weights: Floats) -> Floats:
        """Give each metric under weights of the encounters.

        `weights`: How often each encounter counts in each of b samples.
        """
        return divide(weights @ self.top, weights @ self.bottom)

    def pick(self, names: Sequence[str]) -> Ratios:
        """Keep some metrics."""
        at = [self.names.index(name) for name in names]
        return Ratios(tuple(names), self.top[:, at], self.bottom[:, at])


def divide(top: Floats, bottom: Floats) -> Floats:
    """Divide, with 0 where the divisor is 0.

    >>> divide(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    return np.divide(top, bottom, out=np.zeros_like(np.asarray(top, dtype=np.float64)), where=np.asarray(bottom) != 0)


def set_counts(table: Aligned) -> tuple[Floats, Floats, Floats]:
    """Count right, wrong and missed codes of each encounter among the chosen suggestions.

    Gives true positives, false positives, false negatives.
    """
    chosen = np.bincount(table.row[table.chosen], minlength=table.n).astype(np.float64)
    right = np.bincount(table.row[table.chosen & table.hit], minlength=table.n).astype(np.float64)
    return right, chosen - right, table.n_gold - right


def all_ratios(table: Aligned, ks: Iterable[int] = CUTOFFS) -> Ratios:
    """Work out every metric that is a ratio of sums."""
    cuts = sorted({*ks, *CUTOFFS})
    parts = {**_set_ratios(table), **_ranked_ratios(table, cuts), **_principal_ratios(table)}
    return Ratios(
        tuple(parts), np.stack([t for t, _ in parts.values()], axis=1), np.stack([b for _, b in parts.values()], axis=1)
    )


def _set_ratios(table: Aligned) -> dict[str, tuple[Floats, Floats]]:
    right, wrong, missed = set_counts(table)
    ones, union = np.ones(table.n), right + wrong + missed
    empty = (union == 0).astype(np.float64)
    in_reference = np.zeros(table.m, dtype=bool)
    in_reference[table.gold_col] = True
    extra = table.chosen & ~in_reference[table.col]
    wrong_present = wrong - np.bincount(table.row[extra], minlength=table.n)
    return {
        "micro_precision": (right, right + wrong),
        "micro_recall": (right, right + missed),
        "micro_f1": (2 * right, 2 * right + wrong + missed),
        "micro_f1_reference_codes_only": (2 * right, 2 * right + wrong_present + missed),
        "encounter_f1": (divide(2 * right, 2 * right + wrong + missed) + empty, ones),
        "jaccard": (divide(right, union) + empty, ones),
        "exact_match": ((wrong + missed == 0).astype(np.float64), ones),
    }


def _ranked_ratios(table: Aligned, ks: Sequence[int]) -> dict[str, tuple[Floats, Floats]]:
    gold = table.n_gold.astype(np.float64)
    asked = (gold > 0).astype(np.float64)
    hit, place, row = table.hit, table.position, table.row
    precision_here = _running_hits(table) / np.maximum(place, 1)
    first = np.zeros(table.n)
    np.maximum.at(first, row[hit], 1.0 / place[hit])
    parts = {
        "map": (divide(_sum(row, hit * precision_here, table.n), gold), asked),
        "mrr": (first, asked),
        "r_precision": (divide(_sum(row, hit & (place <= gold[row]), table.n), gold), asked),
        "recall_all": (divide(_sum(row, hit, table.n), gold), asked),
    }
    gain = 1.0 / np.log2(place + 1.0)
    ideal = np.concatenate([[0.0], np.cumsum(1.0 / np.log2(np.arange(2, max(ks) + 2)))])
    for k in ks:
        found = _sum(row, hit & (place <= k), table.n)
        parts[f"precision_at_{k}"] = (found / k * asked, asked)
        parts[f"recall_at_{k}"] = (divide(found, gold), asked)
        best = ideal[np.minimum(table.n_gold, k)]
        parts[f"ndcg_at_{k}"] = (divide(_sum(row, (hit & (place <= k)) * gain, table.n), best), asked)
    return parts


def _principal_ratios(table: Aligned) -> dict[str, tuple[Floats, Floats]]:
    """Score the principal (first-listed) code: is it first in the list, is it among the chosen."""
    if not table.principal.any():
        return {}
    row, col = table.gold_row[table.principal], table.gold_col[table.principal]
    pairs = set(zip(row.tolist(), col.tolist(), strict=True))
    is_principal = np.fromiter(
        ((r, c) in pairs for r, c in zip(table.row.tolist(), table.col.tolist(), strict=True)), bool, len(table.row)
    )
    asked = np.zeros(table.n)
    asked[row] = 1.0
    first = np.minimum(_sum(table.row, is_principal & (table.position == 1), table.n), 1.0)
    among = np.minimum(_sum(table.row, is_principal & table.chosen, table.n), 1.0)
    return {"principal_accuracy": (first, asked), "principal_recall": (among, asked)}


def _running_hits(table: Aligned) -> Ints:
    total = np.cumsum(table.hit)
    if not len(total):
        return total
    start = np.arange(len(total)) - (table.position - 1)
    return np.asarray(total - (total[start] - table.hit[start]))


def _sum(row: Ints, value: Floats | Ints, n: int) -> Floats:
    return np.bincount(row, weights=np.asarray(value, dtype=np.float64), minlength=n)
