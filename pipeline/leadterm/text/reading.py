"""The border: a spaCy ``Doc`` goes in, frozen mentions with their context come out."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress
from operator import add
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from leadterm.schema import EvidenceSpan, Mention
from leadterm.text.extensions import (
    RAW,
    SPAN_ATTRIBUTES,
    sentence_flags,
    text_of,
    token_column,
    token_starts,
    word_places,
)
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.term_matcher import Cover, Reading, Scan, TermMatcher

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["FoundMention", "NoteReading", "ProblemWords", "Reading", "problem_tokens", "read_note"]

SIDES = frozenset({"left", "right", "bilateral"})
NUMBERED = re.compile(r"^[ \t]*[(#]?(\d{1,2})[.):](?=[ \t])", re.MULTILINE)
ACCESS, LINES = frozenset({"subclavian", "jugular", "cephalic"}), frozenset({"port", "catheter", "line", "portacath"})
UNSIDED, OF_SIDE = frozenset({"lymph", "node", "obturator", "diaphragm", "sidewall", "peristomal"}), 3
COMPLAINT_SECTIONS = frozenset({"chief_complaint", "indication", "reason_for_visit"})
YEAR = re.compile(
    r"[ ,(:]{0,2}(?:back |early |late )?(?:(?:in|on|of|since|from) )?(?:early |late )?"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? (?:\d{1,2}, ?)?(?:of )?)?"
    r"(?:(?:[0-9]{1,2}/)*(?:19|20)[0-9]{2}\b|(?:at (?:the )?)?age (?:of )?\d)",
    re.IGNORECASE,
)
EARLIER_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b[^.;:\n]{0,30}$")
YEAR_BEFORE = 36
FAR_WITHIN = 100.0  # words: any in a gap is nearer than those outside
ANY_DATE = re.compile(r"(?:19|20)[0-9]{2}|age (?:of )?\d")
PLURALS = (
    "legs arms hands feet knees hips ankles wrists elbows shoulders thighs calves heels thumbs toenails eyes ears "
    "eyelids lids extremities limbs kidneys ureters breasts testes testicles ovaries lungs forearms "
    "shins buttocks axillae groins"
)
PLURAL_REACH = 4
UNKNOWN_WEIGHT, LONG_FORM = 4.0, 3
PROBLEM_TOKENS = "leadterm_problem_tokens"
NOTHING: frozenset[str] = frozenset()


class FoundMention(NamedTuple):
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
        self.lowered = self.text.lower()
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
        self._drop_numbers(scan)
        self._drop_sides(scan)
        self._keep_sides(doc, scan, vocabulary)
        if "non-" in self.lowered:
            self._blank_opposites(scan)
        self.foreign = self._long_forms(scan)
        self.dated = ANY_DATE.search(self.lowered) is not None
        places = word_places(doc)
        self.plural = frozenset([i for word in plurals().intersection(places) for i in places[word]])
        self.tokens = scan.token.tolist()
        self.positions = scan.position.tolist()
        self.clauses = {number: (low, high) for number, low, high in runs(scan.segment)}
        begun = [*compress(range(len(doc)), sentence_flags(doc))]
        self.begun = begun if begun[:1] == [0] else [0, *begun]
        self.sentences: dict[int, frozenset[str]] = {}

    def _drop_numbers(self, scan: Scan) -> None:
        """Forget the numbers of a list: "2. hypoglycemia" is of no second level."""
        starts = {match.start(1) for match in NUMBERED.finditer(self.text)}
        items = {token for token, start in enumerate(self.starts) if start in starts} if starts else set()
        for i, token in enumerate(scan.token.tolist()) if items else ():
            if token in items:
                self.words[i] = ""

    def _drop_sides(self, scan: Scan) -> None:
        """Forget the side of what has none in the codes: "left obturator node with carcinoma of the ovary"."""
        sides = [i for i, word in enumerate(self.words) if word in SIDES]
        unsided = UNSIDED if LINES.isdisjoint(self.words) else UNSIDED | ACCESS  # the vein a line goes in by
        for i in sides if not unsided.isdisjoint(self.words) else ():
            end = int(np.searchsorted(scan.segment, scan.segment[i], side="right"))
            if not unsided.isdisjoint(self.words[i + 1 : min(i + 1 + OF_SIDE, end)]):
                self.words[i] = ""

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
        known, tokens = frozenset(names), scan.token.tolist()
        again = [i for i, token in enumerate(tokens) if token in known and (not i or tokens[i - 1] == token)]
        return frozenset(again)

    def _sentence(self, token: int) -> frozenset[str]:
        """The normal words of the sentence of a token."""
        at = bisect_right(self.begun, token)
        if at not in self.sentences:
            first, last = self.begun[at - 1], self.begun[at] if at < len(self.begun) else len(self.starts)
            low, high = bisect_left(self.tokens, first), bisect_left(self.tokens, last)
            self.sentences[at] = frozenset(self._without_foreign(low, high))
        return self.sentences[at]

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
        data = self.doc.user_data
        assertion, cues, section, label = (
            get_on_span(data, start, end, "assertion"), get_on_span(data, start, end, "cues"),
            get_on_span(data, start, end, "section"), get_on_span(data, start, end, "label"),
        )  # fmt: skip
        heard = tuple([EvidenceSpan(self.note_id, a, b, self.raw[a:b]) for a, b in cues]) if cues else ()
        mention = Mention(self.note_id, self._pieces(cover.tokens), assertion, heard, section)
        near, coverage = self._surroundings(cover)
        return FoundMention(
            mention, cover.readings, near, self._sentence(first), coverage, self.heading[first], self.body[first],
            label, start / max(len(text), 1), cover.subsumed, cover.joined, self._dated(start, end),
            bool(self.plural) and not self.plural.isdisjoint(range(first, last + PLURAL_REACH)),
        )  # fmt: skip

    def _dated(self, start: int, end: int) -> bool:
        """Whether a year stands behind a mention, or before it in the same clause."""
        if not self.dated:
            return False
        before = self.text[max(0, start - YEAR_BEFORE) : start]
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
        return tuple([EvidenceSpan(self.note_id, start, end, self.raw[start:end]) for start, end in bounds])

    def _to_next(self, inside: Sequence[int], between: Sequence[int]) -> list[float]:
        """How near the words from the first of a mention to its last are: in its gaps a word is of what it precedes."""
        if len(inside) == len(between):
            return [0.0] * len(between)
        own = [self.positions[i] for i in inside]
        return [(own[bisect_left(own, p)] - p) / FAR_WITHIN for p in between]

    def _surroundings(self, cover: Cover) -> tuple[tuple[str, ...], float]:
        """Words of the clause, nearest to the mention first, and the share of its weight that the mention covers."""
        begin, end = self.clauses.get(cover.segment, (0, 0))
        own, tokens, positions = cover.tokens, self.tokens, self.positions
        first, last = own[0], own[-1]
        inside: Sequence[int] = range(bisect_left(tokens, first, begin, end), bisect_right(tokens, last, begin, end))
        if last - first >= len(own):
            inside = [i for i in inside if tokens[i] in own]
        low, high = (positions[inside[0]], positions[inside[-1]]) if inside else (0, 0)
        left, right = bisect_left(positions, low, begin, end), bisect_right(positions, high, begin, end)
        away: list[float] = [low - p for p in positions[begin:left]]
        away += self._to_next(inside, positions[left:right])
        away += [p - high for p in positions[right:end]]
        words = self.words[begin:end]
        for i in self.foreign.intersection(range(begin, end)) if self.foreign else ():
            if tokens[i] not in own:
                words[i - begin] = ""
        near = dict.fromkeys([words[i] for i in sorted(range(len(away)), key=away.__getitem__)])
        near.pop("", None)
        total = sum(self.weight[begin:end])
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
