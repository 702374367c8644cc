"""Bootstrap over encounters (or patients) and the paired permutation test, both as matrix products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from leadterm.evaluation.metrics.ratios import Ratios, divide
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Floats, Ints

__all__ = ["bootstrap", "holm", "intervals", "macro_f1_samples", "permutation_p", "sample_weights"]

CHUNK = 50


def sample_weights(group: Ints, n_samples: int, seed: int) -> Iterator[Floats]:
    """Draw bootstrap samples of groups and give the weight of each encounter.

    `group`: Patient of each encounter, numbered from 0; a patient is drawn with all encounters.
    Gives at most 50 samples at a time.

    >>> next(sample_weights(np.array([0, 1, 1]), 2, seed=0)).shape
    (2, 3)
    """
    rng = np.random.default_rng(seed)
    n_groups = int(group.max()) + 1 if len(group) else 0
    plain = bool(np.array_equal(group, np.arange(n_groups)))
    for start in range(0, n_samples, CHUNK):
        size = min(CHUNK, n_samples - start)
        drawn = rng.integers(0, n_groups, (size, n_groups)) + np.arange(size)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=size * n_groups).reshape(size, n_groups).astype(np.float64)
        yield counts if plain else counts[:, group]


def macro_f1_samples(parts: Sequence[Any], weights: Floats) -> Floats:
    """Work out macro-F1, the mean over codes present, in each sample."""
    turned = np.ascontiguousarray(weights.T)
    top, bottom, gold = (np.asarray(part @ turned) for part in parts)
    present = gold > 0
    f1 = np.where(present, divide(top, bottom), 0.0)
    return divide(f1.sum(axis=0), present.sum(axis=0).astype(np.float64))


def label_parts(table: Aligned) -> tuple[Any, Any, Any]:
    """Lay out what macro-F1 needs as sparse matrices over the codes present.

    Gives twice the right ones; chosen plus reference codes; reference codes.
    """
    from scipy.sparse import csr_array

    gold = np.bincount(table.gold_col, minlength=table.m) > 0
    place = np.cumsum(gold) - 1
    shape = (int(gold.sum()), table.n)

    def matrix(row: Ints, col: Ints, value: float) -> Any:
        return csr_array((np.full(len(row), value), (place[col], row)), shape=shape)

    chosen = table.chosen & gold[table.col]
    right = chosen & table.hit
    reference = matrix(table.gold_row, table.gold_col, 1.0)
    suggested = matrix(table.row[chosen], table.col[chosen], 1.0)
    return matrix(table.row[right], table.col[right], 2.0), suggested + reference, reference


def bootstrap(table: Aligned, ratios: Ratios, n_samples: int, seed: int) -> dict[str, Floats]:
    """Draw samples of encounters and work out every ratio and macro-F1 in each.

    `seed`: Of the random numbers; runs scored with the same seed are paired.
    """
    parts = label_parts(table)
    found, macro = [], []
    for weights in sample_weights(table.group, n_samples, seed):
        found.append(ratios.weighted(weights))
        macro.append(macro_f1_samples(parts, weights))
    values = np.concatenate(found) if found else np.zeros((0, len(ratios.names)))
    samples = {name: values[:, i] for i, name in enumerate(ratios.names)}
    samples["macro_f1"] = np.concatenate(macro) if macro else np.zeros(0)
    return samples


def intervals(
    samples: Mapping[str, Floats], estimates: Mapping[str, float], level: float = 0.95
) -> dict[str, list[float]]:
    """Take percentile intervals of samples shifted so that their mean is the estimate.

    The shift mends the bias of the bootstrap, which matters for macro-F1 alone: a sample lacks some of the
    rarest codes and repeats others.

    Gives ``[low, high]`` by metric, within ``[0, 1]``; nothing where there are no samples.

    >>> intervals({"x": np.arange(101) / 200}, {"x": 0.5}, level=0.5)
    {'x': [0.375, 0.625]}
    """
    tail = (1 - level) / 2
    found = {}
    for name, values in samples.items():
        if len(values):
            ends = np.quantile(values, [tail, 1 - tail]) - values.mean() + estimates[name]
            found[name] = [float(v) for v in np.clip(ends, 0.0, 1.0)]
    return found


def permutation_p(a: Ratios, b: Ratios, group: Ints, n_permutations: int, seed: int) -> Floats:
    """Test by exchanging the two runs' results of encounters (of patients) at random, two-sided.

    `a, b`: The same metrics of two runs over the same encounters.
    Gives (1 + exchanges with a difference at least as large) / (1 + exchanges).
    """
    seen = np.abs(_difference(a, b, np.zeros((1, len(group)))))[0]
    extreme = np.zeros(len(a.names))
    for swap in swaps(group, n_permutations, seed):
        extreme += (np.abs(_difference(a, b, swap)) >= seen - 1e-12).sum(axis=0)
    return np.asarray((1 + extreme) / (1 + n_permutations))


def swaps(group: Ints, n_permutations: int, seed: int) -> Iterator[Floats]:
    """Draw which encounters exchange their results.

    `n_permutations, seed`: How many, and the seed of the random numbers.
    Gives 1 where the two runs change places.
    """
    rng = np.random.default_rng(seed)
    n_groups = int(group.max()) + 1 if len(group) else 0
    for start in range(0, n_permutations, CHUNK):
        size = min(CHUNK, n_permutations - start)
        yield rng.integers(0, 2, (size, n_groups))[:, group].astype(np.float64)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values for many comparisons in the manner of Holm.

    Gives corrected values in the same order.

    >>> [round(v, 3) for v in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=lambda i: p[i])
    corrected, highest = [0.0] * len(p), 0.0
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - place) * p[i]))
        corrected[i] = highest
    return corrected


def _difference(a: Ratios, b: Ratios, swap: Floats) -> Floats:
    top, bottom = swap @ (b.top - a.top), swap @ (b.bottom - a.bottom)
    first = divide(a.top.sum(axis=0) + top, a.bottom.sum(axis=0) + bottom)
    second = divide(b.top.sum(axis=0) - top, b.bottom.sum(axis=0) - bottom)
    return first - second


def macro_f1_permutation_p(a: Aligned, b: Aligned, n_permutations: int, seed: int) -> float:
    """Test the difference in macro-F1 as `permutation_p` does."""
    first, second = _f1_parts(a), _f1_parts(b)
    seen = abs(_macro(first) - _macro(second))
    extreme = 0
    for swap in swaps(a.group, n_permutations, seed):
        turned = np.ascontiguousarray(swap.T)
        moved = [np.asarray((y - x) @ turned) for x, y in zip(first, second, strict=True)]
        base = [np.asarray(x.sum(axis=1))[:, None] for x in first]
        other = [np.asarray(y.sum(axis=1))[:, None] for y in second]
        left = divide(base[0] + moved[0], base[1] + moved[1]).mean(axis=0)
        right = divide(other[0] - moved[0], other[1] - moved[1]).mean(axis=0)
        extreme += int((np.abs(left - right) >= seen - 1e-12).sum())
    return (1 + extreme) / (1 + n_permutations)


def _f1_parts(table: Aligned) -> tuple[Any, Any]:
    top, bottom, _ = label_parts(table)
    return top, bottom


def _macro(parts: Sequence[Any]) -> float:
    top, bottom = (np.asarray(part.sum(axis=1)) for part in parts)
    return float(divide(top, bottom).mean()) if len(top) else 0.0
