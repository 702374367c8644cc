"""Make the compact tables of this room from the official files, once a year.

``python -m leadterm.rules.official_tables FOLDER`` writes them beside this module.

Editor flags (code, edit, one column a release), the list of codes exempt from present on admission, the list of
complications with their hospital-acquired conditions, the conversion table and the code lists of two years go in; five
small tables come out. A test makes them again where the files are at hand and compares.
"""

from __future__ import annotations

import csv
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import TextIOWrapper
from pathlib import Path

from leadterm.rules.code_sets import CMS, TOKENS, by_prefix, sets_text, tokens_of
from leadterm.storage.tsv import table_text
from leadterm.storage.writer import write_file

__all__ = ["make_tables"]

EDITIONS = (date(2023, 10, 1), date(2024, 10, 1), date(2025, 10, 1), date(2026, 4, 1), date(2026, 10, 1))
YEARLY = (EDITIONS[0], EDITIONS[1], EDITIONS[2], EDITIONS[4])
CODE = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
HEADS = {
    "mce_diagnoses.tsv": "# Edits of the Medicare Code Editor, diagnoses, FY2024 to FY2027, with their days.\n"
    f"{TOKENS}{CMS}; asked of the editor code by code.\n",
    "mce_procedures.tsv": f"# Edits of the Medicare Code Editor, procedures, FY2024 to FY2027.\n{CMS}.\n",
    "poa_exempt.tsv": f"# Codes exempt from present on admission, FY2025.\n{TOKENS}{CMS}.\n",
    "hac.tsv": f"# Diagnoses of hospital-acquired conditions by their number, MS-DRG v43.1 (FY2026).\n{TOKENS}{CMS}.\n",
    "code_history.tsv": "# ICD-10-CM codes that came since October 2016; those that went.\n"
    f"# came: first day; went: last day; before: codes used until then.\n{TOKENS}"
    "# Source: NCHS, conversion table FY2025 and code lists of FY2025 and April 2026, public domain.\n",
}


def make_tables(claims: Path) -> dict[str, str]:
    """Give the text of each table, made from the folder of official files.

    The days of an edit begin with the first version that has it (open where the oldest has it) and end with the day
    before the first that lacks it.
    """
    older, newer = _code_lists(claims)
    flags = _flags(claims / "mce" / "mce_diagnosis_edits_fy2024_fy2027.csv", EDITIONS)
    below = by_prefix(older | newer | {code for codes in flags.values() for code in codes})
    procedures = _flags(claims / "mce" / "mce_procedure_edits_fy2024_fy2027.csv", YEARLY)
    done = {code for codes in procedures.values() for code in codes} | _procedure_codes()
    with (claims / "drg" / "ccmcc_hac_v43.1.csv").open(encoding="utf-8") as lines:
        hacs: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for row in csv.DictReader(lines):
            if row["hac"]:
                hacs[row["hac"], "-", "-"].add(row["code"])
    exempt = {("exempt", "-", "-"): set(_exempt(claims))}
    return {
        "mce_diagnoses.tsv": HEADS["mce_diagnoses.tsv"] + sets_text(flags, below),
        "mce_procedures.tsv": HEADS["mce_procedures.tsv"] + sets_text(procedures, by_prefix(done)),
        "poa_exempt.tsv": HEADS["poa_exempt.tsv"] + sets_text(exempt, below),
        "hac.tsv": HEADS["hac.tsv"] + sets_text(hacs, below),
        "code_history.tsv": HEADS["code_history.tsv"] + _history(claims, older, newer),
    }


def _flags(path: Path, starts: tuple[date, ...]) -> dict[tuple[str, str, str], set[str]]:
    """Codes by edit and period."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            code, edit, *marks = row.values()
            for since, until in _periods(marks, starts):
                found[edit, since, until].add(code)
    return found


def _periods(marks: list[str], starts: tuple[date, ...]) -> Iterator[tuple[str, str]]:
    begun: str | None = None
    for mark, start in zip(marks, starts, strict=True):
        if mark == "1" and begun is None:
            begun = "-" if start == starts[0] else start.isoformat()
        elif mark != "1" and begun is not None:
            yield begun, (start - timedelta(days=1)).isoformat()
            begun = None
    if begun is not None:
        yield begun, "-"


def _lines(archive: Path, ending: str) -> Iterator[str]:
    """Lines of the file of an archive whose name ends so."""
    with zipfile.ZipFile(archive) as whole:
        name = next(name for name in whole.namelist() if name.endswith(ending))
        with whole.open(name) as raw:
            yield from TextIOWrapper(raw, encoding="latin-1", newline="")


def _exempt(claims: Path) -> Iterator[str]:
    archive = claims / "icd10cm_fy2025" / "2025-poa-exempt-codes.zip"
    for line in _lines(archive, "POAexemptCodesFY25.txt"):
        number, _, rest = line.partition("\t")
        if number.isdigit():
            yield rest.split("\t")[0].replace(".", "")


def _code_lists(claims: Path) -> tuple[set[str], set[str]]:
    archive = claims / "icd10cm_fy2025" / "2025-code-descriptions-tabular-order-april.zip"
    older = {line[:7].strip() for line in _lines(archive, "icd10cm_codes_2025.txt")}
    newer = (claims / "icd10cm_fy2026" / "icd10cm_codes_2026-04-01.txt").read_text(encoding="utf-8").split()
    return older - {""}, set(newer)


def _procedure_codes() -> set[str]:
    from leadterm.codes import load_system

    system = load_system("icd10pcs")
    return {code for code in system if system.is_billable(code)}


def _began(cell: str) -> date | None:
    """The day on which a code came: a year stands for its October, else month, day and year."""
    text = cell.strip()
    if len(text) == 4 and text.isdigit():
        return date(int(text), 10, 1)
    return datetime.strptime(text, "%m/%d/%y").date() if text.count("/") == 2 else None


def _history(claims: Path, older: set[str], newer: set[str]) -> str:
    """Rows of what came and went."""
    came: dict[tuple[date, tuple[str, ...]], set[str]] = defaultdict(set)
    first: dict[str, date] = {}
    links: list[tuple[str, date]] = []
    archive = claims / "icd10cm_fy2025" / "2025-conversion-table.zip"
    for row in csv.reader(_lines(archive, ".csv")):
        day = _began(row[1]) if len(row) > 2 and CODE.fullmatch(row[0].strip()) else None
        if day:
            code = row[0].strip().replace(".", "")
            before = tuple(sorted({one.replace(".", "") for one in CODE.findall(row[2])}))
            came[day, before].add(code)
            first[code] = min(first.get(code, day), day)
            links += [(one, day) for one in before if one not in older]
    for code in newer - older:
        above = [code[:n] for n in range(3, len(code)) if code[:n] in older]
        came[date(2025, 10, 1), tuple(above)].add(code)
    below = by_prefix(older)
    went: dict[str, date] = {}
    for one, day in sorted(links, key=lambda link: (link[1], link[0])):
        if all(first.get(code, date.min) >= day for code in below.get(one, ())):  # else it was a heading before, too
            went.setdefault(one, day)
    went |= {code: date(2025, 10, 1) for code in older - newer}
    below = by_prefix(older | newer | set(went))
    rows: list[tuple[str, str, str, str]] = [
        (day.isoformat(), "-", " ".join(before) or "-", " ".join(tokens_of(codes & set(below), below)))
        for (day, before), codes in came.items()
        if codes & set(below)
    ]
    gone: dict[date, set[str]] = defaultdict(set)
    for code, day in went.items():
        gone[day - timedelta(days=1)].add(code)
    rows += [("-", day.isoformat(), "-", " ".join(f"{code}=" for code in sorted(codes))) for day, codes in gone.items()]
    return table_text(("came", "went", "before", "codes"), sorted(rows))


if __name__ == "__main__":
    for name, text in make_tables(Path(sys.argv[1])).items():
        write_file(Path(__file__).parent / name, text)
