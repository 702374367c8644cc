"""From files to encounters; a bad one is reported in its place and keeps no other from being read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.intake.decode import LARGEST, read_note_text, refuse_formats, too_large, wide_encoding
from leadterm.intake.fhir_documents import fhir_encounters, is_fhir
from leadterm.intake.files import JSON_ENDINGS, encounter_id_of, is_table, read_bytes, read_lines, shown
from leadterm.intake.formats import document_items
from leadterm.intake.table_columns import looks_like_table
from leadterm.intake.table_encounters import is_flat, one_encounter, table_encounters
from leadterm.schema import Encounter
from leadterm.text.layout.note_kind import find_setting

__all__ = ["Item", "file_items", "line_item", "read_items", "settle"]

LOOK = 4096


@dataclass(frozen=True, slots=True)
class Item:
    """An encounter to be coded, or why there is none.

    ``warning``: what the user should know though it was read. ``stated``: whether the file says the setting.

    >>> Item(problem=LeadtermError("note a.txt is empty.")).encounter is None
    True
    """

    encounter: Encounter | None = None
    problem: LeadtermError | None = None
    warning: str = ""
    stated: bool = False


def read_items(
    files: Sequence[Path],
    *,
    setting: str | None = None,
    date: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> Iterator[Item]:
    """Read the files one after the other; a bad one does not keep the others from being read.

    `setting` is that of all encounters where given, else what a file says, else what the notes read like; `date` is
    that of encounters without one. `columns` maps roles (``text id``) to the columns of tables, where they are not to
    be guessed.
    """
    resources = [path for path in files if path.suffix.lower() in JSON_ENDINGS and is_fhir(_start(path))]
    found = (
        (str(path), item)
        for path in files
        if path not in resources[1:]  # resources of several files refer to each other: read with the first
        for item in (_resource_items(resources) if path in resources else file_items(path, columns or {}))
    )
    yield from settle(found, setting=setting, date=date)


def settle(found: Iterable[tuple[str, Item]], *, setting: str | None, date: str | None) -> Iterator[Item]:
    """Give what was read, each with the name of its file, its setting and date, as `read_items` says.

    An encounter that was there before becomes a problem.
    """
    seen: set[int] = set()  # hashes of 64 bits, which take little room
    for where, item in found:
        if item.encounter is None:
            yield item
            continue
        name = item.encounter.encounter_id
        if hash(name) in seen:
            yield Item(problem=LeadtermError(f"{where}: the encounter '{name}' was there before.", hint="Left out."))
            continue
        seen.add(hash(name))
        known = item.encounter
        day = known.date_of_service or date
        detected = not setting and not item.stated
        own = setting or (find_setting(known.notes) if detected else known.setting)
        made = replace(known, setting=own, setting_detected=detected, date_of_service=day)
        yield replace(item, encounter=made)


def _start(path: Path) -> bytes:
    """The beginning of a file; nothing where it cannot be read, which is said when it is read."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(LOOK)
    return b""


def _resource_items(paths: Sequence[Path]) -> Iterator[Item]:
    """Read FHIR; the codes that it states are left out: they are what is asked for."""
    try:
        made, passed = fhir_encounters(paths)
    except LeadtermError as problem:
        yield Item(problem=problem)
        return
    for one in passed:
        if not one.startswith("codings"):
            yield Item(warning=f"{shown(paths[0])}: {one}.")
    if not made:
        yield Item(problem=LeadtermError(f"{shown(paths[0])} has no document with a text.", hint="Check it."))
    yield from (Item(replace(encounter, codes=()), stated=stated) for encounter, stated in made)


def file_items(path: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    """Read a file that is not FHIR; setting and date are as it says."""
    try:
        if is_table(path):
            yield from (Item(*found) for found in table_encounters(path, columns))
        elif path.suffix.lower() in (".jsonl", ".ndjson"):
            yield from _line_items(path, columns)
        elif path.suffix.lower() == ".json":
            yield from _json_items(path, columns)
        elif path.suffix.lower() == ".txt" and looks_like_table(_start(path)):
            raise LeadtermError(f"{shown(path)} is a table, by its first line.", hint="Give it the ending .csv.")
        else:
            found = document_items(read_bytes(path), shown(path), path.name, encounter_id_of(path))
            yield from (Item(*each) for each in found)
    except LeadtermError as problem:
        yield Item(problem=problem)


def _line_items(path: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    empty = True
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            empty = False
            yield line_item(line, f"{shown(path)} line {number}", f"{encounter_id_of(path)}-{number}", columns)
    if empty:
        raise LeadtermError(f"{shown(path)} is empty: there is no text to code.", hint="Check the file.")


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines; in UTF-16 and UTF-32 they cannot be told byte by byte, so such a file is read as a whole."""
    for number, line in enumerate(read_lines(path)):
        if number == 0 and wide_encoding(line):
            yield from (piece.encode() for piece in read_note_text(read_bytes(path), shown(path))[0].split("\n"))
            return
        if number == 0:
            refuse_formats(line, shown(path))
        yield line


def line_item(line: bytes, where: str, name: str, columns: Mapping[str, str]) -> Item:
    """Read a line of JSON; `where` is what messages call it, `name` the encounter where it has no id."""
    try:
        if len(line) > LARGEST:
            raise too_large(where)
        text, warning = read_note_text(line, where)
        return replace(_decoded(_load(text, where), where, name, columns), warning=warning)
    except LeadtermError as problem:
        return Item(problem=problem)


def _json_items(path: Path, columns: Mapping[str, str]) -> Iterator[Item]:
    text, warning = read_note_text(read_bytes(path), shown(path))
    given = _load(text, shown(path))
    listed = given if isinstance(given, list) else [given]
    for number, piece in enumerate(listed, 1):
        where = f"{shown(path)} encounter {number}" if len(listed) > 1 else shown(path)
        item = _decoded(piece, where, f"{encounter_id_of(path)}-{number}", columns)
        yield replace(item, warning=warning if number == 1 else "")


def _load(text: str, where: str) -> object:
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):  # also a number of more digits than Python reads
        hint = "Give encounters in the corpus format, or a .txt file."
        raise LeadtermError(f"{where} is not JSON.", hint=hint) from None
    return found


def _decoded(given: object, where: str, name: str, columns: Mapping[str, str]) -> Item:
    from leadterm.corpus.format import decode_shell

    try:
        if isinstance(given, dict) and not {"notes", "encounter_id"} <= given.keys() and is_flat(given, columns):
            return Item(one_encounter(given, name, columns), stated="setting" in map(str.lower, given))
        encounter, _ = decode_shell(given)
    except LeadtermError as error:
        return Item(problem=LeadtermError(f"{where}: {error.message}", hint=error.hint))
    if not any(note.text.strip() for note in encounter.notes):
        return Item(problem=LeadtermError(f"{where} is empty: there is no text to code.", hint="Check the file."))
    return Item(encounter, stated=isinstance(given, dict) and bool(given.get("setting")))
