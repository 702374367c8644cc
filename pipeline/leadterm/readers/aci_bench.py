"""ACI-Bench: visit notes (Yim et al. 2023) with outpatient ICD-10-CM codes.

A folder with CSV files (``encounter_id`` and ``note`` among their columns) and ``icd10cm_codes.tsv``
(``encounter_id``, ``split``, ``code``). Only coded notes are read; the splits are those of the codes' file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leadterm.corpus import Card
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError, counted
from leadterm.readers.base import Imported, rows, take_folder
from leadterm.schema import Encounter, Note, ReferenceCode

__all__ = ["read"]

CODES = "icd10cm_codes.tsv"


def read(source: Path) -> Imported:
    """Read ACI-Bench with its codes.

    ``source``: the folder with the CSV files and ``icd10cm_codes.tsv``. ``LeadtermError`` if a file or column is
    missing, or a coded encounter has no note.

    >>> read(Path("/"))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no icd10cm_codes.tsv in '/'. ...
    """
    take_folder(source, "aci-bench")
    if not (source / CODES).is_file():
        raise LeadtermError(f"no {CODES} in '{source}'.", hint="Columns: encounter_id, split, code.")
    card = Card(
        name="aci-bench",
        source="ACI-Bench, Yim et al. 2023; outpatient ICD-10-CM codes by two annotators.",
        licence="CC-BY-NC-4.0",
        text_licence="CC-BY-4.0",
        languages=("en",),
        systems={"icd10cm": "2025"},
        split_method="As published with the codes.",
        phi_status="None: the visits are played.",
    )
    return Imported(card, _encounters(source))


def _encounters(source: Path) -> Iterator[tuple[str, Encounter]]:
    coded: dict[str, tuple[str, list[str]]] = {}
    for number, row in rows(source / CODES, ("encounter_id", "split", "code"), delimiter="\t"):
        split, codes = coded.setdefault(row["encounter_id"], (row["split"], []))
        if split != row["split"]:
            message = f"{source / CODES} line {number} puts encounter '{row['encounter_id']}' into a second split."
            raise LeadtermError(message, hint="One split an encounter.")
        codes.append(canonical("icd10cm", row["code"]))
    notes = _notes(source)
    lost = sorted(set(coded) - set(notes))
    if lost:
        message = f"no note for {counted(len(lost), 'coded encounter')}, the first is '{lost[0]}'."
        raise LeadtermError(message, hint=f"Put the CSV files with the notes into '{source}'.")
    for name, (split, codes) in coded.items():
        given = tuple(ReferenceCode("icd10cm", code) for code in dict.fromkeys(codes))
        yield split, Encounter(name, (Note("n1", notes[name], "visit note"),), given)


def _notes(source: Path) -> dict[str, str]:
    """Read the notes of every CSV file of the folder."""
    notes: dict[str, str] = {}
    for path in sorted(source.glob("*.csv")):
        for number, row in rows(path, ("encounter_id", "note")):
            if notes.setdefault(row["encounter_id"], row["note"]) != row["note"]:
                message = f"{path} line {number} gives encounter '{row['encounter_id']}' a second, different note."
                raise LeadtermError(message, hint="One note an encounter.")
    return notes
