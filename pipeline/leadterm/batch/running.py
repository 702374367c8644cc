"""A run from its plan to its manifest; the engine only does the parts that have no record yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadterm.batch.planning import Plan
from leadterm.batch.run_folder import RunFolder

__all__ = ["Engine", "run_parts"]

Engine = Callable[[RunFolder, Sequence[int]], Iterable[dict[str, Any]]]
"""Does parts of a run, by their numbers, and gives the record of each or why it failed, and events on the way."""
TOTALS = ("encounters", "suggestions", "bytes")


def run_parts(folder: RunFolder, plan: Plan, engine: Engine) -> Iterator[dict[str, Any]]:
    """Do what is left of a run, and yield each record as it is kept, the failure of a part, or an event.

    When every part has a record, the manifest is written. The caller holds the lock of the folder.
    """
    records = folder.read_records()
    left = [number for number in range(len(plan.pieces)) if number not in records]
    with folder.recording() as add:
        for outcome in engine(folder, left) if left else ():
            if not {"failed", "event"} & outcome.keys():
                add(outcome)
                records[outcome["part"]] = outcome
            yield outcome
    if len(records) == len(plan.pieces) and (left or not folder.manifest_file.exists()):
        folder.finish(_manifest(folder, plan, records), _letters(plan, records))


def _manifest(folder: RunFolder, plan: Plan, records: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """What a finished run says of itself: nothing that differs when it is run again."""
    ordered = [records[number] for number in range(len(plan.pieces))]
    parts = [
        {**{key: record[key] for key in ("file", *TOTALS, "sha256")}, "letters": len(record["letters"]),
         "input": _described(folder, piece)}
        for record, piece in zip(ordered, plan.pieces, strict=True)
    ]  # fmt: skip
    totals = {key: sum(record[key] for record in ordered) for key in TOTALS}
    letters = len(plan.letters) + sum(len(record["letters"]) for record in ordered)
    return {
        **plan.identity, "options": plan.options.to_json(), "rows": plan.rows, **totals, "letters": letters,
        "parts": parts,
    }  # fmt: skip


def _described(folder: RunFolder, piece: Any) -> dict[str, Any]:
    """What a part has read; files that were put aside are named within the run, many documents by the first."""
    given = piece.to_json()
    given.pop("layout", None)
    home = folder.path.resolve()
    files = [os.path.relpath(f, home) if Path(f).resolve().is_relative_to(home) else f for f in given["files"][:1]]
    return {**given, "files": files}


def _letters(plan: Plan, records: Mapping[int, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from ({"part": None, **letter} for letter in plan.letters)
    for number in range(len(plan.pieces)):
        yield from ({"part": records[number]["file"], **letter} for letter in records[number]["letters"])
