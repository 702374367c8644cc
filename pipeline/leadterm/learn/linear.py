"""One linear model for all codes over the words of a text, and its nearest training texts.

Ridge regression in the space of similarities to landmark texts: with every training text a landmark
it is kernel ridge regression, solved for all codes at once; with more texts than landmarks it is the
subset-of-regressors approximation, so that cost grows with the number of texts and no faster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learn.tokens import CONTEXTS, Tokens

__all__ = ["LinearModel", "LinearSettings", "fit_linear"]

_CHUNK = 1000


@dataclass(frozen=True)
class LinearSettings:
    """How the linear model is fitted.

    Parameters
    ----------
    ridge : float
        Penalty on the weights.
    landmarks : int
        Most texts that others are compared with.
    max_features : int
        Most words and word pairs that are counted.
    neighbours : int
        Nearest landmarks whose codes are looked at.

    Examples
    --------
    >>> LinearSettings().landmarks
    4000
    """

    ridge: float = 0.2
    landmarks: int = 4000
    max_features: int = 200_000
    neighbours: int = 20


@dataclass(frozen=True)
class LinearModel:
    """Landmark texts and the weights of each code on them.

    Parameters
    ----------
    terms : tuple of str
        Words and word pairs.
    idf : ndarray of shape (n_terms,)
        Their inverse text frequency.
    indptr, indices, data : ndarray
        Landmarks by terms, compressed sparse rows of unit length.
    weights : ndarray of shape (n_landmarks, n_outputs)
        Float32.
    offset : ndarray of shape (n_outputs,)
        Share of training texts with each output.
    code_indptr, code_indices : ndarray
        Outputs of each landmark.
    neighbours : int
        Landmarks that vote.
    """

    terms: tuple[str, ...]
    idf: NDArray[Any]
    indptr: NDArray[Any]
    indices: NDArray[Any]
    data: NDArray[Any]
    weights: NDArray[Any]
    offset: NDArray[Any]
    code_indptr: NDArray[Any]
    code_indices: NDArray[Any]
    neighbours: int

    @cached_property
    def term_number(self) -> Mapping[str, int]:
        """Column by term."""
        return {term: i for i, term in enumerate(self.terms)}

    @cached_property
    def landmarks(self) -> Any:
        """Terms by landmarks, sparse."""
        from scipy.sparse import csr_matrix

        shape = (len(self.indptr) - 1, len(self.terms))
        return csr_matrix((self.data, self.indices, self.indptr), shape=shape).T.tocsr()

    def score(self, tokens: Tokens) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score every output for a text.

        Parameters
        ----------
        tokens : Tokens
            The text.

        Returns
        -------
        tuple of ndarray of shape (n_outputs,)
            The linear score, about 1 for an output that is there, and the share of the nearest
            landmarks that have the output, weighted by similarity.
        """
        near = np.asarray((_vectorise([tokens], self.term_number, self.idf) @ self.landmarks).todense()).ravel()
        linear = self.offset + near @ self.weights
        top = np.argsort(-near, kind="stable")[: self.neighbours]
        vote = np.zeros(len(self.offset))
        for i in top.tolist():
            vote[self.code_indices[self.code_indptr[i] : self.code_indptr[i + 1]]] += near[i]
        return linear, vote / max(float(near[top].sum()), 1e-9)

    def responsible(self, tokens: Tokens, outputs: NDArray[np.int64]) -> list[tuple[int, ...]]:
        """Find the words that speak most for each output.

        Parameters
        ----------
        tokens : Tokens
            The text.
        outputs : ndarray of shape (k,)
            Numbers of outputs.

        Returns
        -------
        list of tuple of int
            Word positions of the first occurrence of the best term; empty where no term is known.
        """
        from scipy.sparse import diags

        row = _vectorise([tokens], self.term_number, self.idf)
        if not row.nnz:
            return [()] * len(outputs)
        share = diags(row.data) @ self.landmarks[row.indices] @ np.asarray(self.weights)[:, outputs]
        best = [self.terms[row.indices[i]].split(" ") for i in np.argmax(share, axis=0).tolist()]
        starts = {term: i for i, term in reversed(_placed(tokens))}
        first = [starts[" ".join(words)] for words in best]
        return [tuple(range(i, i + len(words))) for i, words in zip(first, best, strict=True)]


def fit_linear(
    texts: Sequence[Tokens], outputs: Sequence[Sequence[int]], n_outputs: int, settings: LinearSettings, seed: int
) -> LinearModel:
    """Fit the linear model.

    Parameters
    ----------
    texts : sequence of Tokens
        Training texts.
    outputs : sequence of sequence of int
        Codes and categories of each text, as numbers below ``n_outputs``.
    n_outputs : int
        Number of outputs.
    settings : LinearSettings
        Penalty and limits.
    seed : int
        Of the choice of landmarks, where there are more texts than landmarks.

    Returns
    -------
    LinearModel
        The fitted model.

    Notes
    -----
    Saunders et al. (1998) for ridge regression in dual variables; Smola and Bartlett (2001) for the
    subset of regressors.

    Examples
    --------
    >>> from leadterm.learn.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> texts = [tokenise(Encounter("e", (Note("n", t),))) for t in ("gout", "gout again", "asthma", "asthma again")]
    >>> model = fit_linear(texts, [[0], [0], [1], [1]], 2, LinearSettings(), 0)
    >>> int(model.score(texts[0])[0].argmax())
    0
    """
    terms, idf = _choose_terms(texts, settings.max_features)
    matrix = _vectorise(texts, {term: i for i, term in enumerate(terms)}, idf)
    n = len(texts)
    chosen = np.arange(n)
    if n > settings.landmarks:
        chosen = np.sort(np.random.default_rng(seed).choice(n, settings.landmarks, replace=False))
    marks = matrix[chosen]
    target = _indicator(outputs, n_outputs)
    offset = np.asarray(target.mean(axis=0)).ravel()
    weights = _solve(matrix, marks, target, offset, settings.ridge, whole=len(chosen) == n)
    coded = target[chosen].tocsr()
    return LinearModel(
        terms, idf, marks.indptr, marks.indices, marks.data, weights.astype(np.float32), offset.astype(np.float32),
        coded.indptr, coded.indices, settings.neighbours,
    )  # fmt: skip


def _solve(
    matrix: Any, marks: Any, target: Any, offset: NDArray[np.float64], ridge: float, *, whole: bool
) -> NDArray[np.float64]:
    """Weights of the landmarks."""
    gram = (marks @ marks.T).toarray().astype(np.float64)
    if whole:
        return np.asarray(np.linalg.solve(gram + ridge * np.eye(len(gram)), target.toarray() - offset))
    left = ridge * gram + 1e-4 * np.eye(len(gram))
    right = np.zeros((len(gram), target.shape[1]), dtype=np.float32)
    for start in range(0, matrix.shape[0], _CHUNK):
        block = (matrix[start : start + _CHUNK] @ marks.T).toarray()
        left += block.T @ block
        right += target[start : start + _CHUNK].T.dot(block).T - np.outer(block.sum(axis=0), offset)
    return np.asarray(np.linalg.solve(left, right))


def _placed(tokens: Tokens) -> list[tuple[int, str]]:
    """Words and pairs of neighbouring words, with their positions; negated and possible words are marked."""
    negated, possible = (tokens.context[:, CONTEXTS.index(kind)].tolist() for kind in ("negation", "possible"))
    words = [
        f"!{word}" if no else f"?{word}" if may else word
        for word, no, may in zip(tokens.words, negated, possible, strict=True)
    ]
    return [*enumerate(words), *((i, f"{a} {b}") for i, (a, b) in enumerate(pairwise(words)))]


def _terms(tokens: Tokens) -> list[str]:
    """Words and pairs of neighbouring words."""
    return [term for _, term in _placed(tokens)]


def _choose_terms(texts: Sequence[Tokens], most: int) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Terms of two texts or more, the commonest first to stay, and their inverse text frequency."""
    seen = Counter(term for tokens in texts for term in set(_terms(tokens)))
    kept = sorted((t for t, n in seen.items() if n > 1 or len(texts) < 10), key=lambda t: (-seen[t], t))[:most]
    idf = np.array([np.log((1 + len(texts)) / (1 + seen[t])) + 1 for t in kept], dtype=np.float32)
    return tuple(kept), idf


def _vectorise(texts: Sequence[Tokens], number: Mapping[str, int], idf: NDArray[Any]) -> Any:
    """Texts by terms: (1 + log count) × inverse text frequency, rows of unit length."""
    from scipy.sparse import csr_matrix

    indptr, indices, data = [0], [], []
    for tokens in texts:
        counts = Counter(number[t] for t in _terms(tokens) if t in number)
        columns = np.array(sorted(counts), dtype=np.int32)
        values = (1 + np.log([counts[c] for c in columns.tolist()])) * idf[columns]
        length = float(np.sqrt((values**2).sum()))
        indices.append(columns)
        data.append((values / max(length, 1e-9)).astype(np.float32))
        indptr.append(indptr[-1] + len(columns))
    shape = (len(texts), len(number))
    return csr_matrix((np.concatenate(data), np.concatenate(indices), indptr), shape=shape)


def _indicator(outputs: Sequence[Sequence[int]], n_outputs: int) -> Any:
    """Texts by outputs, 1 where given."""
    from scipy.sparse import csr_matrix

    indices = np.array([c for row in outputs for c in sorted(row)], dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in outputs])])
    return csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(len(outputs), n_outputs))
