"""Tab-separated tables: one reader and one writer. Cells stand as they are, without quotes and without escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from typing import Final

from leadterm.errors import LeadtermError, counted

__all__ = ["QUOTING", "iter_rows", "package_table", "parse_pairs", "parse_table", "rows_text", "table_text"]

QUOTING: Final = 3  # csv.QUOTE_NONE: the same rule for the readers of other libraries
BREAKING = re.compile(r"[\t\n\r\x00]")


def iter_rows(
    text: str, name: str, *, fields: int = 0, remarks: bool = True, ragged: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Yield line numbers and cells; blank lines and remarks, those that begin with ``#``, are passed over.

    With `fields`, or after the first row without, a row of another number of cells is an error, but in a
    `ragged` table, which another program made.

    >>> list(iter_rows("# A remark.\\na\\tb\\n", "demo"))
    [(2, ['a', 'b'])]
    """
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or (remarks and line.startswith("#")):
            continue
        cells = line.removesuffix("\r").split("\t")
        fields = fields or len(cells)
        if len(cells) != fields and not ragged:
            raise LeadtermError(
                f"{name} line {number} has {counted(len(cells), 'field')}, not {fields}.",
                hint="Its cells are parted by tabs.",
            )
        yield number, cells


def parse_table(text: str, name: str) -> list[dict[str, str]]:
    """Read a table whose first row names the columns.

    >>> parse_table("word\\tbase\\nran\\trun\\n", "demo")
    [{'word': 'ran', 'base': 'run'}]
    """
    rows = [cells for _, cells in iter_rows(text, name)]
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def package_table(room: str, name: str) -> list[dict[str, str]]:
    """Read a table that stands beside the modules of a package, for instance ``leadterm.text.knowledge``."""
    return parse_table(files(room).joinpath(name).read_text(encoding="utf-8"), name)


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """Read a list of codes: code and title on each line, the title where there is one.

    >>> parse_pairs("42\\tFalls\\n7\\n")
    [('42', 'Falls'), ('7', '')]
    """
    parts = (line.partition("\t") for line in text.split("\n") if line.strip())
    return [(code.strip(), title.strip()) for code, _, title in parts]


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give a table as text that is read back as it was; a cell that no reader would keep whole is refused.

    >>> table_text(["id", "score"], [['say "a"', 0.5]])
    'id\\tscore\\nsay "a"\\t0.5\\n'
    """
    return "\t".join(columns) + "\n" + rows_text(columns, rows)


def rows_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give the rows of a table without the line that names the columns."""
    return "".join(_row_text(columns, [str(cell) for cell in row]) for row in rows)


def _row_text(columns: Sequence[str], cells: Sequence[str]) -> str:
    for column, cell in zip(columns, cells, strict=True):
        if BREAKING.search(cell) or cell != cell.strip():
            shown = repr(cell[:80]).strip("'\"")
            raise LeadtermError(
                f"the {column} '{shown}' cannot stand in a tab-separated table.",
                hint="Tabs, line ends and spaces around it would be lost; rename it.",
            )
    return "\t".join(cells) + "\n"
