"""The official HCPCS files: records of fixed width, or a table (CSV, XLSX) whose header names the columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module

from leadterm.codes.official.draft import Row
from leadterm.codes.official.xml import line
from leadterm.errors import LeadtermError

__all__ = [
    "HcpcsList", "csv_rows", "is_hcpcs_record", "layout_error", "looks_changed", "read_hcpcs_records",
    "read_hcpcs_table", "xlsx_rows",
]  # fmt: skip

RECORD = re.compile(r"^(.{3})(.{2})\d{5}([3478])(.{80})")
ADDED, ENDED = slice(268, 276), slice(284, 292)
FACTS: Mapping[str, tuple[slice, ...]] = {
    "coverage": (slice(229, 230),),
    "pricing": (slice(119, 121),),
    "replaced by": tuple(slice(at, at + 5) for at in range(204, 229, 5)),
}
SOUND = 0.95  # of the records that begin a code have a first day; fewer, and the columns have moved
WIDE = 200  # characters of a line that only a file of records has
LOOK = 60  # rows in which the header of a table stands, after disclaimers
COLUMNS: Mapping[str, str] = {
    "code": r"hcpcs?( ?code|/mod)?|proc(edure)?[ _]code",
    "title": r"long( ?desc(ription)?)?",
    "record": r"rec ?id|record( identification)?( code)?",
    "since": r"add(ed)? ?(dt|date)|date added",
    "until": r"term(ination)? ?(dt|date)|date term",
    "coverage": r"cov(erage)?( code)?",
    "pricing": r"price ?1?|pricing( indicator)?( code)?",
    "replaced by": r"xref ?\d?|cross ?reference ?\d?",
}
CODE = re.compile(r"[A-V]\d{4}")
MODIFIER = re.compile(r"[0-9A-Z]{2}")


@dataclass
class HcpcsList:
    """Codes and modifiers of one file, and what it says of the codes: code, name of the fact, value."""

    codes: dict[str, Row] = field(default_factory=dict)
    modifiers: dict[str, Row] = field(default_factory=dict)
    facts: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """How much the file tells: one without days is a list of changes or an extract."""
        return 3 if any(row.since for row in self.codes.values()) else 2

    def add(self, code: str, title: str, get: Callable[[str], str], *, begins: bool) -> None:
        """Take a record: the first of a code, or one that goes on with its title."""
        rows = self.codes if CODE.fullmatch(code) else self.modifiers if MODIFIER.fullmatch(code) else None
        if rows is None:
            return
        if code in rows:
            if not begins:
                rows[code].title = line(f"{rows[code].title} {title}")
            return
        rows[code] = Row(code, line(title), since=_day(get("since")), until=_day(get("until")))
        if rows is self.codes:
            self.facts += [(code, fact, value) for fact in FACTS if (value := _value(fact, get(fact)))]


def _value(fact: str, text: str) -> str:
    """Codes of other systems are no successors that we may name."""
    return " ".join(CODE.findall(text)) if fact == "replaced by" else text.strip()


def _day(text: str) -> int:
    plain = re.sub(r"\D", "", text[:10])
    return int(plain) if re.fullmatch(r"[12]\d{7}", plain) else 0


def is_hcpcs_record(entry: str) -> bool:
    """Tell whether a line is a record of the official file of fixed width."""
    return bool(RECORD.match(entry))


def looks_changed(lines: Sequence[str]) -> bool:
    """Tell whether lines are long records that begin with a code, but are not laid out as we know them."""
    wide = [entry for entry in lines if len(entry) >= WIDE]
    begun = [entry for entry in wide if CODE.match(entry) or re.match(r" {3}[0-9A-Z]{2}\S", entry)]
    return len(wide) > len(lines) / 2 and len(begun) > 0.8 * len(wide) and "\t" not in lines[0]


def read_hcpcs_records(lines: Iterable[str], label: str) -> HcpcsList:
    """Read records of fixed width: a title runs over several lines, modifiers stand among the codes."""
    found, begun, dated = HcpcsList(), 0, 0
    for entry in lines:
        match = RECORD.match(entry)
        if not match:
            continue  # disclaimers stand before the records
        first, rest, record, words = match.groups()
        begins = record in "37"
        begun, dated = begun + begins, dated + (begins and _day(entry[ADDED]) > 0)

        def get(name: str, entry: str = entry) -> str:
            parts = {"since": (ADDED,), "until": (ENDED,), **FACTS}[name]
            return " ".join(entry[part] for part in parts)

        found.add((first + rest).strip(), words, get, begins=begins)
    if dated < SOUND * begun:
        raise layout_error(label, f"only {dated:,} of {begun:,} codes have a first day in columns 269-276")
    return found


def read_hcpcs_table(rows: Iterable[Sequence[str]], label: str) -> HcpcsList | None:
    """Read a table whose header names a column of HCPCS codes; None if there is none such."""
    table = iter(rows)
    for _, cells in zip(range(LOOK), table, strict=False):
        names = [re.sub(r"[\s_]+", " ", cell.strip().lower()) for cell in cells]
        at = {
            name: [i for i, cell in enumerate(names) if re.fullmatch(pattern, cell)]
            for name, pattern in COLUMNS.items()
        }
        if at["code"]:
            break
    else:
        return None
    if not at["title"]:
        shown = ", ".join(name for name in names if name)[:120]
        raise layout_error(label, f"its header has a column of codes but none of long descriptions ({shown})")
    found = HcpcsList()
    for cells in table:

        def get(name: str, cells: Sequence[str] = cells) -> str:
            return " ".join(cells[i].strip() for i in at[name] if i < len(cells)).strip()

        found.add(get("code").upper(), get("title"), get, begins=get("record") not in ("4", "8"))
    if not found.codes and not found.modifiers:
        raise layout_error(label, "no cell of its column of codes holds a code")
    return found


def layout_error(label: str, seen: str) -> LeadtermError:
    """Say that a HCPCS file is laid out in another way, and what to do."""
    return LeadtermError(
        f"the HCPCS file '{label}' has another layout than known: {seen}.",
        hint="Nothing was installed. A table with the columns code and title can be installed with --system hcpcs.",
    )


def xlsx_rows(data: bytes) -> list[list[str]]:
    """Give the cells of the first sheet of a workbook as text; nothing where it cannot be read."""
    try:
        sheet = import_module("openpyxl").load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except Exception:  # noqa: BLE001 - not installed, or one of its many kinds of error for no whole workbook
        return []


def csv_rows(text: str) -> Iterable[list[str]]:
    """Give the cells of a table of commas, or of tabs."""
    head = text[: text.find("\n")]
    return csv.reader(io.StringIO(text), delimiter="\t" if "\t" in head else ",")
