"""MIMIC-III: discharge summaries with ICD-9-CM codes (Johnson et al. 2016), in the official CSV schema.

A folder with ``NOTEEVENTS``, ``DIAGNOSES_ICD`` and ``PROCEDURES_ICD`` (``.csv`` or ``.csv.gz``), and
``PATIENTS`` if sex and year of birth are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from leadterm.readers.base import Imported, rows, take_folder
from leadterm.readers.mimic import Row, find_table, need_table, people, restricted_card, stream
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
    systems = dict.fromkeys(("icd9cm", "icd9pcs"), "2001-2012")
    card = restricted_card("mimic3", "MIMIC-III, Johnson et al. 2016.", systems, split_files)
    kinds = {kind.strip().lower() for kind in categories.split(",")}
    return Imported(card, _stream(tables, kinds, find_table(source, "patients"), split_files))


def _stream(
    tables: dict[str, Path], kinds: set[str], patients: Path | None, split_files: str
) -> Iterator[tuple[str, Encounter]]:
    def notes() -> Iterator[Row]:
        for _, row in rows(tables["noteevents"], COLUMNS):
            erroneous = row.get("iserror", "").strip() in ("1", "1.0")
            if row["category"].strip().lower() in kinds and row["hadm_id"].strip() and not erroneous:
                yield row

    coded = [(tables["diagnoses_icd"], lambda _: "icd9cm"), (tables["procedures_icd"], lambda _: "icd9pcs")]
    born = partial(people, patients, lambda row: row.get("dob", "")[:4])
    return stream(notes, _note, coded, "icd9_code", born, split_files)


def _note(row: Row) -> Note:
    kind = row["category"].strip().lower()
    detail = row.get("description", "").strip().lower()
    return Note(row["row_id"].strip(), row["text"], f"{kind}, {detail}" if detail not in ("", "report") else kind)
