"""Notes in every format that `leadterm batch` cuts or puts aside, and an engine within the test's own process."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from leadterm.batch.dask_engine import do_part
from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.running import run_parts
from leadterm.pages.wanted import Format

SAID = ("Gout of the left knee", "Type 2 diabetes mellitus with neuropathy", "Essential hypertension", "Asthma", "COPD")


def rows(count: int) -> list[dict[str, str]]:
    """Notes of which no two are alike, with commas, quotation marks and line ends in them."""
    said = 'Visit {}, "as said".\nAssessment: {}, for {} years.\nPlan: {}?'
    return [{"id": f"e{i}", "text": said.format(i, SAID[i % 5], i, SAID[i % 3])} for i in range(count)]


def write_lines(path: Path, count: int = 30) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows(count)))
    return path


def write_csv(path: Path, given: list[dict[str, str]], *, encoding: str = "utf-8", end: str = "\r\n") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        table = csv.DictWriter(file, list(given[0]), lineterminator=end)
        table.writeheader()
        table.writerows(given)
    return path


def write_parquet(path: Path, given: list[dict[str, str]], group: int = 7) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(given), path, row_group_size=group)
    return path


def inline(folder: RunFolder, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Do the parts here, one after the other."""
    yield from (do_part(str(folder.path), number) for number in numbers)


def run_here(source: Path | str, output: Path, **options: Any) -> list[dict[str, Any]]:
    """Run a batch without other processes; gives the records and failures."""
    asked = Options(str(source), **{"format": Format.JSONL, "size": 4, **options})
    folder = RunFolder(output)
    folder.start()
    with folder.locked():
        return list(run_parts(folder, make_plan(asked, folder), inline))


def answers(output: Path) -> bytes:
    """All parts, one after the other."""
    return b"".join(file.read_bytes() for file in sorted(output.glob("part-*")))


def contents(output: Path) -> dict[str, bytes]:
    """Everything a run leaves that must be the same however it was disturbed."""
    return {file.name: file.read_bytes() for file in sorted(output.iterdir()) if file.is_file()}
