"""Whether a batch loses nothing: the same notes undisturbed and disturbed, compared byte by byte; and what it costs.

``python -m leadterm.experiments.bench_batch --notes 5000 --kills 50`` makes notes of which no two are alike, codes them
with `leadterm suggest`, with an undisturbed batch, and with one whose workers, parent, or both are killed at random
moments, whose input is cut off for a while and whose disk is full for a while.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadterm.codes.registry import load_system
from leadterm.training.generator.notes import generate_notes

__all__ = ["Cost", "answers_of", "disturb", "main", "write_notes"]

COMMAND = (sys.executable, "-c", "from leadterm.cli import main; raise SystemExit(main())")
JOINED, ROUNDS = 3, 2  # generated notes in one; runs of which the least counts
SMALL = 8  # blocks of 1,024 bytes: the largest file of a full disk


@dataclass(frozen=True)
class Cost:
    """What a command took: exit status, seconds on the clock and of processors, the most memory of a process."""

    status: int
    wall: float
    cpu: float
    memory: int
    said: str = ""


def write_notes(path: Path, count: int, *, seed: int = 0) -> None:
    """Write notes of which no two are alike, as lines of JSON."""
    made = generate_notes(load_system("icd10cm"), JOINED * count, seed=seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            pieces = [next(made).notes[0].text for _ in range(JOINED)]
            text = "\n\n".join((f"Visit {number}.", *pieces))
            file.write(json.dumps({"id": f"e{number}", "text": text}) + "\n")


def answers_of(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file that must be the same however a run was disturbed."""
    files = sorted(file for file in folder.iterdir() if file.is_file())
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def run(arguments: Sequence[str], *, blocks: int | None = None, keep: Path = Path(os.devnull)) -> Cost:
    """Run leadterm and measure it with all its processes.

    ``blocks``: no file may be larger. ``keep``: a file for what it says.
    """
    limit = ("bash", "-c", f'trap "" XFSZ; ulimit -f {blocks}; exec "$@"', "bash") if blocks else ()
    start = time.perf_counter()
    with keep.open("w") as said:
        process = subprocess.Popen((*limit, *COMMAND, *arguments), stderr=subprocess.DEVNULL, stdout=said)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    return Cost(process.returncode, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, keep.read_text())


def disturb(arguments: Sequence[str], kills: int, chance: random.Random, pause: float = 1.5) -> Iterator[str]:
    """Run leadterm again and again till it has done all; meanwhile kill a worker, the parent, or both.

    ``pause``: seconds between two kills, on average. Yields what was done.
    """
    while True:
        process = subprocess.Popen((*COMMAND, *arguments), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            time.sleep(pause * (0.2 + 1.6 * chance.random()) if kills else 0.2)
            if kills and process.poll() is None:
                kills -= 1
                yield _kill(process, chance)
        if process.returncode == 0:
            return
        yield f"the command ended with {process.returncode}"


def _kill(process: subprocess.Popen[bytes], chance: random.Random) -> str:
    what = chance.choice(("worker", "worker", "parent", "both"))
    told = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = [int(child) for child in told.read_text().split()] if told.exists() else []
    victims = [chance.choice(workers)] if what != "parent" and workers else []
    for victim in [*victims, *([process.pid] if what != "worker" else [])]:
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
    return f"killed: {what}"


def _mishaps(source: Path, whole: Sequence[str]) -> list[int]:
    """Run with the input cut off, then with a full disk; gives the exit statuses, which are to be 2."""
    planning = subprocess.Popen((*COMMAND, *whole), stderr=subprocess.DEVNULL)
    plan = Path(whole[2]) / "_run" / "plan.jsonl"
    while not plan.exists():
        time.sleep(0.05)
    planning.kill()
    planning.wait()
    size = source.stat().st_size
    kept = source.read_bytes()[size // 2 :]
    os.truncate(source, size // 2)
    cut = run(whole).status
    with source.open("ab") as file:
        file.write(kept)
    return [cut, run(whole, blocks=SMALL).status]


def _pair(folder: Path, given: str) -> tuple[Cost, Cost]:
    """Run `suggest` and a batch of one worker by turns; of each the run that took least, for others use the machine."""
    plain, batch = [], []
    for _ in range(ROUNDS):
        shutil.rmtree(folder / "one", ignore_errors=True)
        plain.append(run(("suggest", given, "--format", "jsonl", "-o", str(folder / "plain.jsonl"))))
        batch.append(run(("batch", given, str(folder / "one"), "--format", "jsonl", "--workers", "1")))
    return min(plain, key=lambda cost: cost.cpu), min(batch, key=lambda cost: cost.cpu)


def measure(folder: Path, notes: int, kills: int, workers: int, seed: int = 0) -> dict[str, Any]:
    """Do all of it in a folder and give the figures."""
    source = folder / "notes.jsonl"
    write_notes(source, notes, seed=seed)
    given, more = str(source), ("--workers", str(workers))
    plain, one = _pair(folder, given)
    planned = json.loads(run(("plan", given, "--cores", "1", "--format", "json"), keep=folder / "plan.json").said)
    same = b"".join(part.read_bytes() for part in sorted((folder / "one").glob("part-*")))
    calm = run(("batch", given, str(folder / "calm"), *more))
    whole = ("batch", given, str(folder / "disturbed"), *more)
    mishaps = _mishaps(source, whole)
    start = time.perf_counter()
    done = list(disturb(whole, kills, random.Random(seed), max(1.5, calm.wall / max(kills, 1))))
    before, after = answers_of(folder / "calm"), answers_of(folder / "disturbed")
    return {
        "notes": notes, "workers": workers, "kills": sum(one.startswith("killed") for one in done),
        "restarts": sum(one.startswith("the command") for one in done), "mishaps": mishaps,
        "files": len(before), "identical": before == after, "as suggest": same == (folder / "plain.jsonl").read_bytes(),
        "suggest cpu s": round(plain.cpu, 1), "batch cpu s": round(one.cpu, 1),
        "overhead": round(one.cpu / plain.cpu - 1, 4),
        "planned cpu s": round(planned["core_hours"] * 3600, 1), "memory MB": round(calm.memory / 1e6),
        "undisturbed s": round(calm.wall, 1), "disturbed s": round(time.perf_counter() - start, 1),
        "notes a second": round(notes / calm.wall, 1), "hours for a million": round(calm.wall / notes * 1e6 / 3600, 2),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures; the exit status is 1 if a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--notes", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("build/bench-batch"))
    given = parser.parse_args(arguments)
    shutil.rmtree(given.output, ignore_errors=True)
    given.output.mkdir(parents=True)
    found = measure(given.output, given.notes, given.kills, given.workers, given.seed)
    for name, value in found.items():
        print(f"{name:20} {value}")
    return 0 if found["identical"] and found["as suggest"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
