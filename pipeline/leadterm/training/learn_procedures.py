"""Learns the weights of ``procedures/pcs_weights.tsv`` from coded stays, and says how good they are out of fold.

``python -m leadterm.training.learn_procedures NOTES.jsonl [CORPUS] [WEIGHTS.tsv]``: the notes as
`leadterm.readers.mtsamples` reads them, and a corpus of stays; generated notes are learned with them, never scored.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leadterm.corpus import read_split
from leadterm.models import load
from leadterm.procedures.pcs_rank import FEATURES
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import group_folds
from leadterm.readers import read
from leadterm.schema import Encounter
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file
from leadterm.training.generator.stays import generate_stays

__all__ = ["Learned", "learn_weights", "stays_of"]

SYSTEM, LINE = "icd10pcs", 0.45
MAY = 0.5  # weight of a code that is optional: half right
MADE, MADE_NOTES = 0.3, 800  # weight of a row of a generated note, and how many there are
HEAD = (
    "# Weights of the score in pcs_rank.py: logistic regression on the ICD-10-PCS codes of inpatients\n"
    "# (corpora/mtsamples, corpora/stays) and of generated notes: python -m leadterm.training.learn_procedures.\n"
    "# Figures: models/EXPERIMENTS.md.\n"
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


def learn_weights(
    encounters: Sequence[Encounter], made: Sequence[Encounter] = (), *, folds: int = 5, seed: int = 0
) -> Learned:
    """Fit the weights on all, and score what fits on the other folds say of each. ``made``: generated, in every fit."""
    from sklearn.linear_model import LogisticRegression

    own, others = _rows(encounters), _rows(made)
    groups = [e.encounter_id for e, table in zip(encounters, own.tables, strict=True) for _ in table.codes]
    fold = group_folds(groups, folds, seed)
    sure = np.zeros(len(own.hit))

    def fit(use: NDArray[np.bool_]) -> LogisticRegression:
        return LogisticRegression(C=0.5, max_iter=2000).fit(
            np.concatenate([own.columns[use], others.columns]), np.concatenate([own.hit[use], others.hit]),
            sample_weight=np.concatenate([own.weight[use], MADE * others.weight]),
        )  # fmt: skip

    for k in np.unique(fold):
        sure[fold == k] = fit(fold != k).predict_proba(own.columns[fold == k])[:, 1]
    whole = fit(np.ones(len(fold), bool))
    weights = {"intercept": float(whole.intercept_[0]), **dict(zip(FEATURES, whole.coef_[0].tolist(), strict=True))}
    return Learned(weights, {**_figures(own.tables, own.needs, sure, 7), **_figures(own.tables, own.needs, sure, 4)})


@dataclass(frozen=True)
class _Rows:
    """The candidates of encounters, one a row: features, whether a coder has the code, how much that counts."""

    tables: list[CandidateTable]
    needs: list[dict[str, str]]
    columns: NDArray[np.float32]
    hit: NDArray[np.bool_]
    weight: NDArray[np.float64]


def _rows(encounters: Sequence[Encounter]) -> _Rows:
    model = load()
    tables = [model.candidates(encounter, SYSTEM) for encounter in encounters]
    needs = [{c.code: c.need for c in e.codes if c.system == SYSTEM} for e in encounters]
    given = [need.get(code, "") for table, need in zip(tables, needs, strict=True) for code in table.codes]
    columns = [np.zeros((0, len(FEATURES)), np.float32), *(table.features for table in tables)]
    hit = np.array([need != "" for need in given], bool)
    weight = np.array([MAY if need == "may" else 1.0 for need in given])
    return _Rows(tables, needs, np.concatenate(columns), hit, weight)


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
    stays = [one for _, one in read("mtsamples", Path(sys.argv[1])).encounters]
    stays += [one for name in sys.argv[2:] if Path(name).is_dir() for one in read_split(name, "train")]
    learned = learn_weights(stays_of(stays), list(generate_stays(MADE_NOTES)))
    print("  ".join(f"{name} {value:.3f}" for name, value in learned.figures.items()))
    if sys.argv[-1].endswith(".tsv"):
        write_file(Path(sys.argv[-1]), learned.text())
