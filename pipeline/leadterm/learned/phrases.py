"""Phrases that stood for codes in coded notes, what they stood for, and where they occur in a text.

A phrase is a bag of stems: it matches in any word order and with a few words between. For each
phrase and code the lexicon counts the texts where the phrase itself was the code's evidence and
those where the code was given at all; with a little shrinkage these are P(code | phrase).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from leadterm.learned.ngrams import FlatTexts
from leadterm.learned.phrase_matching import Evidence, Matcher, PairCounts, count_pairs
from leadterm.learned.tokens import CONTEXTS, Tokens
from leadterm.ranking.candidate_table import Block, Mentions, group_max

__all__ = ["FEATURES", "Lexicon", "Match", "build_lexicon", "find_matches", "lexicon_block"]

_ALPHA, _BETA = 0.1, 0.8
_AS_GOOD = 0.5
_MOST_CODES = 300
FEATURES = (
    "phrase_p_here", "phrase_p_text", "phrase_p_here_any", "phrase_p_text_any", "phrase_p_here_sum", "phrase_matches",
    "phrase_kinds", "phrase_free", "phrase_p_free", "phrase_p_affirmed", "phrase_words", "phrase_gap",
    "phrase_ordered", "phrase_negation", "phrase_family", "phrase_history", "phrase_possible", "phrase_covered",
    "phrase_position", "phrase_evidence", "phrase_texts", "phrase_share", "phrase_codes", "phrase_idf",
    "phrase_rank", "phrase_rival", "phrase_lead", "phrase_pair_evidence", "phrase_pair_texts",
    "phrase_negated_share", "phrase_p_concluded", "phrase_p_told",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """One occurrence of a phrase.

    ``gap``: words between the first and the last that are not part of the phrase. ``ordered``: whether the words
    stand in the order of the phrase.
    """

    phrase: int
    positions: tuple[int, ...]
    gap: int
    ordered: bool


@dataclass(frozen=True)
class Lexicon:
    """Phrases and their counts.

    ``phrases``: stems of each phrase, in order, each once. ``idf``: sum of the words' log inverse text frequency.
    ``texts``, ``evidence``: training texts with the phrase; times it was evidence. ``start``: where the pairs of each
    phrase begin. ``code``, ``here``, ``text``, ``own``: code of the pair; texts where an occurrence was evidence of
    it; texts with both; times the very phrase was evidence. ``anchor``: rarest word of each phrase: where the search
    for it starts.
    """

    phrases: tuple[tuple[str, ...], ...]
    idf: NDArray[Any]
    texts: NDArray[Any]
    evidence: NDArray[Any]
    start: NDArray[Any]
    code: NDArray[Any]
    here: NDArray[Any]
    text: NDArray[Any]
    own: NDArray[Any]
    anchor: tuple[str, ...]

    @cached_property
    def matcher(self) -> Matcher:
        """The phrases, ready to be found."""
        return Matcher(self.phrases, self.anchor)

    def pairs_of(self, phrases: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give (index into ``phrases``, pair number) for all pairs of some phrases."""
        count = self.start[phrases + 1] - self.start[phrases]
        owner = np.repeat(np.arange(len(phrases)), count)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
        return owner, self.start[phrases][owner] + offset


def build_lexicon(texts: FlatTexts, codes: Sequence[frozenset[int]], evidence: Sequence[Evidence]) -> Lexicon:
    """Count phrases and codes in training texts.

    Phrases in order of first appearance.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> from leadterm.learned.ngrams import flatten
    >>> t = tokenise(Encounter("e", (Note("n", "acute gout"),)))
    >>> build_lexicon(flatten([t]), [frozenset({7})], [[(7, (0, 1))]]).phrases
    (('acute', 'gout'),)
    """
    number: dict[tuple[int, ...], int] = {}
    own: Counter[tuple[int, int]] = Counter()
    vocabulary, frequency = texts.vocabulary, texts.frequency.tolist()
    for start, rows in zip(texts.start.tolist(), evidence, strict=False):
        for code, positions in rows:
            phrase = tuple(dict.fromkeys(texts.words[start + np.array(positions, dtype=np.int64)].tolist()))
            if phrase:
                own[number.setdefault(phrase, len(number)), code] += 1
    phrases = tuple(tuple(vocabulary[w] for w in p) for p in number)
    anchor = tuple(vocabulary[min(p, key=lambda w: (frequency[w], vocabulary[w]))] for p in number)
    rarity = np.log((len(texts.start) - 1) / texts.frequency)
    idf = np.array([sum(rarity[list(p)]) for p in number], dtype=np.float32)
    counts = count_pairs(Matcher(phrases, anchor), texts, codes, evidence, own)
    return _assemble(phrases, anchor, idf, own, counts)


def _assemble(
    phrases: tuple[tuple[str, ...], ...],
    anchor: tuple[str, ...],
    idf: NDArray[Any],
    own: Mapping[tuple[int, int], int],
    counts: PairCounts,
) -> Lexicon:
    """Lay the counts out as arrays."""
    pairs = zip(counts.phrase.tolist(), counts.code.tolist(), strict=True)
    of_own = np.array([own.get(pair, 0) for pair in pairs], dtype=np.float32)
    evidence = np.bincount(counts.phrase, of_own, len(phrases)).astype(np.float32)
    start = np.searchsorted(counts.phrase, np.arange(len(phrases) + 1))
    here, both, seen = (x.astype(np.float32) for x in (counts.here, counts.both, counts.seen))
    return Lexicon(phrases, idf, seen, evidence, start, counts.code.astype(np.int32), here, both, of_own, anchor)


def find_matches(lexicon: Lexicon, tokens: Tokens) -> list[Match]:
    """Find every phrase of a lexicon in a text.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> from leadterm.learned.ngrams import flatten
    >>> said = [tokenise(Encounter("e", (Note("n", t),))) for t in ("renal mass", "mass of the left renal pole")]
    >>> lexicon = build_lexicon(flatten(said[:1]), [frozenset({0})], [[(0, (0, 1))]])
    >>> find_matches(lexicon, said[1])
    [Match(phrase=0, positions=(0, 2), gap=1, ordered=False)]
    """
    matcher = lexicon.matcher
    found = matcher.find(matcher.numbers(tokens.words), np.arange(len(tokens.words)), tokens.sentence)
    skip = found.words.shape[1] - found.size
    columns = (found.phrase.tolist(), found.words.tolist(), skip.tolist(), found.gap.tolist(), found.ordered.tolist())
    matches = [Match(p, tuple(words[a:]), gap, order) for p, words, a, gap, order in zip(*columns, strict=True)]
    return sorted(matches, key=lambda m: (m.positions, m.phrase))


def lexicon_block(
    lexicon: Lexicon, tokens: Tokens, matches: Sequence[Match], *, mentions: bool = True
) -> Block:
    """Describe each code that a matched phrase may stand for.

    With the columns :data:`FEATURES`; mentions are the matches that speak for the code half as well as the best.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> from leadterm.learned.ngrams import flatten
    >>> t = tokenise(Encounter("e", (Note("n", "gout"),)))
    >>> lexicon = build_lexicon(flatten([t]), [frozenset({0})], [[(0, (0,))]])
    >>> block = lexicon_block(lexicon, t, find_matches(lexicon, t))
    >>> block.codes.tolist(), block.where
    ([0], (((0,),),))
    """
    if not matches:
        return Block.empty(FEATURES)
    grid = _Grid(lexicon, tokens, matches)
    best = grid.best()
    where = [grid.mentions(j, i) for j, i in enumerate(best.tolist())] if mentions else [()] * len(best)
    return Block(FEATURES, grid.codes, grid.describe(best), tuple(where))


def _positions(matches: Sequence[Match]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the match and the word position of every matched word."""
    owner = np.repeat(np.arange(len(matches)), [len(m.positions) for m in matches])
    return owner, np.array([i for m in matches for i in m.positions], dtype=np.int64)


class _Grid:
    """Matches by codes: the probabilities the features are taken from."""

    def __init__(self, lexicon: Lexicon, tokens: Tokens, matches: Sequence[Match]) -> None:
        self.lexicon, self.tokens, self.matches = lexicon, tokens, matches
        self.phrase = np.array([m.phrase for m in matches])
        owner, pair = lexicon.pairs_of(self.phrase)
        self.linked = np.bincount(owner, minlength=len(matches))
        self.total = np.maximum(np.bincount(owner, lexicon.here[pair], len(matches)), 1)
        owner, pair = self._likely(owner, pair)
        self.codes, column = np.unique(lexicon.code[pair].astype(np.int64), return_inverse=True)
        shape = (len(matches), len(self.codes))
        self.pair = np.full(shape, -1)
        self.pair[owner, column] = pair
        self.here, self.text = np.zeros(shape), np.zeros(shape)
        texts = lexicon.texts[self.phrase[owner]] + _BETA
        self.here[owner, column] = (lexicon.here[pair] + _ALPHA) / texts
        self.text[owner, column] = (lexicon.text[pair] + _ALPHA) / texts
        owner, place = _positions(matches)
        self.context = np.maximum.reduceat(tokens.context[place], np.flatnonzero(np.diff(owner, prepend=-1)))
        self.concluded = tokens.concluded[[m.positions[0] for m in matches]]
        self.size = np.bincount(owner, minlength=len(matches)).astype(np.float32)
        self._overlap(owner, place)
        order = np.argsort(-self.here.max(axis=0), kind="stable")
        self.rank = np.argsort(order, kind="stable")

    def _likely(
        self, owner: NDArray[np.int64], pair: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of very many codes, leave those that some match speaks most for."""
        codes, group = np.unique(self.lexicon.code[pair], return_inverse=True)
        if len(codes) <= _MOST_CODES:
            return owner, pair
        here = (self.lexicon.here[pair] + _ALPHA) / (self.lexicon.texts[self.phrase[owner]] + _BETA)
        best = np.argsort(-group_max(here, group, len(codes)), kind="stable")[:_MOST_CODES]
        some = np.isin(group, best)
        return owner[some], pair[some]

    def _overlap(self, owner: NDArray[np.int64], place: NDArray[np.int64]) -> None:
        """Find which matches share words, and which have all their words within a longer one.

        Sparse, for in a long note each match shares words with few others.
        """
        ones = np.ones(len(owner), dtype=np.float32)
        words = csr_array((ones, (owner, place)), shape=(len(self.matches), len(self.tokens.words)))
        shared = (words @ words.T).tocoo()
        row, column = shared.row, shared.col
        within = (shared.data == self.size[row]) & (self.size[column] > self.size[row])
        self.covered = np.zeros(len(self.matches), dtype=np.bool_)
        self.covered[row[within]] = True
        order = np.argsort(row, kind="stable")
        self.sharing = np.split(column[order], np.searchsorted(row[order], np.arange(1, len(self.matches))))

    def mentions(self, j: int, best: int) -> Mentions:
        """Matches that speak for a code about as well as the best one does; no word serves twice."""
        here = self.here[:, j]
        good = [i for i in np.flatnonzero(here >= _AS_GOOD * here[best]).tolist() if not self.covered[i]]
        chosen, used = [best], set(self.matches[best].positions)
        for i in sorted(good, key=lambda i: (-here[i], -self.size[i], i)):
            if used.isdisjoint(self.matches[i].positions):
                chosen.append(i)
                used.update(self.matches[i].positions)
        return tuple(self.matches[i].positions for i in chosen)

    def best(self) -> NDArray[np.int64]:
        """The match that speaks most for each code."""
        value = self.here * (1 - 0.3 * self.covered)[:, None] + 1e-4 * self.size[:, None]
        return np.asarray(np.argmax(np.where(self.here > 0, value, -1.0), axis=0))

    def describe(self, best: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features of every code."""
        here, text, lexicon, at = self.here, self.text, self.lexicon, np.arange(len(best))
        on = here > 0
        negated = self.context[:, CONTEXTS.index("negation")]
        affirmed, concluded = here * (1 - negated)[:, None], self.concluded[:, None]
        free, count = ~self.covered, on.sum(axis=0)
        phrase, pair, rival = self.phrase[best], self.pair[best, at], self._rival(best)
        gap = np.array([m.gap for m in self.matches])[best]
        ordered = np.array([m.ordered for m in self.matches])[best]
        first = np.array([m.positions[0] for m in self.matches])[best]
        kinds = np.unique(np.stack([np.nonzero(on)[1], self.phrase[np.nonzero(on)[0]]]), axis=1)[0]
        columns = [
            here.max(axis=0), text.max(axis=0), 1 - np.prod(1 - np.minimum(here, 0.999), axis=0),
            1 - np.prod(1 - np.minimum(text, 0.999), axis=0), here.sum(axis=0), count,
            np.bincount(kinds, minlength=len(best)), (on & free[:, None]).sum(axis=0),
            (here * free[:, None]).max(axis=0), affirmed.max(axis=0), self.size[best],
            gap, ordered, *self.context[best].T, self.covered[best], first / len(self.tokens.words),
            lexicon.evidence[phrase],
            lexicon.texts[phrase], lexicon.here[pair] / self.total[best], self.linked[best], lexicon.idf[phrase],
            self.rank, rival, here[best, at] - rival, lexicon.own[pair], lexicon.text[pair],
            (on * negated[:, None]).sum(axis=0) / count, (affirmed * concluded).max(axis=0),
            (affirmed * (1 - concluded)).max(axis=0),
        ]  # fmt: skip
        return np.asarray(np.stack(columns, axis=1), dtype=np.float32)

    def _rival(self, best: NDArray[np.int64]) -> NDArray[np.float64]:
        """Largest probability that a match overlapping a code's best one gives another code."""
        if len(best) < 2:
            return np.zeros(len(best))
        around = {i: self.here[self.sharing[i]].max(axis=0) for i in set(best.tolist())}
        nearby = np.stack([around[i] for i in best.tolist()])
        np.fill_diagonal(nearby, 0.0)
        return np.asarray(nearby.max(axis=1))
