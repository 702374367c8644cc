"""``leadterm train``: learn a model from coded notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leadterm.errors import LeadtermError, printable

if TYPE_CHECKING:
    from leadterm.learned.prior_model import Prior
    from leadterm.training.train_model import TrainResult

__all__ = ["train"]


def train(
    corpus: Annotated[Path, typer.Argument(help="Corpus folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="MODEL", help="Folder of the model.")],
    split: Annotated[
        list[str] | None, typer.Option(metavar="S", help="Split to learn from; may repeat. Default: train.")
    ] = None,
    system: Annotated[
        list[str] | None, typer.Option(metavar="S", help="Code system to learn; may repeat. Default: all.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(metavar="FILE", help="Recipe, a TOML file.")] = None,
    target_precision: Annotated[
        float | None, typer.Option(metavar="P", help="Report what this precision buys, e.g. 0.95.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="MODEL", help="Keep what this model knows, or none. Default: the shipped one if it fits."
        ),
    ] = None,
    continue_: Annotated[
        str | None, typer.Option("--continue", metavar="MODEL", help="Learn further, from notes new to this model.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes. Default: two, where there are two cores.")] = 2,
) -> None:
    """Train a model on coded notes."""
    from leadterm.training.recipe import read_recipe
    from leadterm.training.train_model import train as run

    with _progress() as tell:
        result = run(
            corpus, output, read_recipe(recipe) if recipe else None,
            splits=split or ["train"], systems=system, target_precision=target_precision,
            earlier=_earlier(from_, continue_), jobs=min(jobs, _cores()), progress=tell,
        )  # fmt: skip
    _say(result, target_precision)


def _earlier(known: str | None, continued: str | None) -> Prior | Literal["auto"] | None:
    """The model that is kept, loaded."""
    from leadterm.models import load_prior

    if known and continued:
        raise LeadtermError("--from and --continue exclude each other.", hint="Give one of them.")
    if continued:
        return load_prior(continued, learned=True)
    if known is None:
        return "auto"
    return load_prior(known) if known != "none" else None


def _cores() -> int:
    from joblib import cpu_count

    return int(cpu_count())


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar with an estimate on a terminal; elsewhere a line for each step."""
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from leadterm.cli.console import messages

    console = messages()
    if not console.is_terminal:
        yield lambda step, share: console.print(f"{share:4.0%} {step}")
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda step, share: bar.update(task, description=step, completed=share)


def _say(result: TrainResult, target_precision: float | None) -> None:
    """The figures of the run."""
    point, target = result.point, result.target
    for remark in result.remarks:
        typer.echo(f"leadterm: warning: {printable(remark)}", err=True)
    typer.echo(f"model written to {printable(str(result.path))}")
    typer.echo(
        f"out of fold: precision {point.precision:.3f}, recall {point.recall:.3f}, F1 {point.f1:.3f} "
        f"at confidence {point.threshold:.3f}"
    )
    if target_precision is None:
        return
    reached = "not reached at any confidence"
    if target is not None:
        reached = (
            f"from confidence {target.threshold:.3f}: {target.recall:.1%} of the codes, {target.kept} suggestions, "
            f"interval {target.low:.3f} to {target.high:.3f}"
        )
    typer.echo(f"precision {target_precision:g}: {reached}")
