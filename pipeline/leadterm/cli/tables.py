"""Answers of `leadterm suggest` written as a table: CSV as they come, Excel and Parquet to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from leadterm.errors import LeadtermError
from leadterm.intake.extras import require
from leadterm.pages.suggestion_rows import csv_lines, write_parquet, write_xlsx
from leadterm.schema import SuggestionSet
from leadterm.storage.writer import explain_failure, open_file

__all__ = ["TABLES", "check_table_output", "write_table"]

MODULES = {"xlsx": "openpyxl", "parquet": "pyarrow"}
TABLES = ("csv", *MODULES)


def check_table_output(kind: str, output: str | None) -> None:
    """Refuse what cannot be written before a note is read: binary tables need a file and a package."""
    if kind not in MODULES:
        return
    require(MODULES[kind], "tables", f"--format {kind} is asked for")
    if output in (None, "-"):
        raise LeadtermError(f"--format {kind} writes to a file; none is named.", hint=f"Add --output coded.{kind}.")


def write_table(
    results: Iterable[SuggestionSet],
    kind: str,
    output: str | None,
    lines: Callable[[str | None], AbstractContextManager[Callable[[str], object]]],
) -> None:
    """Write the rows of all results; to a file as a whole or not at all."""
    rows = (row for one in results for row in one.rows())
    if kind == "csv":
        with lines(output) as write:
            for line in csv_lines(rows):
                write(line)
        return
    assert output is not None
    with explain_failure(output), open_file(output) as file:
        (write_xlsx if kind == "xlsx" else write_parquet)(rows, file)
