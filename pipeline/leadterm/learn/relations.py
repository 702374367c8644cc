"""What the other codes of an encounter say about a code: a symptom gives way to its cause, companions go together.

The first ranker, a quick one, judges each candidate nearly alone. What it gets wrong in a regular way, given the
other candidates, is learned here from its out-of-fold confidence: for two common codes, the mean of
(truth − confidence) of the one over encounters that have the other, shrunk towards nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURES", "Relations", "learn_relations", "relation_features"]

FEATURES = (
    "effect_sum", "effect_max", "effect_min", "category_effect_sum", "category_effect_min", "category_rival",
)  # fmt: skip
_COMMON = 20
_LEAST = 0.05
_SHRINK = 5.0
_SHRINK_CATEGORY = 15.0
_SMALL = 0.005


@dataclass(frozen=True)
class Relations:
    """Effects of codes on codes, and of categories on categories, as compressed sparse rows.

    Parameters
    ----------
    indptr, indices, data : ndarray
        Row: a code that is there; column: the code whose confidence it moves.
    category_indptr, category_indices, category_data : ndarray
        The same for categories.
    """

    indptr: NDArray[Any]
    indices: NDArray[Any]
    data: NDArray[Any]
    category_indptr: NDArray[Any]
    category_indices: NDArray[Any]
    category_data: NDArray[Any]

    @cached_property
    def codes(self) -> Any:
        """Effects between codes, sparse."""
        return _sparse(self.indptr, self.indices, self.data)

    @cached_property
    def categories(self) -> Any:
        """Effects between categories, sparse."""
        return _sparse(self.category_indptr, self.category_indices, self.category_data)


def _sparse(indptr: NDArray[Any], indices: NDArray[Any], data: NDArray[Any]) -> Any:
    from scipy.sparse import csr_matrix

    n = len(indptr) - 1
    return csr_matrix((data, indices, indptr), shape=(n, n))


def learn_relations(
    owner: NDArray[np.int64],
    code: NDArray[np.int64],
    confidence: NDArray[np.float64],
    target: NDArray[Any],
    categories: NDArray[np.int64],
) -> Relations:
    """Learn relations from out-of-fold confidence.

    Parameters
    ----------
    owner, code : ndarray of shape (n,)
        Encounter and code number of each candidate; codes below 0 were never seen and are left out.
    confidence : ndarray of shape (n,)
        Out-of-fold confidence.
    target : ndarray of shape (n,)
        1 where the candidate is a reference code.
    categories : ndarray of shape (n_codes,)
        Category of each code.

    Returns
    -------
    Relations
        Effects that matter; the smallest are left out.

    Examples
    --------
    >>> owner, code = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    >>> cause = np.repeat(np.arange(40) % 2, 2) * 0.9 + 0.05
    >>> p = np.where(code == 1, cause, 0.5)
    >>> truth = np.where(code == 1, cause > 0.5, cause < 0.5)
    >>> found = learn_relations(owner, code, p, truth, np.array([0, 1]))
    >>> bool(found.codes[1, 0] < -0.2)
    True
    """
    seen, truth = code >= 0, np.asarray(target, np.float64)
    rows = owner[seen], code[seen], confidence[seen], truth[seen] - confidence[seen]
    own, kin = rows[1], categories[rows[1]]
    n, n_kin = len(categories), int(categories.max(initial=-1)) + 1
    effects = _effects(rows[0], own, *rows[2:], _common(own, truth[seen], n), _SHRINK)
    of_kin = _effects(rows[0], kin, *rows[2:], _common(kin, truth[seen], n_kin), _SHRINK_CATEGORY)
    return Relations(*_arrays(effects), *_arrays(of_kin))


def _common(code: NDArray[np.int64], target: NDArray[np.float64], n: int) -> NDArray[np.bool_]:
    """Which codes are common enough for what goes with them to be more than chance."""
    return np.asarray(np.bincount(code, target, n) >= _COMMON)


def _arrays(matrix: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    return matrix.indptr, matrix.indices, matrix.data.astype(np.float32)


def _effects(
    owner: NDArray[np.int64],
    code: NDArray[np.int64],
    confidence: NDArray[np.float64],
    residual: NDArray[np.float64],
    common: NDArray[np.bool_],
    shrink: float,
) -> Any:
    """Mean residual of one code where another is there; nothing for a code and itself, or for rare codes."""
    from scipy.sparse import csr_matrix, diags

    n, kept = len(common), common[code]
    owner, code, confidence, residual = owner[kept], code[kept], confidence[kept], residual[kept]
    rows = int(owner.max(initial=-1)) + 1
    there = confidence >= _LEAST
    has = csr_matrix((confidence[there], (owner[there], code[there])), shape=(rows, n))
    wrong = csr_matrix((residual, (owner, code)), shape=(rows, n))
    asked = csr_matrix((np.ones(len(code)), (owner, code)), shape=(rows, n))
    total, weight = (has.T @ wrong).tocsr(), (has.T @ asked).tocsr()
    weight.data = 1 / (weight.data + shrink)
    effect = total.multiply(weight).tocsr()
    effect = (effect - diags(effect.diagonal())).tocsr()
    effect.data[np.abs(effect.data) < _SMALL] = 0
    effect.eliminate_zeros()
    return effect


def relation_features(
    relations: Relations,
    categories: NDArray[np.int64],
    code: NDArray[np.int64],
    confidence: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Describe the candidates of one encounter by the other candidates.

    Parameters
    ----------
    relations : Relations
        From :func:`learn_relations`.
    categories : ndarray of shape (n_codes,)
        Category of each code.
    code : ndarray of shape (n,)
        Code numbers; below 0 for codes never seen.
    confidence : ndarray of shape (n,)
        Of the first ranker.

    Returns
    -------
    ndarray of shape (n, n_features)
        Columns :data:`FEATURES`.
    """
    out = np.zeros((len(code), len(FEATURES)), dtype=np.float32)
    if not len(code):
        return out
    known = np.flatnonzero(code >= 0)
    there = known[confidence[known] >= _LEAST]
    if not len(there):
        return out
    weight, family = confidence[there][:, None], categories[code]
    other = code[there][:, None] != code[known][None, :]
    effect = relations.codes[code[there]][:, code[known]].toarray() * weight
    kin = relations.categories[family[there]][:, family[known]].toarray() * weight * other
    rival = np.where((family[there][:, None] == family[known][None, :]) & other, weight, 0.0)
    columns = (
        effect.sum(axis=0), effect.max(axis=0).clip(0), effect.min(axis=0).clip(None, 0),
        kin.sum(axis=0), kin.min(axis=0).clip(None, 0), rival.max(axis=0),
    )  # fmt: skip
    out[known] = np.stack(columns, axis=1)
    return out
