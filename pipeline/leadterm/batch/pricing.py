"""What a run will take, from a small one that is measured on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.supervisor import run_local
from leadterm.errors import LeadtermError
from leadterm.intake.pieces import Piece

__all__ = ["Price", "Rates", "measure_rates", "price", "write_sample"]

SAMPLE, PART = 600, 50  # notes that each worker codes, and of a part
Floats = NDArray[np.float64]
WARM = 0.4  # share of what a worker codes that mostly fills its caches


@dataclass(frozen=True)
class Rates:
    """What a core does: processor seconds of a note once it runs, of a worker's start and of the run's own.

    ``start`` holds what fills the caches of a worker. ``memory`` of a worker and ``output`` of a note in bytes.
    """

    notes: int
    seconds: float
    start: float
    own: float
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


def measure_rates(options: Options, workers: int = 1) -> tuple[int, Rates]:
    """Code some parts of an input, short and long ones in proportion; gives the rows of the input, and the rates.

    Cores that share caches slow each other down, so as many workers run as this machine will have in the run.
    ``LeadtermError`` if the input cannot be read or has no note that can be coded.
    """
    with TemporaryDirectory(prefix="leadterm-plan-") as place:
        folder = RunFolder(Path(place) / "run")
        folder.start()
        before = time.process_time()
        plan = make_plan(replace(options, size=PART), folder)
        sizes = np.array([(piece.rows, _bytes(piece)) for piece in plan.pieces], dtype=float).reshape(-1, 2)
        planned = (time.process_time() - before) / max(1, plan.rows)
        before = time.process_time()
        records = [one for one in run_local(folder, _strata(sizes, workers), workers) if "cpu" in one]
        own = time.process_time() - before
    coded = sum(record["encounters"] for record in records)
    if not coded:
        raise LeadtermError("the input has no note that can be coded.", hint="Try 'leadterm suggest' on one of them.")
    rate, warm = _fit(records, sizes)
    return plan.rows, Rates(
        coded,
        float((sizes @ rate).sum()) / plan.rows + planned + own / coded,
        max(record["start"] for record in records) + warm,
        0.0,
        max(record["resident"] for record in records),
        sum(record["bytes"] for record in records) / coded,
    )


def _bytes(piece: Piece) -> int:
    """The length of what a piece reads, where that is known without reading it."""
    if piece.kind == "documents":
        return sum(Path(file).stat().st_size for file in piece.files if Path(file).exists())
    return piece.stop - piece.start if piece.kind != "parquet" else 0


def _strata(sizes: Floats, workers: int) -> list[int]:
    """Choose parts at even distances from the shortest notes to the longest, in an order that mixes them."""
    ranked = np.argsort(sizes[:, 1] / sizes[:, 0], kind="stable")
    count = min(len(ranked), workers * -(-SAMPLE // PART))
    chosen = [int(ranked[(2 * number + 1) * len(ranked) // (2 * count)]) for number in range(count)]
    Random(0).shuffle(chosen)
    return chosen


def _fit(records: Sequence[Mapping[str, Any]], sizes: Floats) -> tuple[Floats, float]:
    """Tell what a note and a byte cost, from what each worker did after its caches had filled; and the filling."""
    from scipy.optimize import nnls

    by_worker: dict[int, list[Mapping[str, Any]]] = {}
    for record in records:
        by_worker.setdefault(record["worker"], []).append(record)
    cut = {worker: round(WARM * len(done)) for worker, done in by_worker.items()}
    later = [one for worker, done in by_worker.items() for one in done[cut[worker] :]]
    design = sizes[[one["part"] for one in later]]
    scale = np.maximum(design.max(axis=0), 1)
    rate: Floats = nnls(design / scale, np.array([one["cpu"] for one in later]))[0] / scale
    early = [one for worker, done in by_worker.items() for one in done[: cut[worker]]]
    extra = sum(one["cpu"] - float(sizes[one["part"]] @ rate) for one in early)
    return rate, max(0.0, extra / len(by_worker))


def price(rates: Rates, notes: int, cores: int, hourly: float) -> Price:
    """Reckon what a run takes on so many cores, each with a worker; ``hourly``: what a core costs an hour.

    >>> found = price(Rates(600, 0.004, 1.5, 1.0, 300_000_000, 2000.0), 50_000_000, 32, 0.05)
    >>> round(found.core_hours, 1), round(found.hours, 2), round(found.money, 2)
    (55.6, 1.74, 2.78)
    """
    spent = (rates.seconds * notes + rates.start * cores + rates.own) / 3600
    return Price(spent, spent / cores, rates.memory * cores, rates.output * notes, spent * hourly)


def write_sample(path: Path, words: int) -> None:
    """Write generated notes of about so many words, of which no two are alike, as lines of JSON."""
    from leadterm.codes.registry import load_system
    from leadterm.training.generator.notes import generate_notes

    made = generate_notes(load_system("icd10cm"), 2 * SAMPLE * max(1, words // 10))
    with path.open("w", encoding="utf-8") as file:
        for number in range(2 * SAMPLE):
            pieces, count = [f"Visit {number}."], 0
            while count < words:
                pieces.append(next(made).notes[0].text)
                count += len(pieces[-1].split())
            file.write(json.dumps({"id": f"e{number}", "text": "\n\n".join(pieces)}) + "\n")
