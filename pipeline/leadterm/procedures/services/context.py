"""How words about a drug, supply or service are meant: given here, ordered, taken at home, past, elsewhere, refused."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.procedures.services.held_words import LowText
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.text.open_note import OpenNote

__all__ = ["FLAGS", "NoteWords", "Place", "spaced"]

FLAGS = (
    "given", "given_title", "today", "order", "take", "rx", "home", "past", "elsewhere", "refused", "allergy",
    "planned", "handed", "instruct", "procedure", "homelist", "history", "plan", "ago",
)  # fmt: skip
NEAR = 60
TURN = re.compile(
    r";|\bbut\b|(?:,| and) (?=[\w ]{0,30}\b(?:not (?:performed|done|given|administered|needed)"
    r"|declined|refused|deferred|held)\b)|,\s*(?:and |then |and then )?"
    r"(?:sent home|discharged?|prescri\w+|(?:he |she )?will\b|to take|plan(?:s|ned)? )",
    re.IGNORECASE,
)
WHOLE = frozenset({"refused", "allergy", "elsewhere", "today", "procedure"})
"""What a sentence says of all that it names, wherever it says it."""
OWN = (("given", "refused"), ("today", "elsewhere"))
"""What the clause says, and what of the rest of the sentence it so contradicts."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a note with the sentence around it and the title above it."""

    start: int
    end: int
    sentence: tuple[int, int]
    title: str
    flags: frozenset[str]


@lru_cache(maxsize=4096)
def spaced(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of lower-case words in which a blank stands for any white space.

    >>> bool(spaced("a cane").search("with a  cane"))
    True
    """
    single = re.sub(r" (?=[*+?\]])", r"\\s", pattern)
    return re.compile(single.replace(" ", r"\s+"))


@lru_cache(maxsize=1)
def _cues() -> Mapping[str, Sequence[tuple[str, re.Pattern[str]]]]:
    """Where words stand → flags, and the words that speak for each."""
    cues: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for row in package_table("leadterm.procedures.services", "service_cues.tsv"):
        cues.setdefault(row["where"], []).append((row["flag"], spaced(row["pattern"])))
    return cues


class NoteWords:
    """A note by sentences and titles; asks the cues once a sentence."""

    def __init__(self, note: OpenNote) -> None:
        self.text = note.note.text
        self.low = LowText(self.text)
        self._sentences: Sequence[tuple[int, int]] = note.sentences or ((0, len(self.text)),)
        self._starts = [start for start, _ in self._sentences]
        self._sections = note.sections
        self._flags: dict[tuple[int, int], frozenset[str]] = {}

    @property
    def sentences(self) -> Sequence[tuple[int, int]]:
        """Where the sentences are."""
        return self._sentences

    def sentence_at(self, at: int) -> tuple[int, int]:
        """Where the sentence around a place begins and ends."""
        return self._sentences[max(bisect_right(self._starts, at) - 1, 0)]

    def after(self, at: int) -> Sequence[tuple[int, int]]:
        """Where the sentences are that begin at a place or behind it."""
        return self._sentences[bisect_left(self._starts, at) :]

    def place(self, start: int, end: int) -> Place:
        """Tell how the words ``[start, end)`` are meant."""
        low, high = self.sentence_at(start)
        title = self.title_at(start)
        flags = set(self._of_clause(self._clause(low, high, start)))
        flags |= self._of_clause((low, high)) & (WHOLE - {flag for sign, flag in OWN if sign in flags})
        text = self.low.low
        around = {"before": text[max(low, start - NEAR) : start], "after": text[end : min(high, end + NEAR)],
                  "title": title.lower()}  # fmt: skip
        for where, words in around.items():
            flags |= {"given_title" if (flag, where) == ("given", "title") else flag
                      for flag, pattern in _cues().get(where, ()) if pattern.search(words)}  # fmt: skip
        return Place(start, end, (low, high), title, frozenset(flags))

    def title_at(self, at: int) -> str:
        """Give the titles above a place: of its section, then of its labelled line."""
        over = [part for part in self._sections if part.start <= at < part.end and part.title_end > part.title_start]
        return " / ".join(self.text[part.title_start : part.title_end].strip(" :\n\t") for part in over)

    def _clause(self, low: int, high: int, at: int) -> tuple[int, int]:
        """Cut the sentence where what is given here turns to what comes later."""
        cuts = [match.start() + low for match in TURN.finditer(self.text[low:high])]
        first = max((cut for cut in cuts if cut <= at), default=low)
        return first, min((cut for cut in cuts if cut > at), default=high)

    def _of_clause(self, bounds: tuple[int, int]) -> frozenset[str]:
        if bounds not in self._flags:
            words = self.low.low[bounds[0] : bounds[1]]
            self._flags[bounds] = frozenset(
                flag for flag, pattern in _cues()["sentence"] if pattern.search(words)
            )
        return self._flags[bounds]
