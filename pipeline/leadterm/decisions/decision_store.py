"""Where decisions are kept: a table that only grows, in SQLite or PostgreSQL, safe against what dies meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa

from leadterm.decisions.changes import Entry, entry_of
from leadterm.decisions.database import ACCESS, ENTRY, open_database, reading, writing
from leadterm.errors import LeadtermError

__all__ = ["Conflict", "DecisionStore", "now"]

Key = tuple[str, str, str]


class Conflict(LeadtermError):
    """Somebody else decided on the encounter meanwhile; nothing was saved and nothing is lost."""


def now() -> str:
    """Give the time as decisions tell it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class DecisionStore:
    """The decisions in a folder or a database.

    - ``where``: a folder, which is made for the user alone; or the address of a PostgreSQL database.

    ``LeadtermError`` if what is there is not ours, is damaged, or cannot be written.

    >>> import tempfile
    >>> from leadterm.decisions.changes import Change
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = DecisionStore(Path(folder))
    ...     _ = store.append(Entry("1", "", "ana", "e1", "0f", (Change("finish"),)))
    ...     found = [one.who for one in DecisionStore(Path(folder)).entries(("e1", "0f"))]
    ...     store.close()
    >>> found
    ['ana']
    """

    def __init__(self, where: Path | str) -> None:
        self.where = where
        self.engine = open_database(where)
        self._entries: dict[Key, list[Entry]] = defaultdict(list)
        self._lanes: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._ids: dict[str, Entry] = {}
        self._at = 0
        self._one = Lock()
        self.refresh()

    @property
    def mark(self) -> str:
        """Tell this store from others by a name that says nothing of where it is."""
        where = self.where if isinstance(self.where, str) else str(self.where.resolve())
        return hashlib.sha256(where.encode()).hexdigest()[:16]

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def refresh(self) -> None:
        """Read what was kept since, by whomever."""
        with self._one, reading(self.engine) as connection:
            self._catch_up(connection)

    def entries(self, key: tuple[str, str], lane: str = "") -> tuple[Entry, ...]:
        """Give the entries of an encounter, in one lane, in the order in which they were made."""
        return tuple(self._entries.get((*key, lane), ()))

    def lanes(self, key: tuple[str, str]) -> list[str]:
        """Name the lanes of an encounter in which somebody decided."""
        return sorted(self._lanes.get(key, ()))

    def texts(self, encounter_id: str) -> set[str]:
        """Give the digests of the notes that an encounter of this name was decided over."""
        return {text for name, text, _ in list(self._entries) if name == encounter_id}

    def everything(self) -> Iterator[Entry]:
        """Give all entries, encounter by encounter."""
        for entries in list(self._entries.values()):
            yield from entries

    def page(self, after: int, limit: int, who: str = "") -> list[dict[str, Any]]:
        """Give entries in the order in which they were kept, each with its number; of one person where named."""
        wanted = sa.select(ENTRY).where(ENTRY.c.number > after).order_by(ENTRY.c.number).limit(limit)
        with reading(self.engine) as connection:
            rows = connection.execute(wanted.where(ENTRY.c.who == who) if who else wanted).mappings()
            return [{"number": row["number"], **{name: row[name] for name in PLAIN}, **json.loads(row["body"])}
                    for row in rows]  # fmt: skip

    def append(
        self, entry: Entry, *, seen: int | None = None, made: Callable[[tuple[Entry, ...]], Entry] | None = None
    ) -> Entry:
        """Keep an entry; it is on the disk when this returns.

        ``seen``: how many entries of the encounter its author knew; `Conflict` if there are more by now. An entry whose
        id is kept already is given back, not kept twice. ``made``: makes the entry from those before it, where it
        depends on them. The store sets the time, so that no entry tells of a later one than those after it.
        """
        with self._one:
            with writing(self.engine) as connection:
                self._catch_up(connection)
                if (kept := self._ids.get(entry.id)) is not None:
                    if (kept.key, kept.who) != (entry.key, entry.who):
                        raise LeadtermError("an entry of this id is kept already.", hint="Give each an id of its own.")
                    return kept
                known = tuple(self._entries.get(entry.key, ()))
                if seen is not None and seen != len(known):
                    raise Conflict(f"{known[-1].who if known else 'nobody'} decided on this encounter meanwhile.")
                entry = replace(made(known) if made else entry, at=now())
                connection.execute(sa.insert(ENTRY).values(_row(entry)))
            with reading(self.engine) as connection:
                self._catch_up(connection)
        return self._ids[entry.id]

    def looked(self, who: str, what: str, encounter: str = "") -> None:
        """Note that somebody looked at something."""
        with writing(self.engine) as connection:
            connection.execute(sa.insert(ACCESS).values(at=now(), who=who, what=what, encounter=encounter))

    def looks(self, limit: int = 1000) -> list[dict[str, str]]:
        """Give who looked at what, the latest first."""
        columns = ACCESS.c.at, ACCESS.c.who, ACCESS.c.what, ACCESS.c.encounter
        with reading(self.engine) as connection:
            rows = connection.execute(sa.select(*columns).order_by(ACCESS.c.number.desc()).limit(limit))
            return [dict(row._mapping) for row in rows]

    def _catch_up(self, connection: sa.Connection) -> None:
        wanted = sa.select(ENTRY).where(ENTRY.c.number > self._at).order_by(ENTRY.c.number)
        for row in connection.execute(wanted).mappings():
            try:
                entry = entry_of({**{name: row[name] for name in PLAIN}, **json.loads(row["body"])})
            except (ValueError, TypeError, KeyError, AttributeError):
                hint = "Restore them from a backup; nothing was changed."
                raise LeadtermError(f"entry {row['number']} of the decisions is damaged.", hint=hint) from None
            self._at = int(row["number"])
            self._ids[entry.id] = entry
            self._entries[entry.key].append(entry)
            self._lanes[entry.key[:2]].add(entry.lane)


PLAIN = ("id", "at", "who", "encounter", "text", "lane")


def _row(entry: Entry) -> dict[str, Any]:
    whole = entry.to_json()
    plain = {name: whole.pop(name) for name in PLAIN}
    return {**plain, "body": json.dumps(whole, ensure_ascii=False, separators=(",", ":"))}
