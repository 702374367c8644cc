"""``leadterm train``: learn a model from coded notes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["train"]


def train(
    corpus: Annotated[Path, typer.Argument(help="Corpus folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the model.")],
    split: Annotated[list[str] | None, typer.Option(help="Split to learn from; repeats. Default: train.")] = None,
    system: Annotated[list[str] | None, typer.Option(help="Code system to learn; repeats. Default: all.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Recipe, a TOML file.")] = None,
    target_precision: Annotated[float | None, typer.Option(help="Report what this precision buys, e.g. 0.95.")] = None,
) -> None:
    """Train a model on coded notes."""
    from rich.console import Console

    from leadterm.learn.recipe import read_recipe
    from leadterm.learn.train import train as run

    console = Console(stderr=True)
    with console.status("starting") as status:
        result = run(
            corpus, output, read_recipe(recipe) if recipe else None,
            splits=split or ["train"], systems=system, target_precision=target_precision,
            progress=lambda step: status.update(step),
        )  # fmt: skip
    point = result.point
    typer.echo(f"model written to {result.path}")
    typer.echo(
        f"out of fold: precision {point.precision:.3f}, recall {point.recall:.3f}, F1 {point.f1:.3f} "
        f"at confidence {point.threshold:.3f}"
    )
    if target_precision is not None:
        target = result.target
        reached = "not reached at any confidence"
        if target is not None:
            reached = (
                f"from confidence {target.threshold:.3f}: {target.recall:.1%} of the codes, {target.kept} suggestions, "
                f"interval {target.low:.3f} to {target.high:.3f}"
            )
        typer.echo(f"precision {target_precision:g}: {reached}")
