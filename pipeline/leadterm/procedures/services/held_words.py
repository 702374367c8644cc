"""Which of many words a note holds: every word met is looked through once, whatever note it comes from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

__all__ = ["HeldWords", "LowText", "stretches"]

KEY = 4  # letters by which what is looked for is found
MOST_KEPT = 20_000  # words whose contents are remembered


class LowText:
    """A text in lower case, every letter in its place, and the words between its blanks.

    >>> LowText("İzmir NaCl").low[6:], sorted(LowText("one by one").words)
    ('nacl', ['by', 'one'])
    """

    def __init__(self, text: str) -> None:
        low = text.lower()
        self.low = low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        self.words = frozenset(self.low.split())
        self._places: dict[str, list[tuple[int, int]]] = {}

    def places(self, word: str) -> list[tuple[int, int]]:
        """Where the text has a word, or a part of one: ``[start, end)``."""
        if word not in self._places:
            sought = word.removeprefix("=")
            found, at = [], self.low.find(sought)
            while at >= 0:
                found.append((at, at + len(sought)))
                at = self.low.find(sought, at + 1)
            self._places[word] = found
        return self._places[word]


class HeldWords:
    """Tells which of some lower-case words, parts of words or names of several words a text holds; ``=``: whole words.

    >>> held = HeldWords(["walker", "nebuli", "y-90", "skin graft", "=als"])
    >>> sorted(held.of(LowText("Two nebulizers, one walker; a skin flap and also a graft")))
    ['nebuli', 'walker']
    """

    def __init__(self, sought: Iterable[str]) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for one in dict.fromkeys(sought):
            first = one.removeprefix("=").split()[0]
            self._by_start[first[:KEY]].append((first, one))
        self._sizes = sorted({len(key) for key in self._by_start})
        self._in_word: dict[str, tuple[str, ...]] = {}

    def of(self, text: LowText) -> frozenset[str]:
        """Give those that a text holds."""
        if len(self._in_word) > MOST_KEPT:
            self._in_word.clear()
        for word in text.words.difference(self._in_word):
            self._in_word[word] = tuple(self._parts(word))
        found = {one for held in map(self._in_word.__getitem__, text.words) if held for one in held}
        return frozenset(one for one in found if " " not in one or one in text.low)

    def _parts(self, word: str) -> Iterator[str]:
        for size in self._sizes:
            for at in range(len(word) - size + 1):
                for first, one in self._by_start.get(word[at : at + size], ()):
                    if word.startswith(first, at) and (one[0] != "=" or _is_whole(word, at, at + len(first))):
                        yield one


def _is_whole(word: str, start: int, end: int) -> bool:
    return not (start and word[start - 1].isalnum()) and not word[end : end + 1].isalnum()


def stretches(text: LowText, words: Iterable[str], reach: int) -> list[tuple[int, int]]:
    """Where a text has one of some words, with as many characters around; what overlaps is one stretch.

    >>> stretches(LowText("A cane. Later: another cane"), ["cane"], 3)
    [(0, 9), (20, 30)]
    """
    joined: list[tuple[int, int]] = []
    for at, end in sorted(place for word in words for place in text.places(word)):
        begin, end = max(at - reach, 0), end + reach
        if joined and begin <= joined[-1][1]:
            begin, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((begin, end))
    return joined
