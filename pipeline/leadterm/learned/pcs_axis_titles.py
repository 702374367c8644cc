"""Official titles of codes that are built of characters: the words that name an operation or a body part."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from leadterm.codes.systems import spec_of
from leadterm.codes.systems.spec import Axes
from leadterm.errors import LeadtermError
from leadterm.text.words.languages import sense, stem, words_of
from leadterm.text.words.normalise import fold

__all__ = ["AxisTitles", "axis_titles"]

_WORD = re.compile(r"[a-z]{3,}")
_IN_MOST = 0.8
_GENERAL = frozenset({"approach", "device", "using", "substitute", "body"})


@dataclass(frozen=True)
class AxisTitles:
    """What the titles of a code system say.

    ``words``: by kind (``operation`` or ``part``) and key, English words with their share of what the title says.
    ``rests``: the last characters that may follow the stem. ``axes``: which characters name the operation and the
    body part.
    """

    words: Mapping[str, Mapping[str, Mapping[str, float]]]
    rests: Mapping[str, frozenset[str]]
    axes: Axes


@lru_cache(maxsize=4)
def axis_titles(system: str) -> AxisTitles | None:
    """Read the titles of a code system.

    None if its characters mean nothing each, or it is not at hand.

    >>> sorted(axis_titles("icd10pcs").words["part"]["BT0"])
    ['bladder']
    """
    from leadterm.codes import load_system

    axes = spec_of(system).axes
    if axes is None:
        return None
    try:
        codes = load_system(system)
    except LeadtermError:
        return None
    seen: dict[str, dict[str, Counter[str]]] = {"operation": defaultdict(Counter), "part": defaultdict(Counter)}
    total: Counter[tuple[str, str]] = Counter()
    rests: dict[str, set[str]] = defaultdict(set)
    for code in (code for code in codes.codes if codes.is_billable(code)):
        named = {name for word in _WORD.findall(fold(codes.title(code))) for name in _normal(word)}
        for kind, key in zip(seen, axes.keys(code), strict=True):
            seen[kind][key].update(named)
            total[kind, key] += 1
        rests[code[: axes.stem]].add(code[axes.stem :])
    words = {kind: _shares(kind, counts, total) for kind, counts in seen.items()}
    return AxisTitles(words, {name: frozenset(ends) for name, ends in rests.items()}, axes)


@cache
def _normal(word: str) -> tuple[str, ...]:
    """The words a note's words are turned into."""
    own = stem(word, "en")
    return sense(own, "en") or (own,)


def _shares(
    kind: str, counts: Mapping[str, Counter[str]], total: Mapping[tuple[str, str], int]
) -> dict[str, dict[str, float]]:
    """Words that most titles of a key have, each by how few keys it names."""
    plain = _GENERAL | words_of("en", "stop")
    common = {
        key: [word for word, n in found.items() if n >= _IN_MOST * total[kind, key] and word not in plain]
        for key, found in counts.items()
    }
    keys = Counter(word for named in common.values() for word in named)
    weight = {word: float(np.log(1 + len(common) / n)) for word, n in keys.items()}
    return {
        key: {word: weight[word] / sum(weight[other] for other in named) for word in sorted(named)}
        for key, named in common.items()
    }
