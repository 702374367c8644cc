"""Suggestions as one self-contained page: the note with its evidence marked, beside it the codes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.schema import Encounter, Note, Suggestion, SuggestionSet

__all__ = ["suggestion_page"]


def suggestion_page(pairs: Iterable[tuple[Encounter, SuggestionSet]], *, top: int) -> str:
    """Make the page. It needs no network and sends nothing anywhere; it holds the notes, so keep it as you keep them.

    Parameters
    ----------
    pairs : iterable of (Encounter, SuggestionSet)
        Encounters with their suggestions.
    top : int
        How many suggestions to show for each.

    Returns
    -------
    str
        HTML.
    """
    sections, models = [], set()
    for encounter, result in pairs:
        models.add(f"{result.model} · {', '.join(f'{s} {r}' for s, r in result.releases.items())}")
        sections.append(_section(encounter, result, top))
    title = f"Suggested codes for {len(sections)} encounter{'s' if len(sections) != 1 else ''}"
    page = Template(files("leadterm.render").joinpath("page.html").read_text(encoding="utf-8"))
    subtitle = escape("; ".join(sorted(models))) + " — suggestions for a person to confirm"
    return page.substitute(title=title, subtitle=subtitle, body="\n".join(sections))


def _section(encounter: Encounter, result: SuggestionSet, top: int) -> str:
    shown = result.suggestions[:top]
    notes = "".join(_note(note, shown) for note in encounter.notes)
    cards, divided = [], False
    for suggestion in shown:
        sure = suggestion.confidence >= result.threshold
        if not sure and not divided:
            cards.append('<li class="tier">also consider</li>')
            divided = True
        cards.append(_card(suggestion, sure=sure))
    listed = "".join(cards) or '<li class="tier">nothing codable was found in the text</li>'
    return f'<section class="encounter"><div>{notes}</div><ol><li class="tier">{escape(encounter.encounter_id)}</li>{listed}</ol></section>'


def _card(suggestion: Suggestion, *, sure: bool) -> str:
    hints = "".join(f'<div class="hint">↳ {escape(hint)}</div>' for hint in suggestion.hints)
    where = " · ".join(part for part in (suggestion.section.replace("_", " "), suggestion.assertion) if part)
    return (
        f'<li class="s{"" if sure else " maybe"}" data-codes="{escape(suggestion.code)}"><div class="top"><span class="code">{escape(suggestion.code)}</span>'
        f'<span>{escape(suggestion.title)}</span><span class="conf">{suggestion.confidence:.0%}</span></div>'
        f'<div class="bar"><i style="width:{suggestion.confidence:.0%}"></i></div>'
        f'<div class="why"><b>{escape(suggestion.term)}</b> ({escape(suggestion.source)}) · {escape(where)}</div>{hints}</li>'
    )


def _note(note: Note, suggestions: Iterable[Suggestion]) -> str:
    """The raw note with every stretch of evidence marked with the codes it speaks for."""
    edges = {0, len(note.text)}
    spans = [(e.start, e.end, s.code) for s in suggestions for e in s.evidence if e.note_id == note.note_id]
    for start, end, _ in spans:
        edges.update((start, end))
    cuts = sorted(edges)
    parts = []
    for a, b in zip(cuts, cuts[1:], strict=False):
        codes = " ".join(dict.fromkeys(code for start, end, code in spans if start <= a and b <= end))
        text = escape(note.text[a:b])
        parts.append(f'<mark data-codes="{escape(codes)}">{text}</mark>' if codes else text)
    head = f"<h3>{escape(note.kind or note.note_id)}</h3>"
    return f'<div class="note">{head}{"".join(parts)}</div>'
