"""A table of one's own: CSV with any separator, XLSX, Parquet or lines of JSON objects, with notes and their codes.

A row is an encounter, or a note or a code of one: rows with the same id belong together. Columns are found by their
names (`intake/column_names.tsv`) or named by options.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leadterm.codes.systems import SYSTEMS, spec_of
from leadterm.errors import LeadtermError, counted, quote_name, unknown_name
from leadterm.intake.code_cells import CellFault, check_system
from leadterm.intake.mixed_codes import MixedCells, writes_dots
from leadterm.intake.table_columns import Columns, map_columns
from leadterm.intake.table_encounters import Group
from leadterm.intake.table_files import open_table
from leadterm.readers.base import Imported, plain_card
from leadterm.schema import Encounter
from leadterm.storage.text_files import read_text
from leadterm.storage.tsv import parse_pairs

__all__ = ["read"]

WAYS = ("fail", "skip")
SHOWN = 25


@dataclass
class _Report:
    """All that is wrong with a table: rows by themselves, texts in the column of codes with how many rows have them."""

    rows: list[str] = field(default_factory=list)
    codes: Counter[CellFault] = field(default_factory=Counter)
    remarks: Counter[CellFault] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """What to print, the most frequent first."""
        shown = self.rows[:SHOWN] + [f"… and {counted(len(self.rows) - SHOWN, 'more row')}."] * (len(self.rows) > SHOWN)
        return shown + _counted(self.codes) + _counted(self.remarks, "kept; ")

    def summary(self) -> str:
        """One sentence; where the codes are of another system it is named."""
        parts = [f"{counted(len(self.rows), 'fault')} in its rows"] * bool(self.rows)
        if self.codes:
            places = counted(self.codes.total(), "place")
            parts.append(f"{counted(len(self.codes), 'text')} in {places} of its codes that are no code")
        return " and ".join(parts)

    def other_system(self) -> str:
        """The system that most of what was not found is of; empty if none."""
        found = Counter({fault.system: 0 for fault in self.codes})
        for fault, count in self.codes.items():
            found[fault.system] += count
        return found.most_common(1)[0][0] if found else ""


def _counted(faults: Counter[CellFault], kept: str = "") -> list[str]:
    ordered = sorted(faults.items(), key=lambda pair: (-pair[1], pair[0].text))
    lines = [
        f"{fault.text} × {count}: {kept}{fault.why}{f'; perhaps {fault.perhaps}' if fault.perhaps else ''}"
        for fault, count in ordered
    ]
    return lines[:SHOWN] + [f"… and {len(lines) - SHOWN} more."] * (len(lines) > SHOWN)


def read(
    source: Path, *, system: str = "icd10cm", language: str = "en", split: str = "train", code_list: str = "",
    text_column: str = "", id_column: str = "", codes_column: str = "", patient_column: str = "",
    split_column: str = "", system_column: str = "", bad: str = "fail",
) -> Imported:  # fmt: skip
    """Read a table of coded notes.

    - ``source``: CSV or TSV (any separator and encoding, also packed with gzip), XLSX, Parquet or JSONL; with a
      header. A folder of Parquet files is one table; folders within named like ``split=dev`` are columns.
    - ``system``: code system of the codes, or several with commas, where a column holds codes of all; a code that
      several have is of the first. Of a name leadterm does not know, the codes that occur make up its list.
    - ``language``, ``split``: for rows that do not say.
    - ``code_list``: file with code and title, tab-separated, for a system of one's own.
    - ``text_column`` and the like: names of columns that are not to be guessed.
    - ``bad``: ``"fail"``: anything wrong with the table is an error that lists it all. ``"skip"``: rows that cannot
      be read and what is no code are left out and told.

    Its remarks say what was left out. ``LeadtermError`` if columns are missing or anything is wrong with the rows; all
    faults in one error.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.csv"
    ...     _ = path.write_text("visit;note;icd10\\ne1;Dry cough.;R05.9, j209\\n")
    ...     [code.code for code in read(path).splits()["train"][0].codes]
    ['R05.9', 'J20.9']
    """
    systems = [name.strip() for name in system.split(",")]
    for name in systems:
        check_system(name)
    if bad not in WAYS:
        raise unknown_name("way with bad rows", bad, WAYS)
    report = _Report()
    roles = ("text", "id", "codes", "patient_id", "split", "system")
    columns = (text_column, id_column, codes_column, patient_column, split_column, system_column)
    given = {role: column for role, column in zip(roles, columns, strict=True) if column}
    groups = list(_gather(source, given, systems, {"language": language, "split": split}, report))
    made = [(group.fixed["split"], encounter) for group in groups for encounter in _encounter(group, report)]
    if bad == "fail" and (report.rows or report.codes):
        raise _failed(source, report, systems[0])
    lists = _own_lists(systems, code_list, groups)
    remarks = (*report.lines(), *_detected(made))
    card = plain_card(
        source.name.partition(".")[0], f"Imported from the table {source.name}.", (one for _, one in made),
        f"Column 'split' of the table, else {split}.", dict.fromkeys(systems, "not stated"),
    )  # fmt: skip
    return Imported(card, made, lists, remarks)


def _own_lists(systems: list[str], code_list: str, groups: list[Group]) -> dict[str, list[tuple[str, str]]]:
    """The codes of each system that leadterm has no release of; with a list given, of the first system."""
    given: dict[str, str] = dict(parse_pairs(read_text(Path(code_list)))) if code_list else {}
    made = {name: dict[str, str]() for name in systems if name not in SYSTEMS} | ({systems[0]: given} if given else {})
    for name, code in (pair for group in groups for pair in group.codes):
        if name in made:
            made[name].setdefault(code, "")
    return {name: sorted(codes.items()) for name, codes in made.items()}


def _detected(made: list[tuple[str, Encounter]]) -> Iterator[str]:
    """Tell how many settings were told from the notes."""
    guessed = [encounter.setting for _, encounter in made if encounter.setting_detected]
    if stays := guessed.count("inpatient"):
        yield f"settings told from the notes: {stays} of {len(guessed)} inpatient. A column 'setting' overrides that."


def _failed(source: Path, report: _Report, system: str) -> LeadtermError:
    other = report.other_system()
    titles = f"{spec_of(other).title}, not {spec_of(system).title}" if other else ""
    named = f" Most are codes of {titles}: use --system {other}." if other else ""
    lines = "\n  ".join(report.lines())
    hint = "Mend the table, or leave that out and keep the rest with --skip-bad."
    return LeadtermError(f"'{source}' has {report.summary()}; nothing is written.{named}\n  {lines}\n", hint=hint)


def _gather(
    source: Path, named: dict[str, str], systems: list[str], defaults: dict[str, str], report: _Report
) -> Iterator[Group]:
    """Read all rows, and give the encounters in the order of their first rows."""
    table = open_table(source)
    columns = map_columns(table.header, named, needed=("text", "codes"), name=str(source))
    codes = (columns.cell(row.cells, "codes") for row in open_table(source).rows)
    cells = MixedCells(systems, dotted=writes_dots(codes))
    if table.warning:
        report.remarks[CellFault("encoding", table.warning)] += 1
    groups: dict[str, Group] = {}
    for count, row in enumerate(table.rows, 1):
        where = f"{table.unit} {row.number}"
        name = columns.cell(row.cells, "id").strip() if "id" in columns else f"row-{count}"
        if row.fault or not name:
            report.rows.append(f"{where} {row.fault or 'has no ' + _id_name(columns)}")
            continue
        group = groups.setdefault(name, Group(name, first=row.number))
        unread, wrong = group.take(row.cells, columns)
        report.rows += [f"{where}: {fault}" for fault in (*unread, wrong) if fault]
        found = cells.read(columns.cell(row.cells, "codes"), columns.cell(row.cells, "system"))
        group.codes |= dict.fromkeys(found.codes)
        report.codes.update(found.faults)
        report.remarks.update(found.remarks)
    homes: dict[str, str] = {}
    for group in groups.values():
        group.fixed = defaults | group.fixed
        home = homes.setdefault(group.fixed.get("patient_id", ""), group.fixed["split"])
        if home != group.fixed["split"] and "patient_id" in group.fixed:
            report.rows.append(f"{table.unit} {group.first}: its patient is also in the split '{home}'")
        yield group


def _id_name(columns: Columns) -> str:
    return columns.names["id"] if columns.names["id"].isidentifier() else "id"


def _encounter(group: Group, report: _Report) -> Iterator[Encounter]:
    try:
        yield group.encounter()
    except LeadtermError:
        report.rows.append(f"line {group.first}: encounter {quote_name(group.name)} has no text in any row")
