"""How far a run is, from its plan and its records alone: whoever may read the folder may ask."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from leadterm.batch.planning import read_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.errors import counted

__all__ = ["Progress", "describe", "duration", "progress_of", "seconds_left"]

RECENT = 50  # records from which the rate is taken
PAUSE = 600.0  # seconds without a record that are no work: the run was stopped


@dataclass(frozen=True)
class Progress:
    """Parts, rows and notes that are done and planned; ``rate`` in rows a second, 0 where it is not known yet."""

    parts: int
    parts_done: int
    rows: int
    rows_done: int
    encounters: int
    letters: int
    rate: float
    running: bool
    complete: bool

    @property
    def left(self) -> float | None:
        """Seconds that it will take, if it goes on as it did."""
        return (self.rows - self.rows_done) / self.rate if self.rate else None


def progress_of(folder: RunFolder) -> Progress:
    """Look how far a run is; raises LeadtermError if the folder holds none."""
    plan = read_plan(folder)
    records = folder.read_records()
    ordered = sorted(records.values(), key=lambda record: record["ended"])
    running = folder.is_locked()
    return Progress(
        len(plan.pieces), len(records), plan.rows, sum(plan.pieces[number].rows for number in records),
        sum(record["encounters"] for record in ordered),
        len(plan.letters) + sum(len(record["letters"]) for record in ordered),
        _rate([(record["ended"], plan.pieces[record["part"]].rows) for record in ordered[-RECENT:]]),
        running, folder.manifest_file.exists(),
    )  # fmt: skip


def _rate(ended: Sequence[tuple[float, int]]) -> float:
    """Rows a second, between the first end and the last; pauses are left out."""
    pairs = list(pairwise(ended))
    spent = sum(max(0.0, min(after[0] - before[0], PAUSE)) for before, after in pairs)
    return sum(after[1] for _, after in pairs) / spent if spent > 0 else 0.0


def seconds_left(rows: int, done: int, since: float) -> float | None:
    """Seconds that the rest will take, from what was done since a moment of `time.monotonic`."""
    spent = time.monotonic() - since
    return spent * (rows - done) / done if done else None


def describe(found: Progress) -> list[str]:
    """Say it in lines."""
    state = "complete" if found.complete else "running" if found.running else "stopped; run the same command to go on"
    share = found.rows_done / found.rows if found.rows else 1.0
    lines = [
        f"{state}",
        f"parts    {found.parts_done:,} of {found.parts:,}",
        f"rows     {found.rows_done:,} of {found.rows:,} ({share:.0%})",
        f"coded    {counted(found.encounters, 'encounter')}",
        f"letters  {counted(found.letters, 'note')} without an answer",
    ]
    if not found.complete and found.left is not None:
        lines.append(f"rate     {found.rate:,.1f} rows a second; about {duration(found.left)} to go")
    return lines


def duration(seconds: float) -> str:
    """Say a time in two units.

    >>> duration(42), duration(3900), duration(200_000)
    ('42 s', '1 h 5 min', '2 d 7 h')
    """
    whole = round(seconds)
    for unit, size, below, smaller in (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller} {below}"
    return f"{whole} s"
