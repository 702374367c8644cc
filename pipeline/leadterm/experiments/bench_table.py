"""Time and memory of ``leadterm suggest`` on long tables: ``python -m leadterm.experiments.bench_table --rows 5000``.

The rows are parts of generated notes, of 20 to 60 words. Each table is coded by the command itself, in a process of its
own, and every row must come back.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.experiments.bench_batch import run

__all__ = ["Coded", "main", "measure", "parts_of"]

SHORTEST, LONGEST = 20, 60
BLOCK = 10_000


@dataclass(frozen=True, slots=True)
class Coded:
    """What coding a table took: rows, rows written, wall and processor time, and peak memory of the process.

    >>> Coded(1000, 2500, 12.0, 10.0, 300).rows_per_second
    100.0
    """

    rows: int
    written: int
    seconds: float
    processor: float
    memory_mb: int

    @property
    def rows_per_second(self) -> float:
        """Rows a second of processor time, loading included."""
        return self.rows / self.processor


def _texts() -> Iterator[str]:
    """Parts of generated notes, of the wanted length and each another, without end."""
    from leadterm.codes import load_system
    from leadterm.training.generator.notes import generate_notes

    system, met = load_system("icd10cm"), set[int]()
    for seed in count():
        for encounter in generate_notes(system, BLOCK, seed=seed):
            for part in parts_of(encounter.notes[0].text):
                if hash(part) not in met:
                    met.add(hash(part))
                    yield part


def parts_of(text: str) -> Iterator[str]:
    """Cut a note at its lines into parts of 20 to 60 words; what is longer or left over falls out.

    >>> [len(part.split()) for part in parts_of("\\n".join(["Cough and fever for three days now."] * 7))]
    [21, 21]
    """
    part: list[str] = []
    for line in text.splitlines():
        part.append(line)
        if (words := len(" ".join(part).split())) >= SHORTEST:
            if words <= LONGEST:
                yield "\n".join(part)
            part = []


def measure(rows: int, kind: str, folder: Path) -> Coded:
    """Write a table of that many rows into the folder and code it; ``LeadtermError`` if a row is lost.

    `kind`: the format of the output, ``csv`` or another that `leadterm suggest` writes to a file.
    """
    table, coded = folder / "notes.csv", folder / f"coded.{kind}"
    with table.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("id", "text"))
        written.writerows((number, text) for number, text in enumerate(islice(_texts(), rows), 1))
    took = run(("suggest", str(table), "--format", kind, "--output", str(coded)))
    if took.status:
        raise LeadtermError(f"coding {rows} rows ended with status {took.status}.")
    ids, lines = _ids(coded, kind, rows)
    if ids != rows:
        raise LeadtermError(f"{rows} rows were given and {ids} came back.")
    return Coded(rows, lines, took.wall, took.cpu, took.memory >> 20)


def _ids(coded: Path, kind: str, rows: int) -> tuple[int, int]:
    """Count the encounters and the rows of the output; formats other than CSV are not looked into."""
    if kind != "csv":
        return rows, rows
    with coded.open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file)][1:]
    return len(set(names)), len(names)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the sizes asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="2000,10000", help="sizes of the tables (default: %(default)s)")
    parser.add_argument("--format", default="csv", help="format of the output (default: %(default)s)")
    asked = parser.parse_args(arguments)
    print(f"{'rows':>8} {'written':>8} {'seconds':>8} {'processor':>9} {'rows/s':>7} {'MB':>5}", flush=True)
    for size in map(int, asked.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            one = measure(size, asked.format, Path(folder))
        took = f"{one.seconds:>8.1f} {one.processor:>9.1f} {one.rows_per_second:>7.0f} {one.memory_mb:>5}"
        print(f"{one.rows:>8} {one.written:>8} {took}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
