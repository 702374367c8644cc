"""Whether words leave out what makes the term they match a disease."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadterm.text.reading import FoundMention, Reading

__all__ = ["is_linked", "says_too_little"]

ELSEWHERE, TITLE, NEOPLASM, BENIGN = "in diseases classified elsewhere", "title", "neoplasm", "[benign]"
INJURY_OF = ("Injury of", "Unspecified injury of")
HARMED = re.compile(r"injur|harm|damag|trauma|lacerat|\bcut|sever(?!e)|\btear|\btorn")
GROWTHS = frozenset({"neoplasm", "tumor", "lesion", "mass", "growth", "nodule", "polyp", "cyst"})
GROWING = re.compile(r"oma\b|omas\b|tumor|neoplas|mass|lesion|growth|nodul|polyp")
OF_CANCERS = frozenset({"I31.31", "J91.0"})
CANCERS = frozenset({"cancer", "carcinoma", "malignancy", "metastasis", "neoplasm", "tumor"})
HURT, HURTING = "hurt ", re.compile(r"\bhurts\b|\bhurting\b")


def says_too_little(reading: Reading, found: FoundMention) -> bool:
    """Tell whether the words leave out what makes a title a disease: its cause, the injury of a nerve, the neoplasm.

    "Otitis media" is no otitis "in diseases classified elsewhere", a nerve no injury, a "benign" fundus no neoplasm;
    and a knee that hurts was not hurt.
    """
    words = found.mention.text.lower()
    if ELSEWHERE in reading.term:
        return True
    if reading.source == TITLE and reading.term.startswith(INJURY_OF) and not HARMED.search(words):
        return True
    if reading.source == NEOPLASM and reading.term.endswith(BENIGN):
        return GROWTHS.isdisjoint(found.near) and not GROWING.search(words)
    return reading.term.startswith(HURT) and HURTING.search(words) is not None


def is_linked(code: str, sentences: Iterable[frozenset[str]]) -> bool:
    """Tell whether what a combination code says is said: an effusion beside a cancer need not be the cancer's.

    ``sentences``: the normal words around each mention of the last part.
    """
    return code not in OF_CANCERS or any(not CANCERS.isdisjoint(sentence) for sentence in sentences)
