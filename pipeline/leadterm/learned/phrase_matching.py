"""Finding many phrases in texts at once, as bags of stems with small gaps, on arrays.

The search for a phrase starts at its rarest word and takes the nearest occurrence of each other word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.ngrams import FlatTexts

__all__ = ["SLACK", "Evidence", "Found", "Matcher", "PairCounts", "count_pairs"]

SLACK = 3
_BLOCK = 500
_FAR = 1 << 40
Evidence = Sequence[tuple[int, tuple[int, ...]]]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Occurrences of phrases.

    ``words``: word positions, rising, after as many -1 as the phrase is shorter than the longest one. ``gap``: words
    between the first and the last that are not part of the phrase. ``ordered``: whether the words stand in the order
    of the phrase.
    """

    phrase: Ints
    words: Ints
    size: Ints
    gap: Ints
    ordered: NDArray[np.bool_]


@dataclass(frozen=True)
class Matcher:
    """Phrases, ready to be found.

    ``anchor``: word of each phrase where the search for it starts.

    >>> matcher = Matcher((("renal", "mass"),), ("mass",))
    >>> found = matcher.find(matcher.numbers(["mass", "left", "renal"]), np.arange(3), np.zeros(3, int))
    >>> found.words.tolist(), found.gap.tolist(), found.ordered.tolist()
    ([[0, 2]], [1], [False])
    """

    phrases: tuple[tuple[str, ...], ...]
    anchor: tuple[str, ...]

    @cached_property
    def word_number(self) -> Mapping[str, int]:
        """Numbers of the words that occur in phrases."""
        return {word: i for i, word in enumerate(dict.fromkeys(w for phrase in self.phrases for w in phrase))}

    @cached_property
    def size(self) -> Ints:
        """Words of each phrase."""
        return np.array([len(phrase) for phrase in self.phrases], dtype=np.int64)

    @cached_property
    def words(self) -> Ints:
        """Phrases by places: word numbers, -1 after the last."""
        out = np.full((len(self.phrases), int(self.size.max(initial=1))), -1, dtype=np.int64)
        flat = [self.word_number[word] for phrase in self.phrases for word in phrase]
        out[np.arange(out.shape[1]) < self.size[:, None]] = flat
        return out

    @cached_property
    def at_anchor(self) -> tuple[Ints, Ints]:
        """Where the phrases of each anchor word begin, and the phrases."""
        word = np.array([self.word_number[word] for word in self.anchor], dtype=np.int64)
        start = np.searchsorted(np.sort(word), np.arange(len(self.word_number) + 1))
        return start, np.argsort(word, kind="stable")

    def numbers(self, words: Iterable[str]) -> Ints:
        """Give the numbers of words; -1 for a word of no phrase."""
        number = self.word_number
        return np.array([number.get(word, -1) for word in words], dtype=np.int64)

    def find(self, words: Ints, place: Ints, sentence: NDArray[Any]) -> Found:
        """Find all phrases.

        ``place``: rising; words of two texts must be farther apart than words of one phrase may be.
        """
        start, phrases = self.at_anchor
        here = np.flatnonzero(words >= 0)
        count = (start[1:] - start[:-1])[words[here]]
        at = np.repeat(here, count)
        inside = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
        phrase = phrases[start[words[at]] + inside]
        together = _Together(words[here], sentence[here])
        for k in range(self.words.shape[1]):
            good = together(self.words[phrase, k], sentence[at])
            at, phrase = at[good], phrase[good]
        nearest = _Nearest(words[here], here, place)
        chosen = np.full((len(at), self.words.shape[1]), -1, dtype=np.int64)
        for k in range(chosen.shape[1]):
            wanted = self.words[phrase, k]
            some = np.flatnonzero(wanted >= 0)
            if not len(some):
                break
            near, far = nearest(wanted[some], place[at[some]])
            bad = (far >= self.size[phrase[some]] + SLACK) | (sentence[near] != sentence[at[some]])
            chosen[some, k] = place[near]
            if bad.any():
                alive = np.ones(len(at), dtype=bool)
                alive[some[bad]] = False
                at, phrase, chosen = at[alive], phrase[alive], chosen[alive]
        return self._measured(phrase, chosen)

    def _measured(self, phrase: Ints, chosen: Ints) -> Found:
        """Leave out what has too wide a gap."""
        size, rising = self.size[phrase], np.sort(chosen, axis=1)
        width = rising.shape[1]
        first = rising[np.arange(len(size)), width - size]
        gap = rising[:, -1] - first + 1 - size
        there = chosen[:, 1:] >= 0
        ordered = ((chosen[:, 1:] > chosen[:, :-1]) | ~there).all(axis=1)
        good = gap <= SLACK
        return Found(phrase[good], rising[good], size[good], gap[good], ordered[good])


class _Together:
    """Whether a word may occur in a sentence: a table of bits that never denies a word that is there."""

    def __init__(self, words: Ints, sentence: NDArray[Any]) -> None:
        self.bits = max(10, int(64 * len(words)).bit_length())
        self.table = np.zeros(1 << self.bits, dtype=bool)
        self.table[self._cell(words, sentence)] = True

    def _cell(self, words: Ints, sentence: NDArray[Any]) -> NDArray[Any]:
        mixed = words.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + sentence.astype(np.uint64)
        return (mixed * np.uint64(0xBF58476D1CE4E5B9)) >> np.uint64(64 - self.bits)

    def __call__(self, words: Ints, sentence: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray((words < 0) | self.table[self._cell(words, sentence)])


class _Nearest:
    """The occurrence of a word that is nearest to a place."""

    def __init__(self, words: Ints, index: Ints, place: Ints) -> None:
        self.span = int(place.max(initial=0)) + 1
        key = words * self.span + place[index]
        order = np.argsort(key, kind="stable")
        none = np.array([-1])
        self.key = np.concatenate([none * 4 * self.span, key[order], none + np.iinfo(np.int64).max])
        self.index = np.concatenate([none, index[order], none])

    def __call__(self, word: Ints, place: Ints) -> tuple[Ints, Ints]:
        """Index and distance; the earlier of two; very far where the word is not there."""
        wanted = word * self.span + place
        after = np.searchsorted(self.key, wanted)
        left, right = wanted - self.key[after - 1], self.key[after] - wanted
        left = np.where(self.key[after - 1] >= word * self.span, left, _FAR)
        right = np.where(self.key[after] < (word + 1) * self.span, right, _FAR)
        earlier = left <= right
        return self.index[np.where(earlier, after - 1, after)], np.where(earlier, left, right)


@dataclass(frozen=True)
class PairCounts:
    """How phrases and codes occur together in training texts.

    ``phrase``, ``code``: pairs of which one was evidence of the other, sorted. ``here``: texts where an occurrence of
    the phrase was evidence of the code. ``both``: texts that hold the phrase and have the code.
    """

    seen: Ints
    phrase: Ints
    code: Ints
    here: Ints
    both: Ints


def count_pairs(
    matcher: Matcher,
    texts: FlatTexts,
    codes: Sequence[frozenset[int]],
    evidence: Sequence[Evidence],
    linked: Iterable[tuple[int, int]],
) -> PairCounts:
    """Count phrases and codes in training texts.

    An occurrence is evidence if it shares half of the words with the evidence. ``linked``: pairs to be counted even
    where no occurrence counts as evidence.

    >>> from leadterm.learned.ngrams import flatten
    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> texts = flatten([tokenise(Encounter("e", (Note("n", "acute gout"),)))])
    >>> counts = count_pairs(Matcher((("gout",),), ("gout",)), texts, [frozenset({7})], [[(7, (1,))]], [])
    >>> counts.code.tolist(), counts.here.tolist(), counts.both.tolist()
    ([7], [1], [1])
    """
    wide = 1 + max((c for row in codes for c in row), default=0)
    wide = max(wide, 1 + max((c for rows in evidence for c, _ in rows), default=0))
    met, hits = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    n, many = len(matcher.phrases), len(texts.start) - 1
    words = matcher.numbers(texts.vocabulary)
    for start in range(0, many, _BLOCK):
        edges = texts.start[start : start + _BLOCK + 1]
        found, text = _find_in(matcher, words, texts, edges)
        met.append(np.unique((start + text) * n + found.phrase))
        hits.append(_evident(found, text, evidence[start : start + _BLOCK], edges, wide))
    told = np.array([p * wide + c for p, c in linked], dtype=np.int64)
    where_evident = np.concatenate(hits)
    pairs = np.unique(np.concatenate([told, where_evident]))
    here = np.bincount(np.searchsorted(pairs, where_evident), minlength=len(pairs))
    seen = np.bincount(np.concatenate(met) % max(1, n), minlength=n)
    both = np.zeros(len(pairs), dtype=np.int64)
    for start, cells in zip(range(0, many, _BLOCK), met[1:], strict=True):
        both += _together(pairs, cells // n, cells % n, codes[start : start + _BLOCK], start, wide)
    return PairCounts(seen, pairs // wide, pairs % wide, here, both)


def _find_in(matcher: Matcher, words: Ints, flat: FlatTexts, edges: Ints) -> tuple[Found, Ints]:
    """Occurrences in a block of texts, and the text of each; places leave room between texts."""
    text = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    place = np.arange(len(text)) + (matcher.words.shape[1] + SLACK) * text
    here = slice(edges[0], edges[-1])
    found = matcher.find(words[flat.words[here]], place, flat.sentence[here])
    return found, text[np.searchsorted(place, found.words[:, -1])] if len(place) else found.phrase


def _evident(found: Found, text: Ints, evidence: Sequence[Evidence], edges: Ints, wide: int) -> Ints:
    """Phrase and code, as one number, for each text where an occurrence shares half of its words with evidence."""
    begin = edges - edges[0] + (found.words.shape[1] + SLACK) * np.arange(len(edges))
    rows = [(i, code, set(at)) for i, entries in enumerate(evidence) for code, at in entries if at]
    size = np.array([len(at) for _, _, at in rows], dtype=np.int64)
    code = np.array([c for _, c, _ in rows], dtype=np.int64)
    place = np.array([begin[i] + p for i, _, at in rows for p in at], dtype=np.int64)
    order = np.argsort(place, kind="stable")
    entry, place = np.repeat(np.arange(len(rows)), size)[order], place[order]
    match, column = np.nonzero(found.words >= 0)
    at = found.words[match, column]
    low, high = np.searchsorted(place, at), np.searchsorted(place, at, side="right")
    count = high - low
    owner = np.repeat(match, count)
    other = entry[np.repeat(low, count) + np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)]
    joint, shared = np.unique(owner * max(1, len(rows)) + other, return_counts=True)
    owner, other = joint // max(1, len(rows)), joint % max(1, len(rows))
    half = 2 * shared >= found.size[owner] + size[other] - shared
    owner, other = owner[half], other[half]
    phrases = int(found.phrase.max(initial=0)) + 1
    cell = np.unique((text[owner] * phrases + found.phrase[owner]) * wide + code[other])
    return np.asarray(cell % (phrases * wide))


def _together(pairs: Ints, text: Ints, phrase: Ints, codes: Sequence[frozenset[int]], first: int, wide: int) -> Ints:
    """For each pair the texts of a block that hold the phrase and have the code."""
    given = np.sort(np.array([(first + i) * wide + c for i, row in enumerate(codes) for c in row], dtype=np.int64))
    low, high = np.searchsorted(pairs, phrase * wide), np.searchsorted(pairs, (phrase + 1) * wide)
    count = high - low
    owner = np.repeat(np.arange(len(phrase)), count)
    pair = np.repeat(low, count) + np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    asked = text[owner] * wide + pairs[pair] % wide
    place = np.minimum(np.searchsorted(given, asked), max(0, len(given) - 1))
    right = given[place] == asked if len(given) else np.zeros(len(asked), dtype=bool)
    return np.asarray(np.bincount(pair[right], minlength=len(pairs)))
