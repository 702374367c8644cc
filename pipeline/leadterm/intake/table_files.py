"""Rows of a table in any file: CSV with any separator and encoding, XLSX, Parquet, lines of JSON objects."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from leadterm.errors import LeadtermError, counted
from leadterm.intake.decode import LARGEST, unmarked_wide
from leadterm.intake.extras import check_swelling, require
from leadterm.intake.parquet_files import parquet_folder, parquet_piece
from leadterm.intake.table_columns import SEPARATORS, known_names, plain_name
from leadterm.intake.table_rows import Row, Table, as_cell

__all__ = ["Layout", "csv_layout", "csv_piece", "csv_rows_at", "open_table"]

NONE = "\x1f"
SAMPLE, LOOK = 256_000, 25
STATED = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # what Excel writes where the separator is not that of the country
CHUNK = 1 << 20
WIDE = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


def open_table(path: Path) -> Table:
    """Open a table of any kind; what it is decides its content, then its name. A folder is one of Parquet files.

    ``LeadtermError`` if it cannot be read, is empty, or needs a package that is not installed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.csv"
    ...     _ = path.write_text("ID;Note\\n7;Cough.\\n")
    ...     [dict(row.cells) for row in open_table(path).rows]
    [{'id': '7', 'note': 'Cough.'}]
    """
    if path.is_dir():
        return parquet_folder(path)
    try:
        with _open(path) as file:
            start = file.read(8)
        if start.startswith(b"PK\x03\x04"):
            return _xlsx(path)
        if start.startswith(b"PAR1"):
            return parquet_piece(path)
        if start.startswith(b"\xd0\xcf\x11\xe0"):
            raise LeadtermError(f"'{path}' is an old Excel file (.xls).", hint="Save it as .xlsx or CSV.")
        if path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            return _jsonl(path)
        return _csv(path)
    except (OSError, EOFError, zlib.error) as error:
        said = getattr(error, "strerror", None) or error
        raise LeadtermError(f"cannot read {path}: {said}.", hint="Is the file whole?") from None


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    opened: IO[bytes] = gzip.open(path) if packed else path.open("rb")  # type: ignore[assignment]  # noqa: SIM115
    return opened


def _encoding(path: Path) -> tuple[str, str]:
    """Name the encoding of a text, and say where it is a guess; the file is gone through once."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _open(path) as file:
        chunk = file.read(CHUNK)
        if mark := next((name for start, name in WIDE if chunk.startswith(start)), ""):
            return mark, ""
        if wide := unmarked_wide(chunk):
            return wide, f"'{path}' has no byte order mark; read as {wide.upper()}."
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252", f"'{path}' is not UTF-8; read as Windows-1252. Check its accents."
    return "utf-8", ""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a CSV file is to be read: its encoding, separator and columns; ``stated`` if a line before them says it."""

    encoding: str
    separator: str
    header: tuple[str, ...]
    stated: bool = False
    warning: str = ""


def csv_layout(path: Path) -> Layout:
    """Find out how a CSV file is to be read; raises LeadtermError if it is no table or empty."""
    encoding, warning = _encoding(path)
    with io.TextIOWrapper(_open(path), encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    if "\x00" in sample:
        raise LeadtermError(f"'{path}' is not a table: it has NUL bytes.", hint="Give CSV, XLSX or Parquet.")
    if not sample.strip():
        raise LeadtermError(f"'{path}' is empty.", hint="Check the file.")
    stated = STATED.match(sample)
    whole = len(sample) < SAMPLE
    separator = stated[1] if stated else _separator(sample, whole=whole, name=path.name.lower())
    lines = _csv_rows(path, encoding, separator)
    if stated:
        next(lines)
    names = tuple(cell.strip().lower() for cell in next(lines, (1, [""], ""))[1])
    return Layout(encoding, separator, names, bool(stated), warning)


def _csv(path: Path) -> Table:
    layout = csv_layout(path)
    lines = _csv_rows(path, layout.encoding, layout.separator)
    for _ in range(1 + layout.stated):
        next(lines, None)
    return Table(layout.header, _as_rows(lines, layout.header), warning=layout.warning)


def csv_piece(path: Path, layout: Layout, lines: Iterable[bytes], first: int) -> Table:
    """Read some lines of a CSV file, whole rows without the header; the first has the number `first`."""
    text = (line.decode(layout.encoding, _errors(layout.encoding)) for line in lines)
    rows = ((number + first - 1, cells, fault) for number, cells, fault in _parsed(text, layout.separator, path))
    return Table(layout.header, _as_rows(rows, layout.header))


def csv_rows_at(path: Path, layout: Layout) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the byte and line at which each row below the header begins, with its cells; -1 ends what cannot be cut.

    That is a file of which a line end is a single CR: by bytes its lines would be others.
    """
    at, odd = 0, False

    def text(file: IO[bytes]) -> Iterator[str]:
        nonlocal at, odd
        for line in file:
            at, odd = at + len(line), odd or b"\r" in line.removesuffix(b"\n").removesuffix(b"\r")
            yield line.decode(layout.encoding, _errors(layout.encoding))

    with _open(path) as file:
        reader = csv.reader(text(file), delimiter=layout.separator, strict=True)
        skip = 1 + layout.stated
        while not odd:
            begin, line, row = at, reader.line_num + 1, ["?"]
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:  # told when the piece is read
                pass
            skip -= (filled := any(map(str.strip, row)))
            if filled and skip < 0:
                yield begin, line, row
    yield -1, 0, []


def _separator(sample: str, *, whole: bool, name: str) -> str:
    """Choose the separator that finds the most columns with known names, then the most even rows.

    A table of one column has none: commas are of its texts.
    """
    if not any(separator in sample.partition("\n")[0] for separator in SEPARATORS):
        return NONE

    def score(separator: str) -> tuple[int, int, bool, bool]:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        rows = [row for _, row in zip(range(LOOK), reader, strict=False) if row]
        rows = rows if whole or len(rows) < 2 else rows[:-1]
        width = len(rows[0])
        named = sum(plain_name(cell) in known_names() for cell in rows[0]) if width > 1 else 0
        even = sum(len(row) == width for row in rows[1:]) if width > 1 else 0
        return named, even, width > 1, separator == ("\t" if ".tsv" in name or ".tab" in name else ",")

    return max(SEPARATORS, key=score)


def _csv_rows(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield line, cells and fault of each row of a file."""
    with io.TextIOWrapper(_open(path), encoding=encoding, errors=_errors(encoding), newline="") as file:
        yield from _parsed(_lines_of(file, path), separator, path)


def _lines_of(file: IO[str], path: Path) -> Iterator[str]:
    """Give the lines; a packed file may unpack to one that fills the memory."""
    while line := file.readline(LARGEST):
        if len(line) >= LARGEST and not line.endswith(("\n", "\r")):
            raise LeadtermError(f"'{path}' has a line of more than {LARGEST:,} characters.", hint="Is it a table?")
        yield line


def _parsed(text: Iterable[str], separator: str, path: Path) -> Iterator[tuple[int, list[str], str]]:
    """Yield line, cells and fault; a line that cannot be read is a fault and ends nothing."""
    csv.field_size_limit(LARGEST)
    reader = csv.reader(text, delimiter=separator, strict=True)
    number = 0
    try:
        while True:
            begin = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield begin, [], _csv_fault(str(error), reader.line_num)
                continue
            number = reader.line_num
            if any(map(str.strip, row)):
                yield number, row, ""
    except UnicodeDecodeError as error:
        raise LeadtermError(f"{path} is not {error.encoding} after line {number}.", hint="Save it as UTF-8.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise LeadtermError(f"cannot read {path} after line {number}: {error}.", hint="Is the file whole?") from None


def _errors(encoding: str) -> str:
    """The five bytes that Windows-1252 leaves open are read as Latin-1 has them: control characters."""
    if encoding != "cp1252":
        return "strict"
    codecs.register_error("leadterm.latin1", lambda e: (e.object[e.start : e.end].decode("latin-1"), e.end))  # type: ignore[attr-defined]
    return "leadterm.latin1"


def _csv_fault(error: str, line: int) -> str:
    if "field limit" in error:
        return f"has a field of more than {LARGEST:,} characters"
    if "end of data" in error:
        return f"opens a quoted field that is never closed; everything up to line {line} is lost in it"
    return "has a quotation mark within a quoted field that is not doubled"


def _as_rows(lines: Iterator[tuple[int, list[str], str]], names: Sequence[str]) -> Iterator[Row]:
    for number, cells, fault in lines:
        while len(cells) > len(names) and not cells[-1].strip():
            cells.pop()
        if not fault and len(cells) != len(names):
            fault = f"has {counted(len(cells), 'field')}, the header {len(names)}"
        yield Row(number, {} if fault else dict(zip(names, cells, strict=True)), fault)


def _xlsx(path: Path) -> Table:
    openpyxl = require("openpyxl", "tables", f"'{path}' is an Excel workbook")
    check_swelling(path.open("rb"), f"'{path}'")
    try:
        named = path.suffix.lower() in (".xlsx", ".xlsm")  # the library opens no other names
        book = openpyxl.load_workbook(path if named else io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except Exception:  # noqa: BLE001  the library raises many kinds
        raise LeadtermError(f"'{path}' is no readable Excel workbook.", hint="Save it anew as .xlsx.") from None
    known: dict[str, int] = {}  # sheets that hold something, by how many columns have a name that is known
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        first = next(iter(sheet.iter_rows(values_only=True)), ())
        if any(value is not None for value in first):
            known[sheet.title] = sum(plain_name(as_cell(value)) in known_names() for value in first)
    if not known:
        raise LeadtermError(f"'{path}' is empty.", hint="Its first row names the columns.")
    best = max(known, key=known.__getitem__)
    left = ", ".join(f"'{name[:40]}'" for name in known if name != best)
    table = _sheet(book[best].iter_rows(values_only=True), path)
    told = f"'{path}': the sheet '{best[:40]}' is read, and not {left}." if left else ""
    return replace(table, warning=told)


def _sheet(rows: Iterator[Sequence[Any]], path: Path) -> Table:
    first = [as_cell(value).strip().lower() for value in next(rows, ())]
    while first and not first[-1]:
        first.pop()
    if not first:
        raise LeadtermError(f"'{path}' is empty.", hint="Its first row names the columns.")

    def lines() -> Iterator[tuple[int, list[str], str]]:
        for number, row in enumerate(rows, 2):
            cells = [as_cell(value) for value in row]
            cells += [""] * (len(first) - len(cells))
            if any(cells):
                yield number, cells, ""

    return Table(tuple(first), _as_rows(lines(), first), unit="row")


def _jsonl(path: Path) -> Table:
    """Read lines of JSON objects; the columns are the keys of the first hundred."""
    encoding, warning = _encoding(path)

    def lines() -> Iterator[Row]:
        with io.TextIOWrapper(_open(path), encoding=encoding, errors=_errors(encoding), newline="\n") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _object(line, number)

    names: dict[str, None] = {}
    for _, row in zip(range(100), lines(), strict=False):
        names |= dict.fromkeys(row.cells)
    if not names:
        raise LeadtermError(f"'{path}' is empty or holds no JSON objects.", hint="One object a line.")
    return Table(tuple(names), lines(), warning=warning)


def _object(line: str, number: int) -> Row:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, {}, "is not JSON")
    if not isinstance(given, dict):
        return Row(number, {}, "is not a JSON object")
    return Row(number, {str(key).strip().lower(): as_cell(value) for key, value in given.items()})
