"""``leadterm plan``: what a batch will take, from notes that are coded now."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from leadterm.cli.config import read_config
from leadterm.cli.console import write_output
from leadterm.cli.shared_options import As, Sql, TextColumn
from leadterm.errors import LeadtermError

__all__ = ["plan"]

Like = Annotated[str | None, typer.Argument(metavar="[INPUT]", help="Notes like those of the run. Generated ones.")]
Notes = Annotated[int | None, typer.Option(min=1, help="How many notes the run has. Those of INPUT.")]
Words = Annotated[int, typer.Option(min=5, help="Words of a generated note.")]
Cores = Annotated[int | None, typer.Option(min=1, help="Cores of the run. Those of this machine.")]
Hourly = Annotated[float, typer.Option("--price", min=0, help="What a core costs an hour.")]
Model = Annotated[str | None, typer.Option("--model", metavar="M", help="Name or folder of a model.")]
Systems = Annotated[list[str] | None, typer.Option("--system", metavar="S", help="Code system; may repeat.")]


def plan(
    like: Like = None,
    notes: Notes = None,
    words: Words = 400,
    cores: Cores = None,
    price: Hourly = 0.0,
    model: Model = None,
    system: Systems = None,
    sql: Sql = None,
    text_column: TextColumn = None,
    format: As = "table",
) -> None:
    """Tell what `leadterm batch` will take: core hours, hours, memory, disk, money.

    Each core of this machine codes a few hundred notes: those of INPUT, short and long ones, or generated ones.
    """
    started = time.process_time()
    from leadterm.batch.database_rows import is_address
    from leadterm.batch.options import Options
    from leadterm.batch.pricing import measure_rates, write_sample
    from leadterm.batch.pricing import price as reckon
    from leadterm.batch.supervisor import count_cores

    if like is None and notes is None:
        raise LeadtermError("plan needs notes, or how many there are.", hint="Try: leadterm plan --notes 1000000.")
    with TemporaryDirectory(prefix="leadterm-plan-") as place:
        made = Path(place) / "notes.jsonl"
        if like is None:
            write_sample(made, words)
        source = str(Path(like or made).absolute()) if like is None or not is_address(like) else like
        columns = {"text": text_column} if text_column else {}
        name = model or read_config().get("model", "default")
        machines = cores or count_cores()
        asked = Options(source, name, systems=tuple(system or ()), columns=columns, sql=sql)
        rows, rates = measure_rates(asked, min(machines, count_cores()))
    count = notes or rows
    found = reckon(replace(rates, own=rates.own + started), count, machines, price)
    told = {
        "notes": count, "cores": machines, "notes_a_second_and_core": 1 / rates.seconds, "core_hours": found.core_hours,
        "hours": found.hours, "memory_bytes": found.memory, "output_bytes": found.output, "money": found.money,
        "measured_notes": rates.notes,
    }  # fmt: skip
    write_output(json.dumps(told) if format == "json" else "\n".join(_lines(told)))


def _lines(told: dict[str, float]) -> list[str]:
    from leadterm.batch.how_far import duration

    rate, sample = told["notes_a_second_and_core"], told["measured_notes"]
    return [
        f"notes     {told['notes']:,}",
        f"rate      {rate:,.0f} notes a second on a core (measured on {sample:,} notes)",
        f"work      {told['core_hours']:,.2f} core hours",
        f"time      {duration(told['hours'] * 3600)} on {told['cores']:,} cores",
        f"memory    {told['memory_bytes'] / 1e9:,.1f} GB for {told['cores']:,} workers",
        f"output    {told['output_bytes'] / 1e9:,.2f} GB",
        f"price     {told['money']:,.2f}",
    ]
