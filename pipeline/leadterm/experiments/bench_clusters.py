"""Whether Dask and Spark lose nothing when their workers and who asked them are killed at random.

``python -m leadterm.experiments.bench_clusters dask --notes 1000 --kills 20``; for Spark, pyspark and Java are needed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from leadterm.experiments.bench_batch import COMMAND, answers_of, children_of, disturb, write_notes

__all__ = ["main"]

Workers = Callable[[int], list[int]]
ALIVE = ("running", "starting", "init")
PAUSE = 3.0  # seconds between two kills, at least
# Spark in one process of Java, which tries a task again as often as it takes.
SPARK = """
import sys
from pyspark.sql import SparkSession
from leadterm.batch.spark import SCHEMA, suggest_batches
source, output, workers = sys.argv[1:]
made = SparkSession.builder.master(f"local[{workers},1000]").config("spark.ui.enabled", "false")
session = made.config("spark.sql.files.maxPartitionBytes", "200k").getOrCreate()
notes = session.read.schema("id string, text string").json(source)
notes.mapInPandas(suggest_batches(), schema=SCHEMA).write.mode("overwrite").json(output)
"""


def spark_answers(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each part under its number; the rest of a name is made up by Spark."""
    parts = sorted(folder.glob("part-*"))
    return {part.name[:10]: hashlib.sha256(part.read_bytes()).hexdigest() for part in parts}


def spark_workers(pid: int) -> list[int]:
    """List the Python processes that Spark started; none while Java comes up."""
    found, todo = [], [pid]
    while todo:
        below = children_of(todo.pop())
        todo += below
        found += [child for child in below if b"pyspark.daemon" in _command(child)]
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def dask_cluster(workers: int) -> Iterator[tuple[str, Workers]]:
    """Start a cluster whose processes are started again when they die; those that Dask gives up are replaced."""
    distributed: Any = import_module("distributed")
    asked = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**asked) as cluster:

        def running(_: int) -> list[int]:
            kept = [one for one in cluster.workers.values() if one.process and one.process.status.name in ALIVE]
            if len(kept) < workers:
                cluster.scale(len(cluster.worker_spec) + workers - len(kept))
            return [one.pid for one in kept if one.pid and one.process.status.name == "running"]

        yield cluster.scheduler_address, running


def measure(command: Sequence[str], folder: Path, given: argparse.Namespace, workers: Workers) -> dict[str, Any]:
    """Run a command undisturbed and disturbed; its last argument but for options is the output."""
    answers, before = (spark_answers if given.engine == "spark" else answers_of), time.perf_counter()
    subprocess.run(_filled(command, folder / "calm"), check=True, stderr=subprocess.DEVNULL)
    calm, chance = time.perf_counter() - before, random.Random(given.seed)
    pause = max(PAUSE, calm / max(given.kills, 1))
    done = list(disturb((), given.kills, chance, pause, workers, _filled(command, folder / "disturbed")))
    first, second = answers(folder / "calm"), answers(folder / "disturbed")
    return {
        "engine": given.engine, "notes": given.notes, "workers": given.workers,
        "kills": dict(Counter(one for one in done if one.startswith("killed"))),
        "restarts": sum(one.startswith("the command") for one in done), "files": len(first),
        "identical": bool(first) and first == second, "undisturbed s": round(calm, 1),
        "disturbed s": round(time.perf_counter() - before - calm, 1),
    }  # fmt: skip


def _filled(command: Sequence[str], output: Path) -> list[str]:
    return [str(output) if part == "OUTPUT" else part for part in command]


def _run(given: argparse.Namespace, source: str) -> dict[str, Any]:
    if given.engine == "spark":
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        script = (sys.executable, "-c", SPARK, source, "OUTPUT", str(given.workers))
        return measure(script, given.output, given, spark_workers)
    with dask_cluster(given.workers) as (address, workers):
        asked = (*COMMAND, "batch", source, "OUTPUT", "--scheduler", address)
        return measure(asked, given.output, given, workers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures; the exit status is 1 if a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("engine", choices=("dask", "spark"))
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("build/bench-clusters"))
    given = parser.parse_args(arguments)
    shutil.rmtree(given.output, ignore_errors=True)
    given.output.mkdir(parents=True)
    given.output = given.output.absolute()
    source = given.output / "notes.jsonl"
    write_notes(source, given.notes, seed=given.seed)
    found = _run(given, str(source))
    for name, value in found.items():
        print(f"{name:26} {value}")
    return 0 if found["identical"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
