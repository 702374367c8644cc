"""Plain-text lists of codes: fixed-width order files, HCPCS, ICD-9-CM and tables with two columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from leadterm.codes.official.draft import Row
from leadterm.codes.official.hcpcs_files import (
    HcpcsList,
    csv_rows,
    is_hcpcs_record,
    layout_error,
    looks_changed,
    read_hcpcs_records,
    read_hcpcs_table,
)
from leadterm.codes.official.xml import line
from leadterm.codes.systems import SYSTEMS, recognise_codes, spec_of
from leadterm.errors import LeadtermError
from leadterm.storage.tsv import iter_rows

__all__ = ["CodeList", "hcpcs_lists", "read_list"]

ORDER = re.compile(r"^(\d{5}) ([0-9A-Z]{3,7}) +([01]) (.{60}) (.*)$")
GEM = re.compile(r"^[0-9A-Z]+\s+(?:[0-9A-Z]+|NoDx|NoPCS)\s+[01]{4}\d\s*$")
PLAIN = re.compile(r"^([0-9A-Z]{2,7})\s+(\S.*)$")
CODE = re.compile(r"[\x21-\x7e]{1,64}")  # of any system: no blank, no control character
YES = frozenset({"1", "1.0", "true", "y", "yes"})
SAMPLE = 400  # lines that say what a file is


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of codes read from a text file; ``facts``: code, name and value of what it says of them besides."""

    system: str
    rows: tuple[Row, ...]
    rank: int
    facts: tuple[tuple[str, str, str], ...] = ()


def read_list(text: str, label: str, system: str | None = None) -> list[CodeList]:
    """Recognise a list of codes by its lines and read it.

    >>> text = "0010  Cholera due to vibrio cholerae\\nV5861 Long-term use of anticoagulants"
    >>> read_list(text, "dx.txt")[0].rows[1].code
    'V58.61'
    """
    lines = [entry.rstrip("\r") for entry in text.split("\n")]
    lines = [entry for entry in lines if entry.strip()]
    sample = lines[:SAMPLE]
    if not sample or _share(GEM, sample) > 0.9:
        return []
    if _share(ORDER, sample) > 0.8:
        return [_order(lines, label, system)]
    if sum(map(is_hcpcs_record, sample)) > 0.5 * len(sample):
        return hcpcs_lists(read_hcpcs_records(lines, label))
    if looks_changed(sample):
        raise layout_error(label, "column 11 should tell what a record is (3, 4, 7 or 8), then 80 of a title")
    if system is None and (found := read_hcpcs_table(csv_rows(text), label)):
        return hcpcs_lists(found, found.rank)
    if "\t" in lines[0] or (system and "," in lines[0]):
        return _table(lines, label, system)
    return _plain(lines, label, system) if _share(PLAIN, sample) > 0.95 else []


def _share(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(1 for entry in lines if pattern.match(entry)) / len(lines)


def _order(lines: Sequence[str], label: str, system: str | None) -> CodeList:
    """Read an official order file: number, code, billable, short and long title."""
    found = []
    for at, entry in enumerate(lines, start=1):
        match = ORDER.match(entry)
        if not match:
            raise _damaged(f"line {at} of the order file '{label}' is incomplete.")
        found.append(match.groups())
    gaps = [at for at in range(1, len(found)) if int(found[at][0]) != int(found[at - 1][0]) + 1]
    if gaps:
        raise _damaged(f"the order file '{label}' lacks lines before number {found[gaps[0]][0]}.")
    name = system or _system_of_order(found, label)
    spell = spec_of(name).spell
    rows = (Row(spell(code), line(long) or line(short), billable=flag == "1") for _, code, flag, short, long in found)
    return CodeList(name, tuple(rows), 3)


def _system_of_order(found: Sequence[Sequence[str]], label: str) -> str:
    complete, headings = ([code for _, code, flag, *_ in found if flag == wanted] for wanted in "10")
    spec = recognise_codes(complete, label, headings)
    if spec is None:
        raise LeadtermError(
            f"the codes of the order file '{label}' look like those of no system that leadterm knows.",
            hint="Name it, for instance: --system icd10cm",
        )
    return spec.name


def _damaged(message: str) -> LeadtermError:
    return LeadtermError(message, hint="Download it again; nothing was installed.")


def hcpcs_lists(found: HcpcsList | None, rank: int = 3) -> list[CodeList]:
    """Give the codes with their facts, and the modifiers, as lists."""
    if found is None:
        return []
    codes = CodeList("hcpcs", tuple(found.codes.values()), rank, tuple(found.facts))
    modifiers = CodeList("hcpcs_modifiers", tuple(found.modifiers.values()), rank)
    return [listed for listed in (codes, modifiers) if listed.rows]


def _table(lines: Sequence[str], label: str, system: str | None) -> list[CodeList]:
    """Read a table whose header names a column of codes and a column of titles."""
    table = _cells(lines, label)
    header = [name.lower() for name in next(table)[1]]
    code = next((at for at, name in enumerate(header) if name == "code" or name.endswith("_code")), -1)
    titles = [at for at, name in enumerate(header) if re.search(r"title|desc", name)]
    title = next((at for at in titles if "long" in header[at]), titles[0] if titles else -1)
    name = system or next((spec for spec in SYSTEMS if header[code].startswith(f"{spec}_")), "")
    if min(code, title) < 0 or not name:
        return []
    flag = next((at for at, column in enumerate(header) if "bill" in column), -1)
    rows = []
    for number, cells in table:
        place = f"line {number} of '{label}'"
        if len(cells) > len(header):
            cells = _rejoined(lines[number - 1], len(header), title, place)
        if len(cells) > max(code, title) and cells[code]:
            billable = flag < 0 or (len(cells) > flag and cells[flag].lower() in YES)
            rows.append(Row(_spelled(cells[code], name, place), line(cells[title]), billable=billable))
    return [CodeList(name, tuple(rows), 2)] if rows else []


def _cells(lines: Sequence[str], label: str) -> Iterator[tuple[int, list[str]]]:
    """Give the number and the cells of each line: commas may stand in quotes; tabs need none."""
    if "\t" in lines[0]:
        for number, cells in iter_rows("\n".join(lines), label, remarks=False, ragged=True):
            yield number, _trimmed(map(_unquoted, cells))
        return
    reader = csv.reader((f"{entry}\n" for entry in lines), strict=True, skipinitialspace=True)
    try:
        for cells in reader:
            yield reader.line_num, _trimmed(cells)
    except csv.Error as error:
        raise LeadtermError(
            f"line {reader.line_num} of '{label}' is no line of a table ({error}).",
            hint='A cell with a comma or a quote stands in quotes: "Arm, ""upper"""; nothing was installed.',
        ) from None


def _trimmed(cells: Iterable[str]) -> list[str]:
    """Take off the blanks around cells, and the empty cells at the end of a line."""
    found = [cell.strip() for cell in cells]
    while found and not found[-1]:
        found.pop()
    return found


def _unquoted(cell: str) -> str:
    """Take off the quotes around a cell."""
    cell = cell.strip()
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if quoted else cell


def _rejoined(entry: str, columns: int, title: int, place: str) -> list[str]:
    """Leave the commas of a title without quotes alone where the title comes last; else nobody can tell."""
    if title != columns - 1 or "\t" in entry or '"' in entry:
        raise LeadtermError(
            f"{place} has more cells than the header, which has {columns}.",
            hint="Put titles with commas in quotes; nothing was installed.",
        )
    return [cell.strip() for cell in entry.split(",", columns - 1)]


def _spelled(code: str, system: str, place: str) -> str:
    """Write a code as its system does; refuse what no code looks like."""
    if not CODE.fullmatch(code):
        raise LeadtermError(
            f"{place} has the code {ascii(code)[:80]}; allowed: 1 to 64 letters, digits and signs, no blank.",
            hint="Mend the line; nothing was installed.",
        )
    return spec_of(system).spell(code.replace(".", "")) if system in SYSTEMS else code


def _plain(lines: Sequence[str], label: str, system: str | None) -> list[CodeList]:
    """Read lines of a code and a title."""
    pairs = [match.groups() for entry in lines if (match := PLAIN.match(entry))]
    spec = spec_of(system) if system else recognise_codes([code for code, _ in pairs], label)
    if spec is None:
        return []
    return [CodeList(spec.name, tuple(Row(spec.spell(code), line(title)) for code, title in pairs), 1)]
