"""Gradient-boosted trees as plain arrays: grown by scikit-learn, walked by numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.storage.soundness import check_finite, check_lengths, check_numbers, require
from leadterm.storage.validation import STRICT

__all__ = [
    "DEEPEST", "TREE_ARRAYS", "RankerSettings", "check_trees", "export", "group_folds", "grow", "lay_out", "telling",
    "walk",
]  # fmt: skip

Floats = NDArray[np.float64]
_LARGE = 0.15
DEEPEST = 64  # steps of a tree that is read from a file
TREE_ARRAYS = ("feature", "limit", "left", "right", "value", "nan_left", "roots")
"""Node arrays of all trees, end to end; ``roots`` says where each tree starts. A leaf points at itself."""


@dataclass(frozen=True)
class RankerSettings:
    """How the trees are grown.

    ``feature_share``: share of the features tried at each split. ``folds``: folds over groups for the out-of-fold
    scores. ``screening``: trees of a quick first model; columns that it never splits on are left out. 0 keeps all
    columns.
    """

    __pydantic_config__ = STRICT

    iterations: int = 140
    learning_rate: float = 0.07
    max_leaf_nodes: int = 15
    max_depth: int = 6
    min_samples_leaf: int = 40
    l2: float = 5.0
    feature_share: float = 0.3
    folds: int = 3
    screening: int = 30


def group_folds(groups: Sequence[object] | NDArray[Any], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal groups into folds of equal size, at random but repeatably.

    Fold number of each row. ``folds``: number of folds; fewer if there are fewer groups. ``LeadtermError`` if there
    are fewer than two groups or folds.

    >>> group_folds(["a", "a", "b", "c"], 3, seed=0).tolist()
    [1, 1, 2, 0]
    """
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    count = min(folds, len(names))
    if count < 2:
        raise LeadtermError(
            f"cross-fitting needs two groups and two folds at least; got {len(names)} and {folds}.",
            hint="Train on more encounters.",
        )
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = np.empty(len(names), dtype=np.int64)
    fold_of[order] = np.arange(len(names)) % count
    return np.asarray(fold_of[index.reshape(-1)], dtype=np.int64)


class LaidOut(NamedTuple):
    """Trees laid out to be walked: numbers as numpy counts places; node ``n`` is ``2 n`` here.

    So both children of a node stand side by side, at its number and the next.
    """

    feature: NDArray[np.intp]
    limit: NDArray[Any]
    child: NDArray[np.intp]
    nan_left: NDArray[Any]
    roots: NDArray[np.intp]
    value: NDArray[Any]


def lay_out(trees: Mapping[str, NDArray[Any]]) -> LaidOut:
    """Lay out trees to be walked, once for all walks."""
    child = 2 * np.stack([trees["right"], trees["left"]], axis=1).astype(np.intp).ravel()
    feature, limit, nan_left, value = (np.repeat(trees[name], 2) for name in ("feature", "limit", "nan_left", "value"))
    return LaidOut(feature.astype(np.intp), limit, child, nan_left, 2 * trees["roots"].astype(np.intp), value)


def walk(trees: LaidOut, depth: int, data: NDArray[np.float32]) -> Floats:
    """Sum the leaf values of all trees for each row, going down all trees at once.

    Sum over trees, without the baseline. ``depth``: steps from a root to the deepest leaf.

    >>> leaf = {name: np.zeros(1, dtype=int) for name in TREE_ARRAYS} | {"value": np.array([1.5])}
    >>> walk(lay_out(leaf), 1, np.zeros((2, 1), dtype=np.float32)).tolist()
    [1.5, 1.5]
    """
    first = np.arange(len(data))[:, None] * data.shape[1]  # where a row begins in the flat data
    flat, blank = data.ravel(), bool(np.isnan(data).any())
    feature, limit, child, nan_left, roots, leaf = trees
    node = roots[None, :].repeat(len(data), axis=0)
    at, value, most = (np.empty(node.shape, kind) for kind in (node.dtype, data.dtype, limit.dtype))
    for _ in range(depth):  # every number is checked when trees are read: "clip" spares numpy a copy of each result
        np.add(feature.take(node, out=at, mode="clip"), first, out=at)
        left = flat.take(at, out=value, mode="clip") <= limit.take(node, out=most, mode="clip")
        if blank:
            left |= np.isnan(value) & nan_left.take(node)
        np.add(node, left, out=at)
        child.take(at, out=node, mode="clip")
    return np.asarray(leaf.take(node).sum(axis=1, dtype=np.float64))


def check_trees(trees: Mapping[str, NDArray[Any]], features: int) -> None:
    """Check trees from a file: every number leads to a node or a feature, every leaf has a value; raises ValueError."""
    nodes = len(trees["value"])
    check_lengths(nodes, **{name: trees[name] for name in TREE_ARRAYS if name != "roots"})
    check_numbers(trees["feature"], max(features, 1), "feature")
    for name in ("left", "right", "roots"):
        check_numbers(trees[name], nodes, name)
    check_finite(trees["value"], "value")
    require(trees["nan_left"].dtype == np.bool_ and not bool(np.isnan(trees["limit"]).any()), "limits")


def grow(X: Any, y: Any, weight: Any, signs: list[int], settings: RankerSettings, seed: int) -> Any:
    """Fit the scikit-learn model.

    ``signs``: monotonic constraint of each column: -1, 0 or 1. ``LeadtermError`` if the rows are of one class.

    >>> model = grow(np.arange(200.0)[:, None], np.arange(200) > 99, np.ones(200), [0], RankerSettings(iterations=2), 0)
    >>> model.n_iter_
    2
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if y.min() == y.max():
        raise LeadtermError("a fold has candidates of one class only.", hint="Train on more encounters.")
    model = HistGradientBoostingClassifier(
        max_iter=settings.iterations, learning_rate=settings.learning_rate, max_leaf_nodes=settings.max_leaf_nodes,
        max_depth=settings.max_depth, min_samples_leaf=settings.min_samples_leaf, l2_regularization=settings.l2,
        max_features=settings.feature_share, monotonic_cst=signs, early_stopping=False, random_state=seed,
    )  # fmt: skip
    blank = np.isnan(X).all(axis=0)
    data = np.where(blank, 0.0, X) if blank.any() else X  # scikit-learn cannot bin a column without a value
    even = bool((weight == weight[0]).all())
    with threadpool_limits(limits=1, user_api="openmp"):  # threads that wait for each other stall on a busy machine
        return model.fit(data, y, sample_weight=None if even else weight)  # weights make binning sort each column anew


def telling(X: Any, y: Any, weight: Any, signs: list[int], settings: RankerSettings, seed: int) -> NDArray[np.int64]:
    """Find the columns worth growing trees on: those that a few large steps split on.

    Column numbers, rising; all of them if the settings ask for no screening, or nothing was split on.

    >>> X = np.column_stack([np.zeros(200), np.arange(200.0)])
    >>> telling(X, X[:, 1] > 99, np.ones(200), [0, 0], RankerSettings(), 0).tolist()
    [1]
    """
    every = np.arange(X.shape[1])
    if not settings.screening:
        return every
    quick = replace(settings, iterations=settings.screening, learning_rate=_LARGE)
    trees, _, _ = export(grow(X, y, weight, signs, quick, seed))
    inner = trees["left"] != np.arange(len(trees["left"]))
    used = np.unique(trees["feature"][inner]).astype(np.int64)
    return used if len(used) else every


def export(model: Any) -> tuple[dict[str, NDArray[Any]], float, int]:
    """Copy the trees out of a fitted scikit-learn model.

    The arrays named by :data:`TREE_ARRAYS`, the baseline and the depth.

    >>> model = grow(np.arange(200.0)[:, None], np.arange(200) > 99, np.ones(200), [0], RankerSettings(iterations=2), 0)
    >>> arrays, baseline, depth = export(model)
    >>> len(arrays["roots"])
    2
    """
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in TREE_ARRAYS}
    start = 0
    for (predictor,) in model._predictors:
        nodes = predictor.nodes
        self_ = np.arange(len(nodes))
        leaf = nodes["is_leaf"].astype(bool)
        parts["feature"].append(np.where(leaf, 0, nodes["feature_idx"]))
        parts["limit"].append(_round_down(np.where(leaf, 0.0, nodes["num_threshold"])))
        parts["left"].append(start + np.where(leaf, self_, nodes["left"]))
        parts["right"].append(start + np.where(leaf, self_, nodes["right"]))
        parts["value"].append(np.where(leaf, nodes["value"], 0.0))
        parts["nan_left"].append(nodes["missing_go_to_left"].astype(bool))
        parts["roots"].append(np.array([start]))
        start += len(nodes)
    types = {"limit": np.float32, "value": np.float32, "nan_left": np.bool_, "feature": np.int16}
    trees = {name: np.concatenate(list_).astype(types.get(name, np.int32)) for name, list_ in parts.items()}
    depth = max(int(predictor.nodes["depth"].max()) for (predictor,) in model._predictors)
    return trees, float(np.ravel(model._baseline_prediction)[0]), depth


def _round_down(limits: Floats) -> NDArray[np.float32]:
    """Nearest float32 not above each limit: then ``x <= limit`` is unchanged for every float32 ``x``."""
    short = limits.astype(np.float32)
    below = np.nextafter(short, np.float32(-np.inf))
    return np.where(short.astype(np.float64) > limits, below, short).astype(np.float32)
