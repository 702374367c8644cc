"""What the term matcher reads and finds: scanned words, matches, readings, covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Cover", "Match", "Reading", "Scan"]

I32 = npt.NDArray[np.int32]


class Match(NamedTuple):
    """A term found in a note.

    ``term``: number of the term in the lexicon. ``tokens``: the tokens that hold its words, ascending. ``gap``: words
    and pauses between its first and last token that are not its own.
    """

    term: int
    tokens: tuple[int, ...]
    segment: int
    gap: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The content words of a doc as arrays, one entry a word.

    ``word``: word id in the lexicon, -1 when unknown there. ``negated``: whether a "without" or "no" stands before it
    in the clause.
    """

    word: I32
    token: I32
    position: I32
    segment: I32
    negated: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a mention: a term and its code.

    ``term``: the term as its source writes it. ``words``: words of the term that the note holds. ``missing``: words
    of the official term that the note does not hold. ``gap``: words between the first and the last word of the
    mention that are not its own. ``weight``: sum of the words' inverse document frequencies.
    """

    code: str
    term: str
    source: str
    words: int
    missing: int
    gap: int
    weight: float


class Cover(NamedTuple):
    """Tokens that together mention something, with all the ways to read them.

    ``readings``: at least one; the one that leaves out least first. ``subsumed``: whether the tokens of another cover
    hold all of these and more. ``joined``: whether the tokens stand in a heading and in the text below it.
    """

    tokens: tuple[int, ...]
    segment: int
    readings: tuple[Reading, ...]
    subsumed: bool = False
    joined: bool = False
