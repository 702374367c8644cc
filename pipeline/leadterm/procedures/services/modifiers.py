"""Modifiers that the words around a service speak for, each with its reason; a coder decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from leadterm.procedures.services.context import spaced
from leadterm.schema import Modifier
from leadterm.storage.tsv import package_table

__all__ = ["documented_modifiers", "in_line_order", "sides_of"]

LEFT, RIGHT = re.compile(r"\b(?:left|lt|l)\b(?![-/.]\d)", re.I), re.compile(r"\b(?:right|rt|r)\b(?![-/.]\d)", re.I)
BOTH = re.compile(r"\b(?:bilateral(?:ly)?|both|each (?:foot|leg|side|knee|ankle|wrist|eye|ear))\b", re.IGNORECASE)
SIDED_CODES = re.compile(r"L[1-9]|L0?3|A4565|A550|A551|Q40[0-4]|V26|C18[0-9]|L8|A65[34]|J7(?:318|32\d|33[12])")
EYE = re.compile(r"\b(?:intravitreal(?:ly)?|eye)\b", re.IGNORECASE)
RIDE = re.compile(r"A04(?:2[5-9]|3[0-6])")  # a way from a place to another
UNKNOWN_RANK = 3
FINGERS = {"thumb": 0, "index": 1, "second": 1, "long": 2, "middle": 2, "third": 2, "ring": 3, "fourth": 3, "little": 4,
           "small": 4, "pinky": 4, "fifth": 4}  # fmt: skip
TOES = {
    "great": 0,
    "big": 0,
    "hallux": 0,
    "first": 0,
    "second": 1,
    "third": 2,
    "fourth": 3,
    "little": 4,
    "fifth": 4,
    "small": 4,
}
LIDS = {("left", "upper"): "E1", ("left", "lower"): "E2", ("right", "upper"): "E3", ("right", "lower"): "E4"}
LID = re.compile(r"\b(?P<side>left|right) (?P<lid>upper|lower) (?:eye ?)?(?:lid|punct\w+|canalicul\w+)", re.IGNORECASE)
LID_TITLE = re.compile(r"\b(?:eyelid|punctal|lacrimal|canalicul|chalazion|lid)\b", re.IGNORECASE)
DIGIT = re.compile(
    r"\b(?P<side>left|right) (?:"
    r"(?P<finger>thumb|(?:index|second|long|middle|third|ring|fourth|little|small|pinky|fifth) finger)"
    r"|(?P<toe>hallux|(?:great|big|first|second|third|fourth|little|fifth|small) toe))\b",
    re.IGNORECASE,
)


def sides_of(words: str) -> frozenset[str]:
    """Name the sides that words tell.

    >>> sorted(sides_of("both knees")), sorted(sides_of("the left wrist")), sorted(sides_of("the wrist"))
    (['left', 'right'], ['left'], [])
    """
    if BOTH.search(words):
        return frozenset({"left", "right"})
    return frozenset(name for name, pattern in (("left", LEFT), ("right", RIGHT)) if pattern.search(words))


class _Rule(NamedTuple):
    """When a modifier is documented: for which codes, in the sentence or the note, by a word it needs and a pattern."""

    modifier: Modifier
    codes: re.Pattern[str]
    of_note: bool
    holds: tuple[str, ...]
    words: re.Pattern[str]


@lru_cache(maxsize=1)
def _rules() -> tuple[_Rule, ...]:
    rows = package_table("leadterm.procedures.services", "modifier_words.tsv")
    return tuple(
        _Rule(
            Modifier(row["modifier"], row["reason"]), re.compile(row["codes"]), row["where"] == "note",
            tuple(row["holds"].split(";")), spaced(row["words"]),
        )
        for row in rows
    )  # fmt: skip


@lru_cache(maxsize=10_000)
def _rules_for(code: str, title: str) -> tuple[_Rule, ...]:
    """The rules of modifiers that a code may have."""
    named = f"{code} {title.lower()}"
    return tuple(rule for rule in _rules() if rule.codes.match(named))


def in_line_order(modifiers: Iterable[str]) -> list[str]:
    """Put modifiers into the order of a line: prices first, then what decides on payment, then information and sides.

    >>> in_line_order(["RT", "59", "26"]), in_line_order(["LT", "KX", "NU"]), in_line_order(["T5", "XS"])
    (['26', '59', 'RT'], ['NU', 'KX', 'LT'], ['XS', 'T5'])
    """
    ranks = _ranks()
    return sorted(modifiers, key=lambda name: ranks.get(name, UNKNOWN_RANK))


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    rows = package_table("leadterm.procedures.services", "modifier_order.tsv")
    return {name: int(row["rank"]) for row in rows for name in row["modifiers"].split()}


def documented_modifiers(code: str, title: str, sentence: str, low_note: str) -> Iterator[Modifier]:
    """Give the modifiers of a code that its sentence, or the note in lower case, speaks for."""
    yield from _digits(code, sentence)
    lids = list(_eyelids(title, sentence))
    yield from lids
    if RIDE.match(code):
        yield from _ride(low_note)
    if not lids and (SIDED_CODES.match(code) or code[0].isdigit() or (code[0] == "J" and EYE.search(sentence))):
        sides = sides_of(sentence)
        if code[0].isdigit() and BOTH.search(sentence) and "bilateral" not in title.lower():
            yield Modifier("50", "both sides documented")
            sides = frozenset()
        if len(sides) == 2 and not BOTH.search(sentence):
            sides = frozenset()
        for side, modifier in (("left", "LT"), ("right", "RT")):
            if side in sides:
                yield Modifier(modifier, f"{side} side documented")
    low_sentence = sentence.lower()
    for rule in _rules_for(code, title):
        low = low_note if rule.of_note else low_sentence
        if any(word in low for word in rule.holds) and rule.words.search(low):
            yield rule.modifier


@lru_cache(maxsize=1)
def _ends() -> tuple[re.Pattern[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """What a ride between two places looks like, and the letter of each place."""
    rows = package_table("leadterm.procedures.services", "ride_places.tsv")
    places = "|".join(f"(?:{row['words']})" for row in rows)
    way = rf"\b(?P<start>{places})\b[^.;\n]{{0,40}}?\bto\b[^.;\n]{{0,40}}?\b(?P<end>{places})\b"
    return re.compile(way), tuple((row["letter"], re.compile(row["words"])) for row in rows)


def _ride(low_note: str) -> Iterator[Modifier]:
    """From where to where an ambulance went, in two letters."""
    way, letters = _ends()
    if found := way.search(low_note):
        ends = [next(one for one, words in letters if words.fullmatch(found[end])) for end in ("start", "end")]
        yield Modifier("".join(ends), f"from {found['start']} to {found['end']}")


def _eyelids(title: str, sentence: str) -> Iterator[Modifier]:
    """Which of the four eyelids: of services to an eyelid or a tear duct."""
    if LID_TITLE.search(title):
        found = {(m["side"].lower(), m["lid"].lower()): m for m in LID.finditer(sentence)}
        for (side, lid), match in found.items():
            yield Modifier(LIDS[side, lid], f"{match[0].lower()} documented")


def _digits(code: str, sentence: str) -> Iterator[Modifier]:
    if code != "Q4049" and not code.startswith(("L39", "G0127")):
        return
    for match in DIGIT.finditer(sentence):
        left = match["side"].lower() == "left"
        if match["finger"]:
            number = FINGERS[match["finger"].lower().split()[0]]
            yield Modifier(_numbered("F", number, left=left), f"{match[0].lower()} documented")
        else:
            number = TOES[match["toe"].lower().split()[0]]
            yield Modifier(_numbered("T", number, left=left), f"{match[0].lower()} documented")


def _numbered(letter: str, number: int, *, left: bool) -> str:
    """Left: FA, F1 … F4; right: F5 … F9; toes likewise."""
    return f"{letter}A" if left and number == 0 else f"{letter}{number if left else number + 5}"
