"""Titles of sections and labelled lines, from ``section_titles.tsv``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from leadterm.text.knowledge import load_table
from leadterm.text.words.characters import plain

__all__ = ["Title", "categories", "find_title"]

_NOISE = re.compile(r"[*_#\s]+")
_BRACKETS = re.compile(r"\s*\([^()]{0,40}\)")
_DATE = re.compile(r",?\s*(?:on\s+)?\d[\d/.,:-]*$")
_NUMBER = re.compile(r"^\s*(?:\d{1,2}|[ivx]{1,4})[.)]\s+", re.IGNORECASE)
LONGEST = 64


class Title(NamedTuple):
    """What a title says.

    ``category``: of the section or label. ``label``: whether it only labels a line. ``label_in``: sections within which
    a section title is but a label.

    >>> Title("plan", False, frozenset()).category
    'plan'
    """

    category: str
    label: bool
    label_in: frozenset[str]


@lru_cache(maxsize=1)
def _titles() -> tuple[dict[str, Title], re.Pattern[str], tuple[Title, ...]]:
    exact: dict[str, Title] = {}
    patterns: list[str] = []
    by_pattern: list[Title] = []
    for row in load_table("section_titles.tsv"):
        places = frozenset() if row["label_in"] == "-" else frozenset(row["label_in"].split())
        title = Title(row["category"], row["kind"] == "label", places)
        if "*" in row["title"]:
            patterns.append("(" + re.escape(row["title"]).replace(r"\*", r"[^.;]{1,40}") + ")")
            by_pattern.append(title)
        else:
            exact[row["title"]] = title
    return exact, re.compile("|".join(patterns)), tuple(by_pattern)


def categories() -> frozenset[str]:
    """Give the categories of sections and labels.

    >>> "assessment_plan" in categories()
    True
    """
    exact, _, by_pattern = _titles()
    return frozenset(title.category for title in (*exact.values(), *by_pattern))


@lru_cache(maxsize=4096)
def find_title(raw: str) -> Title | None:
    """Look a title up.

    None when it is no known title. ``raw``: the words as the note writes them, without the colon.

    >>> find_title("**Past Medical History**").category
    'past_medical_history'
    >>> find_title("DESCRIPTION OF THE PROCEDURE").category, find_title("I said"), find_title("a. fib")
    ('procedure', None, None)
    """
    if len(raw) > LONGEST:
        return None
    exact, pattern, by_pattern = _titles()
    text = _NOISE.sub(" ", plain(raw)).strip(" -–—:.[]|").lower()
    for tried in (text, _NUMBER.sub("", text), _DATE.sub("", _BRACKETS.sub("", text)).strip(" -–—:,")):
        if tried in exact:
            return exact[tried]
    match = pattern.fullmatch(text) if text.count(" ") <= 7 else None
    return by_pattern[match.lastindex - 1] if match and match.lastindex else None
