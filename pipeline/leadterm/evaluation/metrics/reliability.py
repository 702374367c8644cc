"""Does a confidence of 0.8 mean that eight in ten are right, and how much could be coded without a person?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from leadterm.evaluation.metrics.ratios import Ratios
from leadterm.evaluation.metrics.resample import sample_weights
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Floats, Ints
from leadterm.evaluation.tables.numbering import last_of_ties

__all__ = ["TARGETS", "calibration", "confidence_of", "coverage_at_precision", "wilson"]

TARGETS = (0.8, 0.9, 0.95, 0.99)


def confidence_of(table: Aligned) -> Floats | None:
    """Give the probabilities of the suggestions: those of the run, or its scores where all lie in [0, 1].

    Gives none where the run gives no probabilities.
    """
    if table.confidence is not None:
        return table.confidence
    inside = len(table.score) > 0 and bool(((table.score >= 0) & (table.score <= 1)).all())
    return table.score if inside else None


def wilson(right: float, n: float, z: float = 1.959964) -> list[float]:
    """Give the Wilson score interval of a share.

    Gives ``[low, high]``; ``[0, 1]`` without a try.

    >>> [round(v, 3) for v in wilson(8, 10)]
    [0.49, 0.943]
    """
    if n <= 0:
        return [0.0, 1.0]
    share, extra = right / n, z * z / n
    half = z * math.sqrt(share * (1 - share) / n + extra / (4 * n))
    return [max(0.0, (share + extra / 2 - half) / (1 + extra)), min(1.0, (share + extra / 2 + half) / (1 + extra))]


def calibration(table: Aligned, n_bins: int = 10) -> dict[str, Any] | None:
    """Compare confidence with the share that is right, over all suggestions.

    ECE is the mean over equal-width bins, weighted by size, of |share right - mean confidence|; Brier is the
    mean squared difference.

    `n_bins`: Number of bins of equal width on ``[0, 1]``.
    Gives ``ece, ece_chosen, brier, n, bins``; None where the run gives no probabilities.
    """
    confidence = confidence_of(table)
    if confidence is None or not len(confidence):
        return None
    bins = _bins(confidence, table.hit, n_bins)
    chosen = _bins(confidence[table.chosen], table.hit[table.chosen], n_bins)
    return {
        "ece": _ece(bins),
        "ece_chosen": _ece(chosen),
        "brier": float(np.mean((confidence - table.hit) ** 2)),
        "n": len(confidence),
        "bins": bins,
    }


def coverage_at_precision(
    table: Aligned, targets: Sequence[float] = TARGETS, *, n_samples: int = 1000, seed: int = 0, folds: int = 5
) -> list[dict[str, Any]]:
    """Say how much of the coding could be taken unseen at a wanted precision.

    For each fold of patients the threshold is the lowest one whose precision on the *other* folds reaches the
    target, so that the precision reached is an honest estimate.

    Gives by target: ``target, threshold`` (mean over folds, None if never reached), ``precision`` reached, ``coverage``
    (share of the reference codes found so), ``n_automated``, and the two ``_ci``.
    """
    score = confidence_of(table)
    score = table.score if score is None else score
    fold = fold_of(table.group, folds, seed)
    return [_coverage(table, score, fold, target, n_samples, seed) for target in targets]


def fold_of(group: Ints, folds: int, seed: int) -> Ints:
    """Deal patients into folds at random.

    >>> sorted(fold_of(np.arange(4), 2, seed=0).tolist())
    [0, 0, 1, 1]
    """
    n_groups = int(group.max()) + 1 if len(group) else 0
    dealt = np.empty(n_groups, dtype=np.int64)
    dealt[np.random.default_rng(seed).permutation(n_groups)] = np.arange(n_groups) % max(folds, 1)
    return dealt[group]


def _coverage(table: Aligned, score: Floats, fold: Ints, target: float, n_samples: int, seed: int) -> dict[str, Any]:
    taken, limits = np.zeros(len(score), dtype=bool), []
    row_fold = fold[table.row]
    for f in np.unique(fold):
        limit = _lowest_threshold(score[row_fold != f], table.hit[row_fold != f], target)
        if limit is not None:
            limits.append(limit)
            taken |= (row_fold == f) & (score >= limit)
    right = np.bincount(table.row[taken & table.hit], minlength=table.n).astype(np.float64)
    sent = np.bincount(table.row[taken], minlength=table.n).astype(np.float64)
    ratios = Ratios(
        ("precision", "coverage"),
        np.stack([right, right], axis=1),
        np.stack([sent, table.n_gold.astype(np.float64)], axis=1),
    )
    values = ratios.values()
    out: dict[str, Any] = {"target": target, "threshold": float(np.mean(limits)) if limits else None, **values}
    out["n_automated"] = int(sent.sum())
    drawn = [ratios.weighted(w) for w in sample_weights(table.group, n_samples, seed)]
    samples = np.concatenate(drawn) if drawn else np.zeros((0, 2))
    for i, name in enumerate(ratios.names):
        out[f"{name}_ci"] = [float(v) for v in np.quantile(samples[:, i], [0.025, 0.975])] if len(samples) else None
    return out


def _lowest_threshold(score: Floats, hit: Bools, target: float) -> float | None:
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    precision = np.cumsum(hit[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(last_of_ties(ranked) & (precision >= target))
    return float(ranked[good[-1]]) if len(good) else None


def _bins(confidence: Floats, hit: Bools, n_bins: int) -> list[dict[str, Any]]:
    place = np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)
    size = np.bincount(place, minlength=n_bins)
    right, total = (np.bincount(place, weights=w, minlength=n_bins) for w in (hit.astype(np.float64), confidence))
    return [
        {
            "low": i / n_bins,
            "high": (i + 1) / n_bins,
            "n": int(size[i]),
            "confidence": float(total[i] / size[i]),
            "right": float(right[i] / size[i]),
            "right_ci": wilson(float(right[i]), float(size[i])),
        }
        for i in range(n_bins)
        if size[i]
    ]


def _ece(bins: Sequence[dict[str, Any]]) -> float:
    n = sum(b["n"] for b in bins)
    return float(sum(b["n"] * abs(b["right"] - b["confidence"]) for b in bins) / n) if n else 0.0
