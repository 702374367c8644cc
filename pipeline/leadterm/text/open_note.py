"""A note kept open after the text pipeline has read it, for readers that find words by other means than its terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from leadterm.schema import EvidenceSpan, Mention, Note
from leadterm.text.extensions import Section, sentence_flags, token_starts
from leadterm.text.reading import get_on_span

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from leadterm.text.reading import NoteReading

__all__ = ["Found", "OpenNote", "open_note"]


class Found(NamedTuple):
    """Words that a reader found: pieces ``[start, end)`` in order, the term they stand for, where that comes from."""

    pieces: tuple[tuple[int, int], ...]
    term: str
    source: str


@dataclass(frozen=True)
class OpenNote:
    """What the text pipeline knows of a note, and its context stage to ask how words are meant.

    ``reading``: the mentions of the pipeline's own terms. ``sections``: sections and labelled lines, titles included.
    """

    note: Note
    language: str
    reading: NoteReading
    sections: tuple[Section, ...]
    _doc: Doc = field(repr=False, compare=False)
    _nlp: Language = field(repr=False, compare=False)

    @cached_property
    def sentences(self) -> tuple[tuple[int, int], ...]:
        """The sentences, as characters ``[start, end)``; lines of a list and titles are sentences, too."""
        begins = [*compress(token_starts(self._doc).tolist(), sentence_flags(self._doc))]
        ends = [*begins[1:], len(self.note.text)] if begins else []
        return tuple(zip(begins, ends, strict=True))

    def mentions(self, found: Sequence[Found]) -> list[Mention]:
        """Tell of words how they are meant: a mention each, with assertion, cues and section."""
        from spacy.tokens import Span

        doc, raw, note_id = self._doc, self.note.text, self.note.note_id
        bounds = [(one.pieces[0][0], one.pieces[-1][1]) for one in found]
        starts = token_starts(doc)
        first = (starts.searchsorted([low for low, _ in bounds], "right") - 1).tolist()
        last = starts.searchsorted([high for _, high in bounds], "left").tolist()
        spans = [Span(doc, a, max(b, a + 1)) for a, b in zip(first, last, strict=True)]
        doc._.covers, doc.spans["mentions"] = (), spans
        self._nlp.get_pipe("leadterm_context")(doc)
        made = []
        for one, span in zip(found, spans, strict=True):
            edges = span.start_char, span.end_char
            cues = get_on_span(doc.user_data, *edges, "cues")
            made.append(
                Mention(
                    note_id, tuple(EvidenceSpan(note_id, a, b, raw[a:b]) for a, b in one.pieces),
                    get_on_span(doc.user_data, *edges, "assertion"),
                    tuple(EvidenceSpan(note_id, a, b, raw[a:b]) for a, b in cues),
                    get_on_span(doc.user_data, *edges, "section"), one.term, one.source,
                )
            )  # fmt: skip
        return made


def open_note(note: Note, language: str, doc: Doc, nlp: Language, reading: NoteReading) -> OpenNote:
    """Keep open a note that a pipeline has read.

    >>> from leadterm.text.matching.mentions import NoteReaders
    >>> note = NoteReaders("icd10cm").open(Note("n", "PLAN: He denies prior appendectomy."), "en")
    >>> [(m.text, m.assertion, m.section) for m in note.mentions([Found(((22, 34),), "appendectomy", "index")])]
    [('appendectomy', 'absent', 'plan')]
    """
    return OpenNote(note, language, reading, tuple(doc._.sections), doc, nlp)
