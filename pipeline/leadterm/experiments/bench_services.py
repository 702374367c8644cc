"""Measure the reader of services out of fold, and fit the weights of its score.

Run as ``python -m leadterm.experiments.bench_services CORPUS… [--fit]``: corpora whose encounters have codes of HCPCS
Level II, or notes as `leadterm.readers.mtsamples` reads them. Generated visits are learned with them, never scored.
Encounters without such a code count, too: what is found in them is wrong. Every figure is of weights that
were fitted on the other folds. ``--fit`` writes the weights of all encounters into the table of the package.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leadterm.codes.systems.hcpcs import SPEC
from leadterm.codes.systems.icd10cm import SPEC as DIAGNOSES
from leadterm.corpus import read_split
from leadterm.procedures.services.reader import make_reader
from leadterm.procedures.services.score import FEATURES
from leadterm.readers import read
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file
from leadterm.text.matching.mentions import NoteReaders
from leadterm.training.generator.visits import generate_visits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leadterm.schema import Encounter

__all__ = ["main"]

FOLDS, ROUNDS, STRENGTH = 5, 3, 1.0
MADE, MADE_NOTES = 0.04, 400  # weight of a candidate of a generated visit, and how many there are
LINE = 0.48  # where the threshold with the best F1 is put: a little above the line of the shipped model
WEIGHTS = Path(__file__).parents[1] / "procedures" / "services" / "weights.tsv"
HEAD = """\
# Weights of what is said of a service; their sum makes the confidence (score.py). Fitted by logistic regression:
# python -m leadterm.experiments.bench_services CORPUS... --fit
"""


@dataclass(frozen=True)
class _Case:
    """A candidate of an encounter: features of each of its places, whether it is right (None: may be), units."""

    encounter: int
    code: str
    places: NDArray[np.float32]
    right: bool | None
    units: float | None
    wanted: float | None


def _cases(encounters: Sequence[Encounter]) -> tuple[list[_Case], int]:
    """Describe all candidates, and count the codes that are demanded."""
    reader, notes = make_reader(), NoteReaders(DIAGNOSES.name)
    cases, demanded = [], 0
    for number, encounter in enumerate(encounters):
        wanted = {code.code: code for code in encounter.codes if code.system == SPEC.name}
        demanded += sum(code.need == "must" for code in wanted.values())
        opened = [notes.open(note, encounter.language) for note in encounter.notes]
        table = reader.candidates(encounter, opened)
        spots: dict[str, list[NDArray[np.float32]]] = {}
        for spot in reader.spot(encounter, opened):
            spots.setdefault(spot.found.code, []).append(spot.features)
        for code in table.codes:
            given = wanted.get(code)
            right = None if given is not None and given.need == "may" else given is not None
            goal = given.units if given is not None else None
            cases.append(_Case(number, code, np.array(spots[code]), right, table.lines[code][0], goal))
    return cases, demanded


def _fit(cases: Sequence[_Case], made: Sequence[_Case]) -> NDArray[np.float64]:
    """Fit weights; each candidate is described by the place that the weights so far are surest of."""
    from sklearn.linear_model import LogisticRegression

    known = [case for case in (*cases, *made) if case.right is not None]
    counts = np.ones(len(known))
    counts[len(known) - len(made) :] = MADE
    labels = np.array([bool(case.right) for case in known])
    rows = np.array([case.places.mean(axis=0) for case in known])
    weights = np.zeros(len(FEATURES))
    for _ in range(ROUNDS):
        model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=2000).fit(rows, labels, counts)
        weights = model.coef_[0]
        rows = np.array([case.places[np.argmax(case.places @ weights)] for case in known])
    return weights


def _sure(cases: Sequence[_Case], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([1 / (1 + np.exp(-max(case.places @ weights))) for case in cases])


def _figures(
    cases: Sequence[_Case], sure: NDArray[np.float64], demanded: int, line: float, *, units: bool = False
) -> tuple[float, float, float]:
    """Precision, recall and F1 at a threshold; with units a code is right if its units are, too."""
    taken = [case for case, score in zip(cases, sure, strict=True) if score >= line and case.right is not None]
    fits = [case for case in taken if case.right and (not units or case.wanted is None or case.units == case.wanted)]
    precision, recall = len(fits) / max(len(taken), 1), len(fits) / max(demanded, 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def _best_line(cases: Sequence[_Case], sure: NDArray[np.float64], demanded: int) -> float:
    lines = [step / 100 for step in range(15, 80)]
    return max(lines, key=lambda line: _figures(cases, sure, demanded, line)[2])


def _encounters(path: Path) -> list[Encounter]:
    """Read a corpus, or coded notes of MTSamples."""
    return read_split(path, "train") if path.is_dir() else [one for _, one in read("mtsamples", path).encounters]


def _out_of_fold(cases: Sequence[_Case], made: Sequence[_Case]) -> NDArray[np.float64]:
    sure = np.zeros(len(cases))
    folds = np.array([case.encounter % FOLDS for case in cases])
    for fold in range(FOLDS):
        weights = _fit([case for case, at in zip(cases, folds, strict=True) if at != fold], made)
        mine = np.flatnonzero(folds == fold)
        sure[mine] = _sure([cases[row] for row in mine], weights)
    return sure


def main(argv: Sequence[str]) -> int:
    """Measure, and with ``--fit`` write the weights."""
    named = [Path(name) for name in argv if not name.startswith("--")]
    encounters = [one for path in named for one in _encounters(path) if one.setting == "outpatient"]
    cases, demanded = _cases(encounters)
    made, _ = _cases(list(generate_visits(MADE_NOTES)))
    sure = _out_of_fold(cases, made)
    line = _best_line(cases, sure, demanded)
    held = {case.code for case in cases if case.right}
    print(f"{len(encounters)} encounters, {demanded} codes demanded, {len(cases)} candidates, {len(held)} codes right")
    print(f"found among the candidates: {sum(bool(case.right) for case in cases) / max(demanded, 1):.3f}")
    for name, units in (("code", False), ("code with units", True)):
        precision, recall, f1 = _figures(cases, sure, demanded, line, units=units)
        print(f"{name}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f} at {line:.2f}")
    if "--fit" in argv:
        weights = _fit(cases, made)
        weights[FEATURES.index("bias")] += np.log(LINE / (1 - LINE)) - np.log(line / (1 - line))
        rows = [(name, f"{one:.3f}") for name, one in zip(FEATURES, weights, strict=True) if abs(one) >= 0.0005]
        write_file(WEIGHTS, HEAD + table_text(("feature", "weight"), rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
