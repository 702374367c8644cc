"""Check boxes of forms: what is ticked is said of the patient, what is not ticked is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

__all__ = ["Box", "find_boxes"]

_BOX = re.compile(
    r"(?P<on>\[\s?[xX✓✔√]\s?\]|\(\s?[xX✓✔√]\s?\)|[☒☑✅✓✔]|(?<![\w_])_+[xX✓]_+)"
    r"|(?P<off>\[[ _]{0,3}\]|\( {1,3}\)|[☐◻⬜□](?=\s*\w)|(?<![\w_])_{1,4}(?=\s?[A-Za-z]))"
)
_UNSAID = re.compile(  # a blank behind a label, a choice that nobody made
    r"(?<=[:?])[ \t]?_{2,}(?=[\s|;,]|$)"
    r"|(?<=[ \t:?(\[])(?:(?:Y|YES|Yes|yes) ?/ ?(?:N|NO|No|no)|Y N)(?=\)?\]?(?:[;:,|.]|[ \t]{2}|\t| ?$| [A-Z(]))",
    re.MULTILINE,
)
_CHOICE = re.compile("[YySs] ?/ ?[Nn]|Y N")
_SIGNS = "[☐◻⬜□☒☑✅✓✔_"
_ROUND = re.compile(r"\((?:\s?[xX✓✔√]\s?| {1,3})\)")
_ANSWER = re.compile(r"\s*(?:(yes|y)|(?:no|n|never))\b", re.IGNORECASE)
_TASK = re.compile(
    r"\W*(?:f/?u|follow|repeat|re-?check|check|start|stop|continue|monitor|consider|obtain|order|refer|call|ensure|"
    r"please|trend|wean|titrate|hold|resume|schedule|arrange|discuss|review|send|needs?|will|should|pending|consult)\b",
    re.IGNORECASE,
)
MOST_WORDS = 8


class Box(NamedTuple):
    """A check box, and the characters ``[low, high)`` that it speaks of.

    >>> Box(0, 3, 3, 10, ticked=False).high
    10
    """

    start: int
    end: int
    low: int
    high: int
    ticked: bool


@lru_cache(maxsize=16)  # sentences and contexts ask of the same notes
def find_boxes(text: str) -> tuple[Box, ...]:
    """Find the check boxes of a note, in order; one stands before its item, or behind each on its line.

    A blank behind a label and a choice nobody made are boxes without a tick.

    Blanks of underscores count only in a note that ticks one of them: elsewhere they are blanks. A task still to do
    is no finding that is missing.

    >>> text = "[ ] Asthma [x] Gout"
    >>> [(text[box.low : box.high].strip(), box.ticked) for box in find_boxes(text)]
    [('Asthma', False), ('Gout', True)]
    """
    signed = any(sign in text for sign in _SIGNS) or _ROUND.search(text) is not None
    marks = list(_BOX.finditer(text)) if signed else []
    if not any(mark["on"] and mark.group().startswith("_") for mark in marks):
        marks = [mark for mark in marks if not mark.group().startswith("_")]
    found: list[Box] = []
    for begin, line in groupby(marks, key=lambda mark: text.rfind("\n", 0, mark.start()) + 1):
        end = text.find("\n", begin)
        found += _of_line(text, begin, end if end >= 0 else len(text), list(line))
    return tuple(sorted((*found, *_unsaid(text, found))))


def _unsaid(text: str, boxes: Sequence[Box]) -> Iterator[Box]:
    """What a form leaves open: "Diabetes: ____", "Asthma Y / N"."""
    free = 0
    for mark in _UNSAID.finditer(text) if "__" in text or _CHOICE.search(text) else ():
        low = max(free, text.rfind("\n", 0, mark.start()) + 1)
        words = text[low : mark.start()].split()
        if words and len(words) <= MOST_WORDS and not any(low <= box.start < mark.end() for box in boxes):
            yield Box(mark.start(), mark.end(), low, mark.start(), ticked=False)
        free = mark.end()


def _of_line(text: str, begin: int, end: int, marks: list[re.Match[str]]) -> list[Box]:
    """The boxes of one line."""
    lead = text[begin : marks[0].start()].strip()
    behind = not text[marks[-1].end() : end].strip(" .;,") and bool(lead)
    stops = [mark.start() for mark in marks[1:]] + [end]
    found, free = [], begin
    for mark, stop in zip(marks, stops, strict=True):
        ticked = mark["on"] is not None
        answer = _ANSWER.match(text, mark.end(), stop)
        if answer and not ticked:
            continue
        low, high = (free, mark.start()) if behind or answer else (mark.end(), stop)
        free = answer.end() if answer else mark.end() if behind else stop
        ticked = ticked and not (answer and answer.group(1) is None)
        if ticked or answer or (not _TASK.match(text, low, high) and len(text[low:high].split()) <= MOST_WORDS):
            found.append(Box(mark.start(), mark.end(), low, high, ticked))
    return found
