"""Suggestions as one self-contained page: the note with its evidence marked, beside it the codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from itertools import pairwise
from string import Template

from leadterm.pages.quotes import made_with, place_of, quote
from leadterm.schema import Encounter, Note, Suggestion, SuggestionSet

__all__ = ["suggestion_page"]

QUOTED = 110


def suggestion_page(answers: Iterable[tuple[Encounter, SuggestionSet, int]]) -> str:
    """Make the page. It needs no network and sends nothing anywhere; it holds the notes, so keep it as you keep them.

    Parameters
    ----------
    answers : iterable of (Encounter, SuggestionSet, int)
        Encounters with their suggestions, and how many of these to show.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> page = suggestion_page([(Encounter("e1", (Note("n1", "<Well>."),)), SuggestionSet("e1", "default"), 5)])
    >>> "&lt;Well&gt;." in page, page.startswith("<!doctype html>")
    (True, True)
    """
    listed = list(answers)
    sections = [_section(number, *answer) for number, answer in enumerate(listed)]
    count = f"{len(listed)} encounter{'s' if len(listed) != 1 else ''}"
    title = listed[0][0].encounter_id if len(listed) == 1 else count
    made = "; ".join(sorted({made_with(result) for _, result, _ in listed}))
    page = Template(files("leadterm.pages").joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=f"Suggested codes · {escape(title)}", heading=f"Suggested codes for {escape(title)}", made=escape(made),
        contents=_contents(listed), body="\n".join(sections),
    )  # fmt: skip


def _contents(listed: Sequence[tuple[Encounter, SuggestionSet, int]]) -> str:
    """Links to the encounters, where there are several."""
    if len(listed) < 2:
        return ""
    links = [
        f'<a href="#e{number}">{escape(encounter.encounter_id)}'
        f" <small>{sum(s.confidence >= result.threshold for s in result.suggestions)}</small></a>"
        for number, (encounter, result, _) in enumerate(listed)
    ]
    return f"<nav>{''.join(links)}</nav>"


def _section(number: int, encounter: Encounter, result: SuggestionSet, top: int) -> str:
    shown = result.suggestions[:top]
    texts = {note.note_id: note.text for note in encounter.notes}
    sure = [s for s in shown if s.confidence >= result.threshold]
    rest = shown[len(sure) :]
    parts = [
        _tier("Suggested", "".join(_card(s, texts) for s in sure)),
        _tier("Also consider", "".join(_line(s, texts) for s in rest)),
    ]
    if not shown:
        parts = ['<p class="none">No code is suggested: nothing codable was found in the text.</p>']
    below = len(result.suggestions) - len(shown)
    if below > 0:
        parts.append(f'<p class="below">{below} less likely, not shown</p>')
    notes = "".join(_note(note, shown, len(sure), alone=len(encounter.notes) == 1) for note in encounter.notes)
    return (
        f'<section class="encounter" id="e{number}"><h2>{escape(encounter.encounter_id)} '
        f"<small>{escape(encounter.setting)}</small></h2>"
        f'<div class="notes">{notes}</div><div class="codes">{"".join(parts)}</div></section>'
    )


def _tier(name: str, items: str) -> str:
    return f"<h3>{name}</h3><ol>{items}</ol>" if items else ""


def _card(suggestion: Suggestion, texts: dict[str, str]) -> str:
    return (
        f'<li class="s" tabindex="0" data-codes="{escape(suggestion.code)}">'
        f'<div class="top">{_head(suggestion)}</div>{_why(suggestion, texts)}</li>'
    )


def _line(suggestion: Suggestion, texts: dict[str, str]) -> str:
    """One line that opens to the whole card."""
    return (
        f'<li class="s maybe" data-codes="{escape(suggestion.code)}"><details>'
        f'<summary class="top">{_head(suggestion)}</summary>{_why(suggestion, texts)}</details></li>'
    )


def _head(suggestion: Suggestion) -> str:
    percent = "&lt;1%" if suggestion.confidence < 0.005 else f"{suggestion.confidence:.0%}"
    return (
        f'<span class="code">{escape(suggestion.code)}</span><span class="title">{escape(suggestion.title)}</span>'
        f'<span class="conf" title="confidence">{percent}'
        f'<i><b style="width:{suggestion.confidence:.0%}"></b></i></span>'
    )


def _why(suggestion: Suggestion, texts: dict[str, str]) -> str:
    found = quote(suggestion, texts, width=QUOTED)
    words = "".join(f"<em>{escape(text)}</em>" if marked else escape(text) for text, marked in found.pieces)
    more = [place_of(suggestion), f"+{found.others} more" if found.others else ""]
    place = " · ".join(escape(part) for part in more if part)
    term = escape(f"matched: {suggestion.term} ({suggestion.source})") if suggestion.term else ""
    hints = "".join(f'<p class="hint">{escape(hint)}</p>' for hint in suggestion.hints)
    return f'<p class="quote" title="{term}">{words} <span>{place}</span></p>{hints}'


def _note(note: Note, shown: Sequence[Suggestion], sure: int, *, alone: bool) -> str:
    """The raw note; every stretch of evidence is marked with the codes it speaks for."""
    edges: dict[int, list[tuple[bool, int]]] = {0: [], len(note.text): []}
    for number, suggestion in enumerate(shown):
        for span in suggestion.evidence:
            if span.note_id == note.note_id:
                edges.setdefault(span.start, []).append((True, number))
                edges.setdefault(span.end, []).append((False, number))
    active: Counter[int] = Counter()
    parts = []
    for a, b in pairwise(sorted(edges)):
        for opens, number in edges[a]:
            active[number] += 1 if opens else -1
        here = sorted(number for number, times in active.items() if times > 0)
        codes = escape(" ".join(shown[number].code for number in here))
        faint = "" if here and here[0] < sure else ' class="faint"'
        opened, closed = (f'<mark{faint} data-codes="{codes}" title="{codes}">', "</mark>") if here else ("", "")
        parts.append(f"{opened}{escape(note.text[a:b])}{closed}")
    kind = note.kind or ("" if alone else note.note_id)
    head = f"<h4>{escape(kind)}</h4>" if kind else ""
    return f'<div class="note">{head}<div class="text" dir="auto">{"".join(parts)}</div></div>'
