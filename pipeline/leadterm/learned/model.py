"""The corpus model: suggests the codes of notes as coders gave them to notes before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import unknown_name
from leadterm.learned.describe import SystemModel, describe
from leadterm.learned.parts import FEATURES
from leadterm.learned.prior_model import earlier_systems, earlier_table
from leadterm.learned.titles import titles_of
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import Ranker
from leadterm.schema import Assertion, Encounter, Suggestion, SuggestionSet

if TYPE_CHECKING:
    from leadterm.suggester import Suggester

__all__ = ["CorpusModel"]


@dataclass(frozen=True)
class CorpusModel:
    """A model learned from coded notes.

    Parameters
    ----------
    systems : mapping of str to SystemModel
        One for each code system.
    threshold : float
        Confidence at or above which a suggestion belongs to the proposed set, for all systems alike.
    name : str
        Of the model.
    titles : mapping of str to mapping of str to str
        Titles of codes by system, where known.
    meta : mapping
        The run's manifest.
    releases : mapping of str to str
        Release of each code system, where known.
    earlier : Ranker, CorpusModel or None
        The model it was trained on top of; a ranker stands for the dictionary's.
    seen : ndarray of shape (n,)
        Digests of the encounters it learned from.
    """

    systems: Mapping[str, SystemModel]
    threshold: float
    name: str = "corpus-model"
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    releases: Mapping[str, str] = field(default_factory=dict)
    earlier: Ranker | CorpusModel | None = None
    seen: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    @cached_property
    def before(self) -> Suggester | CorpusModel | None:
        """The earlier model, ready to be asked."""
        from leadterm.suggester import build

        return build(self.earlier, "dictionary") if isinstance(self.earlier, Ranker) else self.earlier

    def score(self, encounter: Encounter, system: str | None = None) -> CandidateTable:
        """Describe the candidate codes of an encounter in one code system.

        Parameters
        ----------
        encounter : Encounter
            Any encounter.
        system : str, optional
            The code system; may be left out where the model knows only one.

        Returns
        -------
        CandidateTable
            Features and evidence, for the model's own ranker or, merged, for another.

        Raises
        ------
        LeadtermError
            If the model does not know the system.
        """
        return self._table(encounter, tokenise(encounter), self._system(system))

    def suggest(
        self, encounter: Encounter, *, systems: Sequence[str] | None = None, top: int | None = None
    ) -> SuggestionSet:
        """Suggest codes for an encounter, best first.

        Parameters
        ----------
        encounter : Encounter
            Any encounter.
        systems : sequence of str, optional
            Code systems; all the model knows if left out.
        top : int, optional
            Most suggestions.

        Returns
        -------
        SuggestionSet
            Ranked over all systems by calibrated confidence, then by code.

        Raises
        ------
        LeadtermError
            If the model does not know a system.
        """
        tokens = tokenise(encounter)
        rows: list[Suggestion] = []
        for system in [self._system(s) for s in systems or sorted(self.systems)]:
            table = self._table(encounter, tokens, system)
            confidence = self.systems[system].ranker.confidence(table.features, table.feature_names)
            rows += self._suggestions(table, confidence)
        rows.sort(key=lambda s: (-s.confidence, s.system, s.code))
        found = tuple(replace(s, rank=rank) for rank, s in enumerate(rows[:top], start=1))
        return SuggestionSet(encounter.encounter_id, self.name, self.releases, found, self.threshold)

    def suggest_many(self, encounters: Iterable[Encounter]) -> Iterator[SuggestionSet]:
        """Suggest codes for encounters, one after the other, in constant memory.

        Parameters
        ----------
        encounters : iterable of Encounter
            Encounters.

        Yields
        ------
        SuggestionSet
            In the same order.
        """
        return map(self.suggest, encounters)

    def _suggestions(self, table: CandidateTable, confidence: NDArray[np.float64]) -> list[Suggestion]:
        """Suggestions of one system, not ranked yet; a candidate without evidence makes none."""
        titles = self._titles(table)
        asserted = _assertions(table)
        return [
            Suggestion(
                1, table.system, code, titles.get(code, ""), float(confidence[i]), table.evidence[i], table.terms[i],
                "learned", assertion=asserted[i],
            )
            for i, code in enumerate(table.codes)
            if table.evidence[i]
        ]  # fmt: skip

    def _titles(self, table: CandidateTable) -> Mapping[str, str]:
        """Titles of candidates; the code system's own for codes that only the dictionary knows."""
        titles = self.titles.get(table.system, {})
        base = self.systems[table.system].base
        more = [code for code in table.codes if base.number.get(code, base.seen) >= base.seen]
        if not more:
            return titles
        before = self.earlier.titles.get(table.system, {}) if isinstance(self.earlier, CorpusModel) else {}
        return {**titles_of(table.system, more), **before, **titles}

    def save(self, path: str | Path, *, documents: Mapping[str, str] | None = None) -> Path:
        """Write the model as a folder (see :mod:`leadterm.storage.artifacts`)."""
        from leadterm.learned.store import save_model

        return save_model(self, path, documents=documents)

    @classmethod
    def load(cls, path: str | Path, *, mmap: bool = True) -> CorpusModel:
        """Read a model that :meth:`save` wrote; raises LeadtermError if the folder is not sound."""
        from leadterm.learned.store import load_model

        return load_model(path, mmap=mmap)

    def _system(self, system: str | None) -> str:
        if system is None and len(self.systems) == 1:
            return next(iter(self.systems))
        if system is None or system not in self.systems:
            raise unknown_name("code system of this model", system or "", self.systems)
        return system

    def _table(self, encounter: Encounter, tokens: Tokens, system: str) -> CandidateTable:
        from leadterm.corpus.format import join_mentions

        model, table = self.systems[system], None
        if self.before and system in earlier_systems(self.before):
            table = earlier_table(self.before, encounter, system, model.base.known)
        found = describe(model.base, tokens, table, explain=True)
        evidence = [join_mentions(tokens.spans(encounter, m) for m in where) for where in found.where]
        terms = [" ".join(tokens.words[i] for m in where[:1] for i in m) for where in found.where]
        if table is not None:
            row = {code: i for i, code in enumerate(table.codes)}
            learned = np.isfinite(found.features[:, FEATURES.index("phrase_p_here")])  # the very words of a coder
            for i, code in enumerate(found.codes):
                if code in row and table.evidence[row[code]] and not learned[i]:
                    evidence[i], terms[i] = table.evidence[row[code]], table.terms[row[code]]
        names = model.ranker.feature_names
        return CandidateTable(
            encounter.encounter_id, system, found.codes, names, found.features, tuple(evidence), tuple(terms)
        )


def _assertions(table: CandidateTable) -> list[Assertion]:
    """The context of each candidate's best match."""
    kinds: tuple[tuple[str, Assertion], ...] = (
        ("phrase_negation", "absent"), ("phrase_family", "family"), ("phrase_history", "history"),
        ("phrase_possible", "possible"), ("similar_negation", "absent"),
    )  # fmt: skip
    out: list[Assertion] = ["present"] * len(table.codes)
    for name, assertion in kinds:
        for i in np.flatnonzero(table.column(name) > 0).tolist():
            if out[i] == "present":
                out[i] = assertion
    return out
