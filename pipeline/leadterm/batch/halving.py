"""Which notes of a part end their worker: the part is halved until each of them is alone."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["END", "TRIES", "Search"]

TRIES, END = 2, 1 << 60


@dataclass
class _Stretch:
    """Notes of a part that are to be tried; ``before``: where the notes begin that were read before a single guess."""

    first: int
    end: int
    before: int | None = None
    deaths: int = 0


@dataclass
class Search:
    """What is still to be tried of a part, the next at the end, and the notes that were found.

    A worker tells each note before it reads it: what comes after the last one told was never touched, and that one is
    tried alone at once. If it is innocent (what is read in batches is told early), the notes before it are halved.

    >>> search = Search()
    >>> search.died(700, "ended its worker"), search.next()
    (True, (700, 701))
    >>> search.died(700, "ended its worker"), search.died(700, "ended its worker"), search.next()
    (True, True, (701, 1152921504606846976))
    >>> search.survived()
    >>> search.next(), search.found
    (None, {700: 'the note ended its worker 2 times.'})
    """

    stretches: list[_Stretch] = field(default_factory=lambda: [_Stretch(0, END)])
    found: dict[int, str] = field(default_factory=dict)
    guesses: bool = True

    def next(self) -> tuple[int, int] | None:
        """Give the notes that are to be tried now; None when all is known."""
        return (self.stretches[-1].first, self.stretches[-1].end) if self.stretches else None

    def survived(self) -> None:
        """Take that they were read to the end."""
        tried = self.stretches.pop()
        if tried.before is not None:
            self.guesses = False
            self._halve(tried.before, tried.first)

    def died(self, at: int, reason: str) -> bool:
        """Take that the worker ended, and the last note it told, or -1; False if it never comes to any note."""
        tried = self.stretches.pop()
        alone = tried.end - tried.first == 1
        if alone or at < 0:
            tried.deaths += 1
            if tried.deaths < TRIES:
                self.stretches.append(tried)
            elif alone:
                self.found[tried.first] = f"the note {reason} {TRIES} times."
            return alone or tried.deaths < TRIES
        if at + 1 < tried.end:
            self.stretches.append(_Stretch(at + 1, tried.end))
        if self.guesses and at > tried.first:
            self.stretches.append(_Stretch(at, at + 1, before=tried.first))
        else:
            self._halve(tried.first, at + 1)
        return True

    def _halve(self, first: int, end: int) -> None:
        middle = (first + end) // 2
        for start, stop in ((middle, end), (first, middle)):
            if start < stop:
                self.stretches.append(_Stretch(start, stop))
