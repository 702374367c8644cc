"""Candidates of one encounter with their features and mentions: the type that every kind of model speaks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.schema import Mention, Modifier

__all__ = ["Block", "CandidateTable", "Mentions", "group_max", "join_blocks"]

Mentions = tuple[tuple[int, ...], ...]
"""Word positions of each mention that supports a code, the best first."""


@dataclass(frozen=True)
class Block:
    """Features that one part of the model has for some codes, by code number.

    ``where``: mentions that support each code; may be empty.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int64]
    features: NDArray[np.float32]
    where: tuple[Mentions, ...]

    @classmethod
    def empty(cls, names: tuple[str, ...]) -> Block:
        """Give a block of no codes."""
        return cls(names, np.zeros(0, np.int64), np.zeros((0, len(names)), np.float32), ())


@dataclass(frozen=True)
class CandidateTable:
    """Candidate codes of one encounter in one code system, with named features and evidence: every model makes one.

    ``mentions``: what supports each code, the best first; may be empty. ``combined``: codes that a combination code
    among the rows was put together from. ``hints``: what the note leaves open, where the maker of a candidate knows it
    better than the titles of its system do. ``lines``: units and modifiers of services. ``LeadtermError`` if the shapes
    disagree or a code stands twice.

    >>> t = CandidateTable("e1", "icd10cm", ("I10",), ("p",), np.ones((1, 1), np.float32), ((),))
    >>> t.column("p").tolist()
    [1.0]
    """

    encounter_id: str
    system: str
    codes: tuple[str, ...]
    feature_names: tuple[str, ...]
    features: NDArray[np.float32]
    mentions: tuple[tuple[Mention, ...], ...]
    combined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, tuple[float | None, tuple[Modifier, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.codes)
        if self.features.shape != (n, len(self.feature_names)) or n != len(self.mentions):
            raise LeadtermError(f"candidate table of shape {self.features.shape} for {n} codes is not sound.")
        if len(set(self.codes)) < n:
            raise LeadtermError("a candidate table holds a code twice.")

    def column(self, name: str) -> NDArray[np.float32]:
        """Give one feature of every candidate; raises ValueError for a name that is not there."""
        return np.asarray(self.features[:, self.feature_names.index(name)])

    def without(self, codes: Collection[str]) -> CandidateTable:
        """Give the candidates but for some codes."""
        if not codes:
            return self
        rows = [row for row, code in enumerate(self.codes) if code not in codes]
        kept = tuple(self.codes[row] for row in rows)
        mentions = tuple(self.mentions[row] for row in rows)
        return replace(self, codes=kept, features=self.features[rows], mentions=mentions)

    def beside(self, score: NDArray[Any], *, prefix: str | None = None) -> CandidateTable:
        """Give the same candidates with the columns that a model trained on top of another sees.

        Columns ``earlier_score``, ``earlier_rank`` and the features kept. ``score``: how sure the other model is, as
        log-odds. ``prefix``: keep the features as well, under names with this before them.
        """
        rank = np.empty(len(self.codes))
        rank[np.argsort(-score, kind="stable")] = np.arange(len(self.codes))
        kept = [] if prefix is None else [f"{prefix}{name}" for name in self.feature_names]
        columns = np.column_stack([score, rank, self.features[:, : len(kept)]]).astype(np.float32)
        names = ("earlier_score", "earlier_rank", *kept)
        return replace(self, feature_names=names, features=columns.reshape(len(self.codes), len(names)))

    def renamed(self, system: str, names: Sequence[str | None], *, by: str) -> CandidateTable:
        """Give the candidates under other codes.

        In order of the new codes. ``names``: of each candidate; without one it is left out. ``by``: column that
        tells, of several that become one, the best.
        """
        best: dict[str, int] = {}
        for row in np.argsort(-self.column(by), kind="stable").tolist():
            if code := names[row]:
                best.setdefault(code, row)
        codes = tuple(sorted(best))
        rows = [best[code] for code in codes]
        features = self.features[np.array(rows, dtype=np.int64)]
        mentions = tuple(self.mentions[row] for row in rows)
        return CandidateTable(self.encounter_id, system, codes, self.feature_names, features, mentions)


def join_blocks(blocks: Sequence[Block], extra: NDArray[np.int64] | None = None) -> Block:
    """Put the blocks of all parts side by side, over the union of their codes.

    All columns; NaN where a part knows nothing of a code. ``blocks``: the first block that has evidence for a code
    gives it.

    >>> a = Block(("a",), np.array([1]), np.ones((1, 1), np.float32), (((0,),),))
    >>> b = Block(("b",), np.array([2]), np.ones((1, 1), np.float32), (((5,),),))
    >>> join_blocks([a, b]).where
    (((0,),), ((5,),))
    """
    lists = [block.codes for block in blocks] + ([] if extra is None else [extra])
    codes = np.unique(np.concatenate(lists)).astype(np.int64)
    features = np.full((len(codes), sum(len(b.names) for b in blocks)), np.nan, np.float32)
    where: list[Mentions] = [()] * len(codes)
    column = 0
    for block in blocks:
        rows = np.searchsorted(codes, block.codes)
        features[rows, column : column + len(block.names)] = block.features
        column += len(block.names)
        for row, mentions in zip(rows.tolist(), block.where, strict=True):
            where[row] = where[row] or mentions
    return Block(tuple(name for b in blocks for name in b.names), codes, features, tuple(where))


def group_max(values: NDArray[Any], groups: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Largest value of each group; 0 for a group without one."""
    out = np.zeros(n)
    np.maximum.at(out, groups, values)
    return out
