"""Suggestions as a notebook shows them: the codes, and the notes with their evidence marked."""

from __future__ import annotations

from leadterm.pages.quotes import made_with, quote, read_as
from leadterm.pages.render import render
from leadterm.pages.suggestion_page import pieces_of
from leadterm.schema import SuggestionSet

__all__ = ["draw"]

FEWEST, QUOTED = 5, 90


def draw(result: SuggestionSet) -> str:
    """Give a fragment of HTML: those suggested, at least five; notes only where the set has its encounter.

    >>> "no code is suggested" in draw(SuggestionSet("e1", "default"))
    True
    """
    sure = sum(one.confidence >= result.threshold for one in result.suggestions)
    shown = result.suggestions[: max(sure, FEWEST)]
    notes = result.encounter.notes if result.encounter is not None else ()
    texts = {note.note_id: note.text for note in notes}
    cards = [(one, quote(one, texts, width=QUOTED).pieces if texts else ()) for one in shown]
    marked = [(note.kind or note.note_id, list(pieces_of("n", note, shown, result.threshold))) for note in notes]
    told = [read_as(result.encounter, result)] if result.encounter else []
    made = " · ".join([*told, made_with(result)])
    return render("notebook.html", result=result, cards=cards, notes=marked, made=made)
