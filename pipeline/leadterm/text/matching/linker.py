"""Looks up headings and entities that hold no term: the terms most alike by their letters, by scispaCy's generator.

The knowledge base is our own: titles, inclusion terms and synonyms of a code system, in normal words. Vectors are
TF-IDF weights of character trigrams; the index is exact. Nothing slow is imported before the first such heading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leadterm.storage.array_cache import cached
from leadterm.text.extensions import token_starts
from leadterm.text.knowledge import fingerprint, load_table
from leadterm.text.matching.term_matcher import Cover, Reading, Scan
from leadterm.text.matching.word_sets import ELSEWHERE

if TYPE_CHECKING:
    from scispacy.candidate_generation import CandidateGenerator
    from spacy.tokens import Doc

    from leadterm.codes.system import CodeSystem
    from leadterm.text.matching.lexicon import Lexicon
    from leadterm.text.words.normalise import Normaliser

__all__ = ["SOURCE", "Alike", "ExactIndex", "FuzzyLinker", "TermIndex"]

SOURCE = "fuzzy"
THRESHOLD = 0.7
UNKNOWN_WEIGHT = 4.0
COVERED = 0.4
NEIGHBOURS = 10
MOST_CODES = 2
LEAST_MISSING = 2
LONGEST_CODE = 7
HEADING_WORDS = 12
MOST_KEPT = 20_000  # phrases
COMPLAINTS = frozenset({"chief_complaint", "indication", "reason_for_visit"})
OTHER_CAUSES = ("V", "W", "X", "Y")
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Alike:
    """A term that resembles a phrase.

    ``term``: the term, in normal words. ``similarity``: cosine of the trigram vectors, from 0 to 1.
    """

    code: str
    term: str
    similarity: float


class ExactIndex:
    """Nearest rows of a sparse matrix by inner product; answers as an nmslib index does.

    ``vectors``: rows of length one, shape (n_terms, n_features).

    >>> from scipy.sparse import csr_matrix
    >>> index = ExactIndex(csr_matrix([[1.0, 0.0], [0.6, 0.8]]))
    >>> [(rows, distances)] = index.knnQueryBatch(csr_matrix([[0.0, 1.0]]))
    >>> rows.tolist(), distances.round(1).tolist()
    ([1], [0.2])
    """

    def __init__(self, vectors: Any) -> None:
        self._columns = vectors.T.tocsr()

    def knnQueryBatch(self, queries: Any, k: int = 10) -> list[tuple[Array, Array]]:
        """Find the nearest rows of each query: their numbers and their distances, nearest first, ties by number."""
        products = (queries @ self._columns).tocsr()
        products.sort_indices()
        found = []
        for start, end in zip(products.indptr[:-1], products.indptr[1:], strict=True):
            rows, likeness = products.indices[start:end], products.data[start:end]
            order = np.argsort(-likeness, kind="stable")[:k]
            found.append((rows[order], 1.0 - likeness[order]))
        return found


@dataclass(frozen=True, eq=False)
class TermIndex:
    """Terms of a code system with their trigram vectors.

    - ``terms``: distinct terms in normal words, sorted.
    - ``codes``: codes of the terms, separated by spaces.
    - ``grams``: character trigrams, by column.
    - ``idf``: inverse document frequency of each, shape (n_grams,).
    - ``data``, ``indices``, ``indptr``: the vectors in CSR form.
    """

    terms: tuple[str, ...]
    codes: tuple[str, ...]
    grams: tuple[str, ...]
    idf: Array
    data: Array
    indices: Array
    indptr: Array

    @classmethod
    def build(cls, codes_of: Mapping[str, Iterable[str]]) -> TermIndex:
        """Index terms.

        ``codes_of``: term in normal words to its codes; at least one term.

        >>> TermIndex.build({"gout": ["M10.9"]}).grams
        (' go', 'gou', 'out', 'ut ')
        """
        terms = tuple(sorted(codes_of))
        vectoriser = _vectoriser()
        vectors = vectoriser.fit_transform(terms)
        grams = tuple(vectoriser.get_feature_names_out().tolist())
        codes = tuple(" ".join(sorted(set(codes_of[term]))) for term in terms)
        return cls(terms, codes, grams, vectoriser.idf_, vectors.data, vectors.indices, vectors.indptr)

    def arrays(self) -> dict[str, Array]:
        """Give everything as arrays, for a cache."""
        names = {"terms": self.terms, "codes": self.codes, "grams": self.grams}
        blobs = {name: np.frombuffer("\n".join(rows).encode("utf-8"), dtype=np.uint8) for name, rows in names.items()}
        return {**blobs, "idf": self.idf, "data": self.data, "indices": self.indices, "indptr": self.indptr}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> TermIndex:
        """Make an index of what `arrays` gave."""
        names = ("terms", "codes", "grams")
        terms, codes, grams = (tuple(arrays[name].tobytes().decode("utf-8").split("\n")) for name in names)
        return cls(terms, codes, grams, arrays["idf"], arrays["data"], arrays["indices"], arrays["indptr"])

    def generator(self) -> CandidateGenerator:
        """Make scispaCy's candidate generator over these terms.

        Offline: it holds our knowledge base, vectoriser and index.
        """
        from scipy.sparse import csr_matrix
        from scispacy.candidate_generation import CandidateGenerator
        from scispacy.linking_utils import Entity, KnowledgeBase

        vectoriser = _vectoriser({gram: i for i, gram in enumerate(self.grams)})
        vectoriser.idf_ = self.idf
        vectors = csr_matrix((self.data, self.indices, self.indptr), shape=(len(self.terms), len(self.grams)))
        terms_of: dict[str, list[str]] = {}
        for term, codes in zip(self.terms, self.codes, strict=True):
            for code in codes.split():
                terms_of.setdefault(code, []).append(term)
        base = KnowledgeBase([Entity(code, names[0], names, [], None) for code, names in terms_of.items()])
        return CandidateGenerator(ExactIndex(vectors), vectoriser, list(self.terms), base)


def _vectoriser(vocabulary: Mapping[str, int] | None = None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32, vocabulary=vocabulary)


def _terms(system: CodeSystem, normaliser: Normaliser) -> dict[str, set[str]]:
    """Titles, inclusion terms and synonyms in normal words, with their codes; 7th characters are left to the text."""
    codes_of: dict[str, set[str]] = {}
    named = [(term.text, term.code) for term in system.terms() if term.source in {"title", "inclusion"}]
    if system.spec.knowledge:
        named += [(row["phrase"], row["code"]) for row in load_table("synonyms.tsv") if row["code"] in system]
    for text, code in named:
        words = " ".join(dict.fromkeys(normaliser.content(ELSEWHERE.sub("", text))))
        if words and len(code) <= LONGEST_CODE and not code.startswith(OTHER_CAUSES):
            codes_of.setdefault(words, set()).add(code)
    return codes_of


TABLES = ("synonyms.tsv", "word_variants.tsv")
RULES = ("text/matching/linker.py", "text/matching/word_sets.py", "text/words/normalise.py")


class FuzzyLinker:
    """Reads headings, complaints and the entities of a recogniser in which no term was found.

    - ``system``: gives the terms.
    - ``normaliser``: brings terms and headings into normal words.
    - ``threshold``: least similarity of a term.
    - ``headings``, ``entities``: what is looked up: headings of problems and complaints; what an entity recogniser
      found.

    The first look-up imports scispaCy's linker and loads the index (about 1 s; 15 s where the cache has none).
    """

    def __init__(
        self, system: CodeSystem, normaliser: Normaliser, threshold: float = THRESHOLD, *, headings: bool = True,
        entities: bool = False,
    ) -> None:  # fmt: skip
        self._system, self._normaliser, self._threshold = system, normaliser, threshold
        self._headings, self._entities = headings, entities
        self._known: dict[str, tuple[Alike, ...]] = {}

    @cached_property
    def _generator(self) -> CandidateGenerator:
        name = f"fuzzy-{self._system.name}-{self._system.key}-{fingerprint(TABLES, RULES)}"
        arrays = cached(name, lambda: TermIndex.build(_terms(self._system, self._normaliser)).arrays())
        return TermIndex.from_arrays(arrays).generator()

    def alike(self, phrase: str) -> tuple[Alike, ...]:
        """Find the terms most alike to a phrase.

        Best first, one a code, at least as alike as the threshold; ties by code. ``phrase``: some words; their order
        matters little.
        """
        words = " ".join(dict.fromkeys(self._normaliser.content(phrase)))
        if words not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[words] = self._search(words) if words else ()
        return self._known[words]

    def _search(self, words: str) -> tuple[Alike, ...]:
        found = []
        for candidate in self._generator([words], NEIGHBOURS)[0]:
            likeness, term = max(zip(candidate.similarities, candidate.aliases, strict=True))
            if likeness >= self._threshold and _says(words.split(), term.split()):
                found.append(Alike(candidate.concept_id, term, float(likeness)))
        return tuple(sorted(found, key=lambda a: (-a.similarity, a.code))[:MOST_CODES])

    def covers(self, doc: Doc, scan: Scan, covers: Sequence[Cover], lexicon: Lexicon) -> list[Cover]:
        """Read the headings, complaints and entities that the matcher left mostly unread.

        With source ``"fuzzy"`` and at least two words missing, so that the ranker can tell. ``doc``: with sections and
        problems. ``covers``: what the matcher found.
        """
        taken = {token for cover in covers for token in cover.tokens}
        weight = np.where(scan.word >= 0, lexicon.weight[np.maximum(scan.word, 0)], UNKNOWN_WEIGHT)
        read = np.isin(scan.token, sorted(taken))
        found: list[Cover] = []
        phrases = [*(_phrases(doc, scan) if self._headings else ()), *(_entities(doc, scan) if self._entities else ())]
        for own in phrases:
            total = float(weight[own].sum())
            if 0 < len(own) <= HEADING_WORDS and float(weight[own][read[own]].sum()) < COVERED * total:
                found += self._cover(doc, scan, own, total)
        return found

    def _cover(self, doc: Doc, scan: Scan, own: Array, weight: float) -> Iterator[Cover]:
        tokens = sorted(set(scan.token[own].tolist()))
        alike = self.alike(" ".join(doc[token].text for token in tokens))
        if alike:
            near = [t for t in tokens if _says_any(self._normaliser.word(doc[t].text), alike[0].term)]
            readings = tuple(_reading(a, len(near or tokens), weight) for a in alike)
            yield Cover(tuple(near or tokens), int(scan.segment[own[0]]), readings)


def _phrases(doc: Doc, scan: Scan) -> Iterator[Array]:
    """Yield the places in the scan of each problem's heading and of each clause of a complaint."""
    starts = token_starts(doc)[scan.token] if len(scan.token) else np.array([], dtype=np.int64)
    for problem in doc._.problems:
        yield np.flatnonzero((starts >= problem.start) & (starts < problem.end))
    for section in doc._.sections:
        if section.category in COMPLAINTS:
            inside = (starts >= section.title_end) & (starts < section.end)
            for segment in np.unique(scan.segment[inside]):
                yield np.flatnonzero(inside & (scan.segment == segment))


def _entities(doc: Doc, scan: Scan) -> Iterator[Array]:
    """Yield the places in the scan of each entity."""
    for entity in doc.ents:
        yield np.flatnonzero((scan.token >= entity.start) & (scan.token < entity.end))


def _reading(alike: Alike, words: int, weight: float) -> Reading:
    missing = max(LEAST_MISSING, len(alike.term.split()) - words)
    return Reading(alike.code, alike.term, SOURCE, words, missing, 0, weight * alike.similarity)


def _says_any(words: Sequence[str], term: str) -> bool:
    return any(_resembles(word, other) for word in words for other in term.split())


def _says(words: Sequence[str], term: Sequence[str]) -> bool:
    """Whether the words resemble at least two thirds of a term's words: likeness of the letters alone misleads."""
    return 3 * sum(not any(_resembles(w, t) for w in words) for t in term) <= len(term)


def _resembles(word: str, other: str) -> bool:
    """Whether two words begin with one letter and share at least half of their trigrams (Dice)."""
    if word[0] != other[0]:
        return False
    one, two = ({f" {w} "[i : i + 3] for i in range(len(w))} for w in (word, other))
    return 4 * len(one & two) >= len(one) + len(two)
