"""From the names on a command line to encounters: text files, encounters as JSON, folders and standard input."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.schema import Encounter, Note

__all__ = ["STDIN", "Item", "find_files", "read_items", "read_note_text"]

STDIN = Path("-")
JSON_ENDINGS = (".jsonl", ".json")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
FORMATS = (
    (b"%PDF", "a PDF"), (b"{\\rtf", "an RTF document"), (b"PK\x03\x04", "an office document or zip"),
    (b"\x1f\x8b", "packed with gzip"), (b"\xd0\xcf\x11\xe0", "an office document"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """An encounter to be coded, or why there is none.

    Parameters
    ----------
    encounter : Encounter or None
        What was read.
    problem : LeadtermError or None
        What kept it from being read.
    warning : str
        What the user should know though it was read.

    Examples
    --------
    >>> Item(problem=LeadtermError("note a.txt is empty.")).encounter is None
    True
    """

    encounter: Encounter | None = None
    problem: LeadtermError | None = None
    warning: str = ""


def find_files(names: Sequence[str]) -> list[Path]:
    """List the files that are meant; a folder stands for the files directly inside, hidden ones left out.

    Parameters
    ----------
    names : sequence of str
        Files, folders, or ``-`` for standard input. A corpus folder stands for its splits.

    Returns
    -------
    list of Path
        In the order given, those of a folder sorted by name.

    Raises
    ------
    LeadtermError
        If a name does not exist, a folder has no file, or two text files would have the same encounter id.

    Examples
    --------
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
        other = seen.setdefault(_id_of(path), path)
        if other is not path and not {path.suffix.lower(), other.suffix.lower()} & set(JSON_ENDINGS):
            raise LeadtermError(
                f"'{other}' and '{path}' would both be the encounter '{_id_of(path)}'.",
                hint="Rename one, or run them apart: the encounter id is the file name without its ending.",
            )
    return found


def _inside(folder: Path) -> list[Path]:
    inside = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if any(path.name == "corpus.toml" for path in inside):
        inside = [path for path in inside if path.suffix == ".jsonl"]
    if not inside:
        raise LeadtermError(f"the folder '{folder}' has no file directly inside.", hint="Folders within are not read.")
    return inside


def _missing(path: Path) -> LeadtermError:
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = get_close_matches(path.name, beside, n=1)
    guess = f"; did you mean '{path.parent / near[0]}'?" if near else "."
    return LeadtermError(f"no such file or folder: '{path}'{guess}", hint="" if near else "Check the path.")


def _id_of(path: Path) -> str:
    return "stdin" if path == STDIN else path.stem


def read_items(files: Sequence[Path], *, setting: str | None = None, date: str | None = None) -> Iterator[Item]:
    """Read the files one after the other; a bad one does not keep the others from being read.

    Parameters
    ----------
    files : sequence of Path
        From `find_files`.
    setting : str, optional
        Setting of all encounters; by default what a JSON encounter says, else outpatient.
    date : str, optional
        Date of service of encounters that have none.

    Yields
    ------
    Item
        One for each text file, each line of a ``.jsonl`` file and each object of a ``.json`` file.
    """
    seen: set[str] = set()
    for path in files:
        for item in _items(path):
            if item.encounter is None:
                yield item
                continue
            name = item.encounter.encounter_id
            if name in seen:
                yield Item(problem=LeadtermError(f"{path}: the encounter '{name}' was there before.", hint="Left out."))
                continue
            seen.add(name)
            known = item.encounter
            day = known.date_of_service or date
            yield replace(item, encounter=replace(known, setting=setting or known.setting, date_of_service=day))


def _items(path: Path) -> Iterator[Item]:
    try:
        if path.suffix.lower() in JSON_ENDINGS:
            yield from _json_items(path)
        else:
            text, warning = read_note_text(_bytes(path), "standard input" if path == STDIN else f"'{path}'")
            yield Item(Encounter(_id_of(path), (Note(_id_of(path), text),)), warning=warning)
    except LeadtermError as problem:
        yield Item(problem=problem)


def _bytes(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == STDIN else path.read_bytes()
    except OSError as error:
        raise LeadtermError(f"cannot read '{path}': {error.strerror or error}.", hint="Check the file.") from None


def read_note_text(content: bytes, name: str) -> tuple[str, str]:
    """Decode a note; line ends and control characters stay as they are, so that offsets are exact.

    Parameters
    ----------
    content : bytes
        UTF-8, UTF-16 or UTF-32 with a byte order mark (which is not part of the text), else Windows-1252.
    name : str
        How to call the note in messages.

    Returns
    -------
    (str, str)
        The text, and a warning or an empty string.

    Raises
    ------
    LeadtermError
        If it is not text, or has no words.

    Examples
    --------
    >>> read_note_text(b"Sore throat.\\r\\n", "a.txt")
    ('Sore throat.\\r\\n', '')
    """
    kind = next((kind for start, kind in FORMATS if content.startswith(start)), "")
    if kind:
        raise LeadtermError(f"{name} is {kind}, not plain text.", hint="Save its text as UTF-8 (.txt) and give that.")
    mark, encoding = next((pair for pair in MARKS if content.startswith(pair[0])), (b"", ""))
    text, warning = _decode(content[len(mark) :], encoding, name)
    if "\x00" in text:
        raise LeadtermError(f"{name} is not text: it has NUL bytes.", hint="Give plain text in UTF-8.")
    if not text.strip():
        raise LeadtermError(f"{name} is empty: there is no text to code.", hint="Check the file.")
    return text, warning


def _decode(content: bytes, encoding: str, name: str) -> tuple[str, str]:
    try:
        return content.decode(encoding or "utf-8"), ""
    except UnicodeDecodeError as error:
        place = error.start
    if encoding:
        raise LeadtermError(f"{name} is damaged: it is not {encoding} at byte {place}.", hint="Save it as UTF-8.")
    try:
        return content.decode("cp1252"), f"{name} is not UTF-8; read as Windows-1252. Check its accents."
    except UnicodeDecodeError:
        message = f"{name} is not text: neither UTF-8 (byte {place}) nor Windows-1252."
        raise LeadtermError(message, hint="Give plain text in UTF-8.") from None


def _json_items(path: Path) -> Iterator[Item]:
    text, _ = read_note_text(_bytes(path), f"'{path}'")
    if path.suffix.lower() == ".json":
        pieces = [_load(text, f"'{path}'")]
        listed = pieces[0] if isinstance(pieces[0], list) else pieces
        for number, piece in enumerate(listed, 1):
            yield _decoded(piece, f"'{path}' encounter {number}" if len(listed) > 1 else f"'{path}'")
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"'{path}' line {number}"
            try:
                yield _decoded(_load(line, where), where)
            except LeadtermError as problem:
                yield Item(problem=problem)


def _load(text: str, where: str) -> object:
    try:
        found: object = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        hint = "Give encounters in the corpus format, or a .txt file."
        raise LeadtermError(f"{where} is not JSON.", hint=hint) from None
    return found


def _decoded(given: object, where: str) -> Item:
    from leadterm.corpus.format import decode_shell

    try:
        encounter, _ = decode_shell(given)
    except LeadtermError as error:
        return Item(problem=LeadtermError(f"{where}: {error.message}", hint=error.hint))
    if not any(note.text.strip() for note in encounter.notes):
        return Item(problem=LeadtermError(f"{where} is empty: there is no text to code.", hint="Check the file."))
    return Item(encounter)
