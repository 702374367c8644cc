"""``leadterm benchmark``: import, train, score, and our rows beside the published ones."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadterm.cli.console import console, messages, write_output
from leadterm.cli.shared_options import Page, Seed
from leadterm.errors import LeadtermError, unknown_name

if TYPE_CHECKING:
    from leadterm.evaluation import Agreement
    from leadterm.experiments.benchmark_run import Outcome
    from leadterm.experiments.benchmarks import Benchmark

__all__ = ["benchmark"]

LIST = "list"


def benchmark(
    name: Annotated[str, typer.Argument(help="A benchmark, or: list.")],
    data: Annotated[str | None, typer.Option(metavar="DIR", help="The data as obtained: folder or file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Keep corpus, model, runs and reports here.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Option of the reader, e.g. split_files=PATH; may repeat.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="Recipe of the training, a TOML file.")] = None,
    baselines: Annotated[bool, typer.Option(help="Score plain systems too, and test against them.")] = True,
    format: Page = "table",
    bootstrap: Annotated[int, typer.Option(min=0, help="Bootstrap samples for the intervals; 0 for none.")] = 1000,
    seed: Seed = 0,
) -> None:
    """Import a benchmark, train, score, and print our rows beside the published ones. Exit status 1: a figure fell."""
    from leadterm.experiments.benchmarks import load_benchmarks

    known = load_benchmarks()
    if name == LIST:
        _list(known)
        return
    if name not in known:
        raise unknown_name("benchmark", name, [LIST, *known])
    if data is None:
        raise LeadtermError(f"no data for '{name}'. Obtain: {known[name].obtain}.", hint="Name it with --data DIR.")
    given = {"baselines": baselines, "n_bootstrap": bootstrap, "seed": seed}
    outcome = _run(known[name], data, output, recipe, {"options": _options(option), **given})
    coders = _coders(outcome, data)
    if output:
        _keep(outcome, coders, output)
    _emit(outcome, coders, format)
    if any(v.verdict == "FAIL" for v in outcome.verdicts):
        raise typer.Exit(1)


def _run(chosen: Benchmark, data: str, output: Path | None, recipe: Path | None, given: Mapping[str, Any]) -> Outcome:
    """Run a benchmark in the folder that is kept, or in one that is not, and say on the way what is done."""
    from leadterm.experiments.benchmark_run import Settings, run_benchmark
    from leadterm.training.recipe import read_recipe

    read = read_recipe(recipe) if recipe else None
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        status = stack.enter_context(messages().status("starting"))
        return run_benchmark(chosen, data, folder, Settings(recipe=read, progress=status.update, **given))


def _coders(outcome: Outcome, data: str) -> Agreement | None:
    """Measure how far the people agree who coded the same encounters, and the trained system as one more coder."""
    from importlib import import_module

    from leadterm.evaluation import agreement
    from leadterm.readers import READERS

    chosen, report = outcome.benchmark, outcome.report
    if not chosen.coders:
        return None
    asked = {encounter.encounter_id for encounter in outcome.encounters}
    known = import_module(READERS[chosen.reader]).codings(Path(data), chosen.coders)
    codings = {coder: [e for e in found if e.encounter_id in asked] for coder, found in known.items()}
    run, samples = outcome.runs[report.name], report["n_bootstrap"]
    return agreement(codings, run=run, threshold=report["threshold"], n_bootstrap=samples, seed=report["seed"])


def _options(given: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for item in given or ():
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise LeadtermError(f"bad option '{item}'.", hint="Write --option NAME=VALUE.")
        found[key] = value
    return found


def _list(known: Mapping[str, Benchmark]) -> None:
    from leadterm.pages.terminal import make_table

    table = make_table("", ("benchmark", "what", "systems", "published", "checked here"), whole=("benchmark",))
    for name, b in known.items():
        checked = ", ".join(f"{e.metric} {e.value:.3f}" for e in b.expected if e.row == "trained") or "-"
        table.add_row(name, b.title, ", ".join(b.systems), str(len(b.published)), checked)
    console().print(table)


def _keep(outcome: Outcome, coders: Agreement | None, folder: Path) -> None:
    """Write reports and runs beside corpus and model."""
    write_output(_json(outcome, coders), folder / "benchmark.json")
    write_output(_page(outcome, coders), folder / "report.html")
    for name, run in outcome.runs.items():
        write_output(run.to_text(), folder / f"{name}.run.tsv")


def _json(outcome: Outcome, coders: Agreement | None) -> str:
    whole = {**outcome.to_json(), "agreement": asdict(coders) if coders else None}
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _page(outcome: Outcome, coders: Agreement | None) -> str:
    from leadterm.cli.evaluate import titles_of
    from leadterm.pages.benchmark_page import benchmark_page

    report = outcome.report
    return benchmark_page(
        outcome.benchmark, report, outcome.rows, outcome.comparison, outcome.verdicts,
        encounters=outcome.encounters, titles=titles_of(report["systems"]), coders=coders,
    )  # fmt: skip


def _emit(outcome: Outcome, coders: Agreement | None, format: str) -> None:
    if format == "json":
        write_output(_json(outcome, coders))
    elif format == "html":
        write_output(_page(outcome, coders))
    else:
        _print(outcome, coders)


def _print(outcome: Outcome, coders: Agreement | None) -> None:
    from leadterm.pages.benchmark_page import benchmark_table
    from leadterm.pages.report_tables import agreement_tables, comparison_tables

    say, ours = console().print, outcome.report.name
    if outcome.comparison is not None:
        for part in comparison_tables(outcome.comparison, every=True, system=ours):
            say(part)
    say(benchmark_table(outcome.benchmark, outcome.rows))
    evidence = (outcome.report["evidence"] or {}).get("rules", {}).get("codiesp")
    if evidence:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in evidence.items())
        say(f"{ours}, right code and right words by the rule of CodiEsp: {figures}")
    for part in agreement_tables(coders) if coders else ():
        say(part)
    for v in outcome.verdicts:
        say(f"{v.verdict:6} {v.metric}: {v.got:.3f}, expected {v.expected:.3f}")
    if not outcome.verdicts:
        say("No expected figures are stored for this benchmark.")
    say(f"{outcome.seconds:.0f} s")
