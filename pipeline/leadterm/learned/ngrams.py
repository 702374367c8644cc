"""Many texts as one array of word numbers, and the n-grams in it: what counts over whole corpora is built on.

A corpus of a hundred thousand notes holds tens of millions of n-grams, most of them once. They are
counted as numbers, sizes one after the other: an n-gram can only be common if the one without its
last word is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.tokens import CONTEXTS, Tokens

__all__ = ["FlatTexts", "NGrams", "count_ngrams", "flatten", "largest", "presence", "top"]

_BUCKETS = 1 << 24
_BLOCK = 2000


@dataclass(frozen=True)
class FlatTexts:
    """Texts end to end.

    ``sentence``: number of the sentence; never the same in two texts.
    """

    vocabulary: list[str]
    words: NDArray[np.int32]
    start: NDArray[np.int64]
    sentence: NDArray[np.int32]
    context: NDArray[np.int8]
    language: str = "en"

    @cached_property
    def word_number(self) -> Mapping[str, int]:
        """Number by word."""
        return {word: i for i, word in enumerate(self.vocabulary)}

    @cached_property
    def frequency(self) -> NDArray[np.int64]:
        """Texts with each word."""
        out = np.zeros(len(self.vocabulary), dtype=np.int64)
        for block in range(0, len(self.start) - 1, _BLOCK):
            edges = self.start[block : block + _BLOCK + 1]
            owner = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
            once = np.unique(owner * len(out) + self.words[edges[0] : edges[-1]])
            out += np.bincount(once % max(1, len(out)), minlength=len(out))
        return out

    @property
    def text(self) -> NDArray[np.int64]:
        """Number of the text of each word."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    def governed(self, kind: str) -> NDArray[np.bool_]:
        """Whether a cue of a kind governs each word."""
        return np.asarray(self.context[:, CONTEXTS.index(kind)] > 0)


@dataclass(frozen=True)
class NGrams:
    """Frequent n-grams of texts.

    ``at``: for each size, the number of the n-gram that starts at a word; -1 where there is none. ``first``: word
    where each n-gram is first seen.
    """

    at: list[NDArray[np.int32]]
    first: NDArray[np.int64]
    size: NDArray[np.int64]


def flatten(texts: Sequence[Tokens]) -> FlatTexts:
    """Put texts end to end.

    Words are numbered in order of first appearance.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> flat = flatten([tokenise(Encounter("e", (Note("n", t),))) for t in ("dry cough", "cough")])
    >>> flat.words.tolist(), flat.start.tolist()
    ([0, 1, 1], [0, 2, 3])
    """
    number: dict[str, int] = defaultdict(count().__next__)
    start = np.concatenate([[0], np.cumsum([len(t.words) for t in texts], dtype=np.int64)]).astype(np.int64)
    words = np.empty(int(start[-1]), dtype=np.int32)
    sentence = np.empty(int(start[-1]), dtype=np.int32)
    context = np.empty((int(start[-1]), len(CONTEXTS)), dtype=np.int8)
    before = 0
    for tokens, a, b in zip(texts, start[:-1].tolist(), start[1:].tolist(), strict=True):
        if a == b:
            continue
        words[a:b] = np.fromiter(map(number.__getitem__, tokens.words), np.int32, b - a)
        sentence[a:b] = tokens.sentence
        sentence[a:b] += before
        context[a:b] = tokens.context
        before = int(sentence[b - 1]) + 1
    language = Counter(tokens.language for tokens in texts).most_common(1)[0][0] if texts else "en"
    return FlatTexts(list(number), words, start, sentence, context, language)


def count_ngrams(
    words: NDArray[Any], usable: NDArray[np.bool_], joined: NDArray[np.bool_], longest: int, least: int
) -> NGrams:
    """Number the n-grams that occur often enough.

    Numbered in order of first appearance, shorter ones first where two begin together. ``usable``: whether a word may
    be part of an n-gram. ``joined``: whether a word and the next one may stand in one n-gram.

    >>> there = np.ones(4, dtype=bool)
    >>> grams = count_ngrams(np.array([5, 6, 5, 6]), there, there, 2, 2)
    >>> grams.first.tolist(), grams.size.tolist()
    ([0, 0, 1], [1, 2, 1])
    """
    at: list[NDArray[np.int32]] = []
    first: list[NDArray[np.int64]] = []
    width = int(words.max(initial=0)) + 1
    key, fits = words.astype(np.int64), usable
    for size in range(1, longest + 1):
        if size > 1:
            before, fits = at[-1], np.zeros(len(words), dtype=bool)
            until = len(words) - size + 1
            fits[:until] = (before[:until] >= 0) & joined[size - 2 : len(words) - 1] & (at[0][size - 1 :] >= 0)
            key = np.where(fits, before.astype(np.int64), 0)
            key[:until] = key[:until] * width + words[size - 1 :]
        place = _often(key, np.flatnonzero(fits), least)
        begin, number = _numbered(key, place, least)
        found = np.full(len(words), -1, dtype=np.int32)
        found[place] = number
        at.append(found)
        first.append(begin)
    return _in_order(at, first)


def _often(key: NDArray[np.int64], place: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    """Places whose key shares a bucket with enough others: a rough sieve that keeps every frequent key."""
    for shift in (7, 19) if least > 1 else ():
        bucket = key[place]
        bucket *= 0x9E3779B1
        bucket >>= shift
        bucket &= _BUCKETS - 1
        place = place[np.bincount(bucket, minlength=_BUCKETS)[bucket] >= least]
    return place


def _numbered(
    key: NDArray[np.int64], place: NDArray[np.int64], least: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """First place of each frequent key, in order of keys; the number of the key at each place, -1 if it is rare."""
    some = key[place]
    if int(some.max(initial=0)) <= 2 * len(key):  # no need to sort
        enough = np.bincount(some) >= least
        begin = np.zeros(len(enough), dtype=np.int64)
        begin[some[::-1]] = place[::-1]
        rank = np.where(enough, np.cumsum(enough) - 1, -1).astype(np.int32)
        return begin[enough], rank[some]
    kept, seen_at, number = np.unique(some, return_index=True, return_inverse=True)
    enough = np.bincount(number, minlength=len(kept)) >= least
    rank = np.where(enough, np.cumsum(enough) - 1, -1).astype(np.int32)
    return place[seen_at[enough]], rank[number]


def _in_order(at: list[NDArray[np.int32]], first: list[NDArray[np.int64]]) -> NGrams:
    """Number the n-grams of all sizes by first appearance."""
    size = np.repeat(np.arange(1, len(first) + 1), [len(x) for x in first])
    begin = np.concatenate(first)
    order = np.lexsort((size, begin))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order))
    offset = 0
    for found, here in zip(at, first, strict=True):
        found[found >= 0] = rank[offset + found[found >= 0]]
        offset += len(here)
    return NGrams(at, begin[order], size[order])


def presence(grams: NGrams, start: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Count n-grams by text.

    ``indptr``, ``indices`` and ``data`` of the matrix of texts by n-grams: how often each occurs. Columns rise.

    >>> there = np.ones(4, dtype=bool)
    >>> grams = count_ngrams(np.array([5, 6, 5, 6]), there, there, 1, 2)
    >>> [x.tolist() for x in presence(grams, np.array([0, 3, 4]))]
    [[0, 2, 3], [0, 1, 1], [2, 1, 1]]
    """
    indices, data, size = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros(1, np.int64)]
    wide = len(grams.first)
    for block in range(0, len(start) - 1, _BLOCK):
        edges = start[block : block + _BLOCK + 1]
        owner = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
        parts = []
        for found in grams.at:
            here = found[edges[0] : edges[-1]]
            there = here >= 0
            parts.append(owner[there] * wide + here[there])
        cell, count = np.unique(np.concatenate(parts), return_counts=True)
        indices.append((cell % max(1, wide)).astype(np.int32))
        data.append(count.astype(np.int32))
        size.append(np.bincount(cell // max(1, wide), minlength=len(edges) - 1))
    return np.cumsum(np.concatenate(size)), np.concatenate(indices), np.concatenate(data)


def top(value: NDArray[Any], most: int) -> NDArray[np.int64]:
    """Give the places of the largest values.

    >>> top(np.array([3, 1, 2]), 2).tolist()
    [0, 2]
    """
    if len(value) <= most:
        return np.arange(len(value))
    return np.sort(np.argpartition(-value, most - 1)[:most])


def largest(value: NDArray[Any], row: NDArray[Any], most: int) -> NDArray[np.int64]:
    """Give the places of the largest values of each row.

    >>> largest(np.array([3, 1, 2, 5]), np.array([0, 0, 0, 7]), 2).tolist()
    [0, 2, 3]
    """
    edges = [*np.flatnonzero(np.diff(row, prepend=-1)).tolist(), len(row)]
    best = [a + top(value[a:b], most) for a, b in pairwise(edges)]
    return np.concatenate([np.zeros(0, np.int64), *best])
