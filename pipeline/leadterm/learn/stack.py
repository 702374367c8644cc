"""The corpus model: for each code system the parts that read a text, and a ranker over their features.

The ranker learns from out-of-fold features: the parts that describe a training encounter were fitted
without it, so no encounter is ever described by its own labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError, unknown_name
from leadterm.learn.base import FEATURES, BaseModel, Example, fit_base, score_base
from leadterm.learn.recipe import Recipe
from leadterm.learn.table import CandidateTable
from leadterm.learn.tokens import Tokens, tokenise
from leadterm.learn.trees import group_folds
from leadterm.ranker import Ranker
from leadterm.schema import Assertion, Encounter, Suggestion, SuggestionSet

__all__ = ["CorpusModel", "FoldRows", "SystemModel", "examples_of", "fit_system", "out_of_fold"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class SystemModel:
    """What was learned for one code system.

    Parameters
    ----------
    base : BaseModel
        The parts that describe candidates.
    ranker : Ranker
        From features to confidence.
    """

    base: BaseModel
    ranker: Ranker


@dataclass(frozen=True)
class FoldRows:
    """Out-of-fold candidates of training encounters.

    Parameters
    ----------
    features : ndarray of shape (n, n_features)
        Columns :data:`leadterm.learn.base.FEATURES`.
    target : ndarray of shape (n,)
        1 where the candidate is a reference code.
    owner : ndarray of shape (n,)
        Index of the encounter.
    missed : int
        Reference codes that are no candidate.
    """

    features: NDArray[np.float32]
    target: NDArray[np.int8]
    owner: NDArray[np.int64]
    missed: int


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
    """

    systems: Mapping[str, SystemModel]
    threshold: float
    name: str = "corpus-model"
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

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
        return SuggestionSet(encounter.encounter_id, self.name, {}, found, self.threshold)

    def _suggestions(self, table: CandidateTable, confidence: NDArray[np.float64]) -> list[Suggestion]:
        """Suggestions of one system, not ranked yet; a candidate without evidence makes none."""
        titles = self.titles.get(table.system, {})
        asserted = _assertions(table)
        return [
            Suggestion(
                1, table.system, code, titles.get(code, ""), float(confidence[i]), table.evidence[i], table.terms[i],
                "learned", assertion=asserted[i],
            )
            for i, code in enumerate(table.codes)
            if table.evidence[i]
        ]  # fmt: skip

    def save(self, path: str | Path, *, documents: Mapping[str, str] | None = None) -> Path:
        """Write the model as a folder (see :mod:`leadterm.artifacts`)."""
        from leadterm.learn.store import save_model

        return save_model(self, path, documents=documents)

    @classmethod
    def load(cls, path: str | Path, *, mmap: bool = True) -> CorpusModel:
        """Read a model that :meth:`save` wrote; raises LeadtermError if the folder is not sound."""
        from leadterm.learn.store import load_model

        return load_model(path, mmap=mmap)

    def _system(self, system: str | None) -> str:
        if system is None and len(self.systems) == 1:
            return next(iter(self.systems))
        if system is None or system not in self.systems:
            raise unknown_name("code system of this model", system or "", self.systems)
        return system

    def _table(self, encounter: Encounter, tokens: Tokens, system: str) -> CandidateTable:
        from leadterm.corpus.format import join_mentions

        base = self.systems[system].base
        block = score_base(base, tokens, explain=True)
        return CandidateTable(
            encounter.encounter_id, system, tuple(base.codes[c] for c in block.codes.tolist()),
            FEATURES, block.features,
            tuple(join_mentions(tokens.spans(encounter, m) for m in where) for where in block.where),
            tuple(" ".join(tokens.words[i] for m in where[:1] for i in m) for where in block.where),
        )  # fmt: skip


def examples_of(encounters: Sequence[Encounter], texts: Sequence[Tokens], system: str) -> list[Example]:
    """Turn encounters into training examples for one code system.

    Parameters
    ----------
    encounters : sequence of Encounter
        With reference codes.
    texts : sequence of Tokens
        Their words.
    system : str
        The code system.

    Returns
    -------
    list of Example
        Evidence as word positions.

    Examples
    --------
    >>> from leadterm.schema import EvidenceSpan, Note, ReferenceCode
    >>> e = Encounter("e", (Note("n", "Gout."),), (ReferenceCode("s", "M10", "", (EvidenceSpan("n", 0, 4, "Gout"),)),))
    >>> examples_of([e], [tokenise(e)], "s")[0].evidence
    (('M10', (0,)),)
    """
    from leadterm.corpus.format import split_mentions

    out = []
    for encounter, tokens in zip(encounters, texts, strict=True):
        place = {note.note_id: i for i, note in enumerate(encounter.notes)}
        given = [code for code in encounter.codes if code.system == system]
        evidence = []
        for code in given:
            for mention in split_mentions(code.evidence):
                inside = np.zeros(len(tokens.words), dtype=bool)
                for span in mention:
                    here = tokens.note == place.get(span.note_id, -1)
                    inside |= here & (tokens.start < span.end) & (tokens.end > span.start)
                if inside.any():
                    evidence.append((code.code, tuple(np.flatnonzero(inside).tolist())))
        out.append(Example(tokens, frozenset(code.code for code in given), tuple(evidence)))
    return out


def out_of_fold(
    examples: Sequence[Example],
    groups: Sequence[str],
    recipe: Recipe,
    *,
    progress: Progress | None = None,
    fold_cache: Callable[[int, Callable[[], FoldRows]], FoldRows] | None = None,
) -> FoldRows:
    """Describe each training example by parts that were fitted without it and its group.

    Parameters
    ----------
    examples : sequence of Example
        Training examples.
    groups : sequence of str
        Patient or encounter of each; never divided.
    recipe : Recipe
        Folds, seed, settings.
    progress : callable, optional
        Told the name of each step.
    fold_cache : callable, optional
        Given a fold's number and the way to compute it, gives its rows.

    Returns
    -------
    FoldRows
        In order of folds.
    """
    fold = group_folds(groups, recipe.folds, recipe.seed)
    shown = np.ones(len(examples), dtype=bool)
    if len(examples) > recipe.ranked_encounters:
        some = np.random.default_rng(recipe.seed).choice(len(examples), recipe.ranked_encounters, replace=False)
        shown = np.isin(np.arange(len(examples)), some)
    parts = []
    for k in range(int(fold.max()) + 1):

        def compute(k: int = k) -> FoldRows:
            held = np.flatnonzero((fold == k) & shown)
            base = fit_base([examples[i] for i in np.flatnonzero(fold != k)], recipe.base, recipe.seed)
            return _rows(base, examples, held)

        if progress:
            progress(f"fold {k + 1} of {int(fold.max()) + 1}")
        parts.append(fold_cache(k, compute) if fold_cache else compute())
    return FoldRows(
        np.concatenate([p.features for p in parts]), np.concatenate([p.target for p in parts]),
        np.concatenate([p.owner for p in parts]), sum(p.missed for p in parts),
    )  # fmt: skip


def fit_system(examples: Sequence[Example], groups: Sequence[str], rows: FoldRows, recipe: Recipe) -> SystemModel:
    """Fit the ranker on out-of-fold rows and the parts on all examples.

    Parameters
    ----------
    examples, groups
        As for :func:`out_of_fold`.
    rows : FoldRows
        From :func:`out_of_fold`.
    recipe : Recipe
        Settings.

    Returns
    -------
    SystemModel
        Parts and ranker.

    Raises
    ------
    LeadtermError
        If there is nothing to learn from.
    """
    names = np.asarray(groups)[rows.owner]
    ranker = Ranker.fit(
        rows.features, rows.target, names, FEATURES, seed=recipe.seed, missed=rows.missed, settings=recipe.ranker
    )
    return SystemModel(fit_base(examples, recipe.base, recipe.seed), ranker)


def _rows(base: BaseModel, examples: Sequence[Example], held: NDArray[np.int64]) -> FoldRows:
    """Candidates of held-out examples."""
    if not base.codes:
        raise LeadtermError("too few coded encounters to train on.", hint="Add encounters, or use fewer folds.")
    features, target, owner, missed = [], [], [], 0
    for i in held.tolist():
        block = score_base(base, examples[i].tokens)
        right = np.array([base.codes[c] in examples[i].codes for c in block.codes.tolist()], dtype=np.int8)
        features.append(block.features)
        target.append(right)
        owner.append(np.full(len(right), i))
        missed += len(examples[i].codes) - int(right.sum())
    return FoldRows(
        np.concatenate([np.zeros((0, len(FEATURES)), np.float32), *features]),
        np.concatenate([np.zeros(0, np.int8), *target]), np.concatenate([np.zeros(0, np.int64), *owner]), missed,
    )  # fmt: skip


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
