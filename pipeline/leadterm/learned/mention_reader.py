"""From word positions to mentions: the words, the section they stand in, and the context that governs them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.tokens import CONTEXTS, Tokens, find_cue, section_titles
from leadterm.ranking.candidate_table import CandidateTable, Mentions
from leadterm.schema import Assertion, Encounter, EvidenceSpan, Mention

__all__ = ["MentionReader"]

LEARNED = "learned"
ASSERTIONS: tuple[tuple[str, Assertion], ...] = (
    ("negation", "absent"), ("family", "family"), ("history", "history"), ("possible", "possible"),
)  # fmt: skip


class MentionReader:
    """Reads mentions of one encounter.

    ``known``: what the dictionary found: where it has read the same words, its reading of the context is taken.
    """

    def __init__(self, encounter: Encounter, tokens: Tokens, known: CandidateTable | None = None) -> None:
        self.encounter, self.tokens, self.known = encounter, tokens, known
        self._read: dict[tuple[int, ...], tuple[Mention, ...]] = {}

    def mentions(self, where: Mentions) -> tuple[Mention, ...]:
        """Give the mentions at word positions, in the same order."""
        return tuple(mention for positions in where for mention in self._mentions(positions))

    def _mentions(self, positions: tuple[int, ...]) -> tuple[Mention, ...]:
        if positions not in self._read:
            self._read[positions] = tuple(self._make(positions))
        return self._read[positions]

    def _make(self, positions: tuple[int, ...]) -> Iterator[Mention]:
        """One mention for each note that the words are in."""
        term = " ".join(self.tokens.words[i] for i in positions)
        for _, group in groupby(sorted(positions), key=lambda i: int(self.tokens.note[i])):
            inside = list(group)
            spans = self.tokens.spans(self.encounter, inside)
            assertion, cues, section = self._context(inside)
            yield Mention(spans[0].note_id, spans, assertion, cues, section, term, LEARNED)

    def _context(self, inside: list[int]) -> tuple[Assertion, tuple[EvidenceSpan, ...], str]:
        near = next((int(self._owner[i]) for i in inside if self._owner[i] >= 0), -1)
        if near >= 0:
            known = self._known[near]
            return known.assertion, known.cues, known.section
        note, start = int(self.tokens.note[inside[0]]), int(self.tokens.start[inside[0]])
        starts, categories = self._sections[note]
        section = categories[bisect_right(starts, start)]
        governed = self.tokens.context[inside].max(axis=0)
        for kind, assertion in ASSERTIONS:
            if governed[CONTEXTS.index(kind)]:
                first = next(i for i in inside if self.tokens.context[i, CONTEXTS.index(kind)])
                at = int(self.tokens.start[first])
                cue = find_cue(self.encounter.notes[note], at, kind, self.tokens.language)
                return assertion, (cue,) if cue else (), section
        return "present", (), section

    @cached_property
    def _sections(self) -> list[tuple[list[int], list[str]]]:
        """For each note where its sections begin, and their categories; the first is that of the text before."""
        marked = [section_titles(note.text) for note in self.encounter.notes]
        return [([mark.start for mark in marks], ["", *(mark.category for mark in marks)]) for marks in marked]

    @cached_property
    def _known(self) -> list[Mention]:
        """The dictionary's mentions, the longest last."""
        found = dict.fromkeys(m for mentions in (self.known.mentions if self.known else ()) for m in mentions)
        return sorted(found, key=lambda m: (sum(s.end - s.start for s in m.spans), m.note_id, m.spans))

    @cached_property
    def _owner(self) -> NDArray[np.int64]:
        """For each word the longest of the dictionary's mentions that it is part of, or -1."""
        owner = np.full(len(self.tokens.words), -1)
        place = {note.note_id: i for i, note in enumerate(self.encounter.notes)}
        edges = np.searchsorted(self.tokens.note, np.arange(len(place) + 1))
        for number, mention in enumerate(self._known):
            low, high = edges[place[mention.note_id]], edges[place[mention.note_id] + 1]
            here = self.tokens.start[low:high]
            for span in mention.spans:
                owner[low + np.searchsorted(here, span.start) : low + np.searchsorted(here, span.end)] = number
        return owner
