"""MDACE: MIMIC-III charts with code evidence (Cheng et al. 2023).

A folder with ``*.json`` files, one a chart: ``hadm_id`` and ``notes``, each with ``note_id`` (``ROW_ID`` of
``NOTEEVENTS``), ``category`` and ``annotations`` (``begin``, ``end``, ``code``, ``code_system``). The texts come
from MIMIC-III, or from the files themselves once they have been put in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from leadterm.corpus import Card, arrange_mentions
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError, counted, unknown_name
from leadterm.readers.base import Imported, rows, take_folder
from leadterm.readers.mimic import need_table, read_splits
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.storage.text_files import read_text

__all__ = ["read"]

SYSTEMS = {
    "ICD-10-CM": "icd10cm", "ICD-10-PCS": "icd10pcs", "ICD-9-CM": "icd9cm", "ICD-9-PCS": "icd9pcs", "CPT": "cpt",
    "HCPCS": "hcpcs",
}  # fmt: skip
Chart = Mapping[str, Any]


def read(source: Path, *, notes: str = "", split_files: str = "") -> Imported:
    """Read MDACE.

    One encounter a chart, every code with its evidence. ``source``: the folder with the charts of one kind and
    version, for instance ``data/Inpatient/ICD-10/1.0``. ``notes``: MIMIC-III folder (or file) with ``NOTEEVENTS``;
    not needed if the charts hold their texts. ``split_files``: published splits, for instance
    ``"splits/Inpatient/MDace-ev-*.csv"``; without them all is ``train``. ``LeadtermError`` if a chart is malformed, a
    text is missing, or offsets lie outside it.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(Path(folder))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no chart (*.json) in ...
    """
    take_folder(source, "mdace")
    charts = [_chart(path) for path in sorted(source.glob("*.json"))]
    if not charts:
        raise LeadtermError(f"no chart (*.json) in '{source}'.", hint="For instance data/Inpatient/ICD-10/1.0.")
    systems = dict.fromkeys(
        _system(mark) for chart in charts for note in chart["notes"] for mark in note["annotations"]
    )
    card = Card(
        name="mdace",
        source="MDACE, Cheng et al. 2023: MIMIC-III charts with code evidence.",
        licence="MIT (annotations).",
        text_licence="PhysioNet Credentialed Health Data License.",
        languages=("en",),
        systems={system: "2021" if "10" in system else "not stated" for system in sorted(systems)},
        split_method="By admission, as published." if split_files else "Everything is train.",
        phi_status="De-identified; still restricted patient data.",
        partial_codes=tuple(system for system in sorted(systems) if "9" in system),
    )
    return Imported(card, _stream(charts, notes, split_files))


def _chart(path: Path) -> Chart:
    try:
        chart = json.loads(read_text(path))
        whole = all(isinstance(note["annotations"], list) and "note_id" in note for note in chart["notes"])
        if whole and "hadm_id" in chart:
            return dict(chart)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise LeadtermError(f"{path} is not an MDACE chart.", hint="It needs hadm_id, and notes with annotations.")


def _stream(charts: list[Chart], notes: str, split_files: str) -> Iterator[tuple[str, Encounter]]:
    splits = read_splits(split_files) if split_files else None
    wanted = {str(note["note_id"]) for chart in charts for note in chart["notes"] if "text" not in note}
    texts = _texts(notes, wanted) if wanted else {}
    for chart in charts:
        split = "train" if splits is None else splits.get(str(chart["hadm_id"]), "")
        if split and chart["notes"]:
            yield split, _encounter(chart, texts)


def _texts(place: str, wanted: set[str]) -> dict[str, tuple[str, str]]:
    """Read the wanted notes of MIMIC-III: id → subject and text."""
    if not place:
        raise LeadtermError("the charts hold no texts.", hint="Give the MIMIC-III folder with --notes.")
    path = Path(place)
    table = path if path.is_file() else need_table(path, "noteevents")
    found = {
        row["row_id"].strip(): (row["subject_id"].strip(), row["text"])
        for _, row in rows(table, ("row_id", "subject_id", "text"))
        if row["row_id"].strip() in wanted
    }
    lost = sorted(wanted - set(found))
    if lost:
        raise LeadtermError(f"{table} lacks {counted(len(lost), 'annotated note')}, the first has ROW_ID {lost[0]}.")
    return found


def _encounter(chart: Chart, texts: Mapping[str, tuple[str, str]]) -> Encounter:
    notes: list[Note] = []
    mentions: dict[tuple[str, str], list[Mention]] = {}
    for given in chart["notes"]:
        name = str(given["note_id"])
        text = given["text"] if "text" in given else texts[name][1]
        notes.append(Note(name, text, str(given.get("category", "")).lower()))
        for mark in given["annotations"]:
            system = _system(mark)
            code = (system, canonical(system, str(mark.get("code", ""))))
            mentions.setdefault(code, []).append(Mention.of(_span(mark, name, text)))
    subject = next((texts[note.note_id][0] for note in notes if note.note_id in texts), None)
    codes = tuple(ReferenceCode(*code, "", arrange_mentions(found)) for code, found in mentions.items())
    return Encounter(str(chart["hadm_id"]), tuple(notes), codes, subject, "inpatient")


def _system(mark: Mapping[str, Any]) -> str:
    name = str(mark.get("code_system", ""))
    if name not in SYSTEMS:
        raise unknown_name("code_system of an annotation:", name, SYSTEMS)
    return SYSTEMS[name]


def _span(mark: Mapping[str, Any], note_id: str, text: str) -> EvidenceSpan:
    start, end = mark.get("begin"), mark.get("end")
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        message = f"note {note_id}: an annotation lies outside its text of {len(text)} characters."
        raise LeadtermError(message, hint="Are the notes those of MIMIC-III, unaltered?")
    return EvidenceSpan(note_id, start, end, text[start:end])
