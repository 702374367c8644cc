"""Fits the ranker of dictionary candidates: the shipped model is made by ``make train``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm import __version__
from leadterm.dictionary.features import FEATURES, Feature
from leadterm.ranking.ranker import Ranker, RankerSettings
from leadterm.schema import Encounter
from leadterm.storage.artifacts import Artifact, save_artifact
from leadterm.suggester import Suggester

__all__ = ["Rows", "fit_ranker", "gather"]

CARD = """# Model card: the default ranker

A gradient-boosted ranker over {features} named features of candidate codes. It holds no text, only numbers, and knows
no code by name: what it has learned is which kinds of evidence a coder accepts.

- **Learned from** the reference corpus of this project alone: {encounters} invented encounters, coded by hand.
- **Codes**: {releases}. **leadterm** {version}. Rebuilt by `make train`.
- **For** ranking ICD-10-CM suggestions on English notes, for a person to confirm. **Not for** coding without review.
- **Threshold** of the suggested tier: {threshold:.3f}, chosen out of fold on micro-F1.

Out of fold on that corpus, by encounter ({positives} reference codes among the candidates, {missed} without one):

| figure | value |
|---|---|
{rows}

Limits: one group of authors wrote and coded the corpus, most notes are short, and invented notes are tidier than real
ones. Figures on corpora by others are in the project's README.
"""


RAISES = (
    Feature.IN_HEADING,
    Feature.IN_ASSESSMENT,
    Feature.IN_DIAGNOSIS,
    Feature.PRESENT,
    Feature.DETAIL_SCORE,
    Feature.BEST_COVERAGE,
)
LOWERS = (
    Feature.TERM_MISSING,
    Feature.GAP,
    Feature.ABSENT,
    Feature.SUBSUMED,
    Feature.INTEGRAL,
    Feature.REPLACED,
    Feature.DETAIL_UNSAID,
)
SETTINGS = RankerSettings(iterations=250, learning_rate=0.03, max_leaf_nodes=8, folds=4, screening=0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Training rows of the ranker.

    Parameters
    ----------
    features : ndarray of shape (n_rows, n_features), float32
        One row a candidate.
    target : ndarray of shape (n_rows,), bool
        Whether the candidate is a reference code.
    group : ndarray of shape (n_rows,), int
        Encounter of each row.
    missed : int
        Reference codes without a candidate.
    """

    features: NDArray[np.float32]
    target: NDArray[np.bool_]
    group: NDArray[np.int64]
    missed: int


def gather(suggester: Suggester, encounters: Iterable[Encounter]) -> Rows:
    """Make the training rows of coded encounters.

    Parameters
    ----------
    suggester : Suggester
        Of one code system; makes candidates, its confidence is not used.
    encounters : iterable of Encounter
        With reference codes.

    Returns
    -------
    Rows
        In the order of the encounters.
    """
    features, targets, groups, missed = [], [], [], 0
    (system,) = suggester.systems
    for number, encounter in enumerate(encounters):
        table = suggester.candidates(encounter, system)
        wanted = {code.code for code in encounter.codes if code.system == system}
        hit = np.array([code in wanted for code in table.codes], dtype=np.bool_)
        features.append(table.features)
        targets.append(hit)
        groups.append(np.full(len(table.codes), number, dtype=np.int64))
        missed += len(wanted) - int(hit.sum())
    return Rows(np.vstack(features), np.concatenate(targets), np.concatenate(groups), missed)


def fit_ranker(rows: Rows, *, seed: int = 0) -> Ranker:
    """Fit the ranker.

    Parameters
    ----------
    rows : Rows
        Training rows.
    seed : int
        Of folds and trees.

    Returns
    -------
    Ranker
        Calibrated, with a threshold chosen out of fold.
    """
    signs = {**dict.fromkeys(map(str, RAISES), 1), **dict.fromkeys(map(str, LOWERS), -1)}
    return Ranker.fit(
        rows.features,
        rows.target,
        rows.group,
        FEATURES,
        seed=seed,
        missed=rows.missed,
        monotonic=signs,
        settings=SETTINGS,
    )


def _card(ranker: Ranker, meta: Mapping[str, Any]) -> str:
    """Write the model card."""
    report, releases = ranker.report, ", ".join(f"{name} {release}" for name, release in meta["releases"].items())
    rows = "\n".join(
        f"| {name} | {report[key]:.3f} |"
        for name, key in (
            ("micro-F1", "f1"),
            ("precision", "precision"),
            ("recall", "recall"),
            ("expected calibration error", "ece"),
        )
    )
    return CARD.format(
        rows=rows, releases=releases, encounters=meta["encounters"], version=meta["leadterm"], features=len(FEATURES),
        threshold=ranker.threshold, missed=int(report["missed"]), positives=int(report["positives"]),
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Fit on the ``train`` split of a corpus and save: ``python -m leadterm.training.shipped CORPUS OUTPUT``."""
    from leadterm.corpus import read_split
    from leadterm.dictionary.model import DictionaryModel

    corpus, output = Path(arguments[0]), Path(arguments[1])
    empty = Ranker((), {}, 0.0, 0, None, 0.5)  # type: ignore[arg-type]
    encounters = read_split(corpus, "train")
    suggester = DictionaryModel(output.name, empty)
    seen = np.array(sorted(encounter.digest for encounter in encounters), dtype=np.uint64)
    ranker = replace(fit_ranker(gather(suggester, encounters)), seen=seen)
    meta = {
        "corpus": corpus.name, "encounters": len(encounters), "releases": suggester.releases, "leadterm": __version__,
    }  # fmt: skip
    artifact = Artifact("ranker", meta, ranker.arrays(), {"ranker": ranker.header()})
    save_artifact(output, artifact, documents={"README.md": _card(ranker, meta)})
    print(f"{output}: " + ", ".join(f"{name} {value:.3f}" for name, value in ranker.report.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
