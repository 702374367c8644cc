"""The dictionary's model: knows the words of the classification, and has learned which evidence coders accept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.codes.registry import release_on
from leadterm.codes.systems import dictionary_system
from leadterm.dictionary.candidates import Candidate, generate
from leadterm.dictionary.corpus_codes import known_systems, table_for
from leadterm.dictionary.features import FEATURES, Feature, feature_matrix
from leadterm.dictionary.first_listed import FIRST_FEATURES, by_the_book, first_columns, may_lead
from leadterm.dictionary.first_words import SURE_WEIGHT, first_words, log_odds
from leadterm.dictionary.short_notes import tempered
from leadterm.errors import unknown_name
from leadterm.procedures import MAKERS, procedure_systems, reader_of
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import Ranker
from leadterm.rows import FrameReader
from leadterm.rules.coherence import record_of
from leadterm.rules.policy import Policy
from leadterm.schema import Encounter, Mention, Note, SuggestionSet
from leadterm.suggester import MAX_EVIDENCE, as_encounter, suggest_with
from leadterm.text.words.languages import TRANSLATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leadterm.codes.system import CodeSystem
    from leadterm.dictionary.specify import Specifier
    from leadterm.text.matching.mentions import NoteReaders
    from leadterm.text.open_note import OpenNote
    from leadterm.text.reading import NoteReading

__all__ = ["DictionaryModel", "load_dictionary"]


@dataclass(frozen=True, eq=False)
class DictionaryModel(FrameReader):
    """A `Suggester` of ICD-10-CM codes by the words of the classification.

    - ``ranker``: turns features into confidence.
    - ``date``: date of service of encounters that have none of their own: it decides the release of the codes.
    - ``ner``: a spaCy model, installed or a folder, whose entities are looked up where no term covers them.
    - ``linker``: whether headings and complaints that no term covers are looked up by their letters.
    - ``policy``: what the site leaves out of the proposed set.
    """

    name: str
    ranker: Ranker
    date: str | None = None
    ner: str | None = None
    linker: bool = False
    policy: Policy | None = None
    languages: frozenset[str] = field(default=frozenset({"en", *TRANSLATED}), init=False)
    _by_day: dict[str, DictionaryModel] = field(default_factory=dict, init=False, repr=False)
    _opened: list[tuple[Encounter, Sequence[OpenNote]]] = field(default_factory=list, init=False, repr=False)

    @property
    def systems(self) -> tuple[str, ...]:
        """The dictionary's code system, and those of procedures that are at hand."""
        return tuple(sorted((dictionary_system(), *procedure_systems())))

    @property
    def threshold(self) -> float:
        """Confidence at or above which a suggestion belongs to the proposed set."""
        return self.ranker.threshold

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """Whether the date asked for has no release of its own."""
        if self.date is None or self.system.valid_on(self.date):
            return ()
        name, release = self.system.name, self.system.release
        return (f"no release of {name} for {self.date} is installed; that of {release} is used.",)

    @cached_property
    def system(self) -> CodeSystem:
        """Titles, hierarchy, billable codes."""
        from leadterm.codes import load_system

        return load_system(dictionary_system(), self.date)

    @cached_property
    def readers(self) -> NoteReaders:
        """The text pipeline of each language."""
        from leadterm.text.matching.mentions import NoteReaders

        return NoteReaders(self.system.name, date=self.date, ner=self.ner, linker=self.linker)

    @cached_property
    def specifier(self) -> Specifier:
        """Chooses billable codes within families."""
        from leadterm.dictionary.specify import Specifier
        from leadterm.text.words.normalise import default_normaliser

        return Specifier(self.system, default_normaliser())

    def of_day(self, encounter: Encounter) -> DictionaryModel:
        """Give the model with the release that held on the day of service; itself where that is its own."""
        day = encounter.date_of_service or self.date
        if day is None or day == self.date:
            return self
        if day not in self._by_day:
            release = release_on(dictionary_system(), day)
            made = [self, *self._by_day.values()]
            same = (model for model in made if model.system.release == release)
            self._by_day[day] = next(same, None) or replace(self, date=day)
        return self._by_day[day]

    def read(self, encounter: Encounter) -> list[NoteReading]:
        """Read the notes."""
        return [note.reading for note in self.open(encounter)]

    def open(self, encounter: Encounter) -> Sequence[OpenNote]:
        """Read the notes and keep them open; those of the last encounter are at hand if another system asks."""
        if self._opened and self._opened[0][0] is encounter:
            return self._opened[0][1]
        self._opened.clear()  # a long record is let go before the next is read
        notes = [self.readers.open(note, encounter.language) for note in encounter.notes]
        self._opened.append((encounter, notes))
        return notes

    def find(self, encounter: Encounter) -> list[Candidate]:
        """Find the candidates of an encounter, in order of code, with all that led to them."""
        model = self.of_day(encounter)
        return generate(model.read(encounter), model.specifier, record_of(encounter))

    def said_of(self, encounter: Encounter, code: str) -> tuple[Mention, ...]:
        """Give every mention of a code or of its family, what is denied or said of a relative included."""
        found = [
            (to.code, Mention(one.note_id, one.spans, one.assertion, one.cues, one.section, to.term, to.source))
            for note in self.of_day(encounter).read(encounter)
            for place in note.mentions
            for one in (place.mention,)
            for to in place.readings
        ]
        own = [mention for of, mention in found if code.startswith(of) or of.startswith(code)]
        family = own or [mention for of, mention in found if of[:3] == code[:3]]
        return tuple({mention.spans: mention for mention in family}.values())

    def candidates(self, encounter: Encounter, system: str | None = None) -> CandidateTable:
        """Describe the candidates of an encounter, in order of code."""
        system = system or self.system.name
        model = self.of_day(encounter)
        if system != dictionary_system():
            if system not in self.systems:
                raise unknown_name("code system of this model", system, self.systems)
            return reader_of(system, model.date).candidates(encounter, model.open(encounter))
        notes = model.read(encounter)
        found = generate(notes, model.specifier, record_of(encounter))
        return CandidateTable(
            encounter.encounter_id, system, tuple(candidate.code for candidate in found), FEATURES,
            feature_matrix(found, notes, encounter, self.ranker.rates, self.ranker.words),
            tuple(map(_mentions, found)), {one.code: one.combined for one in found if one.combined},
        )  # fmt: skip

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the calibrated confidence of each candidate."""
        if table.system in MAKERS:
            return reader_of(table.system, self.date).rank(table)
        confidence = self.ranker.confidence(table.features, table.feature_names)
        return tempered(confidence, table.column(Feature.NOTE_WORDS), self.threshold)

    def first_scores(self, table: CandidateTable, confidence: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Score how well each candidate would stand first; None where the ranker has not learned it."""
        if self.ranker.first is None or not table.codes or table.system in MAKERS:
            return None
        leads = may_lead(table.codes, confidence, self.threshold)
        columns = first_columns(table.codes, table.features, confidence, self.threshold, leads)[leads]
        known, names = self._first_known
        scores = np.full(len(table.codes), -np.inf)
        scores[leads] = self.ranker.first.raw_score(columns[:, known], names)
        if self.ranker.first.words is not None:
            scores[leads] += self._first_told(table, confidence, np.flatnonzero(leads))
        return by_the_book(table.codes, confidence, self.threshold, scores)

    def _first_told(
        self, table: CandidateTable, confidence: NDArray[np.float64], leads: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """What words and confidence say of those that may stand first, shape (n_leads,)."""
        assert self.ranker.first is not None
        assert self.ranker.first.words is not None
        codes, mentions = [table.codes[i] for i in leads], [table.mentions[i] for i in leads]
        told = first_words(codes, mentions, table.features[leads], self.system)
        words = self.ranker.first.words.columns(told)[:, -1]
        return np.asarray(words + SURE_WEIGHT * log_odds(confidence[leads]), dtype=np.float64)

    @cached_property
    def _first_known(self) -> tuple[list[int], tuple[str, ...]]:
        """Columns that the ranker of the first code has learned from, and their names."""
        learned = frozenset(self.ranker.first.feature_names if self.ranker.first else ())
        known = [number for number, name in enumerate(FIRST_FEATURES) if name in learned]
        return known, tuple(FIRST_FEATURES[k] for k in known)

    def titles(self, system: str, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes; none of another system, nor of a code that a corpus writes in its own way."""
        if system in MAKERS:
            return reader_of(system, self.date).titles(codes)
        known = [code for code in codes if system == self.system.name and code in self.system]
        return {code: self.system.title(code) for code in known}

    @property
    def keeps_rules(self) -> bool:
        """The guidelines decide over its set."""
        return True

    def classification(self, system: str) -> CodeSystem | None:
        """Give the dictionary's code system: of procedures their readers know what is left unsaid."""
        return self.system if system == self.system.name else None

    @cached_property
    def releases(self) -> Mapping[str, str]:
        """Release of each code system."""
        return {self.system.name: self.system.release, **{s: release_on(s, self.date) for s in procedure_systems()}}

    def suggest(
        self, encounter: Encounter | Note | str, *, systems: Sequence[str] | None = None, top: int | None = None
    ) -> SuggestionSet:
        """Suggest codes, best first; see `leadterm.suggester.suggest_with`.

        By default those that the setting reports: ICD-10-PCS of inpatients, HCPCS of outpatients.
        """
        given = as_encounter(encounter)
        wanted = systems or (dictionary_system(), *procedure_systems(given.setting))
        return suggest_with(self, given, systems=wanted, top=top)

    def has_seen(self, encounter: Encounter) -> bool:
        """Tell whether the ranker was fitted on the encounter."""
        return encounter.digest in self._seen

    @cached_property
    def _seen(self) -> frozenset[int]:
        return frozenset(self.ranker.seen.tolist())

    # what it is to a model trained on top of it: see leadterm.learned.prior_model.Prior

    @property
    def prior_systems(self) -> frozenset[str]:
        """Its code system, and those its codes can be mapped to."""
        return known_systems()

    @property
    def fingerprint(self) -> list[Any]:
        """What sets it apart from another of its name."""
        return [self.ranker.header(), self.system.release]

    def prior_table(self, encounter: Encounter, system: str, codes: frozenset[str] = frozenset()) -> CandidateTable:
        """Give raw score, rank and all features of each candidate, under the codes a corpus uses."""
        table = self.candidates(encounter)
        score = self.ranker.raw_score(table.features, table.feature_names)
        return table_for(table.beside(score, prefix="dictionary_"), system, codes, self.system)

    def pack(self, place: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any], Any]:
        """Give arrays, JSON parts and a header, to be kept within the model trained on top of it."""
        return self.ranker.arrays(place), {}, self.ranker.header()


def _mentions(candidate: Candidate) -> tuple[Mention, ...]:
    """The best mentions of a candidate, with the terms that matched."""
    return tuple(
        Mention(m.note_id, m.spans, m.assertion, m.cues, m.section, support.reading.term, support.reading.source)
        for support in candidate.supports[:MAX_EVIDENCE]
        for m in (support.found.mention,)
    )


def load_dictionary(
    folder: Path, *, date: str | None = None, ner: str | None = None, linker: bool = False, policy: str | None = None
) -> DictionaryModel:
    """Load a model from its folder.

    Ready to use; codes and terms are read when they are first needed. ``date``, ``ner``, ``linker``, ``policy``: as for
    `leadterm.load`. ``LeadtermError`` if the folder is damaged.
    """
    chosen = Policy.read(policy) if policy else None
    return DictionaryModel(folder.name, Ranker.load(folder, mmap=False), date, ner, linker, chosen)
