"""How a system is trained and asked: held-out splits and folds, the same for every trainer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.metrics.reliability import fold_of
from leadterm.evaluation.tables.labels import Ints
from leadterm.evaluation.tables.run import Run
from leadterm.schema import Encounter

__all__ = ["Answer", "Trainer", "cross_validate", "merge_runs", "patients_of"]

Answer = Callable[[Sequence[Encounter]], Run]
"""A trained system: gives the suggestions for encounters as a run."""
Trainer = Callable[[Sequence[Encounter]], Answer]
"""Learns from coded encounters and gives a trained system."""


def cross_validate(
    trainer: Trainer,
    encounters: Sequence[Encounter],
    *,
    folds: int,
    seed: int = 0,
    name: str = "run",
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Let every encounter be answered by a system that was trained without it and its patient.

    `folds`: Number of folds; at most one for each patient.
    Gives without a threshold: each fold chose its own. Score it with ``threshold="cv"``.

    >>> from leadterm.schema import Note
    >>> some = [Encounter(f"e{i}", (Note("n", "Gout."),)) for i in range(4)]
    >>> def count(train):
    ...     return lambda asked: Run.from_mapping({e.encounter_id: {str(len(train)): 1.0} for e in asked})
    >>> [label.code for label in cross_validate(count, some, folds=2).labels]
    ['2']
    """
    group = patients_of(encounters)
    number = min(folds, int(group.max(initial=-1)) + 1)
    if number < 2:
        raise LeadtermError(
            f"cross-validation needs two patients and two folds; got {int(group.max(initial=-1)) + 1} and {folds}.",
            hint="Give more encounters.",
        )
    fold = fold_of(group, number, seed)
    parts = []
    for k in range(number):
        if progress:
            progress(f"fold {k + 1} of {number}")
        answer = trainer([e for e, f in zip(encounters, fold, strict=True) if f != k])
        parts.append(answer([e for e, f in zip(encounters, fold, strict=True) if f == k]))
    return merge_runs(parts, name)


def merge_runs(runs: Sequence[Run], name: str) -> Run:
    """Put runs over different encounters together.

    >>> one, two = Run.from_mapping({"e1": {"A": 0.5}}), Run.from_mapping({"e2": {}})
    >>> merge_runs([one, two], "both").encounters
    ('e1', 'e2')
    """
    import pandas as pd

    every = [encounter for run in runs for encounter in run.encounters]
    if len(set(every)) < len(every):
        raise LeadtermError("two runs answer the same encounter.", hint="Merge runs over different encounters.")
    known = [run.to_frame() for run in runs if len(run.row)]
    if not known:
        return Run.from_mapping({encounter: {} for encounter in every}, name=name)
    table = pd.concat(known, ignore_index=True)
    if any("confidence" not in frame for frame in known):
        table = table.drop(columns="confidence", errors="ignore")
    text = [column for column in ("section", "evidence") if column in table]
    table[text] = table[text].fillna("")
    whole = Run.from_frame(table, name=name)
    silent = tuple(encounter for encounter in every if encounter not in set(whole.encounters))
    return replace(whole, encounters=(*whole.encounters, *silent))


def patients_of(encounters: Sequence[Encounter]) -> Ints:
    """Number the patients; an encounter without one stands for itself.

    Gives numbers from 0, in order of appearance.

    >>> from leadterm.schema import Note
    >>> note = (Note("n", "Gout."),)
    >>> patients_of([Encounter("a", note, patient_id="p"), Encounter("b", note), Encounter("c", note, patient_id="p")])
    array([0, 1, 0])
    """
    names = [("p", e.patient_id) if e.patient_id else ("e", e.encounter_id) for e in encounters]
    number = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.array([number[name] for name in names], dtype=np.int64)
