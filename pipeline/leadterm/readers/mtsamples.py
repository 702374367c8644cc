"""Codes of MTSamples notes, which come with leadterm, joined with the text, which its user has.

A file of JSON lines with ``id`` and ``text``; the codes stand in ``corpora/mtsamples/annotations.jsonl``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from leadterm.corpus import Card, arrange_mentions
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError
from leadterm.readers.base import Imported
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.storage.text_files import read_text

__all__ = ["read"]

ANNOTATIONS = Path(__file__).parents[3] / "corpora" / "mtsamples" / "annotations.jsonl"


def read(source: Path, *, annotations: str = "") -> Imported:
    """Read the coded notes; every note is train.

    Systems ``icd10cm``, ``icd10pcs``, ``hcpcs``; codes that may be left out have ``need`` ``"may"``. ``source``: JSON
    lines with ``id`` and ``text``; other fields and notes without codes are passed over. ``annotations``: file of the
    codes; by default that of a clone of leadterm. ``LeadtermError`` if a file is not of this kind, no note is coded,
    or offsets lie outside a note: then the text is another.

    >>> read(Path("notes.csv"))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: mtsamples is read from a .jsonl file with 'id' and 'text', not 'notes.csv'. ...
    """
    if source.suffix != ".jsonl":
        message = f"mtsamples is read from a .jsonl file with 'id' and 'text', not '{source}'."
        raise LeadtermError(message, hint="One note a line.")
    coded = {line["id"]: line for line in _lines(Path(annotations or ANNOTATIONS), ("id", "setting", "codes"))}
    card = Card(
        name="mtsamples",
        source="Sample transcriptions of mtsamples.com; codes by leadterm, machine-assisted, not checked by coders.",
        licence="Codes Apache-2.0; terms of the text not stated.",
        languages=("en",),
        systems={"icd10cm": "2026-04-01", "icd10pcs": "2025", "hcpcs": "2025"},
        split_method="Everything is train; cross-validate by encounter.",
        phi_status="None: samples published without names.",
    )
    return Imported(card, _encounters(source, coded))


def _encounters(source: Path, coded: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Encounter]]:
    found = 0
    for line in _lines(source, ("id", "text")):
        if line["id"] in coded:
            found += 1
            yield "train", _encounter(line, coded[line["id"]])
    if not found:
        raise LeadtermError(f"no note of '{source}' has codes.", hint="'id' is the number of the sample on its site.")


def _encounter(line: Mapping[str, Any], given: Mapping[str, Any]) -> Encounter:
    note = Note("n1", line["text"])
    codes = {(c["system"], c["code"]): _code(c, note, line["id"]) for c in reversed(given["codes"])}
    return Encounter(line["id"], (note,), tuple(reversed(codes.values())), setting=given["setting"])


def _code(given: Mapping[str, Any], note: Note, name: str) -> ReferenceCode:
    mentions = []
    for start, end in given["spans"]:
        if not 0 <= start < end <= len(note.text):
            message = f"the codes of note '{name}' do not fit its text of {len(note.text)} characters."
            raise LeadtermError(message, hint="Bring the text as published, with its line breaks.")
        mentions.append(Mention(note.note_id, (EvidenceSpan(note.note_id, start, end, note.text[start:end]),)))
    system, need = given["system"], given.get("need", "must")
    evidence = arrange_mentions(mentions)
    code = canonical(system, given["code"])
    return ReferenceCode(system, code, given.get("role", ""), evidence, need, given.get("units"))


def _lines(path: Path, keys: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Objects of a file of JSON lines that have these keys."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            made = json.loads(line)
        except (ValueError, RecursionError):
            raise LeadtermError(f"{path} line {number} is not JSON.", hint="One object a line.") from None
        if not isinstance(made, dict) or any(key not in made for key in keys):
            raise LeadtermError(f"{path} line {number} is no object with {', '.join(keys)}.", hint="Check the file.")
        if not all(isinstance(made[key], str) for key in keys if key != "codes"):
            raise LeadtermError(f"{path} line {number} has a field that is not text.", hint="Check the file.")
        yield made
