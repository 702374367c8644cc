"""Where a note speaks of a code, for the choice of the leading one: sections, problems, reasons, words around."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import pairwise
from typing import NamedTuple

from leadterm.schema import Note
from leadterm.storage.tsv import package_table
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.problems import find_problems
from leadterm.text.layout.sections import find_marks

__all__ = ["DIAGNOSES", "END", "WORD", "Page", "Place", "cues", "locate", "stems"]

_SECTIONS = {
    "assessment": "assessment assessment_plan impression problem_list summary conclusion",
    "diagnosis": "discharge_diagnosis diagnosis postoperative_diagnosis",
    "admission": "admission_diagnosis", "preoperative": "preoperative_diagnosis",
    "complaint": "chief_complaint reason_for_visit indication", "hpi": "hpi subjective interval_history",
    "course": "hospital_course", "past": "past_medical_history past_surgical_history history family_history",
    "social": "social_history social", "drugs": "medications allergies",
    "exam": "physical_exam objective vitals review_of_systems", "results": "results labs imaging findings",
    "plan": "plan instructions disposition", "procedure": "procedure technique",
}  # fmt: skip
GROUPS: Mapping[str, str] = {section: name for name, sections in _SECTIONS.items() for section in sections.split()}
DIAGNOSES = ("assessment", "diagnosis")
END = re.compile(r"[.;!?](?=\s)|\n")
FIRST = re.compile(r"(?<=[.!?])\s|\n\s*\n")
REASON = re.compile(
    r"(?:admitted|hospitali[sz]ed|presents?|presented|presenting|here|came|comes|referred|seen|evaluated|brought"
    r"|consulted|returns?|returned|visit|reason|follow-?up|followed|complain\w*) (?:\w+ ){0,3}?"
    r"(?:for|with|because|due to|of|after|on account of|:)"
)
STATED = re.compile(
    r"(?:principal|primary)\s(?:discharge\s|final\s|admission\s)?(?:diagnos[ie]s|problem|dx)\s*[:\-–]\s*(?:#?\d\d?[.):]\s*)?$"
)
WORD = re.compile(r"[a-z]{3,}")
STEM, AROUND, REASON_LENGTH, OPENING, LEAST_OPENING, OF_PROCEDURE = 6, 90, 110, 200, 25, 400
PROSE = 600  # characters
NEAR = 80  # characters in which the words of a title are looked for together
_EMPTY = (
    "unspecified other with without and the for not due type elsewhere classified initial encounter specified site "
    "right left both"
)
EMPTY = frozenset(_EMPTY.split())


class Place(NamedTuple):
    """A mention: the note, by its number, and its first piece."""

    note: int
    start: int
    end: int


def stems(text: str) -> frozenset[str]:
    """Give the beginnings of the words that say something.

    >>> sorted(stems("Fracture of right femur, initial encounter"))
    ['femur', 'fractu']
    """
    return frozenset(word[:STEM] for word in WORD.findall(text.lower()) if word not in EMPTY)


class Page:
    """A note, laid out once for all codes."""

    def __init__(self, note: Note) -> None:
        self.text, self.low = note.text, note.text.lower()
        lines = split_lines(note.text)
        marks = find_marks(note.text, lines)
        heads = [mark for mark in marks if not mark.label]
        self._starts = [mark.start for mark in heads]
        self._groups = [GROUPS.get(mark.category, "other") for mark in heads]
        self._problems = find_problems(note.text, lines, marks)
        words = [(match.start(), match.group()[:STEM]) for match in WORD.finditer(self.low)]
        self.counts = Counter(stem for _, stem in words)
        self._words = words

    def section(self, at: int) -> str:
        """Name the group of the section a place stands in."""
        number = bisect_right(self._starts, at) - 1
        return self._groups[number] if number >= 0 else "none"

    def is_stated(self, at: int) -> bool:
        """Tell whether a place stands directly behind the words that call it the principal diagnosis."""
        return STATED.search(self.low, max(0, at - AROUND), at) is not None

    def problem(self, at: int) -> tuple[int, bool] | None:
        """Give the number of the problem a place stands in, and whether below its heading."""
        for one in self._problems:
            if one.start <= at < one.end or one.body_start <= at < one.body_end:
                return one.number, at >= one.end
        return None

    def around(self, start: int, end: int) -> tuple[str, str]:
        """Give what stands before and behind a mention in its sentence."""
        low = max(0, start - AROUND)
        low = max((match.end() for match in END.finditer(self.low, low, start)), default=low)
        high = min(len(self.low), end + AROUND)
        after = END.search(self.low, end, high)
        return self.low[low:start], self.low[end : after.start() if after else high]

    @property
    def is_prose(self) -> bool:
        """Tell whether it is a longer text without headings."""
        return not self._starts and len(self.text) > PROSE

    @cached_property
    def told(self) -> dict[str, frozenset[str]]:
        """The words of complaints, of the first sentence, of reasons to come, and of procedures."""
        opening = next((part for part in FIRST.split(self.low) if len(part) > LEAST_OPENING), self.low)
        reasons = (self.low[match.end() : match.end() + REASON_LENGTH] for match in REASON.finditer(self.low))
        return {
            "complaint": stems(" ".join(self._inside("complaint", len(self.low)))), "opening": stems(opening[:OPENING]),
            "reason": frozenset().union(*(stems(words.split(".")[0]) for words in reasons)),
            "procedure": stems(" ".join(self._inside("procedure", OF_PROCEDURE))),
        }  # fmt: skip

    def _inside(self, group: str, most: int) -> Iterator[str]:
        for (start, end), name in zip(pairwise([*self._starts, len(self.low)]), self._groups, strict=True):
            if name == group:
                yield self.low[start : min(end, start + most)]

    def nearest(self, wanted: frozenset[str]) -> tuple[float, int, int]:
        """Find where most of some words stand together: how much they say, from where to where."""
        found = [(at, word) for at, word in self._words if word in wanted]
        best = (0.0, 0, 0)
        for number, (at, _) in enumerate(found):
            near = {word: place for place, word in found[number : number + len(wanted)] if place - at < NEAR}
            weight = sum(self.counts[word] ** -0.5 for word in near)
            if weight > best[0]:
                best = (weight, at, max(near.values()) + STEM)
        return best


def locate(title: str, pages: Sequence[Page]) -> tuple[Place, ...]:
    """Find where notes say most of a title, for a code that came without evidence.

    >>> page = Page(Note("n1", "Cough. Asthma, mild, in exacerbation."))
    >>> locate("Mild asthma with acute exacerbation", [page])
    (Place(note=0, start=7, end=30),)
    """
    wanted = stems(title)
    found = [(*page.nearest(wanted), number) for number, page in enumerate(pages)]
    weight, start, end, number = max(found, key=lambda one: one[0], default=(0.0, 0, 0, 0))
    return (Place(number, start, end),) if weight > 0 else ()


@cache
def _cues() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = package_table("leadterm.rules", "lead_cues.tsv")
    return tuple((row["name"], re.compile(row["words"], re.IGNORECASE)) for row in rows)


def cues(page: Page, places: Iterable[Place]) -> Iterator[str]:
    """Name the cues that stand before and behind mentions."""
    for _, start, end in places:
        before, behind = page.around(start, end)
        for name, words in _cues():
            if words.search(before):
                yield f"before {name}"
            if words.search(behind):
                yield f"behind {name}"
