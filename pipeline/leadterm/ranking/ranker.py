"""The ranker: gradient-boosted trees over named features, with calibrated confidence.

Trained with scikit-learn; kept and evaluated as plain arrays, so that prediction needs numpy alone.
An unknown value is NaN. Confidence is calibrated on out-of-fold scores and never ties two
candidates that the trees tell apart, so ranking by confidence is ranking by score.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leadterm.errors import LeadtermError
from leadterm.ranking.calibration import Calibration, best_f1_threshold, fit_calibration
from leadterm.ranking.report_rates import RATE_ARRAYS, ReportRates
from leadterm.ranking.trees import (
    DEEPEST,
    TREE_ARRAYS,
    LaidOut,
    RankerSettings,
    check_trees,
    export,
    group_folds,
    grow,
    lay_out,
    telling,
    walk,
)
from leadterm.ranking.word_weights import WORD_ARRAYS, WordWeights
from leadterm.storage.artifacts import Artifact, load_artifact, save_artifact
from leadterm.storage.soundness import check_finite, require

__all__ = ["Ranker", "RankerSettings", "group_folds"]

Floats = NDArray[np.float64]
_CHUNK = 4096
Made = TypeVar("Made")


@dataclass(frozen=True)
class Ranker:
    """Trees over named features, a calibration and a threshold.

    Use :meth:`fit` or :meth:`load`, not the constructor.

    - ``feature_names``: columns, in the order of the trees' feature numbers.
    - ``trees``: node arrays of all trees, end to end: ``feature``, ``limit``, ``left``, ``right``, ``value``,
      ``nan_left`` (n_nodes,) and ``roots`` (n_trees,). A leaf points at itself.
    - ``baseline``: raw score before the first tree.
    - ``depth``: steps from a root to the deepest leaf.
    - ``calibration``: from raw score to probability.
    - ``threshold``: confidence at which micro-F1 was best, out of fold.
    - ``report``: out-of-fold figures: ``f1``, ``precision``, ``recall``, ``ece``, ``n``, ``positives``, ``missed``.
    - ``seen``: digests of the encounters it was fitted on, where they are kept, shape (n_encounters,).
    - ``oof``: calibrated out-of-fold confidence of the training rows, after :meth:`fit`; not saved, shape (n,).
    - ``rates``: what coders report, for features of the candidates that depend on it.
    - ``words``: what the words around a mention say of it, for features of the candidates.
    - ``first``: orders what is suggested: which code stands first.
    """

    feature_names: tuple[str, ...]
    trees: Mapping[str, NDArray[Any]]
    baseline: float
    depth: int
    calibration: Calibration
    threshold: float
    report: Mapping[str, float] = field(default_factory=dict)
    seen: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64), compare=False, repr=False)
    oof: Floats | None = field(default=None, compare=False, repr=False)
    rates: ReportRates | None = field(default=None, compare=False, repr=False)
    first: Ranker | None = field(default=None, compare=False, repr=False)
    words: WordWeights | None = field(default=None, compare=False, repr=False)

    @classmethod
    def fit(
        cls,
        X: ArrayLike,
        y: ArrayLike,
        groups: Sequence[object] | NDArray[Any],
        feature_names: Sequence[str],
        *,
        seed: int = 0,
        sample_weight: ArrayLike | None = None,
        missed: int = 0,
        monotonic: Mapping[str, int] | None = None,
        settings: RankerSettings | None = None,
        jobs: int = 1,
    ) -> Ranker:
        """Grow the trees and calibrate them on out-of-fold scores.

        Its ``oof`` holds the out-of-fold confidence of every row.

        - ``X``: features, shape (n, n_features); NaN is "unknown". ``y``: 1 where the candidate is a reference code.
        - ``groups``: encounter (or patient) of each row; a group is never in two folds.
        - ``sample_weight``: of each row in the trees; calibration and threshold count every row once.
        - ``missed``: reference codes that no candidate row stands for; they lower recall, so they move the threshold.
        - ``monotonic``: ``1`` for features that may only raise the score, ``-1`` for those that may only lower it.

        ``LeadtermError`` if shapes disagree, one class is absent or there are fewer than two groups.

        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 2)).astype(np.float32)
        >>> r = Ranker.fit(X, X[:, 0] > 0, np.arange(400) // 4, ["signal", "noise"], seed=1)
        >>> bool(r.confidence([[3.0, 0.0]], ["signal", "noise"])[0] > 0.9)
        True
        """
        use = settings or RankerSettings()
        data, target, weight = _check(X, y, groups, feature_names, sample_weight)
        signs = _signs(feature_names, monotonic or {})
        fold = group_folds(groups, use.folds, seed)
        columns = telling(data, target, weight, signs, use, seed)
        signs = [signs[i] for i in columns.tolist()]
        scores, whole = _grown(data[:, columns], target, weight, signs, fold, use, seed, jobs)
        trees, baseline, depth = export(whole)
        trees["feature"] = columns[trees["feature"]].astype(trees["feature"].dtype)
        calibration = fit_calibration(scores, target, fold)
        oof = calibration(scores)
        threshold, report = _figures(oof, target, missed, calibration)
        return cls(tuple(feature_names), trees, baseline, depth, calibration, threshold, report, oof=oof)

    def raw_score(self, X: ArrayLike, feature_names: Sequence[str]) -> Floats:
        """Sum the trees (log-odds), before calibration.

        ``X``: features, shape (n, n_features). ``feature_names``: names of the columns, in any order. ``LeadtermError``
        if the names are not those of training; the message lists the missing and the unseen.
        """
        data = self._align(np.asarray(X, dtype=np.float32), feature_names)
        out = np.full(len(data), self.baseline)
        for start in range(0, len(data), _CHUNK):
            out[start : start + _CHUNK] += walk(self._laid_out, self.depth, data[start : start + _CHUNK])
        return out

    @cached_property
    def _laid_out(self) -> LaidOut:
        return lay_out(self.trees)

    def confidence(self, X: ArrayLike, feature_names: Sequence[str]) -> Floats:
        """Give the calibrated probability that a coder would assign each candidate; takes what `raw_score` takes."""
        return self.calibration(self.raw_score(X, feature_names))

    def save(self, path: str | Path, *, meta: Mapping[str, Any] | None = None) -> Path:
        """Write the ranker as a folder (see :mod:`leadterm.storage.artifacts`).

        ``meta``: free metadata for the manifest.
        """
        return save_artifact(path, Artifact("ranker", meta or {}, self.arrays(), {"ranker": self.header()}))

    @classmethod
    def load(cls, path: str | Path, *, mmap: bool = True) -> Ranker:
        """Read a ranker that :meth:`save` wrote.

        Without ``oof``. ``mmap``: map the arrays instead of copying them. ``LeadtermError`` if the folder is not a
        sound ranker of this protocol.
        """
        artifact = load_artifact(path, kind="ranker", mmap=mmap)
        return cls.from_parts(artifact.arrays, artifact.parts.get("ranker"))

    def arrays(self, prefix: str = "ranker") -> dict[str, NDArray[Any]]:
        """Give every array by name, each with a prefix, for an artifact that holds more than a ranker."""
        named = {f"{prefix}.{name}": self.trees[name] for name in TREE_ARRAYS}
        for part, learned in (("rate", self.rates), ("word", self.words)):
            named |= {f"{prefix}.{part}_{name}": array for name, array in (learned.arrays() if learned else {}).items()}
        named |= self.first.arrays(f"{prefix}.first") if self.first else {}
        return named | {f"{prefix}.knots": self.calibration.knots, f"{prefix}.seen": self.seen}

    def header(self) -> dict[str, Any]:
        """Give what JSON holds of the ranker."""
        return {
            "feature_names": list(self.feature_names),
            "baseline": self.baseline,
            "depth": self.depth,
            "threshold": self.threshold,
            "calibration": {"kind": self.calibration.kind, "ece": self.calibration.ece},
            "report": dict(self.report),
            **({"first": self.first.header()} if self.first else {}),
        }

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], header: Any, prefix: str = "ranker") -> Ranker:
        """Put a ranker together from what :meth:`arrays` and :meth:`header` gave.

        ``LeadtermError`` if a part is missing.
        """
        try:
            trees = {name: arrays[f"{prefix}.{name}"] for name in TREE_ARRAYS}
            rates = _part(ReportRates, arrays, f"{prefix}.rate_", RATE_ARRAYS)
            words = _part(WordWeights, arrays, f"{prefix}.word_", WORD_ARRAYS)
            facts = header["calibration"]
            calibration = Calibration(facts["kind"], arrays[f"{prefix}.knots"], float(facts["ece"]))
            made = cls(
                tuple(header["feature_names"]), trees, float(header["baseline"]), int(header["depth"]),
                calibration, float(header["threshold"]), dict(header["report"]), arrays[f"{prefix}.seen"], None, rates,
                cls.from_parts(arrays, header["first"], f"{prefix}.first") if "first" in header else None,
                words,
            )  # fmt: skip
            made._check()
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise LeadtermError("the ranker is incomplete or not sound.", hint="Train the model again.") from error
        return made

    def _check(self) -> None:
        """Check that no number in it leads out of the arrays, or to a confidence that is no number."""
        check_trees(self.trees, len(self.feature_names))
        check_finite(self.calibration.knots, "calibration")
        check_finite(np.array([self.baseline, self.threshold, self.calibration.ece]), "ranker")
        require(0 <= self.depth <= DEEPEST, "depth")
        shape = self.calibration.knots.shape
        require(shape == (2,) if self.calibration.kind == "platt" else len(shape) == 2 == shape[0], "calibration")
        require(all(isinstance(name, str) for name in self.feature_names), "feature_names")

    def _align(self, data: NDArray[np.float32], names: Sequence[str]) -> NDArray[np.float32]:
        """Put the columns in the order of training."""
        if data.ndim != 2 or data.shape[1] != len(names):
            raise LeadtermError(f"the feature matrix has shape {data.shape}; {len(names)} named columns are needed.")
        if tuple(names) == self.feature_names:
            return data
        missing = [name for name in self.feature_names if name not in set(names)]
        unseen = [name for name in names if name not in set(self.feature_names)]
        if missing or unseen:
            raise LeadtermError(
                f"features do not fit the ranker; missing: {', '.join(missing) or 'none'}; "
                f"unseen in training: {', '.join(unseen) or 'none'}.",
                hint="Train the model again with this version.",
            )
        where = {name: i for i, name in enumerate(names)}
        return data[:, [where[name] for name in self.feature_names]]


def _part(made: Callable[..., Made], arrays: Mapping[str, Any], prefix: str, names: Sequence[str]) -> Made | None:
    """Put a learned part together from its arrays; None where there are none."""
    if f"{prefix}{names[0]}" not in arrays:
        return None
    return made(**{name: np.asarray(arrays[f"{prefix}{name}"]) for name in names})


def _figures(oof: Floats, target: NDArray[Any], missed: int, made: Calibration) -> tuple[float, dict[str, float]]:
    """Give the threshold of the best F1 out of fold, and the figures there."""
    point = best_f1_threshold(oof, target, missed=missed)
    return point.threshold, {
        "f1": point.f1, "precision": point.precision, "recall": point.recall, "ece": made.ece,
        "n": len(target), "positives": int(target.sum()), "missed": missed,
    }  # fmt: skip


def _grown(
    data: NDArray[np.float32], target: NDArray[Any], weight: Floats, signs: Sequence[int], fold: NDArray[np.int64],
    use: RankerSettings, seed: int, jobs: int,
) -> tuple[Floats, Any]:  # fmt: skip
    """Give the score of each row by trees that have not seen its fold, and the trees grown on all rows."""
    from joblib import Parallel, delayed

    kept = [fold != k for k in range(int(fold.max()) + 1)] + [np.ones(len(fold), dtype=bool)]
    work = Parallel(n_jobs=min(jobs, len(kept)))
    grown = work(delayed(grow)(data[rows], target[rows], weight[rows], signs, use, seed) for rows in kept)
    scores = np.zeros(len(target))
    for rows, model in zip(kept[:-1], grown, strict=False):
        scores[~rows] = model.decision_function(data[~rows])
    return scores, grown[-1]


def _check(
    X: ArrayLike, y: ArrayLike, groups: Any, names: Sequence[str], weight: ArrayLike | None
) -> tuple[NDArray[np.float32], NDArray[np.int8], Floats]:
    """Bring the training arrays to their types and refuse what cannot be learned from."""
    data = np.asarray(X, dtype=np.float32)
    target = np.asarray(y).astype(np.int8)
    weights = np.ones(len(target)) if weight is None else np.asarray(weight, dtype=np.float64)
    if data.ndim != 2 or data.shape != (len(target), len(names)) or not len(target) == len(groups) == len(weights):
        raise LeadtermError(
            f"training data disagree: features {data.shape}, {len(names)} names, {len(target)} targets, "
            f"{len(groups)} groups, {len(weights)} weights."
        )
    if len(set(names)) < len(names):
        raise LeadtermError("feature names repeat.", hint="Give each column its own name.")
    if target.min(initial=1) == target.max(initial=0):
        raise LeadtermError(
            f"all {len(target)} candidates are of one class; a ranker needs right and wrong ones.",
            hint="Check that the corpus has reference codes in the system you train.",
        )
    return data, target, weights


def _signs(names: Sequence[str], monotonic: Mapping[str, int]) -> list[int]:
    unknown = sorted(set(monotonic) - set(names))
    if unknown:
        raise LeadtermError(f"monotonic names features that are not there: {', '.join(unknown)}.")
    return [int(monotonic.get(name, 0)) for name in names]
