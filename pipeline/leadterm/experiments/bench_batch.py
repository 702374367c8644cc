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
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadterm.codes.registry import load_system
from leadterm.training.generator.notes import generate_notes

__all__ = ["COMMAND", "Cost", "answers_of", "children_of", "disturb", "main", "run", "write_notes"]

COMMAND = (sys.executable, "-c", "from leadterm.cli import main; raise SystemExit(main())")
JOINED, ROUNDS = 3, 4  # generated notes in one; pairs of runs
SMALL = 8  # blocks of 1,024 bytes: the largest file of a full disk


@dataclass(frozen=True)
class Cost:
    """What a command took: exit status, seconds on the clock and of processors, the most memory of a process."""

    status: int
    wall: float
    cpu: float
    memory: int
    said: str = ""


def write_notes(path: Path, count: int, *, seed: int = 0, joined: int = JOINED) -> None:
    """Write notes of which no two are alike, as lines of JSON; ``joined``: generated notes in one, on average."""
    made = generate_notes(load_system("icd10cm"), 2 * joined * count, seed=seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            pieces = [next(made).notes[0].text for _ in range(1 + number % (2 * joined - 1))]
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


def children_of(pid: int) -> list[int]:
    """List the processes that a process started."""
    found: list[int] = []
    for told in Path(f"/proc/{pid}/task").glob("*/children"):  # each thread has its own
        with suppress(OSError):
            found += map(int, told.read_text().split())
    return found


def disturb(
    arguments: Sequence[str], kills: int, chance: random.Random, pause: float = 1.5,
    workers: Callable[[int], list[int]] = children_of, command: Sequence[str] = COMMAND,
) -> Iterator[str]:  # fmt: skip
    """Run a command again and again till it has done all; meanwhile kill a worker, the parent, or both.

    ``pause``: seconds between two kills, on average. ``workers``: of the process of the command. Yields what was done.
    """
    while True:
        process = subprocess.Popen((*command, *arguments), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            time.sleep(pause * (0.2 + 1.6 * chance.random()) if kills else 0.2)
            if kills and process.poll() is None:
                kills -= 1
                yield _kill(process, workers(process.pid), chance)
        if process.returncode == 0:
            return
        yield f"the command ended with {process.returncode}"


def _kill(process: subprocess.Popen[bytes], workers: Sequence[int], chance: random.Random) -> str:
    what = chance.choice(("worker", "worker", "parent", "both"))
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


def _pairs(folder: Path, given: str, rounds: int) -> list[tuple[Cost, Cost]]:
    """Run `suggest` and a batch of one worker by turns, each as often first, for others use the machine, too."""
    pairs = []
    for number in range(rounds):
        shutil.rmtree(folder / "one", ignore_errors=True)
        plain = ("suggest", given, "--format", "jsonl", "-o", str(folder / "plain.jsonl"))
        batch = ("batch", given, str(folder / "one"), "--format", "jsonl", "--workers", "1")
        costs = {asked[0]: run(asked) for asked in ((plain, batch) if number % 2 else (batch, plain))}
        pairs.append((costs["suggest"], costs["batch"]))
    return pairs


def _overhead(folder: Path, pairs: Sequence[tuple[Cost, Cost]], notes: int) -> dict[str, Any]:
    """What plan, engine and records add: the pairs as they are, and what a run spends beside its parts."""
    shares = sorted(batch.cpu / plain.cpu - 1 for plain, batch in pairs)
    records = _records(folder / "one")
    beside = pairs[-1][1].cpu - sum(record["cpu"] for record in records) - records[0]["start"]
    return {
        "suggest cpu s": [round(plain.cpu, 1) for plain, _ in pairs],
        "batch cpu s": [round(batch.cpu, 1) for _, batch in pairs],
        "overhead": round(statistics.median(shares), 4), "overheads": [round(share, 3) for share in shares],
        "beside the parts s": round(beside, 2), "beside, ms a note": round(beside / notes * 1000, 3),
        "memory of suggest MB": round(pairs[-1][0].memory / 1e6),
        "memory of batch MB": round(pairs[-1][1].memory / 1e6),
    }  # fmt: skip


def _records(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "_run" / "records.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines if line.endswith(b"}")]


def _memory(folder: Path) -> tuple[int, int]:
    """The most memory of a worker in the first tenth of a run after its start, and in all of it, in MB."""
    held = [record["resident"] for record in sorted(_records(folder), key=lambda record: record["ended"])]
    early = held[: max(4, len(held) // 10)]
    return round(max(early) / 1e6), round(max(held) / 1e6)


def measure(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Do all of it in a folder and give the figures."""
    source = folder / "notes.jsonl"
    write_notes(source, given.notes, seed=given.seed, joined=given.joined)
    name, more = str(source), ["--workers", str(given.workers)]
    more += ["--notes-per-part", str(given.part)] if given.part else []
    found = {"notes": given.notes, "workers": given.workers}
    if given.pairs:
        found |= _overhead(folder, _pairs(folder, name, given.pairs), given.notes)
        same = b"".join(part.read_bytes() for part in sorted((folder / "one").glob("part-*")))
        found["as suggest"] = same == (folder / "plain.jsonl").read_bytes()
    planning = ("plan", name, "--cores", str(given.workers), "--format", "json")
    plans = [json.loads(run(planning, keep=folder / "plan.json").said)["core_hours"] for _ in range(given.plans)]
    began = time.time()
    calm = run(("batch", name, str(folder / "calm"), *more))
    first = min(record["ended"] for record in _records(folder / "calm")) - began  # a kill before is one of a start
    whole = ("batch", name, str(folder / "disturbed"), *more)
    mishaps = _mishaps(source, whole)
    start, pause = time.perf_counter(), max(given.pause, 1.5 * first, calm.wall / max(given.kills, 1))
    done = list(disturb(whole, given.kills, random.Random(given.seed), pause))
    before, after = answers_of(folder / "calm"), answers_of(folder / "disturbed")
    return found | {
        "kills": Counter(one for one in done if one.startswith("killed")), "mishaps": mishaps,
        "restarts": sum(one.startswith("the command") for one in done), "files": len(before),
        "identical": before == after, "planned cpu s": [round(hours * 3600, 1) for hours in plans],
        "cpu s": round(calm.cpu, 1), "memory, early and most MB": _memory(folder / "calm"),
        "the same, disturbed": _memory(folder / "disturbed"), "undisturbed s": round(calm.wall, 1),
        "disturbed s": round(time.perf_counter() - start, 1), "cpu ms a note": round(calm.cpu / given.notes * 1000, 2),
        "notes a second": round(given.notes / calm.wall, 1),
        "hours for a million": round(calm.wall / given.notes * 1e6 / 3600, 2),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the figures; the exit status is 1 if a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--notes", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--joined", type=int, default=JOINED, help="generated notes in one")
    parser.add_argument("--part", type=int, help="notes of a part")
    parser.add_argument("--plans", type=int, default=1, help="of the undisturbed run, to compare")
    parser.add_argument("--pairs", type=int, default=ROUNDS, help="of suggest and batch, to compare their cost")
    parser.add_argument("--pause", type=float, default=1.5, help="least seconds between two kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("build/bench-batch"))
    given = parser.parse_args(arguments)
    shutil.rmtree(given.output, ignore_errors=True)
    given.output.mkdir(parents=True)
    found = measure(given.output, given)
    for name, value in found.items():
        print(f"{name:26} {dict(value) if isinstance(value, Counter) else value}")
    return 0 if found["identical"] and found.get("as suggest", True) else 1


if __name__ == "__main__":
    raise SystemExit(main())
