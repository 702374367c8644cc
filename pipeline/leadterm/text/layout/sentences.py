"""Finds where sentences begin: at full stops, and at the lines, bullets and titles of clinical notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from leadterm.text.layout.boxes import find_boxes
from leadterm.text.layout.lines import Line, continued

__all__ = ["sentence_starts"]

_STOP = re.compile(
    r"[.!?]{1,4}(?:[\"”’')\]]{0,6}[^\S\n\r]{1,20}(?=[A-Z0-9\"“(\[¿¡ÁÉÍÓÚÑ•+?_*])|(?<=[a-z)%][.])(?=[A-Z][a-z])"
    r"|(?:(?<=[a-z]{4}[.])|(?<=[)][.])) (?=[a-z]{2}))"
)
_ANSWER = re.compile(r"(?:no|yes|none|denies|denied|never|negative|positive|unknown)\b\.?(?=[\s,;]|$)", re.IGNORECASE)
ANSWERED = frozenset(":?-–=")
ASKING = ("", ":", "-", "(", "/")
_BEFORE = re.compile(r"[^\s(\[\"“]{1,24}$")
_WORDS = {
    "abbreviation": (
        "dr drs mr mrs ms mx prof sr sra dra st vs v approx appt no nos fig figs dept e.g i.e eg ie cf et "
        "incl resp inc "
        "ltd jr esp vol viz ca mt ft pts rt lt wt ht hx dx tx rx pmh tab cap caps inj susp sol "
        "jan feb mar apr jun jul aug sep sept oct nov dec aprox p.ej ej núm pág"
    ),
    "cut short": (
        "abdom anter bilat cardiol cerv chol chron clin cons cont contin decr depr derm diab diag diff diffic elev "
        "extrem freq gastr gener hosp hyper hypo incr inflamm insp lumb lymph metast musc neur norm obst oper opht "
        "orth palp poss prob prog prox psych pulm recurr resid secon signif spec spon stat subq surg susp symp tend "
        "thor thyr tolerat uncompl unspec urin vert viscer vitr"
    ),
    "title": "dr drs mr mrs ms prof sr sra dra vs st e.g i.e eg ie fig cf approx",
    "dosing": "b.i.d t.i.d q.i.d q.d q.h.s p.r.n p.o q.o.d h.s a.c p.c i.v i.m s.c a.m p.m mg ml cc kg mcg cm mm",
}
ABBREVIATIONS, CUT_SHORT, NEVER_LAST, DOSING = (frozenset(words.split()) for words in _WORDS.values())


def _is_stop(text: str, low: int, start: int, end: int) -> bool:
    """Whether the full stop at ``start`` ends a sentence; its line begins at ``low``, the next word at ``end``."""
    if text[start] == "." and (text[start - 1 : start] == "." or text.startswith("....", start)):
        return False  # dots that lead to an answer: "Asthma ........ No"
    if text[start] == "?" and text[low:start].rstrip()[-1:] in ASKING:
        return False  # "Impression: ? UTI"
    if text[start] != ".":
        return text[start] != "?" or _ANSWER.match(text, end) is None
    match = _BEFORE.search(text, max(low, start - 24), start)
    if match is None:
        return False
    word = match.group().lower()
    following = text[end]
    if word in NEVER_LAST:
        return False
    if following.isdigit() or following in "(+_":
        return not (word in ABBREVIATIONS or word in DOSING or len(word) == 1)
    if word.isdigit():
        return len(word) > 2 or text[low : match.start()].rstrip()[-1:] not in ("", ".", ":", ";", ",")
    if len(word) == 1:
        return not (word.isalpha() and following.isupper() and match.group().isupper())
    if word in DOSING:
        return following.isupper()
    if following.islower():
        return word not in ABBREVIATIONS and word not in CUT_SHORT
    if word == "no" and text[low : match.start()].rstrip()[-1:] in ANSWERED:
        return True  # "Gout: No. Asthma: No."
    return word not in ABBREVIATIONS or not following.isupper()


def sentence_starts(text: str, lines: Sequence[Line], forced: Iterable[int] = ()) -> list[int]:
    """Find the first character of each sentence.

    Ascending; none in a run of white space. ``forced``: places where a sentence begins whatever stands before: titles,
    problem headings and their bodies.

    >>> from leadterm.text.layout.lines import split_lines
    >>> text = "Seen by Dr. Ng at 2.5 h. Took 5 mg p.o. daily\\n- no fever"
    >>> sentence_starts(text, split_lines(text))
    [0, 25, 46]
    """
    starts = {start for start in forced if start < len(text)}
    for box in find_boxes(text):
        starts.add(box.start)
        if box.low < box.start:  # it stands behind what it speaks of
            item = text[box.low : box.start]
            starts.add(box.start - len(item.lstrip()))
    begin, wrapped = 0, continued(text)
    for line in lines:
        if line.start not in wrapped:
            begin = line.body
            starts.add(line.start)
        for match in _STOP.finditer(text, line.start, line.end):
            if match.end() < line.end and _is_stop(text, max(line.start, begin), match.start(), match.end()):
                starts.add(match.end())
    return sorted(starts)
