"""A sparse linear classifier for each of many outputs, trained on its own texts and those most easily taken for them.

Training each output against all texts costs the product of both. Here an output sees its own texts, or
a sample of many; the texts that its profile (what its texts say more often than others) would
wrongly choose; and a few at random. So cost grows with the number of (text, output) pairs that are given.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.ngrams import largest, top
from leadterm.storage.validation import STRICT

__all__ = ["Coefficients", "OneVsRestSettings", "fit_one_vs_rest"]

_OUTPUTS, _TEXTS = 100, 1000
_TOLERANCE = 0.1


@dataclass(frozen=True)
class OneVsRestSettings:
    """How the classifiers are trained.

    ``cost``: cost of an error against the size of the weights. ``positives``: most texts of an output it is trained
    on. ``negatives``: most texts that resemble them, for each of its own. ``shortlist``: outputs a text is taken to
    resemble. ``profile_share``: weight of the profile beside the classifier. ``kept``: largest weights of an output
    that are kept.
    """

    __pydantic_config__ = STRICT

    cost: float = 3.0
    positives: int = 1000
    negatives: float = 3.0
    shortlist: int = 120
    profile: int = 50
    profile_share: float = 1.0
    kept: int = 1000


@dataclass(frozen=True)
class Coefficients:
    """Weights of terms for outputs, pruned.

    ``offset``: what each output scores without a term.
    """

    weights: Any
    offset: NDArray[np.float32]


def fit_one_vs_rest(
    matrix: Any, target: Any, settings: OneVsRestSettings, seed: int, *, jobs: int = 1
) -> Coefficients:
    """Train one classifier for each output.

    All weights in one matrix, so that a text is scored by one sparse product. ``jobs``: threads; the result does not
    depend on them.

    Squared hinge loss in the dual (Hsieh et al., 2008); the choice of negatives follows Jain et al. (2019).

    >>> from scipy.sparse import csr_matrix
    >>> X = csr_matrix(np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32))
    >>> found = fit_one_vs_rest(X, X, OneVsRestSettings(), 0)
    >>> (X @ found.weights).toarray().argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    from joblib import Parallel, delayed
    from scipy.sparse import csr_matrix, hstack

    own = _sampled(target.tocsc(), settings.positives, seed)
    profiles = _profiles(matrix, own, settings.profile)
    near = _resembling(matrix, profiles, settings.shortlist).tocsc()
    wide = matrix.astype(np.float64)
    given = target.tocsc()
    work = Parallel(n_jobs=jobs, prefer="threads")
    starts = range(0, target.shape[1], _OUTPUTS)
    parts = work(delayed(_train)(wide, own, given, near, a, settings, seed) for a in starts)
    weights = hstack([part for part, _ in parts], format="csr", dtype=np.float32)
    whole = csr_matrix(weights + settings.profile_share * profiles.T)
    whole.sort_indices()
    return Coefficients(whole, np.concatenate([np.zeros(0, np.float32), *(offset for _, offset in parts)]))


def _sampled(target: Any, most: int, seed: int) -> Any:
    """Texts by outputs with no more than so many texts of an output."""
    from scipy.sparse import csc_matrix

    count = np.diff(target.indptr)
    output = np.repeat(np.arange(target.shape[1]), count)
    order = np.lexsort((np.random.default_rng(seed).random(len(output)), output))
    rank = np.arange(len(output)) - np.repeat(np.cumsum(count) - count, count)
    kept = np.sort(order[rank < most])
    indptr = np.concatenate([[0], np.cumsum(np.minimum(count, most))])
    return csc_matrix((np.ones(len(kept), np.float32), target.indices[kept], indptr), shape=target.shape)


def _profiles(matrix: Any, own: Any, most: int) -> Any:
    """Outputs by terms: how much more of a term the texts of an output have than texts do on average, largest only."""
    from scipy.sparse import csr_matrix, vstack

    mean = np.asarray(matrix.mean(axis=0)).ravel()
    texts, parts = own.T.tocsr(), []
    for start in range(0, texts.shape[0], _OUTPUTS):
        block = texts[start : start + _OUTPUTS]
        total = (block @ matrix).tocsr()
        row = np.repeat(np.arange(total.shape[0]), np.diff(total.indptr))
        value = total.data - mean[total.indices] * np.diff(block.indptr)[row]
        good = np.flatnonzero(value > 0)
        kept = good[largest(value[good], row[good], most)]
        length = np.sqrt(np.bincount(row[kept], value[kept] ** 2, minlength=total.shape[0]))
        data = (value[kept] / np.maximum(length, 1e-9)[row[kept]]).astype(np.float32)
        parts.append(csr_matrix((data, (row[kept], total.indices[kept])), shape=total.shape))
    return vstack(parts, format="csr")


def _resembling(matrix: Any, profiles: Any, most: int) -> Any:
    """Texts by outputs, true for the outputs whose profile is nearest to a text."""
    from scipy.sparse import csr_matrix

    columns, sizes, of_term = [np.zeros(0, np.int32)], [0], profiles.T.tocsr()
    for start in range(0, matrix.shape[0], _TEXTS):
        near = matrix[start : start + _TEXTS] @ of_term
        found = [near.indices[a:b][top(near.data[a:b], most)] for a, b in pairwise(near.indptr.tolist())]
        columns += found
        sizes += [len(x) for x in found]
    shape = (matrix.shape[0], profiles.shape[0])
    ones = np.ones(sum(sizes), dtype=bool)
    return csr_matrix((ones, np.concatenate(columns), np.cumsum(sizes)), shape=shape)


def _train(
    matrix: Any, own: Any, given: Any, near: Any, start: int, settings: OneVsRestSettings, seed: int
) -> tuple[Any, NDArray[np.float32]]:
    """Weights of some outputs, terms by outputs, and their offsets."""
    from scipy.sparse import csc_matrix

    rows, values, offset = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)], []
    until = min(start + _OUTPUTS, own.shape[1])
    for output in range(start, until):
        positive = _column(own, output)
        given_to, alike = _column(given, output), _column(near, output)
        negative = _negatives(positive, given_to, alike, matrix.shape[0], settings, seed + output)
        terms, weights, base = _classifier(matrix, positive, negative, settings.cost, seed)
        kept = top(np.abs(weights), settings.kept)
        rows.append(terms[kept])
        values.append(weights[kept].astype(np.float32))
        offset.append(base)
    indptr = np.cumsum([len(x) for x in rows])
    shape = (matrix.shape[1], until - start)
    return csc_matrix((np.concatenate(values), np.concatenate(rows), indptr), shape=shape), np.array(offset, np.float32)


def _column(matrix: Any, j: int) -> NDArray[Any]:
    return np.asarray(matrix.indices[matrix.indptr[j] : matrix.indptr[j + 1]])


def _negatives(
    own: NDArray[Any], given: NDArray[Any], near: NDArray[Any], n: int, settings: OneVsRestSettings, seed: int
) -> NDArray[Any]:
    """Texts without an output: those that resemble its own, and some others."""
    rng = np.random.default_rng(seed)
    alike = np.setdiff1d(near, given)
    most = int(settings.negatives * len(own)) + 50
    if len(alike) > most:
        alike = rng.choice(alike, most, replace=False)
    other = np.setdiff1d(rng.integers(n, size=len(own) + 50), given)
    return np.union1d(alike, other)


def _classifier(
    matrix: Any, positive: NDArray[Any], negative: NDArray[Any], cost: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
    """Terms, their weights, and the offset; an output that all texts have, or none, has no terms."""
    import sklearn
    from scipy.sparse import csr_matrix
    from sklearn.svm import LinearSVC

    if not len(positive) or not len(negative):
        return np.zeros(0, np.int64), np.zeros(0), 1.0 if len(positive) else -1.0
    some = matrix[np.concatenate([positive, negative])]
    used = np.zeros(matrix.shape[1], dtype=bool)
    used[some.indices] = True
    place = np.cumsum(used, dtype=np.int32) - 1
    narrow = csr_matrix((some.data, place[some.indices], some.indptr), shape=(some.shape[0], int(place[-1]) + 1))
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        model = LinearSVC(C=cost, dual=True, tol=_TOLERANCE, random_state=seed)
        model.fit(narrow, np.arange(narrow.shape[0]) < len(positive))
    return np.flatnonzero(used), model.coef_.ravel(), float(model.intercept_[0])
