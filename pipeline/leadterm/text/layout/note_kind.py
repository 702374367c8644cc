"""Tells from a note what kind of document it is, and whether it is of an inpatient stay: by ``note_kinds.tsv``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from leadterm.schema import Note
from leadterm.text.knowledge import load_table

__all__ = ["KINDS", "NoteKind", "find_kind", "find_setting"]

KINDS = (
    "clinic", "consult", "discharge summary", "emergency", "letter", "operative", "other", "pathology", "progress",
    "psychiatric", "radiology",
)  # fmt: skip
ENOUGH, STAY = 1.5, 1.75
_HEAD, _TAIL = 6000, 3000
_OF_KIND = "kind:"
_OTHER = re.compile(r"[^\w\n]+")
_BREAKS = re.compile(r" ?\n[\n ]*")


class NoteKind(NamedTuple):
    """What a note is.

    ``inpatient``: whether it reads as part of an inpatient stay.
    """

    name: str
    inpatient: bool


class _Cue(NamedTuple):
    """``phrases``: each as it stands in the flattened text, and a word that a text with it holds; empty if none."""

    about: str
    weight: float
    phrases: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1)
def _cues() -> tuple[tuple[_Cue, ...], dict[str, float]]:
    """The cues, and how much each kind speaks for a stay."""
    rows = load_table("note_kinds.tsv")
    of_kind = {r["phrases"].removeprefix(_OF_KIND): float(r["weight"]) for r in rows if _OF_KIND in r["phrases"]}
    cues = tuple(
        _Cue(row["about"], float(row["weight"]), tuple(map(_spell, row["phrases"].split("|"))))
        for row in rows if _OF_KIND not in row["phrases"]
    )  # fmt: skip
    return cues, of_kind


def _spell(phrase: str) -> tuple[str, str]:
    """Write a phrase as it stands in the flattened text: every word between spaces, a line after a line break."""
    start, end = ("\n " if phrase.startswith("^") else " "), ("" if phrase.endswith("*") else " ")
    whole = phrase.strip("^*").split()[: None if end else -1]
    return start + phrase.strip("^*") + end, max(whole, key=len, default="")


def _flatten(text: str) -> str:
    """Words parted by single spaces, lines by line breaks: the phrases are looked up in this, without expressions."""
    return _BREAKS.sub(" \n ", f"\n{_OTHER.sub(' ', text.lower())} ")


@lru_cache(maxsize=16)  # intake asks, and the features and the answer of the same notes
def find_kind(text: str, title: str = "") -> NoteKind:
    """Tell the kind of a note from its words; of a very long one its beginning and its end are read.

    Parameters
    ----------
    text : str
        The note.
    title : str
        What its sender calls it, where known; read as a first line.

    Returns
    -------
    NoteKind
        ``other`` and outpatient where nothing tells.

    Examples
    --------
    >>> find_kind("DISCHARGE SUMMARY\\nHOSPITAL COURSE: She was admitted with pneumonia and did well.")
    NoteKind(name='discharge summary', inpatient=True)
    >>> find_kind("Gout.")
    NoteKind(name='other', inpatient=False)
    """
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    flat = _flatten(f"{title}\n{text}")
    cues, of_kind = _cues()
    words, sums = {"", *flat.split()}, dict[str, float]()
    for about, weight, phrases in cues:
        if any(word in words and phrase in flat for phrase, word in phrases):
            sums[about] = sums.get(about, 0.0) + weight
    stay = sums.pop("inpatient", 0.0)
    name = min(sums, key=lambda kind: (-sums[kind], kind), default="other")
    name = name if sums.get(name, 0.0) >= ENOUGH else "other"
    return NoteKind(name, stay + of_kind.get(name, 0.0) > STAY)


def find_setting(notes: Iterable[Note]) -> str:
    """Tell the setting that notes read like: inpatient if one of them is of a stay.

    >>> find_setting([Note("n1", "Gout."), Note("n2", "HOSPITAL COURSE: She was admitted with pneumonia.")])
    'inpatient'
    """
    return "inpatient" if any(find_kind(note.text, note.kind).inpatient for note in notes) else "outpatient"
