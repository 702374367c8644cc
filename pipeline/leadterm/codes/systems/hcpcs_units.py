"""What one unit of a HCPCS code stands for, read from its title: 15 mg, one mile, a study dose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["MEASURES", "Unit", "is_unlisted", "unit_of"]

MEASURES = {
    "mg": ("mg", 1.0), "milligram": ("mg", 1.0), "mcg": ("mg", 0.001), "ug": ("mg", 0.001), "microgram": ("mg", 0.001),
    "µg": ("mg", 0.001), "g": ("mg", 1000.0), "gm": ("mg", 1000.0), "gms": ("mg", 1000.0), "gram": ("mg", 1000.0),
    "ng": ("mg", 0.000001), "kg": ("mg", 1_000_000.0),
    "unit": ("unit", 1.0), "iu": ("unit", 1.0), "i.u.": ("unit", 1.0), "international unit": ("unit", 1.0),
    "u": ("unit", 1.0), "usp unit": ("unit", 1.0), "million unit": ("unit", 1_000_000.0), "mu": ("unit", 1_000_000.0),
    "ml": ("ml", 1.0), "cc": ("ml", 1.0), "milliliter": ("ml", 1.0), "l": ("ml", 1000.0), "liter": ("ml", 1000.0),
    "meq": ("meq", 1.0), "milliequivalent": ("meq", 1.0), "mmol": ("mmol", 1.0),
    "mci": ("mci", 1.0), "millicurie": ("mci", 1.0), "uci": ("mci", 0.001), "microcurie": ("mci", 0.001),
    "square centimeter": ("cm2", 1.0), "sq cm": ("cm2", 1.0), "cm2": ("cm2", 1.0), "sq. cm": ("cm2", 1.0),
    "statute mile": ("mile", 1.0), "mile": ("mile", 1.0), "vial": ("vial", 1.0), "study dose": ("dose", 1.0),
    "dose": ("dose", 1.0), "treatment dose": ("dose", 1.0), "therapeutic dose": ("dose", 1.0),
}  # fmt: skip
"""Measure as it is written, in the singular → the measure that counts, and how many of it."""

_NAMES = "|".join(sorted(map(re.escape, MEASURES), key=len, reverse=True))
_STATED = re.compile(
    rf"(?P<sum>\()?(?:\b(?P<how>up to|per|each)\s+)?(?:(?<![\w.])(?<!\d[,/-])(?P<n>\d[\d,]*(?:\.\d+)?|\.\d+|one)\s*)?"
    rf"(?<![a-z])(?P<measure>{_NAMES})s?(?![./-]?[a-z0-9])"
)
_EQUAL = re.compile(r"\((\d+) ml = 1 unit\)")
_LIMIT_AFTER = re.compile(r"\s*(?:or less|or more|or greater|maximum|through)\b")
_LIMIT_BEFORE = re.compile(r"\b(?:than|equal to|provided in|through|to)\s*$")
_UNLISTED = re.compile(
    r"\b(?:not otherwise (?:classified|specified)|not elsewhere classified|unlisted|unclassified"
    r"|miscellaneous|noc|nos|not listed)\b"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What one unit stands for: ``amount`` of a ``measure`` (mg, unit, ml, meq, mci, cm2, mile …).

    ``up_to``: whether a smaller amount makes a whole unit by the title's own words.
    """

    amount: float
    measure: str
    written: str
    up_to: bool = False


@lru_cache(maxsize=4096)
def unit_of(title: str) -> Unit | None:
    """Read the unit of a title; None where it names none that can be counted.

    >>> unit = unit_of("Injection, ketorolac tromethamine, per 15 mg")
    >>> (unit.amount, unit.measure, unit.written)
    (15.0, 'mg', '15 mg')
    >>> unit_of("Low osmolar contrast material, 300-399 mg/ml iodine concentration, per ml").written
    '1 ml'
    >>> unit_of("Injection, betamethasone acetate 3 mg and betamethasone sodium phosphate 3 mg").amount
    6.0
    >>> unit_of("Walker, folding (pickup), adjustable or fixed height") is None
    True
    """
    text = title.lower()
    if equal := _EQUAL.search(text):
        return Unit(float(equal[1]), "ml", f"{equal[1]} ml")
    stated = [match for match in _STATED.finditer(text) if match["n"] or match["how"]]
    stated = [
        m for m in stated if not _LIMIT_AFTER.match(text, m.end()) and not _LIMIT_BEFORE.search(text[: m.start()])
    ]
    if not stated:
        return None
    last = next((match for match in stated if match["measure"].endswith(" dose")), stated[-1])
    if last["sum"] and len(stated) > 1 and MEASURES[stated[-2]["measure"]][0] != MEASURES[last["measure"]][0]:
        last, stated = stated[-2], stated[:-1]  # the same amount in another measure stands in brackets
    measure, factor = MEASURES[last["measure"]]
    amount = _number(last["n"]) * factor
    parts = [m for m in stated[:-1] if m["measure"] == last["measure"]]
    if parts and re.search(r"\band\b|/", text[parts[-1].end() : last.start()]) and not last["sum"]:
        amount += sum(_number(m["n"]) * factor for m in parts)
    return Unit(amount, measure, f"{last['n'] or 1} {last['measure']}".replace("one", "1"), last["how"] == "up to")


def _number(text: str | None) -> float:
    return 1.0 if text in (None, "one") else float((text or "").replace(",", ""))


def is_unlisted(title: str) -> bool:
    """Tell whether a code is for what has no code of its own, so that a claim must describe it.

    >>> is_unlisted("Unclassified drugs"), is_unlisted("Standard wheelchair")
    (True, False)
    """
    return bool(_UNLISTED.search(title.lower()))
