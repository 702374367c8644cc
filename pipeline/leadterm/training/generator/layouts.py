"""Other layouts of a note: the same facts, so the same codes."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from leadterm.schema import Encounter

__all__ = ["LAYOUTS", "vary"]

_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_HEADING = re.compile(r"(?m)^([A-Z][A-Za-z /&]{2,40}:)[ \t]*\n+")
_BULLET = re.compile(r"(?m)^[ \t]*[-*•][ \t]+")
_NUMBER = re.compile(r"(?m)^[ \t]*\d{1,2}[.)][ \t]+")


def _flattened(text: str) -> str:
    """All on one line, as an export without line breaks gives it; an end of line ends its sentence."""
    return _BREAKS.sub(" ", re.sub(r"(?<=[A-Za-z0-9)%])[ \t]*\n", ".\n", text)).strip()


def _inline(text: str) -> str:
    return _HEADING.sub(r"\1 ", text)


def _wrapped(text: str) -> str:
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, 64) or [""])


def _numbered(text: str) -> str:
    count = iter(range(1, 1000))
    return _BULLET.sub(lambda _: f"{next(count)}. ", text)


LAYOUTS: Mapping[str, Callable[[str], str]] = {
    "flattened": _flattened,
    "headings inline": _inline,
    "wrapped": _wrapped,
    "bulleted": lambda text: _NUMBER.sub("- ", text),
    "numbered": _numbered,
    "spaced": lambda text: re.sub(r"\n+", "\n\n", text),
    "upper case": str.upper,
    "DOS line ends": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
}
"""Name of a layout → what it makes of a text."""


def vary(encounter: Encounter, *, seed: int = 0) -> Encounter | None:
    """Give the encounter in another layout, with the same codes and no evidence; None where no layout changes it.

    >>> from leadterm.schema import Note
    >>> vary(Encounter("e1", (Note("n1", "Plan:\\n- rest"),))).encounter_id
    'e1'
    """
    layouts = list(LAYOUTS.values())
    Random(f"{seed} {encounter.encounter_id}").shuffle(layouts)
    for layout in layouts:
        notes = tuple(replace(note, text=layout(note.text)) for note in encounter.notes)
        if notes != encounter.notes:
            return replace(encounter, notes=notes, codes=tuple(replace(code, evidence=()) for code in encounter.codes))
    return None
