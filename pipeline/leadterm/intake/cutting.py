"""An input is cut into pieces of about as many notes; rows of one encounter stay together."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.intake.decode import LARGEST, wide_encoding
from leadterm.intake.fhir_documents import is_fhir
from leadterm.intake.files import JSON_ENDINGS, holds_many, is_table, shown
from leadterm.intake.parquet_files import open_parquet, read_batches
from leadterm.intake.pieces import Piece, digest_of
from leadterm.intake.table_columns import Columns, map_columns
from leadterm.intake.table_files import Layout, csv_layout, csv_rows_at
from leadterm.intake.table_rows import as_cell

__all__ = ["LEAST", "MOST", "cut"]

LEAST, MOST, PIECES = 50, 2_000, 64  # notes of a piece; pieces of a small input
CHUNK = 1 << 20
BY_BYTES = ("utf-8", "utf-8-sig", "cp1252")  # encodings in which a line end is one byte

Apart = Callable[[Sequence[Path]], Path]


def cut(
    files: Sequence[Path], apart: Apart, *, notes: int | None = None, columns: Mapping[str, str] | None = None
) -> Iterator[Piece]:
    """Cut files into pieces, in the order of the files.

    - ``files``: as `find_files` gives them.
    - ``apart``: reads files that cannot be cut (Excel, packed, FHIR, a table with the rows of an encounter apart, what
      cannot be read) and gives a file of their encounters as JSON lines.
    - ``notes``: notes of a piece, about; if left out a 64th of the input, 50 to 2,000. The same input is always cut
      alike.
    - ``columns``: role → column of tables.
    """
    fhir = [path for path in files if path.suffix.lower() in JSON_ENDINGS and is_fhir(_start(path))]
    documents: list[Path] = []
    size = notes or max(LEAST, min(MOST, -(-sum(map(_about, files)) // PIECES)))
    for path in files:
        if path in fhir[1:]:
            continue
        if not holds_many(path):
            documents.append(path)
            if len(documents) == size:
                yield _documents(documents)
                documents = []
            continue
        if documents:
            yield _documents(documents)
            documents = []
        if path in fhir:
            yield from _lines(apart(fhir), size)
        else:
            yield from _cut_file(path, size, columns or {}) or _lines(apart([path]), size)
    if documents:
        yield _documents(documents)


def _about(path: Path) -> int:
    """How many notes a file has, at most."""
    if not holds_many(path):
        return 1
    with suppress(LeadtermError):
        if _start(path).startswith(b"PAR1"):
            return int(open_parquet(path).metadata.num_rows)
    with suppress(OSError), path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(CHUNK), b""))
    return 0


def _start(path: Path) -> bytes:
    with suppress(OSError), path.open("rb") as file:
        return file.read(4096)
    return b""


def _documents(paths: Sequence[Path]) -> Piece:
    piece = Piece("documents", tuple(map(str, paths)), len(paths))
    return replace(piece, digest=digest_of(piece))


def _cut_file(path: Path, size: int, columns: Mapping[str, str]) -> list[Piece]:
    """Give the pieces of a file; none if it cannot be cut, or not be read."""
    start = _start(path)
    packed = start.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"))
    if packed or path.suffix.lower() == ".json" or wide_encoding(start):
        return []
    with suppress(LeadtermError):
        if not is_table(path):
            return list(_lines(path, size))
        return list((_rows if start.startswith(b"PAR1") else _csv)(path, size, columns))
    return []


def _lines(path: Path, size: int) -> Iterator[Piece]:
    """Cut at every so many lines."""
    with path.open("rb") as file:
        at = start = 0
        first = number = 1
        for line in file:
            at, number = at + len(line), number + 1
            if number - first == size or at - start > LARGEST:
                yield _ranged("lines", path, start, at, first=first, rows=number - first)
                start, first = at, number
        if at > start:
            yield _ranged("lines", path, start, at, first=first, rows=number - first)


def _ranged(
    kind: str, path: Path, start: int, stop: int, *, rows: int, first: int = 1, before: int = 0,
    layout: Layout | None = None,
) -> Piece:  # fmt: skip
    piece = Piece(kind, (str(path),), rows, start, stop, first=first, before=before, layout=layout)
    return replace(piece, digest=digest_of(piece))


class _Runs:
    """Tells whether the rows of each encounter stand together, in eight bytes a run of rows."""

    def __init__(self) -> None:
        self.seen, self.last = array("q"), ""

    def begins(self, name: str) -> bool:
        """Take the id of the next row; whether another encounter begins with it."""
        if not name or name == self.last:
            return not name
        self.last = name
        self.seen.append(hash(name))
        return True

    def together(self) -> bool:
        held = np.frombuffer(self.seen, dtype=np.int64) if self.seen else np.zeros(0, np.int64)
        return len(np.unique(held)) == len(held)


def _csv(path: Path, size: int, given: Mapping[str, str]) -> Iterator[Piece]:
    layout = csv_layout(path)
    columns = map_columns(layout.header, given, needed=("text",), name=shown(path))
    if layout.encoding not in BY_BYTES:
        return
    runs, starts = _Runs(), list[tuple[int, int, int]]()  # of each piece: byte, line, rows before
    rows = 0
    for at, line, cells in csv_rows_at(path, layout):
        if at < 0:
            return
        begins = runs.begins(_id(cells, layout, columns)) if "id" in columns else True
        if not starts or (begins and rows - starts[-1][2] >= size):
            starts.append((at, line, rows))
        rows += 1
    if starts and runs.together():
        ends = [*starts[1:], (path.stat().st_size, 0, rows)]
        for (at, line, before), (end, _, after) in zip(starts, ends, strict=True):
            yield _ranged("csv", path, at, end, first=line, before=before, rows=after - before, layout=layout)


def _id(cells: Sequence[str], layout: Layout, columns: Columns) -> str:
    """The id in a row; none in a row that has more or fewer fields than the header: it is left out when it is read."""
    whole = len(cells) == len(layout.header) or not any(map(str.strip, cells[len(layout.header) :]))
    return columns.cell(dict(zip(layout.header, cells, strict=False)), "id").strip() if whole else ""


def _rows(path: Path, size: int, given: Mapping[str, str]) -> Iterator[Piece]:
    """Cut the rows of a Parquet file; of its columns only the id is read."""
    file = open_parquet(path)
    names = {name.strip().lower(): name for name in file.schema_arrow.names}
    columns = map_columns(list(names), given, needed=("text",), name=shown(path))
    total = file.metadata.num_rows
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    firsts = [0, *np.cumsum(sizes).tolist()]
    starts = list(range(0, total, size))
    if "id" in columns:
        runs, starts = _Runs(), []
        row = 0
        for batch in read_batches(file, path, batch_size=10_000, columns=[names[columns.names["id"]]]):
            for value in batch.columns[0].to_pylist():
                if runs.begins(as_cell(value).strip()) and (not starts or row - starts[-1] >= size):
                    starts.append(row)
                row += 1
        if not runs.together():
            return
        starts = [0, *starts[1:]] if total else []
    digest = digest_of(Piece("parquet", (str(path),), 0))
    for start, stop in zip(starts, [*starts[1:], total], strict=True):
        group = int(np.searchsorted(firsts, start, side="right")) - 1
        yield Piece("parquet", (str(path),), stop - start, start, stop, start + 1, start, group, digest)
