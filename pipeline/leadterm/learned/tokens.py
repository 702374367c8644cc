"""Words of an encounter in the shape the corpus model counts: folded, lightly stemmed, with offsets and context."""

from __future__ import annotations

import re
import sys
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from leadterm.schema import Encounter, EvidenceSpan, Note
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.sections import PROBLEM_SECTIONS, Mark, find_marks
from leadterm.text.words.languages import stem, words_of
from leadterm.text.words.normalise import fold

__all__ = ["CONTEXTS", "Tokens", "find_cue", "section_titles", "tokenise"]

CONTEXTS = ("negation", "family", "history", "possible")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_STOP = re.compile(r"[.!?;:]\s|[\n\r]")
_REACH = {"negation": 6, "family": 12, "history": 12, "possible": 8}
_REMEMBERED = 200_000
_LOOKED = 200
_Entry = tuple[str, tuple[str, ...], bool]


@dataclass(frozen=True)
class Tokens:
    """The content words of an encounter, in order over all its notes.

    ``note``: index of the note of each word. ``sentence``: running number of the sentence; never the same in two
    notes. ``context``: 1 where a cue of :data:`CONTEXTS` governs the word. ``concluded``: 1 where the word stands in
    a section of conclusions: an assessment, impression, plan or list of diagnoses.

    >>> from leadterm.schema import Note
    >>> t = tokenise(Encounter("e", (Note("n", "Coughs. No fever of note."),)))
    >>> t.words
    ('cough', 'no', 'fever', 'note')
    >>> t.context[:, 0].tolist()
    [0, 0, 1, 1]
    """

    words: tuple[str, ...]
    note: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    sentence: NDArray[np.int32]
    context: NDArray[np.int8]
    concluded: NDArray[np.int8]
    language: str = "en"

    def spans(self, encounter: Encounter, positions: Sequence[int]) -> tuple[EvidenceSpan, ...]:
        """Turn word positions into evidence: neighbouring words make one span."""
        runs: list[list[int]] = []
        for i in sorted(positions):
            if runs and i - runs[-1][1] == 1 and self.sentence[i] == self.sentence[runs[-1][1]]:
                runs[-1][1] = i
            else:
                runs.append([i, i])
        out = []
        for first, last in runs:
            note = encounter.notes[int(self.note[first])]
            start, end = int(self.start[first]), int(self.end[last])
            out.append(EvidenceSpan(note.note_id, start, end, note.text[start:end]))
        return tuple(out)


def tokenise(encounter: Encounter) -> Tokens:
    """Cut the notes of an encounter into content words.

    Empty arrays if the notes hold no word.

    >>> from leadterm.schema import Note
    >>> tokenise(Encounter("e", (Note("n", "…"),))).words
    ()
    """
    entries = _entries(encounter.language)
    words: list[str] = []
    parts: list[NDArray[np.int32]] = [np.zeros((4, 0), np.int32)]
    context = [np.zeros((0, len(CONTEXTS)), np.int8)]
    before = 0
    for index, note in enumerate(encounter.notes):
        start = np.array([m.start() for m in _WORD.finditer(note.text)], dtype=np.int64)
        raw = _WORD.findall(note.text)
        found = [entries[word] for word in raw]
        stops = np.array([m.start() for m in _STOP.finditer(note.text)], dtype=np.int64)
        sentence = np.searchsorted(stops, start)
        kept = np.array([bool(stemmed) for stemmed, _, _ in found], dtype=bool)
        words += [stemmed for stemmed, _, _ in found if stemmed]
        end = start + np.array([len(word) for word in raw], dtype=np.int64)
        row = np.stack([np.full(len(start), index), start, end, before + sentence])
        parts.append(row[:, kept].astype(np.int32))
        context.append(_governed(found, sentence)[kept])
        before += 1 + int(sentence[-1]) if len(sentence) else 1
    ints = np.concatenate(parts, axis=1)
    whole, concluded = np.concatenate(context), _concluded(encounter, ints[0], ints[1])
    return Tokens(tuple(words), ints[0], ints[1], ints[2], ints[3], whole, concluded, encounter.language)


def _governed(found: Sequence[_Entry], sentence: NDArray[np.int64]) -> NDArray[np.int8]:
    """Whether a cue governs each word: some words after it, as far as the sentence or a word that ends its reach."""
    out = np.zeros((len(found), len(CONTEXTS)), dtype=np.int8)
    ends = [i for i, (_, _, end) in enumerate(found) if end]
    for i in (i for i, (_, cues, end) in enumerate(found) if cues and not end):
        until = int(np.searchsorted(sentence, sentence[i], side="right"))
        at = bisect(ends, i)
        if at < len(ends):
            until = min(until, ends[at] + 1)
        for kind in found[i][1]:
            out[i + 1 : min(until, i + _REACH[kind] + 1), CONTEXTS.index(kind)] = 1
    return out


def _concluded(encounter: Encounter, note: NDArray[np.int32], start: NDArray[np.int32]) -> NDArray[np.int8]:
    """Whether each word stands in a section of conclusions."""
    out = np.zeros(len(start), dtype=np.int8)
    for index, text in enumerate(note.text for note in encounter.notes):
        titles = section_titles(text)
        if any(mark.category in PROBLEM_SECTIONS for mark in titles):
            here = note == index
            inside = np.array([False, *(mark.category in PROBLEM_SECTIONS for mark in titles)])
            out[here] = inside[np.searchsorted([mark.start for mark in titles], start[here], side="right")]
    return out


def section_titles(text: str) -> list[Mark]:
    """Find the titles of the sections of a note, in order; labels of single lines are none."""
    return [mark for mark in find_marks(text, split_lines(text)) if not mark.label]


def find_cue(note: Note, at: int, kind: str, language: str) -> EvidenceSpan | None:
    """Find the nearest cue of a kind before a character, within its sentence."""
    begin = max((m.start() for m in _STOP.finditer(note.text, max(0, at - _LOOKED), at)), default=max(0, at - _LOOKED))
    entries = _entries(language)
    cues = [m for m in _WORD.finditer(note.text, begin, at) if kind in entries[m[0]][1]]
    return EvidenceSpan(note.note_id, cues[-1].start(), cues[-1].end(), cues[-1][0]) if cues else None


class _Entries(dict[str, _Entry]):
    """For each raw word its stem (empty for function words), its cues, and whether it ends scopes."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language

    def __missing__(self, raw: str) -> _Entry:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[raw] = entry = _entry(raw, self.language)
        return entry


@lru_cache(maxsize=8)
def _entries(language: str) -> _Entries:
    return _Entries(language)


def _entry(raw: str, language: str) -> _Entry:
    word = fold(raw)
    stemmed = "" if word in words_of(language, "stop") else stem(word, language)
    ends = word in words_of(language, "break")
    return sys.intern(stemmed), tuple(kind for kind in CONTEXTS if word in words_of(language, kind)), ends
