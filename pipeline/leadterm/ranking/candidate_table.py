"""Candidates of one encounter with their features: the type every part of the corpus model speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError
from leadterm.schema import EvidenceSpan

__all__ = ["Block", "CandidateTable", "Mentions", "group_max", "join_blocks", "merge_tables"]

Spans = tuple[EvidenceSpan, ...]
Mentions = tuple[tuple[int, ...], ...]
"""Word positions of each mention that supports a code, the best first."""


@dataclass(frozen=True)
class Block:
    """Features that one part of the model has for some codes, by code number.

    Parameters
    ----------
    names : tuple of str
        Feature names.
    codes : ndarray of shape (n,)
        Code numbers, rising.
    features : ndarray of shape (n, n_features)
        Float32; NaN is unknown.
    where : tuple of Mentions
        Mentions that support each code; may be empty.

    Examples
    --------
    >>> Block(("f",), np.array([3]), np.ones((1, 1), np.float32), (((0, 1),),)).codes.tolist()
    [3]
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
    """Candidate codes of one encounter in one code system, with named features and evidence.

    Parameters
    ----------
    encounter_id, system : str
        What the candidates are for.
    codes : tuple of str
        One row each, no code twice.
    feature_names : tuple of str
        Columns.
    features : ndarray of shape (n_codes, n_features)
        Float32; NaN is unknown.
    evidence : tuple of tuple of EvidenceSpan
        Spans that support each code; may be empty.
    terms : tuple of str
        The phrase behind each row's evidence; may be empty.

    Raises
    ------
    LeadtermError
        If the shapes disagree or a code stands twice.

    Examples
    --------
    >>> t = CandidateTable("e1", "icd10cm", ("I10",), ("p",), np.ones((1, 1), np.float32), ((),), ("",))
    >>> t.column("p").tolist()
    [1.0]
    """

    encounter_id: str
    system: str
    codes: tuple[str, ...]
    feature_names: tuple[str, ...]
    features: NDArray[np.float32]
    evidence: tuple[Spans, ...]
    terms: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.codes)
        if self.features.shape != (n, len(self.feature_names)) or not n == len(self.evidence) == len(self.terms):
            raise LeadtermError(f"candidate table of shape {self.features.shape} for {n} codes is not sound.")
        if len(set(self.codes)) < n:
            raise LeadtermError("a candidate table holds a code twice.")

    def column(self, name: str) -> NDArray[np.float32]:
        """Give one feature of every candidate; raises ValueError for a name that is not there."""
        return np.asarray(self.features[:, self.feature_names.index(name)])


def join_blocks(blocks: Sequence[Block], extra: NDArray[np.int64] | None = None) -> Block:
    """Put the blocks of all parts side by side, over the union of their codes.

    Parameters
    ----------
    blocks : sequence of Block
        The first block that has evidence for a code gives it.
    extra : ndarray of int, optional
        Further codes to have rows.

    Returns
    -------
    Block
        All columns; NaN where a part knows nothing of a code.

    Examples
    --------
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


def merge_tables(first: CandidateTable, second: CandidateTable) -> CandidateTable:
    """Join two tables of one encounter, for instance the corpus model's and the dictionary's.

    Parameters
    ----------
    first, second : CandidateTable
        Of the same encounter and system; their feature names differ.

    Returns
    -------
    CandidateTable
        The union of codes, sorted; NaN where a table lacks a code; evidence of the first where it has some.

    Raises
    ------
    LeadtermError
        If the tables are of two encounters or systems, or share a feature name.

    Examples
    --------
    >>> t = CandidateTable("e1", "s", ("A",), ("p",), np.ones((1, 1), np.float32), ((),), ("",))
    >>> u = CandidateTable("e1", "s", ("B",), ("q",), np.ones((1, 1), np.float32), ((),), ("",))
    >>> merge_tables(t, u).codes
    ('A', 'B')
    """
    same = set(first.feature_names) & set(second.feature_names)
    if (first.encounter_id, first.system) != (second.encounter_id, second.system) or same:
        shared = ", ".join(sorted(same)) or "none"
        raise LeadtermError(f"candidate tables do not fit together; shared features: {shared}.")
    codes = tuple(sorted(set(first.codes) | set(second.codes)))
    row = {code: i for i, code in enumerate(codes)}
    names = first.feature_names + second.feature_names
    features = np.full((len(codes), len(names)), np.nan, np.float32)
    evidence: list[Spans] = [()] * len(codes)
    terms = [""] * len(codes)
    column = 0
    for table in (first, second):
        for i, code in enumerate(table.codes):
            at = row[code]
            features[at, column : column + len(table.feature_names)] = table.features[i]
            if not evidence[at]:
                evidence[at], terms[at] = table.evidence[i], table.terms[i]
        column += len(table.feature_names)
    return CandidateTable(first.encounter_id, first.system, codes, names, features, tuple(evidence), tuple(terms))


def group_max(values: NDArray[Any], groups: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Largest value of each group; 0 for a group without one."""
    out = np.zeros(n)
    np.maximum.at(out, groups, values)
    return out
