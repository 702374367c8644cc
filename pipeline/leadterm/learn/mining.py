"""Find the words that stand for each code in a corpus that has codes but no evidence.

Every code of an encounter is taken to be said by one of its n-grams, or by none (the background).
Which one is found by expectation maximisation: an n-gram that is often there without the code
explains it badly. The result has the shape of evidence, so the lexicon learns from it as from a
coder's own spans.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leadterm.learn.tokens import CONTEXTS, Tokens

__all__ = ["mine_evidence", "ngrams"]

_MAX_SHARE = 0.4
_SMOOTH = 1.5


def ngrams(tokens: Tokens, longest: int) -> dict[tuple[str, ...], list[int]]:
    """Give each n-gram of a text with the positions it starts at; none crosses a sentence or is negated.

    Parameters
    ----------
    tokens : Tokens
        The text.
    longest : int
        Most words of an n-gram.

    Returns
    -------
    dict
        First positions by n-gram.

    Examples
    --------
    >>> from leadterm.learn.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> ngrams(tokenise(Encounter("e", (Note("n", "dry cough"),))), 2)
    {('dry',): [0], ('dry', 'cough'): [0], ('cough',): [1]}
    """
    out: dict[tuple[str, ...], list[int]] = {}
    words, sentence = tokens.words, tokens.sentence
    negated = tokens.context[:, CONTEXTS.index("negation")]
    for i in range(len(words)):
        for size in range(1, longest + 1):
            j = i + size
            if j > len(words) or sentence[j - 1] != sentence[i] or negated[j - 1]:
                break
            out.setdefault(words[i:j], []).append(i)
    return out


def mine_evidence(
    texts: Sequence[Tokens],
    codes: Sequence[frozenset[int]],
    n_codes: int,
    *,
    longest: int = 3,
    rounds: int = 8,
    keep: int = 2,
) -> list[list[tuple[int, tuple[int, ...]]]]:
    """Guess which words support each code of each text.

    Parameters
    ----------
    texts : sequence of Tokens
        Training texts.
    codes : sequence of frozenset of int
        Codes of each text, as numbers below ``n_codes``.
    n_codes : int
        Number of codes.
    longest : int
        Most words of an n-gram.
    rounds : int
        Rounds of expectation maximisation.
    keep : int
        Most n-grams kept for one code of one text.

    Returns
    -------
    list of list of (code, positions)
        For each text, word positions taken to support a code.

    Notes
    -----
    The alignment model is IBM model 1 (Brown et al., 1993), with a background word whose
    probability is the share of texts that have the code.

    Examples
    --------
    >>> from leadterm.learn.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> said = ["asthma now", "asthma then", "now gout", "then gout"]
    >>> texts = [tokenise(Encounter("e", (Note("n", t),))) for t in said]
    >>> mine_evidence(texts, [frozenset({0}), frozenset({0}), frozenset({1}), frozenset({1})], 2, longest=1)
    [[(0, (0,))], [(0, (0,))], [(1, (1,))], [(1, (1,))]]
    """
    found = [ngrams(t, longest) for t in texts]
    seen = Counter(gram for grams in found for gram in grams)
    most = max(2.0, _MAX_SHARE * len(texts))
    number = {gram: i for i, gram in enumerate(g for g, n in seen.items() if 2 <= n <= most or len(texts) < 10)}
    table = _Pairs(found, codes, number, n_codes)
    share = table.align(rounds)
    return _choose(table, share, found, list(number), len(texts), keep)


class _Pairs:
    """Every (text, code, n-gram) that could be an alignment, as flat arrays."""

    def __init__(
        self,
        found: Sequence[dict[tuple[str, ...], list[int]]],
        codes: Sequence[frozenset[int]],
        number: dict[tuple[str, ...], int],
        n_codes: int,
    ) -> None:
        text, code, gram = [], [], []
        self.seen = np.zeros(len(number))
        for d, (grams, wanted) in enumerate(zip(found, codes, strict=True)):
            here = np.array([number[g] for g in grams if g in number], dtype=np.int64)
            self.seen[here] += 1
            for c in sorted(wanted):
                text.append(np.full(len(here), d))
                code.append(np.full(len(here), c))
                gram.append(here)
        empty = [np.zeros(0, dtype=np.int64)]
        self.text, self.code, self.gram = (np.concatenate(x or empty) for x in (text, code, gram))
        self.slot = self.text * n_codes + self.code
        _, self.slot = np.unique(self.slot, return_inverse=True)
        _, self.pair = np.unique(self.gram * n_codes + self.code, return_inverse=True)
        held = np.bincount([c for wanted in codes for c in wanted], minlength=n_codes)
        self.background = (held / max(1, len(codes)))[self.code]

    def align(self, rounds: int) -> NDArray[np.float64]:
        """Share of each code of each text that each n-gram explains."""
        share = np.ones(len(self.gram))
        for _ in range(rounds):
            said = np.bincount(self.pair, share)[self.pair] / (self.seen[self.gram] + _SMOOTH)
            total = np.bincount(self.slot, said)[self.slot] + self.background
            share = said / np.maximum(total, 1e-12)
        return share


def _choose(
    table: _Pairs,
    share: NDArray[np.float64],
    found: Sequence[dict[tuple[str, ...], list[int]]],
    grams: list[tuple[str, ...]],
    n_texts: int,
    keep: int,
) -> list[list[tuple[int, tuple[int, ...]]]]:
    """Take the n-grams with the largest share, those that explain at least a tenth of the code."""
    out: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in range(n_texts)]
    good = np.flatnonzero(share > 0.1)
    size = np.array([len(g) for g in grams])
    order = good[np.lexsort((table.gram[good], -size[table.gram[good]], -share[good].round(6), table.slot[good]))]
    taken: Counter[int] = Counter()
    for row in order.tolist():
        slot = int(table.slot[row])
        if taken[slot] >= keep:
            continue
        taken[slot] += 1
        gram, d = grams[table.gram[row]], int(table.text[row])
        out[d] += [(int(table.code[row]), tuple(range(i, i + len(gram)))) for i in found[d][gram]]
    return [sorted(set(rows)) for rows in out]
