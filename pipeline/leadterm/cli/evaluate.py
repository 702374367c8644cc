"""``leadterm evaluate`` and ``leadterm compare``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadterm.cli.console import console, messages, progress, write_output
from leadterm.errors import LeadtermError

if TYPE_CHECKING:
    from leadterm.evaluation import Report, Run
    from leadterm.evaluation.thresholds import ChosenThreshold
    from leadterm.schema import Encounter

__all__ = ["compare", "evaluate", "titles_of"]


class Format(StrEnum):
    """How to print a report."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


class ShortFormat(StrEnum):
    """How to print a comparison."""

    TABLE = "table"
    JSON = "json"


Corpus = Annotated[str, typer.Argument(help="The corpus folder.")]
Split = Annotated[str, typer.Option(metavar="S", help="The split to score.")]
Systems = Annotated[list[str] | None, typer.Option("--system", metavar="S", help="Code system; may repeat. All.")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="PATH", help="Write to a file.")]
Samples = Annotated[int, typer.Option("--bootstrap", min=0, help="Bootstrap samples for the intervals; 0 for none.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]


def evaluate(
    model_or_run: Annotated[
        str, typer.Argument(metavar="MODEL|RUN", help="A model, a run file of any system, or suggestions (.jsonl).")
    ],
    corpus: Corpus,
    split: Split = "dev",
    system: Systems = None,
    threshold: Annotated[
        str | None, typer.Option(metavar="N|cv", help="Lowest score chosen, or cv: chosen on other folds.")
    ] = None,
    threshold_split: Annotated[
        str | None, typer.Option(metavar="S", help="Choose the threshold on this other split.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    output: Output = None,
    save_run: Annotated[str | None, typer.Option(metavar="PATH", help="Write the suggestions as a run file.")] = None,
    note_text: Annotated[bool, typer.Option(help="html: keep the notes of the encounters shown, folded.")] = True,
    bootstrap: Samples = 1000,
    seed: Seed = 0,
) -> None:
    """Score a model or a run file against the reference codes of a corpus."""
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels
    from leadterm.evaluation import evaluate as score

    encounters = read_split(corpus, split)
    answer = _answering(model_or_run, system)
    run = answer(encounters)
    if save_run:
        write_output(run.to_frame().to_csv(sep="\t", index=False), save_run)
    report = score(
        run,
        Qrels.from_encounters(encounters),
        threshold=_threshold(threshold, threshold_split, split, corpus, answer, system),
        systems=system or None,
        split=split,
        n_bootstrap=bootstrap,
        seed=seed,
        training=_training(corpus, split),
    )
    _emit(report, format, output, encounters if note_text else [], corpus)


def compare(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="A run file or a model.")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="Another one.")],
    corpus: Corpus,
    split: Split = "dev",
    system: Systems = None,
    threshold: Annotated[
        str | None, typer.Option(metavar="N|cv", help="Lowest score chosen in both, or cv: chosen on other folds.")
    ] = None,
    format: Annotated[ShortFormat, typer.Option("--format", help="How to print.")] = ShortFormat.TABLE,
    output: Output = None,
    bootstrap: Samples = 1000,
    permutations: Annotated[int, typer.Option(min=100, help="Exchanges of the permutation test.")] = 5000,
    seed: Seed = 0,
) -> None:
    """Compare two runs on the same encounters with a paired test."""
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels
    from leadterm.evaluation import compare as test

    encounters = read_split(corpus, split)
    runs = [_answering(name, system)(encounters) for name in (run_a, run_b)]
    names = [run.name for run in runs] if runs[0].name != runs[1].name else [run_a, run_b]
    if names[0] == names[1]:
        raise LeadtermError(f"both runs are '{names[0]}'.", hint="Name two different runs.")
    limit = _number(threshold)
    found = test(
        dict(zip(names, runs, strict=True)),
        Qrels.from_encounters(encounters),
        thresholds=dict.fromkeys(names, limit),
        systems=system or None,
        split=split,
        n_permutations=permutations,
        n_bootstrap=bootstrap,
        seed=seed,
    )
    if format is ShortFormat.JSON:
        write_output(json.dumps(found.to_json(), indent=1, ensure_ascii=False), output)
    else:
        from leadterm.evaluation.tables import comparison_tables

        _print(comparison_tables(found), output)


def _emit(report: Report, format: Format, output: str | None, encounters: Sequence[Encounter], corpus: str) -> None:
    if format is Format.JSON:
        write_output(report.dumps(), output)
    elif format is Format.HTML:
        from leadterm.evaluation.html import render_html

        name = Path(corpus).resolve().name
        write_output(render_html(report, encounters, titles=titles_of(report["systems"]), corpus=name), output)
    else:
        from leadterm.evaluation.tables import report_tables

        _print(report_tables(report), output)


def _answering(name: str, systems: Sequence[str] | None) -> Callable[[Sequence[Encounter]], Run]:
    """Give what turns encounters into a run: a run file as it is, or a model that is asked."""
    from leadterm.evaluation import Run

    if Path(name).is_file():
        only = systems[0] if systems and len(systems) == 1 else None
        run = Run.from_file(name, system=only)
        return lambda _encounters: run
    if Path(name).suffix in (".tsv", ".txt", ".csv", ".jsonl"):
        raise LeadtermError(f"no such run file: {name}.", hint="Check the path.")
    from leadterm.suggester import load_suggester

    suggester = load_suggester(name)

    def ask(encounters: Sequence[Encounter]) -> Run:
        sets = progress(suggester.suggest_many(encounters), "Suggesting", total=len(encounters))
        return Run.from_suggestions(sets, name=name)

    return ask


def _number(threshold: str | None) -> float | str | None:
    if threshold is None or threshold == "cv":
        return threshold
    try:
        return float(threshold)
    except ValueError:
        raise LeadtermError(f"unknown threshold '{threshold}'.", hint="Give a number or cv.") from None


def _threshold(
    given: str | None,
    chosen_on: str | None,
    split: str,
    corpus: str,
    answer: Callable[[Sequence[Encounter]], Run],
    systems: Sequence[str] | None,
) -> float | str | ChosenThreshold | None:
    if chosen_on is None:
        return _number(given)
    if given is not None:
        raise LeadtermError("--threshold and --threshold-split exclude each other.", hint="Give one of them.")
    if chosen_on == split:
        raise LeadtermError(
            f"the threshold cannot be chosen on '{split}', the split that is reported: "
            "the figures would flatter the system.",
            hint="Name another split, or use --threshold cv.",
        )
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels, choose_threshold

    encounters = read_split(corpus, chosen_on)
    return choose_threshold(answer(encounters), Qrels.from_encounters(encounters), chosen_on, systems=systems or None)


def _training(corpus: str, split: str) -> dict[str, int] | None:
    """Count the codes of the training split, if there is one beside the split scored."""
    from collections import Counter

    from leadterm.corpus import iter_split, splits_of
    from leadterm.evaluation import normalise_code

    if split == "train" or "train" not in splits_of(corpus):
        return None
    return Counter(normalise_code(c.code) for encounter in iter_split(corpus, "train") for c in encounter.codes)


def titles_of(systems: Sequence[str]) -> Callable[[str, str], str]:
    """Give a function from (system, code) to its title, empty for systems and codes that are not installed."""
    from leadterm.codes.registry import load_system

    known = {}
    for name in systems:
        try:
            known[name] = load_system(name)
        except LeadtermError:
            messages().print(f"no titles for {name}: the code system is not installed.")

    def title(system: str, code: str) -> str:
        found = known.get(system)
        spelled = found.normalise(code) if found else None
        return found.title(spelled) if found and spelled else ""

    return title


def _print(parts: Sequence[object], output: str | None) -> None:
    if output is None:
        for part in parts:
            console().print(part)
        return
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    plain = Console(file=text, width=120, highlight=False, color_system=None)
    for part in parts:
        plain.print(part)
    write_output(text.getvalue(), output)
