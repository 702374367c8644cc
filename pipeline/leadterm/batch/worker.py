"""A process that works on the parts it is told: ``python -m leadterm.batch.worker RUN``.

It is told by lines of JSON on standard input and answers by lines on standard output, so that nothing but text goes
between processes. When standard input ends, the supervisor is gone and so is the worker.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from leadterm.errors import LeadtermError, place_of

__all__ = ["main", "resident"]

SELDOM = (200_000, 20, 100)  # as the command line has it
EVERY = 0.5  # seconds between two words on how far a part is


def main(arguments: list[str] | None = None) -> int:
    """Work till there is nothing more to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints does not garble the answers
    tasks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    say = _Speaker(answers)
    folder = (sys.argv[1:] if arguments is None else arguments)[0]
    try:
        from leadterm.batch.work import coder_of

        coder = coder_of(folder)
        engine: Any = coder.engine
        engine.suggest("Cough.")  # what is loaded late is loaded now
    except Exception as error:  # noqa: BLE001  said to the supervisor, which stops
        say({"unfit": _told(error)})
        return 2
    gc.collect()
    gc.freeze()  # a model is hundreds of thousands of objects that all stay
    gc.set_threshold(*SELDOM)
    say({"ready": engine.name, "resident": resident(), "start": round(time.process_time(), 3)})
    while True:
        _work(coder, tasks.get(), say)


def _work(coder: Any, task: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    spoken, pause = 0.0, EVERY if task["notes"] is None else 0.0

    def tell(number: int) -> None:
        nonlocal spoken
        if time.monotonic() - spoken >= pause:  # a search tells every note
            spoken = time.monotonic()
            say({"at": number})

    try:
        if task["notes"] is None:
            record = coder.write(task["part"], {int(note): why for note, why in task["skip"].items()}, tell)
            say({"done": record, "resident": resident(), "coded": coder.coded})
        else:
            coder.probe(task["part"], range(*task["notes"]), tell)
            say({"done": None, "resident": resident(), "coded": coder.coded})
    except MemoryError:
        os._exit(1)  # the part is tried again in a fresh process
    except Exception as error:  # noqa: BLE001
        say({"failed": _told(error), "full": "No space left" in str(error)})


def _listen(tasks: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        tasks.put(json.loads(line))
    os._exit(0)


def _told(error: BaseException) -> str:
    """What may be said of an error: its message if it is ours, which holds no text of a note."""
    return str(error) if isinstance(error, LeadtermError) else f"a fault of leadterm: {place_of(error)}."


class _Speaker:
    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def __call__(self, message: dict[str, Any]) -> None:
        try:
            print(json.dumps(message), file=self.stream, flush=True)
        except OSError:
            os._exit(0)


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
