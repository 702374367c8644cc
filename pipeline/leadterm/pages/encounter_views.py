"""The encounters of a report's page: codes right, missed and wrong, and the notes with their words marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leadterm.evaluation.report import Report
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Span
from leadterm.schema import Encounter, Note

__all__ = ["Chip", "EncounterView", "Mark", "Piece", "anchor_of", "encounter_views", "marked"]

KINDS = ("right", "missed", "wrong")


@dataclass(frozen=True, slots=True)
class Chip:
    """A code of an encounter; its anchor, if any, is that of its first words in the note."""

    code: str
    title: str
    spans: tuple[Span, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Words of a note to be marked: ``[start, end)``, the kind and code they stand for, and an anchor or none."""

    start: int
    end: int
    kind: str
    code: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a note: plain, or marked if it has a kind; without text it is an anchor only."""

    text: str
    kind: str = ""
    code: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note cut into pieces."""

    name: str
    words: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, eq=False)
class EncounterView:
    """One encounter as the page shows it; `codes` by kind, `notes` empty where the text is not shown."""

    anchor: str
    encounter_id: str
    f1: float
    codes: Mapping[str, tuple[Chip, ...]]
    notes: tuple[NoteView, ...] = ()
    kinds: str = ""
    worst: bool = False


def encounter_views(
    report: Report, titles: Callable[[str, str], str], encounters: Iterable[Encounter] = (), *, examples: int = 15
) -> list[EncounterView]:
    """Take the worst encounters, and one for each of the `examples` codes at the head of each list of errors.

    Worst first. Without encounters no text is shown.
    """
    mistakes, table = report["mistakes"], report.table
    worst = [w["encounter_id"] for w in mistakes["worst_encounters"]]
    wanted = list(worst)
    for name in ("most_missed", "most_over_suggested", "siblings"):
        wanted += [row["encounters"][0] for row in mistakes[name][:examples]]
    notes = {e.encounter_id: e.notes for e in encounters}
    number = {encounter: i for i, encounter in enumerate(table.encounters)}
    rows = [number[e] for e in dict.fromkeys(wanted)]
    spans = _spans(table, rows)
    return [
        _view(f"e{i}", table, r, spans[r], titles, notes.get(table.encounters[r], ()), len(worst))
        for i, r in enumerate(rows)
    ]


def anchor_of(view: EncounterView, kind: str, code: str) -> str:
    """Name the place to jump to for a code: its words in the note, or the encounter where there are none.

    >>> codes = {"right": (), "missed": (Chip("I10", "", anchor="e4-missed-0"),), "wrong": ()}
    >>> view = EncounterView("e4", "e1", 0.0, codes)
    >>> anchor_of(view, "missed", "I10"), anchor_of(view, "wrong", "I10")
    ('e4-missed-0', 'e4')
    """
    return next((chip.anchor for chip in view.codes[kind] if chip.code == code and chip.anchor), view.anchor)


def marked(text: str, marks: Iterable[Mark]) -> Iterable[Piece]:
    """Cut a text at its marks; of overlapping ones the first is marked and the others leave their anchors.

    >>> [(p.text, p.kind) for p in marked("dry cough", [Mark(4, 9, "right", "R05.9")])]
    [('dry ', ''), ('cough', 'right')]
    """
    at = 0
    for mark in sorted(marks):
        if mark.end > len(text):
            continue
        if mark.start < at:
            if mark.anchor:
                yield Piece("", anchor=mark.anchor)
            continue
        if mark.start > at:
            yield Piece(text[at : mark.start])
        yield Piece(text[mark.start : mark.end], mark.kind, mark.code, mark.anchor)
        at = mark.end
    if at < len(text):
        yield Piece(text[at:])


Coded = dict[str, list[tuple[str, str, tuple[Span, ...]]]]


def _spans(table: Aligned, rows: Iterable[int]) -> dict[int, Coded]:
    """Give the codes of each row by kind, as (system, code, spans)."""
    codes: dict[int, Coded] = {r: {kind: [] for kind in KINDS} for r in rows}
    found = set()
    for r, c, hit, chosen in zip(
        table.row.tolist(), table.col.tolist(), table.hit.tolist(), table.chosen.tolist(), strict=True
    ):
        if chosen and r in codes:
            label = table.labels[c]
            kind = "right" if hit else "wrong"
            codes[r][kind].append((label.system, label.code, table.run_evidence.get((r, c), ())))
            found |= {(r, c)} if hit else set()
    for r, c in zip(table.gold_row.tolist(), table.gold_col.tolist(), strict=True):
        if r in codes and (r, c) not in found:
            label = table.labels[c]
            codes[r]["missed"].append((label.system, label.code, table.gold_evidence.get((r, c), ())))
    return codes


def _view(
    anchor: str, table: Aligned, row: int, codes: Coded, titles: Callable[[str, str], str], notes: tuple[Note, ...],
    worst: int,
) -> EncounterView:  # fmt: skip
    chips = {
        kind: tuple(
            Chip(code, titles(system, code), spans, f"{anchor}-{kind}-{i}" if spans and notes else "")
            for i, (system, code, spans) in enumerate(codes[kind])
        )
        for kind in KINDS
    }
    return EncounterView(
        anchor, table.encounters[row], _f1(codes), chips,
        tuple(_note(chips, note, first=i == 0) for i, note in enumerate(notes)),
        ", ".join(dict.fromkeys(note.kind for note in notes if note.kind)), int(anchor[1:]) < worst,
    )  # fmt: skip


def _f1(codes: Mapping[str, list[Any]]) -> float:
    right, missed, wrong = (len(codes[kind]) for kind in KINDS)
    return 2 * right / (2 * right + missed + wrong) if right + missed + wrong else 1.0


def _note(chips: Mapping[str, tuple[Chip, ...]], note: Note, *, first: bool) -> NoteView:
    """Mark the words of every code; spans that name no note belong to the first."""
    marks = []
    for kind, chip in [(kind, chip) for kind, some in chips.items() for chip in some]:
        mine = [s for s in chip.spans if s.note_id == note.note_id or (not s.note_id and first)]
        marks += [Mark(s.start, s.end, kind, chip.code, chip.anchor if s is chip.spans[0] else "") for s in mine]
    return NoteView(f"{note.note_id} {note.kind}".strip(), len(note.text.split()), tuple(marked(note.text, marks)))
