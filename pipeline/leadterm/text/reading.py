"""The border: a spaCy ``Doc`` goes in, frozen mentions with their context come out."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from spacy.attrs import LENGTH, SENT_START

from leadterm.schema import EvidenceSpan, Mention
from leadterm.text.components import token_starts
from leadterm.text.entities import Cover, Reading, Scan, TermMatcher

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span

__all__ = ["FoundMention", "NoteReading", "ProblemWords", "problem_numbers", "read_note"]

COMPLAINT_SECTIONS = frozenset({"chief_complaint", "indication", "reason_for_visit"})
UNKNOWN_WEIGHT = 4.0


@dataclass(frozen=True, slots=True)
class FoundMention:
    """A mention, its readings and where it stands.

    Parameters
    ----------
    mention : Mention
        Words, section and assertion.
    readings : tuple of Reading
        At least one.
    near : tuple of str
        Normal words of the clause, nearest first.
    sentence : frozenset of str
        Normal words of the sentence.
    coverage : float
        Share of the clause's weight that the mention covers.
    heading : int
        Number of the problem whose heading it stands in, or -1.
    body : int
        Number of the problem whose body it stands in, or -1.
    label : str
        Category of the labelled line it stands in, or empty.
    place : float
        Where in the note it starts, from 0 to 1.
    subsumed : bool
        Whether a longer mention covers it.
    joined : bool
        Whether it was put together from a heading and words below it.
    """

    mention: Mention
    readings: tuple[Reading, ...]
    near: tuple[str, ...]
    sentence: frozenset[str]
    coverage: float
    heading: int = -1
    body: int = -1
    label: str = ""
    place: float = 0.0
    subsumed: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """Normal words of a problem's heading and of the text below it."""

    heading: frozenset[str]
    body: frozenset[str]


@dataclass(frozen=True, slots=True)
class NoteReading:
    """Everything the coding stages need to know of a note.

    Parameters
    ----------
    note_id : str
        The note.
    mentions : tuple of FoundMention
        In order of the text.
    problems : tuple of ProblemWords
        Problems of the assessment, in order.
    complaint : frozenset of str
        Normal words of the chief complaint or reason for visit.
    words : frozenset of str
        All normal words of the note.
    length : int
        Number of its words.
    """

    note_id: str
    mentions: tuple[FoundMention, ...]
    problems: tuple[ProblemWords, ...] = ()
    complaint: frozenset[str] = frozenset()
    words: frozenset[str] = field(default_factory=frozenset)
    length: int = 0


class _Reader:
    """Reads one doc; holds the arrays that its steps share."""

    def __init__(self, doc: Doc, note_id: str, matcher: TermMatcher) -> None:
        self.doc, self.note_id, self.matcher = doc, note_id, matcher
        self.text = doc.text
        self.starts = token_starts(doc).tolist()
        self.ends = [start + size for start, size in zip(self.starts, doc.to_array([LENGTH]).tolist(), strict=True)]
        self.scan: Scan = doc._.scan
        self.vocabulary = matcher.vocabulary
        lex = matcher.lexicon
        self.weight = np.where(self.scan.word >= 0, lex.weight[np.maximum(self.scan.word, 0)], UNKNOWN_WEIGHT).tolist()
        self.heading, self.body = problem_numbers(doc)
        self.words = [self.vocabulary[w] if w >= 0 and not no else "" for w, no in zip(self.scan.word.tolist(), self.scan.negated.tolist(), strict=True)]
        self.tokens = self.scan.token.tolist()
        self.positions = self.scan.position.tolist()
        self.clause: dict[int, list[int]] = {}
        for i, segment in enumerate(self.scan.segment.tolist()):
            self.clause.setdefault(segment, []).append(i)
        self.sentences: dict[int, frozenset[str]] = {}
        self.sentence_of = sentence_numbers(doc)
        by_sentence: dict[int, set[str]] = {}
        for word, token in zip(self.words, self.tokens, strict=True):
            by_sentence.setdefault(self.sentence_of[token], set()).add(word)
        self.sentences = {number: frozenset(words) for number, words in by_sentence.items()}

    def read(self) -> NoteReading:
        """Read the whole note."""
        mentions = [self._mention(span, cover) for span, cover in zip(self.doc.spans["mentions"], self.doc._.covers, strict=True)]
        complaint: set[str] = set()
        for section in self.doc._.sections:
            if section.category in COMPLAINT_SECTIONS:
                complaint.update(
                    w for w, t in zip(self.words, self.tokens, strict=True) if section.token_start <= t < section.token_end
                )
        return NoteReading(self.note_id, tuple(mentions), self._problems(), frozenset(complaint), frozenset(self.words), len(self.tokens))

    def _problems(self) -> tuple[ProblemWords, ...]:
        headings: list[set[str]] = [set() for _ in self.doc._.problems]
        bodies: list[set[str]] = [set() for _ in self.doc._.problems]
        for word, token in zip(self.words, self.tokens, strict=True):
            if self.heading[token] >= 0:
                headings[self.heading[token]].add(word)
            elif self.body[token] >= 0:
                bodies[self.body[token]].add(word)
        return tuple(ProblemWords(frozenset(h), frozenset(b)) for h, b in zip(headings, bodies, strict=True))

    def _mention(self, span: Span, cover: Cover) -> FoundMention:
        pieces = self._pieces(cover.tokens)
        cues = tuple(EvidenceSpan(self.note_id, a, b, self.text[a:b]) for a, b in span._.cues)
        mention = Mention(self.note_id, pieces, span._.assertion, cues, span._.section)
        near, coverage = self._surroundings(cover)
        first = cover.tokens[0]
        return FoundMention(
            mention, cover.readings, near, self.sentences.get(self.sentence_of[first], frozenset()), coverage,
            self.heading[first], self.body[first], span._.label, pieces[0].start / max(len(self.text), 1),
            cover.subsumed, cover.joined,
        )  # fmt: skip

    def _pieces(self, tokens: tuple[int, ...]) -> tuple[EvidenceSpan, ...]:
        """Spans of runs of tokens; tokens with only one other between them make one run."""
        runs: list[list[int]] = []
        for token in tokens:
            if runs and token - runs[-1][1] <= 2:
                runs[-1][1] = token
            else:
                runs.append([token, token])
        bounds = [(self.starts[first], self.ends[last]) for first, last in runs]
        return tuple(EvidenceSpan(self.note_id, start, end, self.text[start:end]) for start, end in bounds)

    def _surroundings(self, cover: Cover) -> tuple[tuple[str, ...], float]:
        """Words of the clause, nearest to the mention first, and the share of its weight that the mention covers."""
        members = self.clause.get(cover.segment, [])
        own = frozenset(cover.tokens)
        inside = [self.positions[i] for i in members if self.tokens[i] in own] or [0]
        low, high = min(inside), max(inside)
        ranked = sorted(members, key=lambda i: (max(low - self.positions[i], self.positions[i] - high, 0), i))
        total = sum(self.weight[i] for i in members)
        covered = sum(self.weight[i] for i in members if self.tokens[i] in own)
        return tuple(dict.fromkeys(self.words[i] for i in ranked if self.words[i])), covered / total if total else 0.0


def sentence_numbers(doc: Doc) -> list[int]:
    """Number of the sentence of each token."""
    starts: list[int] = (np.cumsum(doc.to_array([SENT_START]) == 1) - 1).tolist()
    return starts


def problem_numbers(doc: Doc) -> tuple[list[int], list[int]]:
    """For each token the problem whose heading, and the one whose body, it stands in; -1 for none."""
    heading, body = [-1] * len(doc), [-1] * len(doc)
    problems = doc._.problems
    if problems:
        starts = token_starts(doc).tolist()
        for number, problem in enumerate(problems):
            for i in range(bisect_left(starts, problem.start), bisect_left(starts, problem.end)):
                heading[i] = number
            for i in range(bisect_left(starts, problem.body_start), bisect_left(starts, problem.body_end)):
                body[i] = number
    return heading, body


def read_note(doc: Doc, note_id: str, matcher: TermMatcher) -> NoteReading:
    """Read the mentions of an annotated doc.

    Parameters
    ----------
    doc : Doc
        Through the whole text pipeline.
    note_id : str
        Identifier for the evidence spans.
    matcher : TermMatcher
        The one that found the mentions.

    Returns
    -------
    NoteReading
        Frozen; holds nothing of spaCy.
    """
    return _Reader(doc, note_id, matcher).read()
