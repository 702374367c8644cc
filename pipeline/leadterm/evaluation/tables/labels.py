"""How codes are matched: one key for every spelling of a code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy.typing as npt

__all__ = ["Bools", "Floats", "Ints", "Label", "Normalise", "Span", "normalise_code", "normalise_system"]

# Names for readers: what an array holds. The checker sees that it is an array.
Floats = npt.NDArray[Any]
Ints = npt.NDArray[Any]
Bools = npt.NDArray[Any]
Objects = npt.NDArray[Any]
Normalise = Callable[[str], str]

_NOT_IN_NAME = re.compile(r"[\s_.-]+")


class Label(NamedTuple):
    """A code of a code system, as the evaluation sees it.

    ``key``: what is compared, for instance ``E119``. ``system``: the code system, for instance ``icd10cm``. ``code``:
    the spelling to show, for instance ``E11.9``.

    >>> Label("E119", "icd10cm", "E11.9").code
    'E11.9'
    """

    key: str
    system: str
    code: str


class Span(NamedTuple):
    """Characters ``[start, end)`` of a note: from the first to the last character of a piece of evidence.

    `note_id`: The note; empty where a source does not name it, and then any note of the encounter fits; `start, end`:
    Offsets in characters.

    >>> Span("n1", 6, 15).end
    15
    """

    note_id: str
    start: int
    end: int


def normalise_code(code: str) -> str:
    """Give the key under which a code is compared: upper case, no blanks around it, no dots.

    ``code``: a code in any usual spelling.

    >>> [normalise_code(code) for code in ("e11.9", " E119 ", "I10.")]
    ['E119', 'E119', 'I10']
    """
    return code.strip().upper().replace(".", "")


def normalise_system(system: str) -> str:
    """Give the name under which a code system is compared: lower case, without ``-``, ``_``, dots and blanks.

    >>> normalise_system("ICD-10-CM")
    'icd10cm'
    """
    return _NOT_IN_NAME.sub("", system.strip()).lower()
