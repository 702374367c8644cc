"""Component ``leadterm_entities``: finds everything codable and writes ``doc.spans["mentions"]``."""

from __future__ import annotations

from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from leadterm.text.extensions import text_of, token_starts
from leadterm.text.knowledge import load_table
from leadterm.text.layout.sections import UNKNOWN
from leadterm.text.matching.drug_effects import DrugEffectFinder
from leadterm.text.matching.linker import FuzzyLinker
from leadterm.text.matching.neoplasms import NeoplasmFinder
from leadterm.text.matching.numbers import NumberFinder
from leadterm.text.matching.patterns import PatternMatcher
from leadterm.text.matching.spread import keep_spread, keep_there
from leadterm.text.matching.statements import keep_telling
from leadterm.text.matching.term_matcher import Cover, Scan, TermMatcher
from leadterm.text.open_note import OpenNote, open_note
from leadterm.text.pipeline import build_nlp
from leadterm.text.reading import NoteReading, problem_tokens, read_note
from leadterm.text.words.languages import TRANSLATED
from leadterm.text.words.normalise import default_normaliser

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Note

__all__ = ["NAME", "MentionFinder", "NoteReaders", "register_entities"]

NAME = "leadterm_entities"

MOST_WORDS = 20_000  # met by a pipeline before it is built anew; each takes about 400 bytes
BODY_TOKENS = 80
WHOLE = ("I10", "I11", "I12", "I13", "I15", "I27")
"""Of the whole body: an organ named below "hypertension" is not its site."""
HEADING_WORDS = 12


@lru_cache(maxsize=1)
def _site_words() -> frozenset[str]:
    return frozenset(row["word"] for row in load_table("site_words.tsv"))


class DocFinder(Protocol):
    """Finds mentions in the tokens of a doc."""

    def covers(self, doc: Doc) -> list[Cover]:
        """Find them all."""


class MentionFinder:
    """Finds terms, terms put together from a problem's heading and the sites named below it, and patterns.

    ``patterns``: find what terms do not say: patterns of plain words, numbers, effects of drugs. ``fuzzy``: reads
    headings and entities that the others leave unread. ``neoplasms``: finds neoplasms whose site stands apart.
    """

    def __init__(
        self, matcher: TermMatcher, patterns: tuple[DocFinder, ...] = (),
        fuzzy: FuzzyLinker | None = None, neoplasms: NeoplasmFinder | None = None,
    ) -> None:  # fmt: skip
        self.matcher = matcher
        self.patterns = patterns
        self.fuzzy = fuzzy
        self.neoplasms = neoplasms
        sites = _site_words()
        self._is_site = np.array([word in sites for word in matcher.vocabulary], dtype=np.bool_)

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        from spacy.tokens import Span

        scan = self.matcher.scan(doc)
        quiet = self.matcher.quiet(scan)
        matches = self.matcher.apart(doc, scan, self.matcher.match_scan(scan), quiet)
        covers = keep_telling(self.matcher.covers(matches), quiet)
        covers = _outside_titles(doc, covers)
        covers += self._joined(doc, scan, covers)
        if self.neoplasms is not None:
            covers += self.neoplasms.covers(scan, covers, text_of(doc))
        covers = keep_there(doc, keep_spread(doc, covers, quiet))
        for pattern in self.patterns:
            covers += pattern.covers(doc)
        if self.fuzzy is not None:
            covers += self.fuzzy.covers(doc, scan, covers, self.matcher.lexicon)
        covers.sort(key=lambda c: (c.tokens[0], c.tokens, c.segment))
        doc._.scan = scan
        doc._.covers = tuple(covers)
        doc.spans["mentions"] = [Span(doc, c.tokens[0], c.tokens[-1] + 1) for c in covers]
        return doc

    def _joined(self, doc: Doc, scan: Scan, covers: list[Cover]) -> list[Cover]:
        """Terms of a problem's heading completed with sites from the text below it or from the complaint."""
        if not doc._.problems or not len(scan.word):
            return []
        tokens, words = scan.token.tolist(), scan.word.tolist()
        site = np.where(scan.word >= 0, self._is_site[np.maximum(scan.word, 0)], False)
        complaint = np.zeros(len(doc), dtype=np.bool_)
        for section in doc._.sections:
            if section.category == "chief_complaint":
                complaint[section.token_start : section.token_end] = True
        sites = np.flatnonzero(site).tolist()
        complained = np.flatnonzero(site & complaint[scan.token]).tolist()
        parts: list[tuple[list[int], list[int]]] = []
        for edges in problem_tokens(doc):
            first, last, begin, end = (bisect_left(tokens, edge) for edge in edges)
            if not 0 < last - first <= HEADING_WORDS:
                continue
            inside = sites[bisect_left(sites, begin) : bisect_left(sites, end)]
            below = sorted({*inside, *complained})[:BODY_TOKENS]
            known = dict.fromkeys(words[first:last], -1)
            for i in below:
                known.setdefault(words[i], i)
            kept = [i for i in known.values() if i >= 0]
            if kept:
                parts.append((list(range(first, last)), kept))
        return self._complete(scan, parts, {c.tokens for c in covers}) if parts else []

    def _complete(
        self, scan: Scan, parts: list[tuple[list[int], list[int]]], known: set[tuple[int, ...]]
    ) -> list[Cover]:
        """Match each heading together with its sites as if they stood in one clause."""
        order = [i for own, below in parts for i in (*own, *below)]
        position = [at for own, below in parts for at in (*range(len(own)), *[len(own)] * len(below))]
        segment = np.repeat(np.arange(len(parts), dtype=np.int32), [len(own) + len(below) for own, below in parts])
        quiet = np.zeros(len(order), dtype=np.bool_)
        virtual = Scan(scan.word[order], scan.token[order], np.array(position, dtype=np.int32), segment, quiet)
        heads = [frozenset(scan.token[own].tolist()) for own, _ in parts]
        matches = [
            m for m in self.matcher.match_scan(virtual)
            if m.tokens not in known and 0 < len(heads[m.segment].intersection(m.tokens)) < len(m.tokens)
            and not self.matcher.code_of(m).startswith(WHOLE)
        ]  # fmt: skip
        return [
            Cover(
                tuple(t for t in c.tokens if t in heads[c.segment]), int(scan.segment[parts[c.segment][0][0]]),
                c.readings, c.subsumed, True,
            )
            for c in self.matcher.covers(matches, joined=True)
        ]  # fmt: skip


def _make_entities(
    nlp: Language,
    name: str,  # noqa: ARG001
    system: str,
    date: str | None,
    headings: bool,
    entities: bool,
) -> MentionFinder:
    from leadterm.codes import load_system
    from leadterm.text.matching.compile_lexicon import compile_lexicon

    codes = load_system(system, date)
    lexicon, normaliser = compile_lexicon(codes), default_normaliser()
    language = nlp.lang or ""
    if language in TRANSLATED:
        matcher = TermMatcher.translating(lexicon, normaliser, language)
        numbers = (NumberFinder(codes),) if codes.spec.knowledge else ()
        return MentionFinder(matcher, numbers, neoplasms=_neoplasms(matcher, codes))
    matcher = TermMatcher.default(lexicon, normaliser)
    patterns: tuple[DocFinder, ...] = ()
    if codes.spec.knowledge:
        found = PatternMatcher.external_causes(codes), PatternMatcher.drugs(codes), PatternMatcher.denials(codes)
        patterns = (*found, NumberFinder(codes), DrugEffectFinder(codes))
    asked = headings or entities
    linker = FuzzyLinker(codes, matcher.normaliser, headings=headings, entities=entities) if asked else None
    return MentionFinder(matcher, patterns, linker, _neoplasms(matcher, codes))


def _outside_titles(doc: Doc, covers: list[Cover]) -> list[Cover]:
    """Leave out what stands in the title of a section: "Family History" is no finding."""
    edges = [(s.title_start, s.title_end) for s in doc._.sections if s.category not in ("", UNKNOWN)]
    spans = token_starts(doc).searchsorted([edge for edge in edges if edge[1] > edge[0]] or [(0, 0)]).tolist()
    inside = {token for first, last in spans for token in range(first, last)}
    return [c for c in covers if not inside.issuperset(c.tokens)]


def _neoplasms(matcher: TermMatcher, codes: CodeSystem) -> NeoplasmFinder | None:
    return NeoplasmFinder(matcher.vocabulary, matcher.normaliser, codes) if codes.spec.knowledge else None


def register_entities() -> None:
    """Register the factory ``leadterm_entities`` with spaCy; does nothing the second time.

    >>> register_entities()
    >>> from spacy.language import Language
    >>> Language.has_factory(NAME)
    True
    """
    from spacy.language import Language

    if not Language.has_factory(NAME):
        Language.factory(
            NAME,
            requires=["doc._.sections", "doc._.problems", "token.is_sent_start", "doc._.abbreviations"],
            assigns=["doc.spans", "doc._.scan", "doc._.covers"],
            default_config={"system": "icd10cm", "date": None, "headings": False, "entities": False},
            func=_make_entities,
        )


def _keep_few_attributes(nlp: Language) -> None:
    """Have only those attributes of words made that our stages read: all of them take longer than all the rest."""
    vocab: Any = nlp.vocab
    numbers = [vocab.strings[name] for name in ("LOWER", "IS_SPACE")]
    vocab.lex_attr_getters = {number: vocab.lex_attr_getters[number] for number in numbers}


class NoteReaders:
    """The text pipeline of each language; built when the first note in it comes.

    - ``system``: code system whose terms are found.
    - ``date``: date of service that decides the release of the codes.
    - ``ner``: a spaCy model whose entities are looked up by the linker where no term covers them; English notes only.
    - ``linker``: whether the linker looks up headings and complaints that no term covers; English notes only.
    """

    def __init__(self, system: str, *, date: str | None = None, ner: str | None = None, linker: bool = False) -> None:
        self.system, self.date, self.ner, self.linker = system, date, ner, linker
        self._built: dict[str, tuple[Language, TermMatcher]] = {}
        self._full: dict[str, int] = {}

    def of(self, language: str) -> tuple[Language, TermMatcher]:
        """Give the pipeline of a language and the matcher within it.

        The same for a language until it has met 20,000 words, which spaCy never forgets: then it is built anew, so
        that a long run needs no more memory.
        ``language``: ISO 639-1 code; a language without a table of words is read as English.
        """
        name = language if language in TRANSLATED else "en"
        if name not in self._built or len(self._built[name][0].vocab.strings) > self._full[name]:
            self._built.pop(name, None)
            register_entities()
            ner = self.ner if name == "en" else None
            settings = {"headings": self.linker, "entities": ner is not None}
            nlp = build_nlp(name, ner=ner, extra=[(NAME, {"system": self.system, "date": self.date, **settings})])
            if ner is None:
                _keep_few_attributes(nlp)
            self._built[name] = nlp, cast(MentionFinder, nlp.get_pipe(NAME)).matcher
            self._full[name] = len(nlp.vocab.strings) + MOST_WORDS
        return self._built[name]

    def read(self, note: Note, language: str) -> NoteReading:
        """Read a note.

        Frozen; holds nothing of spaCy. ``language``: ISO 639-1 code.
        """
        nlp, matcher = self.of(language)
        return read_note(nlp(note.text), note.note_id, matcher)

    def open(self, note: Note, language: str) -> OpenNote:
        """Read a note and keep it open for readers that find words by other means."""
        nlp, matcher = self.of(language)
        doc = nlp(note.text)
        return open_note(note, language, doc, nlp, read_note(doc, note.note_id, matcher))
