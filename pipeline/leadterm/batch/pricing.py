"""What a run will take, from a small one that is measured on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.supervisor import run_local
from leadterm.errors import LeadtermError

__all__ = ["Price", "Rates", "measure_rates", "price", "write_sample"]

SAMPLE, PART = 600, 50  # notes that are coded, and of a part
WARM = 0.4  # share of them that only fills caches


@dataclass(frozen=True)
class Rates:
    """What one core does: processor seconds of a note once it runs, and of a start; bytes of memory and output."""

    notes: int
    seconds: float
    start: float
    memory: int
    output: float


@dataclass(frozen=True)
class Price:
    """What a run takes; ``money`` for the core hours at the price of one."""

    core_hours: float
    hours: float
    memory: int
    output: float
    money: float


def measure_rates(options: Options) -> tuple[int, Rates]:
    """Code some parts of an input from all over it, by one worker; gives the rows of the input, and the rates.

    ``LeadtermError`` if the input cannot be read or has no note that can be coded.
    """
    with TemporaryDirectory(prefix="leadterm-plan-") as place:
        folder = RunFolder(Path(place) / "run")
        folder.start()
        plan = make_plan(replace(options, size=PART), folder)
        count = min(len(plan.pieces), -(-SAMPLE // PART))
        numbers = [number * len(plan.pieces) // count for number in range(count)]
        before = time.process_time()
        records = [record for record in run_local(folder, numbers, 1) if "failed" not in record]
        own = time.process_time() - before
    coded = sum(record["encounters"] for record in records)
    later = records[round(WARM * len(records)) :]
    steady = sum(record["encounters"] for record in later)
    if not steady:
        raise LeadtermError("the input has no note that can be coded.", hint="Try 'leadterm suggest' on one of them.")
    return plan.rows, Rates(
        coded,
        sum(record["cpu"] for record in later) / steady + own / coded,
        records[0]["start"],
        max(record["resident"] for record in records),
        sum(record["bytes"] for record in records) / coded,
    )


def price(rates: Rates, notes: int, cores: int, hourly: float) -> Price:
    """Reckon what a run takes on so many cores, each with a worker; ``hourly``: what a core costs an hour.

    >>> found = price(Rates(600, 0.004, 1.5, 300_000_000, 2000.0), 50_000_000, 32, 0.05)
    >>> round(found.core_hours, 1), round(found.hours, 2), round(found.money, 2)
    (55.6, 1.74, 2.78)
    """
    spent = (rates.seconds * notes + rates.start * cores) / 3600
    return Price(spent, spent / cores, rates.memory * cores, rates.output * notes, spent * hourly)


def write_sample(path: Path, words: int) -> None:
    """Write generated notes of about so many words, of which no two are alike, as lines of JSON."""
    from leadterm.codes.registry import load_system
    from leadterm.training.generator.notes import generate_notes

    made = generate_notes(load_system("icd10cm"), SAMPLE * max(1, words // 10))
    with path.open("w", encoding="utf-8") as file:
        for number in range(SAMPLE):
            pieces, count = [f"Visit {number}."], 0
            while count < words:
                pieces.append(next(made).notes[0].text)
                count += len(pieces[-1].split())
            file.write(json.dumps({"id": f"e{number}", "text": "\n\n".join(pieces)}) + "\n")
