"""Suggestions as one self-contained page: the note with its evidence marked, beside it the codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from tempfile import SpooledTemporaryFile

from leadterm import __version__
from leadterm.pages.quotes import made_with, place_of, quote, read_as
from leadterm.pages.render import pieces, render
from leadterm.schema import Encounter, Note, Suggestion, SuggestionSet

__all__ = ["page_pieces", "pieces_of", "suggestion_page"]

QUOTED = 110
IN_MEMORY, CHUNK = 8_000_000, 1_000_000
UNLIKELY = 0.05
"""Codes below it are folded away, unless they are all there is."""


@dataclass(frozen=True, slots=True)
class Card:
    """A suggestion, its number on the page, and its best evidence in words."""

    number: int
    suggestion: Suggestion
    quote: tuple[tuple[str, bool], ...]
    place: str
    term: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a note and the numbers of the codes it speaks for; anchors of those it is the best evidence of."""

    text: str
    numbers: tuple[int, ...] = ()
    codes: str = ""
    faint: bool = False
    id: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note cut into pieces; nothing of its text is lost."""

    head: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class View:
    """An encounter as the page shows it."""

    anchor: str
    encounter: Encounter
    about: str
    notes: tuple[NoteView, ...]
    cards: tuple[Card, ...]
    threshold: float
    below: int

    @property
    def sure(self) -> list[Card]:
        """Those in the suggested set."""
        return [card for card in self.cards if card.suggestion.confidence >= self.threshold]

    @property
    def likely(self) -> list[Card]:
        """The others that are worth a look."""
        return [card for card in self.cards if UNLIKELY <= card.suggestion.confidence < self.threshold]

    @property
    def unlikely(self) -> list[Card]:
        """The rest."""
        return [card for card in self.cards if card.suggestion.confidence < min(UNLIKELY, self.threshold)]


def suggestion_page(answers: Iterable[tuple[Encounter, SuggestionSet, int]]) -> str:
    """Make the page. It loads nothing, runs nothing and sends nothing; it holds the notes, so keep it as you keep them.

    ``answers``: encounters with their suggestions, and how many of these to show.

    >>> page = suggestion_page([(Encounter("e1", (Note("n1", "<Well>."),)), SuggestionSet("e1", "default"), 5)])
    >>> "&lt;Well&gt;." in page, page.startswith("<!doctype html>")
    (True, True)
    """
    return "".join(page_pieces(answers))


def page_pieces(answers: Iterable[tuple[Encounter, SuggestionSet, int]]) -> Iterator[str]:
    """Give the page in pieces; the encounters wait on disk, in a file without a name, till the head is known."""
    entries: list[tuple[str, str, int]] = []
    made: set[str] = set()
    most = 0
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline="") as waiting:
        for number, answer in enumerate(answers):
            view = _view(f"e{number}", *answer)
            made.add(made_with(answer[1]))
            most = max(most, len(view.cards))
            entries.append((view.anchor, view.encounter.encounter_id, len(view.sure)))
            waiting.write(render("encounter.html", view=view, unlikely=UNLIKELY))
        waiting.seek(0)
        yield from pieces(
            "suggestions.html", entries=entries, most=most, made=f"{'; '.join(sorted(made))} · leadterm {__version__}",
            name=entries[0][1] if len(entries) == 1 else f"{len(entries)} encounters",
            sections=iter(lambda: waiting.read(CHUNK), ""),
        )  # fmt: skip


def _view(anchor: str, encounter: Encounter, result: SuggestionSet, top: int) -> View:
    shown = result.suggestions[:top]
    texts = {note.note_id: note.text for note in encounter.notes}
    alone = len(encounter.notes) == 1
    notes = tuple(
        NoteView(note.kind or ("" if alone else note.note_id), tuple(pieces_of(anchor, note, shown, result.threshold)))
        for note in encounter.notes
    )
    cards = tuple(_card(number, suggestion, texts) for number, suggestion in enumerate(shown))
    below = len(result.suggestions) - len(shown)
    return View(anchor, encounter, _about(encounter, result), notes, cards, result.threshold, below)


def _about(encounter: Encounter, result: SuggestionSet) -> str:
    born = f"born {encounter.birth_year}" if encounter.birth_year else ""
    return " · ".join(filter(None, (read_as(encounter, result), encounter.date_of_service, encounter.sex, born)))


def _card(number: int, suggestion: Suggestion, texts: dict[str, str]) -> Card:
    found = quote(suggestion, texts, width=QUOTED)
    place = (place_of(suggestion), f"+{found.others} more" if found.others else "")
    term = f"matched: {suggestion.term} ({suggestion.source})" if suggestion.term else ""
    return Card(number, suggestion, found.pieces, " · ".join(filter(None, place)), term)


def pieces_of(anchor: str, note: Note, shown: Sequence[Suggestion], threshold: float) -> Iterable[Piece]:
    """Cut the raw note where evidence begins or ends."""
    edges: dict[int, list[tuple[bool, int]]] = {0: [], len(note.text): []}
    for number, suggestion in enumerate(shown):
        for span in suggestion.spans:
            if span.note_id == note.note_id:
                edges.setdefault(span.start, []).append((True, number))
                edges.setdefault(span.end, []).append((False, number))
    first = {number: s.evidence[0] for number, s in enumerate(shown) if s.evidence}
    best = {number: span.start for number, span in first.items() if span.note_id == note.note_id}
    active: Counter[int] = Counter()
    for a, b in pairwise(sorted(edges)):
        for opens, number in edges[a]:
            active[number] += 1 if opens else -1
        here = tuple(sorted(number for number, times in active.items() if times > 0))
        codes = " ".join(shown[number].code for number in here)
        ids = [f"{anchor}-m{number}" for number in here if best.get(number) == a]
        faint = bool(here) and shown[here[0]].confidence < threshold
        yield Piece(note.text[a:b], here, codes, faint, ids[0] if ids else "", tuple(ids[1:]))
