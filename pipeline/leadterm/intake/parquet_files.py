"""Rows of Parquet files, read in batches; pyarrow, which reads them, comes with the extra ``tables``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from leadterm.errors import LeadtermError
from leadterm.intake.extras import require
from leadterm.intake.table_rows import Row, Table, as_cell

__all__ = ["open_parquet", "parquet_files", "parquet_folder", "parquet_piece", "read_batches"]


def parquet_files(folder: Path) -> list[Path]:
    """List the Parquet files below a folder, in order; what begins with a dot or an underscore is passed over."""
    below = sorted(folder.rglob("*.parquet"))
    return [file for file in below if not any(part[0] in "._" for part in file.relative_to(folder).parts)]


def parquet_folder(folder: Path) -> Table:
    """Read the Parquet files below a folder as one table; folders named like ``split=dev`` are columns of it.

    ``LeadtermError`` if there is none, or their columns differ.
    """
    files = parquet_files(folder)
    if not files:
        raise LeadtermError(f"the folder '{folder}' has no Parquet file below it.", hint="Give a file.")
    header, keys = parquet_piece(files[0]).header, _keys(files[0], folder)

    def rows() -> Iterator[Row]:
        number = 0
        for file in files:
            table, known = parquet_piece(file), _keys(file, folder)
            if {*table.header} != {*header} or known.keys() != keys.keys():
                raise LeadtermError(f"'{file}' has other columns than '{files[0]}'.", hint="Give them by themselves.")
            for row in table.rows:
                number += 1
                yield Row(number, {**row.cells, **known}, row.fault)

    return Table((*header, *(key for key in keys if key not in header)), rows(), unit="row")


def _keys(file: Path, folder: Path) -> dict[str, str]:
    parts = [part.partition("=") for part in file.relative_to(folder).parts[:-1] if "=" in part]
    return {key.lower(): unquote(value) for key, _, value in parts}


def open_parquet(path: Path) -> Any:
    """Open a Parquet file with pyarrow; raises LeadtermError if it cannot be read."""
    parquet = require("pyarrow.parquet", "tables", f"'{path}' is a Parquet file")
    try:
        return parquet.ParquetFile(path)
    except Exception:  # noqa: BLE001
        raise LeadtermError(f"'{path}' is no readable Parquet file.", hint="Is the file whole?") from None


def parquet_piece(path: Path, start: int = 0, stop: int | None = None) -> Table:
    """Read rows of a Parquet file, `start` to before `stop`; row groups before them are passed over."""
    file = open_parquet(path)
    groups = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    names = tuple(name.strip().lower() for name in file.schema_arrow.names)
    end = sum(groups) if stop is None else stop
    wanted, before = [], 0
    for number, count in enumerate(groups):
        if before < end and before + count > start:
            wanted.append((number, before))
        before += count

    def rows() -> Iterator[Row]:
        number = wanted[0][1] if wanted else 0
        for batch in read_batches(file, path, batch_size=1000, row_groups=[group for group, _ in wanted]):
            for at, values in enumerate(_values(batch, start - number, end - number), max(start, number) + 1):
                yield Row(at, dict(zip(names, map(as_cell, values), strict=True)))
            number += batch.num_rows
            if number >= end:
                return

    return Table(names, rows(), unit="row")


def read_batches(file: Any, path: Path, **options: Any) -> Iterator[Any]:
    """Read a Parquet file in batches of rows; raises LeadtermError where it is damaged within."""
    try:
        yield from file.iter_batches(**options)
    except (OSError, ValueError) as error:  # of Arrow: both its kinds of a damaged file
        kind = type(error).__name__
        raise LeadtermError(f"'{path}' is damaged within ({kind}).", hint="Is the file whole?") from None


def _values(batch: Any, start: int, stop: int) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a batch that lie between two places, which may lie outside."""
    low, high = max(0, start), min(batch.num_rows, stop)
    part = batch.slice(low, high - low) if low < high else batch.slice(0, 0)
    return zip(*(column.to_pylist() for column in part.columns), strict=True)
