"""From scores to probabilities, and where to cut them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leadterm.errors import LeadtermError

__all__ = [
    "Calibration", "OperatingPoint", "best_f1_threshold", "expected_calibration_error", "fit_calibration",
    "precision_threshold",
]  # fmt: skip

Floats = NDArray[np.float64]
_FAR = 40.0


@dataclass(frozen=True)
class Calibration:
    """A strictly rising map from a raw score (log-odds) to a probability.

    ``knots``: Platt has ``(2,)``, slope and offset. isotonic ``(2, k)``, scores and log-odds, linear between.
    """

    kind: str
    knots: NDArray[Any]
    ece: float

    def __call__(self, score: ArrayLike) -> Floats:
        """Give the probability of each raw score."""
        raw = np.asarray(score, dtype=np.float64)
        if self.kind == "platt":
            return _sigmoid(self.knots[0] * raw + self.knots[1])
        return _sigmoid(np.interp(raw, self.knots[0], self.knots[1]))


@dataclass(frozen=True)
class OperatingPoint:
    """What one threshold gives.

    ``threshold``: confidence at or above which a candidate is kept. ``low``, ``high``: Wilson 95 % interval of the
    precision.
    """

    threshold: float
    precision: float
    recall: float
    f1: float
    low: float
    high: float
    kept: int


def fit_calibration(score: ArrayLike, y: ArrayLike, fold: ArrayLike) -> Calibration:
    """Calibrate by logistic or by centred isotonic regression, whichever errs less under cross-validation.

    Platt (1999), with his smoothed targets; Oron and Flournoy (2017) for centred isotonic regression, which keeps the
    order of the scores where plain isotonic regression would tie them.

    >>> z = np.linspace(-3, 3, 200)
    >>> c = fit_calibration(z, np.random.default_rng(0).random(200) < 1 / (1 + np.exp(-z)), np.arange(200) % 5)
    >>> bool(abs(c([0.0])[0] - 0.5) < 0.1)
    True
    """
    raw, target, folds = np.asarray(score, np.float64), np.asarray(y, np.float64), np.asarray(fold)
    fits = {"platt": _platt, "isotonic": _centred_isotonic}
    errors: dict[str, float] = {}
    for kind, fit in fits.items():
        out = np.zeros(len(raw))
        for k in np.unique(folds):
            train = folds != k
            out[~train] = Calibration(kind, fit(raw[train], target[train]), 0.0)(raw[~train])
        errors[kind] = expected_calibration_error(out, target)
    best = min(fits, key=lambda kind: (round(errors[kind], 6), kind != "platt"))
    return Calibration(best, fits[best](raw, target), errors[best])


def expected_calibration_error(confidence: ArrayLike, y: ArrayLike, bins: int = 15) -> float:
    """Mean gap between confidence and share of positives, over equally wide bins, weighted by their size.

    In ``[0, 1]``; 0 for no rows.

    >>> expected_calibration_error([0.5, 0.5], [0, 1])
    0.0
    """
    p, target = np.asarray(confidence, np.float64), np.asarray(y, np.float64)
    if not len(p):
        return 0.0
    where = np.minimum((p * bins).astype(np.int64), bins - 1)
    gap = np.bincount(where, p, bins) - np.bincount(where, target, bins)
    return float(np.abs(gap).sum() / len(p))


def best_f1_threshold(confidence: ArrayLike, y: ArrayLike, *, missed: int = 0) -> OperatingPoint:
    """Find the threshold with the best micro-F1.

    The highest threshold among the best. ``y``: 1 where it is a reference code. ``missed``: reference codes that are
    no candidate at all.

    >>> best_f1_threshold([0.9, 0.6, 0.2], [1, 1, 0]).threshold
    0.6
    """
    points = _points(confidence, y, missed)
    return _point(points, int(np.argmax(points["f1"])))


def precision_threshold(
    confidence: ArrayLike, y: ArrayLike, target: float, *, missed: int = 0
) -> OperatingPoint | None:
    """Find the lowest threshold whose precision reaches a target.

    None when no threshold reaches the target. ``LeadtermError`` if the target is not in ``(0, 1]``.

    >>> precision_threshold([0.9, 0.6, 0.2], [1, 0, 1], 1.0).kept
    1
    """
    if not 0 < target <= 1:
        raise LeadtermError(f"target precision {target} is out of range.", hint="Give a number in (0, 1], e.g. 0.95.")
    points = _points(confidence, y, missed)
    good = np.flatnonzero(points["precision"] >= target)
    return _point(points, int(good[-1])) if len(good) else None


def _points(confidence: ArrayLike, y: ArrayLike, missed: int) -> dict[str, Floats]:
    """Precision, recall and F1 at every distinct confidence, highest first."""
    p, target = np.asarray(confidence, np.float64), np.asarray(y, np.float64)
    if not len(p):
        raise LeadtermError("no candidate to choose a threshold on.")
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(target[order])
    last = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    kept, hit, total = (last + 1).astype(np.float64), hits[last], hits[-1] + missed
    return {
        "threshold": p[order][last],
        "precision": hit / kept,
        "recall": hit / max(total, 1.0),
        "f1": 2 * hit / np.maximum(kept + total, 1.0),
        "kept": kept,
    }


def _point(points: dict[str, Floats], i: int) -> OperatingPoint:
    threshold, precision, recall, f1, kept = (
        float(points[name][i]) for name in ("threshold", "precision", "recall", "f1", "kept")
    )
    low, high = _wilson(precision, kept)
    return OperatingPoint(threshold, precision, recall, f1, low, high, int(kept))


def _wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson 95 % interval of a share."""
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def _platt(score: Floats, y: Floats) -> Floats:
    """Slope and offset of a logistic regression on one score, by damped Newton steps."""
    positives = y.sum()
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (len(y) - positives + 2))
    weights = np.array([1.0, 0.0])
    design = np.stack([score, np.ones_like(score)])
    for _ in range(50):
        p = _sigmoid(weights @ design)
        gradient = design @ (p - target)
        hessian = (design * np.maximum(p * (1 - p), 1e-9)) @ design.T + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return np.array([max(weights[0], 1e-6), weights[1]])


def _centred_isotonic(score: Floats, y: Floats) -> Floats:
    """Knots of isotonic regression: one at the centre of each block, in log-odds."""
    points, at, count = np.unique(score, return_inverse=True, return_counts=True)
    hits = np.bincount(at.reshape(-1), y, len(points))
    blocks: list[tuple[float, float, float]] = []
    for x, t, n_x in zip(points.tolist(), hits.tolist(), count.tolist(), strict=True):
        size, sum_x, sum_y = float(n_x), x * n_x, t
        while blocks and blocks[-1][2] / blocks[-1][0] >= sum_y / size:
            n, a, b = blocks.pop()
            size, sum_x, sum_y = size + n, sum_x + a, sum_y + b
        blocks.append((size, sum_x, sum_y))
    size_, x_, y_ = np.array(blocks).T
    rate = (y_ + 0.5) / (size_ + 1.0)
    logit = np.maximum.accumulate(np.log(rate / (1 - rate)))
    knots_x = np.concatenate([[min(-_FAR, score.min() - 1)], x_ / size_, [max(_FAR, score.max() + 1)]])
    knots_y = np.concatenate([[-_FAR], logit, [_FAR]]) + 1e-9 * np.arange(len(x_) + 2)
    return np.stack([knots_x, knots_y])


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -500, 500))))
