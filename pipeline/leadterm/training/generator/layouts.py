"""Other layouts of a note: the same facts, so the same codes."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

from leadterm.schema import Encounter

__all__ = ["LAYOUTS", "in_layout", "vary"]

_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_ALONE = r"(?:(?<=\n\n)|\A)[A-Z][A-Z /&,'-]{2,50}(?<! )[ \t]*(?=\n)|^[A-Z][A-Za-z /&,'-]{1,50}:[ \t]*(?=\n)"
_HEADING = re.compile(rf"(?m)(?:{_ALONE})")
_LABEL = re.compile(rf"(?m)^[A-Z][A-Z /&,'-]{{2,50}}:|{_ALONE}")
_ASSESSED = re.compile(r"assessment|impression|diagnos|conclusion|problem list", re.IGNORECASE)
_BULLET = re.compile(r"(?m)^[ \t]*[-*•][ \t]+")
_NUMBER = re.compile(r"(?m)^[ \t]*\d{1,2}[.)][ \t]+")
_PROSE = re.compile(r"(?m)^[A-Z][^\n:]{60,}\.$")
_SENTENCE = re.compile(r"(?<=[a-z)]{2})\.[ \t]+(?=[A-Z])")
_LONG_WORD = re.compile(r"[a-z]{5}(?=[a-z]{5})")
_SMALL = frozenset({"and", "of", "the", "in", "for", "to", "on", "with", "or"})
_QUOTED = re.compile(r'"([^"\n]*)"')


def _flattened(text: str) -> str:
    """All on one line, as an export without line breaks gives it; an end of line ends its sentence."""
    text = _HEADING.sub(lambda found: f"{found[0].strip().rstrip(':')}:", text)
    return _BREAKS.sub(" ", re.sub(r"(?<=[A-Za-z0-9)%])[ \t]*\n", ".\n", text)).strip()


def _inline(text: str) -> str:
    """The text of a section behind its heading, on the same line."""
    return re.sub(rf"{_HEADING.pattern}\n+(?=[^\n])", lambda found: f"{found[0].strip().rstrip(':')}: ", text)


def _wrapped(width: int, text: str) -> str:
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""])


def _numbered(text: str) -> str:
    count = iter(range(1, 1000))
    return _BULLET.sub(lambda _: f"{next(count)}. ", text)


def _titled(text: str) -> str:
    """Headings in Title Case, each with a colon."""

    def title(heading: str) -> str:
        words = [word if word in _SMALL else word.capitalize() for word in heading.strip().rstrip(":").lower().split()]
        return " ".join(words) + ":"

    return _LABEL.sub(lambda found: title(found[0]), text)


def _assessment_last(text: str) -> str:
    """Sections that assess behind all others."""
    edges = [0, *(found.start() for found in _HEADING.finditer(text)), len(text)]
    parts = [text[a:b].rstrip("\n") for a, b in pairwise(edges)]
    own = [part for part in parts if part]
    return "\n\n".join(sorted(own, key=lambda part: bool(_ASSESSED.search(part.split("\n", 1)[0]))))


def _telegraphic(text: str) -> str:
    """Each sentence of a paragraph an item of its own, without its full stop."""
    return _PROSE.sub(lambda found: "- " + _SENTENCE.sub("\n- ", found[0].removesuffix(".")), text)


def _typeset(text: str) -> str:
    """As a word processor writes: curly quotes, dashes, no-break spaces, soft hyphens, tabs, decomposed accents."""
    text = _QUOTED.sub("“\\1”", text).replace("'", "’")
    text = re.sub(r"(?m)^([ \t]*)-[ \t]+", "\\1–\t", text).replace(" - ", " – ")
    text = re.sub(r"(?<=\d) (?=[a-z])", "\u00a0", _LONG_WORD.sub("\\g<0>\u00ad", text))
    return unicodedata.normalize("NFD", text)


LAYOUTS: Mapping[str, Callable[[str], str]] = {
    "wrapped at 40": partial(_wrapped, 40),
    "wrapped at 72": partial(_wrapped, 72),
    "wrapped at 110": partial(_wrapped, 110),
    "flattened": _flattened,
    "headings inline": _inline,
    "headings in capitals": lambda text: _LABEL.sub(lambda found: found[0].upper(), text),
    "headings in title case": _titled,
    "bulleted": lambda text: _NUMBER.sub("- ", text),
    "numbered": _numbered,
    "telegraphic": _telegraphic,
    "assessment last": _assessment_last,
    "spaced, DOS line ends": lambda text: re.sub(r"[\r\n]+", "\r\n\r\n", text),
    "typeset": _typeset,
    "upper case": str.upper,
}
"""Name of a layout → what it makes of a text."""


def vary(encounter: Encounter, *, seed: int = 0) -> Encounter | None:
    """Give the encounter in another layout, with the same codes and no evidence; None where no layout changes it.

    >>> from leadterm.schema import Note
    >>> vary(Encounter("e1", (Note("n1", "Plan:\\n- rest"),))).encounter_id
    'e1'
    """
    names = list(LAYOUTS)
    Random(f"{seed} {encounter.encounter_id}").shuffle(names)
    for name in names:
        other = in_layout(encounter, name)
        if other.notes != encounter.notes:
            return other
    return None


def in_layout(encounter: Encounter, name: str) -> Encounter:
    """Give the encounter in one of the `LAYOUTS`, with the same codes and no evidence.

    >>> from leadterm.schema import Note
    >>> in_layout(Encounter("e1", (Note("n1", "1. Gout"),)), "bulleted").notes[0].text
    '- Gout'
    """
    notes = tuple(replace(note, text=LAYOUTS[name](note.text)) for note in encounter.notes)
    return replace(encounter, notes=notes, codes=tuple(replace(code, evidence=()) for code in encounter.codes))
