"""Finds procedures in notes and builds their ICD-10-PCS codes through the official tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leadterm.codes import load_system
from leadterm.codes.axis_tables import AxisTables
from leadterm.codes.registry import load_axis_tables
from leadterm.procedures.note_phrases import Page
from leadterm.procedures.pcs_build import Builder, Place, Support
from leadterm.procedures.pcs_covered import covered, narrow
from leadterm.procedures.pcs_rank import FEATURES, confidence_of, features_of
from leadterm.procedures.pcs_words import Way, procedure_finder
from leadterm.procedures.performed import NAMED, WORTH, heads_of, standing_of
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
SURFACE = ("0H", "0J")
DIAGNOSES = re.compile(r"diagnos[ei]s$")
DRAPED = re.compile(r"prepped|draped|operating (?:room )?table|general (?:endotracheal )?an(?:a)?esthesia")
BREATHLESS = re.compile(r"respirat|emergen|arrest|hypox|failure|protect|distress|\b(?:icu|er|ed)\b|obtunded|seizure")
ASLEEP = re.compile(r"an(?:a)?esth|intubated|endotracheal tube")
JOINED = re.compile(r"\b(?:and|with)\b")
PUT_IN = re.compile(r"plac|insert|implant|\bput\b|creat|position|exchang")
TAKEN_OUT = re.compile(
    r"\W*(?:(?:tube|catheter|line|drain|stent|balloon|device)s? )?"
    r"(?:(?:was|were|is|has been|had been|then|subsequently|later) )*"
    r"(?:removed|pulled|discontinued|withdrawn|taken out|d c d|dcd|tested|interrogated|reconnected|disconnected)\b"
)


Match = tuple[int, int, str, Way]
"""Where the words of a procedure stand, the phrase, and what they lead to."""


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
        for code in covered(found):
            del found[code]
        narrow(found)
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
        about = _titled_text(page, DIAGNOSES)
        named = " ".join([_titled_text(page, NAMED), *(page.text[start:end] for start, end in heads)]).strip()
        operative = bool(named) or bool(OPERATIVE.search(page.text))
        words = list(dict.fromkeys((start, end, phrase, way.source) for start, end, phrase, way in matches))
        found = [Found(((start, end),), phrase, source) for start, end, phrase, source in words]
        more = tuple(filter(None, (named, page.text) if operative else (named,)))
        seen = {
            one: (mention, _place(page, one[0], one[1], more, about), standing_of(page, mention, heads))
            for one, mention in zip(words, page.note.mentions(found), strict=True)
        }
        length, asleep = max(len(page.text), 1), bool(named) and bool(DRAPED.search(page.text))
        for start, end, phrase, way in matches:
            mention, place, standing = seen[start, end, phrase, way.source]
            step = asleep and (standing != "named" or bool(ASLEEP.search(place.sentence)))
            if (step and _is_anaesthesia(way, place.sentence)) or _is_taken_out(page.text, start, end, way):
                standing = "not"
            item = mention.note_id, start - place.at
            for built in self.builder.build(way, place):
                yield Support(mention, way, standing, built, operative, start / length, item)


def _place(page: Page, start: int, end: int, more: tuple[str, ...], about: str) -> Place:
    low, high = page.sentence(start)
    earlier, until = page.sentence(max(low - 2, 0))
    before = page.text[earlier:until] if until < low else ""
    return Place(page.text[low:high], start - low, more, before, end - low, about)


def _matches(page: Page, tables: AxisTables) -> list[Match]:
    """Where the words of procedures stand, those within the words of a longer one left out."""
    own = list(procedure_finder(tables, "es" if page.note.language == "es" else "en").find(page))
    kept = [match for group in _groups(own) for match in _best_of(group, page.text)]
    return sorted(kept, key=lambda match: (match[0], match[1], match[3].table, match[3].part))


def _groups(own: Sequence[Match]) -> Iterator[list[Match]]:
    """Part matches into groups that have no character in common."""
    group: list[Match] = []
    reach = 0
    for match in sorted(own, key=lambda one: one[0]):
        if group and match[0] >= reach:
            yield group
            group = []
        group.append(match)
        reach = max(reach, match[1])
    if group:
        yield group


def _best_of(own: Sequence[Match], text: str) -> Iterator[Match]:
    """The matches of a group that no longer or more special one takes the words of."""
    if len(own) == 1:
        yield from (match for match in own if match[3].table)
        return
    solid = {(start, end) for start, end, phrase, way in own if ".." not in phrase or not way.table}
    wide = {(start, end) for start, end, _, way in own if way.source != "operation"}
    words: dict[tuple[int, int], int] = {}
    for start, end, phrase, _ in own:
        words[start, end] = max(words.get((start, end), 0), _words(phrase))
    gone_over, others = _gone_over(own), [other for other in own if other[3].table]
    for match in others:
        within = wide if match[3].source == "operation" else solid
        if _words(match[2]) != words[match[:2]] or match[:3] in gone_over or _within(match[:2], within):
            continue
        special = match[3].part.startswith("?") and any(_is_special(match, other) for other in others)
        if not special and not any(_is_fuller(other, match, text) for other in others):
            yield match


def _words(phrase: str) -> int:
    """How many words a phrase must have."""
    return sum(not token.startswith(("[", "..")) for token in phrase.split())


def _is_taken_out(text: str, start: int, end: int, way: Way) -> bool:
    """Whether what a phrase names as put in is said to be taken out: the chest tube was removed."""
    puts = way.table[2] in "9H" and way.device[:1] not in "Z*"
    return puts and not PUT_IN.search(text[start:end]) and bool(TAKEN_OUT.match(text, end))


def _is_anaesthesia(way: Way, sentence: str) -> bool:
    """Whether words of an operation's report name a tube or a block by which it was done without pain."""
    code = way.table + way.part
    return (code == "0BH1" and not BREATHLESS.search(sentence)) or (way.table == "3E0" and way.device == "B")


def _is_fuller(other: Match, match: Match, text: str) -> bool:
    """Whether other words hold those of a match and more, and tell the same operation of the same part otherwise."""
    one, way = match[3], other[3]
    if (way.table, one.table) == ("0HB", "0HR") and "harvest" in other[2]:  # where a graft was taken it was not put
        return other[0] < match[1] and match[0] < other[1]
    if not (other[0] <= match[0] and match[1] <= other[1]) or other[:2] == match[:2]:
        return False
    if way.table[2] == "P" and one.table[2] in "HRU":  # what is taken out was not put in
        return True
    same = (one.table, one.part) == (way.table, way.part) and one.rest != way.rest and way.sure >= one.sure
    return same and " and " not in text[match[1] : other[1]]


def _is_special(general: Match, other: Match) -> bool:
    """Whether other words, across some that leave the part open, tell the same operation of a certain part.

    Skin and the tissue below it are meant only as long as nothing deeper is named.
    """
    open_way, way = general[3], other[3]
    across = other[0] < general[1] and general[0] < other[1]
    if not across or way.source == "operation" or open_way.table[2] != way.table[2]:
        return False
    deeper = open_way.table[:2] in SURFACE and way.table[:2] not in SURFACE
    same = open_way.table == way.table and not way.part.startswith("?")
    return deeper or same


def _gone_over(own: Sequence[Match]) -> set[tuple[int, int, str]]:
    """Phrases whose gap goes over another thing, or that begin in its words: placement of a leadless pacemaker."""
    solid = [other for other in own if ".." not in other[2] and other[3].source != "operation" and other[3].table]
    tables: dict[tuple[int, int, str], set[str]] = defaultdict(set)
    for start, end, phrase, way in own:
        if ".." in phrase and way.table:
            tables[start, end, phrase].add(way.table)
    return {
        (start, end, phrase) for (start, end, phrase), held in tables.items()
        if any(
            other[3].table not in held and (
                (other[0] < start < other[1] <= end and not JOINED.search(other[2]))
                or (start < other[0] and other[1] == end and any(other[3].table[2] == table[2] for table in held)))
            for other in solid)
    }  # fmt: skip


def _within(span: tuple[int, int], others: set[tuple[int, int]]) -> bool:
    return any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in others)


def _titled_text(page: Page, titles: re.Pattern[str]) -> str:
    """The text of the sections with certain titles: those that name what was done, or the diagnoses."""
    parts = []
    for section in page.note.sections:
        title = " ".join(page.text[section.title_start : section.title_end].split()).rstrip(" :")
        if section.title_end > section.title_start and titles.search(title):
            parts.append(page.text[section.title_end : min(section.end, section.title_end + TITLE)])
    return " ".join(parts)


def make_reader(date: str | None) -> PcsReader:
    """Make the reader for a day of service; `leadterm.procedures.reader_of` asks for it."""
    return PcsReader(date)
