"""Sites that a report itself calls the tumor's: behind "tumor site:", "is located in", or as the specimen it is in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from leadterm.text.knowledge import load_table

__all__ = ["told_sites"]

_LABEL = (
    r"(?:^|\n)[ \t]*(?:specimens?(?:\(s\))?(?:\s+(?:submitted|received))?|parts?\s+\d[\d, and]*|procedures?|material)"
    r"\s*:"
    r"\s*(?:[A-H1][.)])?"
)
_CLUES = (
    (r"(?:tumou?r|anatomic(?:al)?|primary|cancer|neoplasm)['s]*\s{0,3}(?:site|location|locali[sz]ation)\b", 3.0),
    (r"(?:location|site)\s+of\s+(?:the\s+)?(?:tumou?r|lesion|neoplasm|cancer|carcinoma)\b", 3.0),
    (r"(?:^|[\n.;,])\s*(?:location|site)\s*:", 2.0),
    (r"(?:tumou?r|mass|cancer|carcinoma|lesion)\b[^.;:]{0,60}?\b(?:located|situated|arising|centered)\s+(?:in|at|from)\b",
     2.0),
    (r"(?:carcinoma|cancer)\s+(?:of|in|from|arising\s+in)\b", 1.5),
    (r"\bin(?=\s+the\s+[^.;:()\n]{3,40},[^.;:]{0,80}carcinom)", 1.0),
    (_LABEL, 0.5),
)  # fmt: skip
_LEAD = r"[\s:;!.\-]{1,80}(?:(?:the|in|at|of)\s+)?"
_SAID = r"(?=(?P<said>[A-Za-z][^.;:()\n]{2,60}))"  # not taken: the next label may stand in the same line
_TOLD = tuple(
    (re.compile(clue + _LEAD + _SAID, re.IGNORECASE | re.MULTILINE), weight) for clue, weight in _CLUES
)
_PART = re.compile(
    r"(?:^|(?<=[\n.;:]))[ \t]*(?:parts?\s+[\dA-Z][\d, and]*[:.]\s*|[(]?[A-Z\d][A-Z\d&, ]{0,4}[.):]\s*)?"
    r"(?P<said>[A-Za-z][^\n:;.]{2,110}?(?:ectom(?:y|ies)|biops(?:y|ies)|excisions?|resections?|dissections?|curett[a-z]+"
    r"|debulking|conization)\b[^\n:;.]{0,30}?)\s*(?=[:\n])",
    re.IGNORECASE,
)  # the heading of a specimen: a site and how it was taken
_TAKEN = re.compile(
    r"(?P<not>\b(?:no|not|negative|free|without|lacks?)\b[^.\n]{0,40})?"
    r"(?P<spread>metasta[^.\n]{0,60}|involve(?:ment|d) (?:by|with)[^.\n]{0,40}|implants?[^.\n]{0,20})?"
    r"(?:carcinom|sarcoma|melanoma)",
    re.IGNORECASE,
)
_NO_HEADING = re.compile(
    r"^(?:and|with|of|the|in|rule out)\b|\b(?:is|are|was|were|has|margins?|nodes?|cancer|metasta\w*)\b", re.IGNORECASE
)
_BODY, _OF_PART, _OF_SEVERAL, _OF_SPREAD = 600, 1.0, 0.5, 0.3  # characters; how plainly it tells
_BEFORE = 60
_EARLIER = re.compile(r"\bhistory of\b[^.;:\n]*$", re.IGNORECASE)
_COMING, _WITHIN = re.compile(r"metasta[^.;:\n]*$", re.IGNORECASE), re.compile(r"\w+\s+in\b", re.IGNORECASE)
_RECEIVING = ("C22", "C48", "C49")  # where cancers of elsewhere come to
_PERIRECTAL, RECTUM = re.compile(r"(?:perirectal|mesorectal)\s+(?:fat|adipose|soft)", re.IGNORECASE), "C20"
_WORD = re.compile(r"[a-z]+")
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])")  # "RectumTumor size": lines of a form that lost their breaks
VAGUE = "-"
_SKIPPED = ("C76", "C77", "C78", "C79", "C80", "C26")


def told_sites(text: str) -> dict[str, float]:
    """Give the codes or families of the sites that a report calls the tumor's, and how plainly it does.

    >>> told_sites("Tumor Site: Sigmoid colon. Tumor-free appendix.")
    {'C18.7': 3.0}
    >>> sorted(told_sites("Primary site: colon Anatomic site: AppendixTumor size: 2 cm"))
    ['C18.1', 'C18.9']
    >>> told_sites("The mass is located in the cecum, 4 cm from the margin.")
    {'C18.0': 2.0}
    """
    found: dict[str, float] = {}
    said = ((m["said"], weight) for pattern, weight in _TOLD for m in pattern.finditer(text) if _is_own(text, m))
    named = ((code, weight) for words, weight in said for code in _sites(words)[:1])
    for code, weight in sorted({*named, *_specimens(text)}):  # each way to tell it counts once
        found[code] = found.get(code, 0.0) + weight
    if _PERIRECTAL.search(text) and not any(code[:3] in ("C18", "C19") for code in found):
        found[RECTUM] = found.get(RECTUM, 0.0) + _OF_SEVERAL
    return found


def _is_own(text: str, clue: re.Match[str]) -> bool:
    """Whether a clue tells where the tumor is, not one of another time, nor where it has come to."""
    before = text[max(clue.start() - _BEFORE, 0) : clue.start() + 1]
    return not _EARLIER.search(before) and not (_COMING.search(before) and _WITHIN.match(clue[0]))


def _specimens(text: str) -> Iterator[tuple[str, float]]:
    """The sites of the specimens in which a cancer was found that is not said to have come from elsewhere."""
    heads = list(_PART.finditer(text))
    ends = [head.start() for head in heads[1:]]
    for head, end in zip(heads, [*ends, len(text)], strict=False):
        body = text[head.end() : min(end, head.end() + _BODY)]
        cancer = next((one for one in _TAKEN.finditer(body) if not one["not"]), None)
        is_own = cancer is not None and not cancer["spread"] and not _NO_HEADING.search(head["said"])
        sites = _sites(head["said"]) if is_own else []
        for code in sites:
            of_part = _OF_PART if len(sites) == 1 else _OF_SEVERAL
            yield code, _OF_SPREAD if code.startswith(_RECEIVING) else of_part


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[frozenset[str], str], ...]:
    """The names of sites as sets of words, the longest first, each with its code of a primary."""
    rows = load_table("neoplasm_sites.tsv")
    names = [(frozenset(name.split()), row["primary"]) for row in rows for name in row["site"].split("|")]
    named = [(words, code) for words, code in names if code != VAGUE and not code.startswith(_SKIPPED)]
    return tuple(sorted(named, key=lambda one: (-len(one[0]), sorted(one[0]))))


def _sites(said: str) -> list[str]:
    """The sites that some words name, in their order; of several that share a word, that of the most words."""
    words = _WORD.findall(_GLUED.sub(" ", said).lower())
    places: dict[str, int] = {}
    for i, word in enumerate(words):
        for form in (word, word.removesuffix("s"), word.removesuffix("ies") + "y" * word.endswith("ies")):
            places.setdefault(form, i)
    found: list[tuple[int, str]] = []
    taken: set[int] = set()
    for name, code in _names():
        if name <= places.keys():
            own = {places[word] for word in name}
            if taken.isdisjoint(own):
                taken |= own
                found.append((min(own), code))
    codes = list(dict.fromkeys(code for _, code in sorted(found)))
    return [one for one in codes if not any(one != of and of.startswith(one.removesuffix(".9")) for of in codes)]
