"""Finds the headings of problems in assessments, plans and diagnosis lists: they weigh most when a note is coded."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from leadterm.text.extensions import Problem
from leadterm.text.knowledge import load_table
from leadterm.text.layout.lines import Line, continued
from leadterm.text.layout.sections import PROBLEM_SECTIONS, Mark

__all__ = ["find_problems"]

MOST_WORDS = {"diagnosis": 24, "item": 16, "bare": 12, "inline": 8}
DIAGNOSIS_LISTS = PROBLEM_SECTIONS - {"assessment", "assessment_plan", "plan", "differential_diagnosis"}
ASSESSMENTS = DIAGNOSIS_LISTS | {"assessment"}
OPENING = ASSESSMENTS | {"assessment_plan"}
_WORD = re.compile(r"[^\W_]+(?:[-/'’][^\W_]+)*")
_STOP = re.compile(
    r"[.:;!?](?=\s|$)|\s[-–—]{1,5}(?=\s|$)|[-–—]{1,5}$|(?<=[A-Z]{2})[-–—](?=[A-Z][a-z])|\s(?=\d{1,2}[.)]\s{1,9}[A-Z])|\*\*"
)
_NUMBER = re.compile(r"(?:(?<=[\s.:,;])|^)\(?(\d{1,2})(?:[.)]\s*(?=[A-Z¿])|\)\s*(?=[a-z]))")
_SPECIES = re.compile(
    r"\.\s(?:coli|diff|difficile|pylori|aureus|epidermidis|lugdunensis|saprophyticus|pneumoniae|pneumophila|influenzae|"
    r"faecalis|faecium|aeruginosa|cloacae|mirabilis|marcescens|maltophilia|baumannii|fragilis|perfringens|pyogenes|"
    r"agalactiae|bovis|viridans|acnes|albicans|glabrata|jirovecii|burgdorferi|trachomatis|gonorrhoeae|meningitidis|"
    r"vaginalis|catarrhalis|jejuni|monocytogenes|henselae|neoformans|fumigatus|avium|tuberculosis|oxytoca)\b"
)
_SAFE_STOP = re.compile(r"\b(?:vs|dr|no|st|mr|mrs|ms|etc|approx|i\.e|e\.g|incl|w|poss|prob|susp)\.$", re.IGNORECASE)


@lru_cache(maxsize=1)
def _words() -> tuple[frozenset[str], frozenset[str]]:
    kinds: dict[str, set[str]] = {"start": set(), "any": set()}
    for row in load_table("problem_words.tsv"):
        kinds[row["kind"]].add(row["word"])
    return frozenset(kinds["start"]), frozenset(kinds["any"])


class _Item(NamedTuple):
    """A line, or a part of one, that may be a heading; ``origin`` is where its bullet begins."""

    origin: int
    start: int
    end: int
    bullet: str
    gap: bool


class _Head(NamedTuple):
    """A heading found."""

    origin: int
    start: int
    end: int


def _find_stop(text: str, start: int, end: int) -> int:
    """End of the phrase that begins at ``start``: the first full stop, colon, dash or the end."""
    for match in _STOP.finditer(text, start + 1, end):
        at = match.start()
        if text[at] == "." and (_SAFE_STOP.search(text, max(start, at - 8), at + 1) or _SPECIES.match(text, at)):
            continue
        return match.start()
    return end


def _heading_end(text: str, item: _Item, most: int) -> int:
    """End of the heading that an item opens with, or 0 when it opens with none."""
    begins, holds = _words()
    stop = _find_stop(text, item.start, item.end)
    words = _WORD.findall(text[item.start : min(stop, item.start + 240)])
    if not words or len(words) > most or not any(w[0].isalpha() and len(w) > 1 for w in words):
        return 0
    low = [w.lower() for w in words]
    if low[0] in begins or not holds.isdisjoint(low):
        return 0
    while stop > item.start and text[stop - 1] in " \t-–—:.,*_":
        stop -= 1
    return stop


class _Finder:
    """Walks over one section."""

    def __init__(self, text: str, category: str) -> None:
        self.text, self.category = text, category
        self.open = ""

    def heads(self, items: Sequence[_Item]) -> Iterator[_Head]:
        """Yield the headings in order."""
        numbered = any(item.bullet == "number" for item in items)
        for i, item in enumerate(items):
            following = items[i + 1] if i + 1 < len(items) else None
            if not self._may_open(item, following, numbered=numbered):
                continue
            end = _heading_end(self.text, item, self._most(item))
            if end:
                self.open = item.bullet or "bare"
                yield _Head(item.origin, item.start, end)

    def _most(self, item: _Item) -> int:
        if self.category in DIAGNOSIS_LISTS:
            return MOST_WORDS["diagnosis"]
        if item.bullet:
            return MOST_WORDS["item"]
        inline = self.category == "assessment_plan" and _find_stop(self.text, item.start, item.end) < item.end - 1
        return MOST_WORDS["inline" if inline else "bare"]

    def _may_open(self, item: _Item, following: _Item | None, *, numbered: bool) -> bool:
        if item.bullet == "label":
            return False
        if item.bullet in ("number", "hash"):
            return not (item.bullet == "number" and self.open == "hash")
        if item.bullet == "bullet":
            return self.open in ("", "bullet") and self.category != "plan"
        if self.category in DIAGNOSIS_LISTS and not numbered:
            return True
        return self._stands_alone(item, following, numbered=numbered)

    def _stands_alone(self, item: _Item, following: _Item | None, *, numbered: bool) -> bool:
        """Whether a line without a bullet is one phrase, with something under it or nothing beside it."""
        stop = _find_stop(self.text, item.start, item.end)
        phrase = stop >= item.end - 1
        if not phrase and self.text[stop] != ":" and not self.text[stop].isspace():
            return item.gap and not numbered and self.category in OPENING and self.open in ("", "bare")
        if numbered and not item.gap:
            return False
        under = following is not None and (bool(following.bullet) or not following.gap)
        return under or self.category in ASSESSMENTS or (item.gap and following is not None)


def _items(text: str, lines: Sequence[Line], end: int, skip: int) -> Iterator[_Item]:
    """Yield the lines of a section's content, wrapped ones joined, numbered lists on one line taken apart."""
    joined: list[_Item] = []
    wrapped = continued(text)
    for line in lines:
        if line.end <= skip or line.start >= end:
            continue
        origin, begin, bullet = (skip, skip, "") if line.start < skip else (line.start, line.body, line.bullet)
        stop = min(line.end, end)
        if joined and line.start in wrapped:
            joined[-1] = joined[-1]._replace(end=stop)
        else:
            joined.append(_Item(origin, begin, stop, bullet, line.gap or begin == skip))
    for item in joined:
        yield from _apart(text, item)


def _apart(text: str, item: _Item) -> Iterator[_Item]:
    """Take ``1. Sepsis. 2. Anemia.`` apart where the numbers count up."""
    origin, start, end, bullet, gap = item
    while start < end and text[start] in " \t,*_":
        start += 1
    cuts: list[tuple[int, int]] = []
    expected = 0
    for match in _NUMBER.finditer(text, start, end):
        number = int(match.group(1))
        if number == expected + 1 or (not cuts and bullet == "number" and number > 1):
            cuts.append((match.start(), match.end()))
            expected = number
    if not cuts or (len(cuts) == 1 and cuts[0][0] > start):
        yield item._replace(start=start)
        return
    if cuts[0][0] > start:
        yield _Item(origin, start, cuts[0][0], bullet, gap)
    for i, (cut, begin) in enumerate(cuts):
        yield _Item(cut, begin, cuts[i + 1][0] if i + 1 < len(cuts) else end, "number", gap)


def find_problems(text: str, lines: Sequence[Line], marks: Sequence[Mark]) -> tuple[Problem, ...]:
    """Find the problem headings of a note.

    In order; headings and bodies never overlap.

    >>> from leadterm.text.layout.lines import split_lines
    >>> from leadterm.text.layout.sections import find_marks
    >>> text = "A/P:\\n1. Gout. Start colchicine.\\n2. Obesity\\n- diet"
    >>> lines = split_lines(text)
    >>> [text[p.start : p.end] for p in find_problems(text, lines, find_marks(text, lines))]
    ['Gout', 'Obesity']
    """
    heads = [m for m in marks if not m.label]
    labels = frozenset(m.start for m in marks if m.label)
    ends = [line.end for line in lines]
    problems: list[Problem] = []
    for i, mark in enumerate(heads):
        if mark.category in PROBLEM_SECTIONS:
            end = heads[i + 1].start if i + 1 < len(heads) else len(text)
            inside = lines[bisect_right(ends, mark.start) : bisect_left(ends, end) + 1]
            problems += _in_section(text, inside, mark, end, labels)
    return tuple(problems)


def _in_section(
    text: str, lines: Sequence[Line], mark: Mark, end: int, labels: frozenset[int]
) -> Iterator[Problem]:
    items = _items(text, lines, end, mark.title_end)
    kept = [item._replace(bullet="label") if item.origin in labels else item for item in items]
    found = list(_Finder(text, mark.category).heads(kept))
    for number, head in enumerate(found, start=1):
        stop = found[number].origin if number < len(found) else end
        body = head.end
        while body < stop and text[body] in " \t.:;,-–—*_?":
            body += 1
        while body < stop and text[body].isspace():
            body += 1
        tail = stop
        while tail > body and (text[tail - 1].isspace() or text[tail - 1] in "•-#("):
            tail -= 1
        yield Problem(head.start, head.end, min(body, tail), tail, number)
