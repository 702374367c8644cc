"""Lines of a note: what stands on them, what bullet or number opens them, which are hard-wrapped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from leadterm.text.words.characters import UNSEEN

__all__ = ["Line", "continued", "hard_width", "is_continuation", "split_lines", "unwrapped"]

NEWLINES = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_LINE = re.compile(f"[^{NEWLINES}]+")
_BULLET = re.compile(
    r"(?P<hash>#{1,6}\s+|#(?=[A-Za-z]))|(?P<number>\(?\d{1,2}\)\s*|\d{1,2}\.\s+|#\s?\d{1,2}[.):]*\s+)"
    r"|(?P<bullet>[•●▪◦‣·○■□✓➢→]\s*|[-–—+*>]\s+)"
)
_END = (".", "!", "?", ":", ";")
_WHITE = " \t\xa0\u2002\u2003\u2007\u2009\u202f\u3000\x1f" + UNSEEN
_OPEN = re.compile(
    r"(?:^|\s)(?:and|or|of|with|without|the|a|an|to|for|by|in|from|on|due|no|not|denies|has|had|is|was|nor|acute|"
    r"(?!bilateral)[a-z]{3,}(?:al|ic|ive|ary|ous|oid|ute|ild|ere)|"
    r"(?:of|in|the) (?:right|left|both))$|[,/&(]$"
)
_FUNCTION = re.compile(r"(?:^|\s)(?:and|or|of|with|without|the|a|an|to|for|by|in|from|due|no|has|had|is|was|nor)$")
_REST = re.compile(r"(?:syndrome|disease|disorder|with|without|due|of|secondary|affecting|involving)\b")
_DENIAL = re.compile(r"(?:denie[sd]|no|without|negative for|reports no|she denies|he denies)\b", re.IGNORECASE)
_RUNNING, _PARAGRAPH = 4, 1000
SHORTEST_WRAP, LONGEST_WRAP, SLACK = 45, 130, 12
NARROWEST, FEWEST_FORCED = 28, 4


class Line(NamedTuple):
    """A line that is not blank.

    - ``start``, ``end``: characters of its text, without the white space around it.
    - ``body``: where the text begins after a bullet or number.
    - ``bullet``: ``""``, ``"bullet"``, ``"number"`` or ``"hash"``.
    - ``gap``: whether a blank line, or nothing, stands before it.

    >>> Line(0, 9, 3, "number", True).body
    3
    """

    start: int
    end: int
    body: int
    bullet: str
    gap: bool


def split_lines(text: str) -> list[Line]:
    r"""Find the lines of a text; any kind of newline will do.

    In order, blank lines left out.

    >>> [(line.body, line.bullet, line.gap) for line in split_lines("Plan\r\n\r\n1. Rest.")]
    [(0, '', True), (11, 'number', True)]
    """
    return list(_split(text))


@lru_cache(maxsize=16)  # the pipeline asks, and the features of the same notes
def _split(text: str) -> tuple[Line, ...]:
    lines: list[Line] = []
    last = -1
    for match in _LINE.finditer(text):
        raw = match.group()
        stripped = raw.strip() if raw.isascii() else raw.strip(_WHITE)
        if not stripped:
            continue
        start = match.start() + raw.index(stripped)
        end = start + len(stripped)
        between = text[last:start] if last >= 0 else ""
        gap = last < 0 or max(between.count("\n"), between.count("\r"), 1) > 1
        bullet = _BULLET.match(text, start, end)
        if bullet and bullet.end() < end:
            lines.append(Line(start, end, bullet.end(), str(bullet.lastgroup), gap))
        else:
            lines.append(Line(start, end, start, "", gap))
        last = end
    return tuple(lines)


def hard_width(text: str, lines: Sequence[Line]) -> int:
    """Find the width at which a text was wrapped by hand.

    Characters, or 0 for a text that is not wrapped. Narrow lines may as well be a list: of those, half must end where
    the next word would not have fitted.

    >>> hard_width("Short.\\nLines.", split_lines("Short.\\nLines."))
    0
    """
    lengths = [line.end - line.start for line in lines]
    likely = [n for n in lengths if NARROWEST <= n <= LONGEST_WRAP]
    if len(likely) < 3 or sum(n > LONGEST_WRAP for n in lengths) > len(likely):
        return 0
    width = max(likely)
    if width >= SHORTEST_WRAP and sum(n >= width - SLACK for n in likely) >= 3:
        return width
    pairs = [(a, b) for a, b in pairwise(lines) if not (b.gap or b.bullet)]
    forced = sum(_is_forced(text, a, b, width) for a, b in pairs)
    return width if forced >= FEWEST_FORCED and 2 * forced >= len(pairs) else 0


def _is_forced(text: str, line: Line, following: Line, width: int) -> bool:
    """Whether the next line's first word would not have fitted at the end of a line."""
    space = text.find(" ", following.start, following.end)
    word = (space if space > 0 else following.end) - following.start
    return line.end - line.start + 1 + word > width - 3


def is_continuation(text: str, line: Line, following: Line, width: int) -> bool:
    """Tell whether a sentence runs on from one line into the next.

    True when the newline between them is only a wrap. ``width``: of `hard_width`.

    >>> text = "The patient was seen in the clinic today for evaluation of his chronic\\nheadache."
    >>> one, two = split_lines(text)
    >>> is_continuation(text, one, two, 0)
    True
    """
    if following.gap or following.bullet or text[line.end - 1] in _END:
        return False
    length = line.end - line.start
    first = text[following.start]
    if first.islower():
        if length >= SHORTEST_WRAP or _runs_on(text, line, following):
            return True
    elif first.isalnum() and _FUNCTION.search(text, max(line.body, line.end - 12), line.end):
        return text.find(":", following.start, following.end) < 0
    return bool(width) and _is_forced(text, line, following, width)


@lru_cache(maxsize=16)  # sentences, problems and features ask of the same notes
def continued(text: str) -> frozenset[int]:
    """Where the lines start that go on with the line before: a newline stands between them only to wrap.

    >>> continued("The patient was seen in the clinic today for evaluation of his chronic\\nheadache.\\nNo fever.")
    frozenset({71})
    """
    lines = _split(text)
    width = hard_width(text, lines)
    return frozenset(b.start for a, b in pairwise(lines) if is_continuation(text, a, b, width))


@lru_cache(maxsize=16)  # two blocks of features ask of the same notes
def unwrapped(text: str) -> str:
    """Write a space for each newline that only wraps; nothing moves.

    >>> unwrapped("The patient was seen in the clinic today for evaluation of his chronic\\nheadache.")[70:]
    ' headache.'
    """
    wraps = continued(text)
    if not wraps:
        return text
    parts, free = [], 0
    for line, following in pairwise(_split(text)):
        if following.start not in wraps:
            continue
        parts += [text[free : line.end], " " * (following.start - line.end)]
        free = following.start
    return "".join([*parts, text[free:]])


def _runs_on(text: str, line: Line, following: Line) -> bool:
    """Whether a short line ends in the middle of a phrase or sentence that the next one goes on with."""
    begin = text.rfind(":", line.body, line.end) + 1 or line.body
    said = text[begin : line.end].strip()
    if begin > line.body:
        said = said.lower()  # "Impression: Primary", where a line of its own would be a heading
    hyphen = text[line.end - 1] == "-" and text[line.end - 2].isalpha()
    if hyphen or _OPEN.search(said) or _REST.match(text, following.start, following.end):
        return True
    more = text[following.start : following.end]
    if _DENIAL.match(said) and not _DENIAL.match(more) and (more.endswith(".") or " or " in more):
        return True
    if said.count(" ") < _RUNNING - 1 or ":" in more[:40]:
        return False
    if more.endswith("."):
        return True
    rest = text[following.end : following.end + _PARAGRAPH].split("\n\n", 1)[0].rstrip()
    return more.count(" ") >= _RUNNING - 1 and rest.endswith(".")
