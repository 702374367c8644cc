"""Finds procedures in notes and builds their ICD-10-PCS codes through the official tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leadterm.codes import load_system
from leadterm.codes.axis_tables import AxisTables
from leadterm.codes.registry import load_axis_tables
from leadterm.procedures.note_phrases import Page
from leadterm.procedures.pcs_build import Builder, Place, Support
from leadterm.procedures.pcs_rank import FEATURES, confidence_of, features_of
from leadterm.procedures.pcs_words import Way, index_finder, operation_finder, way_finder
from leadterm.procedures.performed import NAMED, Status, heads_of, standing_of
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.text.open_note import Found, OpenNote

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter

__all__ = ["PcsReader", "make_reader"]

SYSTEM = "icd10pcs"
MOST_EVIDENCE = 6
TITLE = 600  # characters of a title section that are asked for side, approach, device
OPERATIVE = re.compile(
    r"prepped|draped|\bincision (?:was|is)|operative (?:report|note|diagnos)|procedures? performed|op note"
)
BIRTH, SURFACE = "10E0XZZ", ("0H", "0J")
PARTS_OF: Mapping[str, Mapping[str, str]] = {"0D": {"E": "FGHKLMN", "8": "9AB"}}  # of organs
PERINEUM, SPHINCTER = "0KQM", ("0DQP", "0DQR")  # a tear of the third degree is one of the second as well
DONE = ("named", "done", "said")
TAKEN = "B5"  # operations that take away or destroy a part of what they name
GUT = {"0DJ0": "123456789", "0DJD": "ABCEFGHKLMNPQR"}  # parts that an upper and a lower endoscopy see
WORTH: Mapping[Status, int] = {
    "named": 0, "done": 1, "said": 2, "planned": 3, "past": 4, "elsewhere": 5, "not": 6, "refused": 7,
}  # fmt: skip


@dataclass(frozen=True)
class PcsReader:
    """A `ProcedureReader` of ICD-10-PCS; ``date``: day of service, which decides the release of the tables."""

    date: str | None = None

    @cached_property
    def tables(self) -> AxisTables:
        """The official tables."""
        return load_axis_tables(SYSTEM, self.date)

    @cached_property
    def system(self) -> CodeSystem:
        """The list of codes: where it is newer than the tables, it says which of theirs still hold."""
        return load_system(SYSTEM, self.date)

    @cached_property
    def builder(self) -> Builder:
        """Puts the characters together."""
        return Builder(self.tables)

    def find(self, notes: Sequence[OpenNote]) -> dict[str, list[Support]]:
        """Find the codes that notes lead to, with every place that does, the best first."""
        found: dict[str, list[Support]] = defaultdict(list)
        for note in notes:
            for support in self._of_note(Page(note)):
                found[support.built.code].append(support)
        for code in _covered(found):
            del found[code]
        _narrow(found)
        for places in found.values():
            places.sort(key=lambda s: (WORTH[s.standing], s.built.other, -s.way.sure, s.mention.start))
        return found

    def candidates(self, encounter: Encounter, notes: Sequence[OpenNote]) -> CandidateTable:
        """Describe the candidates of an encounter, in order of code."""
        found = self.find(notes)
        codes = tuple(code for code in sorted(found) if code in self.system)
        features = features_of([(code, found[code]) for code in codes])
        mentions = tuple(tuple(dict.fromkeys(s.mention for s in found[code]))[:MOST_EVIDENCE] for code in codes)
        hints = {code: hint for code in codes if (hint := found[code][0].built.hints)}
        return CandidateTable(encounter.encounter_id, SYSTEM, codes, FEATURES, features, mentions, hints=hints)

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the calibrated confidence of each candidate."""
        return confidence_of(table.features)

    def titles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes."""
        return {code: self.system.title(code) for code in codes if code in self.system}

    def _of_note(self, page: Page) -> Iterator[Support]:
        matches = _matches(page, self.tables)
        if not matches:
            return
        heads = heads_of(page)
        named = " ".join([_named_text(page), *(page.text[start:end] for start, end in heads)]).strip()
        operative = bool(named) or bool(OPERATIVE.search(page.text))
        found = [Found(((start, end),), phrase, way.source) for start, end, phrase, way in matches]
        length = max(len(page.text), 1)
        for (start, _, _, way), mention in zip(matches, page.note.mentions(found), strict=True):
            low, high = page.sentence(start)
            more = (named, page.text) if operative else (named,)
            earlier, until = page.sentence(max(low - 2, 0))
            before = page.text[earlier:until] if until < low else ""
            place = Place(page.text[low:high], start - low, tuple(filter(None, more)), before)
            standing = standing_of(page, mention, heads)
            for built in self.builder.build(way, place):
                yield Support(mention, way, standing, built, operative, start / length, (mention.note_id, low))


def _covered(found: Mapping[str, Sequence[Support]]) -> list[str]:
    """Codes of what another code says: by the definition of repair, by guideline B3.11a, a birth by its means.

    A repair of a part that the same words say was supplemented or replaced; a closed reduction of a bone that was then
    fixed; an inspection by the way that an operation was done by; a delivery by forceps, vacuum or cesarean; a
    curettage that removed what a pregnancy left.
    """
    done = [
        code for code, places in found.items()
        if any(not s.built.other and s.standing in ("named", "done") for s in places)
    ]  # fmt: skip
    better = {(s.mention.start, s.mention.end, code[:2], code[3]) for code in found
              if code[0] == "0" and code[2] in "UR" for s in found[code]}  # fmt: skip
    means, emptied = (any(code.startswith(stems) for code in done) for stems in ("10D0", ("10D1", "10A0")))
    return [
        code for code, places in found.items()
        if (code == BIRTH and means) or (code[:3] == "0UD" and emptied) or (code[0] == "0" and (
            (code[2] == "Q" and any(
                (code[:2], code[3]) == (system, part) and s.mention.start < end and start < s.mention.end
                for s in places for start, end, system, part in better))
            or (code[2] == "S" and code[4] == "X" and any(one[:4] == code[:4] and one[4] != "X" for one in done))
            or (code[:4] == PERINEUM and any(one[:4] in SPHINCTER for one in done))
            or (code[2] == "J" and any(_on_the_way(code, other, found) for other in done))))
    ]  # fmt: skip


def _on_the_way(inspection: str, other: str, found: Mapping[str, Sequence[Support]]) -> bool:
    """Whether an inspection only led to another operation: by the same way, in the same system or sentence."""
    if other[0] != "0" or other[2] == "J" or other[4] != inspection[4]:
        return False
    if inspection[:4] in GUT and other[:2] == inspection[:2]:
        return other[3] in GUT[inspection[:4]]
    return other[:2] == inspection[:2] or bool({s.item for s in found[inspection]} & {s.item for s in found[other]})


def _narrow(found: dict[str, list[Support]]) -> None:
    """Give an operation whose title leaves its part open, or names the whole organ, the parts that the text names.

    A polypectomy, and below it a polyp of the sigmoid colon that was removed; a small bowel resection of the ileum.
    """
    for code, places in list(found.items()):
        best = min(places, key=lambda s: WORTH[s.standing])
        parts = PARTS_OF.get(code[:2], {}).get(code[3], "")
        if best.standing != "named" or best.built.other or code[2] not in TAKEN or not parts:
            continue
        told = [
            other for other, there in found.items()
            if other[:3] == code[:3] and other[3] in parts and other[4:6] == code[4:6]
            and any(s.standing in DONE and not s.built.other for s in there)
        ]  # fmt: skip
        for other in told:
            found[other] = [
                s if s.standing not in DONE
                else replace(s, standing="named", way=max(s.way, best.way, key=lambda way: way.sure))
                for s in found[other]
            ]
        if told:
            del found[code]


def _matches(page: Page, tables: AxisTables) -> list[tuple[int, int, str, Way]]:
    """Where the words of procedures stand, those within the words of a longer one left out."""
    spanish = page.note.language == "es"
    own = list(way_finder("es" if spanish else "en").find(page))
    if not spanish:
        own += [*index_finder(tables).find(page), *operation_finder().find(page)]
    solid = {(start, end) for start, end, phrase, _ in own if ".." not in phrase}
    wide = {(start, end) for start, end, _, way in own if way.source != "operation"}
    words: dict[tuple[int, int], int] = {}
    for start, end, phrase, _ in own:
        words[start, end] = max(words.get((start, end), 0), len(phrase.split()))
    kept = [
        match for match in own
        if len(match[2].split()) == words[match[:2]]
        and not _within(match[:2], wide if match[3].source == "operation" else solid)
        and not any(_is_fuller(other, match, page.text) for other in own)
        and not (match[3].part.startswith("?") and any(_is_special(match, other) for other in own))
    ]  # fmt: skip
    return sorted(kept, key=lambda match: (match[0], match[1], match[3].table, match[3].part))


def _is_fuller(other: tuple[int, int, str, Way], match: tuple[int, int, str, Way], text: str) -> bool:
    """Whether other words hold those of a match and more, and tell the same operation of the same part otherwise."""
    if not (other[0] <= match[0] and match[1] <= other[1]) or other[:2] == match[:2]:
        return False
    one, way = match[3], other[3]
    if way.table[2] == "P" and one.table[2] in "HRU":  # what is taken out was not put in
        return True
    same = (one.table, one.part) == (way.table, way.part) and one.rest != way.rest and way.sure >= one.sure
    return same and " and " not in text[match[1] : other[1]]


def _is_special(general: tuple[int, int, str, Way], other: tuple[int, int, str, Way]) -> bool:
    """Whether other words, across some that leave the part open, tell the same operation of a certain part.

    Skin and the tissue below it are meant only as long as nothing deeper is named.
    """
    open_way, way = general[3], other[3]
    across = other[0] < general[1] and general[0] < other[1]
    deeper = open_way.table[:2] in SURFACE and way.table[:2] not in SURFACE and open_way.table[2] == way.table[2]
    same = open_way.table == way.table and not way.part.startswith("?")
    return across and (deeper or same) and way.source != "operation"


def _within(span: tuple[int, int], others: set[tuple[int, int]]) -> bool:
    return any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in others)


def _named_text(page: Page) -> str:
    """The text of the sections that name what was done."""
    parts = []
    for section in page.note.sections:
        title = " ".join(page.text[section.title_start : section.title_end].split()).rstrip(" :")
        if section.title_end > section.title_start and NAMED.search(title):
            parts.append(page.text[section.title_end : min(section.end, section.title_end + TITLE)])
    return " ".join(parts)


def make_reader(date: str | None) -> PcsReader:
    """Make the reader for a day of service; `leadterm.procedures.reader_of` asks for it."""
    return PcsReader(date)
