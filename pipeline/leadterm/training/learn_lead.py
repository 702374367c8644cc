"""Learns which code of a set leads, and says how often that is right out of fold.

``python -m leadterm.training.learn_lead CORPUS … [--notes NOTES.jsonl] [--weights FILE]``: corpora whose codes have
roles, and the notes that `leadterm.readers.mtsamples` reads. Logistic regression on pairs: of the leading code and each
other that may lead. Every encounter is learned from once more without its evidence, for codes that come without.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.codes import load_system
from leadterm.codes.systems import dictionary_system
from leadterm.corpus import read_split
from leadterm.ranking.trees import group_folds
from leadterm.readers import read
from leadterm.rules.lead_choice import FIXED, differences, won
from leadterm.rules.lead_columns import Columns
from leadterm.schema import Encounter, ReferenceCode
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file
from leadterm.training.field_report import LEADS

__all__ = ["Case", "cases_of", "learn_lead"]

PENALTY, LEAST, BARE, FOLDS, SMALLEST = 0.2, 4, 0.3, 5, 0.03
SCALES = {
    "before": 0.5, "behind": 0.5, "category": 0.7, "word": 0.7, "stay category": 0.7, "stay block": 0.7,
    "stay chapter": 0.7, "pair": 1.5,
}  # fmt: skip
"""How freely columns of a kind may weigh: what is seen seldom is held back."""
HEAD = (
    "# Weights of the choice of the leading diagnosis (lead_choice.py): what each column adds to the log-odds that\n"
    "# one code goes before another. Logistic regression on pairs of codes of corpora/reference, corpora/stays,\n"
    "# corpora/services, corpora/mtsamples: python -m leadterm.training.learn_lead. Figures: models/EXPERIMENTS.md.\n"
    "# column: what lead_columns.py names; those not listed weigh nothing.\n"
)


@dataclass(frozen=True)
class Case:
    """The codes of an encounter that may lead, and how each two differ; ``lead`` is the place of the one that does.

    ``lead`` is -1 where the leading one may not lead by the guidelines.
    """

    corpus: str
    encounter: Encounter
    size: int
    lead: int
    able: tuple[int, ...]
    pairs: Mapping[tuple[int, int], Columns]


def cases_of(corpus: str, encounters: Iterable[Encounter], *, bare: bool = False) -> list[Case]:
    """Give the encounters that have one leading diagnosis. ``bare``: without evidence."""
    system = load_system(dictionary_system())
    made = []
    for one in encounters:
        codes = sorted(
            {of.code: of for of in one.codes if of.system == system.name and of.need == "must"}.values(),
            key=lambda of: of.code,
        )
        leads = [at for at, of in enumerate(codes) if of.role in LEADS]
        if len(leads) == 1:
            given: list[ReferenceCode] = [replace(of, evidence=()) for of in codes] if bare else codes
            able, pairs = differences(one, given, system)
            lead = leads[0] if leads[0] in able else -1
            made.append(Case(corpus, one, len(codes), lead, tuple(able), pairs))
    return made


@dataclass(frozen=True)
class _Fit:
    """Weights by column."""

    columns: Mapping[str, int]
    weights: NDArray[np.float64]

    def right(self, case: Case) -> bool:
        margins = {
            pair: float(sum(self.weights[self.columns[name]] * value for name, value in row.items()
                            if name in self.columns))
            for pair, row in case.pairs.items()
        }  # fmt: skip
        scores = won(case.able, margins)
        return max(case.able, key=lambda at: (scores[at], -at)) == case.lead


def _scale(column: str) -> float:
    words = column.split()
    return next((SCALES[kind] for kind in (" ".join(words[:2]), words[0]) if kind in SCALES), 1.0)


def _fit(cases: Sequence[tuple[Case, float]]) -> _Fit:
    from scipy.sparse import csr_matrix, vstack
    from sklearn.linear_model import LogisticRegression

    rows: list[dict[str, float]] = []
    weight: list[float] = []
    seen: Counter[str] = Counter()
    for case, share in cases:
        own = [
            row if pair[0] == case.lead else {name: -value for name, value in row.items()}
            for pair, row in case.pairs.items()
            if case.lead in pair
        ]
        rows += own
        weight += [share / max(1, len(own)) ** 0.5] * len(own)
        seen.update({name for row in own for name in row})
    names = sorted(name for name, count in seen.items() if count >= LEAST)
    at = {name: number for number, name in enumerate(names)}
    scales = np.array([_scale(name) for name in names])
    cells = [(r, at[name], value) for r, row in enumerate(rows) for name, value in row.items() if name in at]
    r, c, v = (np.array(list(one)) for one in zip(*cells, strict=True))
    data: Any = csr_matrix((v * scales[c], (r, c)), shape=(len(rows), len(names)))
    model = LogisticRegression(C=PENALTY, fit_intercept=False, solver="liblinear", random_state=0)
    answers = np.repeat([1, 0], len(rows))
    model.fit(vstack([data, -data]), answers, sample_weight=np.tile(weight, 2))
    weights = model.coef_[0] * scales
    weights[np.abs(weights) < SMALLEST] = 0.0
    for name, value in FIXED.items():
        weights[at.get(name, [])] = value
    return _Fit(at, weights)


def learn_lead(
    cases: Sequence[Case], bare: Sequence[Case], *, seeds: int = 3
) -> tuple[dict[str, float], dict[tuple[str, str], list[tuple[bool, bool, int]]]]:
    """Fit on all, and tell for each encounter whether fits without it are right: with its evidence, and without.

    The weights by column; by corpus and setting, for each encounter and seed the two answers and its number of codes.
    """
    found: dict[tuple[str, str], list[tuple[bool, bool, int]]] = defaultdict(list)
    both = list(zip(cases, bare, strict=True))
    for seed in range(seeds):
        fold = group_folds([f"{one.corpus} {one.encounter.encounter_id}" for one in cases], FOLDS, seed)
        for k in range(FOLDS):
            learn = [pair for pair, other in zip(both, fold, strict=True) if other != k]
            fit = _fit([*((one, 1.0) for one, _ in learn), *((other, BARE) for _, other in learn)])
            for (one, other), number in zip(both, fold, strict=True):
                if number == k:
                    key = one.corpus, one.encounter.setting
                    found[key].append((fit.right(one), fit.right(other), one.size))
    whole = _fit([*((one, 1.0) for one in cases), *((one, BARE) for one in bare)])
    weights = {name: float(whole.weights[at]) for name, at in whole.columns.items()}
    return {name: weight for name, weight in weights.items() if weight and name not in FIXED}, dict(found)


def _line(name: str, answers: Sequence[tuple[bool, bool, int]], seeds: int) -> str:
    several = [one for one in answers if one[2] > 1]
    count, many = len(answers) // seeds, len(several) // seeds
    shares = (
        sum(one[0] for one in answers) / max(1, len(answers)), sum(one[0] for one in several) / max(1, len(several)),
        sum(one[1] for one in several) / max(1, len(several)),
    )  # fmt: skip
    return f"{name:24} {count:5} {shares[0]:.3f}   {many:5} {shares[1]:.3f}  without evidence {shares[2]:.3f}"


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--notes", type=Path, help="MTSamples notes, JSON lines of id and text")
    parser.add_argument("--weights", type=Path, help="where to write the weights")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    given = {path.name: list(read_split(path, "train")) for path in args.corpora}
    if args.notes:
        given["mtsamples"] = [one for _, one in read("mtsamples", args.notes).encounters]
    cases = [case for name, encounters in given.items() for case in cases_of(name, encounters)]
    bare = [case for name, encounters in given.items() for case in cases_of(name, encounters, bare=True)]
    weights, found = learn_lead(cases, bare, seeds=args.seeds)
    print("corpus, setting              all, right    of two codes or more, right")
    for (corpus, setting), answers in sorted(found.items()):
        print(_line(f"{corpus} {setting}", answers, args.seeds))
    for name in given:
        print(_line(name, [one for (corpus, _), of in found.items() if corpus == name for one in of], args.seeds))
    if args.weights:
        rows = [(name, f"{weight:.2f}") for name, weight in sorted(weights.items())]
        write_file(args.weights, HEAD + table_text(("column", "weight"), rows))


if __name__ == "__main__":
    _main()
