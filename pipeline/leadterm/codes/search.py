"""Find codes by words: a term counts by the share of the query it covers and the share of it that is asked for."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from leadterm.codes.system import CodeSystem
from leadterm.codes.systems.bare_codes import bare
from leadterm.codes.types import TERM_SOURCES, Term
from leadterm.storage.array_cache import cached
from leadterm.storage.columns import Array, Strings, pack_strings
from leadterm.storage.tsv import package_table

__all__ = ["Hit", "search", "stem", "words"]

FORMAT = 1  # raise it whenever words or weights of the index change
STOP = (
    "a", "an", "and", "at", "by", "for", "from", "in", "into", "is", "nec", "nos", "not", "of", "on", "or", "organism",
    "site", "specified", "the", "this", "to", "type", "unspecified", "with",
)  # fmt: skip
WEAK = 0.15  # what a stop word counts, compared with a rare word's inverse frequency
HINTS, HINT = frozenset(["other"]), 2.5  # "Other chest pain" is not the first thought for "chest pain"
SUFFIXES = ("ations", "ation", "ical", "ions", "ives", "ion", "ive", "ing", "ous", "ies", "es", "ed", "ic", "al", "ia",
            "is", "s", "e", "y")  # fmt: skip
PRIOR = {"title": 1.0, "inclusion": 0.97, "includes": 0.85, "index": 0.97, "neoplasm": 0.9, "drug": 0.72,
         "external cause": 0.8}  # fmt: skip
COMPLETE, HEADING = 1.0, 0.93  # a code for use ranks before a heading that fits as well
SYNONYM, PREFIX, TYPO = 0.9, 0.75, 0.7  # an expanded word counts less than the word itself
MOST_EXPANSIONS = 12
POOL = 4000  # terms looked at more closely
LAST = "\U0010ffff"  # after every other character


@dataclass(frozen=True, slots=True)
class Hit:
    """A code found.

    - ``code``, ``title``: the code and what it stands for.
    - ``billable``: whether it is complete.
    - ``score``: in ``[0, 1]``; 1 when a term of the code has the words of the query and no other.
    - ``term``: the term that matched best.
    - ``source``: where that term comes from; ``"code"`` if the query was the beginning of the code.

    >>> Hit("M10.9", "Gout, unspecified", True, 0.9, "Gout NOS", "inclusion").code
    'M10.9'
    """

    code: str
    title: str
    billable: bool
    score: float
    term: str
    source: str


def search(system: CodeSystem, text: str, limit: int = 20) -> list[Hit]:
    """Find the codes that words, or the beginning of a code, lead to.

    Word order and inflection do not matter; misspelled and half-typed words are completed; common
    abbreviations and lay words are understood.

    ``text``: for instance ``"heel ulcer diabetic"`` or ``"E11.6"``. Best first; ties by code.

    >>> from leadterm.codes import from_pairs
    >>> own = from_pairs("own", [("A1", "Fracture of arm"), ("A2", "Fracture of leg")])
    >>> [hit.code for hit in search(own, "leg fractures")]
    ['A2', 'A1']
    """
    by_code = _by_code(system, text, limit)
    if by_code:
        return by_code
    index = _index_of(system)
    terms, scores = index.score(words(text))
    return [
        Hit(system.codes[row], system.title(system.codes[row]), system.is_billable(system.codes[row]),
            round(score, 4), index.texts[at], TERM_SOURCES[int(index.sources[at])])
        for score, row, at in sorted(_best(index, terms, scores, limit), key=lambda hit: (-hit[0], hit[1]))[:limit]
    ]  # fmt: skip


def _best(
    index: _Index, terms: npt.NDArray[np.intp], scores: npt.NDArray[np.float32], limit: int
) -> list[tuple[float, int, int]]:
    """Give score, code and term of the codes that fit best, each by its best term; all that fit as well as the last."""
    if len(terms) > POOL:
        some = np.argpartition(-scores, POOL)[:POOL]
        terms, scores = terms[some], scores[some]
    best: dict[int, tuple[float, int, int]] = {}
    last = 0.0
    for place in np.lexsort((terms, -scores)).tolist():
        at, score = int(terms[place]), float(scores[place])
        if len(best) >= limit and score < last:
            break
        row = int(index.rows[at])
        if row not in best:
            best[row], last = (score, row, at), score
    return list(best.values())


def _by_code(system: CodeSystem, text: str, limit: int) -> list[Hit]:
    """Give the codes that begin with the query, if it looks like a code."""
    plain = bare(text)
    if " " in text.strip() or not plain or not any(char.isdigit() for char in plain):
        return []
    spellings, places = _bare_spellings(system)
    first = bisect_left(spellings, plain)
    found = sorted(places[first : bisect_left(spellings, plain + LAST, first)])[:limit]
    codes = (system.codes[place] for place in found)
    return [Hit(code, system.title(code), system.is_billable(code), 1.0, code, "code") for code in codes]


@lru_cache(maxsize=8)
def _bare_spellings(system: CodeSystem) -> tuple[list[str], list[int]]:
    """All codes as they are compared, in order; and the place of each in the system."""
    spelt = list(map(bare, system.codes))
    places = sorted(range(len(spelt)), key=spelt.__getitem__)
    return [spelt[place] for place in places], places


def words(text: str) -> list[str]:
    """Divide a text into lower-case words without accents.

    >>> words("Ménière's disease, 2nd")
    ['meniere', 'disease', '2nd']
    """
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Cut the ending off a word so that its forms meet (diabetes, diabetic).

    >>> stem("diabetes") == stem("diabetic"), stem("fractured") == stem("fracture"), stem("gout")
    (True, True, 'gout')
    """
    if len(word) < 5 or not word.isalpha():
        return word[:-1] if len(word) == 4 and word.endswith("s") and word[-2] not in "siu" else word
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=1)
def synonyms() -> Mapping[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Read the words that people type and what is also looked for.

    >>> synonyms()[("htn",)]
    (('hypertens',),)
    """
    rows = package_table("leadterm.codes.systems", "search_words.tsv")
    return {_stems(row["typed"]): tuple(_stems(option) for option in row["also"].split(",")) for row in rows}


def _stems(text: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words(text))


class _Index:
    """Postings of stems in terms, with the weights that the score needs."""

    def __init__(self, system: CodeSystem, arrays: Mapping[str, Array]) -> None:
        vocabulary = arrays["vocabulary"].tobytes().decode("utf-8")
        self.stems = vocabulary.split("\n") if vocabulary else []
        self._number = {word: at for at, word in enumerate(self.stems)}
        self._starts = arrays["starts"]
        self._docs: npt.NDArray[np.int32] = np.asarray(arrays["docs"], dtype=np.int32)
        self._weight = np.asarray(arrays["weight"], dtype=np.float32)
        self._total = np.asarray(arrays["total"], dtype=np.float32)
        self.rows, self.sources = arrays["rows"], arrays["sources"]
        self.texts = Strings.named(arrays, "text")
        prior = np.array([PRIOR[source] for source in TERM_SOURCES], dtype=np.float32)
        complete = np.array([_complete(system, code) for code in system], dtype=bool)
        fits = np.where(complete, np.float32(COMPLETE), np.float32(HEADING))
        self._prior = prior[self.sources.astype(np.intp)] * fits[self.rows.astype(np.intp)]

    def score(self, query: list[str]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """Weigh the terms that have a word of a query: their places, and their scores."""
        asked, found = 0.0, np.zeros(len(self._total), dtype=np.float32)
        for options in self._groups([stem(word) for word in query]):
            totals = [self._sum(option) for option, _ in options]
            own = totals[0] if self._known(options[0][0]) else max(totals[1:], default=totals[0])
            asked += own
            gain: npt.NDArray[np.float32] = np.zeros_like(found)
            for (option, share), total in zip(options, totals, strict=True):
                docs, matched = self._matched(option, total)
                gain[docs] = np.maximum(gain[docs], matched * np.float32(own * share))
            found += gain
        terms = np.flatnonzero(found)
        if not asked:
            return terms, found[terms]
        have = found[terms]
        of_query = have / np.float32(asked)
        of_term = np.minimum(1, have / self._total[terms])
        score: npt.NDArray[np.float32] = of_query**1.5 * (0.55 + 0.45 * of_term) * self._prior[terms]
        return terms, score

    def _matched(self, option: tuple[str, ...], total: float) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Give the terms that have words of an alternative, and the share of them that each has, squared."""
        have = [at for word in option if (at := self._number.get(word)) is not None]
        lists = [self._docs[int(self._starts[at]) : int(self._starts[at + 1])] for at in have]
        weights = [np.full(len(docs), self._weight[at] / total, dtype=np.float32)
                   for at, docs in zip(have, lists, strict=True)]  # fmt: skip
        if not lists:
            return self._docs[:0], np.zeros(0, dtype=np.float32)
        if len(option) == 1:
            return lists[0], weights[0]
        docs, place = np.unique(np.concatenate(lists), return_inverse=True)
        return docs, np.bincount(place, np.concatenate(weights)).astype(np.float32) ** 2

    def _sum(self, option: tuple[str, ...]) -> float:
        """Add up the weights of words; one that no term has weighs as much as the rarest."""
        rarest = float(self._weight.max(initial=1))
        return sum(float(self._weight[self._number[word]]) if word in self._number else rarest for word in option)

    def _known(self, option: tuple[str, ...]) -> bool:
        return all(word in self._number for word in option)

    def _groups(self, query: list[str]) -> Iterable[list[tuple[tuple[str, ...], float]]]:
        """Give each word of the query (or phrase with synonyms) with its alternatives and what each counts."""
        known, at = synonyms(), 0
        while at < len(query):
            size = next((n for n in (3, 2) if tuple(query[at : at + n]) in known), 1)
            piece = tuple(query[at : at + size])
            options = [(option, SYNONYM) for option in known.get(piece, ())]
            if size > 1 or (options and not self._known(piece)):
                yield [(piece, 1.0), *options]
            else:
                yield [*(((word,), share) for word, share in self._expand(piece[0]).items()), *options]
            at += size

    def _expand(self, word: str) -> dict[str, float]:
        """Complete a half-typed word, correct a misspelled one."""
        if word in self._number or len(word) < 3:
            return {word: 1.0}
        first = bisect_left(self.stems, word)
        options = {}
        for near in self.stems[first : first + MOST_EXPANSIONS]:
            if near.startswith(word):
                options[near] = PREFIX
        if not options and len(word) > 3 and word.isalpha():
            from rapidfuzz import fuzz, process

            close = process.extract(word, self.stems, scorer=fuzz.ratio, limit=4, score_cutoff=72)
            options = {near: TYPO * score / 100 for near, score, _ in close if abs(len(near) - len(word)) <= 3}
            best = max(options.values(), default=0.0)
            options = {near: share for near, share in options.items() if share > best - 0.06}
        return options or {word: 1.0}


def _complete(system: CodeSystem, code: str) -> bool:
    """Tell whether a code is billable or lacks only its 7th character."""
    return system.is_billable(code) or any(system.is_extended(child) for child in system.children(code)[:1])


@lru_cache(maxsize=4)
def _index_of(system: CodeSystem) -> _Index:
    def make() -> dict[str, Array]:
        return _index_arrays(system)

    name = f"search-{system.name}-{system.release}-{system.key}-{FORMAT}"
    return _Index(system, cached(name, make) if system.key else make())


def _index_arrays(system: CodeSystem) -> dict[str, Array]:
    """Build the postings of all terms."""
    number = {code: row for row, code in enumerate(system)}
    terms: list[Term] = list(system.terms())
    stems = [sorted({stem(word) for word in words(term.text)}) for term in terms]
    seen: Counter[str] = Counter(word for document in stems for word in document)
    vocabulary = sorted(seen)
    place = {word: at for at, word in enumerate(vocabulary)}
    weight = np.array([_weigh(word, seen[word], len(terms)) for word in vocabulary], dtype=np.float32)
    postings: dict[int, list[int]] = defaultdict(list)
    total = np.zeros(len(terms), dtype=np.float32)
    for at, document in enumerate(stems):
        for word in document:
            postings[place[word]].append(at)
        total[at] = max(1e-6, sum(float(weight[place[word]]) for word in document))
    lengths = [len(postings[at]) for at in range(len(vocabulary))]
    flat = [at for word in range(len(vocabulary)) for at in postings[word]]
    return {
        "vocabulary": np.frombuffer("\n".join(vocabulary).encode("utf-8"), dtype=np.uint8),
        "starts": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "docs": np.array(flat, dtype=np.int32),
        "weight": weight,
        "total": total,
        "rows": np.array([number[term.code] for term in terms], dtype=np.int32),
        "sources": np.array([TERM_SOURCES.index(term.source) for term in terms], dtype=np.uint8),
        **pack_strings("text", [term.text for term in terms]),
    }


@lru_cache(maxsize=1)
def _stop_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in STOP)


def _weigh(word: str, seen: int, documents: int) -> float:
    """Give a word its inverse document frequency; stop words hardly count."""
    if word in HINTS:
        return HINT
    return WEAK if word in _stop_stems() else float(np.log1p((documents - seen + 0.5) / (seen + 0.5)))
