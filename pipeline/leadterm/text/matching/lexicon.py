"""All terms of the installed code systems, compiled for matching: arrays only, so that loading costs milliseconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadterm.text.matching.word_sets import SOURCES, WordSet

__all__ = ["Lexicon"]

SHIFT = 32
I32 = npt.NDArray[np.int32]
SOURCE_RANK = {name: i for i, name in enumerate(SOURCES)}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Terms as sets of word ids, findable by their rarest word or their two rarest words.

    - ``words``: normal word to its id.
    - ``weight``: inverse document frequency of each word among the terms, shape (n_words,).
    - ``word_ptr``, ``word_ids``: words of each term in CSR form; ascending ids.
    - ``code``, ``source``, ``missing``: index into `codes`; index into `SOURCES`; words of the official term left out,
      shape (n_terms,).
    - ``codes``: codes, for ``code``.
    - ``pair_keys``, ``pair_ptr``, ``pair_terms``: sorted keys of two word ids and the terms they lead to.
    - ``single_ptr``, ``single_terms``: terms of one word, by word id.
    - ``texts``: terms as their sources write them, UTF-8, one after the other.
    - ``text_ptr``: offsets into `texts`, shape (n_terms + 1,).
    """

    words: dict[str, int]
    weight: npt.NDArray[np.float32]
    word_ptr: I32
    word_ids: I32
    code: I32
    source: npt.NDArray[np.int8]
    missing: npt.NDArray[np.int8]
    codes: tuple[str, ...]
    pair_keys: npt.NDArray[np.int64]
    pair_ptr: I32
    pair_terms: I32
    single_ptr: I32
    single_terms: I32
    texts: bytes
    text_ptr: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.code)

    def text(self, term: int) -> str:
        """Give a term as its source writes it.

        ``term``: number of the term.
        """
        return self.texts[self.text_ptr[term] : self.text_ptr[term + 1]].decode("utf-8")

    @classmethod
    def build(cls, sets: Iterable[WordSet], readable: Iterable[str] = ()) -> Lexicon:
        """Compile sets of words.

        ``sets``: terms; of several with the same words and code the one that leaves out least is kept. ``readable``:
        normal words to keep though no term may hold them.

        >>> lex = Lexicon.build([WordSet(("kidney", "stone"), "N20.0", "index", 0, "Stone, kidney")])
        >>> (len(lex), lex.text(0), lex.codes)
        (1, 'Stone, kidney', ('N20.0',))
        """
        terms = _best(sets)
        counts = Counter(word for term in terms for word in term.words)
        extra = {word for term in terms for word in term.optional}
        vocabulary = sorted(counts.keys() | extra | set(readable))
        words = {word: i for i, word in enumerate(vocabulary)}
        frequency = np.array([counts.get(word, 0) for word in vocabulary], dtype=np.float64)
        codes = tuple(sorted({term.code for term in terms}))
        code_id = {code: i for i, code in enumerate(codes)}
        ids = [sorted(words[w] for w in term.words) for term in terms]
        pair_keys, pair_ptr, pair_terms = _pairs(ids, frequency)
        single_ptr, single_terms = _singles(ids, len(vocabulary))
        encoded = [term.text.encode("utf-8") for term in terms]
        word_ptr, word_ids = _csr(ids)
        return cls(
            words=words,
            weight=np.log(1.0 + len(terms) / np.maximum(frequency, 1.0)).astype(np.float32),
            word_ptr=word_ptr, word_ids=word_ids,
            code=np.array([code_id[term.code] for term in terms], dtype=np.int32),
            source=np.array([SOURCE_RANK[term.source] for term in terms], dtype=np.int8),
            missing=np.array([min(term.missing, 127) for term in terms], dtype=np.int8),
            codes=codes, pair_keys=pair_keys, pair_ptr=pair_ptr, pair_terms=pair_terms,
            single_ptr=single_ptr, single_terms=single_terms,
            texts=b"".join(encoded), text_ptr=np.cumsum([0, *map(len, encoded)], dtype=np.int64),
        )  # fmt: skip

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give everything as arrays, for a cache.

        What `from_arrays` takes.
        """
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in ARRAYS}
        for name, blob in (("texts", self.texts), ("words", _joined(self.words)), ("codes", _joined(self.codes))):
            arrays[name] = np.frombuffer(blob, dtype=np.uint8)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Lexicon:
        """Make a lexicon of what `arrays` gave.

        >>> lex = Lexicon.build([WordSet(("gout",), "M10.9", "index", 0, "Gout")])
        >>> Lexicon.from_arrays(lex.arrays()).words
        {'gout': 0}
        """
        words = {word: i for i, word in enumerate(_split(arrays["words"]))}
        columns: dict[str, Any] = {name: arrays[name] for name in ARRAYS}
        return cls(words=words, codes=_split(arrays["codes"]), texts=arrays["texts"].tobytes(), **columns)


def _joined(names: Iterable[str]) -> bytes:
    return "\n".join(names).encode("utf-8")


def _split(blob: npt.NDArray[Any]) -> tuple[str, ...]:
    text = blob.tobytes().decode("utf-8")
    return tuple(text.split("\n")) if text else ()


ARRAYS = (
    "weight", "word_ptr", "word_ids", "code", "source", "missing",
    "pair_keys", "pair_ptr", "pair_terms", "single_ptr", "single_terms", "text_ptr",
)  # fmt: skip


def _best(sets: Iterable[WordSet]) -> list[WordSet]:
    """Keep one term for each set of words and code: the least incomplete, from the best source."""
    kept: dict[tuple[tuple[str, ...], str], WordSet] = {}
    for term in sets:
        key = (term.words, term.code)
        other = kept.get(key)
        rank = (term.missing, SOURCE_RANK[term.source], term.text)
        if other is None or rank < (other.missing, SOURCE_RANK[other.source], other.text):
            kept[key] = term
    return [kept[key] for key in sorted(kept)]


def _csr(rows: Sequence[Sequence[int]]) -> tuple[I32, I32]:
    pointers = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return pointers, np.array([i for row in rows for i in row], dtype=np.int32)


def _pairs(ids: Sequence[Sequence[int]], frequency: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], I32, I32]:
    """Index terms of two and more words by their two rarest words."""
    keys, terms = [], []
    for term, row in enumerate(ids):
        if len(row) > 1:
            a, b = sorted(sorted(row, key=lambda w: (frequency[w], w))[:2])
            keys.append((a << SHIFT) | b)
            terms.append(term)
    key_array = np.array(keys, dtype=np.int64)
    order = np.argsort(key_array, kind="stable")
    unique, starts = np.unique(key_array[order], return_index=True)
    pointers = np.append(starts, len(key_array)).astype(np.int32)
    return unique, pointers, np.array(terms, dtype=np.int32)[order]


def _singles(ids: Sequence[Sequence[int]], n_words: int) -> tuple[I32, I32]:
    rows: list[list[int]] = [[] for _ in range(n_words)]
    for term, row in enumerate(ids):
        if len(row) == 1:
            rows[row[0]].append(term)
    return _csr(rows)
