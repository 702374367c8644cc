"""From names to files: what is meant by the names a person gives, and the bytes of each."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.intake.decode import LARGEST, too_large

__all__ = [
    "JSON_ENDINGS", "STDIN", "encounter_id_of", "find_files", "holds_many", "is_table", "read_bytes",
    "read_lines", "shown",
]  # fmt: skip

STDIN = Path("-")
JSON_ENDINGS = (".jsonl", ".json", ".ndjson")
TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".psv", ".xlsx", ".xlsm", ".xls", ".parquet", ".pq")


def find_files(names: Sequence[str]) -> list[Path]:
    """List the files that are meant; a folder stands for the files directly inside, hidden ones left out.

    A corpus folder stands for its splits, ``-`` for standard input.

    ``LeadtermError`` if a name does not exist, a folder has no file, or two text files would have the same encounter
    id.

    >>> find_files(["-"])
    [PosixPath('-')]
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path == STDIN or path.is_file():
            found.append(path)
        elif path.is_dir():
            found += _inside(path)
        elif path.exists():
            raise LeadtermError(f"'{name}' is neither a file nor a folder.", hint="Give a file, a folder or -.")
        else:
            raise _missing(path)
    seen: dict[str, Path] = {}
    for path in found:
        other = seen.setdefault(path.stem, path)
        if other is not path and not holds_many(path) and not holds_many(other):
            raise LeadtermError(
                f"'{other}' and '{path}' would both be the encounter '{encounter_id_of(path)}'.",
                hint="Rename one, or run them apart: the encounter id is the file name without its ending.",
            )
    return found


def is_table(path: Path) -> bool:
    """Tell whether a file is a table, by its name.

    >>> is_table(Path("Notes.CSV.gz")), is_table(Path("note.txt"))
    (True, False)
    """
    return path.name.lower().removesuffix(".gz").endswith(TABLE_ENDINGS)


def holds_many(path: Path) -> bool:
    """Tell whether a file may hold many encounters, by its name."""
    return path.suffix.lower() in JSON_ENDINGS or is_table(path)


def _inside(folder: Path) -> list[Path]:
    inside = sorted((p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")), key=_natural)
    if any(path.name == "corpus.toml" for path in inside):
        inside = [path for path in inside if path.suffix == ".jsonl"]
    if not inside:
        raise LeadtermError(f"the folder '{folder}' has no file directly inside.", hint="Folders within are not read.")
    return inside


def _natural(path: Path) -> list[tuple[int, str]]:
    """An order in which note2 stands before note10."""
    return [(int(piece) if piece.isdecimal() else -1, piece) for piece in re.split(r"(\d+)", path.name)]


def _missing(path: Path) -> LeadtermError:
    if path.is_symlink():
        return LeadtermError(f"'{path}' is a link that leads nowhere.", hint="Name the file itself.")
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    guess = f"; did you mean '{path.parent / near[0]}'?" if near else "."
    return LeadtermError(f"no such file or folder: '{path}'{guess}", hint="" if near else "Check the path.")


def encounter_id_of(path: Path) -> str:
    """Name the encounter of a text file: after the file, in characters that every output can hold."""
    return "stdin" if path == STDIN else os.fsencode(path.stem).decode("utf-8", "replace")


def shown(path: Path) -> str:
    """Name a file in a message."""
    return "standard input" if path == STDIN else f"'{path}'"


def read_bytes(path: Path) -> bytes:
    """Read a whole file, or standard input; what no note can be so large is refused before it fills the memory."""
    try:
        if path == STDIN:
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(content) > LARGEST:
        raise too_large(shown(path))
    return content


def read_lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a file one at a time; a line that is too long for a note comes cut, just above the limit."""
    try:
        with path.open("rb") as file:
            while line := file.readline(LARGEST + 1):
                yield line
                while len(line) > LARGEST and not line.endswith(b"\n"):
                    line = file.readline(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> LeadtermError:
    return LeadtermError(f"cannot read {shown(path)}: {error.strerror or error}.", hint="Check the file.")
