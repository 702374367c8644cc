"""Words of an encounter in the shape the corpus model counts: folded, lightly stemmed, with offsets and context."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from leadterm.schema import Encounter, EvidenceSpan

__all__ = ["CONTEXTS", "Tokens", "fold", "stem", "tokenise", "words_of"]

CONTEXTS = ("negation", "family", "history", "possible")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_STOP = re.compile(r"[.!?;:]\s|[\n\r]")
_REACH = {"negation": 6, "family": 12, "history": 12, "possible": 8}


@dataclass(frozen=True)
class Tokens:
    """The content words of an encounter, in order over all its notes.

    Parameters
    ----------
    words : tuple of str
        Stems; function words are left out.
    note : ndarray of shape (n,)
        Index of the note of each word.
    start, end : ndarray of shape (n,)
        Characters of the raw note.
    sentence : ndarray of shape (n,)
        Running number of the sentence; never the same in two notes.
    context : ndarray of shape (n, 4)
        1 where a cue of :data:`CONTEXTS` governs the word.

    Examples
    --------
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


def fold(text: str) -> str:
    """Lower-case a text and take its accents off.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The folded text; it may differ in length.

    Examples
    --------
    >>> fold("Neumonía")
    'neumonia'
    """
    low = text.lower()
    if low.isascii():
        return low
    return "".join(c for c in unicodedata.normalize("NFKD", low) if not unicodedata.combining(c))


def stem(word: str, language: str) -> str:
    """Take plural and gender endings off a folded word; other languages than English and Spanish are left alone.

    Parameters
    ----------
    word : str
        A folded word.
    language : str
        ISO 639-1 code.

    Returns
    -------
    str
        The stem.

    Examples
    --------
    >>> stem("dolores", "es"), stem("biopsies", "en"), stem("gris", "fr")
    ('dolor', 'biopsy', 'gris')
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if language == "es":
        if word.endswith("es") and len(word) > 5:
            word = word[:-2]
        elif word.endswith("s") and not word.endswith(("is", "us")):
            word = word[:-1]
        return word[:-1] if word[-1] in "aeo" and len(word) > 4 else word
    if language == "en":
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if word.endswith("s") and not word.endswith(("ss", "is", "us")):
            return word[:-1]
    return word


@cache
def words_of(language: str, kind: str) -> frozenset[str]:
    """Give the function words or cues of a language.

    Parameters
    ----------
    language : str
        ISO 639-1 code; an unknown language has none.
    kind : str
        ``stop``, ``break`` or one of :data:`CONTEXTS`.

    Returns
    -------
    frozenset of str
        Folded words.

    Examples
    --------
    >>> "sin" in words_of("es", "negation")
    True
    """
    text = files(__package__).joinpath("words.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for lang, of, words in rows if (lang, of) == (language, kind) for word in words.split())


def tokenise(encounter: Encounter) -> Tokens:
    """Cut the notes of an encounter into content words.

    Parameters
    ----------
    encounter : Encounter
        Any encounter.

    Returns
    -------
    Tokens
        Empty arrays if the notes hold no word.

    Examples
    --------
    >>> from leadterm.schema import Note
    >>> tokenise(Encounter("e", (Note("n", "…"),))).words
    ()
    """
    language = encounter.language
    stop = words_of(language, "stop")
    columns: list[tuple[str, int, int, int, int]] = []
    context: list[list[int]] = []
    sentence = 0
    for index, note in enumerate(encounter.notes):
        stops = [m.start() for m in _STOP.finditer(note.text)] + [len(note.text) + 1]
        at, left = 0, _no_cue()
        for match in _WORD.finditer(note.text):
            while match.start() > stops[at]:
                at, sentence, left = at + 1, sentence + 1, _no_cue()
            word = fold(match.group())
            if word not in stop:
                columns.append((stem(word, language), index, match.start(), match.end(), sentence))
                context.append([int(left[kind] > 0) for kind in CONTEXTS])
            left = _next_cue(left, word, language)
        sentence += 1
    words, note_, start, end, sent = zip(*columns, strict=True) if columns else ((), (), (), (), ())
    ints = [np.array(column, dtype=np.int32) for column in (note_, start, end, sent)]
    governed = np.array(context, dtype=np.int8).reshape(-1, len(CONTEXTS))
    return Tokens(tuple(words), ints[0], ints[1], ints[2], ints[3], governed)


def _no_cue() -> dict[str, int]:
    return dict.fromkeys(CONTEXTS, 0)


def _next_cue(left: dict[str, int], word: str, language: str) -> dict[str, int]:
    """How many more words each cue governs, after a word."""
    if word in words_of(language, "break"):
        return _no_cue()
    return {kind: _REACH[kind] if word in words_of(language, kind) else max(0, left[kind] - 1) for kind in CONTEXTS}
