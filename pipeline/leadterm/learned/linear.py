"""One linear model for all codes over the words of a text, and its nearest training texts.

With few training texts it is kernel ridge regression, solved for all codes at once. With more texts
than landmarks that would cost too much: then each code has a sparse linear classifier of its own
(:mod:`leadterm.learned.one_vs_rest`), and the landmarks, a sample of the texts, only serve as neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.ngrams import FlatTexts, count_ngrams, presence
from leadterm.learned.one_vs_rest import OneVsRestSettings, fit_one_vs_rest
from leadterm.learned.tokens import CONTEXTS, Tokens
from leadterm.storage.validation import STRICT

__all__ = ["LinearModel", "LinearSettings", "fit_linear"]

_RARER_EACH = 5000
_MARKS = ("", "!", "?")


@dataclass(frozen=True)
class LinearSettings:
    """How the linear model is fitted.

    ``landmarks``: most texts that others are compared with; with more texts, each code has a classifier of its own.
    ``max_features``: most words and word pairs that are counted. ``neighbours``: nearest landmarks whose codes are
    looked at.
    """

    __pydantic_config__ = STRICT

    ridge: float = 0.2
    landmarks: int = 4000
    max_features: int = 200_000
    neighbours: int = 20
    one_vs_rest: OneVsRestSettings = field(default_factory=OneVsRestSettings)


@dataclass(frozen=True)
class LinearModel:
    """Landmark texts and the weights of each code on them, or on terms.

    ``indptr``, ``indices``, ``data``: landmarks by terms, compressed sparse rows of unit length. ``weights``:
    float32; no rows where the weights are those of terms. ``coef_indptr``, ``coef_indices``, ``coef_data``: weights
    of terms by outputs, compressed sparse rows; empty where landmarks have the weights.
    """

    terms: tuple[str, ...]
    idf: NDArray[Any]
    indptr: NDArray[Any]
    indices: NDArray[Any]
    data: NDArray[Any]
    weights: NDArray[Any]
    coef_indptr: NDArray[Any]
    coef_indices: NDArray[Any]
    coef_data: NDArray[Any]
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

    @cached_property
    def coefficients(self) -> Any:
        """Weights of terms by outputs, sparse; None where landmarks have the weights."""
        from scipy.sparse import csr_matrix

        if len(self.weights):
            return None
        shape = (len(self.terms), len(self.offset))
        return csr_matrix((self.coef_data, self.coef_indices, self.coef_indptr), shape=shape)

    def score(self, tokens: Tokens) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score every output for a text.

        The linear score, about 1 for an output that is there, and the share of the nearest landmarks that have the
        output, weighted by similarity.
        """
        row = _vectorise(tokens, self.term_number, self.idf)
        near = (row @ self.landmarks).toarray().ravel()
        more = near @ self.weights if self.coefficients is None else (row @ self.coefficients).toarray().ravel()
        linear = self.offset + more
        top = np.argsort(-near, kind="stable")[: self.neighbours]
        vote = np.zeros(len(self.offset))
        for i in top.tolist():
            vote[self.code_indices[self.code_indptr[i] : self.code_indptr[i + 1]]] += near[i]
        return linear, vote / max(float(near[top].sum()), 1e-9)

    def responsible(self, tokens: Tokens, outputs: NDArray[np.int64]) -> list[tuple[int, ...]]:
        """Find the words that speak most for each output.

        Word positions of the first occurrence of the best term; empty where no term is known.
        """
        from scipy.sparse import diags

        row = _vectorise(tokens, self.term_number, self.idf)
        if not row.nnz:
            return [()] * len(outputs)
        if self.coefficients is None:
            share = diags(row.data) @ self.landmarks[row.indices] @ np.asarray(self.weights)[:, outputs]
        else:
            share = (diags(row.data) @ self.coefficients[row.indices][:, outputs]).toarray()
        best = [self.terms[row.indices[i]].split(" ") for i in np.argmax(share, axis=0).tolist()]
        starts = {term: i for i, term in reversed(_placed(tokens))}
        first = [starts[" ".join(words)] for words in best]
        return [tuple(range(i, i + len(words))) for i, words in zip(first, best, strict=True)]


def fit_linear(
    texts: FlatTexts,
    outputs: Sequence[Sequence[int]],
    n_outputs: int,
    settings: LinearSettings,
    seed: int,
    *,
    jobs: int = 1,
) -> LinearModel:
    """Fit the linear model.

    ``outputs``: codes and categories of each text, as numbers below ``n_outputs``. ``seed``: of the choice of
    landmarks and of texts, where there are more texts than landmarks. ``jobs``: threads; the result does not depend
    on them.

    Saunders et al. (1998) for ridge regression in dual variables.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> from leadterm.learned.ngrams import flatten
    >>> texts = [tokenise(Encounter("e", (Note("n", t),))) for t in ("gout", "gout again", "asthma", "asthma again")]
    >>> model = fit_linear(flatten(texts), [[0], [0], [1], [1]], 2, LinearSettings(), 0)
    >>> int(model.score(texts[0])[0].argmax())
    0
    """
    terms, idf, matrix = _counted(texts, settings.max_features)
    target = _indicator(outputs, n_outputs)
    n = matrix.shape[0]
    chosen = np.arange(n)
    none = np.zeros(0, np.float32)
    if n <= settings.landmarks:
        offset = np.asarray(target.mean(axis=0)).ravel()
        weights = _solve(matrix, target, offset, settings.ridge)
        coefficients = none, none.astype(np.int32), np.zeros(1, np.int64)
    else:
        chosen = np.sort(np.random.default_rng(seed).choice(n, settings.landmarks, replace=False))
        found = fit_one_vs_rest(matrix, target, settings.one_vs_rest, seed, jobs=jobs)
        offset, weights = found.offset, np.zeros((0, n_outputs))
        coefficients = found.weights.data, found.weights.indices, found.weights.indptr
    marks, coded = matrix[chosen], target[chosen].tocsr()
    return LinearModel(
        terms, idf, marks.indptr, marks.indices, marks.data, weights.astype(np.float32), *coefficients[::-1],
        offset.astype(np.float32), coded.indptr, coded.indices, settings.neighbours,
    )  # fmt: skip


def _solve(matrix: Any, target: Any, offset: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """Weights of the texts."""
    gram = (matrix @ matrix.T).toarray().astype(np.float64)
    return np.asarray(np.linalg.solve(gram + ridge * np.eye(len(gram)), target.toarray() - offset))


def _placed(tokens: Tokens) -> list[tuple[int, str]]:
    """Words and pairs of neighbouring words, with their positions; negated and possible words are marked."""
    negated, possible = (tokens.context[:, CONTEXTS.index(kind)].tolist() for kind in ("negation", "possible"))
    words = [
        f"!{word}" if no else f"?{word}" if may else word
        for word, no, may in zip(tokens.words, negated, possible, strict=True)
    ]
    return [*enumerate(words), *((i, f"{a} {b}") for i, (a, b) in enumerate(pairwise(words)))]


def _counted(flat: FlatTexts, most: int) -> tuple[tuple[str, ...], NDArray[np.float32], Any]:
    """Terms of two texts or more, the commonest first to stay; their inverse text frequency; texts by terms."""
    from scipy.sparse import csr_matrix

    n = len(flat.start) - 1
    least = 2 + n // _RARER_EACH if n >= 10 else 1
    mark = np.where(flat.governed("negation"), 1, np.where(flat.governed("possible"), 2, 0))
    marked = flat.words.astype(np.int64) * len(_MARKS) + mark
    joined = np.append(np.diff(flat.text) == 0, False)[: len(marked)]
    grams = count_ngrams(marked, np.ones(len(marked), dtype=bool), joined, 2, least)
    indptr, indices, count = presence(grams, flat.start)
    seen = np.bincount(indices, minlength=len(grams.first))
    rarest = max(least, int(np.sort(seen)[-most])) if len(seen) > most else least
    some = np.flatnonzero(seen >= rarest)
    spans = zip(grams.first[some].tolist(), (grams.first + grams.size)[some].tolist(), strict=True)
    names = [_name(flat.vocabulary, marked[a:b].tolist()) for a, b in spans]
    order = np.array(sorted(range(len(some)), key=lambda i: (-seen[some[i]], names[i])), dtype=np.int64)[:most]
    column = np.full(len(seen), -1, dtype=np.int32)
    column[some[order]] = np.arange(len(order))
    idf = np.log((1 + n) / (1 + seen[some[order]])) + 1
    kept = column[indices] >= 0
    until = np.concatenate([[0], np.cumsum(kept)])[indptr]
    matrix = csr_matrix((1 + np.log(count[kept]), column[indices[kept]], until), shape=(n, len(order)))
    matrix.sort_indices()
    return tuple(names[i] for i in order.tolist()), idf.astype(np.float32), _weighted(matrix, idf.astype(np.float32))


def _name(vocabulary: Sequence[str], marked: Sequence[int]) -> str:
    """A term as :func:`_placed` writes it."""
    return " ".join(_MARKS[i % len(_MARKS)] + vocabulary[i // len(_MARKS)] for i in marked)


def _weighted(matrix: Any, idf: NDArray[Any]) -> Any:
    """(1 + log count) × inverse text frequency, rows of unit length."""
    from scipy.sparse import csr_matrix

    data = matrix.data * idf[matrix.indices]
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    length = np.sqrt(np.bincount(row, data**2, minlength=matrix.shape[0]))
    data = (data / np.maximum(length, 1e-9)[row]).astype(np.float32)
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _vectorise(tokens: Tokens, number: Mapping[str, int], idf: NDArray[Any]) -> Any:
    """A text by terms."""
    from scipy.sparse import csr_matrix

    counts = Counter(number[term] for _, term in _placed(tokens) if term in number)
    columns = np.array(sorted(counts), dtype=np.int32)
    data = 1 + np.log(np.array([counts[c] for c in columns.tolist()], dtype=np.float64))
    return _weighted(csr_matrix((data, columns, [0, len(columns)]), shape=(1, len(number))), idf)


def _indicator(outputs: Sequence[Sequence[int]], n_outputs: int) -> Any:
    """Texts by outputs, 1 where given."""
    from scipy.sparse import csr_matrix

    indices = np.array([c for row in outputs for c in sorted(row)], dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in outputs])])
    return csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(len(outputs), n_outputs))
