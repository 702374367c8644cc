"""The lists that claims use, asked by name: places of service, revenue codes, statuses at discharge."""

from __future__ import annotations

import re

from leadterm.codes import load_system

__all__ = ["is_listed", "name_in"]

WORDS = re.compile(r"\w+")
SHORT_FORMS = ("SNF", "ICF", "IRF", "LTCH", "CAH")
NAMES = ("MEDICARE", "MEDICAID")


def is_listed(name: str, code: str) -> bool:
    """Tell whether a list has a code that is in use.

    >>> is_listed("place_of_service", "11"), is_listed("place_of_service", "28")
    (True, False)
    """
    return code in load_system(name)


def name_in(name: str, code: str) -> str:
    """Name a code in a few words.

    >>> name_in("place_of_service", "23")
    'Emergency Room-Hospital'
    >>> name_in("discharge_status", "63")
    'discharged/transferred to a Medicare certified long term care hospital (LTCH)'
    """
    title = load_system(name).title(code).partition(":")[0].strip()
    return WORDS.sub(_spelled, title) if title.isupper() else title


def _spelled(word: re.Match[str]) -> str:
    """A word of a title in capitals as it is written in a sentence."""
    text = word[0]
    return text if text in SHORT_FORMS else text.capitalize() if text in NAMES else text.lower()
