"""``leadterm benchmark``: import, train, score, and our rows beside the published ones."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leadterm.cli.console import console, messages, progress, write_output
from leadterm.errors import LeadtermError, unknown_name

if TYPE_CHECKING:
    from leadterm.evaluation import Report, Run
    from leadterm.evaluation.benchmarks import Benchmark, Verdict
    from leadterm.evaluation.comparison import Comparison
    from leadterm.evaluation.protocol import Answer, Trainer
    from leadterm.schema import Encounter

__all__ = ["benchmark"]

LIST = "list"
TRAINED, DEFAULT, DICTIONARY, PHRASES, LINEAR = "trained", "default", "dictionary", "phrases", "linear"


class Format(StrEnum):
    """How to print."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


@dataclass(frozen=True)
class Outcome:
    """What a benchmark gave.

    Parameters
    ----------
    benchmark : Benchmark
        Which.
    encounters : list of Encounter
        Those scored.
    report : Report
        Of the trained model.
    rows : mapping of str to mapping of str to float
        Figures of our systems by name.
    comparison : Comparison or None
        Tests between our systems.
    verdicts : list of Verdict
        Against the expected figures.
    manifests : list of mapping
        Of each training.
    seconds : float
        The whole took.
    """

    benchmark: Benchmark
    encounters: list[Encounter]
    report: Report
    rows: Mapping[str, Mapping[str, float]]
    comparison: Comparison | None
    verdicts: list[Verdict]
    manifests: list[Mapping[str, Any]]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Give everything but note text as a JSON object."""
        return {
            "schema_version": 1,
            "benchmark": asdict(self.benchmark),
            "report": self.report.to_json(),
            "rows": {name: dict(figures) for name, figures in self.rows.items()},
            "comparison": self.comparison.to_json() if self.comparison else None,
            "verdicts": [asdict(v) for v in self.verdicts],
            "manifests": list(self.manifests),
            "seconds": round(self.seconds, 1),
        }


def benchmark(
    name: Annotated[str, typer.Argument(help="A benchmark, or: list.")],
    data: Annotated[str | None, typer.Option(metavar="DIR", help="The data as obtained: folder or file.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Keep corpus, model, runs and reports here.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="Option of the reader, e.g. split_files=PATH; may repeat.")
    ] = None,
    baselines: Annotated[bool, typer.Option(help="Score plain systems too, and test against them.")] = True,
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    bootstrap: Annotated[int, typer.Option(min=0, help="Bootstrap samples for the intervals; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Import a benchmark, train, score, and print our rows beside the published ones. Exit status 1: a figure fell."""
    from leadterm.evaluation.benchmarks import load_benchmarks

    known = load_benchmarks()
    if name == LIST:
        _list(known)
        return
    if name not in known:
        raise unknown_name("benchmark", name, [LIST, *known])
    if data is None:
        raise LeadtermError(f"no data for '{name}'. Obtain: {known[name].obtain}.", hint="Name it with --data DIR.")
    with ExitStack() as stack:
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        status = stack.enter_context(messages().status("starting"))

        def tell(step: str) -> None:
            status.update(step)

        outcome = _run(known[name], data, folder, _options(option), baselines, bootstrap, seed, tell)
    if output:
        _keep(outcome, output)
    _emit(outcome, format)
    if any(v.verdict == "FAIL" for v in outcome.verdicts):
        raise typer.Exit(1)


def _run(
    chosen: Benchmark,
    data: str,
    folder: Path,
    options: Mapping[str, str],
    baselines: bool,
    bootstrap: int,
    seed: int,
    tell: Callable[[str], None],
) -> Outcome:
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels, compare, evaluate
    from leadterm.evaluation.benchmarks import check_figures
    from leadterm.learn.trainers import corpus_trainer
    from leadterm.readers import import_corpus

    start = time.perf_counter()
    tell("reading the data")
    import_corpus(chosen.reader, data, folder / "corpus", watch=iter, **{**chosen.options, **options})
    train = [e for split in chosen.fit for e in read_split(folder / "corpus", split)]
    test = train if chosen.folds else read_split(folder / "corpus", chosen.report)
    manifests: list[Mapping[str, Any]] = []
    trainer = corpus_trainer(
        systems=chosen.systems, name=TRAINED, output=None if chosen.folds else folder / "model",
        progress=lambda step: tell(f"training: {step}"), done=lambda result: manifests.append(result.model.meta),
    )  # fmt: skip
    runs, limits = _ask(chosen, trainer, train, test, folder, seed, tell)
    others = _plain(chosen, train, test, seed, tell, all_of_them=baselines)
    runs, limits = {**others, **runs}, {**dict.fromkeys(others, "cv"), **limits}
    limits |= {DEFAULT: None} if DEFAULT in others else {}
    tell("scoring")
    qrels = Qrels.from_encounters(test)
    reports = {
        name: evaluate(
            run, qrels, threshold=limits[name], systems=chosen.systems, split=chosen.report, seed=seed,
            n_bootstrap=bootstrap if name == TRAINED else 0, training=None if chosen.folds else _counts(train),
        )
        for name, run in runs.items()
    }  # fmt: skip
    found = None
    if len(runs) > 1:
        tell("testing the differences")
        found = compare(
            runs,
            qrels,
            thresholds=limits,
            systems=chosen.systems,
            split=chosen.report,
            n_bootstrap=bootstrap,
            seed=seed,
        )
    rows = {name: figures_of(report) for name, report in reports.items()}
    verdicts = check_figures([e for e in chosen.expected if e.row in rows], rows)
    return Outcome(
        chosen, test, reports[TRAINED], rows, found, verdicts, manifests, time.perf_counter() - start
    )  # fmt: skip


def _ask(
    chosen: Benchmark,
    trainer: Trainer,
    train: Sequence[Encounter],
    test: Sequence[Encounter],
    folder: Path,
    seed: int,
    tell: Callable[[str], None],
) -> tuple[dict[str, Run], dict[str, Any]]:
    """Train and answer, by folds or by splits; give the run and its threshold."""
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels, choose_threshold
    from leadterm.evaluation.protocol import cross_validate

    if chosen.folds:
        run = cross_validate(trainer, test, folds=chosen.folds, seed=seed, name=TRAINED, progress=tell)
        return {TRAINED: run}, {TRAINED: "cv"}
    answer = trainer(train)
    tell("suggesting")
    limit = None
    if chosen.choose not in chosen.fit:
        held = read_split(folder / "corpus", chosen.choose)
        limit = choose_threshold(answer(held), Qrels.from_encounters(held), chosen.choose, systems=chosen.systems)
    return {TRAINED: answer(test)}, {TRAINED: limit}


def _plain(
    chosen: Benchmark,
    train: Sequence[Encounter],
    test: Sequence[Encounter],
    seed: int,
    tell: Callable[[str], None],
    *,
    all_of_them: bool,
) -> dict[str, Run]:
    """Let the shipped model and the baselines that fit the corpus answer."""
    from leadterm.evaluation import Run
    from leadterm.evaluation.protocol import cross_validate
    from leadterm.learn.baselines import dictionary_lookup
    from leadterm.learn.trainers import answer_of, linear_trainer, phrase_trainer
    from leadterm.suggester import Suggester, load_suggester

    def learned(trainer: Trainer, name: str) -> Run:
        if chosen.folds:
            return cross_validate(trainer, test, folds=chosen.folds, seed=seed, name=name)
        answer: Answer = trainer(train)
        return answer(test)

    runs = {}
    if all_of_them:
        tell("baseline: linear words")
        runs[LINEAR] = learned(linear_trainer(chosen.systems, name=LINEAR, seed=seed), LINEAR)
        if any(code.evidence for e in train for code in e.codes):
            tell("baseline: phrase lookup")
            runs[PHRASES] = learned(phrase_trainer(name=PHRASES), PHRASES)
    shipped = load_suggester() if _english(test) and "icd10cm" in chosen.systems else None
    if isinstance(shipped, Suggester):
        if all_of_them:
            tell("baseline: dictionary lookup")
            runs[DICTIONARY] = Run.from_frame(dictionary_lookup(shipped, test), name=DICTIONARY)
        tell("the shipped model")
        runs[DEFAULT] = answer_of(shipped, DEFAULT, lambda e: progress(e, "Suggesting", total=len(test)))(test)
    return runs


def figures_of(report: Report) -> dict[str, float]:
    """Give the single figures of a report, those of evidence too, as ``evidence_RULE_f1`` and so on.

    Parameters
    ----------
    report : Report
        What `leadterm.evaluation.evaluate` gave.

    Returns
    -------
    dict of str to float
        By name.
    """
    rules = (report["evidence"] or {}).get("rules", {})
    more = {f"evidence_{rule}_{m}": scores[m] for rule, scores in rules.items() for m in ("precision", "recall", "f1")}
    return {**report.metrics(), **more}


def _english(encounters: Sequence[Encounter]) -> bool:
    return all(e.language == "en" for e in encounters)


def _counts(encounters: Sequence[Encounter]) -> dict[str, int]:
    from collections import Counter

    return Counter(code.code for e in encounters for code in e.codes)


def _options(given: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for item in given or ():
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise LeadtermError(f"bad option '{item}'.", hint="Write --option NAME=VALUE.")
        found[key] = value
    return found


def _list(known: Mapping[str, Benchmark]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("benchmark", "what", "systems", "published", "checked here"):
        table.add_column(column, no_wrap=column == "benchmark")
    for name, b in known.items():
        checked = ", ".join(f"{e.metric} {e.value:.3f}" for e in b.expected) or "-"
        table.add_row(name, b.title, ", ".join(b.systems), str(len(b.published)), checked)
    console().print(table)


def _keep(outcome: Outcome, folder: Path) -> None:
    """Write the report and the comparison beside corpus and model."""
    write_output(json.dumps(outcome.to_json(), indent=1, ensure_ascii=False), folder / "benchmark.json")
    write_output(_page(outcome), folder / "report.html")


def _page(outcome: Outcome) -> str:
    from leadterm.evaluation.html import render_html
    from leadterm.evaluation.html_benchmark import benchmark_front

    front = benchmark_front(outcome.benchmark, outcome.rows, outcome.comparison, outcome.verdicts)
    return render_html(outcome.report, outcome.encounters, corpus=outcome.benchmark.title, front=front)


def _emit(outcome: Outcome, format: Format) -> None:
    if format is Format.JSON:
        write_output(json.dumps(outcome.to_json(), indent=1, ensure_ascii=False))
    elif format is Format.HTML:
        write_output(_page(outcome))
    else:
        _print(outcome)


def _print(outcome: Outcome) -> None:
    from leadterm.evaluation.benchmarks import benchmark_table
    from leadterm.evaluation.tables import comparison_tables

    if outcome.comparison is not None:
        for part in comparison_tables(outcome.comparison, every=True):
            console().print(part)
    console().print(benchmark_table(outcome.benchmark, outcome.rows))
    evidence = {k: v for k, v in outcome.rows[TRAINED].items() if k.startswith("evidence_codiesp")}
    if evidence:
        console().print("  ".join(f"{name} {value:.3f}" for name, value in evidence.items()))
    for v in outcome.verdicts:
        console().print(f"{v.verdict:6} {v.metric}: {v.got:.3f}, expected {v.expected:.3f}")
    if not outcome.verdicts:
        console().print("No expected figures are stored for this benchmark.")
    console().print(f"{outcome.seconds:.0f} s")
