"""``leadterm curve``: accuracy against training size, and what more coding would buy."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leadterm.cli.console import console, messages, write_output

if TYPE_CHECKING:
    from leadterm.evaluation.curve import LearningCurve

__all__ = ["curve"]


class Format(StrEnum):
    """How to print a curve."""

    TABLE = "table"
    JSON = "json"
    SVG = "svg"
    HTML = "html"


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
    system: Annotated[list[str] | None, typer.Option(metavar="S", help="Code system; may repeat. All.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe, a TOML file; a light one by default, since many models are trained.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.TABLE,
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="PATH", help="Write to a file.")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Show accuracy against training size with intervals, and what more coded encounters would buy."""
    from leadterm.corpus import read_split, splits_of
    from leadterm.evaluation.curve import learning_curve
    from leadterm.learn.recipe import read_recipe
    from leadterm.learn.trainers import LIGHT, corpus_trainer

    asked = test_split or ("dev" if "dev" in splits_of(corpus) and split != "dev" else None)
    with messages().status("reading") as status:
        found = learning_curve(
            corpus_trainer(read_recipe(recipe) if recipe else LIGHT, systems=system),
            read_split(corpus, split),
            read_split(corpus, asked) if asked else None,
            metric=metric,
            points=points,
            repeats=repeats,
            more=(more,),
            systems=system or None,
            seed=seed,
            progress=lambda step: status.update(f"training on {step}"),
        )
    _emit(found, format, output, Path(corpus).resolve().name)


def _emit(found: LearningCurve, format: Format, output: str | None, corpus: str) -> None:
    from leadterm.evaluation.curve_view import curve_page, curve_svg, curve_tables

    if format is Format.JSON:
        write_output(json.dumps(found.to_json(), indent=1), output)
    elif format is Format.SVG:
        write_output(curve_svg(found), output)
    elif format is Format.HTML:
        write_output(curve_page(found, corpus), output)
    elif output is None:
        for part in curve_tables(found):
            console().print(part)
    else:
        write_output(f"{found.to_frame().to_string(index=False)}\n{found.verdict()}", output)
