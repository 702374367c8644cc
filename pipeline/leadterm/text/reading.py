"""The border: a spaCy ``Doc`` goes in, frozen mentions with their context come out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from operator import add
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leadterm.schema import EvidenceSpan, Mention
from leadterm.text.extensions import RAW, SPAN_ATTRIBUTES, sentence_flags, text_of, token_column, token_starts
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.term_matcher import Cover, Reading, Scan, TermMatcher

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["FoundMention", "NoteReading", "ProblemWords", "Reading", "problem_tokens", "read_note"]

SIDES = frozenset({"left", "right", "bilateral"})
COMPLAINT_SECTIONS = frozenset({"chief_complaint", "indication", "reason_for_visit"})
YEAR = re.compile(
    r"[ ,(:]{0,2}(?:back |early |late )?(?:(?:in|on|of|since|from) )?(?:early |late )?"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? (?:\d{1,2}, ?)?(?:of )?)?"
    r"(?:(?:[0-9]{1,2}/)*(?:19|20)[0-9]{2}\b|(?:at (?:the )?)?age (?:of )?\d)",
    re.IGNORECASE,
)
EARLIER_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b[^.;:\n]{0,30}$")
YEAR_BEFORE = 36
ANY_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
PLURALS = (
    "legs arms hands feet knees hips ankles wrists elbows shoulders thighs calves heels thumbs toenails eyes ears "
    "eyelids lids extremities limbs kidneys ureters breasts testes testicles ovaries lungs forearms "
    "shins buttocks axillae groins"
)
PLURAL_REACH = 4
UNKNOWN_WEIGHT, LONG_FORM = 4.0, 3
PROBLEM_TOKENS = "leadterm_problem_tokens"
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FoundMention:
    """A mention, its readings and where it stands.

    ``near``: normal words of the clause, nearest first. ``coverage``: share of the clause's weight that the mention
    covers. ``heading``: number of the problem whose heading it stands in, or -1. ``body``: number of the problem
    whose body it stands in, or -1. ``label``: category of the labelled line it stands in, or empty. ``place``: where
    in the note it starts, from 0 to 1. ``joined``: whether it was put together from a heading and words below it.
    ``dated``: whether a year stands by it. ``paired``: whether a part of the body in the plural names both sides:
    "pain in the legs".
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
    dated: bool = False
    paired: bool = False


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """Normal words of a problem's heading and of the text below it."""

    heading: frozenset[str]
    body: frozenset[str]


NO_PROBLEM = ProblemWords(NOTHING, NOTHING)


@dataclass(frozen=True, slots=True)
class NoteReading:
    """Everything the coding stages need to know of a note.

    ``complaint``: normal words of the chief complaint or reason for visit.
    """

    note_id: str
    mentions: tuple[FoundMention, ...]
    problems: tuple[ProblemWords, ...] = ()
    complaint: frozenset[str] = frozenset()
    words: frozenset[str] = field(default_factory=frozenset)
    length: int = 0

    def problem_of(self, found: FoundMention) -> ProblemWords:
        """Give the words of the problem whose heading or body a mention stands in; empty where it stands in none."""
        number = found.heading if found.heading >= 0 else found.body
        return self.problems[number] if number >= 0 else NO_PROBLEM


class _Reader:
    """Reads one doc; holds the arrays that its steps share."""

    def __init__(self, doc: Doc, note_id: str, matcher: TermMatcher) -> None:
        self.doc, self.note_id = doc, note_id
        self.text = text_of(doc)
        self.raw: str = doc.user_data.get(RAW, self.text)
        self.starts = token_starts(doc).tolist()
        self.ends = list(map(add, self.starts, token_column(doc, "LENGTH")))
        scan: Scan = doc._.scan
        weight = matcher.lexicon.weight
        self.weight = np.where(scan.word >= 0, weight[np.maximum(scan.word, 0)], UNKNOWN_WEIGHT).tolist()
        self.heading, self.body = problem_numbers(doc)
        vocabulary = matcher.vocabulary
        ids = np.where(scan.negated, -1, scan.word).tolist()
        self.words = [vocabulary[w] if w >= 0 else "" for w in ids]
        self._keep_sides(doc, scan, vocabulary)
        if "non-" in self.text.lower():
            self._blank_opposites(scan)
        self.foreign = self._long_forms(scan)
        self.years = bool(ANY_YEAR.search(self.text))
        known, lowered = plurals(), token_column(doc, "LOWER")
        said = () if known.isdisjoint(lowered) else enumerate(lowered)
        self.plural = frozenset(i for i, word in said if word in known)
        self.tokens = scan.token.tolist()
        self.positions = scan.position.tolist()
        self.clauses = {number: (low, high, sum(self.weight[low:high])) for number, low, high in runs(scan.segment)}
        sentence_of = sentence_numbers(doc)
        self.sentence_of: list[int] = sentence_of.tolist()
        self.sentences = {
            number: frozenset(self._without_foreign(low, high)) for number, low, high in runs(sentence_of[scan.token])
        }

    def _keep_sides(self, doc: Doc, scan: Scan, vocabulary: tuple[str, ...]) -> None:
        """Keep the side behind a comma: "cataract without glaucoma, left eye"."""
        for i in np.flatnonzero(scan.negated & (scan.word >= 0)).tolist():
            word, token = vocabulary[scan.word[i]], int(scan.token[i])
            if word in SIDES and doc[token - 1].text == ",":
                self.words[i] = word

    def _long_forms(self, scan: Scan) -> frozenset[int]:
        """Places of the words, but the first, of short forms of diseases: they tell no detail of another disease."""
        names = [c.tokens[0] for c in self.doc._.covers if len(c.tokens) == 1 and c.readings[0].words >= LONG_FORM]
        if not names:
            return frozenset()
        many = np.isin(scan.token, names)
        many[1:] &= scan.token[1:] == scan.token[:-1]
        return frozenset(np.flatnonzero(many).tolist())

    def _without_foreign(self, low: int, high: int) -> list[str]:
        if not self.foreign:
            return self.words[low:high]
        return [self.words[i] for i in range(low, high) if i not in self.foreign]

    def _blank_opposites(self, scan: Scan) -> None:
        """Forget "recurrent" where the note says "non-recurrent"."""
        for i, token in enumerate(scan.token.tolist()):
            begin = self.starts[token]
            if self.text[begin : begin + 4].lower() == "non-" and not self.words[i].startswith("non"):
                self.words[i] = ""

    def read(self) -> NoteReading:
        """Read the whole note."""
        mentions = tuple(map(self._mention, self.doc._.covers))
        complaint: set[str] = set()
        for section in self.doc._.sections:
            if section.category in COMPLAINT_SECTIONS:
                complaint.update(self._between(section.token_start, section.token_end))
        problems = tuple(
            ProblemWords(frozenset(self._between(a, b)), frozenset(self._between(c, d)))
            for a, b, c, d in problem_tokens(self.doc)
        )
        words = frozenset(self.words)
        return NoteReading(self.note_id, mentions, problems, frozenset(complaint), words, len(self.tokens))

    def _between(self, first: int, last: int) -> list[str]:
        """The normal words of the tokens ``[first, last)``."""
        return self.words[bisect_left(self.tokens, first) : bisect_left(self.tokens, last)]

    def _mention(self, cover: Cover) -> FoundMention:
        first, last = cover.tokens[0], cover.tokens[-1]
        start, end, text = self.starts[first], self.ends[last], self.text
        assertion, cues, section, label = (
            get_on_span(self.doc.user_data, start, end, name) for name in ("assertion", "cues", "section", "label")
        )
        heard = tuple([EvidenceSpan(self.note_id, a, b, self.raw[a:b]) for a, b in cues]) if cues else ()
        mention = Mention(self.note_id, self._pieces(cover.tokens), assertion, heard, section)
        near, coverage = self._surroundings(cover)
        sentence = self.sentences.get(self.sentence_of[first], NOTHING)
        return FoundMention(
            mention, cover.readings, near, sentence, coverage, self.heading[first], self.body[first],
            label, start / max(len(text), 1), cover.subsumed, cover.joined, self._dated(start, end),
            bool(self.plural) and not self.plural.isdisjoint(range(first, last + PLURAL_REACH)),
        )  # fmt: skip

    def _dated(self, start: int, end: int) -> bool:
        """Whether a year stands behind a mention, or before it in the same clause."""
        before = self.text[max(0, start - YEAR_BEFORE) : start] if self.years else ""
        return bool(YEAR.match(self.text, end) or EARLIER_YEAR.search(before))

    def _pieces(self, tokens: tuple[int, ...]) -> tuple[EvidenceSpan, ...]:
        """Spans of runs of tokens; tokens with only one other between them make one run."""
        runs: list[list[int]] = []
        for token in tokens:
            if runs and token - runs[-1][1] <= 2:
                runs[-1][1] = token
            else:
                runs.append([token, token])
        bounds = [(self.starts[first], self.ends[last]) for first, last in runs]
        return tuple(EvidenceSpan(self.note_id, start, end, self.raw[start:end]) for start, end in bounds)

    def _surroundings(self, cover: Cover) -> tuple[tuple[str, ...], float]:
        """Words of the clause, nearest to the mention first, and the share of its weight that the mention covers."""
        begin, end, total = self.clauses.get(cover.segment, (0, 0, 0.0))
        own, tokens = frozenset(cover.tokens), self.tokens
        positions = self.positions[begin:end]
        first, last = cover.tokens[0], cover.tokens[-1]
        within = range(bisect_left(tokens, first, begin, end), bisect_right(tokens, last, begin, end))
        inside = [i for i in within if tokens[i] in own]
        low, high = (self.positions[inside[0]], self.positions[inside[-1]]) if inside else (0, 0)
        away = [low - p if p < low else p - high if p > high else 0 for p in positions]
        words = self.words[begin:end]
        for i in self.foreign.intersection(range(begin, end)) if self.foreign else ():
            if tokens[i] not in own:
                words[i - begin] = ""
        near = dict.fromkeys([words[i] for i in sorted(range(len(away)), key=away.__getitem__)])
        near.pop("", None)
        return tuple(near), sum([self.weight[i] for i in inside]) / total if total else 0.0


@lru_cache(maxsize=1)
def plurals() -> frozenset[int]:
    """Numbers by which spaCy knows the plurals of paired parts of the body."""
    return frozenset(map(get_string_id, PLURALS.split()))


def get_on_span(user_data: dict[Any, Any], start: int, end: int, name: str) -> Any:
    """A custom attribute of the span of characters ``[start, end)``, as ``span._`` gives it, but faster."""
    return user_data.get(("._.", name, start, end), SPAN_ATTRIBUTES[name])


def runs(numbers: npt.NDArray[Any]) -> list[tuple[int, int, int]]:
    """Stretches of equal numbers: the number, where it begins and where it ends."""
    if not len(numbers):
        return []
    cuts = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    starts = [0, *cuts.tolist()]
    return list(zip(numbers[starts].tolist(), starts, [*starts[1:], len(numbers)], strict=True))


def sentence_numbers(doc: Doc) -> npt.NDArray[np.int64]:
    """Number of the sentence of each token."""
    numbers: npt.NDArray[np.int64] = np.cumsum(sentence_flags(doc)) - 1
    return numbers


def problem_tokens(doc: Doc) -> list[tuple[int, int, int, int]]:
    """Tokens ``[a, b)`` of the heading and ``[c, d)`` of the body of each problem.

    One entry a problem, in order.
    """
    found: list[tuple[int, int, int, int]] | None = doc.user_data.get(PROBLEM_TOKENS)
    if found is None:
        edges = [(p.start, p.end, p.body_start, p.body_end) for p in doc._.problems]
        found = [tuple(row) for row in token_starts(doc).searchsorted(edges).tolist()] if edges else []
        doc.user_data[PROBLEM_TOKENS] = found
    return found


def problem_numbers(doc: Doc) -> tuple[list[int], list[int]]:
    """For each token the problem whose heading, and the one whose body, it stands in; -1 for none."""
    heading, body = [-1] * len(doc), [-1] * len(doc)
    for number, (a, b, c, d) in enumerate(problem_tokens(doc)):
        heading[a:b] = [number] * (b - a)
        body[c:d] = [number] * (d - c)
    return heading, body


def read_note(doc: Doc, note_id: str, matcher: TermMatcher) -> NoteReading:
    """Read the mentions of an annotated doc.

    Frozen; holds nothing of spaCy.
    """
    return _Reader(doc, note_id, matcher).read()
