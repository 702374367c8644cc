"""Sites that a report itself calls the tumor's: behind "tumor site:", "is located in", "carcinoma of the"."""

from __future__ import annotations

import re
from functools import lru_cache

from leadterm.text.knowledge import load_table

__all__ = ["told_sites"]

_LABEL = (
    r"(?:^|\n)[ \t]*(?:specimens?(?:\(s\))?(?:\s+(?:submitted|received))?|parts?\s+\d[\d, and]*|procedures?)\s*:"
    r"\s*(?:[A-H1][.)])?"
)
_CLUES = (
    (r"(?:tumou?r|anatomic(?:al)?|primary|cancer|neoplasm)['s]*\s{0,3}(?:site|location|locali[sz]ation)\b", 3.0),
    (r"(?:location|site)\s+of\s+(?:the\s+)?(?:tumou?r|lesion|neoplasm|cancer|carcinoma)\b", 3.0),
    (r"(?:^|[\n.;,])\s*(?:location|site)\s*:", 2.0),
    (r"(?:tumou?r|mass|cancer|carcinoma|lesion)\b[^.;:]{0,60}?\b(?:located|situated|arising|centered)\s+(?:in|at|from)\b",
     2.0),
    (r"(?:carcinoma|cancer)\s+(?:of|in|from|arising\s+in)\b", 1.0),
    (_LABEL, 0.5),
)  # fmt: skip
_LEAD = r"[\s:;!.\-]{1,80}(?:(?:the|in|at|of)\s+)?"
_SAID = r"(?=(?P<said>[A-Za-z][^.;:()\n]{2,60}))"  # not taken: the next label may stand in the same line
_TOLD = tuple(
    (re.compile(clue + _LEAD + _SAID, re.IGNORECASE | re.MULTILINE), weight) for clue, weight in _CLUES
)
_WORD = re.compile(r"[a-z]+")
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])")  # "RectumTumor size": lines of a form that lost their breaks
VAGUE = "-"
_SKIPPED = ("C76", "C77", "C78", "C79", "C80", "C26")


def told_sites(text: str) -> dict[str, float]:
    """Give the codes or families of the sites that a report calls the tumor's, and how plainly it does.

    >>> told_sites("Tumor Site: Sigmoid colon. Tumor-free appendix.")
    {'C18.7': 3.0}
    >>> told_sites("Primary site: colon Anatomic site: AppendixTumor size: 2 cm")
    {'C18.9': 3.0, 'C18.1': 3.0}
    >>> told_sites("The mass is located in the cecum, 4 cm from the margin.")
    {'C18.0': 2.0}
    """
    found: dict[str, float] = {}
    for pattern, weight in _TOLD:
        for match in pattern.finditer(text):
            code = _first_site(_GLUED.sub(" ", match["said"]).lower())
            if code:
                found[code] = found.get(code, 0.0) + weight
    return found


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[frozenset[str], str], ...]:
    """The names of sites as sets of words, the longest first, each with its code of a primary."""
    rows = load_table("neoplasm_sites.tsv")
    names = [(frozenset(name.split()), row["primary"]) for row in rows for name in row["site"].split("|")]
    named = [(words, code) for words, code in names if code != VAGUE and not code.startswith(_SKIPPED)]
    return tuple(sorted(named, key=lambda one: (-len(one[0]), sorted(one[0]))))


def _first_site(said: str) -> str | None:
    """The site that stands first, or the longest of those that begin there."""
    words = _WORD.findall(said)
    known = frozenset(words) | {word.removesuffix("s") for word in words}
    places = {word: i for i, word in reversed(list(enumerate(words)))}
    best: tuple[int, int, str] | None = None
    for name, code in _names():
        if name <= known:
            key = (min(places.get(word, places.get(word + "s", 0)) for word in name), -len(name), code)
            best = key if best is None or key < best else best
    return best[2] if best else None
