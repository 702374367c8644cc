"""The head of a benchmark's page: our rows beside the published ones, and the tests between our systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from leadterm.evaluation.benchmarks import Benchmark, Verdict
from leadterm.evaluation.comparison import Comparison

__all__ = ["benchmark_front"]


def benchmark_front(
    benchmark: Benchmark,
    ours: Mapping[str, Mapping[str, Any]],
    found: Comparison | None,
    verdicts: Sequence[Verdict],
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

    Returns
    -------
    str
        Cards in the style of the report.

    Examples
    --------
    >>> from leadterm.evaluation.benchmarks import load_benchmarks
    >>> "fine-tuned" in benchmark_front(load_benchmarks()["aci-bench"], {"ours": {"micro_f1": 0.6}}, None, [])
    True
    """
    cards = [_published(benchmark, ours)]
    if found is not None:
        cards += [_values(found), _tests(found)]
    if verdicts:
        rows = [[escape(v.metric), f"{v.expected:.3f}", f"{v.got:.3f}", v.verdict] for v in verdicts]
        cards.append(_card("Expected figures", _table(["figure", "expected", "got", ""], rows, (1, 2))))
    return "".join(f'<div class="wide">{card}</div>' for card in cards)


def _published(benchmark: Benchmark, ours: Mapping[str, Mapping[str, Any]]) -> str:
    metrics = list(dict.fromkeys(m for row in benchmark.published for m in row.metrics)) or ["micro_f1", "map"]
    where = f"{benchmark.folds} folds" if benchmark.folds else f"split {benchmark.report}"
    rows = [
        [
            f"{escape(row.system)} {row.year or ''}",
            *(f"{row.metrics[m]:.3f}" if m in row.metrics else "" for m in metrics),
            escape(row.source) + ("" if row.primary else " *"),
        ]
        for row in benchmark.published
    ]
    for name, figures in ours.items():
        cells = [f"<b>{figures[m]:.3f}</b>" if m in figures else "" for m in metrics]
        rows.append([f"<b>{escape(name)}</b>", *cells, f"<b>this run, {where}</b>"])
    columns = ["system", *(m.replace("_", " ") for m in metrics), "source (* secondary)"]
    return _card(benchmark.title, _table(columns, rows, range(1, len(metrics) + 1)), benchmark.split_rule)


def _values(found: Comparison) -> str:
    tested = dict.fromkeys(d.metric for d in found.differences)
    every = next(iter(found.values.values()))
    text = f"The metrics that are tested below, on {found.n_encounters} encounters, with 95 % intervals."
    rest = _value_table(found, [metric for metric in every if metric not in tested])
    more = f"<details><summary>All other metrics</summary><div>{rest}</div></details>"
    return _card("Our system and the baselines", _value_table(found, list(tested)) + more, text)


def _value_table(found: Comparison, metrics: Sequence[str]) -> str:
    rows = []
    for metric in metrics:
        cells = []
        for run in found.runs:
            ends = found.ci[run].get(metric)
            small = f" <small>{ends[0]:.3f} to {ends[1]:.3f}</small>" if ends else ""
            cells.append(f"{found.values[run][metric]:.3f}{small}")
        rows.append([f"<code>{escape(metric)}</code>", *cells])
    return _table(["metric", *map(escape, found.runs)], rows, range(1, len(found.runs) + 1))


def _tests(found: Comparison) -> str:
    rows = [
        [
            f"<code>{escape(d.metric)}</code>",
            escape(f"{d.b} - {d.a}"),
            f"{d.difference:+.3f}",
            "" if d.low is None or d.high is None else f"{d.low:+.3f} to {d.high:+.3f}",
            _p(d.p_holm),
        ]
        for d in found.differences
    ]
    table = _table(["metric", "pair", "difference", "95 % interval", "p (Holm)"], rows, (2, 3, 4))
    return _card("Differences", table, "Paired permutation tests over encounters, corrected for their number.")


def _p(value: float) -> str:
    return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"


def _card(title: str, inner: str, text: str = "") -> str:
    return f'<div class="card"><h3>{escape(title)}</h3><p class="sub">{escape(text)}</p>{inner}</div>'


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int]) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if i in numeric else ''}>{v}</{tag}>" for i, v in enumerate(values))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{cells("th", columns)}</tr>{body}</table></div>'
