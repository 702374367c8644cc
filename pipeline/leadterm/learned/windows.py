"""Windows of a few words in a text, and which of them resemble a phrase."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.tokens import Tokens

__all__ = ["LEAST", "LONGEST", "Line", "windows_of"]

LEAST = 0.5
"""Cosine from which a window resembles a phrase."""
LONGEST = 6
"""Most words of a window."""


def windows_of(tokens: Tokens) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give every window of one to six words within a sentence.

    First word and number of words, the shorter windows first.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> first, size = windows_of(tokenise(Encounter("e", (Note("n", "dry cough"),))))
    >>> first.tolist(), size.tolist()
    ([0, 1, 0], [1, 1, 2])
    """
    n = len(tokens.words)
    first, size = [], []
    for width in range(1, min(LONGEST, n) + 1):
        start = np.flatnonzero(tokens.sentence[: n - width + 1] == tokens.sentence[width - 1 :])
        first.append(start)
        size.append(np.full(len(start), width))
    if not first:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(first), np.concatenate(size)


class Line:
    """The words of a text in a row: which windows of them resemble a phrase.

    A word that stands twice in a window counts once.

    >>> line = Line(np.array([0, 1]), np.zeros(2, int), np.eye(2, dtype=np.float32))
    >>> round(float(line.length[1, 0]), 2)
    1.41
    """

    def __init__(self, words: NDArray[np.int64], sentence: NDArray[Any], product: NDArray[np.float32]) -> None:
        n = len(words)
        self.words, self.sentence, self.earlier = words, sentence, np.full(n, -1)
        order = np.argsort(words, kind="stable")
        again = np.flatnonzero(words[order[1:]] == words[order[:-1]])
        self.earlier[order[again + 1]] = order[again]
        self.first = order[np.concatenate([[0], np.flatnonzero(np.diff(words[order])) + 1])]
        self.length = np.ones((LONGEST, n), dtype=np.float32)
        total = np.zeros(n, dtype=np.float32)
        for more in range(min(LONGEST, n)):
            end = np.arange(more, n)
            total = total[: n - more]
            added = product[words[end], words[end]].copy()
            for back in range(1, more + 1):
                added += 2 * product[words[end], words[end - back]] * (self.earlier[end - back] < end - more)
            total = total + added * (self.earlier[end] < end - more)
            self.length[more, : n - more] = np.sqrt(np.maximum(total, 1e-9))

    def promising(
        self, middle: NDArray[np.int64], column: NDArray[np.int64], shared: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Leave out words whose whole neighbourhood is too far from a phrase, by Cauchy's inequality.

        The ``middle`` and ``column`` that stay. ``middle``, ``column``: position of each word, and the phrase.
        """
        near = (shared / self.length[0][self.first][:, None]) ** 2
        total = np.zeros(len(middle), dtype=np.float32)
        for step in range(1 - LONGEST, LONGEST):
            place = np.clip(middle + step, 0, len(self.words) - 1)
            there = (place == middle + step) & (self.sentence[place] == self.sentence[middle])
            total += near[self.words[place], column] * there
        good = total >= LEAST**2 - 1e-4
        return middle[good], column[good]

    def around(
        self, middle: NDArray[np.int64], column: NDArray[np.int64], shared: NDArray[np.float32], back: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Find windows that begin so many words before a word, hold it and resemble a phrase.

        First word, number of words, phrase and cosine of each. ``back``: words between the beginning and the word.
        """
        n = len(self.words)
        start = np.maximum(middle - back, 0)
        some = np.flatnonzero((middle >= back) & (self.sentence[start] == self.sentence[middle]))
        start, column = start[some], column[some]
        place = start[:, None] + np.arange(LONGEST)
        inside = place < n
        place = np.minimum(place, n - 1)
        inside &= self.sentence[place] == self.sentence[start][:, None]
        fresh = inside & (self.earlier[place] < start[:, None])
        value = np.cumsum(shared[self.words[place], column[:, None]] * fresh, axis=1)
        cosine = value[:, back:] / self.length[back:, start].T
        row, more = np.nonzero((cosine >= LEAST) & inside[:, back:])
        return start[row], more + back + 1, column[row], cosine[row, more]
