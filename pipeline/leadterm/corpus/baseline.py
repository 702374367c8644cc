"""What notes and codes are like where a model learned: what drift is measured against. It holds no word of a note.

A model's manifest keeps it: the marks of common words, how many running words are not common, and how often each
category is coded.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from leadterm.schema import Encounter

__all__ = ["Baseline", "category_of", "divergence", "gather_baseline", "read_baseline", "stored_baseline", "words_of"]

WORD = re.compile(r"[^\W\d_]{2,}")
COMMON, LEAST = 2000, 5  # words that are kept; encounters that a word is in, or it could be a name
MOST_ENCOUNTERS, MOST_DRAWN, DRAWS = 5000, 2000, 60
MARK = 8  # letters of a mark


@dataclass(frozen=True)
class Baseline:
    """What notes and codes were like somewhere.

    Parameters
    ----------
    name : str
        Where.
    common : frozenset of str
        Marks of common words.
    new : float
        Share of the running words that are not common.
    categories : mapping of str to int
        How often codes of a category were given.

    Examples
    --------
    >>> found = Baseline("m", frozenset({mark_of_word("cough")}), 0.25, {"R05": 3})
    >>> found.count_new(["dry", "cough"]), stored_baseline("m", found.to_json()) == found
    (1, True)
    """

    name: str = ""
    common: frozenset[str] = frozenset()
    new: float = 0.0
    categories: Mapping[str, int] = field(default_factory=dict)

    def count_new(self, words: Iterable[str]) -> int:
        """Count the running words that are not common there."""
        return sum(mark_of_word(word) not in self.common for word in words)

    def by_chance(self, codes: int) -> float:
        """Tell how far the mix of so many codes is from that of all by chance alone: in one of twenty draws farther."""
        names, weights = list(self.categories), list(self.categories.values())
        if not names or not codes:
            return 0.0
        draw, size = random.Random(0), min(codes, MOST_DRAWN)
        far = sorted(divergence(Counter(draw.choices(names, weights, k=size)), self.categories) for _ in range(DRAWS))
        return far[round(0.95 * DRAWS) - 1]

    def to_json(self) -> dict[str, Any]:
        """Give it as a model's manifest keeps it."""
        return {"common": "".join(sorted(self.common)), "new": self.new, "categories": dict(self.categories)}


def stored_baseline(name: str, kept: Mapping[str, Any] | None) -> Baseline:
    """Read what a model's manifest keeps; an empty one where it keeps none."""
    if not kept:
        return Baseline()
    marks = str(kept["common"])
    common = frozenset(marks[at : at + MARK] for at in range(0, len(marks), MARK))
    return Baseline(name, common, float(kept["new"]), {str(one): int(n) for one, n in kept["categories"].items()})


@lru_cache(maxsize=20_000)
def mark_of_word(word: str) -> str:
    """Give a short mark for a word, from which it cannot be told."""
    return hashlib.blake2b(word.encode(), digest_size=MARK // 2).hexdigest()


def words_of(encounter: Encounter) -> Iterator[str]:
    """Give the words of the notes, in small letters.

    >>> from leadterm.schema import Note
    >>> list(words_of(Encounter("e1", (Note("n1", "BP 120/80, dry Cough."),))))
    ['bp', 'dry', 'cough']
    """
    return (word.lower() for note in encounter.notes for word in WORD.findall(note.text))


def category_of(code: str) -> str:
    """Give what codes are counted by."""
    return code[:3]


def gather_baseline(name: str, encounters: Iterable[Encounter], *, least: int = LEAST) -> Baseline:
    """Gather what encounters are like; of many, the first thousands tell.

    ``least``: encounters that a word must be in, so that it is common.
    """
    running: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    categories: Counter[str] = Counter()
    for number, one in enumerate(encounters):
        categories.update(category_of(code.code) for code in one.codes)
        if number < MOST_ENCOUNTERS:
            words = Counter(words_of(one))
            running.update(words)
            inside.update(words.keys())
    often = sorted((-n, word) for word, n in inside.items() if n >= least)[:COMMON]
    common = {word for _, word in often}
    new = sum(n for word, n in running.items() if word not in common) / max(1, running.total())
    return Baseline(name, frozenset(map(mark_of_word, common)), round(new, 6), dict(sorted(categories.items())))


def read_baseline(corpus: Path) -> Baseline:
    """Gather it of a corpus; `LeadtermError` if it is none."""
    from leadterm.corpus import iter_split, splits_of

    return gather_baseline(corpus.name, (one for split in splits_of(corpus) for one in iter_split(corpus, split)))


def divergence(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Jensen-Shannon divergence in bits: 0 the same mix, 1 nothing in common.

    >>> divergence({"a": 1}, {"a": 5}), divergence({"a": 1}, {"b": 1})
    (0.0, 1.0)
    """
    total, all_ = sum(one.values()) or 1, sum(other.values()) or 1
    parts = 0.0
    for name in {*one, *other}:
        p, q = one.get(name, 0) / total, other.get(name, 0) / all_
        middle = (p + q) / 2
        parts += sum(share * math.log2(share / middle) / 2 for share in (p, q) if share)
    return round(parts, 6)
