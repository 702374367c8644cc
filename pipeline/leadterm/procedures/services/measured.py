"""Whether the name of a drug stands for what a laboratory found: an albumin of 3.2 was not infused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.procedures.services.context import Place

__all__ = ["is_measured"]

ANALYTE = re.compile(
    r"\b(?:sodium|potassium|chloride|calcium|phosphorus|magnesium|creatinine|bun|glucose|ha?ematocrit|ha?emoglobin|wbc"
    r"|white (?:blood )?count|platelets?|ast|alt|bilirubin|protein|albumin|cholesterol|triglycerides|ldl|hdl|inr|esr"
    r"|crp|tsh|folate|b-?12|vdrl|cbc|igg|csf|toxicology|level)\b"
)
SEVERAL, AROUND = 3, 160  # results; characters
FOUND = re.compile(r"\s*(?:levels?\b|/\s*creatinine)")
VALUE = re.compile(r"(?:\s+(?:is|was|of|at))?[\s:,]*\d[\d.,]*(?!\s*(?:mg|mcg|g|gm|grams?|units?|ml|cc|meq|%))")


def is_measured(low: str, start: int, end: int, place: Place) -> bool:
    """Tell whether a drug that has no dose stands among results, with a value, or as a level in the blood.

    ``low``: the note in lower case. ``place``: the words ``[start, end)`` and how they are meant.
    """
    if FOUND.match(low, end):
        return True
    if "given" in place.flags:
        return False
    first, last = max(place.sentence[0], start - AROUND), min(place.sentence[1], end + AROUND)
    named = {match[0] for match in ANALYTE.finditer(low, first, last)}
    return len(named) >= SEVERAL or bool(named - {low[start:end]} and VALUE.match(low, end))
