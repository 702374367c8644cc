"""``leadterm batch``: codes for millions of notes, by processes of this machine or of a cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadterm.cli.config import known_policy, known_setting, read_config
from leadterm.cli.console import say, write_output
from leadterm.cli.shared_options import IdColumn, PolicyName, Sql, TextColumn
from leadterm.cli.tables import check_table_output
from leadterm.errors import LeadtermError, counted

if TYPE_CHECKING:
    from leadterm.batch.journal import Journal
    from leadterm.batch.options import Options
    from leadterm.batch.planning import Plan
    from leadterm.batch.run_folder import RunFolder
    from leadterm.batch.running import Engine

__all__ = ["batch"]

EVERY, FEW = 10.0, 20
Input = Annotated[str | None, typer.Argument(help="Notes; with --sql a database, its address, or a table.")]
Output = Annotated[str | None, typer.Argument(help="Folder of the answers; the same one goes on with a run.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes on this machine. As many as it has cores.")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster that sees the same files.")]
As = Annotated[Literal["parquet", "jsonl", "csv"], typer.Option("--format", help="Of the answers.")]
Model = Annotated[str | None, typer.Option("--model", metavar="M", help="Name or folder of a model.")]
Setting = Annotated[str | None, typer.Option(metavar="S", help="outpatient or inpatient. What the notes read like.")]
Systems = Annotated[list[str] | None, typer.Option("--system", metavar="S", help="Code system; may repeat.")]
Top = Annotated[int | None, typer.Option(min=1, help="Most codes per encounter.")]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="Lowest confidence of a suggested code.")]
Date = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Date of service where the notes have none.")]
Size = Annotated[int | None, typer.Option("--notes-per-part", min=1, help="About; chosen by the size of the input.")]
Memory = Annotated[float, typer.Option(min=0.1, metavar="GB", help="A worker that holds more is replaced.")]
Log = Annotated[str | None, typer.Option(metavar="FILE", help="Lines of JSON on what happens; - for standard error.")]
Metrics = Annotated[str | None, typer.Option(metavar="FILE", help="Keep figures for Prometheus' textfile collector.")]
Status = Annotated[str | None, typer.Option("--status", metavar="OUTPUT", help="Only show how far that run is.")]


def batch(
    input: Input = None,
    output: Output = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    format: As = "parquet",
    model: Model = None,
    setting: Setting = None,
    system: Systems = None,
    top: Top = None,
    threshold: Threshold = None,
    policy: PolicyName = None,
    date: Date = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    sql: Sql = None,
    notes_per_part: Size = None,
    max_memory: Memory = 2.0,
    log: Log = None,
    metrics: Metrics = None,
    status: Status = None,
) -> None:
    """Suggest codes for millions of notes: a plan of parts, one file of answers for each, a record of what is done.

    Whatever stops it, the same command goes on where it was, and the files are the same. Notes that cannot be read or
    that end their process are told in _dead_letters.jsonl; the exit status is then 2.
    """
    from leadterm.batch.database_rows import is_address
    from leadterm.batch.journal import Journal
    from leadterm.batch.options import Options
    from leadterm.pages.wanted import Format

    if status is not None:
        return _show(status)
    if input is None or output is None:
        raise LeadtermError("batch needs an input and an output.", hint="See 'leadterm batch --help'.")
    held = read_config()
    setting = known_setting(setting or held.get("setting"))
    check_table_output(format, output)
    columns = {role: name for role, name in (("text", text_column), ("id", id_column)) if name is not None}
    options = Options(
        input if is_address(input) else str(Path(input).absolute()),
        _placed(model or held.get("model", "default")), Format(format),
        tuple(system or ()), top, held.get("threshold") if threshold is None else threshold, setting, date, columns,
        sql, notes_per_part, known_policy(policy or held.get("policy")),
    )  # fmt: skip
    with Journal(log, metrics) as journal:
        ended = _go(options, output, _engine(scheduler, workers, round(max_memory * 1e9)), journal)
    raise typer.Exit(ended)


def _placed(model: str) -> str:
    """Say where a model is so that workers find it, whatever folder they start in."""
    return str(Path(model).absolute()) if Path(model).is_dir() else model


def _engine(scheduler: str | None, workers: int | None, memory: int) -> Engine:
    if scheduler is not None:
        from leadterm.batch.dask_engine import run_dask

        return lambda folder, numbers: run_dask(folder, numbers, scheduler)
    from leadterm.batch.supervisor import Limits, count_cores, run_local

    count = workers or count_cores()
    return lambda folder, numbers: run_local(folder, numbers, count, Limits(memory=memory))


def _go(options: Options, output: str, engine: Engine, journal: Journal) -> int:
    """Do what is left of a run, and give the exit status."""
    from leadterm.batch.planning import make_plan
    from leadterm.batch.run_folder import RunFolder
    from leadterm.batch.running import run_parts

    folder = RunFolder(Path(output).absolute())
    folder.start()
    with folder.locked():
        plan = make_plan(options, folder)
        journal.start(plan, folder.read_records())
        for warning in plan.warnings:
            _say(journal, f"warning: {warning}")
        failed = _watch(run_parts(folder, plan, engine), plan, folder, journal)
    for outcome in failed[:FEW]:
        _say(journal, f"part {outcome['part']} is not done: {outcome['failed']}")
    journal.end(not failed)
    if failed:
        _say(journal, f"{len(failed)} of {len(plan.pieces)} parts are not done. Run the same command to go on.")
        return 2
    return _sum_up(folder, journal)


def _watch(
    outcomes: Iterable[dict[str, Any]], plan: Plan, folder: RunFolder, journal: Journal
) -> list[dict[str, Any]]:
    """Say how far it is as the parts come in; gives those that failed."""
    from leadterm.batch.how_far import duration, seconds_left

    known = sum(plan.pieces[number].rows for number in folder.read_records())
    if known:
        _say(journal, f"going on: {known:,} of {plan.rows:,} rows are done.")
    failed, told, done = [], set[str](), 0
    since = last = time.monotonic()
    for outcome in outcomes:
        journal.take(outcome, plan)
        if "event" in outcome:
            continue
        if "failed" in outcome:
            failed.append(outcome)
            continue
        done += plan.pieces[outcome["part"]].rows
        for warning in outcome["warnings"]:
            if warning not in told and len(told) < FEW:
                told.add(warning)
                _say(journal, warning)
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            left = seconds_left(plan.rows - known, done, since)
            _say(journal, f"{known + done:,} of {plan.rows:,} rows; about {duration(left or 0)} to go.")
    return failed


def _sum_up(folder: RunFolder, journal: Journal) -> int:
    """Say what a finished run made, and give the exit status."""
    made = json.loads(folder.manifest_file.read_text(encoding="utf-8"))
    letters = made["letters"]
    coded = f"{counted(made['encounters'], 'encounter')}, {counted(made['suggestions'], 'suggestion')}"
    _say(journal, f"{coded} in {counted(len(made['parts']), 'file')}.")
    if letters:
        _say(journal, f"{counted(letters, 'note')} without an answer; '{folder.letters_file}' says why.")
    return 2 if letters else 0


def _show(output: str) -> None:
    from leadterm.batch.how_far import describe, progress_of
    from leadterm.batch.run_folder import RunFolder

    write_output("\n".join(describe(progress_of(RunFolder(output)))))


def _say(journal: Journal, message: str) -> None:
    """Say it to people; where standard error is for programs, as one of its lines."""
    journal.say(message)
    if journal.log != "-":
        say(message)
