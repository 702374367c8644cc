"""MIMIC-III: discharge summaries with ICD-9-CM codes (Johnson et al. 2016), in the official CSV schema.

A folder with ``NOTEEVENTS``, ``DIAGNOSES_ICD`` and ``PROCEDURES_ICD`` (``.csv`` or ``.csv.gz``), and
``PATIENTS`` if sex and year of birth are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leadterm.corpus import Card
from leadterm.readers.base import Imported, rows, take_folder
from leadterm.readers.mimic import Row, admission, code_table, encounters, find_table, need_table, people, read_splits
from leadterm.schema import Encounter, Note

__all__ = ["read"]

COLUMNS = ("row_id", "subject_id", "hadm_id", "category", "text")


def read(source: Path, *, split_files: str = "", categories: str = "Discharge summary") -> Imported:
    """Read MIMIC-III as a stream; notes marked as errors and admissions without codes are left out.

    Systems ``icd9cm`` and ``icd9pcs``, dots put back, leading zeros kept. ``split_files``: published splits by
    ``hadm_id`` (`leadterm.readers.mimic.read_splits`); without them all is ``train``. ``LeadtermError`` if a table or
    column is missing.

    >>> read(Path("/bin/sh"))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: mimic3 is read from a folder; '/bin/sh' is a file. ...
    """
    take_folder(source, "mimic3")
    tables = {name: need_table(source, name) for name in ("noteevents", "diagnoses_icd", "procedures_icd")}
    card = Card(
        name="mimic3",
        source="MIMIC-III, Johnson et al. 2016.",
        licence="PhysioNet Credentialed Health Data License.",
        languages=("en",),
        systems={"icd9cm": "2001-2012", "icd9pcs": "2001-2012"},
        split_method=f"By admission, from {Path(split_files).name}." if split_files else "Everything is train.",
        phi_status="De-identified; still restricted patient data.",
        partial_codes=("icd9cm", "icd9pcs"),
    )
    kinds = {kind.strip().lower() for kind in categories.split(",")}
    return Imported(card, _stream(tables, kinds, find_table(source, "patients"), split_files))


def _stream(
    tables: dict[str, Path], kinds: set[str], patients: Path | None, split_files: str
) -> Iterator[tuple[str, Encounter]]:
    splits = read_splits(split_files) if split_files else None

    def notes() -> Iterator[Row]:
        for _, row in rows(tables["noteevents"], COLUMNS):
            erroneous = row.get("iserror", "").strip() in ("1", "1.0")
            if row["category"].strip().lower() in kinds and row["hadm_id"].strip() and not erroneous:
                yield row

    wanted = set(splits) if splits is not None else {admission(row["hadm_id"]) for row in notes()}
    sources = [(tables["diagnoses_icd"], _diagnosis), (tables["procedures_icd"], _procedure)]
    codes_of = code_table(sources, "icd9_code", wanted)
    yield from encounters(notes, _note, codes_of, people(patients, lambda row: row.get("dob", "")[:4]), splits)


def _diagnosis(_: Row) -> str:
    return "icd9cm"


def _procedure(_: Row) -> str:
    return "icd9pcs"


def _note(row: Row) -> Note:
    kind = row["category"].strip().lower()
    detail = row.get("description", "").strip().lower()
    return Note(row["row_id"].strip(), row["text"], f"{kind}, {detail}" if detail not in ("", "report") else kind)
