"""Find the words that stand for each code in a corpus that has codes but no evidence.

Every code of an encounter is taken to be said by one of its n-grams, or by none (the background).
Which one is found by expectation maximisation: an n-gram that is often there without the code
explains it badly. The result has the shape of evidence, so the lexicon learns from it as from a
coder's own spans.

In a small corpus every n-gram of a text may explain each of its codes. In a large one those are too
many; there each code has a limited number of n-grams to choose from, those that go with it most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.ngrams import FlatTexts, NGrams, count_ngrams, largest, presence

__all__ = ["mine_evidence"]

_MAX_SHARE = 0.4
_SMOOTH = 1.5
_MOST_LINKS = 5_000_000
_PER_CODE = 60
_RARER_EACH = 25_000
_CODES, _ROWS = 50, 10_000
Evidence = list[list[tuple[int, tuple[int, ...]]]]


def mine_evidence(
    texts: FlatTexts,
    codes: Sequence[frozenset[int]],
    n_codes: int,
    *,
    longest: int = 3,
    rounds: int = 8,
    keep: int = 2,
    most: int = _MOST_LINKS,
) -> Evidence:
    """Guess which words support each code of each text.

    For each text, word positions taken to support a code. ``codes``: codes of each text, as numbers below
    ``n_codes``. ``longest``: most words of an n-gram; none crosses a sentence or is negated. ``keep``: most n-grams
    kept for one code of one text. ``most``: most triples of text, code and n-gram that are weighed without limiting
    the n-grams of a code.

    The alignment model is IBM model 1 (Brown et al., 1993), with a background word whose probability is the share of
    texts that have the code.

    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> said = ["asthma now", "asthma then", "now gout", "then gout"]
    >>> from leadterm.learned.ngrams import flatten
    >>> texts = [tokenise(Encounter("e", (Note("n", t),))) for t in said]
    >>> mine_evidence(flatten(texts), [frozenset({0}), frozenset({0}), frozenset({1}), frozenset({1})], 2, longest=1)
    [[(0, (0,))], [(0, (0,))], [(1, (1,))], [(1, (1,))]]
    """
    grams, there = _ngrams(texts, longest)
    text = np.repeat(np.arange(len(codes)), [len(row) for row in codes])
    code = np.array([c for row in codes for c in sorted(row)], dtype=np.int64)
    links = int(np.diff(there.indptr)[text].sum())
    allowed = _likely(there, text, code, n_codes) if links > most else None
    table = _Links.of(there, text, code, n_codes, allowed)
    return _choose(table, table.align(rounds), texts, grams, keep)


def _ngrams(flat: FlatTexts, longest: int) -> tuple[NGrams, Any]:
    """N-grams that are neither too rare nor too common, and the matrix of texts by n-grams."""
    from scipy.sparse import csr_matrix

    n = len(flat.start) - 1
    least = 2 + n // _RARER_EACH if n >= 10 else 1
    usable = ~flat.governed("negation")
    joined = np.append(flat.sentence[1:] == flat.sentence[:-1], False)[: len(usable)]
    grams = count_ngrams(flat.words, usable, joined, longest, least)
    indptr, indices, _ = presence(grams, flat.start)
    seen = np.bincount(indices, minlength=len(grams.first))
    most = max(2.0, _MAX_SHARE * n) if n >= 10 else n
    there = csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=(n, len(seen)))
    good = (seen >= least) & (seen <= most)
    there.data[~good[indices]] = 0
    there.eliminate_zeros()
    return grams, there


def _likely(there: Any, text: NDArray[np.int64], code: NDArray[np.int64], n_codes: int) -> Any:
    """For each code the n-grams that go with it most: by how often, times how much more often than by chance."""
    from scipy.sparse import csr_matrix, vstack

    n = there.shape[0]
    seen = np.maximum(1, np.bincount(there.indices, minlength=there.shape[1]))
    held = np.maximum(1, np.bincount(code, minlength=n_codes))
    given = csr_matrix((np.ones(len(code), np.float32), (code, text)), shape=(n_codes, n))
    parts = []
    for start in range(0, n_codes, _CODES):
        both = (given[start : start + _CODES] @ there).tocsr()
        row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
        value = both.data * np.log(both.data * n / (seen[both.indices] * held[start + row]))
        some = np.flatnonzero((value > 0) & (both.data >= np.minimum(2, held[start + row])))
        best = some[largest(value[some], row[some], _PER_CODE)]
        one = np.ones(len(best), np.float32)
        parts.append(csr_matrix((one, (row[best], both.indices[best])), shape=both.shape))
    return vstack(parts).tocsr()


@dataclass(frozen=True)
class _Links:
    """Every (text, code, n-gram) that could be an alignment, as flat arrays."""

    text: NDArray[np.int64]
    code: NDArray[np.int64]
    gram: NDArray[np.int64]
    slot: NDArray[np.int64]
    pair: NDArray[np.int64]
    seen: NDArray[np.int64]
    background: NDArray[np.float64]

    @classmethod
    def of(cls, there: Any, text: NDArray[np.int64], code: NDArray[np.int64], n_codes: int, allowed: Any) -> _Links:
        """Link each code of each text with the n-grams of the text, or those of them the code is allowed."""
        slots, grams = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for start in range(0, len(text), _ROWS):
            rows = there[text[start : start + _ROWS]]
            if allowed is not None:
                rows = rows.multiply(allowed[code[start : start + _ROWS]]).tocsr()
            slots.append(start + np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)))
            grams.append(rows.indices.astype(np.int64))
        slot, gram = np.concatenate(slots), np.concatenate(grams)
        _, pair = np.unique(gram * n_codes + code[slot], return_inverse=True)
        seen = np.bincount(there.indices, minlength=there.shape[1])
        share = np.bincount(code, minlength=n_codes) / max(1, there.shape[0])
        return cls(text[slot], code[slot], gram, slot, pair, seen, share[code[slot]])

    def align(self, rounds: int) -> NDArray[np.float64]:
        """Share of each code of each text that each n-gram explains."""
        share = np.ones(len(self.gram))
        for _ in range(rounds):
            said = np.bincount(self.pair, share)[self.pair] / (self.seen[self.gram] + _SMOOTH)
            total = np.bincount(self.slot, said)[self.slot] + self.background
            share = said / np.maximum(total, 1e-12)
        return share


def _choose(table: _Links, share: NDArray[np.float64], flat: FlatTexts, grams: NGrams, keep: int) -> Evidence:
    """Take the n-grams with the largest share, those that explain at least a tenth of the code."""
    good = np.flatnonzero(share > 0.1)
    size = grams.size[table.gram[good]]
    order = good[np.lexsort((table.gram[good], -size, -share[good].round(6), table.slot[good]))]
    slot = table.slot[order]
    order = order[np.arange(len(order)) - np.searchsorted(slot, slot) < keep]
    wide = len(grams.first)
    wanted, row = np.unique(table.text[order] * wide + table.gram[order], return_inverse=True)
    start, places = _places(wanted, flat, grams)
    links = (table.text[order], table.code[order], row, grams.size[table.gram[order]])
    out: list[set[tuple[int, tuple[int, ...]]]] = [set() for _ in range(len(flat.start) - 1)]
    for text, code, cell, words in zip(*(x.tolist() for x in links), strict=True):
        out[text].update((code, tuple(range(i, i + words))) for i in places[start[cell] : start[cell + 1]])
    return [sorted(rows) for rows in out]


def _places(wanted: NDArray[np.int64], flat: FlatTexts, grams: NGrams) -> tuple[list[int], list[int]]:
    """Positions in its text of each wanted n-gram: those of the i-th stand at ``start[i]`` to ``start[i + 1]``."""
    wide = len(grams.first)
    some = np.zeros(wide, dtype=bool)
    some[wanted % max(1, wide)] = True
    text, cells, at = flat.text, [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for found in grams.at:
        here = np.flatnonzero((found >= 0) & some[found])
        key = text[here] * wide + found[here]
        cell = np.searchsorted(wanted, key)
        hit = np.flatnonzero(wanted[np.minimum(cell, len(wanted) - 1)] == key)
        cells.append(cell[hit])
        at.append(here[hit] - flat.start[text[here[hit]]])
    cell, place = np.concatenate(cells), np.concatenate(at)
    start = np.searchsorted(np.sort(cell), np.arange(len(wanted) + 1))
    return start.tolist(), place[np.argsort(cell, kind="stable")].tolist()
