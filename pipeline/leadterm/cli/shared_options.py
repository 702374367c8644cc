"""Options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

As = Annotated[Literal["table", "json"], typer.Option("--format", help="How to print.")]
EditFolder = Annotated[
    Path | None, typer.Option("--edits", metavar="FOLDER", help="Official NCCI, MUE and coverage files that you have.")
]
Encounters = Annotated[
    list[str] | None, typer.Option("--encounter", metavar="ID", help="Which of them; may repeat. All.")
]
IdColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column of the encounter's id.")]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="PATH", help="Write to a file.")]
Page = Annotated[Literal["table", "json", "html"], typer.Option("--format", help="How to print.")]
PolicyName = Annotated[
    str | None, typer.Option("--policy", metavar="P", help="What your site does not report: assessed, or a file.")
]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
RulesFile = Annotated[Path | None, typer.Option("--rules", metavar="FILE", help="Rules of your site, TOML.")]
Systems = Annotated[list[str] | None, typer.Option("--system", metavar="S", help="Code system; may repeat. All.")]
Sql = Annotated[str | None, typer.Option(metavar="QUERY", help="Notes are the rows of a query.")]
TextColumn = Annotated[str | None, typer.Option(metavar="NAME", help="Column of the notes in a table.")]
