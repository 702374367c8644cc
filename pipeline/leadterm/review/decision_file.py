"""Where decisions are kept: one file of lines that only grows, safe against a process or machine that dies.

An entry is one line, written with one call and synced before it is acknowledged. A line without its end was never
acknowledged: it is what a dying process left, and goes when the file is next opened or written.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from leadterm.errors import LeadtermError
from leadterm.review.decisions import Entry, entry_of
from leadterm.storage.writer import explain_failure

try:
    import fcntl
except ImportError:  # where there are no locks, one process at a time may review
    fcntl = None  # type: ignore[assignment]

__all__ = ["Conflict", "DecisionStore"]

NAME = "decisions.jsonl"
HEAD = {"format": "leadterm decisions", "version": 1}
Key = tuple[str, str]


class Conflict(LeadtermError):
    """Somebody else decided on the encounter meanwhile; nothing was saved and nothing is lost."""


class DecisionStore:
    """The decisions in a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing, for the user alone.

    Raises
    ------
    LeadtermError
        If the file there is not one of decisions, is damaged, or cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from leadterm.review.decisions import Change
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = DecisionStore(Path(folder))
    ...     _ = store.append(Entry("1", "", "ana", "e1", "0f", (Change("finish"),)))
    ...     [one.who for one in DecisionStore(Path(folder)).entries(("e1", "0f"))]
    ['ana']
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._entries: dict[Key, list[Entry]] = defaultdict(list)
        self._ids: dict[str, Entry] = {}
        self._at, self._line = 0, 0
        self._one = Lock()
        with explain_failure(self.path, what="the decisions "):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._open() as handle:
            if not os.fstat(handle).st_size:
                _write(handle, _line(HEAD))
            self._catch_up(handle)

    def entries(self, key: Key) -> tuple[Entry, ...]:
        """Give the entries of an encounter in the order in which they were made."""
        with self._one:
            return tuple(self._entries.get(key, ()))

    def texts(self, encounter_id: str) -> set[str]:
        """Give the digests of the notes that an encounter of this name was decided over."""
        with self._one:
            return {text for name, text in self._entries if name == encounter_id}

    def append(
        self, entry: Entry, *, seen: int | None = None, made: Callable[[tuple[Entry, ...]], Entry] | None = None
    ) -> Entry:
        """Keep an entry; it is on the disk when this returns.

        ``seen``: how many entries of the encounter its author knew; `Conflict` if there are more by now. An entry whose
        id is kept already is given back, not kept twice. ``made``: makes the entry from those before it, where it
        depends on them. The store sets the time, so that no line tells of a later one than those after it.
        """
        key = entry.encounter, entry.text
        with self._open() as handle:
            self._catch_up(handle)
            if entry.id in self._ids:
                return self._ids[entry.id]
            known = tuple(self._entries.get(key, ()))
            if seen is not None and seen != len(known):
                raise Conflict(f"{known[-1].who if known else 'nobody'} decided on this encounter meanwhile.")
            entry = made(known) if made else entry
            entry = replace(entry, at=datetime.now(UTC).isoformat(timespec="milliseconds"))
            _write(handle, _line(entry.to_json()))
            self._catch_up(handle)
            return entry

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The file, held against other threads and processes."""
        with self._one, explain_failure(self.path, what="the decisions "):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if fcntl is not None:
                    fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)

    def _catch_up(self, handle: int) -> None:
        """Read what was added since, by whomever; cut off a line without its end."""
        size = os.fstat(handle).st_size
        if size < self._at:
            raise LeadtermError(f"'{self.path}' became shorter.", hint="Restore it from a backup, then start again.")
        raw = _read(handle, self._at, size)
        whole = raw.rfind(b"\n") + 1
        for line in raw[:whole].splitlines():
            self._line += 1
            self._take(line)
        self._at += whole
        if whole < len(raw):
            if not self._line:  # not a line of ours is there: it may be anybody's file
                raise self._foreign()
            os.ftruncate(handle, self._at)
            os.fsync(handle)

    def _take(self, line: bytes) -> None:
        try:
            given = json.loads(line)
            if self._line == 1:
                if given != HEAD:
                    raise self._foreign()
                return
            entry = entry_of(given)
        except (ValueError, TypeError, KeyError, AttributeError):
            if self._line == 1:
                raise self._foreign() from None
            hint = "Restore it from a backup; nothing was changed."
            raise LeadtermError(f"line {self._line} of '{self.path}' is damaged.", hint=hint) from None
        if entry.id not in self._ids:
            self._ids[entry.id] = entry
            self._entries[entry.encounter, entry.text].append(entry)

    def _foreign(self) -> LeadtermError:
        return LeadtermError(f"'{self.path}' is no file of decisions.", hint="Choose another folder with --decisions.")


def _line(given: object) -> bytes:
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write(handle: int, line: bytes) -> None:
    """Write a line whole and let it reach the disk; where there is no room for all of it, none of it stays."""
    before = os.fstat(handle).st_size
    try:
        if os.write(handle, line) < len(line):
            raise OSError(28, "no space left")
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise


def _read(handle: int, start: int, end: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    pieces = []
    while start < end and (piece := os.read(handle, min(end - start, 1 << 22))):
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)
