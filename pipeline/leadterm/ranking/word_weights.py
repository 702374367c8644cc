"""What the words around a mention say of its code: a weight for each word and each question, added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError

__all__ = ["WORD_ARRAYS", "WORD_FEATURES", "WordWeights", "learn_order", "learn_words"]

WORD_FEATURES = ("wording_reported", "wording_first")
"""Whether a code is reported, and whether it stands first, as far as the words around it tell."""
WORD_ARRAYS = ("words", "weights")
ENCOUNTERS, PENALTY = 8, 0.05
"""A word must stand in so many encounters: what fewer say is chance, or tells of one patient."""
SEEN, PAIR_PENALTY = 4, 0.05


@dataclass(frozen=True)
class WordWeights:
    """Weights of words.

    ``words``: in UTF-8, shape (n,). ``weights``: what each adds to the log-odds, one column a name of `WORD_FEATURES`,
    shape (n, 2).

    >>> learned = WordWeights(np.array([b"admitted"]), np.array([[0.5, 2.0]], np.float32))
    >>> learned.columns([("admitted", "for"), ()]).tolist()
    [[0.5, 2.0], [0.0, 0.0]]
    """

    words: NDArray[np.bytes_]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        sound = self.words.dtype.kind == "S" and self.weights.shape == (len(self.words), len(WORD_FEATURES))
        if not sound or not np.isfinite(self.weights).all():
            raise LeadtermError("the weights of words are not sound.", hint="Train the model again.")

    @cached_property
    def _row(self) -> Mapping[str, int]:
        return {word.decode("utf-8"): row for row, word in enumerate(self.words.tolist())}

    def columns(self, told: Sequence[Iterable[str]]) -> NDArray[np.float32]:
        """Add up the weights of the words that stand around each candidate, shape (n_candidates, 2)."""
        row = self._row
        each = {id(words): words for words in told}  # those of one mention stand there once
        rows = [[row[word] for word in words if word in row] for words in each.values()]
        held = [one for one in rows if one]
        sums = np.zeros((len(rows), len(WORD_FEATURES)), np.float32)
        if held:
            begins = np.cumsum([0, *map(len, held[:-1])])
            sums[[bool(one) for one in rows]] = np.add.reduceat(self.weights[[*chain(*held)]], begins, axis=0)
        at = dict(zip(each, range(len(rows)), strict=True))
        return sums[[at[id(words)] for words in told]].reshape(len(told), len(WORD_FEATURES))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name."""
        return {name: getattr(self, name) for name in WORD_ARRAYS}


def learn_words(
    told: Sequence[Sequence[str]], encounter: Sequence[int], answers: Sequence[tuple[NDArray[Any], NDArray[Any]]]
) -> WordWeights:
    """Fit a logistic regression for each of `WORD_FEATURES`.

    ``told``: the words around each candidate. ``encounter``: its number. ``answers``: for each question which
    candidates teach it, and which of these are hits, each of shape (n_candidates,). A question that no two kinds of
    answers teach has weights of 0.
    """
    from sklearn.linear_model import LogisticRegression

    kept, rows = _counted(told, encounter, ENCOUNTERS)
    weights = np.zeros((len(kept), len(WORD_FEATURES)), np.float32)
    for question, (teach, hit) in enumerate(answers):
        if kept and len(set(hit[teach].tolist())) == 2:
            model = LogisticRegression(C=PENALTY, solver="liblinear", random_state=0)
            weights[:, question] = model.fit(rows[np.flatnonzero(teach)], hit[teach]).coef_[0]
    return _weights(kept, weights)


def learn_order(
    told: Sequence[Sequence[str]], encounter: Sequence[int], hit: NDArray[np.bool_], known: NDArray[np.float64]
) -> WordWeights:
    """Fit a logistic regression on pairs: what tells the one right candidate of an encounter from each other one.

    The weights are those of `wording_first`. ``told``, ``encounter``: as for `learn_words`. ``hit``: the right ones,
    shape (n_candidates,). ``known``: what is known of each beside its words, shape (n_candidates,); its own weight is
    left out. Encounters of one right candidate and another teach; where there is none, no word has a weight.

    >>> told = [("asthma", "in plan"), ("gout",), ("asthma",), ("gout", "in plan")] * 10
    >>> number = np.repeat(np.arange(20), 2)
    >>> learned = learn_order(told, number.tolist(), np.array([True, False, False, True] * 10), np.zeros(40))
    >>> [word.decode() for word, weight in zip(learned.words, learned.weights[:, 1]) if weight > 0.5]
    ['in plan']
    """
    from scipy.sparse import csr_matrix, hstack, vstack
    from sklearn.linear_model import LogisticRegression

    numbers, groups = np.array(encounter), hit.nonzero()[0]
    single = dict(zip(numbers[groups].tolist(), groups.tolist(), strict=True))
    twice = {n for n, count in zip(*np.unique(numbers[groups], return_counts=True), strict=True) if count > 1}
    others = [at for at, n in enumerate(encounter) if n in single and n not in twice and single[n] != at]
    kept, rows = _counted(told, encounter, SEEN)
    weights = np.zeros((len(kept), len(WORD_FEATURES)), np.float32)
    if others and kept:
        rights = [single[encounter[at]] for at in others]
        apart = hstack([rows[rights] - rows[others], csr_matrix((known[rights] - known[others])[:, None])]).tocsr()
        share = 1 / np.sqrt(np.bincount(rights)[rights])
        model = LogisticRegression(C=PAIR_PENALTY, fit_intercept=False, solver="liblinear", random_state=0)
        both, answers = vstack([apart, -apart]), np.repeat([1, 0], len(others))
        weights[:, WORD_FEATURES.index("wording_first")] = model.fit(both, answers, np.tile(share, 2)).coef_[0][:-1]
    return _weights(kept, weights)


def _counted(told: Sequence[Sequence[str]], encounter: Sequence[int], least: int) -> tuple[list[str], Any]:
    """The words that so many encounters have, and which candidate has which, a sparse array."""
    from scipy.sparse import csr_matrix

    places: dict[str, set[int]] = {}
    for number, words in zip(encounter, told, strict=True):
        for word in words:
            places.setdefault(word, set()).add(number)
    kept = sorted(word for word, where in places.items() if len(where) >= least)
    at = {word: column for column, word in enumerate(kept)}
    columns = [[at[word] for word in words if word in at] for words in told]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.concatenate([np.array(one, np.int64) for one in columns]) if columns else np.zeros(0, np.int64)
    return kept, csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(told), len(kept)))


def _weights(words: Sequence[str], weights: NDArray[np.float32]) -> WordWeights:
    return WordWeights(np.array([word.encode("utf-8") for word in words], dtype="S"), weights)
