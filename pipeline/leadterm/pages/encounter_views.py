"""The encounters of the HTML report: codes right, missed and wrong, and the note behind a fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from leadterm.evaluation.report import Report
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.keys import Span
from leadterm.pages.pieces import Titles
from leadterm.schema import Encounter, Note

__all__ = ["EncounterView", "anchor_of", "encounter_views", "render_encounter"]

KINDS = ("right", "missed", "wrong")


@dataclass(frozen=True, eq=False)
class EncounterView:
    """One encounter as the page shows it.

    Parameters
    ----------
    number : int
        Used in anchors.
    encounter_id : str
        The encounter.
    f1 : float
        Of its codes.
    codes : mapping of str to list of (system, code, spans)
        By kind: right, missed, wrong.
    notes : tuple of Note
        The notes; empty if the text is not shown.

    Examples
    --------
    >>> EncounterView(0, "e1", 1.0, {}, ()).encounter_id
    'e1'
    """

    number: int
    encounter_id: str
    f1: float
    codes: Mapping[str, list[tuple[str, str, tuple[Span, ...]]]]
    notes: tuple[Note, ...]


def encounter_views(report: Report, encounters: Iterable[Encounter] = (), *, examples: int = 15) -> list[EncounterView]:
    """Take the worst encounters, and one for each of the codes at the head of the error lists.

    Parameters
    ----------
    report : Report
        What `evaluate` gave.
    encounters : iterable of Encounter
        Their notes; without them no text is shown.
    examples : int
        How many codes of each list get an encounter.

    Returns
    -------
    list of EncounterView
        Worst first.
    """
    mistakes = report["mistakes"]
    wanted = [w["encounter_id"] for w in mistakes["worst_encounters"]]
    for name in ("most_missed", "most_over_suggested", "siblings"):
        wanted += [row["encounters"][0] for row in mistakes[name][:examples]]
    table, texts = report.table, {e.encounter_id: e.notes for e in encounters}
    number = {encounter: i for i, encounter in enumerate(table.encounters)}
    rows = {number[e]: i for i, e in enumerate(dict.fromkeys(wanted))}
    codes: dict[int, dict[str, list[tuple[str, str, tuple[Span, ...]]]]] = {r: {k: [] for k in KINDS} for r in rows}
    for r, c, hit in _chosen(table, rows):
        label = table.labels[c]
        spans = table.run_evidence.get((r, c), ())
        codes[r]["right" if hit else "wrong"].append((label.system, label.code, spans))
    found = {(r, c) for r, c, hit in _chosen(table, rows) if hit}
    for r, c in zip(table.gold_row.tolist(), table.gold_col.tolist(), strict=True):
        if r in rows and (r, c) not in found:
            label = table.labels[c]
            codes[r]["missed"].append((label.system, label.code, table.gold_evidence.get((r, c), ())))
    return [
        EncounterView(i, table.encounters[r], _f1(codes[r]), codes[r], texts.get(table.encounters[r], ()))
        for r, i in rows.items()
    ]


def render_encounter(view: EncounterView, titles: Titles) -> str:
    """Render one encounter as a fold within which the notes are folded again.

    Parameters
    ----------
    view : EncounterView
        The encounter.
    titles : callable
        Gives the title of (system, code).

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> view = EncounterView(0, "e1", 0.5, {kind: [] for kind in KINDS}, (Note("n", "Cough."),))
    >>> html = render_encounter(view, lambda *_: "")
    >>> "Show the note" in html, "<details open" in html
    (True, False)
    """
    rows = []
    for kind in KINDS:
        chips = [_chip(view, kind, i, item, titles) for i, item in enumerate(view.codes[kind])]
        if chips:
            rows.append(f"<b>{kind}</b><div>{''.join(chips)}</div>")
    sizes = "".join(f'<span class="pill {kind}">{len(view.codes[kind])} {kind}</span>' for kind in KINDS)
    kinds = ", ".join(dict.fromkeys(note.kind for note in view.notes if note.kind))
    notes = "".join(_note(view, i, note) for i, note in enumerate(view.notes))
    return (
        f'<details id="e{view.number}"><summary><code>{escape(view.encounter_id)}</code><span>F1 {view.f1:.2f}</span>'
        f'{sizes}<span class="title">{escape(kinds)}</span></summary>'
        f'<div><div class="row">{"".join(rows)}</div>{notes}</div></details>'
    )


def anchor_of(view: EncounterView, kind: str, code: str) -> str:
    """Name the place to jump to for a code: its words in the note, or the encounter where there are none.

    Parameters
    ----------
    view : EncounterView
        The encounter.
    kind : {"right", "missed", "wrong"}
        Where the code stands.
    code : str
        The code.

    Returns
    -------
    str
        The anchor.

    Examples
    --------
    >>> codes = {"right": [], "missed": [("icd10cm", "I10", (Span("n", 0, 3),))], "wrong": []}
    >>> view = EncounterView(4, "e1", 0.0, codes, (Note("n", "HTN."),))
    >>> anchor_of(view, "missed", "I10"), anchor_of(view, "wrong", "I10")
    ('e4-missed-0', 'e4')
    """
    for i, (_, name, spans) in enumerate(view.codes[kind]):
        if name == code and spans and view.notes:
            return _anchor(view, kind, i)
    return f"e{view.number}"


def _chosen(table: Aligned, rows: Mapping[int, int]) -> list[tuple[int, int, bool]]:
    found = zip(table.row.tolist(), table.col.tolist(), table.hit.tolist(), table.chosen.tolist(), strict=True)
    return [(r, c, hit) for r, c, hit, chosen in found if chosen and r in rows]


def _f1(codes: Mapping[str, list[Any]]) -> float:
    right, missed, wrong = (len(codes[kind]) for kind in KINDS)
    return 2 * right / (2 * right + missed + wrong) if right + missed + wrong else 1.0


def _chip(view: EncounterView, kind: str, i: int, item: tuple[str, str, tuple[Span, ...]], titles: Titles) -> str:
    system, code, spans = item
    shown = f'<span class="code">{escape(code)}</span>'
    if spans and view.notes:
        shown = f'<a href="#{_anchor(view, kind, i)}" title="Show the words">{shown}</a>'
    title = titles(system, code)
    return f'<span class="chip {kind}">{shown} {escape(title)}</span>'


def _anchor(view: EncounterView, kind: str, i: int) -> str:
    return f"e{view.number}-{kind}-{i}"


def _note(view: EncounterView, number: int, note: Note) -> str:
    marks = []
    for kind in KINDS:
        for i, (_, code, spans) in enumerate(view.codes[kind]):
            mine = [s for s in spans if s.note_id == note.note_id or (not s.note_id and number == 0)]
            marks += [(s.start, s.end, kind, code, _anchor(view, kind, i) if s is spans[0] else "") for s in mine]
    name = f"{note.note_id} {note.kind}".strip()
    size = f"{len(note.text.split())} words"
    return (
        f'<details><summary>Show the note <span class="title">{escape(name)}, {size}</span></summary>'
        f"<div><pre>{_marked(note.text, sorted(marks))}</pre></div></details>"
    )


def _marked(text: str, marks: list[tuple[int, int, str, str, str]]) -> str:
    """Mark spans in escaped text; of overlapping ones the first is marked and the others leave their anchors."""
    parts: list[str] = []
    at = 0
    for start, end, kind, code, anchor in marks:
        if end > len(text):
            continue
        name = f' id="{anchor}"' if anchor else ""
        if start < at:
            parts.append(f"<span{name}></span>" if name else "")
            continue
        words = escape(text[start:end])
        parts.append(f'{escape(text[at:start])}<mark class="{kind}"{name}>{words}<sub>{escape(code)}</sub></mark>')
        at = end
    return "".join(parts) + escape(text[at:])
