"""Phrases that resemble the words of a text, though not the same: other endings, misspellings, a word more or less.

A word is a vector of itself, of its character n-grams and of the English words it stands for (so that synonyms
meet), weighted by how rare the word is; a phrase or a window of words is the sum. Resemblance is the cosine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.phrases import Lexicon, Match
from leadterm.learned.tokens import CONTEXTS, Tokens
from leadterm.learned.windows import LEAST, LONGEST, Line, windows_of
from leadterm.ranking.candidate_table import Block, group_max
from leadterm.text.words.languages import sense

__all__ = ["FEATURES", "PhraseIndex", "Similar", "build_index", "find_similar", "fuzzy_block"]

FEATURES = (
    "similar_max", "similar_vote", "similar_cosine", "similar_words", "similar_window", "similar_negation",
    "similar_position", "similar_matched", "similar_phrases", "similar_evidence", "similar_rival",
    "similar_vote_free", "similar_vote_sum", "similar_category", "similar_purity", "similar_windows",
)  # fmt: skip
_CHAR_SHARE, _SENSE_SHARE = 0.5, 0.5
_SIZES = (3, 4)
_SHARPNESS = 12.0
_SMALL = 0.15
_REMEMBERED = 50_000
_AT_ONCE = 500
_MOST_CODES = 300


@dataclass(frozen=True)
class PhraseIndex:
    """Vectors of phrases.

    ``parts``: vector coordinates: ``=word``, ``~sense`` or a character n-gram. ``language``: of the phrases: decides
    which words are synonyms. ``indptr``, ``indices``, ``data``: phrases by coordinates, compressed sparse rows of
    unit length.
    """

    parts: tuple[str, ...]
    words: tuple[str, ...]
    counts: NDArray[Any]
    n_texts: int
    language: str
    indptr: NDArray[Any]
    indices: NDArray[Any]
    data: NDArray[Any]

    @cached_property
    def part_number(self) -> Mapping[str, int]:
        """Coordinate by name."""
        return {part: i for i, part in enumerate(self.parts)}

    @cached_property
    def word_count(self) -> Mapping[str, int]:
        """Training texts by word."""
        return dict(zip(self.words, self.counts.tolist(), strict=True))

    @cached_property
    def vectors(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Vectors of the words met so far, to be found faster the next time."""
        return {}

    @cached_property
    def near(self) -> dict[str, NDArray[np.int64]]:
        """Phrases that the words met so far may make a window resemble."""
        return {}

    @cached_property
    def rows(self) -> Any:
        """Phrases by coordinates, sparse."""
        from scipy.sparse import csr_matrix

        shape = (len(self.indptr) - 1, len(self.parts))
        return csr_matrix((self.data, self.indices, self.indptr), shape=shape)

    @cached_property
    def columns(self) -> Any:
        """Coordinates by phrases, sparse."""
        return self.rows.T.tocsr()


@dataclass(frozen=True)
class Similar:
    """Windows of a text and the phrases they resemble.

    ``first``, ``size``: first word position and number of words of each window.
    """

    first: NDArray[np.int64]
    size: NDArray[np.int64]
    window: NDArray[np.int64]
    phrase: NDArray[np.int64]
    cosine: NDArray[np.float64]


def build_index(
    phrases: Sequence[tuple[str, ...]], counts: Mapping[str, int], n_texts: int, language: str = "en"
) -> PhraseIndex:
    """Make the vectors of phrases.

    >>> len(build_index([("gout",)], {"gout": 1}, 2).parts)
    8
    """
    from scipy.sparse import csr_matrix

    number: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for i, phrase in enumerate(phrases):
        for word in phrase:
            parts = _parts(word, language)
            weight = _idf(counts.get(word, 0), n_texts)
            rows += [i] * len(parts)
            columns += [number.setdefault(part, len(number)) for part, _ in parts]
            values += [weight * value for _, value in parts]
    matrix = csr_matrix((values, (rows, columns)), shape=(len(phrases), len(number)), dtype=np.float32)
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(np.maximum(length, 1e-9), np.diff(matrix.indptr)).astype(np.float32)
    words = tuple(sorted(counts))
    return PhraseIndex(
        tuple(number), words, np.array([counts[w] for w in words], dtype=np.int32), n_texts, language,
        matrix.indptr, matrix.indices, matrix.data,
    )  # fmt: skip


def find_similar(index: PhraseIndex, tokens: Tokens) -> Similar:
    """Find phrases whose cosine with some window of a text is one half at least.

    Windows of one to six words of one sentence.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> index = build_index([("pyelonephritis",)], {"pyelonephritis": 1}, 2)
    >>> found = find_similar(index, tokenise(Encounter("e", (Note("n", "acute pyelonephritis"),))))
    >>> bool(found.cosine[0] > 0.5)
    True
    """
    first, size = windows_of(tokens)
    words, at = np.unique(np.array(tokens.words, dtype=str), return_inverse=True)
    at = at.reshape(-1)
    near = _near(index, words.tolist()) if len(first) and len(index.indptr) > 1 else []
    count = np.array([len(x) for x in near], dtype=np.int64)[at] if near else np.zeros(len(at), np.int64)
    if not count.any():
        none = np.zeros(0, dtype=np.int64)
        return Similar(first, size, none, none, np.zeros(0))
    phrase, middle = np.concatenate([near[w] for w in at.tolist()]), np.repeat(np.arange(len(at)), count)
    active, column = np.unique(phrase, return_inverse=True)
    vectors, known = _vectors(index, words.tolist())
    shared = (known @ index.rows[active].T).toarray()
    shared[shared < _SMALL] = 0
    line = Line(at, tokens.sentence, (vectors @ vectors.T).toarray())
    middle, column = line.promising(middle, column.reshape(-1), shared)
    cells = [line.around(middle, column, shared, back) for back in range(LONGEST)]
    start, width, of, cosine = (np.concatenate(x) for x in zip(*cells, strict=True))
    number = np.full((LONGEST + 1, len(at)), -1, dtype=np.int64)
    number[size, first] = np.arange(len(first))
    window = number[width, start]
    _, one = np.unique(window * len(active) + of, return_index=True)
    return Similar(first, size, window[one], active[of[one]], cosine[one])


def fuzzy_block(
    lexicon: Lexicon, similar: Similar, tokens: Tokens, matches: Sequence[Match], categories: NDArray[np.int64]
) -> Block:
    """Describe each code that a similar phrase stood for.

    With the columns :data:`FEATURES`; the one mention is the best window. ``matches``: exact matches, which already
    explain their words.
    """
    owner, pair = lexicon.pairs_of(similar.phrase)
    own = lexicon.own[pair]
    owner, pair = owner[own > 0], pair[own > 0]
    if not len(owner):
        return Block.empty(FEATURES)
    window, phrase, cosine = similar.window[owner], similar.phrase[owner], similar.cosine[owner]
    own = lexicon.own[pair].astype(np.float64)
    weight = np.exp(_SHARPNESS * (cosine - 1)) * np.sqrt(own)
    total = np.bincount(window, weight, len(similar.first)) + 0.05
    cells, cell = np.unique(window * len(categories) + lexicon.code[pair], return_inverse=True)
    at, code = cells // len(categories), cells % len(categories)
    vote, nearest = np.bincount(cell, weight) / total[at], group_max(cosine, cell, len(cells))
    score = vote * nearest
    _, kin = np.unique(at * (int(categories.max()) + 1) + categories[code], return_inverse=True)
    purity = np.clip((lexicon.here[pair] + 0.3) / (lexicon.texts[phrase] + 0.8), 0, 1)
    order = np.lexsort((-purity, -cosine, cell))
    best = order[np.searchsorted(cell[order], np.arange(len(cells)))]
    matched, negated = _window_facts(similar, tokens, matches)
    rival = group_max(score, at, len(similar.first))[at] - score
    words = np.array([len(lexicon.phrases[p]) for p in phrase[best].tolist()], dtype=np.float64)
    position = similar.first[at] / len(tokens.words)
    count = np.bincount(cell).astype(np.float64)
    columns = (nearest, words, similar.size[at], negated[at], position, matched[at], count, own[best], rival)
    facts: NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64)
    kin_vote: NDArray[np.float64] = np.bincount(kin, vote)[kin].astype(np.float64)
    return _by_code(similar, at, code, vote, nearest, facts, kin_vote, purity[best])


def _by_code(
    similar: Similar,
    at: NDArray[np.int64],
    code: NDArray[np.int64],
    vote: NDArray[np.float64],
    nearest: NDArray[np.float64],
    facts: NDArray[np.float64],
    category: NDArray[np.float64],
    purity: NDArray[np.float64],
) -> Block:
    """Take, for each code, its best window, and sums over all windows; of very many codes, the most similar."""
    score = vote * nearest
    codes, group = np.unique(code, return_inverse=True)
    if len(codes) > _MOST_CODES:
        best = np.argsort(-group_max(score, group, len(codes)), kind="stable")[:_MOST_CODES]
        some = np.isin(group, best)
        rest = (at[some], code[some], vote[some], nearest[some], facts[some], category[some], purity[some])
        return _by_code(similar, *rest)
    order = np.lexsort((-score, group))
    top = order[np.searchsorted(group[order], np.arange(len(codes)))]
    free = group_max(score * (1 - facts[:, 5]), group, len(codes))
    features = np.column_stack([
        group_max(nearest, group, len(codes)), vote[top], facts[top], free,
        np.log1p(np.bincount(group, score)), category[top], purity[top], np.bincount(group),
    ])  # fmt: skip
    first, size = similar.first[at[top]].tolist(), similar.size[at[top]].tolist()
    where = tuple((tuple(range(a, a + n)),) for a, n in zip(first, size, strict=True))
    return Block(FEATURES, codes, features.astype(np.float32), where)


def _window_facts(
    similar: Similar, tokens: Tokens, matches: Sequence[Match]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of each window's words that exact matches explain, and whether one of its words is negated."""
    explained = np.zeros(len(tokens.words) + 1)
    for match in matches:
        explained[[i + 1 for i in match.positions]] = 1
    negated = np.concatenate([[0], tokens.context[:, CONTEXTS.index("negation")]])
    end = similar.first + similar.size
    of_match, of_negation = (np.cumsum(x)[end] - np.cumsum(x)[similar.first] for x in (explained, negated))
    return of_match / similar.size, (of_negation > 0).astype(np.float64)


@lru_cache(maxsize=20_000)
def _parts(word: str, language: str) -> list[tuple[str, float]]:
    """Coordinates of a word and their weights; the squares add up to 1."""
    meant = sense(word, language)
    own = 1 - _SENSE_SHARE if meant else 1.0
    senses = [(f"~{other}", float(np.sqrt((1 - own) / len(meant)))) for other in meant]
    padded = f"^{word}$"
    grams = [] if word.isdigit() else [padded[i : i + n] for n in _SIZES for i in range(len(padded) - n + 1)]
    if not grams:
        return [(f"={word}", float(np.sqrt(own))), *senses]
    each = float(np.sqrt(own * _CHAR_SHARE / len(grams)))
    return [(f"={word}", float(np.sqrt(own * (1 - _CHAR_SHARE)))), *((gram, each) for gram in grams), *senses]


def _idf(count: int, n_texts: int) -> float:
    return float(np.log(1 + n_texts / (count + 0.5)))


def _near(index: PhraseIndex, words: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each word the phrases near enough to it for a window that holds it to resemble them.

    By Cauchy's inequality one word of a window of six must be as near to the phrase as the least cosine
    of the window over the root of six.
    """
    new = [word for word in words if word not in index.near]
    if len(index.near) + len(new) > _REMEMBERED:
        index.near.clear()
        new = list(words)
    for start in range(0, len(new), _AT_ONCE):
        some = new[start : start + _AT_ONCE]
        vectors, known = _vectors(index, some)
        vectors.sum_duplicates()
        length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
        shared = known @ index.columns
        least = np.repeat(np.maximum(length * (LEAST / np.sqrt(LONGEST) - 1e-4), _SMALL), np.diff(shared.indptr))
        good = shared.data >= least
        until = np.concatenate([[0], np.cumsum(good)])[shared.indptr]
        phrases = shared.indices[good].astype(np.int64)
        index.near.update(zip(some, np.split(phrases, until[1:-1]), strict=True))
    return [index.near[word] for word in words]


def _vectors(index: PhraseIndex, words: Sequence[str]) -> tuple[Any, Any]:
    """Vectors of words: over all their coordinates, and over those the index knows."""
    from scipy.sparse import csr_matrix

    rows = [_vector(index, word) for word in words]
    columns = np.concatenate([row for row, _ in rows])
    values = np.concatenate([row for _, row in rows])
    start = np.concatenate([[0], np.cumsum([len(row) for row, _ in rows])])
    own, place = np.unique(columns, return_inverse=True)
    whole = csr_matrix((values, place.reshape(-1), start), shape=(len(words), len(own)))
    inside = columns < len(index.parts)
    until = np.concatenate([[0], np.cumsum(inside)])[start]
    known = csr_matrix((values[inside], columns[inside], until), shape=(len(words), len(index.parts)))
    return whole, known


def _vector(index: PhraseIndex, word: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Coordinates of a word and its values there; a coordinate unknown to the index has a number beyond its own."""
    found = index.vectors.get(word)
    if found is None:
        parts, size = _parts(word, index.language), len(index.parts)
        places = [index.part_number.get(part, size + crc32(part.encode())) for part, _ in parts]
        weight = _idf(index.word_count.get(word, 0), index.n_texts)
        values = np.array([weight * value for _, value in parts], dtype=np.float32)
        found = np.array(places, dtype=np.int64), values
        if len(index.vectors) >= _REMEMBERED:
            index.vectors.clear()
        index.vectors[word] = found
    return found
