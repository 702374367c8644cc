"""From the rows of a table to encounters: a row is an encounter, or one of its notes or codes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from leadterm.errors import LeadtermError, counted, quote_name, unknown_name
from leadterm.intake.code_cells import is_empty
from leadterm.intake.markup import readable
from leadterm.intake.table_columns import Columns, map_columns
from leadterm.intake.table_files import open_table
from leadterm.intake.table_rows import Row, Table, as_cell
from leadterm.schema import SETTINGS, Encounter, Note, ReferenceCode
from leadterm.text.layout.note_kind import find_setting

__all__ = ["Group", "fields_of", "grouped", "is_flat", "last_rows", "one_encounter", "table_encounters"]

CLASSES: Mapping[str, str] = {
    **dict.fromkeys(("inpatient", "ip", "imp", "inp", "i", "acute"), "inpatient"),
    **dict.fromkeys(("outpatient", "op", "amb", "ambulatory", "o", "ed", "er", "emer", "emergency", "obsenc",
                     "observation", "clinic", "office", "e"), "outpatient"),
}  # fmt: skip
SEXES = {"f": "F", "female": "F", "w": "F", "m": "M", "male": "M"}
US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: .*)?")
ISO_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?")


@dataclass
class Group:
    """The rows of one encounter, as they come.

    >>> group = Group("e1")
    >>> group.add_note("Cough.", "", ""), group.add_note("Cough.", "", "")
    ('', '')
    >>> len(group.encounter().notes)
    1
    """

    name: str
    fixed: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    codes: dict[tuple[str, str], None] = field(default_factory=dict)
    first: int = 0

    def agree(self, given: Mapping[str, str]) -> str:
        """Take what a row says of the encounter; tell what contradicts the rows before."""
        for key, value in given.items():
            if self.fixed.setdefault(key, value) != value:
                return f"encounter {quote_name(self.name)} has two values of '{key}'"
        return ""

    def add_note(self, text: str, note_id: str, kind: str) -> str:
        """Take the note of a row, one that is there already once; tell what contradicts the rows before."""
        if is_empty(text):
            return ""
        text = readable(text)
        if note_id:
            known = self.notes.setdefault(note_id, Note(note_id, text, kind))
            return "" if known.text == text else f"note {quote_name(note_id)} has two texts"
        if all(note.text != text for note in self.notes.values()):
            made = f"n{len(self.notes) + 1}"
            self.notes[made] = Note(made, text, kind)
        return ""

    def take(self, row: Mapping[str, str], columns: Columns) -> tuple[list[str], str]:
        """Add a row; gives what it says of the encounter that cannot be read, and what keeps its note out."""
        given, faults = fields_of(row, columns)
        note_id, kind = columns.cell(row, "note_id").strip(), columns.cell(row, "kind").strip()
        wrong = self.agree(given) or self.add_note(columns.cell(row, "text"), note_id, kind)
        return faults, wrong

    def encounter(self) -> Encounter:
        """Make the encounter; raises LeadtermError where no row had a text."""
        if not self.notes:
            raise LeadtermError(f"encounter '{self.name[:80]}' has no text.", hint="Check the column of the text.")
        fixed, notes = self.fixed, tuple(self.notes.values())
        return Encounter(
            self.name, notes, tuple(ReferenceCode(*code) for code in self.codes),
            fixed.get("patient_id"), fixed.get("setting") or find_setting(notes), fixed.get("language", "en"),
            fixed.get("sex"), int(fixed["birth_year"]) if "birth_year" in fixed else None, fixed.get("date"),
            "setting" not in fixed,
        )  # fmt: skip


def fields_of(row: Mapping[str, str], columns: Columns) -> tuple[dict[str, str], list[str]]:
    """Read what a row says of its encounter (patient, split, setting …), and tell what cannot be read.

    >>> columns = map_columns(["id", "text", "Patient Class", "DOS"])
    >>> fields_of({"id": "1", "text": "Cough.", "patient class": "IP", "dos": "3/14/2025"}, columns)
    ({'setting': 'inpatient', 'date': '2025-03-14'}, [])
    """
    given: dict[str, str] = {}
    faults: list[str] = []
    for role in ("patient_id", "split", "setting", "language", "date", "sex", "birth_year"):
        value = columns.cell(row, role).strip()
        if is_empty(value):
            continue
        try:
            given[role] = _value(role, value)
        except LeadtermError as error:
            faults.append(error.message.rstrip("."))
    return {role: value for role, value in given.items() if value}, faults


def _value(role: str, value: str) -> str:
    if role == "setting":
        if value.lower() not in CLASSES:
            raise unknown_name("setting", value, SETTINGS)
        return CLASSES[value.lower()]
    if role == "split" and not re.fullmatch(r"\w[\w-]{0,99}", value):
        raise LeadtermError(f"bad split name: {quote_name(value)}.")
    if role == "language":
        if not re.fullmatch("[a-z]{2}", value[:2].lower()) or len(value) > 5:
            raise LeadtermError(f"no ISO 639-1 code of a language: {quote_name(value)}.")
        return value[:2].lower()
    if role == "sex":
        return SEXES.get(value.lower(), "")
    if role == "birth_year":
        year = re.search(r"(?<!\d)(1[89]|2[01])\d\d(?!\d)", value)
        return year[0] if year else ""
    return _day(value) if role == "date" else value


def _day(value: str) -> str:
    """Read a day as ISO or as it is written in the United States: month first."""
    us, iso = US_DAY.fullmatch(value), ISO_DAY.fullmatch(value)
    parts = (us[3], us[1], us[2]) if us else iso.groups() if iso else ()
    try:
        return date(*map(int, parts)).isoformat()
    except (TypeError, ValueError):
        raise LeadtermError("the date of service is neither YYYY-MM-DD nor MM/DD/YYYY.") from None


Found = tuple[Encounter | None, LeadtermError | None, str, bool]


def table_encounters(path: Path, given: Mapping[str, str]) -> Iterator[Found]:
    """Yield the encounters of a table as (encounter, problem, warning, setting stated?).

    Rows with the same id are one encounter.
    An encounter is given with its last row, so that only those that are not complete are held. `given` maps roles to
    columns, as for `map_columns`.
    """
    table = open_table(path)
    columns = map_columns(table.header, given, needed=("text",), name=f"'{path}'")
    last = last_rows(open_table(path).rows, columns) if "id" in columns else {}
    if table.warning:
        yield None, None, table.warning, False
    found = grouped(table, columns, last, path)
    first = next(found, None)
    if first is None:
        raise LeadtermError(f"'{path}' has a header and no row below it.", hint="Check the file.")
    yield first
    yield from found


def grouped(table: Table, columns: Columns, last: Mapping[str, int], path: Path, before: int = 0) -> Iterator[Found]:
    """Yield what `table_encounters` does.

    ``last``: number of the last row of the encounters that have several. ``before``: how many rows came before.
    """
    open_groups: dict[str, Group] = {}
    told = Counter[str]()
    for count, row in enumerate(table.rows, before + 1):
        where = f"'{path}' {table.unit} {row.number}"
        name = columns.cell(row.cells, "id").strip() if "id" in columns else f"{_stem(path)}-{count}"
        fault = row.fault or ("" if name else f"has no {columns.names['id']}")
        group = open_groups.setdefault(name, Group(name, first=row.number)) if not fault else Group("")
        unread, wrong = ([], fault) if fault else group.take(row.cells, columns)
        told.update(unread)
        if wrong:
            yield None, LeadtermError(f"{where} {'' if fault else 'is left out: '}{wrong}."), "", False
        if not fault and last.get(name, row.number) == row.number:
            yield _closed(open_groups.pop(name), where)
    for what, count in told.items():
        yield None, None, f"'{path}': in {counted(count, 'row')} {what}; that is left out.", False


def _closed(group: Group, where: str) -> Found:
    try:
        return group.encounter(), None, "", "setting" in group.fixed
    except LeadtermError as error:
        return None, LeadtermError(f"{where}: {error.message}", hint=error.hint), "", False


def last_rows(rows: Iterable[Row], columns: Columns) -> dict[str, int]:
    """Give the number of the last row of each encounter that has several."""
    met: set[int] = set()  # hashes: two names of one hash are both listed, which does no harm
    last: dict[str, int] = {}
    for row in rows:
        name = "" if row.fault else columns.cell(row.cells, "id").strip()
        if hash(name) in met:
            last[name] = row.number
        met.add(hash(name))
    return last


def is_flat(given: Mapping[str, object], columns: Mapping[str, str]) -> bool:
    """Tell whether an object has an id and its text by itself, not in notes.

    >>> is_flat({"id": 7, "text": "Cough."}, {}), is_flat({"encounter_id": "7", "notes": []}, {})
    (True, False)
    """
    found = map_columns([str(key) for key in given if isinstance(given[key], str | int)], {})
    return {"id", "text"} <= {*found.names, *columns}


def one_encounter(given: Mapping[str, object], name: str, columns: Mapping[str, str]) -> Encounter:
    """Make the encounter of an object with an id and a text; raises LeadtermError where no key names its text.

    >>> one_encounter({"id": 7, "text": "Cough."}, "line-1", {}).encounter_id
    '7'
    """
    row = {str(key).strip().lower(): as_cell(value) for key, value in given.items()}
    found = map_columns(list(row), columns, needed=("text",), name="the object")
    group = Group(found.cell(row, "id").strip() or name)
    unread, wrong = group.take(row, found)
    if unread or wrong:
        raise LeadtermError(f"{[*unread, wrong][0]}.", hint="Check it.")
    try:
        for value in (group.name, *group.fixed.values(), *group.notes, *(note.text for note in group.notes.values())):
            value.encode()
    except UnicodeEncodeError:
        raise LeadtermError("the object has half a surrogate pair.", hint="Export it as UTF-8.") from None
    return group.encounter()


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]
