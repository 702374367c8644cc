"""A benchmark as a page and as a table for a terminal: our rows beside published ones, and tests between runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from leadterm.evaluation.agreement import Agreement
from leadterm.evaluation.comparison import Comparison
from leadterm.evaluation.report import Report
from leadterm.experiments.benchmarks import (
    BASELINES,
    Benchmark,
    Verdict,
    metric_title,
    metrics_of,
    system_title,
    where_of,
)
from leadterm.pages.render import render
from leadterm.pages.report_page import Titles, report_values
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["benchmark_page", "benchmark_table"]

Figures = Mapping[str, Mapping[str, Any]]


def benchmark_page(
    benchmark: Benchmark,
    report: Report,
    ours: Figures,
    found: Comparison | None = None,
    verdicts: Sequence[Verdict] = (),
    *,
    encounters: Iterable[Encounter] = (),
    titles: Titles | None = None,
    coders: Agreement | None = None,
) -> str:
    """Render a benchmark: what stands beside published results, then the report of one run.

    - ``benchmark``: with its published results.
    - ``report``: of the run that is shown in full; its differences come first.
    - ``ours``: figures of our runs by name.
    - ``found``: tests between our runs.
    - ``verdicts``: figures against the expected ones.
    - ``encounters``, ``titles``: as for `report_page`.
    - ``coders``: of the people who coded the corpus, with the run among them.

    >>> from leadterm.evaluation import evaluate
    >>> from leadterm.experiments.benchmarks import load_benchmarks
    >>> report = evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, threshold=0.5, n_bootstrap=0)
    >>> "fine-tuned" in benchmark_page(load_benchmarks()["aci-bench"], report, {"ours": {"micro_f1": 0.6}})
    True
    """
    rule = benchmark.split_rule + "."
    if not all(row.primary for row in benchmark.published):
        rule += " * read in a secondary source: check it before you cite it."
    return render(
        "benchmark.html", **report_values(report, encounters, titles, "", benchmark.title),
        split_rule=rule, columns=[metric_title(m) for m in metrics_of(benchmark)], published=_rows(benchmark, ours),
        found=found, verdicts=verdicts, coders=coders, system=system_title(report.name),
        mean=", ".join(f"{name} {value:.3f}" for name, value in coders.mean_f1.items()) if coders else "",
        **(_tests(found, report.name) if found else {}),
    )  # fmt: skip


def benchmark_table(benchmark: Benchmark, ours: Figures) -> Table:
    """Lay our rows out beside the published ones for a terminal; figures from secondary sources carry a star.

    >>> from leadterm.experiments.benchmarks import load_benchmarks
    >>> benchmark_table(load_benchmarks()["aci-bench"], {"ours": {"micro_f1": 0.6}}).row_count
    7
    """
    from leadterm.pages.terminal import make_table, plain

    star = "" if all(row.primary for row in benchmark.published) else "* from a secondary source"
    columns = [metric_title(m) for m in metrics_of(benchmark)]
    table = make_table(benchmark.title, ["system", *columns, "source"], right=columns, caption=star)
    for row in _rows(benchmark, ours):
        style = "bold" if row["ours"] else ""
        name = f"{row['system']} ({row['year']})" if row["year"] else row["system"]
        cells = (name, *(figure or "-" for figure in row["figures"]), row["source"])
        table.add_row(*map(plain, cells), style=style)
    return table


def _rows(benchmark: Benchmark, ours: Figures) -> list[dict[str, Any]]:
    """Give the published rows and then ours; baselines are not marked as ours."""
    metrics, rows = metrics_of(benchmark), []
    for row in benchmark.published:
        star = "" if row.primary else "*"
        figures = [f"{row.metrics[m]:.3f}{star}" if m in row.metrics else "" for m in metrics]
        known = {"system": row.system, "year": str(row.year or ""), "figures": figures, "source": row.source}
        rows.append({**known, "ours": False})
    for name, values in ours.items():
        figures = [f"{values[m]:.3f}" if m in values else "" for m in metrics]
        known = {"system": system_title(name), "year": "", "figures": figures, "source": where_of(benchmark)}
        rows.append({**known, "ours": name not in BASELINES})
    return rows


def _tests(found: Comparison, system: str) -> dict[str, Any]:
    """Divide metrics and differences into those shown at once and those behind a fold."""
    tested = list(dict.fromkeys(d.metric for d in found.differences))
    every = next(iter(found.values.values()))
    pairs: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for d in found.differences:
        into = pairs[system in (d.a, d.b)]
        ends = () if d.low is None or d.high is None else (d.low, d.high)
        into.append({**asdict(d), "ends": ends, "first": not into or into[-1]["metric"] != d.metric})
    return {
        "tested": tested, "untested": [m for m in every if m not in tested],
        "of_system": pairs[True], "of_others": pairs[False],
    }  # fmt: skip
