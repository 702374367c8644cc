"""Finds the sections of a note and, within them, the labelled lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.extensions import Section
from leadterm.text.layout.lines import Line
from leadterm.text.layout.section_titles import LONGEST, find_title

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["PROBLEM_SECTIONS", "Mark", "find_marks", "to_sections"]

PROBLEM_SECTIONS = frozenset({
    "assessment", "assessment_plan", "impression", "plan", "problem_list", "diagnosis", "admission_diagnosis",
    "discharge_diagnosis", "preoperative_diagnosis", "postoperative_diagnosis", "differential_diagnosis",
})  # fmt: skip
CLOSED_BY_ANY_TITLE = frozenset({"family_history", "allergies", "resolved_problems"})
LONGEST_CLOSER, MOST_CLOSING_WORDS = 120, 16
FLATTENED = PROBLEM_SECTIONS | {
    "subjective", "objective", "hpi", "chief_complaint", "past_medical_history", "past_surgical_history",
    "family_history", "social_history", "review_of_systems", "physical_exam", "medications", "allergies",
    "hospital_course", "resolved_problems",
}  # fmt: skip
_KIN = (
    "mother father brother sister son daughter aunt uncle cousin grandmother grandfather grandparents parents siblings "
    "maternal paternal family relatives children husband wife mom dad madre padre hermano hermana"
)
KIN = frozenset(_KIN.split())
SYSTEM_LABELS = {"review_of_systems": "ros_system", "physical_exam": "exam_system", "objective": "exam_system"}
SYSTEM_ALONE = frozenset({"", "review_of_systems", "physical_exam", "objective", "findings", "imaging"})
UNKNOWN = "other"
_SOAP = frozenset("SOAP")
_DASH = re.compile(r"\s[-–—]\s|[-–—]\s|\t")
_CAPS_RUN = re.compile(r"[A-Z0-9/&()'’\-][A-Z0-9/&()'’ ,.\-]*$")
_SENTENCE_PART = re.compile(r"(?:[.;!?)\]]\s+|\s{2,})([A-Z][^.;:!?]{1,60})$")
_PART = re.compile(r"(?:^|[,.;:] ?,? +)(?=[A-Z])")
_WORDS = re.compile(r"[^\W\d_]+")
_SMALL = frozenset({"and", "of", "the", "in", "for", "to", "on", "with", "or", "at", "de", "del", "la", "y"})
_Row = tuple[int, int, int, int, str, bool]


class Mark(NamedTuple):
    """A title found in the text.

    - ``start``: where its section or label begins: the title, or the bullet before it.
    - ``title_start``, ``title_end``: characters of the title.
    - ``category``: what it is the title of.
    - ``label``: whether it only labels a line.
    - ``inline``: whether text follows on the same line.

    >>> Mark(0, 0, 4, "plan", False, False).category
    'plan'
    """

    start: int
    title_start: int
    title_end: int
    category: str
    label: bool
    inline: bool


class _Finder:
    """Walks over the lines of one note, keeping the section it is in."""

    def __init__(self, text: str, lines: Sequence[Line]) -> None:
        self.text, self.lines = text, lines
        self.section, self.gap = "", True
        letters = {text[line.body] for line in lines if text[line.body + 1 : line.body + 2] in (":", "-", ")")}
        self.soap = len(letters & _SOAP) >= 2
        known = (text[line.body : line.end] for line in lines if line.end - line.body <= LONGEST)
        self.capitals = sum(raw.isupper() and find_title(raw) is not None for raw in known) >= 2

    def marks(self) -> Iterator[Mark]:
        """Yield the titles in order."""
        for line in self.lines:
            mark = self._whole(line) or self._labelled(line)
            if self.section in CLOSED_BY_ANY_TITLE and (mark is None or mark.label) and self._closes(line, mark):
                mark = Mark(line.start, line.body, line.end, UNKNOWN, False, False)
            if mark:
                self.gap = self.gap if mark.label else line.gap
                yield from self._enter(mark)
            begin = mark.title_end if mark else line.start
            if line.end - begin > 12:
                for inner in self._inside(line, begin):
                    yield from self._enter(inner)

    def _enter(self, mark: Mark) -> Iterator[Mark]:
        if mark.category == "system":
            if self.section == "vitals":
                self.section = "physical_exam"
                yield Mark(mark.start, mark.start, mark.start, self.section, False, True)
            mark = mark._replace(category=SYSTEM_LABELS.get(self.section, "system"))
        if not mark.label:
            self.section = mark.category
        yield mark

    def _mark(self, line: Line, start: int, end: int, *, alone: bool = False) -> Mark | None:
        raw = self.text[start:end].rstrip(":")
        title = find_title(raw)
        if title is None:
            return None
        nested = line.bullet == "bullet" and self.section not in ("", UNKNOWN, "patient_info")
        inner = self.section in title.label_in and not (alone and (raw.isupper() or line.gap))
        begin = line.start if start == line.body else start
        return Mark(begin, start, end, title.category, title.label or nested or inner, end + 1 < line.end)

    def _closes(self, line: Line, mark: Mark | None) -> bool:
        """Whether a line is a heading of any words, which ends a section that speaks of others than the patient."""
        raw = self.text[line.body : line.end].rstrip("*_ ")
        words = _WORDS.findall(raw)
        if not raw.endswith(":") or not words or len(raw) > LONGEST_CLOSER or len(words) > MOST_CLOSING_WORDS:
            return False
        if (mark and mark.category == "family_member") or not KIN.isdisjoint(word.lower() for word in words):
            return False
        if line.gap:
            return not words[0][0].islower()
        titled = all(word[0].isupper() or word in _SMALL for word in words)
        return titled and not self.gap and len(words) > 1 and not line.bullet

    def _whole(self, line: Line) -> Mark | None:
        """Read a line that is nothing but a title."""
        if line.end - line.body > LONGEST or self.text[line.end - 1] == ".":
            return None
        raw = self.text[line.body : line.end]
        bare = raw.rstrip("*_ ")
        colon = bare.endswith(":")
        letters = sum(c.isalpha() for c in raw)
        marked = line.bullet == "hash" or raw.startswith("**")
        if letters < 2 and not (colon and self.soap):
            return None
        if not (colon or marked) and not self._title_like(raw, line):
            return None
        mark = self._mark(line, line.body, line.end, alone=True)
        if mark is None or not mark.label or colon or self.section in SYSTEM_ALONE:
            return mark
        return mark if marked and self.section not in PROBLEM_SECTIONS else None

    def _title_like(self, raw: str, line: Line) -> bool:
        if raw.isupper():
            return True
        if line.bullet == "bullet" or not raw[0].isupper():
            return False
        if raw.count(" ") > 5 or "," in raw:
            return False
        return not (self.capitals and self.section in PROBLEM_SECTIONS)

    def _labelled(self, line: Line) -> Mark | None:
        """Read ``Title: content`` or ``TITLE - content`` at the start of a line."""
        text, body = self.text, line.body
        stop = min(line.end, body + LONGEST + 4)
        colon = text.find(":", body, stop)
        if colon < 0:
            return self._dashed(line, stop)
        raw = text[body:colon]
        if len(raw.strip("*_ ")) == 1 and not (self.soap and raw.strip("*_ ") in _SOAP):
            return None
        end = colon + 1 + len(text[colon + 1 : colon + 3]) - len(text[colon + 1 : colon + 3].lstrip("*_"))
        mark = self._mark(line, body, end)
        if mark or self.section in PROBLEM_SECTIONS:
            return mark
        return self._unknown(line, raw, end)

    def _dashed(self, line: Line, stop: int) -> Mark | None:
        match = _DASH.search(self.text, line.body, stop)
        if not match or match.start() - line.body < 2:
            return None
        raw = self.text[line.body : match.start()]
        if not raw.isupper() and match.group() != "\t":
            return None
        title = find_title(raw)
        if title is None or title.label:
            return None
        return self._mark(line, line.body, match.start())

    def _unknown(self, line: Line, raw: str, end: int) -> Mark | None:
        words = _WORDS.findall(raw)
        if not words or len(words) > 6 or not raw[-1].isalpha() or line.bullet == "number":
            return None
        if raw.isupper() and len(raw) > 2:
            closes = self.section in CLOSED_BY_ANY_TITLE and (line.gap or len(words) > 1) and not line.bullet
            return Mark(line.start, line.body, end, UNKNOWN, not closes, end < line.end)
        titled = all(w[0].isupper() or w in _SMALL for w in words)
        if titled or (words[0][0].isupper() and line.bullet and len(words) <= 4):
            return Mark(line.start, line.body, end, UNKNOWN, True, end < line.end)
        return None

    def _inside(self, line: Line, begin: int) -> Iterator[Mark]:
        """Find known titles in the middle of a line: in capitals, or where a sentence begins in a flattened note."""
        text, end = self.text, line.end
        colon = text.find(":", begin, end)
        while colon >= 0:
            capital = text[colon - 1].isupper() or text[colon - 1] == ")"
            mark = self._ending_at(line, begin, colon) if capital else self._in_sentence(begin, colon)
            if mark:
                yield mark
                begin = mark.title_end
            colon = text.find(":", colon + 1, end)

    def _in_sentence(self, begin: int, colon: int) -> Mark | None:
        low = max(begin, colon - LONGEST)
        part = _SENTENCE_PART.search(self.text, low, colon)
        title = find_title(part.group(1)) if part else None
        if part is None or title is None or title.label:
            return None
        return Mark(part.start(1), part.start(1), colon + 1, title.category, title.category not in FLATTENED, True)

    def _ending_at(self, line: Line, begin: int, colon: int) -> Mark | None:
        low = max(begin, colon - LONGEST)
        run = _CAPS_RUN.search(self.text[low:colon])
        if not run:
            return None
        first = low + run.start()
        before = self.text[max(first - 3, begin) : first].rstrip()
        starts = [first] if not before or before[-1] in ".,;:!?)" or self.text[first - 2 : first] == "  " else []
        starts += [first + m.end() for m in _PART.finditer(run.group()) if m.end() > 0]
        for start in sorted(set(starts)):
            raw = self.text[start:colon]
            if len(raw) < 2 or not raw[0].isalpha():
                continue
            mark = self._mark(line._replace(bullet=""), start, colon + 1)
            if mark:
                return mark
        return None


def find_marks(text: str, lines: Sequence[Line]) -> list[Mark]:
    """Find the titles of a note.

    >>> from leadterm.text.layout.lines import split_lines
    >>> text = "ROS\\n- Skin: no rash\\nA/P: Eczema."
    >>> [(m.category, m.label) for m in find_marks(text, split_lines(text))]
    [('review_of_systems', False), ('ros_system', True), ('assessment_plan', False)]
    """
    return list(_Finder(text, lines).marks())


def to_sections(
    length: int, lines: Sequence[Line], marks: Sequence[Mark], tokens: npt.NDArray[np.int64]
) -> tuple[Section, ...]:
    """Turn titles into sections and labels with their ends.

    By start; the sections of kind ``section`` cover the whole text. ``length``: characters of the text. ``tokens``:
    first character of each token, ascending.

    >>> import numpy as np
    >>> [s.category for s in to_sections(4, [], [], np.array([0]))]
    ['']
    """
    if not length:
        return ()
    heads = [m for m in marks if not m.label]
    first_line = lines[0].start if lines else 0
    if not heads or heads[0].start > first_line:
        heads.insert(0, Mark(0, 0, 0, "", False, True))
    found: list[_Row] = []
    for i, mark in enumerate(heads):
        end = heads[i + 1].start if i + 1 < len(heads) else length
        found.append((0 if i == 0 else mark.start, end, mark.title_start, mark.title_end, mark.category, False))
    found += _labels(length, lines, marks)
    found.sort(key=lambda f: (f[0], f[5]))
    starts = tokens.searchsorted([f[0] for f in found]).tolist()
    ends = tokens.searchsorted([f[1] for f in found]).tolist()
    return tuple(
        Section(start, end, title_start, title_end, category, a, b, "label" if label else "section")
        for (start, end, title_start, title_end, category, label), a, b in zip(found, starts, ends, strict=True)
    )


def _labels(length: int, lines: Sequence[Line], marks: Sequence[Mark]) -> Iterator[_Row]:
    """Give each label its end: the next title, else the next item or blank line."""
    at = 0
    for i, mark in enumerate(marks):
        if not mark.label:
            continue
        stop = marks[i + 1].start if i + 1 < len(marks) else length
        while at < len(lines) and lines[at].start <= mark.start:
            at += 1
        after = at
        if not mark.inline and after < len(lines):
            after += 1
        while after < len(lines) and lines[after].start < stop and not (lines[after].gap or lines[after].bullet):
            after += 1
        end = min(stop, lines[after].start if after < len(lines) else length)
        yield (mark.start, max(end, mark.title_end), mark.title_start, mark.title_end, mark.category, True)
