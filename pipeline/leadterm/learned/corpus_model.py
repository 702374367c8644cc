"""The corpus model: suggests the codes of notes as coders gave them to notes before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadterm.codes.release import as_day
from leadterm.errors import unknown_name
from leadterm.learned.describe import SystemModel, describe
from leadterm.learned.mention_reader import MentionReader
from leadterm.learned.packing import pack_system
from leadterm.learned.parts import FEATURES
from leadterm.learned.prior_model import Prior
from leadterm.learned.titles import CodeSystems
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.rows import FrameReader
from leadterm.schema import Encounter, Note, SuggestionSet
from leadterm.suggester import as_encounter, suggest_with

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.rules.policy import Policy

__all__ = ["CorpusModel"]

_PHRASE = FEATURES.index("phrase_p_here")


@dataclass(frozen=True, eq=False)
class CorpusModel(FrameReader):
    """A `Suggester` learned from coded notes.

    ``threshold``: confidence at or above which a suggestion belongs to the proposed set, for all systems alike.
    ``known_titles``: titles of codes by system, where known. ``releases``: release of each code system, where known.
    ``earlier``: the model it was trained on top of. ``seen``: digests of the encounters it learned from. ``date``: date
    of service of encounters that have none of their own: it decides the release of titles and hints.
    """

    learned: Mapping[str, SystemModel]
    threshold: float
    name: str = "corpus-model"
    known_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    earlier: Prior | None = None
    seen: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    remarks: tuple[str, ...] = ()
    policy: Policy | None = None
    date: str | None = None
    at_hand: CodeSystems = field(default_factory=CodeSystems, repr=False)

    @property
    def systems(self) -> tuple[str, ...]:
        """Code systems it has learned."""
        return tuple(sorted(self.learned))

    @property
    def languages(self) -> frozenset[str]:
        """Languages of the notes that it learned from."""
        return frozenset(self.meta.get("languages", ()))

    def of_day(self, encounter: Encounter) -> CorpusModel:
        """Give the model with the releases of the day of service, of the systems whose releases it keeps to."""
        day = encounter.date_of_service or self.date
        if day is None:
            return self
        held = {name: self.at_hand.on(name, as_day(day).isoformat()) for name in self.releases}
        releases = {name: system.release if system else self.releases[name] for name, system in held.items()}
        return replace(self, date=as_day(day).isoformat(), releases=releases)

    def candidates(self, encounter: Encounter, system: str) -> CandidateTable:
        """Describe the candidate codes of an encounter: those of its parts, then those only the earlier model knows."""
        if system not in self.learned:
            raise unknown_name("code system of this model", system, self.learned)
        model, tokens, table = self.learned[system], _tokens(encounter), None
        if self.earlier and system in self.earlier.prior_systems:
            table = self.earlier.prior_table(encounter, system, model.base.known)
        found = describe(model.base, tokens, table, explain=True)
        reader = MentionReader(encounter, tokens, table)
        mentions = [reader.mentions(where) for where in found.where]
        combined: dict[str, tuple[str, ...]] = {}
        if table is not None:
            row = {code: i for i, code in enumerate(table.codes)}
            exact = np.isfinite(found.features[:, _PHRASE])  # the very words of a coder
            for i, code in enumerate(found.codes):
                if code in row and table.mentions[row[code]] and not exact[i]:
                    mentions[i] = table.mentions[row[code]]
                    combined |= {code: table.combined[code]} if code in table.combined else {}
        names = model.ranker.feature_names
        made = CandidateTable(
            encounter.encounter_id, system, found.codes, names, found.features, tuple(mentions), combined
        )
        day = self.of_day(encounter).date
        return made.without(self.at_hand.not_in_force(system, made.codes, day)) if day else made

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the calibrated confidence of each candidate."""
        return np.asarray(self.learned[table.system].ranker.confidence(table.features, table.feature_names))

    def titles(self, system: str, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes, where known; the code system's own for codes that only an earlier model knows."""
        titles = self.known_titles.get(system, {})
        if self.date and system in self.releases:
            said = {code: titles[code] for code in codes if code in titles}
            titles = said | self.at_hand.titles(system, codes, self.date)
        base = self.learned[system].base if system in self.learned else None
        more = [code for code in codes if base is None or base.number.get(code, base.seen) >= base.seen]
        if not more:
            return titles
        before = self.earlier.titles(system, more) if self.earlier else {}
        return {**self.at_hand.titles(system, more, self.date), **before, **titles}

    def first_scores(self, table: CandidateTable, confidence: NDArray[np.float64]) -> None:
        """It has not learned which code stands first."""

    @property
    def keeps_rules(self) -> bool:
        """It has learned how the coders of its corpus code, and keeps to that."""
        return False

    def classification(self, system: str) -> CodeSystem | None:
        """Give the code system, where it is installed and has the codes that were learned."""
        return self.at_hand.on(system, self.date)

    def suggest(
        self, encounter: Encounter | Note | str, *, systems: Sequence[str] | None = None, top: int | None = None
    ) -> SuggestionSet:
        """Suggest codes over all systems, best first; see `leadterm.suggester.suggest_with`."""
        return suggest_with(self, as_encounter(encounter), systems=systems, top=top)

    def has_seen(self, encounter: Encounter) -> bool:
        """Tell whether it, or a model before it, has learned from the encounter."""
        return encounter.digest in self._seen or (self.earlier is not None and self.earlier.has_seen(encounter))

    @cached_property
    def _seen(self) -> frozenset[int]:
        return frozenset(self.seen.tolist())

    # what it is to a model trained on top of it: see leadterm.learned.prior_model.Prior

    @property
    def prior_systems(self) -> frozenset[str]:
        """Code systems it has learned."""
        return frozenset(self.learned)

    @property
    def fingerprint(self) -> list[Any]:
        """What sets it apart from another of its name."""
        return [dict(self.meta)]

    def prior_table(self, encounter: Encounter, system: str, codes: frozenset[str] = frozenset()) -> CandidateTable:  # noqa: ARG002
        """Give log-odds and rank of each candidate; for an encounter that it did not learn from."""
        table = self.candidates(encounter, system)
        sure = np.clip(self.rank(table), 1e-6, 1 - 1e-6)
        return table.beside(np.log(sure / (1 - sure)))

    def pack(self, place: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any], Any]:
        """Give arrays, JSON parts and a header, to be kept within the model trained on top of it."""
        return *self.packed(f"{place}."), True

    def packed(self, place: str = "") -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Give arrays and JSON parts of the model and of the one before it, under names that begin with a place."""
        arrays: dict[str, NDArray[Any]] = {f"{place}seen": self.seen}
        parts: dict[str, Any] = {}
        for number, name in enumerate(self.systems):
            numbers, parts[f"{place}s{number}"] = pack_system(self.learned[name], f"{place}s{number}")
            arrays |= numbers
        before: Any = False
        if self.earlier:
            numbers, inner, before = self.earlier.pack(f"{place}earlier")
            arrays, parts = arrays | numbers, parts | inner
        parts[f"{place}model"] = {
            "name": self.name, "systems": list(self.systems), "threshold": self.threshold,
            "titles": dict(self.known_titles), "releases": dict(self.releases), "earlier": before,
        }  # fmt: skip
        return arrays, parts


@lru_cache(maxsize=1)
def _tokens(encounter: Encounter) -> Tokens:
    """Words of the encounter that is read for one code system after the other."""
    return tokenise(encounter)
