"""Rows of a query as a Parquet file: through DuckDB, or SQLAlchemy for SQLite files and addresses of databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from leadterm.batch.run_folder import GO_ON
from leadterm.errors import LeadtermError
from leadterm.intake.extras import require
from leadterm.intake.table_rows import as_cell
from leadterm.storage.writer import explain_failure

__all__ = ["ask", "is_address", "refuse_database", "without_secrets"]

ROW_GROUP = 10_000
DUCKDB, SQLITE = b"DUCK", b"SQLite format 3\0"
OFFLINE = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}


def is_address(given: str) -> bool:
    """Tell the address of a database from a path.

    >>> is_address("postgresql://reader@host/notes"), is_address("notes.db")
    (True, False)
    """
    return "://" in given


def without_secrets(given: str) -> str:
    """Leave the name of the user, the password and all options out of an address.

    >>> without_secrets("postgresql+psycopg://reader:secret@host:5432/notes?sslpassword=x"), without_secrets("a.db")
    ('postgresql+psycopg://host:5432/notes', 'a.db')
    """
    if not is_address(given):
        return given
    kind, rest = given.split("://", 1)
    return f"{kind}://{rest.partition('?')[0].rpartition('@')[2]}"


def refuse_database(path: str) -> None:
    """Refuse a database without a query."""
    if is_address(path) or (Path(path).is_file() and _kind(Path(path)) in (DUCKDB, SQLITE)):
        hint = 'Name its notes, such as --sql "SELECT id, text FROM notes".'
        raise LeadtermError(f"'{without_secrets(path)}' is a database.", hint=hint)


def ask(query: str, given: str, target: Path) -> None:
    """Keep the rows of a query as Parquet; what is asked is a database, or a table that it calls ``input``.

    ``LeadtermError`` if it cannot be asked; the message tells the kind of error alone, for it may hold values.
    """
    kind = b"" if is_address(given) else _kind(Path(given))
    way = _ask_duckdb if not is_address(given) and kind != SQLITE else _ask_sqlalchemy
    with explain_failure(target, hint=GO_ON):
        way(query, given, target)


def _kind(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise LeadtermError(f"cannot read '{path}': {error.strerror}.", hint="Check the path.") from None
    return DUCKDB if start[8:12] == DUCKDB else SQLITE if start == SQLITE else b""


def _ask_duckdb(query: str, given: str, target: Path) -> None:
    duckdb = require("duckdb", "batch", "--sql asks a database")
    is_database = _kind(Path(given)) == DUCKDB
    with (
        _explained(duckdb.Error, "DuckDB"),
        duckdb.connect(given if is_database else ":memory:", read_only=is_database, config=OFFLINE) as base,
    ):
        if not is_database:
            base.from_query(f"FROM '{given}'").create_view("input")
        base.sql(query).write_parquet(str(target), row_group_size=ROW_GROUP)


def _ask_sqlalchemy(query: str, given: str, target: Path) -> None:
    sa = require("sqlalchemy", "batch", "--sql asks a database")
    with _explained((sa.exc.SQLAlchemyError, ImportError, ValueError), "its own client"):
        engine = sa.create_engine(_address(sa, given), hide_parameters=True)
        streamed = {"stream_results": True, "max_row_buffer": 1000, "no_parameters": True}  # a % in a query is a %
        with engine.connect().execution_options(**streamed) as connection:
            rows = connection.exec_driver_sql(query)
            _write(list(rows.keys()), map(tuple, rows), target)
        engine.dispose()


def _address(sa: Any, given: str) -> Any:
    """The address to ask; a file of SQLite is opened for reading alone, and never made."""
    url = sa.make_url(given) if is_address(given) else sa.URL.create("sqlite", database=str(given))
    if url.get_backend_name() != "sqlite" or not url.database:
        return url
    return url.set(database=f"{Path(url.database).absolute().as_uri()}?mode=ro", query={"uri": "true"})


def _write(names: list[str], rows: Iterator[tuple[Any, ...]], target: Path) -> None:
    """Write every cell as the text that is read of it: a column of SQLite may hold of everything."""
    arrow = require("pyarrow", "tables", "--sql keeps rows as Parquet")
    parquet = require("pyarrow.parquet", "tables", "--sql keeps rows as Parquet")
    schema = arrow.schema([(name, arrow.string()) for name in names])
    write: Callable[[Any], Any] = as_cell
    with parquet.ParquetWriter(target, schema) as file:
        while some := list(islice(rows, ROW_GROUP)):
            columns = [[write(cell) for cell in column] for column in zip(*some, strict=True)]
            file.write_table(arrow.table(columns, schema=schema))


@contextmanager
def _explained(kinds: Any, client: str) -> Iterator[None]:
    try:
        yield
    except kinds as error:
        kind = type(error).__name__
        raise LeadtermError(f"the query of --sql failed ({kind}).", hint=f"Try it in {client} by itself.") from None
