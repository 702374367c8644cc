"""Pieces of an input, each read by itself, so that many processes can share the work.

A piece is a few documents, lines of a JSONL or CSV file by their bytes, or rows of a Parquet file. What it is, is told
in full by a few numbers and names: another process, or another machine that sees the same files, reads the same from
it. Its hash tells whether the file is still the one that was cut (`intake/cutting.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.intake.encounters import Item, file_items, line_item, settle
from leadterm.intake.files import encounter_id_of, shown
from leadterm.intake.parquet_files import parquet_piece
from leadterm.intake.table_columns import map_columns
from leadterm.intake.table_encounters import grouped, last_rows
from leadterm.intake.table_files import Layout, csv_piece
from leadterm.intake.table_rows import Table

__all__ = ["Piece", "digest_of", "read_piece"]

CHANGED = "Give back the file as it was and run the same command, or choose a new output."


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an input.

    ``kind``: ``documents``, ``lines`` (JSON), ``csv`` or ``parquet``. ``start`` and ``stop``: bytes, or rows of
    Parquet; ``row_group``: that of its first row. ``first``: number of its first line. ``before``: rows before it.
    ``rows``: how many it has; documents and lines count alike. ``digest``: SHA-256 of what is read; of Parquet, of the
    footer.

    >>> Piece.from_json(Piece("documents", ("a.txt",), rows=1).to_json()).files
    ('a.txt',)
    """

    kind: str
    files: tuple[str, ...]
    rows: int
    start: int = 0
    stop: int = 0
    first: int = 1
    before: int = 0
    row_group: int | None = None
    digest: str = ""
    layout: Layout | None = None

    def to_json(self) -> dict[str, Any]:
        """Give what a plan writes of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Piece:
        """Read what `to_json` gave."""
        layout = given.get("layout")
        known = Layout(**{**layout, "header": tuple(layout["header"])}) if layout else None
        return cls(**{**given, "files": tuple(given["files"]), "layout": known})


Keep = Callable[[int, Item | None], bool]


def read_piece(
    piece: Piece,
    *,
    setting: str | None = None,
    date: str | None = None,
    columns: Mapping[str, str] | None = None,
    keep: Keep = lambda *_: True,
) -> Iterator[Item]:
    """Read the encounters of a piece as `read_items` reads those of files.

    ``keep`` is asked of each document by its number before it is opened, and of what is read from other files.
    ``LeadtermError`` at once if a file is gone, shorter, or another one than that which was cut.
    """
    content = _checked(piece)
    where = piece.files[0]
    if piece.kind == "documents":
        kept = (path for number, path in enumerate(map(Path, piece.files)) if keep(number, None))
        found = ((str(path), item) for path in kept for item in file_items(path, columns or {}))
        return settle(found, setting=setting, date=date)
    found = ((where, item) for item in _READERS[piece.kind](piece, content, columns or {}))
    settled = settle(found, setting=setting, date=date)
    return (item for number, item in enumerate(settled) if keep(number, item))


def digest_of(piece: Piece) -> str:
    """Compute the hash of what a piece reads; raises LeadtermError where a file cannot be read."""
    return _digest(piece, _content(piece))


def _checked(piece: Piece) -> bytes:
    content = _content(piece)
    if _digest(piece, content) != piece.digest:
        names = shown(Path(piece.files[0])) if len(piece.files) == 1 else f"one of {len(piece.files)} files"
        raise LeadtermError(f"{names} is not what it was when the run was planned.", hint=CHANGED)
    return content


def _content(piece: Piece) -> bytes:
    path = Path(piece.files[0])
    if piece.kind in ("documents", "parquet"):
        return b""
    try:
        with path.open("rb") as file:
            file.seek(piece.start)
            return file.read(piece.stop - piece.start)
    except OSError as error:
        raise _gone(path, error) from None


def _digest(piece: Piece, content: bytes) -> str:
    if piece.kind == "documents":
        return hashlib.sha256(b"".join(_file_digest(Path(file)) for file in piece.files)).hexdigest()
    if piece.kind == "parquet":
        path = Path(piece.files[0])
        try:
            known = path.stat()
        except OSError as error:
            raise _gone(path, error) from None
        return _footer_digest(str(path), known.st_size, known.st_mtime_ns)
    return hashlib.sha256(content).hexdigest()


def _file_digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise _gone(path, error) from None


@lru_cache(maxsize=64)
def _footer_digest(name: str, size: int, _: int) -> str:
    """Hash the size and the footer of a Parquet file, which tells where every page lies and what it holds."""
    try:
        with Path(name).open("rb") as file:
            file.seek(max(0, size - 8))
            length = int.from_bytes(file.read(8)[:4], "little")
            file.seek(max(0, size - 8 - length))
            return hashlib.sha256(size.to_bytes(8, "little") + file.read()).hexdigest()
    except OSError as error:
        raise _gone(Path(name), error) from None


def _gone(path: Path, error: OSError) -> LeadtermError:
    return LeadtermError(f"cannot read {shown(path)}: {error.strerror or error}.", hint=CHANGED)


def _json_lines(piece: Piece, content: bytes, columns: Mapping[str, str]) -> Iterator[Item]:
    path = Path(piece.files[0])
    for number, line in enumerate(BytesIO(content), piece.first):
        if line.strip():
            yield line_item(line, f"{shown(path)} line {number}", f"{encounter_id_of(path)}-{number}", columns)


def _csv_rows(piece: Piece, content: bytes, columns: Mapping[str, str]) -> Iterator[Item]:
    assert piece.layout is not None
    return _table_items(piece, csv_piece(Path(piece.files[0]), piece.layout, BytesIO(content), piece.first), columns)


def _parquet_rows(piece: Piece, _: bytes, columns: Mapping[str, str]) -> Iterator[Item]:
    return _table_items(piece, parquet_piece(Path(piece.files[0]), piece.start, piece.stop), columns)


def _table_items(piece: Piece, table: Table, given: Mapping[str, str]) -> Iterator[Item]:
    path = Path(piece.files[0])
    columns = map_columns(table.header, given, needed=("text",), name=shown(path))
    rows = list(table.rows)
    last = last_rows(rows, columns) if "id" in columns else {}
    whole = Table(table.header, iter(rows), table.unit)
    yield from (Item(*found) for found in grouped(whole, columns, last, path, piece.before))


_READERS = {"lines": _json_lines, "csv": _csv_rows, "parquet": _parquet_rows}
