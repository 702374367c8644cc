"""What the other codes of an encounter say about a code: a symptom gives way to its cause, companions go together.

For two common codes, how much likelier the one is where the other is given; weighted, in a text, by how
plainly the text says the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURES", "Company", "company_features", "learn_company"]

FEATURES = ("company_sum", "company_max", "company_min")
_COMMON, _MOST = 20, 2000
_SHRINK = 10.0
_LEAST = 0.1
_SMALL = 0.01


@dataclass(frozen=True)
class Company:
    """Effects of codes on codes, as compressed sparse rows.

    A row is a code that is there, a column the code it makes likelier (above 0) or less
    likely.
    """

    indptr: NDArray[Any]
    indices: NDArray[Any]
    data: NDArray[Any]

    @cached_property
    def effects(self) -> Any:
        """Codes by codes, sparse."""
        from scipy.sparse import csr_matrix

        n = len(self.indptr) - 1
        return csr_matrix((self.data, self.indices, self.indptr), shape=(n, n))


def learn_company(given: Sequence[frozenset[int]], n_codes: int) -> Company:
    """Learn which codes go together.

    P(code given the other) − P(code), shrunk towards nothing; only between the commonest codes, two thousand at most,
    each of twenty texts or more.

    >>> learned = learn_company([frozenset({0, 1})] * 30 + [frozenset({2})] * 30, 3)
    >>> (learned.effects.toarray() * 100).round().astype(int).tolist()
    [[0, 38, -38], [38, 0, -38], [-38, -38, 0]]
    """
    from scipy.sparse import csr_matrix

    count = np.bincount([code for row in given for code in row], minlength=n_codes)
    common = np.argsort(-count, kind="stable")[:_MOST]
    common = common[count[common] >= _COMMON]
    place = {code: i for i, code in enumerate(common.tolist())}
    pairs = [(i, place[code]) for i, row in enumerate(given) for code in sorted(row) if code in place]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    has = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(given), len(common)))
    together, n = (has.T @ has).toarray(), count[common].astype(np.float64)
    effect = (together - np.outer(n, n) / max(1, len(given))) / (n[:, None] + _SHRINK)
    np.fill_diagonal(effect, 0.0)
    effect[np.abs(effect) < _SMALL] = 0.0
    row, column = np.nonzero(effect)
    whole = csr_matrix((effect[row, column], (common[row], common[column])), shape=(n_codes, n_codes))
    return Company(whole.indptr, whole.indices, whole.data.astype(np.float32))


def company_features(
    company: Company, codes: NDArray[np.int64], strength: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Describe the candidates of one text by the other candidates.

    ``strength``: how plainly the text says each, in ``[0, 1]``.

    >>> learned = learn_company([frozenset({0, 1})] * 30 + [frozenset({2})] * 30, 3)
    >>> company_features(learned, np.arange(3), np.array([0.5, 0.0, 0.0]))[1].round(2).tolist()
    [0.19, 0.19, 0.0]
    """
    there = np.flatnonzero(strength >= _LEAST)
    if not len(there) or not company.effects.nnz:
        return np.zeros((len(codes), len(FEATURES)))
    effect = company.effects[codes[there]][:, codes].toarray() * strength[there][:, None]
    columns = (effect.sum(axis=0), effect.max(axis=0).clip(0), effect.min(axis=0).clip(None, 0))
    return np.asarray(np.stack(columns, axis=1), dtype=np.float64)
