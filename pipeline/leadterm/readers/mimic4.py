"""MIMIC-IV: discharge notes with ICD-9 and ICD-10 codes (Johnson et al. 2023), in the official CSV schema.

A folder that holds, at any depth, ``discharge`` (of MIMIC-IV-Note), ``diagnoses_icd`` and ``procedures_icd``
(``.csv`` or ``.csv.gz``), and ``patients`` if sex is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from leadterm.errors import unknown_name
from leadterm.readers.base import Imported, rows, take_folder
from leadterm.readers.mimic import Row, find_table, need_table, people, restricted_card, stream
from leadterm.schema import Encounter, Note

__all__ = ["read"]

COLUMNS = ("note_id", "subject_id", "hadm_id", "text")
DIAGNOSES = {"9": "icd9cm", "10": "icd10cm"}
PROCEDURES = {"9": "icd9pcs", "10": "icd10pcs"}


def read(source: Path, *, split_files: str = "", icd_version: str = "") -> Imported:
    """Read MIMIC-IV as a stream; admissions without codes are left out.

    Systems ``icd9cm icd9pcs icd10cm icd10pcs``, dots put back, leading zeros kept. ``split_files``: published splits
    by ``hadm_id`` (`leadterm.readers.mimic.read_splits`); without them all is ``train``. ``icd_version``: ``"9"`` or
    ``"10"``: only codes of that version; empty for both, kept apart by system. ``LeadtermError`` if a table or column
    is missing, or a version is unknown.

    >>> read(Path("/"), icd_version="11")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown ICD version '11'. Allowed: 10, 9.
    """
    take_folder(source, "mimic4")
    if icd_version and icd_version not in DIAGNOSES:
        raise unknown_name("ICD version", icd_version, DIAGNOSES)
    versions = (icd_version,) if icd_version else tuple(DIAGNOSES)
    tables = {name: need_table(source, name) for name in ("discharge", "diagnoses_icd", "procedures_icd")}
    systems = {system: "2008-2022" for version in versions for system in (DIAGNOSES[version], PROCEDURES[version])}
    name = "mimic4" + (f"-icd{icd_version}" if icd_version else "")
    card = restricted_card(name, "MIMIC-IV and MIMIC-IV-Note, Johnson et al. 2023.", systems, split_files)
    return Imported(card, _stream(tables, versions, find_table(source, "patients"), split_files))


def _stream(
    tables: dict[str, Path], versions: tuple[str, ...], patients: Path | None, split_files: str
) -> Iterator[tuple[str, Encounter]]:
    def notes() -> Iterator[Row]:
        return (row for _, row in rows(tables["discharge"], COLUMNS) if row["hadm_id"].strip())

    coded = [
        (tables["diagnoses_icd"], _system_of(DIAGNOSES, versions)),
        (tables["procedures_icd"], _system_of(PROCEDURES, versions)),
    ]
    return stream(notes, _note, coded, "icd_code", partial(people, patients, _birth_year), split_files)


def _system_of(systems: dict[str, str], versions: tuple[str, ...]) -> Callable[[Row], str]:
    """Make the function that names the system of a row; versions left out give an empty name."""

    def system(row: Row) -> str:
        version = row.get("icd_version", "").strip()
        if version not in systems:
            raise unknown_name("icd_version in a table of codes:", version, systems)
        return systems[version] if version in versions else ""

    return system


def _birth_year(row: Row) -> str:
    """Give the shifted year of birth: the anchor year less the anchor age."""
    year, age = row.get("anchor_year", ""), row.get("anchor_age", "")
    return str(int(year) - int(age)) if year.isdigit() and age.isdigit() else ""


def _note(row: Row) -> Note:
    return Note(row["note_id"].strip(), row["text"], "discharge summary")
