"""What the commands share: consoles, progress on a terminal, and output written as a whole or not at all."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from leadterm.errors import printable
from leadterm.pages.terminal import make_console
from leadterm.storage.writer import explain_failure, write_file

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "messages", "progress", "say", "write_output"]

T = TypeVar("T")
PIPED_WIDTH = 120
EVERY = 30.0  # seconds


def console() -> Console:
    """Give the console on standard output; tables in a pipe are 120 characters wide.

    >>> console().stderr
    False
    """
    return make_console(width=None if sys.stdout.isatty() else PIPED_WIDTH)


def messages() -> Console:
    """Give the console on standard error, for everything that is not the answer.

    >>> messages().stderr
    True
    """
    return make_console(stderr=True)


def say(message: str) -> None:
    """Say something on standard error, in a line of its own that no terminal obeys."""
    print(f"leadterm: {printable(message)}", file=sys.stderr, flush=True)


def progress(items: Iterable[T], label: str, *, total: int | None = None) -> Iterator[T]:
    """Pass items on and show how far they are on standard error: a bar on a terminal, else a line now and then.

    >>> list(progress("abc", "Reading"))
    ['a', 'b', 'c']
    """
    if not sys.stderr.isatty():
        yield from _with_lines(items, label, total)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=messages(), transient=True) as bar:
        yield from bar.track(items, total=total, description=label)


def _with_lines(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    """Say every half minute how far it is, as a log wants it; what is done sooner says nothing."""
    last = time.monotonic()
    for number, item in enumerate(items):
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            print(f"{label}: {number}{f' of {total}' if total else ''}", file=sys.stderr, flush=True)
        yield item


def write_output(text: str, path: str | Path | None = None) -> None:
    """Write to a file as a whole or not at all, or to standard output (no path, or ``-``); a line end is added.

    ``LeadtermError`` if the file cannot be written.

    >>> write_output("fine")
    fine
    """
    whole = text if text.endswith("\n") else text + "\n"
    if path is None or str(path) == "-":
        sys.stdout.write(whole)
        return
    with explain_failure(path):
        write_file(path, whole)
