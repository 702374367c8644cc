"""The folder of a run: the parts, and below `_run` the plan, the records, the lock.

Names that begin with an underscore are passed over by Spark, Arrow and DuckDB, so that the folder is a table as it is::

    part-00000.parquet      the answers, one file a part
    _manifest.json          when all is done: what was asked, every part with rows and SHA-256
    _dead_letters.jsonl     notes without an answer: where they stand and why, never their text
    _run/plan.jsonl         options, then the parts
    _run/records.jsonl      one line for each part that is done
    _run/lock, _run/input/  one run at a time; encounters of files that cannot be cut, till all is done
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.storage.writer import explain_failure, lock_file, sync_folder, write_file

__all__ = ["RunFolder"]

GO_ON = "Free space, then run the same command to go on."


class RunFolder:
    """Where a run keeps what it knows."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.inner = self.path / "_run"
        self.plan_file = self.inner / "plan.jsonl"
        self.records_file = self.inner / "records.jsonl"
        self.manifest_file = self.path / "_manifest.json"
        self.letters_file = self.path / "_dead_letters.jsonl"
        self.aside = self.inner / "input"

    def part_file(self, number: int, format: str) -> Path:
        """Name the file of a part."""
        return self.path / f"part-{number:05d}.{format}"

    def start(self) -> None:
        """Make the folder; refuse one that holds anything but a run."""
        known = self.inner.is_dir()
        if self.path.exists() and not known and (not self.path.is_dir() or any(self.path.iterdir())):
            raise LeadtermError(f"'{self.path}' exists and holds no run.", hint="Name an output that is new or empty.")
        with explain_failure(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self.inner.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process alone; a process that dies lets go of it."""
        with explain_failure(self.inner):
            handle = os.open(self.inner / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not lock_file(handle):
                raise LeadtermError(f"another process is at work on '{self.path}'.", hint="Wait for it, or stop it.")
            yield
        finally:
            os.close(handle)

    def is_locked(self) -> bool:
        """Tell whether a process is at work on it."""
        try:
            with self.locked():
                return False
        except LeadtermError:
            return True

    def write_plan(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write the plan as a whole."""
        text = "".join(json.dumps(line) + "\n" for line in lines)
        with explain_failure(self.plan_file, hint=GO_ON):
            write_file(self.plan_file, text)
            sync_folder(self.inner)

    def read_plan(self) -> list[dict[str, Any]]:
        """Read the plan; empty where there is none."""
        try:
            return [json.loads(line) for line in self.plan_file.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            kind = type(error).__name__
            raise LeadtermError(f"'{self.plan_file}' cannot be read ({kind}).", hint="Name another output.") from None

    def read_records(self) -> dict[int, dict[str, Any]]:
        """Read the records of parts whose file is there; a line that was torn off by a crash counts for nothing."""
        found: dict[int, dict[str, Any]] = {}
        if not self.records_file.exists():
            return found
        with self.records_file.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                with suppress(ValueError):  # damaged: the part is done again
                    record = json.loads(line)
                    found[record["part"]] = record
        return {number: record for number, record in found.items() if self._has(record)}

    def _has(self, record: Mapping[str, Any]) -> bool:
        file = self.path / record["file"]
        return file.is_file() and bool(file.stat().st_size == record["bytes"])

    @contextmanager
    def recording(self) -> Iterator[Any]:
        """Give what adds a record so that it survives a crash of the machine."""
        with explain_failure(self.records_file, hint=GO_ON):
            handle = os.open(self.records_file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _cut_torn_line(handle)

            def add(record: Mapping[str, Any]) -> None:
                with explain_failure(self.records_file, hint=GO_ON):
                    line = (json.dumps(record) + "\n").encode()
                    if os.write(handle, line) < len(line):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.fsync(handle)

            yield add
        finally:
            os.close(handle)

    def finish(self, manifest: Mapping[str, Any], letters: Iterable[Mapping[str, Any]]) -> None:
        """Write what a finished run leaves, and remove the text that was put aside."""
        lines = "".join(json.dumps(letter) + "\n" for letter in letters)
        with explain_failure(self.path, hint=GO_ON):
            if lines:
                write_file(self.letters_file, lines)
            write_file(self.manifest_file, json.dumps(manifest, indent=1) + "\n")
            sync_folder(self.path)
        shutil.rmtree(self.aside, ignore_errors=True)


def _cut_torn_line(handle: int) -> None:
    size = os.lseek(handle, 0, os.SEEK_END)
    end = os.pread(handle, size, 0).rfind(b"\n") + 1
    if end < size:
        os.ftruncate(handle, end)
