"""``leadterm curve``: accuracy against training size, and what more coding would buy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadterm.cli.console import console, messages, write_output
from leadterm.cli.shared_options import Output, Seed, Systems
from leadterm.errors import counted
from leadterm.storage.writer import refuse_inputs

if TYPE_CHECKING:
    from leadterm.experiments.curve_steps import Plan, Step
    from leadterm.experiments.learning_curve import LearningCurve

__all__ = ["curve"]
As = Annotated[Literal["table", "json", "svg", "html"], typer.Option("--format", help="How to print.")]


def curve(
    corpus: Annotated[str, typer.Argument(help="The corpus folder.")],
    split: Annotated[str, typer.Option(metavar="S", help="The split to learn from.")] = "train",
    test_split: Annotated[
        str | None, typer.Option(metavar="S", help="The split to measure on; else dev, else a quarter is held out.")
    ] = None,
    points: Annotated[int, typer.Option(min=3, help="Training sizes.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Orders in which encounters are added.")] = 3,
    more: Annotated[int, typer.Option(min=1, help="Further encounters to extrapolate to.")] = 100,
    metric: Annotated[str, typer.Option(help="What to measure.")] = "micro_f1",
    system: Systems = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe, a TOML file; a light one by default, since many models are trained.")
    ] = None,
    steps: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep each training's figures here; a later call goes on.")
    ] = None,
    format: As = "table",
    output: Output = None,
    seed: Seed = 0,
) -> None:
    """Show accuracy against training size with intervals, and what more coded encounters would buy.

    Interrupted after three sizes or more, it shows what it has.
    """
    from leadterm.corpus import read_split, splits_of
    from leadterm.experiments.curve_steps import plan_curve
    from leadterm.experiments.learning_curve import curve_of

    refuse_inputs(output, [corpus, *(file for file in (recipe, steps) if file)])
    asked = test_split or ("dev" if "dev" in splits_of(corpus) and split != "dev" else None)
    held = read_split(corpus, asked) if asked else None
    plan = plan_curve(read_split(corpus, split), held, points=points, repeats=repeats, seed=seed)
    found = _measured(plan, metric, system, recipe, steps)
    _emit(curve_of(found, plan, metric, (more,)), format, output, Path(corpus).resolve().name)


def _measured(
    plan: Plan, metric: str, systems: Sequence[str] | None, recipe: Path | None, keep: Path | None
) -> list[Step]:
    """Train step by step, say how it goes, and keep what is done."""
    from leadterm.experiments.curve_steps import load_steps, measured, steps_text
    from leadterm.experiments.trainers import LIGHT, corpus_trainer
    from leadterm.training.recipe import read_recipe

    used = read_recipe(recipe) if recipe else LIGHT
    mark = plan.mark(metric, systems, used)
    done = load_steps(keep, mark) if keep else []
    found: list[Step] = []
    trainer = corpus_trainer(used, systems=systems)
    try:
        with messages().status("training") as status:
            for step in measured(
                trainer, plan, metric=metric, systems=systems or None, done=done,
                progress=lambda what: status.update(f"training {what}"),
            ):  # fmt: skip
                found.append(step)
                messages().print(_said(found, plan, metric))
                if keep:
                    write_output(steps_text(found, mark), keep)
    except KeyboardInterrupt:
        if len({step.n for step in found}) < 3:
            raise
        messages().print(f"interrupted: the curve of {len(found)} of {len(plan.todo())} trainings.")
    return found


def _said(found: Sequence[Step], plan: Plan, metric: str) -> str:
    """Say what the last step gave, and about how long the others will take."""
    step, todo = found[-1], plan.todo()
    ahead = sum(_guess(found, n) for _, n in todo[len(found) :])
    left = f", about {ahead:.0f} s left" if ahead else ""
    learned = counted(step.n, "encounter")
    return f"{len(found)} of {len(todo)}: {learned}, {metric} {step.value:.3f} ({step.seconds:.0f} s{left})"


def _guess(found: Sequence[Step], n: int) -> float:
    """Guess the time of a training of n encounters from its neighbours in size: part of it is the same for all."""
    near = min(found, key=lambda step: abs(step.n - n))
    return float(near.seconds * (n / near.n) ** 0.5)


def _emit(found: LearningCurve, format: str, output: str | None, corpus: str) -> None:
    from leadterm.pages.curve_page import curve_page, curve_svg, curve_tables

    if format == "json":
        write_output(json.dumps(found.to_json(), indent=1), output)
    elif format == "svg":
        write_output(curve_svg(found), output)
    elif format == "html":
        write_output(curve_page(found, corpus), output)
    elif output is None:
        for part in curve_tables(found):
            console().print(part)
    else:
        write_output(f"{found.to_frame().to_string(index=False)}\n{found.verdict()}", output)
