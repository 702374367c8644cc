"""Supplies, equipment, services, blood, vaccines, transport and implants → codes with units, by reviewed words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from leadterm.codes.systems.hcpcs_units import is_unlisted
from leadterm.procedures.services.context import NoteWords, Place, spaced
from leadterm.procedures.services.held_words import HeldWords, stretches
from leadterm.procedures.services.service_found import ServiceFound
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["ServiceRow", "find_items", "service_rows"]

ROOM = "leadterm.procedures.services"
CASTS = {
    "@shortarmsplint": 4021, "@longarmsplint": 4017, "@shortlegsplint": 4045, "@longlegsplint": 4041,
    "@shortarmcast": 4009, "@longarmcast": 4005, "@shortlegcast": 4037, "@longlegcast": 4029,
}  # fmt: skip
"""Family → code for an adult and plaster; behind it adult and fibreglass, child and plaster, child and fibreglass."""
REACH = 80  # characters around one of its words that what a pattern fits may take in
CHILD = 11  # years; younger is a child to the titles of casts
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
SIZE = r"(?:\d+(?:\.\d+)?\s*(?:cm|in(?:ch)?(?:es)?)?\s*[x×]\s*\d+(?:\.\d+)?\s*(?:cm|in(?:ch)?(?:es)?)?\s+)?"
COUNT_BEFORE = re.compile(
    r"(?<![.\d])(?<![x×] )\b(?P<n>\d{1,3}|one|two|three|four|five|six|eight|ten|an?)\s*(?:\(\d+\)\s*)?"
    r"(?:more\s+|additional\s+|full\s+)?"
    rf"(?:units?|packs?|bags?|boxes|each|pairs?|sets?|rolls?|single[- ]donor|apheresis)?\s*(?:of\s+)?{SIZE}"
    r"(?:[a-z-]+\s+){0,2}$"
)
COUNT_AFTER = re.compile(
    r"^[^.;\n]{0,25}?(?:(?<![\d'\x22\u201d] )(?<!in )(?<!inch )(?<!cm )\bx\s*|"  # 4 x 4 is a size
    r"#\s*|\bqty\.?:?\s*|\bquantity:?\s*|\()(?P<n>\d{1,3})\b(?!\s*(?:mm|cm|mg|days?|weeks?))"
)
UNITS_AFTER = re.compile(r"^[^.;\n]{0,20}?\b(?P<n>\d{1,2}|one|two|three|four)\s+(?:units?|pairs?|boxes|packs?)\b")
BOTH = re.compile(r"\b(?:bilateral(?:ly)?|both|pair|each (?:foot|leg|side|knee|ankle|wrist))\b", re.IGNORECASE)
MINUTES = re.compile(r"(?P<n>\d{1,3})[- ]*(?:minutes?|mins?)\b", re.IGNORECASE)
HOURS = re.compile(r"(?P<n>\d{1,3}(?:\.\d+)?|one|two|three|four|half an)[- ]*(?:hours?|hrs?)\b", re.IGNORECASE)
MILES = re.compile(r"\d+(?:\.\d+)?")
STOCK = re.compile(r"#?\s*(?P<n>\d{2,3})\b")
PLASTER = re.compile(r"\bplaster\b", re.IGNORECASE)
GLASS = re.compile(r"\b(?:fib(?:er|re)glass|ortho-?glass|synthetic)\b", re.IGNORECASE)
MOST = 400  # of one thing; more is a size
NO_NAMES = frozenset({"skin substitute", "cast supplies", "unspecified", "total"})
SUBSTITUTE = re.compile(r"^Q4(?:1\d\d|[23]\d\d)$")
SQUARE = re.compile(
    r"(?P<n>\d+(?:\.\d+)?)\s*(?:sq(?:uare)?\.?\s*(?:cm|centimet(?:er|re)s?)|cm2|cm²)|(?P<a>\d+(?:\.\d+)?)\s*(?:cm)?\s*[x×]\s*(?P<b>\d+(?:\.\d+)?)\s*cm",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A row of the table of words; its patterns are as `spaced` takes them, empty where there is none."""

    group: str
    code: str
    holds: tuple[str, ...]
    words: str
    also: str
    whole_note: bool
    unless: str
    units: str
    kind: str


@lru_cache(maxsize=1)
def service_rows() -> tuple[ServiceRow, ...]:
    """Read the table of words."""
    return tuple(
        ServiceRow(
            row["group"], row["code"], tuple(row["holds"].split(";")),
            rf"(?<![\w-])(?:{row['words']})s?(?!\w)", "" if row["also"] == "-" else row["also"].removeprefix("note "),
            row["also"].startswith("note "), "" if row["unless"] == "-" else row["unless"], row["units"], row["kind"],
        )
        for row in package_table(ROOM, "service_words.tsv")
    )  # fmt: skip


@lru_cache(maxsize=1)
def _rows_by_word() -> tuple[HeldWords, dict[str, list[tuple[int, str]]]]:
    """Finds the words one of which each pattern needs; the numbers of the rows that need them, and what beside them."""
    numbers: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, row in enumerate(service_rows()):
        for words in row.holds:
            word, _, beside = words.partition("+")
            numbers[word].append((number, beside))
    return HeldWords(numbers), numbers


def find_items(words: NoteWords, codes: CodeSystem, day: date | None, age: int | None) -> Iterator[ServiceFound]:
    """Find the items of a note: of the rows of a group the first that fits takes the words."""
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    text = words.low.low
    for row, match in _matches(words):
        start, end = match.span()
        held = taken[row.group]
        if any(start < high and low < end for low, high in held):
            continue
        low, high = words.sentence_at(start)
        sentence = text[low:high]
        if (row.also and not spaced(row.also).search(text if row.whole_note else sentence)) or (
            row.unless and spaced(row.unless).search(sentence)
        ):
            continue
        held.append((start, end))
        found = _found(row, match[0], words.place(start, end), words.text, age)
        if found.code in codes and _holds(codes, found.code, day):
            unlisted = is_unlisted(codes.title(found.code))
            yield replace(found, traits=found.traits | {"unlisted"}) if unlisted else found
    yield from _substitutes(words, codes, day)


def _matches(words: NoteWords) -> Iterator[tuple[ServiceRow, re.Match[str]]]:
    """Try the pattern of each row around those words of the note that it must hold."""
    finder, numbers = _rows_by_word()
    held: dict[int, list[str]] = defaultdict(list)
    for word in finder.of(words.low):
        for number, beside in numbers[word]:
            if beside in words.low.low:
                held[number].append(word)
    for number in sorted(held):
        row = service_rows()[number]
        for low, high in stretches(words.low, held[number], REACH):
            yield from ((row, match) for match in spaced(row.words).finditer(words.low.low, low, high))


def _holds(codes: CodeSystem, code: str, day: date | None) -> bool:
    until = codes.days(code)[1]
    return until is None or (day is not None and day <= until)


def _found(row: ServiceRow, words: str, place: Place, text: str, age: int | None) -> ServiceFound:
    code, notes = row.code, tuple[str, ...]()
    sentence = text[place.sentence[0] : place.sentence[1]]
    if code.startswith("@"):
        code, notes = _cast(code, f"{words} {sentence}", age)
    units = _units(row.units, words, place, text, sentence)
    traits = {row.kind, f"letter_{code[0]}", "counted" if row.units != "1" else "single"}
    return ServiceFound(
        code, words.lower(), place, row.kind, ((place.start, place.end),), units, notes, frozenset(traits)
    )


def _cast(family: str, words: str, age: int | None) -> tuple[str, tuple[str, ...]]:
    """Choose the code of a cast or splint by material and age."""
    first = CASTS[family]
    child = 2 if age is not None and age < CHILD else 0
    plaster, glass = f"Q{first + child}", f"Q{first + child + 1}"
    if PLASTER.search(words) or GLASS.search(words):
        return (plaster if PLASTER.search(words) else glass), ()
    return glass, (f"material not documented: {plaster} plaster, {glass} fibreglass",)


def _number(text: str) -> float:
    return float(NUMBERS.get(text.lower(), 0.5 if "half" in text else 0) or text)


def _units(rule: str, words: str, place: Place, text: str, sentence: str) -> float | None:
    before, after = text[place.sentence[0] : place.start].lower(), text[place.end : place.sentence[1]].lower()
    if rule == "1":
        return 1
    if rule == "pair":
        return 2 if BOTH.search(sentence) else 1
    if rule == "miles":
        number = MILES.search(words)
        return float(number[0]) if number else None
    kind, _, size = rule.partition("/")
    if kind in ("minutes", "hours"):
        return _timed(kind, float(size or 1), sentence)
    if kind in ("strips", "lancets"):
        stock = STOCK.search(before[-25:]) or STOCK.search(after[:25])
        return ceil(float(stock["n"]) / float(size)) if stock else 1
    count = COUNT_BEFORE.search(before) or UNITS_AFTER.search(after) or COUNT_AFTER.search(after)
    said = _number(count["n"]) if count else 1
    return said if said <= MOST else 1


def _timed(kind: str, size: float, sentence: str) -> float | None:
    """Count the units of a time, a half or more of one as one."""
    minutes, hours = MINUTES.search(sentence), HOURS.search(sentence)
    if minutes is None and hours is None:
        return None
    total = float(minutes["n"]) if minutes else _number(hours["n"].replace("half an", "half")) * 60  # type: ignore[index]
    return max(1, int(total / (size if kind == "minutes" else 60) + 0.5))


@lru_cache(maxsize=2)
def _substitute_names(codes: CodeSystem) -> tuple[HeldWords, tuple[tuple[str, str, re.Pattern[str]], ...]]:
    """Skin substitutes, by the name that their titles begin with."""
    found: list[tuple[str, str, re.Pattern[str]]] = []
    for code in codes:
        if SUBSTITUTE.match(code):
            name = re.split(r",|\(| per ", codes.title(code).lower())[0].strip()
            names = [one for one in name.split(" or ") if len(one) > 4 and one not in NO_NAMES]
            found += [(code, one, re.compile(rf"(?<!\w){re.escape(one)}(?!\w)", re.IGNORECASE)) for one in names]
    return HeldWords(name for _, name, _ in found), tuple(found)


def _substitutes(words: NoteWords, codes: CodeSystem, day: date | None) -> Iterator[ServiceFound]:
    names, rows = _substitute_names(codes)
    there = names.of(words.low)
    for code, name, pattern in rows if there else ():
        if name not in there or not _holds(codes, code, day):
            continue
        if "injectable" in codes.title(code).lower() and "inject" not in words.low.low:
            continue
        for match in pattern.finditer(words.text):
            place = words.place(*match.span())
            area = SQUARE.search(words.text[place.sentence[0] : place.sentence[1]])
            size = float(area["n"]) if area and area["n"] else float(area["a"]) * float(area["b"]) if area else 0
            notes = () if area else ("size not documented; one unit is 1 square centimetre",)
            yield ServiceFound(code, name, place, "wound", (match.span(),), ceil(size) or None, notes,
                               frozenset({"wound", "letter_Q", "dose" if area else "no_dose"}))  # fmt: skip
