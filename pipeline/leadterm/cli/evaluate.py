"""``leadterm evaluate`` and ``leadterm compare``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadterm.cli.config import read_config
from leadterm.cli.console import console, messages, progress, write_output
from leadterm.cli.shared_options import As, Output, PolicyName, Seed, Systems
from leadterm.errors import LeadtermError
from leadterm.storage.writer import refuse_inputs

if TYPE_CHECKING:
    from leadterm.evaluation import Report, Run
    from leadterm.evaluation.metrics.thresholds import ChosenThreshold
    from leadterm.schema import Encounter

__all__ = ["compare", "evaluate", "titles_of"]


Format = Annotated[Literal["table", "json", "html", "csv"], typer.Option("--format", help="How to print.")]
Corpus = Annotated[str, typer.Argument(help="The corpus folder.")]
Splits = Annotated[
    list[str] | None,
    typer.Option("--split", metavar="S", help="The split to score; repeat it to pool several. Default: dev."),
]
Threshold = Annotated[
    str | None, typer.Option(metavar="N|cv", help="Lowest score chosen, or cv: chosen on other folds.")
]
Samples = Annotated[int, typer.Option("--bootstrap", min=0, help="Bootstrap samples for the intervals; 0 for none.")]


@dataclass(frozen=True)
class Scored:
    """What is scored: the encounters of one split, or of several taken as one.

    ``systems``: code systems to score; all where empty.
    """

    corpus: str
    splits: tuple[str, ...]
    systems: tuple[str, ...]
    encounters: list[Encounter]

    @property
    def name(self) -> str:
        """The splits in one word, for the report."""
        return " + ".join(self.splits)


def evaluate(
    model_or_run: Annotated[
        str, typer.Argument(metavar="MODEL|RUN", help="A model, a run of any system, suggestions, or a batch.")
    ],
    corpus: Corpus,
    split: Splits = None,
    system: Systems = None,
    threshold: Threshold = None,
    policy: PolicyName = None,
    threshold_split: Annotated[
        str | None, typer.Option(metavar="S", help="Choose the threshold on this other split.")
    ] = None,
    format: Format = "table",
    output: Output = None,
    save_run: Annotated[
        str | None, typer.Option(metavar="PATH", help="Write the suggestions as a run file (.tsv, .trec).")
    ] = None,
    note_text: Annotated[bool, typer.Option(help="html: keep the notes of the encounters shown, folded.")] = True,
    bootstrap: Samples = 1000,
    seed: Seed = 0,
) -> None:
    """Score a model or a run file against the reference codes of a corpus."""
    from leadterm.codes import levels
    from leadterm.evaluation import Qrels
    from leadterm.evaluation import evaluate as score

    for place in (output, save_run):
        refuse_inputs(place, (model_or_run, corpus))
    scored = _read(corpus, split, system)
    answer = _answering(model_or_run, scored.systems, policy)
    if threshold is None and threshold_split is None and not _is_run(model_or_run):
        threshold = read_config().get("threshold")
    limit = _threshold(threshold, threshold_split, scored, answer)
    run = answer(scored.encounters)
    if save_run:
        write_output(_run_text(run, save_run), save_run)
    report = score(
        run, Qrels.from_encounters(scored.encounters), threshold=limit, systems=scored.systems, split=scored.name,
        n_bootstrap=bootstrap, seed=seed, training=_training(scored), hierarchy=levels,
        remarks=_learned_here(model_or_run, scored),
    )  # fmt: skip
    _emit(report, format, output, scored.encounters if note_text else [], corpus)


def compare(
    run_a: Annotated[str, typer.Argument(metavar="RUN_A", help="A run file or a model.")],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="Another one.")],
    corpus: Corpus,
    split: Splits = None,
    system: Systems = None,
    threshold: Threshold = None,
    format: As = "table",
    output: Output = None,
    bootstrap: Samples = 1000,
    permutations: Annotated[int, typer.Option(min=100, help="Exchanges of the permutation test.")] = 5000,
    seed: Seed = 0,
) -> None:
    """Compare two runs on the same encounters with a paired test."""
    from leadterm.evaluation import Qrels
    from leadterm.evaluation import compare as test

    refuse_inputs(output, (run_a, run_b, corpus))
    scored, limit = _read(corpus, split, system), _number(threshold)
    runs = _two_runs(run_a, run_b, scored)
    found = test(
        runs, Qrels.from_encounters(scored.encounters), thresholds=dict.fromkeys(runs, limit), systems=scored.systems,
        split=scored.name, n_permutations=permutations, n_bootstrap=bootstrap, seed=seed,
    )  # fmt: skip
    for line in (line for name in (run_a, run_b) for line in _learned_here(name, scored)):
        messages().print(line)
    if format == "json":
        write_output(json.dumps(found.to_json(), indent=1, ensure_ascii=False), output)
    else:
        from leadterm.pages.report_tables import comparison_tables

        _print(comparison_tables(found), output)


def _read(corpus: str, splits: Sequence[str] | None, systems: Sequence[str] | None) -> Scored:
    """Read the splits that are scored; an encounter may stand in one of them only."""
    from leadterm.corpus import read_split

    names = tuple(splits or ("dev",))
    for name, times in Counter(names).items():
        if times > 1:
            raise LeadtermError(f"split '{name}' is named {times} times.", hint="Name each split once.")
    parts = [read_split(corpus, name) for name in names]
    ids = [{e.encounter_id for e in part} for part in parts]
    shared = sum(map(len, ids)) - len(set().union(*ids))
    if shared:
        raise LeadtermError(
            f"{shared} encounter ids stand in more than one of the splits {', '.join(names)}.",
            hint="Pool splits that share none; run 'leadterm corpus check'.",
        )
    return Scored(corpus, names, tuple(systems or ()), [e for part in parts for e in part])


def _two_runs(run_a: str, run_b: str, scored: Scored) -> dict[str, Run]:
    """Let both answer, under names that tell them apart."""
    if run_a == run_b:
        raise LeadtermError(f"both runs are '{run_a}'.", hint="Name two different runs.")
    runs = [_answering(name, scored.systems)(scored.encounters) for name in (run_a, run_b)]
    names = [run.name for run in runs] if runs[0].name != runs[1].name else [run_a, run_b]
    return dict(zip(names, runs, strict=True))


def _emit(report: Report, format: str, output: str | None, encounters: Sequence[Encounter], corpus: str) -> None:
    if format == "json":
        write_output(report.dumps(), output)
    elif format == "csv":
        write_output(report.to_frame().to_csv(index=False, lineterminator="\n"), output)
    elif format == "html":
        from leadterm.pages.report_page import report_page

        name = Path(corpus).resolve().name
        write_output(report_page(report, encounters, titles=titles_of(report["systems"]), corpus=name), output)
    else:
        from leadterm.pages.report_tables import report_tables

        _print(report_tables(report), output)


def _run_text(run: Run, path: str) -> str:
    if not path.endswith(".trec"):
        return run.to_text()
    from leadterm.evaluation.tables.trec import trec_text

    return trec_text(run.name, run.to_frame())


def _is_run(name: str) -> bool:
    from leadterm.evaluation.tables.batch_answers import is_batch

    return Path(name).is_file() or is_batch(name)


def _answering(name: str, systems: Sequence[str], policy: str | None = None) -> Callable[[Sequence[Encounter]], Run]:
    """Give what turns encounters into a run: a run file as it is, or a model that is asked."""
    from leadterm.evaluation import Run

    if _is_run(name):
        only = systems[0] if len(systems) == 1 else None
        run = Run.from_file(name, system=only)
        return lambda _encounters: run
    if Path(name).suffix in (".tsv", ".txt", ".csv", ".jsonl", ".trec"):
        raise LeadtermError(f"no such run file: {name}.", hint="Check the path.")
    from leadterm.models import load
    from leadterm.suggester import systems_asked

    suggester = load(name, policy=policy)

    def ask(encounters: Sequence[Encounter]) -> Run:
        asked = systems_asked(suggester, encounters)
        sets = (suggester.suggest(encounter, systems=asked) for encounter in encounters)
        return Run.from_suggestions(progress(sets, "Suggesting", total=len(encounters)), name=name)

    return ask


def _number(threshold: str | None) -> float | str | None:
    if threshold is None or threshold == "cv":
        return threshold
    try:
        return float(threshold)
    except ValueError:
        raise LeadtermError(f"unknown threshold '{threshold}'.", hint="Give a number or cv.") from None


def _threshold(
    given: str | None, chosen_on: str | None, scored: Scored, answer: Callable[[Sequence[Encounter]], Run]
) -> float | str | ChosenThreshold | None:
    if chosen_on is None:
        return _number(given)
    if given is not None:
        raise LeadtermError("--threshold and --threshold-split exclude each other.", hint="Give one of them.")
    if chosen_on in scored.splits:
        which = "the split that is" if len(scored.splits) == 1 else "one of the splits that are"
        raise LeadtermError(
            f"the threshold cannot be chosen on '{chosen_on}', {which} reported: the figures would flatter the system.",
            hint="Name another split, or use --threshold cv.",
        )
    from leadterm.corpus import read_split
    from leadterm.evaluation import Qrels, choose_threshold

    encounters = read_split(scored.corpus, chosen_on)
    return choose_threshold(answer(encounters), Qrels.from_encounters(encounters), chosen_on, systems=scored.systems)


def _training(scored: Scored) -> dict[str, int] | None:
    """Count the codes of the training split, if there is one beside the splits scored."""
    from leadterm.corpus import iter_split, splits_of
    from leadterm.evaluation import normalise_code

    if "train" in scored.splits or "train" not in splits_of(scored.corpus):
        return None
    return Counter(normalise_code(c.code) for encounter in iter_split(scored.corpus, "train") for c in encounter.codes)


def _learned_here(name: str, scored: Scored) -> list[str]:
    """Say if a model learned from the encounters that are scored, as far as its manifest tells."""
    from leadterm.corpus import read_split, splits_of
    from leadterm.paths import model_dir
    from leadterm.storage.artifacts import read_manifest

    if _is_run(name):
        return []
    said = read_manifest(model_dir(name))["meta"]
    known = said.get("corpus")
    if isinstance(known, dict):
        splits, size = [s for s in known.get("splits", ()) if s in splits_of(scored.corpus)], known.get("encounters")
    else:
        same = known == Path(scored.corpus).resolve().name
        splits, size = ["train"] if same else [], said.get("encounters")
    if not set(splits) & set(scored.splits) or size != sum(len(read_split(scored.corpus, s)) for s in splits):
        return []
    return [f"model '{name}' has learned from these encounters: the figures flatter it, others will score lower."]


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

    from leadterm.pages.terminal import make_console

    text = StringIO()
    plain = make_console(file=text, width=120, color_system=None)
    for part in parts:
        plain.print(part)
    write_output(text.getvalue(), output)
