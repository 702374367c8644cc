"""The head of a benchmark's page: our rows beside the published ones, and the tests between our systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from leadterm.evaluation.agreement import Agreement
from leadterm.evaluation.comparison import Comparison, Difference
from leadterm.experiments.benchmarks import (
    BASELINES,
    Benchmark,
    Verdict,
    metric_title,
    metrics_of,
    system_title,
    where_of,
)
from leadterm.pages.pieces import card, span_of, table

__all__ = ["benchmark_front"]


def benchmark_front(
    benchmark: Benchmark,
    ours: Mapping[str, Mapping[str, Any]],
    found: Comparison | None,
    verdicts: Sequence[Verdict],
    *,
    system: str = "trained",
    coders: Agreement | None = None,
) -> str:
    """Give the HTML that stands before the figures of the report.

    Parameters
    ----------
    benchmark : Benchmark
        With its published results.
    ours : mapping of str to mapping
        Figures of our runs by name.
    found : Comparison or None
        Tests between our runs.
    verdicts : sequence of Verdict
        Figures against the expected ones.
    system : str
        The run that the report is of: its differences are shown first.
    coders : Agreement, optional
        Of the people who coded the corpus, with the run among them.

    Returns
    -------
    str
        Cards in the style of the report.

    Examples
    --------
    >>> from leadterm.experiments.benchmarks import load_benchmarks
    >>> "fine-tuned" in benchmark_front(load_benchmarks()["aci-bench"], {"ours": {"micro_f1": 0.6}}, None, [])
    True
    """
    cards = [_published(benchmark, ours)]
    if found is not None:
        cards += [_values(found), _tests(found, system)]
    if coders is not None:
        cards.append(_agreement(coders))
    if verdicts:
        cards.append(_verdicts(verdicts))
    wide = "".join(f'<div class="wide">{part}</div>' for part in cards)
    return f"{wide}<h2>Figures: {escape(system_title(system))}</h2>"


def _published(benchmark: Benchmark, ours: Mapping[str, Mapping[str, Any]]) -> str:
    metrics, rows = metrics_of(benchmark), []
    for row in benchmark.published:
        star = "" if row.primary else "*"
        figures = [f"{row.metrics[m]:.3f}{star}" if m in row.metrics else "" for m in metrics]
        rows.append([escape(row.system), str(row.year or ""), *figures, escape(row.source)])
    for name, known in ours.items():
        figures = [f"{known[m]:.3f}" if m in known else "" for m in metrics]
        cells = [escape(system_title(name)), "", *figures, where_of(benchmark)]
        rows.append(cells if name in BASELINES else [f"<b>{cell}</b>" for cell in cells])
    columns = ["system", "year", *map(metric_title, metrics), "source"]
    text = benchmark.split_rule + "."
    if not all(row.primary for row in benchmark.published):
        text += " * read in a secondary source: check it before you cite it."
    return card("Beside published results", text, table(columns, rows, numeric=range(1, len(metrics) + 2)))


def _values(found: Comparison) -> str:
    tested = dict.fromkeys(d.metric for d in found.differences)
    every = next(iter(found.values.values()))
    text = f"The metrics that are tested below, on {found.n_encounters:,} encounters, with 95 % intervals."
    rest = _value_table(found, [metric for metric in every if metric not in tested])
    more = f"<details><summary>All other metrics</summary><div>{rest}</div></details>"
    return card("Our system and the baselines", text, _value_table(found, list(tested)) + more)


def _value_table(found: Comparison, metrics: Sequence[str]) -> str:
    rows = []
    for metric in metrics:
        cells = []
        for run in found.runs:
            small = span_of(found.ci[run].get(metric, ()))
            cells.append(f"{found.values[run][metric]:.3f}" + (f" <small>{small}</small>" if small else ""))
        rows.append([f"<code>{escape(metric)}</code>", *cells])
    return table(["metric", *found.runs], rows, numeric=range(1, len(found.runs) + 1))


def _tests(found: Comparison, system: str) -> str:
    first = [d for d in found.differences if system in (d.a, d.b)]
    others = [d for d in found.differences if system not in (d.a, d.b)]
    inner = _test_table(first or others)
    if first and others:
        inner += f"<details><summary>The other pairs</summary><div>{_test_table(others)}</div></details>"
    text = (
        f"Paired permutation tests over encounters; p (Holm) is corrected for all {len(found.differences)} tests, bold "
        "below 0.05. Detectable: the true difference that a test set of this size finds 8 times in 10."
    )
    return card("Differences", text, inner)


def _test_table(differences: Sequence[Difference]) -> str:
    rows = [
        [
            f"<code>{escape(d.metric)}</code>" if i == 0 or differences[i - 1].metric != d.metric else "",
            escape(f"{d.b} - {d.a}"),
            f"{d.difference:+.3f}",
            "" if d.low is None or d.high is None else f"{d.low:+.3f} to {d.high:+.3f}",
            _p(d.p),
            f"<b>{_p(d.p_holm)}</b>" if d.p_holm < 0.05 else _p(d.p_holm),
            "" if d.detectable is None else f"{d.detectable:.3f}",
        ]
        for i, d in enumerate(differences)
    ]
    columns = ["metric", "pair", "difference", "95 % interval", "p", "p (Holm)", "detectable"]
    return table(columns, rows, numeric=range(2, 7))


def _agreement(found: Agreement) -> str:
    rows = [
        [
            escape(f"{p.a}, {p.b}"),
            f"{p.n_encounters:,}",
            f"{p.micro_f1:.3f}",
            span_of((p.low, p.high)),
            f"{p.exact_match:.3f}",
            f"{p.alpha:.3f}",
        ]
        for p in found.pairs
    ]
    mean = ", ".join(f"{name} {value:.3f}" for name, value in found.mean_f1.items())
    text = (
        f"Krippendorff's alpha over all: {found.alpha:.3f}. Mean micro-F1 with the others: {mean}. "
        "The system learned from the codes of record."
    )
    columns = ["pair", "encounters", "micro-F1", "95 % interval", "exact match", "alpha"]
    return card("Agreement of coders", text, table(columns, rows, numeric=range(1, 6)))


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    colour = {"OK": "right", "OKish": "wrong", "FAIL": "missed"}
    rows = [
        [
            escape(v.metric),
            f"{v.expected:.3f}",
            f"{v.got:.3f}",
            f'<span class="pill {colour[v.verdict]}">{v.verdict}</span>',
        ]
        for v in verdicts
    ]
    text = "Figures stored for this benchmark. OK: within the tolerance; OKish: within three times of it, or better."
    return card("Expected figures", text, table(["figure", "expected", "got", ""], rows, numeric=(1, 2)))


def _p(value: float) -> str:
    return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"
