"""Tells from a note what kind of document it is, and whether it is of an inpatient stay: by ``note_kinds.tsv``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from leadterm.schema import Note
from leadterm.text.knowledge import load_table

__all__ = ["KINDS", "MOTHERS", "NEWBORNS", "NoteKind", "find_kind", "find_setting"]

KINDS = (
    "clinic", "consult", "discharge summary", "emergency", "letter", "operative", "other", "pathology", "progress",
    "psychiatric", "radiology",
)  # fmt: skip
ENOUGH, STAY = 1.5, 1.75
MOTHERS, NEWBORNS = RECORDS = ("mother", "newborn")
BORN = 2.5  # what speaks for a record of a birth, at least
_HEAD, _TAIL = 6000, 3000
_OF_KIND = "kind:"
_BREAK = "|"  # stands for a line break in a flattened text, where no other sign is left


class _Flat(dict[int, str]):
    """What each character becomes in a flattened text: all that is no part of a word a space."""

    def __missing__(self, number: int) -> str:
        letter = chr(number)
        found = self[number] = letter if letter.isalnum() or letter == "_" else " "
        return found


_FLAT = _Flat({ord("\n"): _BREAK})


class NoteKind(NamedTuple):
    """What a note is.

    ``inpatient``: whether it reads as part of an inpatient stay. ``record``: `MOTHERS` or `NEWBORNS` where it is the
    record of a pregnant woman or one who has given birth, or of a newborn; else empty.
    """

    name: str
    inpatient: bool
    record: str = ""


class _Cues(NamedTuple):
    """``about``: what each cue speaks for, and how much. ``phrases``: by their first two whole words, or the only one,
    each as it stands in the flattened text, with the number of its cue; under the empty word those without a whole
    word. ``first``: words that begin two of them. ``of_kind``: how much each kind speaks for a stay.
    """

    about: tuple[tuple[str, float], ...]
    phrases: Mapping[str | tuple[str, str], list[tuple[str, int]]]
    first: frozenset[str]
    of_kind: Mapping[str, float]


@lru_cache(maxsize=1)
def _cues() -> _Cues:
    rows = load_table("note_kinds.tsv")
    of_kind = {r["phrases"].removeprefix(_OF_KIND): float(r["weight"]) for r in rows if _OF_KIND in r["phrases"]}
    cues = [row for row in rows if _OF_KIND not in row["phrases"]]
    phrases: dict[str | tuple[str, str], list[tuple[str, int]]] = {"": []}
    for number, row in enumerate(cues):
        for spelled, words in map(_spell, row["phrases"].split("|")):
            phrases.setdefault(words, []).append((spelled, number))
    first = frozenset(words[0] for words in phrases if isinstance(words, tuple))
    return _Cues(tuple((row["about"], float(row["weight"])) for row in cues), phrases, first, of_kind)


def _spell(phrase: str) -> tuple[str, str | tuple[str, str]]:
    """Write a phrase as it stands in the flattened text, and give the words it is looked up by."""
    end = "" if phrase.endswith("*") else " "
    words = [_BREAK] * phrase.startswith("^") + phrase.strip("^*").split()
    whole = words if end else words[:-1]
    key = (whole[0], whole[1]) if len(whole) > 1 else "".join(whole).strip(_BREAK)
    return f" {' '.join(words)}{end}", key


@lru_cache(maxsize=16)  # intake asks, and the features and the answer of the same notes
def find_kind(text: str, title: str = "") -> NoteKind:
    """Tell the kind of a note from its words; of a very long one its beginning and its end are read.

    ``other`` and outpatient where nothing tells. ``title``: what its sender calls it, where known: one of `KINDS`
    holds, another is read as a first line.

    >>> find_kind("DISCHARGE SUMMARY\\nHOSPITAL COURSE: She was admitted with pneumonia and did well.")
    NoteKind(name='discharge summary', inpatient=True, record='')
    >>> find_kind("Gout.")
    NoteKind(name='other', inpatient=False, record='')
    """
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    words = f"\n{title}\n{text}".lower().translate(_FLAT).replace(_BREAK, f" {_BREAK} ").split()
    flat = f" {' '.join(words)} "  # words and breaks between spaces: phrases are looked up without expressions
    about, phrases, first, of_kind = _cues()
    pairs = [pair for pair in pairwise(words) if pair[0] in first]
    held = [one for key in phrases.keys() & chain([""], words, pairs) for one in phrases[key]]
    sums: dict[str, float] = {}
    for number in sorted({number for phrase, number in held if phrase in flat}):
        kind, weight = about[number]
        sums[kind] = sums.get(kind, 0.0) + weight
    stay = sums.pop("inpatient", 0.0)
    born = {record: sums.pop(record, 0.0) for record in RECORDS}
    record = max(RECORDS, key=born.__getitem__)
    name = min(sums, key=lambda kind: (-sums[kind], kind), default="other")
    name = name if sums.get(name, 0.0) >= ENOUGH else "other"
    name = title.lower() if title.lower() in KINDS else name
    return NoteKind(name, stay + of_kind.get(name, 0.0) > STAY, record if born[record] >= BORN else "")


def find_setting(notes: Iterable[Note]) -> str:
    """Tell the setting that notes read like: inpatient if one of them is of a stay.

    >>> find_setting([Note("n1", "Gout."), Note("n2", "HOSPITAL COURSE: She was admitted with pneumonia.")])
    'inpatient'
    """
    return "inpatient" if any(find_kind(note.text, note.kind).inpatient for note in notes) else "outpatient"
