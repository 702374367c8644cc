"""What the chooser of the leading code sees: facts of each code, where the notes tell of it, and each pair of codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log1p
from typing import TYPE_CHECKING, Protocol

from leadterm.codes.systems.bare_codes import bare
from leadterm.rules.lead_pages import DIAGNOSES, END, WORD, Page, Place, cues, locate, stems
from leadterm.rules.references import names, notes_of
from leadterm.rules.shared import symptoms

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter, Mention

__all__ = ["Columns", "Told", "asks", "describe", "describe_pair"]

Columns = dict[str, float]
POISONING = re.compile(r"T(?:3[6-9]|4\d|50)\.(?:..[1-4]|.[1-4])|T5[1-9]|T6[0-5]")
BURN = re.compile(r"T2[0-5]\.(\d)")
CAUSE = re.compile(r"due to|secondary to|from|caused by|because of|after")
WITH = re.compile(r"\bwith\b|complicated")
IN_STAYS = (
    "order first", "diagnosis first", "problem first", "in complaint", "in opening", "section", "chapter", "block",
    "category",
)  # fmt: skip
"""Columns that weigh differently in stays."""
IN_PROSE = (
    "order",
    "before",
    "behind",
    "early",
    "late",
    "middle",
    "in ",
    "share",
    "mentions",
    "frequency",
    "chapter R",
    "length",
)
DEGREES, SEVENTH, CLOSE, LATEST = 4, 8, 60, 4


class Told(Protocol):
    """A code with the words that support it: one a coder gave, or a suggestion."""

    @property
    def code(self) -> str:
        """The code."""

    @property
    def evidence(self) -> tuple[Mention, ...]:
        """The words, none where nobody gave them."""


def describe(
    encounter: Encounter, given: Sequence[Told], system: CodeSystem
) -> tuple[list[Columns], list[tuple[Place, ...]]]:
    """Describe the codes of an encounter: named columns, and where each stands."""
    pages = [Page(note) for note in encounter.notes]
    stay = encounter.setting == "inpatient"
    titles = [system.title(one.code).lower() if one.code in system else "" for one in given]
    places = [_places(encounter, one, title, pages) for one, title in zip(given, titles, strict=True)]
    rows = [
        {**_facts(one.code, title), **_told(encounter, of, title, pages)}
        for one, title, of in zip(given, titles, places, strict=True)
    ]
    _add_ranks(rows, places, pages)
    if all(page.is_prose for page in pages):
        for row in rows:
            row |= {f"prose {name}": value for name, value in row.items() if name.startswith(IN_PROSE)}
    if stay:
        for row in rows:
            row |= {f"stay {name}": value for name, value in row.items() if name.startswith(IN_STAYS)}
    return rows, places


def _places(encounter: Encounter, one: Told, title: str, pages: Sequence[Page]) -> tuple[Place, ...]:
    """Where the evidence stands; without any, where the words of the title do."""
    number = {note.note_id: at for at, note in enumerate(encounter.notes)}
    found = (
        Place(number[of.note_id], of.spans[0].start, of.spans[0].end)
        for of in one.evidence
        if of.note_id in number and of.spans
    )
    return tuple(found) or locate(title, pages)


@lru_cache(maxsize=4096)
def _facts(code: str, title: str) -> Mapping[str, float]:
    found = {f"chapter {code[0]}": 1.0, f"block {code[:2]}": 1.0, f"category {code[:3]}": 1.0}
    found |= {f"word {word}": 1.0 for word in WORD.findall(title)}
    if len(code) == SEVENTH:
        found[f"seventh {code[-1]}"] = 1.0
    if POISONING.match(code):
        found["poisoning"] = 1.0
    return found


def _told(encounter: Encounter, places: Sequence[Place], title: str, pages: Sequence[Page]) -> Columns:
    """Sections, cues, and how much of its words stand in complaints, reasons, procedures and the opening."""
    row: Columns = {"mentions": log1p(len(places))}
    for note, start, _ in places:
        page = pages[note]
        row[f"section {page.section(start)}"] = 1.0
        row |= {"stated": 1.0} if page.is_stated(start) else {}
        row["early"] = max(row.get("early", 0.0), 1 - start / max(1, len(page.text)))
        row["middle"] = max(row.get("middle", 0.0), 1 - abs(2 * start / max(1, len(page.text)) - 1))
        row["late"] = max(row.get("late", 0.0), start / max(1, len(page.text)))
    for number, page in enumerate(pages):
        row |= dict.fromkeys(cues(page, [one for one in places if one.note == number]), 1.0)
    said = " ".join(encounter.notes[note].text[start:end] for note, start, end in places)
    own, named = stems(said), stems(title)
    for name in ("complaint", "reason", "procedure", "opening"):
        heard = pages[0].told[name] if name == "opening" else frozenset().union(*(page.told[name] for page in pages))
        row[f"in {name}"] = float(not heard.isdisjoint(own | named))
        row[f"share {name}"] = len(own & heard) / max(1, len(own))
        row[f"title {name}"] = len(named & heard) / max(1, len(named))
    row["frequency"] = log1p(max((sum(page.counts[stem] for page in pages) for stem in own), default=0))
    row["length"] = log1p(len(said.split()))
    return row


def _add_ranks(rows: Sequence[Columns], places: Sequence[Sequence[Place]], pages: Sequence[Page]) -> None:
    """The order in the notes, among the diagnoses, by numbered problem, and by frequency."""
    first = [min((one[:2] for one in of), default=None) for of in places]
    stated = [[one for one in of if pages[one.note].section(one.start) in DIAGNOSES] for of in places]
    diagnosed = [min((one[:2] for one in of), default=None) for of in stated]
    problems = [[found for one in of if (found := pages[one.note].problem(one.start))] for of in places]
    numbers = [min(of, default=None) for of in problems]
    _rank(rows, first, "order")
    _rank(rows, diagnosed, "diagnosis")
    _rank(rows, numbers, "problem")
    _rank(rows, [-row["frequency"] for row in rows], "frequency")
    for row, number in zip(rows, numbers, strict=True):
        if number is not None:
            row[f"problem {min(number[0], LATEST)}{' below' if number[1] else ''}"] = 1.0


def _rank(rows: Sequence[Columns], keys: Sequence[object], name: str) -> None:
    known = sorted({key for key in keys if key is not None})  # type: ignore[type-var]
    for row, key in zip(rows, keys, strict=True):
        if key is None:
            row[f"{name} none"] = float(bool(known))
            continue
        rank = known.index(key)
        row[f"{name} rank"] = log1p(rank)
        row |= {f"{name} first": float(rank == 0), f"{name} second": float(rank == 1)}
        row[f"{name} last"] = float(rank == len(known) - 1 > 1)


@lru_cache(maxsize=16384)
def asks(system: CodeSystem, code: str, other: str, kind: str) -> bool:
    """Tell whether a note of the tabular list at a code names another, as in "code first"."""
    if code not in system:
        return False
    return any(one.kind == kind and names(one.named, bare(other)) for one in notes_of(system, code))


def describe_pair(
    encounter: Encounter, pair: tuple[Told, Told], places: tuple[Sequence[Place], Sequence[Place]], system: CodeSystem
) -> Columns:
    """Say what tells one code from the other: how the first stands to the second, less how the second to the first."""
    (one, other), (here, there) = pair, places
    found = _relation(encounter, one.code, other.code, here, there, system)
    for name, value in _relation(encounter, other.code, one.code, there, here, system).items():
        found[name] = found.get(name, 0.0) - value
    return found


def _relation(
    encounter: Encounter, code: str, other: str, here: Iterable[Place], there: Sequence[Place], system: CodeSystem
) -> Columns:
    kinds = {"code first": "code first", "use additional": "asks for", "code also": "also"}
    found = {f"pair {name}": 1.0 for kind, name in kinds.items() if asks(system, code, other, kind)}
    own = symptoms(other)
    if own and code.startswith(own):
        found["pair symptom"] = 1.0
    burns = BURN.match(code), BURN.match(other)
    if burns[0] and burns[1] and _degree(burns[0][1]) > _degree(burns[1][1]):
        found["pair burn"] = 1.0
    titles = [system.title(each).lower() if each in system else "" for each in (code, other)]
    if "acute" in titles[0] and "chronic" in titles[1]:
        found["pair acute"] = 1.0
    for place in here:
        for mate in (one for one in there if one.note == place.note):
            found |= _beside(encounter.notes[place.note].text, place, mate)
    return found


def _degree(digit: str) -> int:
    """The degree of a burn or corrosion; unspecified counts least."""
    return (int(digit) - 1) % DEGREES if digit != "0" else 0


def _beside(text: str, place: Place, mate: Place) -> Columns:
    """How two mentions of a note stand to each other."""
    found: Columns = {}
    if mate.start <= place.start and place.end <= mate.end and place != mate:
        found["pair inside"] = 1.0
    between = text[place.end : mate.start].lower()
    if 0 <= mate.start - place.end < CLOSE and not END.search(between):
        found["pair before"] = 1.0
        found |= {f"pair {name}": 1.0 for name, words in (("due to", CAUSE), ("with", WITH)) if words.search(between)}
    return found
