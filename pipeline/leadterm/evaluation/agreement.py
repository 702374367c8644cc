"""How far people agree, and where a system would stand among them.

Krippendorff's alpha over presence: every (encounter, code) pair is a unit, each coder who coded the encounter
says "present" or "absent", and the codes are all those that any coder used anywhere. With p present and q absent
among m answers of a unit, N answers in all, P present and Q absent: observed disagreement
D_o = sum of 2 p q / (m - 1), divided by N; expected D_e = 2 P Q / (N (N - 1)); alpha = 1 - D_o / D_e.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.metrics.resample import sample_weights
from leadterm.evaluation.report import AnyQrels, as_qrels
from leadterm.evaluation.tables.labels import Bools, Floats, Ints
from leadterm.evaluation.tables.qrels import Qrels
from leadterm.evaluation.tables.run import Run

__all__ = ["Agreement", "PairAgreement", "agreement"]


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two coders over the encounters that both coded.

    `n_encounters`: Encounters both coded; `micro_f1`: 2 x shared / (codes of a + codes of b); the same whichever of
    them is the reference; `low, high`: 95 % bootstrap interval by encounter; `exact_match`: Share of encounters with
    the same codes; `alpha`: Krippendorff's alpha of the two.

    >>> agreement({"a": {"e1": ["I10"]}, "b": {"e1": ["I10", "E11.9"]}}).pairs[0].micro_f1.__round__(3)
    0.667
    """

    a: str
    b: str
    n_encounters: int
    micro_f1: float
    low: float
    high: float
    exact_match: float
    alpha: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """All pairs of coders, and all coders together.

    ``coders``: names; a system stands among them. ``alpha``: Krippendorff's alpha over all coders. ``mean_f1``: mean
    micro-F1 of each coder with the others.

    >>> agreement({"a": {"e1": ["I10"]}, "b": {"e1": ["I10"]}}).mean_f1
    {'a': 1.0, 'b': 1.0}
    """

    coders: tuple[str, ...]
    pairs: tuple[PairAgreement, ...]
    alpha: float
    mean_f1: Mapping[str, float]


def agreement(
    codings: Mapping[str, AnyQrels],
    *,
    run: Run | None = None,
    threshold: float | None = None,
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Measure how far coders agree.

    - ``codings``: who gave which codes. An encounter that is not in a coder's table was not coded by them; one that
      is there without codes was coded with none.
    - ``run``: a system to stand among them as one more coder, under its name.

    ``LeadtermError`` if there are fewer than two coders or two of them share no encounter.

    >>> found = agreement({"a": {"e1": ["I10"], "e2": []}, "b": {"e1": ["I10"], "e2": ["J20.9"]}})
    >>> round(found.alpha, 3)
    0.533
    """
    tables = {name: as_qrels(given) for name, given in codings.items()}
    if run is not None:
        tables[run.name] = run.to_qrels(threshold)
    if len(tables) < 2:
        raise LeadtermError(f"agreement needs two coders or more, got {len(tables)}.", hint="Name another coder.")
    coded, given, m = _on_one_grid(list(tables.values()))
    names = tuple(tables)
    pairs = [
        _pair((names[i], names[j]), (coded[i], coded[j]), (given[i], given[j]), m, n_bootstrap, seed)
        for i, j in combinations(range(len(names)), 2)
    ]
    mean = {n: float(np.mean([p.micro_f1 for p in pairs if n in (p.a, p.b)])) for n in names}
    return Agreement(names, tuple(pairs), _alpha(coded, given, m), mean)


def _on_one_grid(tables: Sequence[Qrels]) -> tuple[list[Bools], list[Ints], int]:
    """Number encounters and codes together: who coded which encounter, who gave which pair, how many codes."""
    encounters = {e: i for i, e in enumerate(sorted({e for t in tables for e in t.encounters}))}
    labels = sorted({(x.key, x.system) for t in tables for x in (t.labels[c] for c in np.unique(t.col))})
    number = {pair: i for i, pair in enumerate(labels)}
    coded, given = [], []
    for table in tables:
        mask = np.zeros(len(encounters), dtype=bool)
        rows = np.array([encounters[e] for e in table.encounters], dtype=np.int64)
        mask[rows] = True
        cols = np.array([number.get((x.key, x.system), -1) for x in table.labels], dtype=np.int64)
        coded.append(mask)
        given.append(np.sort(rows[table.row] * len(labels) + cols[table.col]) if len(table.row) else table.row)
    return coded, given, len(labels)


def _pair(
    names: tuple[str, str], coded: tuple[Ints, Ints], given: tuple[Ints, Ints], m: int, n_bootstrap: int, seed: int
) -> PairAgreement:
    both = coded[0] & coded[1]
    if not both.any():
        raise LeadtermError(f"coders '{names[0]}' and '{names[1]}' share no encounter.", hint="Compare ids.")
    inside = [pairs[both[pairs // max(m, 1)]] for pairs in given]
    shared = np.intersect1d(inside[0], inside[1], assume_unique=True)
    place = np.cumsum(both) - 1
    n = int(both.sum())

    def per_encounter(pairs: Ints) -> Floats:
        return np.bincount(place[pairs // max(m, 1)], minlength=n).astype(np.float64)

    same, total = per_encounter(shared), per_encounter(inside[0]) + per_encounter(inside[1])
    drawn = [_f1(w @ same, w @ total) for w in sample_weights(np.arange(n), n_bootstrap, seed)]
    f1 = float(_f1(same.sum()[None], total.sum()[None])[0])
    low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975]) if drawn else (f1, f1)
    exact = float((2 * same == total).mean())
    return PairAgreement(*names, n, f1, float(low), float(high), exact, _alpha(coded, given, m))


def _f1(shared: Floats, total: Floats) -> Floats:
    return np.divide(2 * shared, total, out=np.ones(np.shape(total)), where=np.asarray(total) > 0)


def _alpha(coded: tuple[Ints, ...] | list[Ints], given: tuple[Ints, ...] | list[Ints], m: int) -> float:
    answers = np.sum(coded, axis=0)
    usable = answers >= 2
    pairs = np.concatenate(list(given))
    pairs = pairs[usable[pairs // max(m, 1)]] if len(pairs) else pairs
    units, present = np.unique(pairs, return_counts=True)
    of_unit = answers[units // max(m, 1)] if len(units) else units
    observed = float((2 * present * (of_unit - present) / np.maximum(of_unit - 1, 1)).sum())
    total = float(answers[usable].sum()) * m
    yes = float(present.sum())
    expected = 2 * yes * (total - yes) / (total - 1) if total > 1 else 0.0
    return 1.0 - observed / expected if expected else 1.0
