"""Plain-text lists of codes: fixed-width order files, HCPCS, ICD-9-CM and tables with two columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leadterm.codes.official.draft import Row
from leadterm.codes.official.xml import line
from leadterm.codes.systems.spelling import style_of
from leadterm.errors import LeadtermError

__all__ = ["CodeList", "read_list"]

ORDER = re.compile(r"^(\d{5}) ([0-9A-Z]{3,7}) +([01]) (.{60}) (.*)$")
HCPCS = re.compile(r"^(.{3})(.{2})\d{5}([3478])(.{80})")
GEM = re.compile(r"^[0-9A-Z]+\s+(?:[0-9A-Z]+|NoDx|NoPCS)\s+[01]{4}\d\s*$")
PLAIN = re.compile(r"^([0-9A-Z]{2,7})\s+(\S.*)$")
PCS_CODE = re.compile(r"[0-9A-HJ-NP-Z]{7}")
ICD9_DX = re.compile(r"\d{3,5}|V\d{2,4}|E\d{3,4}")
SINCE, UNTIL = slice(268, 276), slice(284, 292)  # HCPCS columns 269-276 and 285-292
SAMPLE = 400  # lines that say what a file is


@dataclass(frozen=True, slots=True)
class CodeList:
    """A list of codes read from a text file.

    Parameters
    ----------
    system : str
        Name of the system its content shows it to be.
    rows : tuple of Row
        Codes in the system's spelling, without parents.
    rank : int
        The higher, the more a file of this layout tells: an order file (3) wins over a plain list (1).

    Examples
    --------
    >>> CodeList("icd9cm", (Row("001.0", "Cholera"),), 1).rank
    1
    """

    system: str
    rows: tuple[Row, ...]
    rank: int


def read_list(text: str, label: str, system: str | None = None) -> list[CodeList]:
    """Recognise a list of codes by its lines and read it.

    Parameters
    ----------
    text : str
        The file.
    label : str
        Its name, for error messages.
    system : str, optional
        Name of the system, for a plain list that does not show it.

    Returns
    -------
    list of CodeList
        Empty if the text is no list of codes; two for HCPCS (codes and modifiers).

    Raises
    ------
    LeadtermError
        If the file is such a list but damaged.

    Examples
    --------
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
        return [_order(lines, label)]
    if _share(HCPCS, sample) > 0.5:
        return _hcpcs(lines)
    if "\t" in lines[0] or (system and "," in lines[0]):
        return _table(lines, system)
    return _plain(lines, system) if _share(PLAIN, sample) > 0.95 else []


def _share(pattern: re.Pattern[str], lines: Sequence[str]) -> float:
    return sum(1 for entry in lines if pattern.match(entry)) / len(lines)


def _order(lines: Sequence[str], label: str) -> CodeList:
    """Read an official order file: number, code, billable, short and long title."""
    found = []
    for at, entry in enumerate(lines, start=1):
        match = ORDER.match(entry)
        if not match:
            raise LeadtermError(
                f"line {at} of the order file '{label}' is incomplete.",
                hint="Download it again; nothing was installed.",
            )
        found.append(match.groups())
    gaps = [at for at in range(1, len(found)) if int(found[at][0]) != int(found[at - 1][0]) + 1]
    if gaps:
        raise LeadtermError(
            f"the order file '{label}' lacks lines before number {found[gaps[0]][0]}.",
            hint="Download it again; nothing was installed.",
        )
    is_cm = all(re.match(r"[A-Z]\d[0-9A-Z]", code) for _, code, _, _, _ in found)
    system = "icd10cm" if is_cm else "icd10pcs"
    spell = style_of(system).spell
    rows = [
        Row(spell(code), line(long) or line(short), billable=flag == "1")
        for _, code, flag, short, long in found
    ]  # fmt: skip
    return CodeList(system, tuple(rows), 3)


def _hcpcs(lines: Sequence[str]) -> list[CodeList]:
    """Read the contractor file: a title runs over several lines; modifiers stand among the codes."""
    rows: dict[str, dict[str, Row]] = {"hcpcs": {}, "hcpcs_modifiers": {}}
    for entry in lines:
        match = HCPCS.match(entry)
        if not match:
            continue  # disclaimers stand before the records
        first, rest, record, words = match.groups()
        system = "hcpcs_modifiers" if record in "78" else "hcpcs"
        code = (first + rest).strip()
        known = rows[system].get(code)
        if known is None:
            rows[system][code] = Row(code, line(words), since=_day(entry[SINCE]), until=_day(entry[UNTIL]))
        elif record in "48":
            known.title = line(f"{known.title} {words}")
    return [CodeList(system, tuple(found.values()), 3) for system, found in rows.items() if found]


def _day(text: str) -> int:
    return int(text) if re.fullmatch(r"[12]\d{7}", text) else 0


def _table(lines: Sequence[str], system: str | None) -> list[CodeList]:
    """Read a table whose header names a column of codes and a column of titles."""
    mark = "\t" if "\t" in lines[0] else ","
    header = [name.strip().strip('"').lower() for name in lines[0].split(mark)]
    code = next((at for at, name in enumerate(header) if name == "code" or name.endswith("_code")), -1)
    titles = [at for at, name in enumerate(header) if re.search(r"title|desc", name)]
    long = next((at for at in titles if "long" in header[at]), titles[0] if titles else -1)
    name = system or next((known for known in ("icd10pcs", "icd10cm", "hcpcs") if header[code].startswith(known)), "")
    if min(code, long) < 0 or not name:
        return []
    flag = next((at for at, column in enumerate(header) if "bill" in column), -1)
    spell, rows = style_of(name).spell, []
    for entry in lines[1:]:
        cells = [cell.strip().strip('"') for cell in entry.split(mark, len(header) - 1)]
        if len(cells) > max(code, long) and cells[code]:
            billable = flag < 0 or (len(cells) > flag and cells[flag].lower() in ("1", "1.0", "true", "y", "yes"))
            rows.append(Row(spell(cells[code].replace(".", "")), line(cells[long]), billable=billable))
    return [CodeList(name, tuple(rows), 2)] if rows else []


def _plain(lines: Sequence[str], system: str | None) -> list[CodeList]:
    """Read lines of a code and a title."""
    pairs = [match.groups() for entry in lines if (match := PLAIN.match(entry))]
    codes = [code for code, _ in pairs]
    name = system or next((known for known, fits in PLAIN_SYSTEMS.items() if fits(codes)), "")
    if not name:
        return []
    spell = style_of(name).spell
    return [CodeList(name, tuple(Row(spell(code), line(title)) for code, title in pairs), 1)]


def _all(pattern: str) -> Callable[[Sequence[str]], bool]:
    compiled = re.compile(pattern)
    return lambda codes: all(compiled.fullmatch(code) for code in codes)


PLAIN_SYSTEMS: Mapping[str, Callable[[Sequence[str]], bool]] = {
    "icd10pcs": _all(PCS_CODE.pattern),
    "icd9pcs": _all(r"\d{3,4}"),
    "icd9cm": _all(ICD9_DX.pattern),
    "icd10cm": _all(r"[A-Z]\d[0-9A-Z]{1,5}"),
}
