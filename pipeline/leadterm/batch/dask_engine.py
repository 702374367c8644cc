"""Parts done by a Dask cluster: it is given numbers alone, and every machine sees the same files."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from threading import Lock
from typing import Any

from leadterm.batch.run_folder import RunFolder
from leadterm.errors import LeadtermError, place_of
from leadterm.intake.extras import require

__all__ = ["do_part", "run_dask"]

RETRIES, PATIENCE = 5, "10s"
ALONE, GLANCE = 60.0, 0.2  # seconds: how long a cluster may be without workers; between two looks
ONE_AT_A_TIME = Lock()


def do_part(folder: str, number: int) -> dict[str, Any]:
    """Do a part in whatever process this is; gives its record, or why it could not be done."""
    from leadterm.batch.work import coder_of

    try:
        with ONE_AT_A_TIME:  # threads of one process share its model
            return coder_of(folder).write(number, {})
    except MemoryError:
        raise
    except LeadtermError as error:
        return {"part": number, "failed": str(error)}
    except Exception as error:  # noqa: BLE001  its message may hold text of a note
        return {"part": number, "failed": f"a fault of leadterm: {place_of(error)}."}


def run_dask(folder: RunFolder, numbers: Sequence[int], address: str) -> Iterator[dict[str, Any]]:
    """Let a cluster do parts; one whose workers die again and again is a failure, which the local engine searches."""
    distributed = require("distributed", "batch", "--scheduler names a Dask cluster")
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        kind = type(error).__name__
        raise LeadtermError(f"no Dask scheduler answers at '{address}' ({kind}).", hint="Check the address.") from None
    with client:
        futures = {
            client.submit(do_part, str(folder.path), number, pure=False, retries=RETRIES): number for number in numbers
        }
        for future in _done(distributed, client, futures, address):
            if future.status == "finished":
                yield future.result()
            else:
                reason = f"its workers ended ({type(future.exception()).__name__})."
                yield {"part": futures[future], "failed": f"{reason} Run the same command without --scheduler."}
            future.release()


def _done(distributed: Any, client: Any, futures: Collection[Any], address: str) -> Iterator[Any]:
    """Yield futures as they are done; a cluster that stays without workers is an error, not an endless wait."""
    done = distributed.as_completed(futures)
    seen = time.monotonic()
    while not done.is_empty():
        batch = done.next_batch(block=False)
        yield from batch
        if batch or client.scheduler_info(n_workers=1)["workers"]:
            seen = time.monotonic()
        if time.monotonic() - seen > ALONE:
            raise LeadtermError(
                f"the Dask cluster at '{address}' has no worker since {ALONE:.0f} s; {done.count():,} parts are left.",
                hint=f"Start one (dask worker {address}); the same command then goes on.",
            )
        if not batch:
            time.sleep(GLANCE)
