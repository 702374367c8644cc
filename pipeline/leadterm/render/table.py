"""Suggestions as a table in the terminal, evidence highlighted in its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from leadterm.schema import Encounter, EvidenceSpan, Suggestion, SuggestionSet

__all__ = ["suggestion_table"]

AROUND = 26
BLOCKS = 8


def suggestion_table(encounter: Encounter, result: SuggestionSet, *, top: int) -> RenderableType:
    """Lay out the suggestions for one encounter.

    Parameters
    ----------
    encounter : Encounter
        Gives the words around the evidence.
    result : SuggestionSet
        Best first.
    top : int
        How many to show at most.

    Returns
    -------
    RenderableType
        For a rich console.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    texts = {note.note_id: note.text for note in encounter.notes}
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name, options in COLUMNS:
        table.add_column(name, **options)
    shown = result.suggestions[:top]
    divided = False
    for suggestion in shown:
        if not divided and suggestion.confidence < result.threshold:
            divided = True
            table.add_row("", "", Text("also consider", style="dim italic"), "", "")
        table.add_row(*_row(suggestion, texts, sure=suggestion.confidence >= result.threshold))
    releases = ", ".join(f"{system} {release}" for system, release in result.releases.items())
    title = Text.assemble((result.encounter_id, "bold"), (f"   model {result.model} · {releases} · {encounter.setting}", "dim"))
    rest = len(result.suggestions) - len(shown)
    foot = Text(f"{rest} more below; --top {len(result.suggestions)} shows all.", style="dim") if rest > 0 else Text("")
    if not shown:
        return Group(title, Text("no code is suggested: nothing codable was found in the text.", style="yellow"))
    return Group(title, table, foot)


COLUMNS: tuple[tuple[str, dict[str, object]], ...] = (
    ("#", {"justify": "right", "width": 2}),
    ("code", {"no_wrap": True, "min_width": 8}),
    ("title", {"ratio": 5, "overflow": "fold"}),
    ("confidence", {"no_wrap": True, "width": 13}),
    ("evidence", {"ratio": 6, "overflow": "fold"}),
)


def _row(suggestion: Suggestion, texts: Mapping[str, str], *, sure: bool) -> tuple[Text, ...]:
    from rich.text import Text

    title = Text(suggestion.title, style="" if sure else "dim")
    for hint in suggestion.hints:
        title.append(f"\n↳ {hint}", style="yellow" if sure else "dim yellow")
    full, part = divmod(round(suggestion.confidence * BLOCKS * 2), 2)
    bar = ("━" * full + ("╸" if part else "")).ljust(BLOCKS)
    confidence = Text.assemble((bar, "green" if sure else "dim"), f" {suggestion.confidence:4.0%}")
    code = Text(suggestion.code, style="bold cyan" if sure else "cyan")
    return Text(str(suggestion.rank), style="dim"), code, title, confidence, _evidence(suggestion, texts)


def _evidence(suggestion: Suggestion, texts: Mapping[str, str]) -> Text:
    """The best evidence in its words, and where it stands."""
    from rich.text import Text

    line = Text()
    pieces = _together(suggestion.evidence)
    text = texts[pieces[0].note_id]
    at = max(pieces[0].start - AROUND, 0)
    line.append("…" if at else "", style="dim")
    for piece in pieces:
        line.append(_flat(text[at : piece.start]), style="dim")
        line.append(_flat(piece.text), style="bold black on bright_yellow")
        at = piece.end
    tail = text[at : at + AROUND]
    line.append(_flat(tail) + ("…" if at + AROUND < len(text) else ""), style="dim")
    notes = [part for part in (suggestion.section.replace("_", " "), "" if suggestion.assertion == "present" else suggestion.assertion) if part]
    others = len(suggestion.evidence) - len(pieces)
    if others:
        notes.append(f"+{others} more")
    if notes:
        line.append(f"  {' · '.join(notes)}", style="italic dim")
    return line


def _together(evidence: tuple[EvidenceSpan, ...]) -> list[EvidenceSpan]:
    """The first span and those that follow it closely in the same note."""
    first, *rest = evidence
    pieces = [first]
    for span in rest:
        if span.note_id == first.note_id and 0 <= span.start - pieces[-1].end <= AROUND:
            pieces.append(span)
        else:
            break
    return pieces


def _flat(text: str) -> str:
    return " ".join(text.split()).join((" " if text[:1].isspace() else "", " " if text[-1:].isspace() and text.strip() else ""))
