"""The database of decisions: where it is, its tables, and a connection that keeps its word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from leadterm.errors import LeadtermError
from leadterm.storage.writer import explain_failure

__all__ = ["ACCESS", "ACCOUNT", "ENTRY", "open_database", "reading", "writing"]

NAME = "decisions.db"
HEAD, VERSIONS = "1", "leadterm_version"
LOCK = 7_261_514  # of PostgreSQL: who migrates
META = sa.MetaData()
ENTRY = sa.Table(
    "leadterm_entry", META, sa.Column("number", sa.Integer, primary_key=True), sa.Column("id", sa.String),
    sa.Column("at", sa.String), sa.Column("who", sa.String), sa.Column("encounter", sa.String),
    sa.Column("text", sa.String), sa.Column("lane", sa.String), sa.Column("body", sa.String),
)  # fmt: skip
ACCOUNT = sa.Table(
    "leadterm_account", META, sa.Column("name", sa.String, primary_key=True), sa.Column("role", sa.String),
    sa.Column("secret", sa.String), sa.Column("made", sa.String),
)  # fmt: skip
ACCESS = sa.Table(
    "leadterm_access", META, sa.Column("number", sa.Integer, primary_key=True), sa.Column("at", sa.String),
    sa.Column("who", sa.String), sa.Column("what", sa.String), sa.Column("encounter", sa.String),
)  # fmt: skip


def open_database(where: Path | str) -> sa.Engine:
    """Open the database in a folder, or at an address such as ``postgresql://HOST/NAME``; its tables are made.

    ``LeadtermError`` if it cannot be reached, or is somebody else's.
    """
    engine = _sqlite(Path(where)) if isinstance(where, Path) or "://" not in where else _server(where)
    with writing(engine) as connection:
        tables = set(sa.inspect(connection).get_table_names())
        if VERSIONS not in tables:
            if tables and engine.dialect.name == "sqlite":
                hint = "Choose another folder with --decisions."
                raise LeadtermError(f"'{engine.url.database}' is no file of decisions.", hint=hint)
            _migrate(connection)
        else:
            known = connection.execute(sa.text(f"SELECT version_num FROM {VERSIONS}")).scalar()
            if known != HEAD:
                _migrate(connection)
    return engine


def _sqlite(folder: Path) -> sa.Engine:
    path = folder / NAME
    with explain_failure(path, what="the decisions "):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, so that also DDL is part of them
        for pragma in ("busy_timeout = 20000", "journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _server(address: str) -> sa.Engine:
    try:
        url = sa.make_url(address)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        return sa.create_engine(url, hide_parameters=True, pool_pre_ping=True)
    except (SQLAlchemyError, ModuleNotFoundError):
        hint = "Write postgresql://USER@HOST/NAME, and install 'leadterm[postgres]'."
        raise LeadtermError("the address of the decisions is none that can be used.", hint=hint) from None


def _migrate(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Connect to write: one writer at a time, so that numbers grow in the order in which entries are kept."""
    with _explained(), engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        yield connection


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Connect to read."""
    with _explained(), engine.connect() as connection:
        yield connection


@contextmanager
def _explained() -> Iterator[None]:
    """Say what the database says, in a line, without what was to be kept."""
    try:
        yield
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[:1]
        hint = "Nothing was changed. Check the place of the decisions, then try again."
        raise LeadtermError(f"the decisions cannot be used: {said[0] if said else 'no answer'}.", hint=hint) from None
