"""Features: where the mentions of each candidate stand in the document, and what kind of document it is."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.layout.lines import unwrapped
from leadterm.text.layout.note_kind import KINDS, NoteKind, find_kind

if TYPE_CHECKING:
    from leadterm.dictionary.candidates import Candidate, Support
    from leadterm.schema import Encounter
    from leadterm.text.reading import NoteReading

__all__ = ["AROUND", "DOCUMENT", "describe_document", "describe_surroundings", "kind_of", "reporting_kind"]

AROUND = (
    "line_share", "line_start", "list_item", "listed_after", "sentence_end", "care", "care_best", "said_past", "order",
    "diagnosis_order", "first_place", "last_place", "count_present", "count_absent", "count_possible",
    "count_history", "present_sections", "present_diagnosis", "in_preoperative", "in_course", "in_medications",
    "in_social", "in_surgery",
)  # fmt: skip
DOCUMENT = (
    *(f"kind_{name.replace(' ', '_')}" for name in KINDS), "statement", "candidates", "mentions_diagnosis",
    "mentions_history", "mentions_unsectioned", "problem_bodies",
)  # fmt: skip
DIAGNOSIS = frozenset({
    "assessment", "assessment_plan", "impression", "problem_list", "discharge_diagnosis", "admission_diagnosis",
    "diagnosis", "preoperative_diagnosis", "postoperative_diagnosis",
})  # fmt: skip
HISTORY = frozenset({"past_medical_history", "past_surgical_history", "history"})
PARTS: Mapping[str, str] = {
    "preoperative_diagnosis": "in_preoperative", "admission_diagnosis": "in_preoperative",
    "hospital_course": "in_course", "medications": "in_medications", "social_history": "in_social",
    "past_surgical_history": "in_surgery",
}  # fmt: skip
COUNTS = {
    "present": "count_present", "absent": "count_absent", "possible": "count_possible", "history": "count_history",
}  # fmt: skip
BEFORE, BEHIND, READ = 100, 140, 5
BODY, MANY_BODIES = 6, 2
NOTHING_AROUND = dict.fromkeys(AROUND, 0.0)
_BEGINNINGS = (
    "continu start restart increas decreas prescri refill treat therap manag control monitor follow order refer "
    "schedul recheck repeat consult evaluat adjust begin began initiat given resum tablet daily surger repair "
    "admit biops antibiotic insulin discuss stable improv worsen"
)
_BY_LETTER = groupby(sorted(_BEGINNINGS.split()), key=itemgetter(0))
_GROUPED = "|".join(f"{letter}(?:{'|'.join(word[1:] for word in words)})" for letter, words in _BY_LETTER)
_CARE = re.compile(rf"\b(?:{_GROUPED}|mg\b)")
_WHOLE = "mg"  # of these the only whole word
_CUT_SHORT = re.compile(rf"\b{_WHOLE}\Z")
LONGEST = 12
_PAST = (
    "history of", "h/o", "hx of", "previous", "prior", "status post", "s/p", "years ago", "in the past", "remote",
)  # fmt: skip
_PAST_WORDS = re.compile(rf"\b(?:{'|'.join(_PAST)})\b")
_BULLET = re.compile(r"(?:^|[\s,;.])(?:\d{1,2}[.)]|[-*•#])$")
_ITEM_ENDS = (".", ")", "-", "*", "•", "#")
_MARKS = re.compile(r"[\d.)\-*•#\s]+")


def kind_of(encounter: Encounter) -> NoteKind:
    """Tell what kind of document the first note of an encounter is."""
    return find_kind(encounter.notes[0].text, encounter.notes[0].kind)


def describe_document(
    candidates: Sequence[Candidate], notes: Sequence[NoteReading], kind: NoteKind
) -> dict[str, float]:
    """Give what all candidates of a document share, by the names of `DOCUMENT`."""
    found = [mention for note in notes for mention in note.mentions]
    said = sum(len(one.mention.text.split()) for one in found if not one.subsumed)
    sections = [one.mention.section for one in found]
    row = dict.fromkeys(DOCUMENT, 0.0)
    row[f"kind_{kind.name.replace(' ', '_')}"] = 1.0
    row["statement"] = min(said / max(sum(note.length for note in notes), 1), 1.5)
    row["candidates"] = len(candidates)
    row["mentions_diagnosis"] = sum(section in DIAGNOSIS for section in sections)
    row["mentions_history"] = sum(section in HISTORY for section in sections)
    row["mentions_unsectioned"] = sections.count("")
    row["problem_bodies"] = sum(len(problem.body) >= BODY for note in notes for problem in note.problems)
    return row


def reporting_kind(document: Mapping[str, float]) -> str:
    """Name the kind of document for the rates of reported codes, from what `describe_document` gave.

    Notes that treat problem after problem are a kind of their own: their coders report the problems and little else.
    """
    name = next(name for name in KINDS if document[f"kind_{name.replace(' ', '_')}"])
    return f"{name} by problems" if document["problem_bodies"] >= MANY_BODIES else name


def describe_surroundings(candidates: Sequence[Candidate], encounter: Encounter) -> list[dict[str, float]]:
    """Give what is known of the mentions of each candidate, by the names of `AROUND`."""
    texts = {note.note_id: _Text(unwrapped(note.text)) for note in encounter.notes}
    supports = {id(support.found): support for one in candidates for support in one.supports}  # many share a mention
    order = _numbered(map(_at, supports.values()))
    told = _numbered(map(_at, filter(_is_diagnosis, supports.values())))
    places = {key: _place(support, order, told) for key, support in supports.items()}
    return [_describe(one, texts, [places[id(support.found)] for support in one.supports]) for one in candidates]


class _Place(NamedTuple):
    """A mention: its number among all and among the diagnoses, or -1; where it is; columns that count it.

    ``present``: its section, where it says that something is there.
    """

    order: int
    told: int
    place: float
    counted: tuple[str, ...]
    present: str | None


def _numbered(places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    return {place: number for number, place in enumerate(sorted(set(places)))}


def _place(support: Support, order: Mapping[tuple[int, int], int], told: Mapping[tuple[int, int], int]) -> _Place:
    at, mention = _at(support), support.found.mention
    names = COUNTS.get(mention.assertion), PARTS.get(mention.section)
    present = mention.section if mention.assertion == "present" else None
    number = told[at] if _is_diagnosis(support) else -1
    return _Place(order[at], number, support.found.place, tuple(filter(None, names)), present)


def _at(support: Support) -> tuple[int, int]:
    return support.note, support.found.mention.start


def _is_diagnosis(support: Support) -> bool:
    mention = support.found.mention
    return mention.section in DIAGNOSIS and mention.assertion in ("present", "possible")


def _describe(candidate: Candidate, texts: Mapping[str, _Text], places: Sequence[_Place]) -> dict[str, float]:
    supports, best = candidate.supports, candidate.supports[0].found.mention
    row = NOTHING_AROUND | texts[best.note_id].line(best.start, best.end)
    near = [texts[m.note_id].care(m.start, m.end) for m in (support.found.mention for support in supports[:READ])]
    row["care"], row["care_best"] = near[0], max(near)
    row["order"] = min([one.order for one in places])
    row["diagnosis_order"] = min([one.told for one in places if one.told >= 0], default=-1)
    where = [one.place for one in places]
    row["first_place"], row["last_place"] = min(where), max(where)
    for one in places:
        for name in one.counted:
            row[name] += 1
    sections = {one.present for one in places}
    row["present_sections"] = len(sections - {None})
    row["present_diagnosis"] = not sections.isdisjoint(DIAGNOSIS)
    return row


class _Text:
    """The text of a note, and what stands around the places asked for: many candidates share a mention."""

    def __init__(self, text: str) -> None:
        self.text, self.low = text, text.lower()
        if len(self.low) != len(text):  # of the few letters that grow in lower case only these stay as they are
            self.low = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
        self.words = [match.span() for match in _CARE.finditer(self.low)]
        self._lines: dict[tuple[int, int], dict[str, float]] = {}
        self._cares: dict[tuple[int, int], float] = {}

    def line(self, first: int, last: int) -> dict[str, float]:
        """How a mention stands in its line."""
        if (first, last) not in self._lines:
            self._lines[first, last] = self._line(first, last)
        return self._lines[first, last]

    def care(self, first: int, last: int) -> float:
        """How much treatment and work-up stands near a mention."""
        if (first, last) not in self._cares:
            self._cares[first, last] = self._care(first, last)
        return self._cares[first, last]

    def _line(self, first: int, last: int) -> dict[str, float]:
        """How a mention stands in its line: as an item, at its beginning, as most of it."""
        text = self.text
        start = text.rfind("\n", 0, first) + 1
        end = text.find("\n", last)
        whole = text[start : end if end >= 0 else len(text)].strip()
        before = text[max(start, first - 12) : first].strip()
        past = self.low[max(0, first - 40) : first]
        return {
            "line_share": (last - first) / max(len(whole), 1),
            "line_start": float(not before or _MARKS.fullmatch(before) is not None),
            "list_item": float(before.endswith(_ITEM_ENDS) and _BULLET.search(before) is not None),
            "listed_after": float(before.endswith((",", ";"))),
            "sentence_end": float(text[last : last + 1] in ".;\n"),
            "said_past": float(any(words in past for words in _PAST) and self._is_past(first)),
        }

    def _is_past(self, first: int) -> bool:
        return _PAST_WORDS.search(self.low, max(0, first - 40), first) is not None

    def _care(self, first: int, last: int) -> float:
        """How many words of treatment and work-up stand near a mention, on a scale that flattens."""
        low, begin, end = self.low, max(0, first - BEFORE), min(last + BEHIND, len(self.low))
        spans = self.words[bisect_left(self.words, (begin, 0)) : bisect_left(self.words, (end, 0))]
        found = {low[a:b] for a, b in spans if b <= end}
        if low[begin - 1 : begin].strip() and (cut := _CARE.match(low[begin : min(begin + LONGEST, end)])):
            found.add(cut.group())  # a word of which the stretch holds but the end
        if low.endswith(_WHOLE, begin, end) and _CUT_SHORT.search(low[max(begin, end - 3) : end]):
            found.add(_WHOLE)
        return math.log1p(len(found))
