"""What readers share: their result, and tables read with clear errors."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from leadterm.corpus import Card
from leadterm.errors import LeadtermError, counted
from leadterm.schema import Encounter

__all__ = ["Imported", "plain_card", "rows", "take_folder"]


@dataclass(frozen=True)
class Imported:
    """A source as read: a card and a stream of encounters, each with its split.

    ``card``: without counts; they are filled in when the corpus is written. ``encounters``: split and encounter; a
    stream that may be gone through once. ``code_lists``: system → codes with titles, for systems of the source's own;
    complete once the stream has ended. ``remarks``: what was left out or mended, for the user to know.

    >>> from leadterm.schema import Note
    >>> card = Card("demo", "", "", ("en",), {}, "", "")
    >>> list(Imported(card, [("train", Encounter("e1", (Note("n1", "Cough."),)))]).splits())
    ['train']
    """

    card: Card
    encounters: Iterable[tuple[str, Encounter]]
    code_lists: Mapping[str, Iterable[tuple[str, str]]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def splits(self) -> dict[str, list[Encounter]]:
        """Read the whole stream into memory, by split."""
        made: dict[str, list[Encounter]] = {}
        for split, encounter in self.encounters:
            made.setdefault(split, []).append(encounter)
        return made


def plain_card(
    name: str, source: str, encounters: Iterable[Encounter], split_method: str, known: Mapping[str, str] | None = None
) -> Card:
    """Make the card of a source that states no terms. ``known``: releases of systems, beside those that are met."""
    languages, systems = set[str](), set[str]()
    for encounter in encounters:
        languages.add(encounter.language)
        systems.update(code.system for code in encounter.codes)
    releases = {**(known or {}), **dict.fromkeys(sorted(systems - {*(known or {})}), "not stated")}
    unknown = "Not stated: treat as patient data."
    return Card(name, source, "Not stated.", tuple(sorted(languages)), releases, split_method, unknown)


def take_folder(source: Path, kind: str) -> Path:
    """Insist on a folder."""
    if not source.is_dir():
        raise LeadtermError(f"{kind} is read from a folder; '{source}' is a file.", hint="Give the folder it is in.")
    return source


def _open(path: Path) -> IO[str]:
    """Open a table, packed with gzip or not; line ends inside quoted fields are kept."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def rows(path: Path, columns: Sequence[str], *, delimiter: str = ",") -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line numbers and rows of a table with a header, packed with gzip or not.

    Line where the row ends, and column (lower case) → value, never altered. ``columns``: columns it must have, in any
    case. ``LeadtermError`` if a column is missing, a row has more or fewer fields than the header, or the file is not
    UTF-8.
    """
    csv.field_size_limit(sys.maxsize)
    number = 1
    try:
        with closing(_open(path)) as file:
            table = csv.reader(file, delimiter=delimiter)
            header = [name.strip().lower() for name in next(table, [])]
            missing = [name for name in columns if name.lower() not in header]
            if missing:
                raise _lacking(path, header, missing, columns)
            for row in table:
                number = table.line_num
                if not row:
                    continue
                if len(row) != len(header):
                    fields = f"{counted(len(row), 'field')}, the header {len(header)}"
                    raise LeadtermError(f"{path} line {number} has {fields}.", hint="Quote fields that hold commas.")
                yield number, dict(zip(header, row, strict=True))
    except UnicodeDecodeError:
        raise LeadtermError(f"{path} is not UTF-8 after line {number}.", hint="Save it as UTF-8.") from None
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise LeadtermError(f"cannot read {path} after line {number}: {error}.", hint="Is the file whole?") from None


def _lacking(path: Path, header: list[str], missing: list[str], columns: Sequence[str]) -> LeadtermError:
    """Make the error for missing columns. A first line that names none of them may be a row: patient data."""
    known = {name.lower() for name in columns} & {*header}
    others = [name for name in header if known and re.fullmatch(r"[a-z_][\w.-]{0,29}", name)][:12]
    got = counted(len(header), "field") + (f", among them {', '.join(others)}" if others else "")
    hint = "Check the file." if known else "Is its first line a header?"
    return LeadtermError(f"{path} lacks the columns {', '.join(missing)}; its first line has {got}.", hint=hint)
