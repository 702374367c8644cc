"""Tells a leaflet for patients, which says of nobody that he has what it explains."""

from __future__ import annotations

import re

__all__ = ["find_advice"]

SHORTEST, ADVISED, TOLD = 80, 2, 0.008
EXPLAINED = 40
APART = 40  # words to an advice: a report that ends with "contact your doctor" is no leaflet
BEGINNING, ONE = 600, 2  # most notes tell of somebody at once
DEFINES = re.compile(
    r"\W*(?!(?:there|this|it|the|baby|infant|specimen)\b)[^.:\n\d]{3,90}?"
    r"\b(?:is|are|stands)\s+(?:an?|the|any|one|caused|when|for|most|very)\b[^.\d]{20}",
    re.IGNORECASE,
)
_GENERAL = (
    "may can often usually should common commonly sometimes most many generally people children causes cause symptoms "
    "you your treatment"
)
GENERAL, TALKED, MENTIONED = frozenset(_GENERAL.split()), 0.02, 0.012  # shares of the words
_SOMEBODY = "patient pt he she his him mr mrs ms yo old we i my was were"
SOMEBODY = frozenset(_SOMEBODY.split())
_TO_DO = "apply|avoid|call|clean|take|use|do not|wash|keep|eat|drink|wear|rest|lose|contact|return|change"
ADVICE = re.compile(rf"\byou(?:r|rs|rself)?\b|^[^\w\n]*(?:{_TO_DO})\b", re.IGNORECASE | re.MULTILINE)
_KINDS = "headache|form|type|kind|infection|disease|disorder|condition|illness|inflammation|loss|swelling|growth|tumor"
DEFINITION = re.compile(
    r"\s*(?:[^.\n]{3,40}[.\n]\s*)?(?:What (?:is|are|causes)\b[^?\n]{2,60}\?|"
    r"[A-Z][\w' -]{2,50}?\b(?:is|are) (?:(?:an? |the )?(?:[\w-]+ ){0,3}"
    rf"(?:{_KINDS})s? (?:of|in|that|which|where|when|caused|affecting)\b"
    r"|(?:caused|spread) by (?:(?:an?|the|same|type|kind|of) ){1,4}(?:virus|germ|bacteri|fung|parasite|mite|tick)))"
)


def find_advice(text: str) -> tuple[int, int] | None:
    """Find the first advice of a leaflet: a text of some length that says "you" or gives orders, and tells of nobody.

    Or what it is about, where it begins with what that is, and goes on in general.

    >>> find_advice("ACNE is a disease of the skin.\\n" + "Wash your face. Avoid the sun.\\n" * 30)
    (0, 29)
    >>> find_advice("Acne is a disease of the skin. Squeezing makes acne worse.")
    (0, 20)
    >>> find_advice("She has acne. Wash your face. Avoid the sun.")
    >>> find_advice("BUNIONS are a common deformity of the toe. Shoes may often be the cause. " * 8)
    (0, 33)
    >>> find_advice("Sections show carcinoma in two of nine nodes. " * 20 + "\\nContact your doctor with this report!")
    """
    if (defined := DEFINES.match(text)) and _explains(text):
        return defined.span()
    if sum(word in SOMEBODY for word in text[:BEGINNING].lower().split()) >= ONE:
        return None
    defined = DEFINITION.match(text)
    if defined and SOMEBODY.isdisjoint(re.findall(r"\w+", text.lower())):
        return defined.span()
    first = ADVICE.search(text)
    words = len(text.split()) if first else 0
    advised = sum(1 for _ in ADVICE.finditer(text)) if words >= SHORTEST else 0
    if first is None or advised < max(ADVISED, words // APART):
        return None
    somebody = sum(word in SOMEBODY for word in re.findall(r"\w+", text.lower()))
    return first.span() if somebody < TOLD * words else None


def _explains(text: str) -> bool:
    """Whether a text of some length speaks of what may be and is done in general, and hardly of anybody."""
    words = re.findall(r"\w+", text.lower())
    general, somebody = (sum(word in of for word in words) for of in (GENERAL, SOMEBODY))
    return len(words) >= EXPLAINED and general >= TALKED * len(words) and somebody < MENTIONED * len(words)
