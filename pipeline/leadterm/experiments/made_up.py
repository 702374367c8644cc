"""Made-up corpora of any size: notes that say the phrases of their codes among other words, to measure time and memory.

Nothing in them is medicine: the words are strung together from syllables. What they share with real
corpora is the shape: words and codes are a few common and many rare (Zipf), a code is said in several
ways or not at all, some things are denied, and codes of one category share a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.schema import Encounter, Note, ReferenceCode

__all__ = ["Shape", "made_up_encounters", "made_up_matrix", "made_up_words"]

SYSTEM = "made-up"
_ONSETS = (
    "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "br", "cl", "cr",
    "dr", "gl", "pl", "pr", "st", "th", "tr",
)  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "ia", "eo", "y")
_CODAS = ("", "", "n", "r", "l", "m", "t", "x", "nd", "rp", "st", "ck", "ng", "ph")
_PLAIN = ("the", "of", "and", "in", "on", "with", "for", "was", "is", "to", "at", "by", "patient")
_DENIALS = ("no", "denies", "without")
_ENDINGS = ("an", "ic", "oma", "it", "ol", "al", "ion", "um", "ed", "ine")
_BLOCK = 500
_UNSAID = 0.08
_DENIED = 2


@dataclass(frozen=True)
class Shape:
    """How large a made-up corpus is.

    `notes`: Encounters, of one note each; `words`: Words of a note, on average; `codes`: Codes that may be given;
    `given`: Codes of a note, on average; `vocabulary`: Words that are not part of a code's phrases; `seed`: Of
    everything drawn at random.

    >>> Shape(notes=10).codes
    8000
    """

    notes: int
    words: int = 1000
    codes: int = 8000
    given: int = 15
    vocabulary: int = 60_000
    seed: int = 0


def made_up_words(n: int, rng: np.random.Generator) -> list[str]:
    """Make different words that can be spoken.

    Gives of one to three syllables and an ending.

    >>> len(set(made_up_words(500, np.random.default_rng(0))))
    500
    """
    syllables = np.array([a + b + c for a in _ONSETS for b in _VOWELS for c in _CODAS])
    out: dict[str, None] = {}
    while len(out) < n:
        size = int(rng.integers(1, 4))
        for row in syllables[rng.integers(len(syllables), size=(1000, size))].tolist():
            out.setdefault("".join(row) + _ENDINGS[len(out) % len(_ENDINGS)])
    return list(out)[:n]


def made_up_encounters(shape: Shape) -> Iterator[Encounter]:
    """Make encounters one after the other; the first ones of a larger corpus are those of a smaller one.

    >>> notes = list(made_up_encounters(Shape(notes=3, words=50, codes=40, given=4, vocabulary=100)))
    >>> len(notes), notes[0].codes[0].system
    (3, 'made-up')
    """
    rng = np.random.default_rng(shape.seed)
    background = np.array(made_up_words(shape.vocabulary, rng), dtype=object)
    codes, phrases = _code_list(shape.codes, rng)
    word_share = _cumulative(1 / np.arange(3, shape.vocabulary + 3) ** 1.05)
    code_share = _cumulative(rng.permutation(1 / np.arange(8, shape.codes + 8) ** 0.95))
    for start in range(0, shape.notes, _BLOCK):
        block = np.random.default_rng((shape.seed, start))
        for number in range(start, min(start + _BLOCK, shape.notes)):
            size = max(1, int(block.poisson(shape.given)))
            drawn = np.searchsorted(code_share, block.random(size + _DENIED))
            given, denied = sorted(set(drawn[:size].tolist())), drawn[size:].tolist()
            text = _text(given, denied, phrases, background, word_share, shape.words, block)
            marked = tuple(ReferenceCode(SYSTEM, codes[c]) for c in given)
            yield Encounter(f"e{number}", (Note("n", text),), marked)


def _cumulative(share: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.cumsum(share)
    return np.asarray(total / total[-1])


def _code_list(n: int, rng: np.random.Generator) -> tuple[list[str], list[list[str]]]:
    """Codes in categories of one to ten, and the ways to say each: a word of the category, with others."""
    words = made_up_words(3 * n, rng)
    codes: list[str] = []
    phrases: list[list[str]] = []
    for category in range(2600):
        heads = [words[int(rng.integers(n // 2))] for _ in range(2)]
        for place in range(int(rng.integers(1, min(10, n - len(codes)) + 1))):
            code = f"{chr(65 + category // 100)}{category % 100:02d}"
            codes.append(f"{code}.{place}" if place else code)
            own = words[n // 2 + int(rng.integers(2 * n))]
            other = words[n // 2 + int(rng.integers(2 * n))]
            ways = [f"{own} {heads[0]}", f"{own} {heads[1]}", other, f"{heads[0]} {other} {own}"]
            phrases.append([ways[i] for i in rng.permutation(4)[: int(rng.integers(2, 4))].tolist()])
        if len(codes) >= n:
            break
    order = np.argsort(np.array(codes))
    return [codes[i] for i in order], [phrases[i] for i in order]


def _text(
    given: Sequence[int],
    denied: Sequence[int],
    phrases: Sequence[Sequence[str]],
    background: NDArray[Any],
    share: NDArray[np.float64],
    words: int,
    rng: np.random.Generator,
) -> str:
    """Sentences of about twelve words; some hold a phrase."""
    said: list[str] = []
    for code in given:
        times = 0 if rng.random() < _UNSAID else 1 + int(rng.random() < 0.3)
        said += [phrases[code][int(rng.integers(len(phrases[code])))] for _ in range(times)]
    said += [f"{_DENIALS[int(rng.integers(3))]} {phrases[code][0]}" for code in denied if code not in given]
    count = max(2, int(rng.poisson(words)))
    drawn = background[np.searchsorted(share, rng.random(count))].tolist()
    for i, plain in zip(range(0, count, 3), rng.integers(len(_PLAIN), size=count // 3 + 1).tolist(), strict=False):
        drawn[i] = _PLAIN[plain]
    ends = sorted({0, count, *rng.integers(1, count, size=count // 12).tolist()})
    sentences = [" ".join(drawn[a:b]) for a, b in pairwise(ends)]
    for phrase in said:
        at = int(rng.integers(len(sentences)))
        sentences[at] = f"{sentences[at]} {phrase}"
    return ".\n".join(sentences) + "."


def made_up_matrix(
    texts: int, labels: int, terms: int = 30_000, given: float = 7.7, seed: int = 0
) -> tuple[Any, Any]:
    """Make a problem of many labels over sparse rows: TF-IDF of unit length, about 133 terms a row.

    Gives rows by terms, float32, and rows by labels, 1 where given.

    >>> X, Y = made_up_matrix(30, 10, terms=200)
    >>> X.shape, Y.shape
    ((30, 200), (30, 10))
    """
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    word_share = _cumulative(1 / np.arange(1, terms + 1) ** 0.9)
    profile = rng.integers(terms, size=(labels, 20))
    weight = _cumulative(1 / np.arange(1, 21) ** 0.7)
    label_share = _cumulative(rng.permutation(1 / np.arange(10, labels + 10) ** 0.6))
    size = np.maximum(1, rng.poisson(given, size=texts))
    owner = np.repeat(np.arange(texts), size)
    label = np.searchsorted(label_share, rng.random(len(owner)))
    Y = csr_matrix((np.ones(len(owner), np.float32), (owner, label)), shape=(texts, labels))
    Y.data[:] = 1
    times = rng.poisson(7, size=len(owner))
    said = np.repeat(np.arange(len(owner)), times)
    of_label = profile[label[said], np.searchsorted(weight, rng.random(len(said)))]
    more = np.repeat(np.arange(texts), rng.poisson(110, size=texts))
    of_all = np.searchsorted(word_share, rng.random(len(more)))
    rows, columns = np.concatenate([owner[said], more]), np.concatenate([of_label, of_all])
    X = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(texts, terms))
    seen = np.bincount(X.indices, minlength=terms)
    X.data = ((1 + np.log(X.data)) * (np.log((1 + texts) / (1 + seen)) + 1)[X.indices]).astype(np.float32)
    length = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
    X.data /= np.repeat(np.maximum(length, 1e-9), np.diff(X.indptr)).astype(np.float32)
    return X, Y
