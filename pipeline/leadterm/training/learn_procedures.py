"""Learns the weights of ``procedures/pcs_weights.tsv`` from coded stays, and says how good they are out of fold.

``python -m leadterm.training.learn_procedures NOTES.jsonl [WEIGHTS.tsv]``: the notes as `leadterm.readers.mtsamples`
reads them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leadterm.models import load
from leadterm.procedures.pcs_rank import FEATURES
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import group_folds
from leadterm.readers import read
from leadterm.schema import Encounter
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file

__all__ = ["Learned", "learn_weights", "stays_of"]

SYSTEM, LINE = "icd10pcs", 0.45
MAY = 0.5  # weight of a code that is optional: half right
HEAD = (
    "# Weights of the score in pcs_rank.py: logistic regression on the ICD-10-PCS codes of inpatients\n"
    "# (corpora/mtsamples), made with: python -m leadterm.training.learn_procedures. Figures: models/EXPERIMENTS.md.\n"
    "# feature: a name of FEATURES, or the intercept. weight: added to the log-odds for each unit.\n"
)


@dataclass(frozen=True)
class Learned:
    """Weights by feature, and figures out of fold: exact and 4-character F1, precision, recall at the line."""

    weights: dict[str, float]
    figures: dict[str, float]

    def text(self) -> str:
        """Give the table of weights."""
        return HEAD + table_text(("feature", "weight"), [(name, f"{w:.3f}") for name, w in self.weights.items()])


def stays_of(encounters: Sequence[Encounter]) -> list[Encounter]:
    """Give the encounters of inpatients: others have no codes of the system."""
    return [encounter for encounter in encounters if encounter.setting == "inpatient"]


def learn_weights(encounters: Sequence[Encounter], *, folds: int = 5, seed: int = 0) -> Learned:
    """Fit the weights on all, and score what fits on the other folds say of each."""
    from sklearn.linear_model import LogisticRegression

    tables = list(_tables(encounters))
    needs = [{c.code: c.need for c in e.codes if c.system == SYSTEM} for e in encounters]
    given = [need.get(code, "") for table, need in zip(tables, needs, strict=True) for code in table.codes]
    groups = [e.encounter_id for e, table in zip(encounters, tables, strict=True) for _ in table.codes]
    columns = np.concatenate([table.features for table in tables])
    hit = np.array([need != "" for need in given])
    weight = np.array([MAY if need == "may" else 1.0 for need in given])
    fold = group_folds(groups, folds, seed)
    sure = np.zeros(len(hit))
    for k in np.unique(fold):
        fitted = LogisticRegression(C=0.5, max_iter=2000).fit(
            columns[fold != k], hit[fold != k], sample_weight=weight[fold != k]
        )
        sure[fold == k] = fitted.predict_proba(columns[fold == k])[:, 1]
    whole = LogisticRegression(C=0.5, max_iter=2000).fit(columns, hit, sample_weight=weight)
    weights = {"intercept": float(whole.intercept_[0]), **dict(zip(FEATURES, whole.coef_[0].tolist(), strict=True))}
    return Learned(weights, {**_figures(tables, needs, sure, 7), **_figures(tables, needs, sure, 4)})


def _tables(encounters: Sequence[Encounter]) -> Iterator[CandidateTable]:
    model = load()
    for encounter in encounters:
        yield model.candidates(encounter, SYSTEM)


def _figures(
    tables: Sequence[CandidateTable], needs: Sequence[dict[str, str]], sure: NDArray[np.float64], size: int
) -> dict[str, float]:
    """Micro-averaged figures over the first characters of codes; what is optional is neither right nor wrong."""
    right = wrong = wanted = at = 0
    for table, need in zip(tables, needs, strict=True):
        own = sure[at : at + len(table.codes)].tolist()
        at += len(table.codes)
        said = {code[:size] for code, p in zip(table.codes, own, strict=True) if p >= LINE}
        must = {code[:size] for code, kind in need.items() if kind == "must"}
        right += len(said & must)
        wrong += len(said - {code[:size] for code in need})
        wanted += len(must)
    precision, recall = right / max(right + wrong, 1), right / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {f"f1_{size}": f1, f"precision_{size}": precision, f"recall_{size}": recall}


if __name__ == "__main__":
    learned = learn_weights(stays_of([one for _, one in read("mtsamples", Path(sys.argv[1])).encounters]))
    print("  ".join(f"{name} {value:.3f}" for name, value in learned.figures.items()))
    if len(sys.argv) > 2:
        write_file(Path(sys.argv[2]), learned.text())
