"""Official files that a user downloads, known by their columns: NCCI pairs and units, Medicare Coverage Database."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leadterm.errors import LeadtermError

__all__ = ["EditTable", "read_edit_files"]

KINDS: Mapping[str, Mapping[str, str]] = {
    "pairs": {"first": r"column ?1\b", "second": r"column ?2\b", "modifier": r"modifier", "deleted": r"deletion"},
    "units": {"code": r"hcpcs", "most": r"(?=.*mue)(?=.*(?:value|units))", "mai": r"(?=.*(?:adjudication|mai))"},
    "covered": {"article": r"article_id$", "version": r"article_version$", "code": r"icd10_code_id$",
                "group": r"icd10_covered_group$"},
    "services": {"article": r"article_id$", "version": r"article_version$", "code": r"hcpc_code_id$",
                 "group": r"hcpc_code_group$"},
    "articles": {"article": r"article_id$", "version": r"article_version$", "title": r"title$",
                 "since": r"article_eff_date$", "until": r"article_end_date$"},
}  # fmt: skip
MORE: Mapping[str, Mapping[str, str]] = {
    "pairs": {"since": r"effective", "why": r".*rationale"}, "units": {"why": r".*rationale", "place": r"mue_service"},
}  # fmt: skip
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
            "article_x_hcpc_code.csv and article_x_icd10_covered.csv.",
        )


def _tables(name: str, content: bytes) -> Iterator[EditTable]:
    suffix = Path(name).suffix.lower()
    if suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in sorted(archive.namelist()):
                if Path(inner).suffix.lower() in SUFFIXES:
                    yield from _tables(Path(inner).name, archive.read(inner))
        return
    rows = _sheet(content) if suffix == ".xlsx" else _cells(content)
    seen: list[list[str]] = []
    for row in rows:
        kind, columns = _recognise(row)
        if kind:
            yield EditTable(kind, _place(name, " ".join(row)), name, _named(columns, rows))
            return
        seen.append(row)
        if len(seen) == LOOK:
            return


def _cells(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text[:2000]
    yield from csv.reader(io.StringIO(text, newline=""), delimiter="\t" if head.count("\t") > head.count(",") else ",")


def _sheet(content: bytes) -> Iterator[list[str]]:
    import pandas as pd

    try:
        frame = pd.read_excel(io.BytesIO(content), header=None, dtype=str, keep_default_na=False)
    except ImportError:
        raise LeadtermError("reading .xlsx needs openpyxl.", hint="pip install 'leadterm[tables]'") from None
    for row in frame.itertuples(index=False):
        yield [str(cell) for cell in row]


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
