"""What the term matcher reads and finds: scanned words, matches, readings, covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Cover", "Match", "Reading", "Scan"]

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Match:
    """A term found in a note.

    Parameters
    ----------
    term : int
        Number of the term in the lexicon.
    tokens : tuple of int
        The tokens that hold its words, ascending.
    segment : int
        The clause it stands in.
    gap : int
        Words and pauses between its first and last token that are not its own.
    """

    term: int
    tokens: tuple[int, ...]
    segment: int
    gap: int


@dataclass(frozen=True, slots=True)
class Scan:
    """The content words of a doc as arrays, one entry a word.

    Parameters
    ----------
    word : ndarray of int32
        Word id in the lexicon, -1 when unknown there.
    token : ndarray of int32
        Token that holds the word.
    position : ndarray of int32
        Running count of words and pauses.
    segment : ndarray of int32
        Clause the word stands in.
    negated : ndarray of bool
        Whether a "without" or "no" stands before it in the clause.
    """

    word: I32
    token: I32
    position: I32
    segment: I32
    negated: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a mention: a term and its code.

    Parameters
    ----------
    code : str
        The code, billable or a family.
    term : str
        The term as its source writes it.
    source : str
        Where the term comes from.
    words : int
        Words of the term that the note holds.
    missing : int
        Words of the official term that the note does not hold.
    gap : int
        Words between the first and the last word of the mention that are not its own.
    weight : float
        Sum of the words' inverse document frequencies.
    """

    code: str
    term: str
    source: str
    words: int
    missing: int
    gap: int
    weight: float


@dataclass(frozen=True, slots=True)
class Cover:
    """Tokens that together mention something, with all the ways to read them.

    Parameters
    ----------
    tokens : tuple of int
        Ascending.
    segment : int
        The clause they stand in.
    readings : tuple of Reading
        At least one; the one that leaves out least first.
    subsumed : bool
        Whether the tokens of another cover hold all of these and more.
    joined : bool
        Whether the tokens stand in a heading and in the text below it.
    """

    tokens: tuple[int, ...]
    segment: int
    readings: tuple[Reading, ...]
    subsumed: bool = False
    joined: bool = False
