"""What the shipped ranker learns from: sources of coded encounters, and the rows they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leadterm.dictionary.surroundings import kind_of, reporting_kind
from leadterm.dictionary.wording import words_around
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter
from leadterm.training.field_report import LEADS, Answer

if TYPE_CHECKING:
    from leadterm.dictionary.dictionary_model import DictionaryModel

__all__ = ["Rows", "Source", "as_it_comes", "gather", "sources"]

GENERATED = 2500


@dataclass(frozen=True)
class Source:
    """Encounters that teach the ranker.

    ``weight``: of each of its candidates in the trees.
    """

    name: str
    encounters: tuple[Encounter, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows of the ranker: the candidates of all encounters, one below the other.

    - ``features``: the columns of `LEARNED` are 0, shape (n_rows, n_features).
    - ``target``, ``optional``: whether the candidate is a demanded code, or one that is neither right nor wrong, shape
      (n_rows,).
    - ``number``: position of each row's encounter in ``encounters``, shape (n_rows,).
    - ``weight``: of each row in the trees, shape (n_rows,).
    - ``codes``: code of each row.
    - ``words``: words around the mention of each row.
    - ``kinds``: kind of document of each encounter.
    - ``tables``: candidates of each encounter.
    """

    features: NDArray[np.float32]
    target: NDArray[np.bool_]
    optional: NDArray[np.bool_]
    number: NDArray[np.int64]
    weight: NDArray[np.float64]
    codes: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    kinds: tuple[str, ...]
    source: tuple[str, ...]
    encounters: tuple[Encounter, ...]
    tables: tuple[CandidateTable, ...]

    @property
    def group(self) -> NDArray[np.int64]:
        """Number of each row's note; its other layouts have the same."""
        names: dict[str, int] = {}
        of = [names.setdefault(one.encounter_id, len(names)) for one in self.encounters]
        return np.array(of, dtype=np.int64)[self.number]

    def of(self, *names: str) -> NDArray[np.bool_]:
        """Which rows are of these sources."""
        return np.isin(np.array(self.source), names)[self.number]

    @property
    def leads(self) -> list[frozenset[str]]:
        """Codes that stand first, of each encounter; none where that is not known."""
        return [frozenset(code.code for code in one.codes if code.role in LEADS) for one in self.encounters]

    @property
    def slices(self) -> list[slice]:
        """Where the rows of each encounter stand."""
        edges = np.searchsorted(self.number, np.arange(len(self.encounters) + 1)).tolist()
        return [slice(low, high) for low, high in pairwise(edges)]

    def by_source(self, answers: Sequence[Answer]) -> dict[str, list[Answer]]:
        """The answers for each source, one an encounter; none for a source that is not there."""
        found: dict[str, list[Answer]] = {name: [] for name in self.source}
        for name, one in zip(self.source, answers, strict=True):
            found[name].append(one)
        return found

    @property
    def row_kinds(self) -> list[str]:
        """Kind of document of each row."""
        return [self.kinds[i] for i in self.number.tolist()]


def sources(
    model: DictionaryModel, corpus: Path, notes: Path | None, *, limit: int | None = None, seed: int = 0
) -> list[Source]:
    """Put together what the ranker learns from.

    The last is MTSamples, where it is given. ``model``: its code system gives the terms of generated notes. ``notes``:
    MTSamples notes, JSON lines of ``id`` and ``text``. ``seed``: of layouts and generated notes.
    """
    from leadterm.corpus import read_split
    from leadterm.readers import read
    from leadterm.training.generator.layouts import vary
    from leadterm.training.generator.notes import generate_notes

    reference = tuple(read_split(corpus, "train"))
    layouts = tuple(varied for one in reference if (varied := vary(one, seed=seed)))
    made = [
        Source("reference", reference, 2.0),
        Source("layouts", layouts, 0.75),
        Source("generated", tuple(generate_notes(model.system, GENERATED, seed=seed)), 0.5),
    ]
    if notes is not None:
        coded = (encounter for _, encounter in read("mtsamples", notes).encounters)
        made.append(Source("mtsamples", tuple(map(as_it_comes, islice(coded, limit)))))
    return made


def _kind(table: CandidateTable) -> str:
    """Kind of document for the rates, from the features of a candidate; empty where there is none."""
    if not table.codes:
        return ""
    return reporting_kind(dict(zip(table.feature_names, table.features[0].tolist(), strict=True)))


def as_it_comes(encounter: Encounter) -> Encounter:
    """The encounter with the setting its text tells: that is what the ranker gets where none is given."""
    return replace(encounter, setting="inpatient" if kind_of(encounter).inpatient else "outpatient")


def gather(model: DictionaryModel, given: Iterable[Source]) -> Rows:
    """Make the training rows of coded encounters; the ranker of the model is not used."""
    tables, target, optional, number, weight = [], [], [], [], []
    codes: list[str] = []
    words: list[tuple[str, ...]] = []
    places = [(source, encounter) for source in given for encounter in source.encounters]
    for i, (source, encounter) in enumerate(places):
        table = model.candidates(encounter)
        own = [code for code in encounter.codes if code.system == table.system]
        must, may = ({code.code for code in own if code.need == need} for need in ("must", "may"))
        tables.append(table)
        target.append([code in must for code in table.codes])
        optional.append([code in may and code not in must for code in table.codes])
        number.append(np.full(len(table.codes), i))
        weight.append(np.full(len(table.codes), source.weight))
        codes += table.codes
        words += words_around([of[0] if of else None for of in table.mentions], encounter)
    encounters = tuple(encounter for _, encounter in places)
    return Rows(
        np.vstack([table.features for table in tables]), np.concatenate(target).astype(bool),
        np.concatenate(optional).astype(bool),
        np.concatenate(number).astype(np.int64), np.concatenate(weight), tuple(codes), tuple(words),
        tuple(map(_kind, tables)), tuple(source.name for source, _ in places), encounters,
        tuple(tables),
    )  # fmt: skip
