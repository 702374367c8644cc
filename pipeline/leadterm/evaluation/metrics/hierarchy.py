"""Near misses in the hierarchy: scores by category, block and chapter, as sets and with counts.

The counts follow CoPHE: at each level an ancestor counts as often as codes below it, with x reference codes and
y suggested codes giving min(x, y) right, max(y - x, 0) wrong and max(x - y, 0) missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Ints, Label

__all__ = ["LEVELS", "FirstCharacters", "Hierarchy", "ancestor", "hierarchical", "related"]

LEVELS = ("code", "category", "block", "chapter")
RELATIONS = ("too general", "too specific", "same category", "same block", "same chapter", "unrelated")
FIRST = 3  # characters


class Hierarchy(Protocol):
    """What knows the levels of code systems, for instance the module ``leadterm.codes.levels``."""

    def ancestor(self, code: str, system: str, level: str, /) -> str:
        """Name the category, block or chapter of a code without dots."""

    def title(self, system: str, level: str, name: str, /) -> str:
        """Give the title of a block or chapter; empty where there is none."""


class FirstCharacters:
    """Where nothing is known of a system: the first three characters of a code at every level, without titles."""

    def ancestor(self, code: str, *_: str) -> str:
        """Give the first characters."""
        return code[:FIRST]

    def title(self, *_: str) -> str:
        """Know none."""
        return ""


def ancestor(of: Hierarchy, label: Label, level: str) -> str:
    """Name the ancestor of a code at a level; at that of codes, itself."""
    return label.key if level == "code" else of.ancestor(label.key, label.system, level)


def hierarchical(table: Aligned, of: Hierarchy) -> dict[str, Any]:
    """Score at every level, as sets and with counts, and over all levels together.

    Gives by level, ``set`` and ``count`` with ``micro_precision, micro_recall, micro_f1, tp, fp, fn``; ``all_levels``
    sums over levels.
    """
    found: dict[str, Any] = {}
    totals = {"set": np.zeros(3), "count": np.zeros(3)}
    for level in LEVELS:
        gold, said = _ancestor_counts(table, of, level)
        for kind, (x, y) in {"count": (gold, said), "set": (gold.sign(), said.sign())}.items():
            both = x.minimum(y).sum()
            counts = np.array([both, y.sum() - both, x.sum() - both], dtype=np.float64)
            totals[kind] += counts
            found.setdefault(level, {})[kind] = _scores(counts)
    found["all_levels"] = {kind: _scores(counts) for kind, counts in totals.items()}
    return found


def related(table: Aligned, of: Hierarchy) -> dict[str, int]:
    """Say what the wrong suggestions have to do with the codes missed in the same encounter.

    Gives wrong suggestions that are ``too general`` or ``too specific`` (one code begins with the other), have the
    ``same category``, ``same block`` or ``same chapter`` as a missed code, or are ``unrelated``.
    """
    missed: dict[int, list[int]] = {}
    for r, c in missed_pairs(table):
        missed.setdefault(r, []).append(c)
    names = {level: [ancestor(of, label, level) for label in table.labels] for level in LEVELS[1:]}
    tally = dict.fromkeys(RELATIONS, 0)
    wrong = table.chosen & ~table.hit
    for r, c in zip(table.row[wrong].tolist(), table.col[wrong].tolist(), strict=True):
        tally[_relation(table.labels, names, c, missed.get(r, ()))] += 1
    return tally


def missed_pairs(table: Aligned) -> list[tuple[int, int]]:
    """List the reference codes that were not chosen."""
    right: Bools = table.chosen & table.hit
    said = set((table.row[right] * table.m + table.col[right]).tolist())
    pairs = zip(table.gold_row.tolist(), table.gold_col.tolist(), strict=True)
    return [(r, c) for r, c in pairs if r * table.m + c not in said]


def _relation(labels: Sequence[Label], names: Mapping[str, Sequence[str]], code: int, missed: Sequence[int]) -> str:
    same = [c for c in missed if labels[c].system == labels[code].system]
    key = labels[code].key
    if any(labels[c].key.startswith(key) for c in same):
        return "too general"
    if any(key.startswith(labels[c].key) for c in same):
        return "too specific"
    for level in LEVELS[1:]:
        if any(names[level][c] == names[level][code] for c in same):
            return f"same {level}"
    return "unrelated"


def _ancestor_counts(table: Aligned, of: Hierarchy, level: str) -> tuple[Any, Any]:
    from scipy.sparse import csr_matrix

    number: dict[tuple[str, str], int] = {}
    pairs = [(x.system, ancestor(of, x, level)) for x in table.labels]
    up: Ints = np.array([number.setdefault(pair, len(number)) for pair in pairs], dtype=np.int64)
    shape = (table.n, max(len(number), 1))

    def matrix(row: Ints, col: Ints) -> Any:
        return csr_matrix((np.ones(len(row)), (row, up[col])), shape=shape)

    return matrix(table.gold_row, table.gold_col), matrix(table.row[table.chosen], table.col[table.chosen])


def _scores(counts: Any) -> dict[str, float]:
    right, wrong, missed = (float(v) for v in counts)
    precision = right / (right + wrong) if right + wrong else 0.0
    recall = right / (right + missed) if right + missed else 0.0
    f1 = 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 0.0
    return {
        "micro_precision": precision,
        "micro_recall": recall,
        "micro_f1": f1,
        "tp": right,
        "fp": wrong,
        "fn": missed,
    }
