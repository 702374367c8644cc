"""``compare``: several runs on the same encounters, every difference with an interval and a corrected p-value."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import LeadtermError, unknown_name
from leadterm.evaluation.metrics.by_code import areas, label_counts, macro_metrics
from leadterm.evaluation.metrics.ratios import Ratios, all_ratios
from leadterm.evaluation.metrics.resample import bootstrap, holm, intervals, macro_f1_permutation_p, permutation_p
from leadterm.evaluation.metrics.thresholds import ChosenThreshold, set_threshold
from leadterm.evaluation.report import AnyQrels, AnyRun, as_qrels, as_run, the_only
from leadterm.evaluation.tables.align import Aligned, align
from leadterm.evaluation.tables.labels import Floats
from leadterm.evaluation.warnings import warnings_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COMPARED", "Comparison", "Difference", "compare", "detectable"]

COMPARED = ("micro_f1", "macro_f1", "map", "precision_at_5", "recall_at_15", "exact_match")


@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of one pair of runs.

    `metric, a, b`: The metric and the names of the two runs; `difference`: Value of b minus value of a; `low, high`: 95
    % bootstrap interval of the difference; None without samples; `p, p_holm`: Two-sided paired permutation test, and
    after Holm's correction over all tests of the comparison; `detectable`: Smallest true difference that a test at
    level 0.05 would find in 80 % of samples of this size.

    >>> Difference("map", "a", "b", 0.1, 0.05, 0.15, 0.001, 0.002, 0.07).difference
    0.1
    """

    metric: str
    a: str
    b: str
    difference: float
    low: float | None
    high: float | None
    p: float
    p_holm: float
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Values of every run and differences of every pair.

    - ``runs``: names of the runs.
    - ``values``, ``ci``: by run, then by metric.
    - ``thresholds``: by run: the threshold and where it is from.
    - ``differences``: by metric, then by pair.
    - ``warnings``: by run: what was odd about it, and how much was left out.

    >>> gold = {"e1": ["A"], "e2": ["B"]}
    >>> found = compare({"x": {"e1": ["A"], "e2": ["B"]}, "y": {"e1": ["C"], "e2": ["B"]}}, gold, n_bootstrap=0)
    >>> round(found.values["y"]["micro_f1"] - found.values["x"]["micro_f1"], 3), found.differences[0].p > 0.05
    (-0.5, True)
    """

    runs: tuple[str, ...]
    n_encounters: int
    values: Mapping[str, Mapping[str, float]]
    ci: Mapping[str, Mapping[str, Sequence[float]]]
    thresholds: Mapping[str, tuple[float | None, str]]
    differences: tuple[Difference, ...]
    warnings: Mapping[str, Sequence[str]]

    def to_json(self) -> dict[str, Any]:
        """Give the comparison as a JSON object."""
        rows = [{name: getattr(d, name) for name in Difference.__slots__} for d in self.differences]
        limits = {run: {"threshold": _finite(t), "source": s} for run, (t, s) in self.thresholds.items()}
        return {
            "schema_version": 1,
            "runs": list(self.runs),
            "n_encounters": self.n_encounters,
            "values": {run: dict(v) for run, v in self.values.items()},
            "ci": {run: dict(v) for run, v in self.ci.items()},
            "thresholds": limits,
            "differences": rows,
            "warnings": {run: list(lines) for run, lines in self.warnings.items()},
        }

    def to_frame(self) -> pd.DataFrame:
        """Give the differences as a frame, one row for each metric and pair."""
        import pandas as pd

        return pd.DataFrame([[getattr(d, n) for n in Difference.__slots__] for d in self.differences]).set_axis(
            list(Difference.__slots__), axis=1
        )


def compare(
    runs: Mapping[str, AnyRun],
    qrels: AnyQrels,
    *,
    metrics: Sequence[str] = COMPARED,
    baseline: str | None = None,
    thresholds: Mapping[str, float | ChosenThreshold | str | None] | None = None,
    systems: Collection[str] | None = None,
    split: str | None = None,
    n_permutations: int = 5000,
    n_bootstrap: int = 1000,
    seed: int = 0,
    uncoded: str = "drop",
) -> Comparison:
    """Test runs against each other on the same encounters.

    - ``runs``: two or more, by name; see `as_run` for the forms.
    - ``baseline``: test the others against this run only; all pairs by default.
    - ``thresholds``: by run; these and what is not named here as in `evaluate`.
    - ``n_permutations``, ``n_bootstrap``: exchanges for the p-values, samples for the intervals.

    ``LeadtermError`` if there are fewer than two runs, or a metric or the baseline is unknown.

    >>> gold = {f"e{i}": ["A"] for i in range(20)}
    >>> good, bad = {e: ["A"] for e in gold}, {e: ["B", "A"] for e in gold}
    >>> found = compare({"bad": bad, "good": good}, gold, metrics=["map"], n_bootstrap=0)
    >>> found.differences[0].difference, found.differences[0].p < 0.01
    (0.5, True)
    """
    if len(runs) < 2:
        raise LeadtermError(f"a comparison needs two runs or more, got {len(runs)}.", hint="Name another run.")
    if baseline is not None and baseline not in runs:
        raise unknown_name("baseline", baseline, runs)
    reference, scored = as_qrels(qrels, system=the_only(systems)), dict[str, _Scored]()
    for name, given in runs.items():
        run = as_run(given, system=the_only(systems))
        table = align(run, reference, systems=systems, uncoded=uncoded)
        table, limit, source = set_threshold(table, run, (thresholds or {}).get(name), split, seed)
        scored[name] = _scored(table, (limit, source), warnings_of(table, run, uncoded), n_bootstrap, seed)
    _check(metrics, next(iter(scored.values())).ratios)
    rows = _tests(scored, _pairs(runs, baseline), metrics, n_permutations, seed)
    corrected = holm([p for _, _, p in rows])
    return _comparison(scored, [_difference(scored, row, c) for row, c in zip(rows, corrected, strict=True)])


@dataclass(frozen=True)
class _Scored:
    """One run beside the reference codes, with its figures and their bootstrap samples."""

    table: Aligned
    limit: tuple[float | None, str]
    said: list[str]
    ratios: Ratios
    values: Mapping[str, float]
    samples: Mapping[str, Floats]


def _comparison(scored: Mapping[str, _Scored], differences: Iterable[Difference]) -> Comparison:
    """Put the figures of all runs, by run, beside the differences of the pairs."""
    values = {name: one.values for name, one in scored.items()}
    ci = {name: intervals(one.samples, one.values) for name, one in scored.items()}
    limits = {name: one.limit for name, one in scored.items()}
    said = {name: one.said for name, one in scored.items()}
    n = next(iter(scored.values())).table.n
    return Comparison(tuple(scored), n, values, ci, limits, tuple(differences), said)


def _scored(table: Aligned, limit: tuple[float | None, str], said: list[str], n_bootstrap: int, seed: int) -> _Scored:
    ratios = all_ratios(table)
    values = {**ratios.values(), **macro_metrics(label_counts(table)), **areas(table)}
    samples = bootstrap(table, ratios, n_bootstrap, seed) if n_bootstrap else {}
    return _Scored(table, limit, said, ratios, values, samples)


def detectable(samples: Floats, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Give the smallest true difference that would usually be found with encounters like these.

    It is (z(1 - alpha / 2) + z(power)) times the standard error of the difference, taken from the bootstrap.

    `alpha, power`: Level of the test and share of the samples that would find it.

    >>> round(detectable(np.array([-0.01, 0.01])), 3)
    0.028
    """
    from statistics import NormalDist

    normal = NormalDist()
    return float((normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * samples.std())


def _check(metrics: Sequence[str], ratios: Ratios) -> None:
    known = [*ratios.names, "macro_f1"]
    for metric in metrics:
        if metric not in known:
            raise unknown_name("metric", metric, known)


def _pairs(runs: Iterable[str], baseline: str | None) -> list[tuple[str, str]]:
    """List the pairs that are tested; the baseline comes first, so that the difference is what is gained over it."""
    pairs = [p for p in combinations(runs, 2) if baseline is None or baseline in p]
    return [(a, b) if b != baseline else (b, a) for a, b in pairs]


def _tests(
    scored: Mapping[str, _Scored], pairs: Sequence[tuple[str, str]], metrics: Sequence[str], n: int, seed: int
) -> list[tuple[str, tuple[str, str], float]]:
    """Give metric, pair and p-value of every test, by metric."""
    plain, found = [m for m in metrics if m != "macro_f1"], {}
    for a, b in pairs:
        one, two = scored[a].ratios.pick(plain), scored[b].ratios.pick(plain)
        p = permutation_p(one, two, scored[a].table.group, n, seed)
        found.update({(m, (a, b)): float(v) for m, v in zip(plain, p, strict=True)})
        if "macro_f1" in metrics:
            found["macro_f1", (a, b)] = macro_f1_permutation_p(scored[a].table, scored[b].table, n, seed)
    return [(metric, pair, found[metric, pair]) for metric in metrics for pair in pairs]


def _difference(
    scored: Mapping[str, _Scored], row: tuple[str, tuple[str, str], float], corrected: float
) -> Difference:
    metric, (a, b), p = row
    one, two = scored[a], scored[b]
    gap = two.values[metric] - one.values[metric]
    if not one.samples:
        return Difference(metric, a, b, gap, None, None, p, corrected, None)
    drawn = two.samples[metric] - one.samples[metric]
    low, high = np.quantile(drawn, [0.025, 0.975]) - drawn.mean() + gap
    return Difference(metric, a, b, gap, float(low), float(high), p, corrected, detectable(drawn))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
