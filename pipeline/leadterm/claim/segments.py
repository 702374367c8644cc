"""X12 as segments of elements of components: one reader and one writer, whatever the delimiters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadterm.errors import LeadtermError

__all__ = ["Delimiters", "Segment", "find_unfit", "parse_segments", "segment", "segments_text", "transliterate"]

ISA_WIDTH = 105  # characters before the segment terminator
ISA_ENDS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
"""Where the delimiter after each of its elements stands."""
BASIC = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"&'()+,-./;?= ")
EXTENDED = BASIC | frozenset("abcdefghijklmnopqrstuvwxyz%@[]_{}\\|<>#$")
SPELLED = {"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "đ": "d", "Đ": "D", "ð": "d",
           "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "’": "'", "‘": "'", "–": "-"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What parts elements, components and repetitions, and ends a segment.

    >>> Delimiters().segment
    '~'
    """

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment: its name, and its elements, each of one component or more.

    >>> clm = segment("CLM", "A1", "100", "", "", ("11", "B", "1"))
    >>> clm.at(1), clm.parts(5), clm.at(9)
    ('A1', ('11', 'B', '1'), '')
    """

    name: str
    elements: tuple[tuple[str, ...], ...]

    def parts(self, number: int) -> tuple[str, ...]:
        """Give the components of an element, counted from 1; none where the segment ends before it."""
        return self.elements[number - 1] if number <= len(self.elements) else ()

    def at(self, number: int, component: int = 1) -> str:
        """Give one component of an element; empty where there is none."""
        parts = self.parts(number)
        return parts[component - 1] if component <= len(parts) else ""


def segment(name: str, *elements: str | tuple[str, ...]) -> Segment:
    """Make a segment; empty elements and components at the end are left out."""
    made = [_trim(one if isinstance(one, tuple) else (one,)) for one in elements]
    while made and made[-1] == ():
        made.pop()
    return Segment(name, tuple(made))


def _trim(parts: Sequence[str]) -> tuple[str, ...]:
    last = max((i for i, part in enumerate(parts, 1) if part), default=0)
    return tuple(parts[:last])


def segments_text(segments: Iterable[Segment], delimiters: Delimiters | None = None) -> str:
    r"""Write segments, each on a line of its own; a value that holds a delimiter is refused.

    >>> segments_text([segment("CLM", "A1", "100", "", "", ("11", "B", "1"))])
    'CLM*A1*100***11:B:1~\n'
    """
    use = delimiters or Delimiters()
    ending = {use.element, use.component, use.repetition, use.segment, "\r", "\n"}
    lines = []
    for one in segments:
        if one.name != "ISA" and any(ending & set(part) for parts in one.elements for part in parts):
            raise LeadtermError(f"a value of segment {one.name} holds a delimiter of X12.", hint="Spell it otherwise.")
        lines.append(use.element.join([one.name, *map(use.component.join, one.elements)]) + use.segment + "\n")
    return "".join(lines)


def parse_segments(text: str, name: str) -> tuple[list[Segment], Delimiters]:
    """Read segments; the ISA segment, whose width is fixed, says what the delimiters are.

    ``LeadtermError`` if the text does not begin with such a segment.

    >>> parse_segments("ISA*00", "a.837")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: a.837 is no X12 file: it has no ISA segment of 105 characters. ...
    """
    text = text.lstrip("\ufeff \t\r\n")
    use = _delimiters(text)
    if use is None:
        raise LeadtermError(
            f"{name} is no X12 file: it has no ISA segment of {ISA_WIDTH} characters.",
            hint="Give a claim file as it is sent, delimiters and all.",
        )
    found = []
    for number, piece in enumerate(text.split(use.segment)):
        tag, *elements = piece.strip("\r\n \t" if number else "\r\n").split(use.element)
        if tag.strip():
            parts = [(one,) if tag == "ISA" else tuple(one.split(use.component)) for one in elements]
            found.append(Segment(tag.strip(), tuple(() if one == ("",) else one for one in parts)))
    return found, use


def _delimiters(text: str) -> Delimiters | None:
    """Read the delimiters where they stand, if the first segment is an ISA of the fixed width."""
    if not text.startswith("ISA") or len(text) <= ISA_WIDTH:
        return None
    element = text[3]
    if any(text[end] != element for end in ISA_ENDS) or text[:ISA_WIDTH].count(element) != len(ISA_ENDS):
        return None
    return Delimiters(element, text[104], text[82], text[ISA_WIDTH])


def find_unfit(text: str, charset: str) -> str:
    """Find the characters of a text that X12 cannot carry, each once.

    >>> find_unfit("Muñoz*", "basic"), find_unfit("Munoz", "basic")
    ('ñ*', '')
    """
    allowed = EXTENDED if charset == "extended" else BASIC
    given = text if charset == "extended" else text.upper()
    return "".join(dict.fromkeys(old for old, new in zip(text, given, strict=False) if new not in allowed))


def transliterate(text: str) -> str:
    """Write letters with marks without them, as far as that is a matter of spelling.

    >>> transliterate("Müller-Łucka")
    'Muller-Lucka'
    """
    apart = unicodedata.normalize("NFD", "".join(SPELLED.get(char, char) for char in text))
    return "".join(char for char in apart if not unicodedata.combining(char))
