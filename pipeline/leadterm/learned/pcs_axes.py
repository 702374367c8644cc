"""Codes built of characters with a meaning each, found where a text says an operation and a body part near each other.

A procedure code says what was done in one character and to which part in another, so a code that no training
text has can be suggested. What words stand for is learned in :mod:`leadterm.learned.pcs_alignment`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.tokens import Tokens
from leadterm.ranking.candidate_table import Block
from leadterm.text.words.languages import sense

__all__ = ["FEATURES", "Axes", "axes_block", "units_of"]

FEATURES = (
    "axes_score", "axes_said", "axes_operation", "axes_part", "axes_titles", "axes_gap", "axes_rest", "axes_texts",
    "axes_table", "axes_rank",
)  # fmt: skip
_LEAST_OPERATION, _LEAST_SHARE, _LEAST_SAID = 0.08, 0.45, 0.02
_REACH = 7
_NEAR, _NEAR_TITLES = 0.9, 0.95
_TITLES_COUNT = 0.6
_MOST = 40
_Links = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True)
class Axes:
    """What words say about the characters of a code.

    ``start``: where the links of each unit begin. ``kinds``: for each link ``operation``, ``part`` (both learned) or
    ``title`` (a part, by its official name). ``values``: share of the unit's mentions that mean it, or of the title
    that the unit is. ``stems``: the first four characters of codes that can be. ``texts``, ``tables``: training texts
    with each; training codes of its table. ``rest``: where the codes of each stem begin. ``code``, ``share``: number
    of each code; how usual its last characters are with the operation.
    """

    language: str
    units: tuple[str, ...]
    start: NDArray[Any]
    kinds: tuple[str, ...]
    keys: tuple[str, ...]
    values: NDArray[Any]
    stems: tuple[str, ...]
    texts: NDArray[Any]
    tables: NDArray[Any]
    rest: NDArray[Any]
    code: NDArray[Any]
    share: NDArray[Any]

    @cached_property
    def links(self) -> Mapping[str, _Links]:
        """Keys and values by unit, of each kind."""
        found: dict[str, _Links] = {"operation": {}, "part": {}, "title": {}}
        rows = list(zip(self.kinds, self.keys, self.values.tolist(), strict=True))
        for unit, a, b in zip(self.units, self.start[:-1].tolist(), self.start[1:].tolist(), strict=True):
            for kind, key, value in rows[a:b]:
                found[kind].setdefault(unit, []).append((key, value))
        return found

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Number by stem."""
        return {stem: i for i, stem in enumerate(self.stems)}


@lru_cache(maxsize=20_000)
def units_of(word: str, language: str) -> tuple[str, ...]:
    """Give a word, and what it means in English.

    English words after a tilde.

    >>> units_of("rinon", "es"), units_of("bladder", "en")
    (('rinon', '~kidney'), ('bladder', '~bladder'))
    """
    return (word, *(f"~{other}" for other in sense(word, language) or (word,)))


def axes_block(axes: Axes, tokens: Tokens) -> Block:
    """Describe the codes whose operation and part a text says near to each other.

    With the columns :data:`FEATURES`; the one mention is the word of the operation and the words of the part.

    >>> from leadterm.learned.pcs_alignment import learn_axes
    >>> from leadterm.learned.ngrams import flatten
    >>> from leadterm.learned.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> said = [tokenise(Encounter("e", (Note("n", t),))) for t in ("kidney ultrasound", "brain ultrasound")]
    >>> codes, given = ["B040ZZZ", "BT43ZZZ"], [frozenset({1}), frozenset({0})]
    >>> axes, more = learn_axes("icd10pcs", codes, flatten(said), given, [[(1, (0, 1))], [(0, (0, 1))]])
    >>> new = tokenise(Encounter("e", (Note("n", "ultrasound of the bladder"),)))
    >>> block = axes_block(axes, new)
    >>> (*codes, *more)[block.codes[block.features[:, -1].argmin()]]
    'BT40ZZZ'
    """
    found = _said(axes, tokens) if axes.stems else {}
    best = sorted(found.items(), key=lambda row: (-row[1][0], row[0]))[:_MOST]
    codes, rows, where = [], [], []
    for stem, (said, operation, part, title, i, j, places) in best:
        n = axes.number[stem]
        for at in range(int(axes.rest[n]), int(axes.rest[n + 1])):
            share = float(axes.share[at])
            codes.append(int(axes.code[at]))
            rows.append((
                said * share, said, operation, part, title, abs(i - j), share, axes.texts[n], axes.tables[n],
            ))  # fmt: skip
            where.append((tuple(sorted({i, j, *places})),))
    if not codes:
        return Block.empty(FEATURES)
    values = np.array(rows, dtype=np.float32)
    rank = np.empty(len(codes), dtype=np.float32)
    rank[np.argsort(-values[:, 0], kind="stable")] = np.arange(len(codes))
    order = np.argsort(codes)
    columns = np.column_stack([values, rank])[order]
    return Block(FEATURES, np.array(codes, dtype=np.int64)[order], columns, tuple(where[k] for k in order.tolist()))


_Said = tuple[float, float, float, float, int, int, tuple[int, ...]]


def _said(axes: Axes, tokens: Tokens) -> dict[str, _Said]:
    """For each stem how plainly a text says it; the values of operation, part and title; the places of all three."""
    units = [units_of(word, axes.language) for word in tokens.words]
    best: dict[str, _Said] = {}
    operations = axes.links["operation"]
    for i, own in enumerate(units):
        named: dict[str, float] = {}
        for key, value in (link for unit in own for link in operations.get(unit, ())):
            if value >= _LEAST_OPERATION:
                named[key] = max(value, named.get(key, 0.0))
        if named:
            sections = {key[0] for key in named}
            for part, (learned, title, j, places) in _parts_near(axes, tokens, units, i, sections).items():
                strength = max(learned, _TITLES_COUNT * title)
                for key, value in named.items():
                    stem = part[:2] + key[1] + part[2]
                    said = value * strength
                    known = key[0] == part[0] and stem in axes.number
                    if known and said > max(_LEAST_SAID, best.get(stem, (0.0,))[0]):
                        best[stem] = (said, value, learned, title, i, j, places)
    return best


def _parts_near(
    axes: Axes, tokens: Tokens, units: Sequence[tuple[str, ...]], i: int, sections: set[str]
) -> dict[str, tuple[float, float, int, tuple[int, ...]]]:
    """Parts said around a word: the learned value, the share of the title that is said, and their places."""
    parts, titles = axes.links["part"], axes.links["title"]
    learned: dict[str, tuple[float, int]] = {}
    said: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    for j in range(max(0, i - _REACH), min(len(units), i + _REACH + 1)):
        if tokens.sentence[j] != tokens.sentence[i]:
            continue
        for unit in units[j]:
            for key, value in parts.get(unit, ()):
                if key[0] in sections:
                    learned[key] = max((value * _NEAR ** abs(i - j), j), learned.get(key, (0.0, j)))
            for key, share in titles.get(unit, ()):
                if key[0] in sections:
                    row = said[key]
                    row[unit] = max((share * _NEAR_TITLES ** abs(i - j), j), row.get(unit, (0.0, j)))
    out: dict[str, tuple[float, float, int, tuple[int, ...]]] = {}
    for key, (value, j) in learned.items():
        out[key] = (value, 0.0, j, ())
    for key, found in said.items():
        total = sum(value for value, _ in found.values())
        value, j = learned.get(key, (0.0, -1))
        if value or total >= _LEAST_SHARE:
            j = j if value >= _TITLES_COUNT * total else max(found.values())[1]
            out[key] = (value, total, j, tuple(at for _, at in found.values()) if total >= _LEAST_SHARE else ())
    return out
