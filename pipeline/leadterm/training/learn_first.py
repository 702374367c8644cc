"""Learns which of the suggested codes stands first, and replays out-of-fold confidence through the whole path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.codes import load_system
from leadterm.codes.system import CodeSystem
from leadterm.codes.systems import dictionary_system
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.dictionary.first_listed import FIRST_FEATURES, by_the_book, first_columns, may_lead
from leadterm.dictionary.first_words import SURE_WEIGHT, first_words, log_odds
from leadterm.ranking.calibration import Calibration
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import Ranker, RankerSettings
from leadterm.ranking.trees import export, grow
from leadterm.ranking.word_weights import WordWeights, learn_order
from leadterm.schema import Encounter, Note, SuggestionSet
from leadterm.suggester import as_encounter, suggest_with
from leadterm.training.field_report import Answer, answer
from leadterm.training.shipped_rows import Rows

__all__ = ["fit_first", "replay"]

SETTINGS = RankerSettings(iterations=120, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=20, screening=0)
TAUGHT_BY = ("reference", "mtsamples")


def fit_first(
    features: NDArray[np.float32],
    rows: Rows,
    confidence: NDArray[np.float64],
    line: float,
    fold: NDArray[np.int64],
    seed: int,
) -> tuple[Ranker | None, NDArray[np.float64]]:
    """Fit on the codes that may lead encounters whose principal or first-listed code is known.

    Gives the ranker, None where nothing tells, and scores of all rows by trees and words that have not seen their note.
    """
    leads = rows.leads
    columns = np.vstack([first_columns(rows.codes[at], features[at], confidence[at], line) for at in rows.slices])
    hit = np.array([code in leads[i] for code, i in zip(rows.codes, rows.number.tolist(), strict=True)])
    known = np.array([bool(found) for found in leads])[rows.number]
    pool = np.concatenate([may_lead(rows.codes[at], confidence[at], line) for at in rows.slices])
    taught = rows.of(*TAUGHT_BY) & known & pool
    if any(len(set(hit[taught & (fold != k)].tolist())) < 2 for k in np.unique(fold)):
        return None, np.zeros(len(fold))
    signs, scores = [0] * len(FIRST_FEATURES), np.zeros(len(fold))
    told, sure, number = _told(features, rows, pool), log_odds(confidence), rows.number.tolist()

    def learn(which: NDArray[np.bool_]) -> Any:
        return grow(columns[which], hit[which].astype(np.int8), np.ones(int(which.sum())), signs, SETTINGS, seed)

    def order(which: NDArray[np.bool_]) -> WordWeights:
        at = np.flatnonzero(which)
        return learn_order([told[i] for i in at], [number[i] for i in at], hit[at], sure[at])

    for k in np.unique(fold):
        own, learned = np.flatnonzero(fold == k), taught & (fold != k)
        words = order(learned).columns([told[i] for i in own])[:, -1]
        scores[own] = learn(learned).decision_function(columns[own]) + words + SURE_WEIGHT * sure[own]
    scores[~pool] = -np.inf
    for at in rows.slices:
        scores[at] = by_the_book(rows.codes[at], confidence[at], line, scores[at])
    plain = Calibration("platt", np.array([1.0, 0.0]), 0.0)
    return Ranker(FIRST_FEATURES, *export(learn(taught)), plain, 0.5, words=order(taught)), scores


def _told(features: NDArray[np.float32], rows: Rows, pool: NDArray[np.bool_]) -> list[tuple[str, ...]]:
    """The words of each row that may lead; none of the others."""
    system = load_system(dictionary_system())
    made: list[tuple[str, ...]] = [()] * len(pool)
    for table, at in zip(rows.tables, rows.slices, strict=True):
        own = np.flatnonzero(pool[at])
        codes, mentions = [table.codes[i] for i in own], [table.mentions[i] for i in own]
        for i, words in zip(own.tolist(), first_words(codes, mentions, features[at][own], system), strict=True):
            made[at.start + i] = words
    return made


@dataclass(frozen=True)
class _Replay:
    """A model whose answer for one encounter is fixed, but for rules and order."""

    model: DictionaryModel
    table: CandidateTable
    confidence: NDArray[np.float64]
    first: NDArray[np.float64]
    name: str = "replay"
    languages: frozenset[str] = frozenset()
    remarks: tuple[str, ...] = ()
    keeps_rules: bool = True
    policy: None = None

    @property
    def systems(self) -> tuple[str, ...]:
        return self.model.systems

    @property
    def threshold(self) -> float:
        return self.model.threshold

    @property
    def releases(self) -> Mapping[str, str]:
        return self.model.releases

    def of_day(self, encounter: Encounter) -> _Replay:  # noqa: ARG002
        return self

    def candidates(self, encounter: object, system: str) -> CandidateTable:  # noqa: ARG002
        return self.table

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:  # noqa: ARG002
        return self.confidence

    def first_scores(self, table: CandidateTable, confidence: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ARG002
        return self.first

    def titles(self, system: str, codes: Sequence[str]) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    def classification(self, system: str) -> CodeSystem | None:
        return self.model.classification(system)

    def suggest(
        self, encounter: Encounter | Note | str, *, systems: Sequence[str] | None = None, top: int | None = None
    ) -> SuggestionSet:
        return suggest_with(self, as_encounter(encounter), systems=systems, top=top)

    def has_seen(self, encounter: object) -> bool:  # noqa: ARG002
        return False


def replay(
    model: DictionaryModel, rows: Rows, confidence: NDArray[np.float64], first: NDArray[np.float64]
) -> list[Answer]:
    """What would be shown for each encounter, had the model given these scores: rules and order as in use."""
    made = []
    for encounter, table, at in zip(rows.encounters, rows.tables, rows.slices, strict=True):
        one = _Replay(model, table, confidence[at], first[at])
        shown = suggest_with(one, encounter, systems=[table.system]).suggestions
        made.append(answer(encounter, [s.code for s in shown], [s.confidence for s in shown], ordered=True))
    return made
