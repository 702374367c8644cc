"""Suggestions as a table for spreadsheets and data frames: one row a suggestion, one a note without any."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO

from leadterm.intake.extras import require
from leadterm.rows import COLUMNS, WHOLE, Cell

__all__ = ["csv_lines", "write_parquet", "write_xlsx"]

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 5_000
LONGEST_CELL = 32_767


def csv_lines(rows: Iterable[Sequence[Cell]], columns: Sequence[str] = COLUMNS) -> Iterator[str]:
    """Give a header and rows as CSV; a cell that a spreadsheet would take for a formula gets an apostrophe before it.

    >>> list(csv_lines([["=1+1", 0.5, None]], ["words", "score", "more"]))
    ['words,score,more\\n', "'=1+1,0.5,\\n"]
    """
    yield _line(columns)
    for cells in rows:
        yield _line([_harmless(cell) for cell in cells])


def _line(cells: Sequence[Cell]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # of these characters it quotes those in a cell
    return text.getvalue().removesuffix("\r\n") + "\n"


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write_xlsx(rows: Iterable[Sequence[Cell]], file: IO[bytes], columns: Sequence[str] = COLUMNS) -> None:
    """Write an Excel workbook of one sheet; text is text, whatever it begins with."""
    openpyxl = require("openpyxl", "tables", "the output is to be an Excel workbook")
    illegal = require("openpyxl.cell.cell", "tables", "").ILLEGAL_CHARACTERS_RE
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("suggestions")
    sheet.freeze_panes = "A2"
    sheet.append(columns)
    for row in rows:
        made = []
        for given in row:
            value = _harmless(given) if isinstance(given, bool) else given
            value = illegal.sub("·", value)[:LONGEST_CELL] if isinstance(value, str) else value
            cell = openpyxl.cell.WriteOnlyCell(sheet, value)
            cell.data_type = "s" if isinstance(value, str) else cell.data_type
            made.append(cell)
        sheet.append(made)
    book.save(file)


def write_parquet(rows: Iterable[Sequence[Cell]], file: IO[bytes], columns: Sequence[str] = COLUMNS) -> None:
    """Write a Parquet file, a batch of rows at a time."""
    pa = require("pyarrow", "tables", "the output is to be a Parquet file")
    parquet = require("pyarrow.parquet", "tables", "")
    kinds = {**dict.fromkeys(WHOLE, pa.int64()), "confidence": pa.float64(), "suggested": pa.bool_()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in columns])
    stream = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(stream, BATCH)):
            columns_of = zip(zip(*batch, strict=True), schema.types, strict=True)
            arrays = [pa.array(values, kind) for values, kind in columns_of]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
