"""Doses in the words around a drug: amounts, strengths, repeats, wastage, and the route."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from leadterm.codes.systems.hcpcs_units import MEASURES
from leadterm.storage.tsv import package_table

__all__ = ["Amount", "Dose", "assign_doses", "find_amounts", "route_of", "tells_of_waste", "with_waste"]

NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\d.])\.\d+)"
WORDS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "half": 0.5, "half a": 0.5,
         "one-half": 0.5, "one half": 0.5, "a half": 0.5, "1/2": 0.5}  # fmt: skip
COUNTED = (
    r"mg|mcg|µg|μg|ug|micrograms?|milligrams?|grams?|gms?|g|million units?|mu|units?|iu|international units?|u|"
    r"ml|cc|milliliters?|liters?|litres?|l|meq|milliequivalents?|mci|millicuries?|mmol"
)
PER_WHAT = (
    r"\s*/\s*(?:\d+(?:\.\d+)?\s*)?(?:ml|cc|kg|m2|m²|hr|hour|h|min|minute|day|d|dose)\b"
    r"|\s+per\s+(?:ml|cc|kg|kilogram|hour|minute|day)\b"
)
AMOUNT = re.compile(
    rf"(?<![\w.#/-])(?P<n>{NUMBER}|1/2|one-half|one half|half a|a half|half|one|two|three|four|an?)"
    rf"(?:\s*(?:-|to|–)\s*(?P<high>{NUMBER}))?[\s-]*(?P<m>{COUNTED})(?![a-z0-9])(?P<per>{PER_WHAT})?",
    re.IGNORECASE,
)
PERCENT = re.compile(r"(?<![\w.])(?P<n>\d{1,2}(?:\.\d+)?|\.\d+)\s*(?:%|percent\b)", re.IGNORECASE)
RATIO = re.compile(r"\b1\s*:\s*(?P<n>\d{1,3}(?:,\d{3})|\d{4,6})\b")
TIMES = re.compile(
    r"^[^.;\n]{0,40}?(?:\bx\s*|\btimes\s+)(?P<n>\d{1,2}|one|two|three|four)\b"
    r"(?!\s*(?:days?|weeks?|months?|wk|hours?|h\b|\d|cm|mm))(?:\s*(?:doses?|vials?|sites?))?",
    re.IGNORECASE,
)
DOSES_BEFORE = re.compile(
    r"\b(?P<n>two|three|four|[2-9])\s+(?:separate\s+)?(?:doses?|injections?|vials?|bags?)\s+of\s+$", re.IGNORECASE
)
MORE = re.compile(
    r"\b(?:another|additional(?:ly)?|then|followed by|repeat(?:ed)?|second|further|plus|more|and)\b", re.IGNORECASE
)
TOTAL = re.compile(r"\b(?:total(?:ling|ing)?|in all|cumulative|altogether)\b", re.IGNORECASE)
WASTED = re.compile(r"\b(?:wast(?:ed|age|e)|discard(?:ed)?|thrown away|unused)\b", re.IGNORECASE)
NO_WASTE = re.compile(
    r"\b(?:(?:no|zero|without) (?:(?:drug|medication|product) )?(?:wast\w+|discard\w*)"
    r"|(?:entire|whole|full) (?:single[- ](?:dose|use) )?vials?"
    r"|(?:none|nothing|no (?:drug|medication)) (?:was |left to be )?(?:wasted|discarded)"
    r"|0 (?:mg|units|ml) (?:wasted|discarded))\b",
    re.IGNORECASE,
)
LINKS = (
    r"(?:dose|doses|bolus|boluses|vial|vials|injection|bag|ampule|syringe|of|a|the|iv|i\.v\.|im|intravenous|intramuscular"
    r"|preservative[- ]free|plain|buffered|sterile|liquid|generic|oral|nebulized|mixture|solution|single[- ]dose|both"
    r"|tc-?99m|technetium|brand|low[- ]dose|a total|\(|\)|:|,|[\d.]+\s*%|[\d.]+\s*percent|\d+\s*mg/ml|1\s*:\s*[\d,]+)"
)
LINKED = re.compile(rf"^[\s-]*(?:{LINKS}[\s-]*){{0,5}}$", re.IGNORECASE)
OF = re.compile(r"\bof\b", re.IGNORECASE)


class Amount(NamedTuple):
    """A number with its measure: ``value`` in the measure that counts; ``per`` what it is an amount of, or nothing."""

    start: int
    end: int
    value: float
    measure: str
    per: str
    written: str


@dataclass(frozen=True, slots=True)
class Dose:
    """What a note says was given of a drug, at one of its mentions.

    ``amounts``: of the drug, in measures that count. ``strength``: milligrams (or units) in a millilitre, where told.
    ``times``: how often. ``wasted``: amount thrown away. ``spans``: where the amounts stand.
    """

    amounts: tuple[Amount, ...] = ()
    strength: float = 0.0
    strength_measure: str = "mg"
    times: float = 1.0
    total: bool = False
    per_weight: Amount | None = None
    wasted: Amount | None = None
    all_used: bool = False

    def amount(self, measure: str) -> float | None:
        """Give how much was given in a measure, by a strength where need be; None where it cannot be told."""
        own = [one for one in self.amounts if one.measure == measure]
        if own:
            return self._sum(own)
        volumes = [one for one in self.amounts if one.measure == "ml"]
        if volumes and self.strength and self.strength_measure == measure:
            return self._sum(volumes) * self.strength
        return None

    def _sum(self, amounts: Sequence[Amount]) -> float:
        if self.total:
            return max(one.value for one in amounts)
        return sum(one.value for one in amounts) * self.times


def find_amounts(text: str) -> list[Amount]:
    """Find all numbers with a measure.

    >>> [(a.value, a.measure, a.per) for a in find_amounts("1 g IV, 40 mg/mL, 5 mg/kg, half a liter")]
    [(1000.0, 'mg', ''), (40.0, 'mg', 'ml'), (5.0, 'mg', 'kg'), (500.0, 'ml', '')]
    """
    found = []
    for match in AMOUNT.finditer(text):
        written = match["m"].lower().replace("μ", "µ")
        name = written if written in MEASURES else written.removesuffix("s").replace("litre", "liter")
        if name not in MEASURES or (match["n"].lower() in ("a", "an") and len(name) < 4):
            continue
        measure, factor = MEASURES[name]
        per = re.sub(r"[\s/\d.]|per\b", "", (match["per"] or "").lower())
        divisor = re.search(r"\d+(?:\.\d+)?", match["per"] or "")
        value = (
            _value(match["high"] or match["n"]) * factor / (float(divisor[0]) if divisor and float(divisor[0]) else 1)
        )
        found.append(Amount(match.start(), match.end(), value, measure, PER.get(per, per), match[0]))
    for pattern in (PERCENT, RATIO):
        for match in pattern.finditer(text):
            if not AFTER_PERCENT.match(text, match.end()):
                number = float(match["n"].replace(",", ""))
                strength = number * 10 if pattern is PERCENT else 1000 / number
                found.append(Amount(match.start(), match.end(), strength, "mg", "ml", match[0]))
    return sorted(found)


AFTER_PERCENT = re.compile(
    r"\s*(?:of|on|room|oxygen|sat|ra\b|tbsa|stenosis|relief|improve|better|block)", re.IGNORECASE
)
PER = {"cc": "ml", "kilogram": "kg", "hour": "hr", "h": "hr", "minute": "min", "d": "day", "m²": "m2"}


def _value(text: str) -> float:
    low = text.lower()
    return WORDS[low] if low in WORDS else float(low.replace(",", ""))


def assign_doses(text: str, names: Sequence[tuple[int, int]], bounds: tuple[int, int]) -> list[Dose]:
    """Tell which amounts of a stretch belong to which of the drugs that it names, ``[start, end)`` each, in order."""
    low, high = bounds
    amounts = [one._replace(start=one.start + low, end=one.end + low) for one in find_amounts(text[low:high])]
    taken: list[list[Amount]] = [[] for _ in names]
    owners: dict[int, int] = {}
    for amount in amounts:
        owner = _owner(text, amount, names, owners)
        if owner is not None:
            owners[amount.start] = owner
            taken[owner].append(amount)
    return [_dose(text, names, at, taken[at], low, high) for at in range(len(names))]


def _owner(text: str, amount: Amount, names: Sequence[tuple[int, int]], owners: dict[int, int]) -> int | None:
    """Find the drug an amount is of: "of" binds to what follows, else what stands before, else what follows at once."""
    after = next((i for i, (start, _) in enumerate(names) if start >= amount.end), None)
    before = max((i for i, (_, end) in enumerate(names) if end <= amount.start), default=None)
    link = text[amount.end : names[after][0]] if after is not None else ""
    follows = after is not None and bool(LINKED.match(link))
    if follows and OF.search(link):
        return after
    gap = text[names[before][1] : amount.start] if before is not None else ""
    near = before is not None and len(gap) <= (70 if before in owners.values() or MORE.search(gap) else 60)
    if follows and (not near or _precedes(names, owners, before, gap)):
        return after
    return before if near else None


def _precedes(names: Sequence[tuple[int, int]], owners: dict[int, int], before: int | None, gap: str) -> bool:
    """Tell whether amounts stand before the names here: the name before has its own, and a word parts the two."""
    own = [start for start, owner in owners.items() if owner == before]
    ahead = bool(own) and before is not None and min(own) < names[before][0]
    return ahead or bool(re.search(r"\b(?:and|with|plus|then)\b\s*$|[;]\s*$", gap, re.IGNORECASE) and own)


def _dose(text: str, names: Sequence[tuple[int, int]], at: int, amounts: Sequence[Amount], low: int, high: int) -> Dose:
    """Put together what is said of one drug."""
    start, end = names[at]
    begin = max(low, names[at - 1][1] if at else low, start - 60)
    stop = min(high, names[at + 1][0] if at + 1 < len(names) else high, end + 160)
    if amounts:
        begin, stop = min(begin, amounts[0].start), max(stop, amounts[-1].end)
    zone, ahead = text[begin:stop], text[begin:start]
    plain = [one for one in amounts if not one.per]
    wasted = [one for one in plain if WASTED.search(_around(text, one, high)) and not NO_WASTE.search(zone)]
    given = _given([one for one in plain if one not in wasted], text)
    dose = Dose(
        tuple(given), total=_is_total(given, text), per_weight=next((one for one in amounts if one.per == "kg"), None),
        wasted=wasted[0] if wasted else None, all_used=bool(NO_WASTE.search(zone)),
    )  # fmt: skip
    dose = _with_strength(dose, [one for one in amounts if one.per == "ml"])
    times = TIMES.search(text[given[-1].end if given else end : stop]) or DOSES_BEFORE.search(ahead)
    return replace(dose, times=_value(times["n"])) if times else dose


def tells_of_waste(text: str) -> bool:
    """Whether a text says that something of a drug was thrown away, or nothing."""
    return bool(WASTED.search(text) or NO_WASTE.search(text))


def with_waste(dose: Dose, text: str) -> Dose:
    """Add what the sentence behind a dose tells of what was thrown away."""
    if dose.wasted or dose.all_used:
        return dose
    if NO_WASTE.search(text):
        return replace(dose, all_used=True)
    lost = (one for one in find_amounts(text) if not one.per and WASTED.search(_around(text, one, len(text))))
    return replace(dose, wasted=next(lost, None))


def _around(text: str, amount: Amount, high: int) -> str:
    return text[max(0, amount.start - 18) : min(high, amount.end + 16)]


def _given(amounts: Sequence[Amount], text: str) -> list[Amount]:
    """Keep the first amount of each measure, and those that words add to it."""
    kept: list[Amount] = []
    for amount in amounts:
        same = [one for one in kept if one.measure == amount.measure]
        between = text[same[-1].end : amount.start] if same else ""
        if (
            not same
            or (MORE.search(between) and "(" not in between)
            or TOTAL.search(text[amount.start - 24 : amount.end + 12])
        ):
            kept.append(amount)
    return kept


def _is_total(amounts: Sequence[Amount], text: str) -> bool:
    return any(TOTAL.search(text[max(0, one.start - 24) : one.end + 12]) for one in amounts)


def _with_strength(dose: Dose, stated: Sequence[Amount]) -> Dose:
    """Add the strength: so much in a millilitre, which per cent and one in so many are, too."""
    return replace(dose, strength=stated[0].value, strength_measure=stated[0].measure) if stated else dose


OF_OTHERS = ("oral", "topical", "inhaled")  # said behind an injection, it is of the next drug


def route_of(words: str) -> str:
    """Name the route that words tell, the plainest first; nothing where they tell none.

    >>> route_of("given 30 mg IM"), route_of("500 mg p.o. b.i.d."), route_of("was seen")
    ('injected', 'oral', '')
    >>> route_of("200 mg IV, with another by mouth")
    'injected'
    """
    found = {name: match.start() for name, pattern in _routes() if (match := pattern.search(words))}
    plainest = next(iter(found), "")
    other = plainest in OF_OTHERS and found.get("injected", len(words)) < found[plainest]
    return "injected" if other else plainest


@lru_cache(maxsize=1)
def _routes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = package_table("leadterm.procedures.services", "route_words.tsv")
    return tuple((row["route"], re.compile(row["pattern"], re.IGNORECASE)) for row in rows)
