"""The readers of HCPCS Level II and of a licensed CPT list: services of an encounter, with units and modifiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np

from leadterm.codes.registry import load_system
from leadterm.codes.release import as_day
from leadterm.codes.systems.cpt import SPEC as CPT
from leadterm.codes.systems.hcpcs import SPEC
from leadterm.procedures.services.context import NoteWords
from leadterm.procedures.services.doses import find_amounts
from leadterm.procedures.services.drug_lexicon import DrugLexicon
from leadterm.procedures.services.drugs import find_drugs
from leadterm.procedures.services.items import find_items
from leadterm.procedures.services.licensed_titles import TitleMatcher
from leadterm.procedures.services.modifiers import documented_modifiers, in_line_order, sides_of
from leadterm.procedures.services.score import FEATURES, confidence, describe
from leadterm.procedures.services.service_found import ServiceFound
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter, Mention, Modifier
from leadterm.text.open_note import Found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leadterm.codes.system import CodeSystem
    from leadterm.text.open_note import OpenNote

__all__ = ["ServiceReader", "Spotted", "make_licensed_reader", "make_reader"]

MORE = re.compile(r"\b(?:another|additional(?:ly)?|repeat(?:ed)?|second|further|again)\b", re.IGNORECASE)
EACH = re.compile(
    r"\b(?:each|both) (?:of (?:the|her|his) )?"
    r"(?:sides?|joints?|knees?|shoulders?|hips?|ankles?|feet|foot|wrists?|elbows?|eyes?)\b",
    re.IGNORECASE,
)
OLD = re.compile(
    r"\b(\d{1,3})[- ]?(years?|yrs?|y/?o|months?|mos?|weeks?)(?:[- ]?(?:old|o)\b|(?<=y/o)|(?<=yo))", re.IGNORECASE
)
SURE = 0.3  # of the best place's confidence: places that are less are left out of the count
MOST_HINTS = 4


class Spotted:
    """What was found at one place, with its mention, its features and the text of its note."""

    __slots__ = ("features", "found", "low", "mention", "note", "sentence", "sure")

    def __init__(self, found: ServiceFound, mention: Mention, words: NoteWords) -> None:
        self.found, self.mention, self.note, self.low = found, mention, words.text, words.low.low
        self.sentence = self.note[found.place.sentence[0] : found.place.sentence[1]]
        self.features = describe(found, mention.assertion)
        self.sure = 0.0


Finder = Callable[[NoteWords, "date | None", "int | None"], Iterable[ServiceFound]]


class ServiceReader:
    """Finds codes of services in notes.

    - ``find``: finds what words of a note stand for, given the day of service and the patient's age.
    - ``day``: date of service where an encounter has none of its own.
    """

    def __init__(self, codes: CodeSystem, find: Finder, day: str | None = None) -> None:
        self._codes, self._find, self._day = codes, find, day

    def titles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes."""
        return {code: self._codes.title(code) for code in codes if code in self._codes}

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the confidence of each candidate, shape (n_codes,)."""
        return confidence(table.features, table.feature_names)

    def candidates(self, encounter: Encounter, notes: Sequence[OpenNote]) -> CandidateTable:
        """Describe the codes of an encounter, in order of code."""
        groups: dict[str, list[Spotted]] = {}
        for one in self.spot(encounter, notes):
            groups.setdefault(one.found.code, []).append(one)
        codes = tuple(sorted(groups))
        ordered = [sorted(groups[code], key=lambda one: -one.sure) for code in codes]
        lines = {
            code: _line(code, self._codes.title(code), places) for code, places in zip(codes, ordered, strict=True)
        }
        hints = {code: _hints(places, lines[code]) for code, places in zip(codes, ordered, strict=True)}
        features = np.array([places[0].features for places in ordered], dtype=np.float32)
        return CandidateTable(
            encounter.encounter_id, self._codes.name, codes, FEATURES, features.reshape(len(codes), len(FEATURES)),
            tuple(tuple(one.mention for one in places) for places in ordered),
            hints={code: hint for code, hint in hints.items() if hint}, lines=lines,
        )  # fmt: skip

    def spot(self, encounter: Encounter, notes: Sequence[OpenNote]) -> list[Spotted]:
        """Find everything that words of the notes stand for, place by place, with its confidence."""
        said = encounter.date_of_service or self._day
        day = as_day(said) if said else None
        age = _age(encounter, day)
        if age is None:
            age = next((told for note in notes if (told := _told_age(note.note.text)) is not None), None)
        spotted: list[Spotted] = []
        for note in notes:
            words = NoteWords(note)
            found = list(self._find(words, day, age))
            mentions = note.mentions([Found(one.pieces, one.term, one.kind) for one in found])
            spotted += [Spotted(one, mention, words) for one, mention in zip(found, mentions, strict=True)]
        if spotted:
            for one, sure in zip(spotted, confidence(np.array([one.features for one in spotted])), strict=True):
                one.sure = float(sure)
        return spotted


def _age(encounter: Encounter, day: date | None) -> int | None:
    """Years of the patient at the service; of a release date where the service has none."""
    if encounter.birth_year is None or day is None:
        return None
    return day.year - encounter.birth_year


def _told_age(text: str) -> int | None:
    """Years of the patient as a note tells them: the first that it names."""
    found = OLD.search(text)
    return None if found is None else int(found[1]) if found[2][0].lower() == "y" else 0


def _line(code: str, title: str, places: Sequence[Spotted]) -> tuple[float | None, tuple[Modifier, ...]]:
    """Put together the units and modifiers of a code from its places, the surest first."""
    best = places[0]
    modifiers = dict.fromkeys(documented_modifiers(code, title, best.sentence, best.low))
    given = [said for one in places[:1] for said in one.found.modifiers]
    every = {one.code: one for one in (*modifiers, *given)}
    return _units(places), tuple(every[name] for name in in_line_order(every))


def _units(places: Sequence[Spotted]) -> float | None:
    counted = [one for one in places if one.found.units is not None and one.sure >= SURE * places[0].sure]
    if not counted:
        return None
    best = counted[0]
    total = float(best.found.units or 0)
    if best.found.kind not in ("drug", "blood"):
        return max(float(one.found.units or 0) for one in counted)
    if "per_dose" in best.found.traits:
        return _study_doses(best.note, counted)
    if EACH.search(best.sentence) and best.found.kind == "drug":
        return 2 * total
    sides, seen = _own_sides(counted), frozenset[str]()
    for one in counted:
        own = sides[one.found.place.start]
        again = MORE.search(one.note[max(0, one.found.place.start - 40) : one.found.place.start])
        other = len(own) == 1 and seen and not own & seen
        if one is not best and "dose" in one.found.traits and (again or other):
            total += float(one.found.units or 0)
        elif one is not best:
            continue
        seen |= own
    return total


def _own_sides(places: Sequence[Spotted]) -> dict[int, frozenset[str]]:
    """The sides of each place; where a sentence has several, those of the words before each, else behind each."""
    found: dict[int, frozenset[str]] = {}
    for sentence in {one.found.place.sentence for one in places}:
        here = sorted({one.found.place.start: one for one in places if one.found.place.sentence == sentence}.items())
        cuts = [sentence[0], *(start for start, _ in here), sentence[1]]
        parts = [frozenset(sides_of(here[0][1].note[low:high])) for low, high in pairwise(cuts)]
        own = parts[:-1] if parts[0] else parts[1:]
        if len(here) == 1:
            own = [frozenset(sides_of(here[0][1].sentence))]
        found |= {start: side for (start, _), side in zip(here, own, strict=True)}
    return found


def _study_doses(note: str, places: Sequence[Spotted]) -> float:
    """Count the doses of a tracer: those with an amount of their own, or one at rest and one under stress."""
    told = {one.mention.spans for one in places if len(one.mention.spans) > 1}
    both = all(re.search(rf"\b{word}", note, re.IGNORECASE) for word in ("rest", "stress"))
    activities = {one.value for one in find_amounts(note) if one.measure == "mci"}
    return float(max(len(told), 2 if both and len(activities) > 1 else 1))


def _hints(places: Sequence[Spotted], line: tuple[float | None, tuple[Modifier, ...]]) -> tuple[str, ...]:
    """Say how the units came about, what is open, and which modifiers speak from the note."""
    units, modifiers = line
    told = [one.found for one in places if one.found.notes and (one.found.units is None) == (units is None)]
    noted = told[0].notes if told else ()
    said = [f"modifier {one.code}: {one.reason}" for one in modifiers]
    return (*noted, *said)[:MOST_HINTS]


def make_reader(day: str | None = None) -> ServiceReader:
    """Make the reader of HCPCS Level II for a date of service."""
    codes = load_system(SPEC.name, day)
    lexicon = DrugLexicon(codes)

    def find(words: NoteWords, when: date | None, age: int | None) -> Iterable[ServiceFound]:
        return chain(find_drugs(words, lexicon, when), find_items(words, codes, when, age))

    return ServiceReader(codes, find, day)


def make_licensed_reader(day: str | None = None) -> ServiceReader:
    """Make the reader of the CPT list that the user has installed."""
    codes = load_system(CPT.name, day)
    matcher = TitleMatcher(codes)
    return ServiceReader(codes, lambda words, _when, _age: matcher.find(words), day)
