"""Official files that a user downloads, known by their columns: NCCI pairs and units, Medicare Coverage Database."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from leadterm.errors import LeadtermError

__all__ = ["LOCAL", "EditTable", "read_edit_files"]

KINDS: Mapping[str, Mapping[str, str]] = {
    "pairs": {"first": r"column ?1\b", "second": r"column ?2\b", "modifier": r"modifier", "deleted": r"deletion"},
    "units": {"code": r"hcpcs", "most": r"(?=.*mue)(?=.*(?:value|units))", "mai": r"(?=.*(?:adjudication|mai))"},
    "covered": {"article": r"(?:article|lcd)_id$", "version": r"(?:article|lcd)_version$", "code": r"icd10_code_id$",
                "group": r"icd10_(?:covered|support)_group$"},
    "services": {"article": r"(?:article|lcd)_id$", "version": r"(?:article|lcd)_version$", "code": r"hcpc_code_id$",
                 "group": r"hcpc_code_group$"},
    "articles": {"article": r"(?:article|lcd)_id$", "version": r"(?:article|lcd)_version$", "title": r"title$",
                 "since": r"(?:article|rev)_eff_date$", "until": r"(?:article|rev)_end_date$"},
    "policies": {"article": r"(?:policy|ncd)\b", "service": r"(?:hcpcs|cpt|service)\b", "code": r"(?:icd|diagnosis)"},
}  # fmt: skip
MORE: Mapping[str, Mapping[str, str]] = {
    "pairs": {"since": r"effective", "why": r".*rationale"}, "units": {"why": r".*rationale", "place": r"mue_service"},
    "policies": {"since": r"(?:since|effective)", "until": r"(?:until|end)"},
}  # fmt: skip
LOCAL = "lcd"
PLACES = {"practitioner": r"pra|ccipra|practitioner", "hospital": r"out|opps|oph|hosp", "supplier": r"dme|supplier"}
LOOK = 12  # rows among which the names of the columns stand
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".zip")


@dataclass(frozen=True, slots=True)
class EditTable:
    """A file whose columns say what it is: its kind, the services it is for, and its rows by column."""

    kind: str
    place: str
    name: str
    rows: Iterator[dict[str, str]]


def read_edit_files(source: str | Path) -> Iterator[EditTable]:
    """Read the official files of a folder, or one of them; other files are passed over.

    ``LeadtermError`` if there is no such place, or no file of it is known.
    """
    place = Path(source)
    if not place.exists():
        raise LeadtermError(f"no file or folder '{place.name}'.", hint="Name the folder of the official files.")
    files = sorted(
        path for path in ([place] if place.is_file() else place.rglob("*")) if path.suffix.lower() in SUFFIXES
    )
    known = False
    for path in files:
        for table in _tables(path.name, path.read_bytes()):
            known = True
            yield table
    if not known:
        raise LeadtermError(
            f"'{place.name or place}' holds no table of edits or coverage that leadterm knows.",
            hint="Wanted, as downloaded: NCCI PTP or MUE files, or of the Medicare Coverage Database article.csv, "
            "article_x_hcpc_code.csv and article_x_icd10_covered.csv, or the same of LCDs. National policies "
            "(ncd_trkg.csv) are words without codes: give their code lists as a table with columns ncd, hcpcs, icd10.",
        )


def _tables(name: str, content: bytes) -> Iterator[EditTable]:
    suffix = Path(name).suffix.lower()
    if suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in sorted(archive.namelist()):
                if Path(inner).suffix.lower() in SUFFIXES:
                    yield from _tables(Path(inner).name, archive.read(inner))
        return
    for rows in _sheets(content) if suffix == ".xlsx" else [_cells(content)]:
        for row in islice(rows, LOOK):
            kind, columns = _recognise(row)
            if kind:
                yield EditTable(kind, _place(name, " ".join(row)), name, _named(columns, rows))
                break


def _cells(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text[:2000]
    yield from csv.reader(io.StringIO(text, newline=""), delimiter="\t" if head.count("\t") > head.count(",") else ",")


def _sheets(content: bytes) -> Iterator[Iterator[list[str]]]:
    """The rows of each sheet: a notice of the owner often stands on the first."""
    import pandas as pd

    try:
        frames = pd.read_excel(io.BytesIO(content), sheet_name=None, header=None, dtype=str, keep_default_na=False)
    except ImportError:
        raise LeadtermError("reading .xlsx needs openpyxl.", hint="pip install 'leadterm[tables]'") from None
    for frame in frames.values():
        yield ([str(cell) for cell in row] for row in frame.itertuples(index=False))


def _recognise(row: list[str]) -> tuple[str, dict[str, int]]:
    """The kind whose columns a row names, and where they stand."""
    heads = [re.sub(r"\s+", " ", cell).strip().lower() for cell in row]
    for kind, patterns in KINDS.items():
        found = {name: _find(heads, pattern) for name, pattern in patterns.items()}
        if all(at >= 0 for at in found.values()):
            more = {name: _find(heads, pattern) for name, pattern in MORE.get(kind, {}).items()}
            return kind, found | {name: at for name, at in more.items() if at >= 0}
    return "", {}


def _find(heads: list[str], pattern: str) -> int:
    compact = [head.replace("column1", "column 1").replace("column2", "column 2").replace("_", " ") for head in heads]
    spaced = pattern.replace("_", " ")
    return next((at for at, head in enumerate(compact) if re.match(spaced, head)), -1)


def _place(name: str, head: str) -> str:
    if f"{LOCAL}_id" in head.lower():
        return LOCAL
    for text in (head.lower(), name.lower()):
        for place, words in PLACES.items():
            if re.search(words, text):
                return place
    return "practitioner"


def _named(columns: Mapping[str, int], rows: Iterable[list[str]]) -> Iterator[dict[str, str]]:
    most = max(columns.values())
    for row in rows:
        if len(row) > most:
            yield {name: row[at].strip() for name, at in columns.items()}
