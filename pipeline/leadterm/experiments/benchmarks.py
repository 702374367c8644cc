"""Benchmarks as data: where the corpora come from, what others report, what leadterm is expected to reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.storage.text_files import read_toml
from leadterm.storage.validation import STRICT, validated

__all__ = [
    "Benchmark", "Expected", "Published", "Verdict", "check_figures", "load_benchmarks", "metric_title", "metrics_of",
    "system_title", "where_of",
]  # fmt: skip

SHIPPED = Path(__file__).parent / "benchmarks.toml"  # in the source tree a link to corpora/benchmarks.toml
SYSTEMS = {
    "trained": "leadterm, trained here",
    "default": "leadterm, model as shipped",
    "policed": "the same, policy of its coders",
    "dictionary": "leadterm, plain order of the dictionary",
    "phrases": "baseline: phrase lookup",
    "linear": "baseline: TF-IDF, one linear model a code",
}
BASELINES = ("dictionary", "phrases", "linear")
_SHORT = {
    "map": "MAP",
    "micro_precision": "micro-P",
    "micro_recall": "micro-R",
    "precision_at_": "P@",
    "recall_at_": "R@",
    "micro_f1": "micro-F1",
    "macro_f1": "macro-F1",
}


@dataclass(frozen=True, slots=True)
class Published:
    """A result that others reported.

    `system`: What was scored; `year`: When it was reported, where known; `metrics`: Under the names of the evaluation
    JSON; `source`: Where it was read; `primary`: Whether that is the source itself; if not, check before citing.

    >>> Published("CAML", {"micro_f1": 0.539}, "a leaderboard", primary=False, year=2018).year
    2018
    """

    __pydantic_config__ = STRICT

    system: str
    metrics: Mapping[str, float]
    source: str
    primary: bool
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A figure that leadterm reached and should reach again.

    `metric`: Name in the evaluation JSON; `tolerance`: How far off is still fine; `row`: Which of our rows it is of:
    ``trained`` on the benchmark, the ``default`` model as shipped, that model ``policed``, or a baseline.

    >>> Expected("map", 0.64, 0.005).value
    0.64
    """

    __pydantic_config__ = STRICT

    metric: str
    value: float
    tolerance: float = 0.005
    row: str = "trained"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    - ``name``: its name in the file.
    - ``title``, ``reader``, ``obtain``, ``licence``, ``split_rule``: what it is, which reader imports it, where it is
      had, its terms, how it is split.
    - ``fit``: splits to train on.
    - ``choose``, ``report``: splits to choose the threshold on and to report.
    - ``folds``: with more than 0 the splits of ``fit`` are pooled and each encounter is answered by a model trained on
      the other folds.
    - ``earlier``: name of the model whose knowledge the training takes over; empty for the shipped one where it fits.
    - ``policy``: how its coders report, of those that `leadterm.load` knows: one more row for the shipped model.
    - ``coders``: people, or firms, who each coded the whole: their agreement is measured, with our system as one more
      coder.

    >>> load_benchmarks()["codiesp-d-es"].systems
    ('icd10cm',)
    """

    __pydantic_config__ = STRICT

    name: str
    title: str
    reader: str
    systems: tuple[str, ...]
    fit: tuple[str, ...]
    choose: str
    report: str
    obtain: str
    licence: str
    split_rule: str
    folds: int = 0
    earlier: str = ""
    policy: str = ""
    coders: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    published: tuple[Published, ...] = ()
    expected: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a figure compares with the expected one.

    `metric`: The metric, after the name of the row; `expected, got`: The two figures; ``got`` is NaN where the report
    lacks it; `verdict`: Within the tolerance; within three times the tolerance, or better; else.

    >>> check_figures([Expected("map", 0.64, 0.01)], {"trained": {"map": 0.645}})[0].verdict
    'OK'
    """

    metric: str
    expected: float
    got: float
    verdict: str


def load_benchmarks(path: str | Path | None = None) -> dict[str, Benchmark]:
    """Read a file of benchmarks.

    By name, in the order of the file. ``path``: ``corpora/benchmarks.toml`` by default; the package holds it.
    ``LeadtermError`` if the file cannot be read, or a key is unknown, missing or of a wrong type.

    >>> "mimic4-icd10" in load_benchmarks()
    True
    """
    return {name: _benchmark(name, table) for name, table in read_toml(path or SHIPPED).items()}


def check_figures(expected: Sequence[Expected], got: Mapping[str, Mapping[str, Any]]) -> list[Verdict]:
    """Compare figures with the expected ones.

    >>> [v.verdict for v in check_figures([Expected("map", 0.6, 0.01)], {"trained": {"map": 0.5}})]
    ['FAIL']
    """
    found = []
    for figure in expected:
        value = float(got.get(figure.row, {}).get(figure.metric, float("nan")))
        gap = round(value - figure.value, 9)
        found.append(Verdict(f"{figure.row} {figure.metric}", figure.value, value, _verdict(gap, figure.tolerance)))
    return found


def metrics_of(benchmark: Benchmark) -> list[str]:
    """List the metrics that others report; the usual three where there is nobody.

    >>> metrics_of(load_benchmarks()["mdace"])
    ['micro_f1', 'macro_f1', 'map']
    """
    return list(dict.fromkeys(m for p in benchmark.published for m in p.metrics)) or ["micro_f1", "macro_f1", "map"]


def metric_title(name: str) -> str:
    """Name a metric as papers do.

    >>> [metric_title(name) for name in ("map", "precision_at_8", "macro_f1_harmonic", "agreement")]
    ['MAP', 'P@8', 'macro-F1 harmonic', 'agreement']
    """
    for long, short in _SHORT.items():
        if name.startswith(long):
            name = short + name.removeprefix(long)
    return name.replace("_", " ")


def system_title(name: str) -> str:
    """Say what one of our rows is.

    Gives in a few words; the name itself if it is none of the usual ones.

    >>> system_title("trained"), system_title("mine")
    ('leadterm, trained here', 'mine')
    """
    return SYSTEMS.get(name, name)


def where_of(benchmark: Benchmark) -> str:
    """Say where the figures of our rows come from.

    >>> where_of(load_benchmarks()["aci-bench"]), where_of(load_benchmarks()["codiesp-d-es"])
    ('this run, 5 folds', 'this run, split dev')
    """
    return "this run, " + (f"{benchmark.folds} folds" if benchmark.folds else f"split {benchmark.report}")


def _verdict(gap: float, tolerance: float) -> str:
    if abs(gap) <= tolerance:
        return "OK"
    return "OKish" if gap >= -3 * tolerance else "FAIL"


def _benchmark(name: str, table: Any) -> Benchmark:
    where = f"benchmark '{name}'"
    if not isinstance(table, Mapping):
        raise LeadtermError(f"{where} is no table.", hint="Write [name] and its keys below.")
    if "name" in table:
        raise LeadtermError(f"{where} has a key 'name'.", hint="Its name is that of its table.")
    made = validated(Benchmark, {"name": name, **table}, where, noun="key in")
    if made.folds < 0 or made.folds == 1:
        raise LeadtermError(f"{where} has '{made.folds}' folds.", hint="Give 0, or 2 and more.")
    if not all(0 <= value <= 1 for row in made.published for value in row.metrics.values()):
        raise LeadtermError(f"a published result of {where} is not a share.", hint="Give figures from 0 to 1.")
    return made
