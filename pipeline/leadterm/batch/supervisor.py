"""Worker processes under our own eyes: one that dies is replaced, and the part that kills its workers is searched.

A pool of the standard library ends or hangs when a worker is killed. Here the part goes back into the queue. When it
has ended two workers it is searched (`batch/halving.py`): a note that ends two more when it is alone goes to the dead
letters, and the part is written without it. Whoever is killed, and when, the files have the same bytes.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from leadterm.batch.halving import TRIES, Search
from leadterm.batch.run_folder import RunFolder
from leadterm.errors import LeadtermError

__all__ = ["Limits", "count_cores", "run_local"]

UNFIT = 5
FRUITLESS = 2  # searches of a part that find nothing
START, TICK = 300.0, 0.5  # seconds
GROWTH = 1.3  # times the memory it had when it was ready


@dataclass(frozen=True)
class Limits:
    """When a worker is replaced: after so many notes, with so many bytes of memory, or silent for so many seconds."""

    notes: int = 100_000
    memory: int = 2_000_000_000
    patience: float = 600.0


@dataclass
class _Part:
    """A part to be done, the notes in it that are left out, the search for them, and searches that found none."""

    number: int
    skip: dict[int, str] = field(default_factory=dict)
    search: Search | None = None
    fruitless: int = 0


@dataclass
class _Task:
    """A part to be written, or some of its notes to be tried; and how many workers ended in it."""

    part: _Part
    notes: tuple[int, int] | None = None
    deaths: int = 0


class _Worker:
    """A process and what it is doing."""

    def __init__(self, folder: RunFolder) -> None:
        quiet = None if os.environ.get("LEADTERM_DEBUG") == "1" else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [sys.executable, "-m", "leadterm.batch.worker", str(folder.path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=quiet, start_new_session=True,
            env={"OMP_NUM_THREADS": "1", **os.environ},
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.told, self.said = self.process.stdin, self.process.stdout
        self.task: _Task | None = None
        self.ready, self.heard, self.rest, self.base, self.start, self.at = False, time.monotonic(), b"", 0, 0.0, -1

    @property
    def known(self) -> dict[str, Any]:
        """What a record tells of the worker that did it."""
        return {"worker": self.process.pid, "start": self.start}

    def give(self, task: _Task) -> None:
        self.task, self.heard, self.at = task, time.monotonic(), -1
        line = json.dumps({"part": task.part.number, "skip": task.part.skip, "notes": task.notes})
        with suppress(OSError):  # it died: that is found when it is heard
            self.told.write(f"{line}\n".encode())
            self.told.flush()

    def hear(self) -> tuple[list[dict[str, Any]], bool]:
        """Give what it has said since, and whether it has ended."""
        chunk = os.read(self.said.fileno(), 1 << 20)
        self.heard = time.monotonic()
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        return [json.loads(line) for line in lines], not chunk

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.told, self.said):
            with suppress(OSError):
                stream.close()


def count_cores() -> int:
    """Count the cores that this process may use.

    >>> count_cores() >= 1
    True
    """
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def run_local(
    folder: RunFolder, numbers: Sequence[int], workers: int, limits: Limits | None = None
) -> Iterator[dict[str, Any]]:
    """Let processes of this machine do parts, and give the record of each, or why it could not be done, and events.

    ``LeadtermError`` if no worker can start or the disk is full; what is recorded stays.
    """
    supervisor = _Supervisor(folder, numbers, limits or Limits())
    try:
        yield from supervisor.run(workers)
    finally:
        for worker in supervisor.workers:
            worker.end()


class _Supervisor:
    def __init__(self, folder: RunFolder, numbers: Sequence[int], limits: Limits) -> None:
        self.folder, self.limits = folder, limits
        self.tasks = deque(_Task(_Part(number)) for number in numbers)
        self.workers: list[_Worker] = []
        self.unfit = 0
        self.outcomes: list[dict[str, Any]] = []

    def run(self, count: int) -> Iterator[dict[str, Any]]:
        while self.tasks or any(worker.task for worker in self.workers):
            busy = sum(worker.task is not None for worker in self.workers)
            while len(self.workers) < min(count, busy + len(self.tasks)):
                self.workers.append(_Worker(self.folder))
            for worker in self.workers:
                if worker.ready and worker.task is None and self.tasks:
                    worker.give(self.tasks.popleft())
            self._listen()
            yield from self.outcomes
            self.outcomes = []

    def _listen(self) -> None:
        by_stream = {worker.said: worker for worker in self.workers}
        for stream in select.select([*by_stream], [], [], TICK)[0]:
            worker = by_stream[stream]
            said, ended = worker.hear()
            for message in said:
                self._take(worker, message)
            if ended:
                self._bury(worker, "ended its worker")
        for worker in [*self.workers]:
            patience = self.limits.patience if worker.ready else START
            if time.monotonic() - worker.heard > patience and (worker.task or not worker.ready):
                self._bury(worker, f"took longer than {self.limits.patience:g} seconds")

    def _take(self, worker: _Worker, message: dict[str, Any]) -> None:
        if "ready" in message:
            worker.ready, worker.base, worker.start, self.unfit = True, message["resident"], message["start"], 0
        elif "unfit" in message:
            raise LeadtermError(message["unfit"])
        elif "at" in message:
            worker.at = message["at"]
        elif "failed" in message:
            if message["full"]:
                raise LeadtermError(message["failed"])
            assert worker.task is not None
            self._fail(worker.task.part, message["failed"])
            worker.task = None
        elif "done" in message:
            self._done(worker, message)

    def _done(self, worker: _Worker, message: dict[str, Any]) -> None:
        assert worker.task is not None
        part, worker.task = worker.task.part, None
        if message["done"] is not None:
            self.outcomes.append({**message["done"], "resident": message["resident"], **worker.known})
        elif part.search is not None:
            part.search.survived()
            self._go_on(part, part.search)
        most = max(self.limits.memory, worker.base * GROWTH)
        if message["coded"] >= self.limits.notes or message["resident"] > most:
            self._remove(worker)
            self.outcomes.append({"event": "worker renewed", "resident": message["resident"]})

    def _bury(self, worker: _Worker, reason: str) -> None:
        """Replace a worker that ended or is stuck, and look what it was doing."""
        task = worker.task
        self._remove(worker)
        self.outcomes.append({"event": "worker ended", "part": task.part.number if task else None, "reason": reason})
        if task is None:
            self.unfit += not worker.ready
            if self.unfit >= UNFIT:
                hint = "LEADTERM_DEBUG=1 shows what they say. Is there enough memory for this many?"
                raise LeadtermError(f"{UNFIT} workers ended before they had loaded the model.", hint=hint)
            return
        part, task.deaths = task.part, task.deaths + 1
        if part.search is not None:
            if part.search.died(worker.at, reason):
                self._go_on(part, part.search)
            else:
                self._fail(part, f"reading it {reason}.")
        elif task.deaths < TRIES:
            self.tasks.appendleft(task)
        elif part.fruitless == FRUITLESS:
            self._fail(part, f"it {reason} again and again, and no note of it does so alone. Try --notes-per-part.")
        else:
            part.search = Search()
            self.outcomes.append({"event": "search", "part": part.number})
            self._go_on(part, part.search)

    def _fail(self, part: _Part, reason: str) -> None:
        self.outcomes.append({"part": part.number, "failed": reason})

    def _go_on(self, part: _Part, search: Search) -> None:
        """Try the next notes of a search; after the last the part is written."""
        notes = search.next()
        if notes is None:
            part.skip |= search.found
            part.fruitless += not search.found
            part.search = None
        self.tasks.appendleft(_Task(part, notes))

    def _remove(self, worker: _Worker) -> None:
        self.workers.remove(worker)
        worker.end()
