"""What notes and codes were like where a model learned: what drift is measured against."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leadterm.schema import Encounter

__all__ = ["Baseline", "read_baseline", "words_of"]

WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Baseline:
    """What notes and codes were like where the model learned: running words, and categories with their counts."""

    name: str = ""
    words: frozenset[str] = frozenset()
    categories: Mapping[str, int] = field(default_factory=dict)


def words_of(encounter: Encounter) -> Iterator[str]:
    """Give the words of the notes, in small letters.

    >>> from leadterm.schema import Note
    >>> list(words_of(Encounter("e1", (Note("n1", "BP 120/80, dry Cough."),))))
    ['bp', 'dry', 'cough']
    """
    return (word.lower() for note in encounter.notes for word in WORD.findall(note.text))


def read_baseline(corpus: Path) -> Baseline:
    """Read a corpus that a model learned from; `LeadtermError` if it is none."""
    from leadterm.corpus import iter_split, splits_of

    return _gathered(corpus.name, (one for split in splits_of(corpus) for one in iter_split(corpus, split)))


def _gathered(name: str, encounters: Iterable[Encounter]) -> Baseline:
    words: set[str] = set()
    categories: Counter[str] = Counter()
    for one in encounters:
        words.update(words_of(one))
        categories.update(code.code[:3] for code in one.codes)
    return Baseline(name, frozenset(words), categories)
