"""Which of many words a note holds: every word met is looked through once, whatever note it comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

__all__ = ["HeldWords", "stretches"]

KEY = 2  # letters by which what is looked for is found
MOST_KEPT = 100_000  # words whose contents are remembered


class HeldWords:
    """Tells which of some lower-case words, parts of words or names of several words a text holds.

    >>> held = HeldWords(["walker", "nebuli", "y-90", "skin graft"])
    >>> sorted(held.of("two nebulizers, one walker; a skin flap and a graft"))
    ['nebuli', 'walker']
    """

    def __init__(self, sought: Iterable[str]) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for one in dict.fromkeys(sought):
            first = one.split()[0]
            self._by_start[first[:KEY]].append((first, one))
        self._in_word: dict[str, tuple[str, ...]] = {}

    def of(self, low: str) -> frozenset[str]:
        """Give those that a lower-case text holds."""
        words = set(low.split())
        for word in words.difference(self._in_word):
            self._in_word[word] = tuple(self._parts(word))
        found = {one for word in words for one in self._in_word[word]}
        if len(self._in_word) > MOST_KEPT:
            self._in_word.clear()
        return frozenset(one for one in found if " " not in one or one in low)

    def _parts(self, word: str) -> Iterator[str]:
        for at in range(len(word)):
            for first, one in self._by_start.get(word[at : at + KEY], ()):
                if word.startswith(first, at):
                    yield one


def stretches(low: str, words: Iterable[str], reach: int) -> list[tuple[int, int]]:
    """Where a text has one of some words, with as many characters around; what overlaps is one stretch.

    >>> stretches("a cane. Later: another cane", ["cane"], 3)
    [(0, 9), (20, 30)]
    """
    joined: list[tuple[int, int]] = []
    for at, end in sorted(place for word in words for place in _places(low, word)):
        begin, end = max(at - reach, 0), end + reach
        if joined and begin <= joined[-1][1]:
            begin, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((begin, end))
    return joined


def _places(low: str, word: str) -> Iterator[tuple[int, int]]:
    at = low.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = low.find(word, at + 1)
