"""The spine: an encounter goes in, ranked suggestions with evidence come out, whatever kind of model makes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from leadterm.errors import LeadtermError, unknown_name
from leadterm.intake.language import read_as
from leadterm.rules.book import make_finding
from leadterm.rules.coherence import brought_in, left_out, record_of
from leadterm.rules.findings import Case, Coded, Facts, Finding
from leadterm.rules.hints import left_open
from leadterm.rules.policy import Policy
from leadterm.rules.primary_site import primary_site
from leadterm.rules.select import select
from leadterm.rules.shared import on_record
from leadterm.rules.support import NOT_OF_THE_PATIENT
from leadterm.schema import Encounter, Mention, Note, Suggestion, SuggestionSet
from leadterm.text.layout.note_kind import NEWBORNS, find_kind, find_setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from leadterm.codes.system import CodeSystem
    from leadterm.ranking.candidate_table import CandidateTable

__all__ = ["MAX_EVIDENCE", "Stages", "Suggester", "as_encounter", "suggest_with", "systems_asked"]

MAX_EVIDENCE, MAX_HINTS = 6, 2
NEVER_FIRST, MOST = -math.inf, 0.99
DOUBTS: Mapping[str, str] = {
    "possible": "uncertain", "history": "only-history",
    **dict.fromkeys(("family", "hypothetical", "conditional"), "not-of-the-patient"),
}  # fmt: skip
DOCUMENT = 400  # characters from which on a text is no mere statement
BIRTH, CESAREAN = "Z38", ("01", "31", "62", "64", "66", "69")
BELOW = 0.5  # of the line: where a code comes to stand that a rule leaves out


class Suggester(Protocol):
    """What every kind of model can be asked; `leadterm.load` gives one."""

    @property
    def name(self) -> str:
        """Of the model."""

    @property
    def systems(self) -> tuple[str, ...]:
        """Code systems it suggests codes of, sorted."""

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes of the languages it was made for."""

    @property
    def threshold(self) -> float:
        """Confidence at or above which a suggestion belongs to the proposed set."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What its user should know, for instance that an option changes nothing."""

    def candidates(self, encounter: Encounter, system: str) -> CandidateTable:
        """Describe the candidate codes of an encounter; raises LeadtermError for a system it does not know."""

    def suggest(
        self, encounter: Encounter | Note | str, *, systems: Sequence[str] | None = None, top: int | None = None
    ) -> SuggestionSet:
        """Suggest codes of all its systems or some, best first; raises LeadtermError for one it does not know."""

    def has_seen(self, encounter: Encounter) -> bool:
        """Tell whether it, or a model it was made from, has learned from the encounter."""


class Stages(Suggester, Protocol):
    """A model whose suggestions `suggest_with` makes: it describes candidates, ranks them and knows their titles."""

    @property
    def releases(self) -> Mapping[str, str]:
        """Release of each code system, where known."""

    def of_day(self, encounter: Encounter) -> Stages:
        """Give the model with the releases that held on the day of service; itself where that is its own."""

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the calibrated confidence of each candidate, shape (n_codes,)."""

    def titles(self, system: str, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes, where known."""

    def classification(self, system: str) -> CodeSystem | None:
        """Give the code system, where it is at hand: it tells what a code leaves unsaid."""

    def first_scores(self, table: CandidateTable, confidence: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Score how well each candidate would stand first, shape (n_codes,); None where that was not learned."""

    @property
    def keeps_rules(self) -> bool:
        """Whether the guidelines decide over its set; a model that learned how its coders code keeps their ways."""

    @property
    def policy(self) -> Policy | None:
        """What the site leaves out, where it was loaded with one."""


class _Row(NamedTuple):
    """A candidate with its confidence."""

    table: CandidateTable
    row: int
    code: str
    confidence: float
    first: float = NEVER_FIRST
    finding: Finding | None = None

    @property
    def system(self) -> str:
        return self.table.system

    @property
    def combined(self) -> tuple[str, ...]:
        return self.table.combined.get(self.code, ())

    @property
    def mentions(self) -> tuple[Mention, ...]:
        return self.table.mentions[self.row]


def as_encounter(given: Encounter | Note | str) -> Encounter:
    """Take a text or a note as an encounter of its own, in the setting and the language that it reads like.

    >>> as_encounter("Hospital course: she was admitted with pneumonia.").setting
    'inpatient'
    """
    if isinstance(given, Encounter):
        return given
    if not isinstance(given, Note | str):
        raise LeadtermError(f"a note is a text, a Note or an Encounter; got {type(given).__name__}.")
    note = given if isinstance(given, Note) else Note("note", given)
    setting, language = find_setting((note,)), read_as(note.text)
    return Encounter(note.note_id, (note,), setting=setting, language=language, setting_detected=True)


def suggest_with(
    model: Stages, encounter: Encounter, *, systems: Sequence[str] | None = None, top: int | None = None
) -> SuggestionSet:
    """Suggest codes for an encounter: candidates, rank, select, explain.

    Confidence descending, then code ascending, but for the first: of the codes at or above the threshold it is
    the one proposed as principal or first-listed, where the model has learned that. A candidate without evidence is
    no suggestion. ``LeadtermError`` if the model does not know a system.
    """
    there = model.systems
    for system in systems or ():
        if system not in there:
            raise unknown_name("code system of this model", system, there)
    wanted = sorted(set(systems or there))
    model = model.of_day(encounter)
    tables = [model.candidates(encounter, system) for system in wanted]
    rows = [row for table in tables for row in _ranked(model, table)]
    known = {name: model.classification(name) for name in wanted}
    if model.keeps_rules:
        rows = _judged(rows, encounter, known, model.threshold)
    if model.policy:
        rows = _reported(rows, encounter, model.policy, model.threshold)
    chosen = _led(select(rows), model.threshold)[:top]
    titles = {name: model.titles(name, [row.code for row in chosen if row.system == name]) for name in wanted}
    suggestions = tuple(
        _explain(one, rank, titles[one.system].get(one.code, ""), known[one.system])
        for rank, one in enumerate(chosen, start=1)
    )
    releases = {name: release for name, release in model.releases.items() if name in wanted}
    kinds = {note.note_id: find_kind(note.text, note.kind).name for note in encounter.notes}
    return SuggestionSet(encounter.encounter_id, model.name, releases, suggestions, model.threshold, encounter, kinds)


def systems_asked(model: Suggester, encounters: Iterable[Encounter]) -> tuple[str, ...] | None:
    """Give the systems of a model in which encounters have reference codes: what an evaluation asks for.

    None where there is none such: the model then answers as it does for a user.
    """
    held = {code.system for encounter in encounters for code in encounter.codes}
    return tuple(system for system in model.systems if system in held) or None


def _ranked(model: Stages, table: CandidateTable) -> list[_Row]:
    """The candidates of a system that have a mention."""
    confidence = model.rank(table)
    first = model.first_scores(table, confidence)
    leads = [NEVER_FIRST] * len(table.codes) if first is None else first.tolist()
    sure = confidence.tolist()
    return [_Row(table, i, table.codes[i], sure[i], leads[i]) for i, mentions in enumerate(table.mentions) if mentions]


def _led(rows: list[_Row], line: float) -> list[_Row]:
    """Put the code that would stand first on top, of those above the line; the others keep their order."""
    above = [row for row in rows if row.confidence >= line]
    lead = max(above, key=lambda row: row.first, default=None)
    return rows if lead is None else [lead, *(row for row in rows if row is not lead)]


def _judged(
    rows: list[_Row], encounter: Encounter, known: Mapping[str, CodeSystem | None], threshold: float
) -> list[_Row]:
    """Move below the line what the guidelines leave out of the set, and above it what they bring in."""
    moved: dict[tuple[str, str], tuple[float, Finding]] = {}
    for name, codes in known.items():
        if codes is None or not codes.spec.knowledge:
            continue
        record = record_of(encounter)
        rows = _joined(rows, name, record) if record else rows
        own = [_as_item(row) for row in rows if row.system == name]
        more = _lifted([row for row in rows if row.system == name], own, encounter, codes, threshold)
        above = [one for one in own if one.confidence >= threshold or one.code in more]
        case = Case(Facts.of(encounter, record=record), tuple(above), codes)
        out = left_out(case)
        standing = replace(case, items=tuple(one for one in above if one.code not in out))
        below = [one for one in own if one.confidence < threshold and one.code not in standing.codes]
        brought = brought_in(standing, below)
        if brought:
            above += [one for one in own if one.code in brought and one.code not in case.codes]
            out = left_out(replace(case, items=tuple(above)))
        sure = {one.code: one.confidence for one in above}
        moved |= {(name, code): (threshold, finding) for code, finding in (more | brought).items()}
        moved |= {(name, code): (BELOW * threshold * sure[code], finding) for code, finding in out.items()}
    return [
        row._replace(confidence=moved[row.system, row.code][0], finding=moved[row.system, row.code][1])
        if (row.system, row.code) in moved
        else row
        for row in rows
    ]


def _reported(rows: list[_Row], encounter: Encounter, policy: Policy, threshold: float) -> list[_Row]:
    """Move below the line what the site does not report."""
    out = policy.left_out([_as_item(row) for row in rows], encounter)
    return [
        row._replace(confidence=BELOW * threshold * row.confidence, finding=out[row.system, row.code])
        if row.confidence >= threshold and (row.system, row.code) in out
        else row
        for row in rows
    ]


def _as_item(row: _Row) -> Coded:
    """A candidate as the rules see a code."""
    return Coded(row.system, row.code, evidence=row.mentions, confidence=row.confidence)


def _joined(rows: list[_Row], system: str, record: str) -> list[_Row]:
    """Give a code that stands in another's place on the record of a birth what speaks for either."""
    own = sorted((row for row in rows if row.system == system), key=lambda row: -row.confidence)
    more: dict[str, float] = {}
    for row in own:
        instead = on_record(record, row.code)
        if instead is not None and not instead.beside:
            code = next((other.code for other in own if other.code.startswith(instead.becomes)), None)
            if code is not None:
                more[code] = max(more.get(code, 0.0), row.confidence)
    return [
        row._replace(confidence=min(row.confidence + more[row.code], max(MOST, row.confidence)))
        if row.system == system and row.code in more
        else row
        for row in rows
    ]


def _lifted(
    rows: Sequence[_Row], items: Sequence[Coded], encounter: Encounter, codes: CodeSystem, threshold: float
) -> dict[str, Finding]:
    """Codes below the line that a whole document cannot do without: its first-listed code, a report's primary site."""
    sites = primary_site(encounter, items, codes)
    lead = max(rows, key=lambda row: row.first, default=None)
    whole = sum(len(note.text) for note in encounter.notes) >= DOCUMENT
    found: dict[str, str] = {}
    if sites:
        found |= dict.fromkeys(sites, "primary-site")
    elif lead is not None and lead.first > NEVER_FIRST and whole:
        found[lead.code] = "leads-document"
    sure = {row.code for row in rows if row.confidence >= threshold}
    born = [row for row in rows if row.code.startswith(BIRTH) and row.mentions[0].assertion == "present"]
    grown = any("year" in note.text for note in encounter.notes)
    if born and not (whole or sure or grown) and record_of(encounter) == NEWBORNS:
        best = max(born, key=lambda row: (row.code.endswith(CESAREAN), row.confidence))
        found[best.code] = "birth-told"
    made = {code: make_finding(rule, codes.name, (code,)) for code, rule in found.items() if code not in sure}
    return {code: replace(finding, effect="brought in") for code, finding in made.items()}


def _explain(one: _Row, rank: int, title: str, codes: CodeSystem | None = None) -> Suggestion:
    """Make the suggestion for a candidate that has a mention or more: six mentions and two findings at most."""
    evidence = one.mentions[:MAX_EVIDENCE]
    findings = (one.finding,) if one.finding else _left_open(one, codes)[:MAX_HINTS]
    units, modifiers = one.table.lines.get(one.code, (None, ()))
    return Suggestion(rank, one.system, one.code, title, one.confidence, evidence, findings, units, modifiers)


def _left_open(one: _Row, codes: CodeSystem | None) -> tuple[Finding, ...]:
    """What the documentation leaves open, the most important first."""
    about, own = (one.code,), one.table.hints.get(one.code)
    if own:
        return tuple(make_finding("left-open", one.system, about, what=what) for what in own)
    best = one.mentions[:1]
    rule = DOUBTS.get(best[0].assertion)
    if rule:
        return (make_finding(rule, one.system, about, evidence=best, said=NOT_OF_THE_PATIENT.get(best[0].assertion)),)
    found: tuple[Finding, ...] = ()
    if one.combined:
        found = (make_finding("combines", one.system, about, parts=" and ".join(one.combined)),)
    return (*found, *left_open(codes, one.code)) if codes is not None and one.code in codes else found
