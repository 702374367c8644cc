"""What the command line asks of its process: signals that clean up, streams that are there, few collections."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["COMPLETING", "Stopped", "collect_seldom", "open_streams", "stop_on_signals"]

COMPLETING = "_LEADTERM_COMPLETE"  # in the environment: a shell asks what may follow
SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(BaseException):
    """A signal asks the process to end; drafts are removed on the way out."""

    def __init__(self, number: int) -> None:
        self.status = 128 + number
        super().__init__(signal.Signals(number).name)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Raise `Stopped` on a signal that would end the process at once; what is ignored (nohup) stays so."""
    mine = threading.current_thread() is threading.main_thread()
    taken = [number for number in SIGNALS if mine and signal.getsignal(number) is signal.SIG_DFL]

    def stop(number: int, _: FrameType | None) -> None:
        for each in taken:  # timeout(1) sends it twice; the second must not end the cleaning up
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def collect_seldom() -> Iterator[None]:
    """Let the garbage collector look less often: a model is hundreds of thousands of objects that all stay."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def open_streams() -> None:
    """Put the null device in the place of closed standard streams, so that no file gets their numbers."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
