"""Near misses in the hierarchy: scores by category, block and chapter, as sets and with counts.

The counts follow CoPHE: at each level an ancestor counts as often as codes below it, with x reference codes and
y suggested codes giving min(x, y) right, max(y - x, 0) wrong and max(x - y, 0) missed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Ints, Label
from leadterm.storage.tsv import package_table

__all__ = ["LEVELS", "Ancestor", "ancestor", "hierarchical", "level_name", "related"]

LEVELS = ("code", "category", "block", "chapter")
CATEGORY = 3  # characters
RELATIONS = ("too general", "too specific", "same category", "same block", "same chapter", "unrelated")
Ancestor = Callable[[Label, str], str]


def ancestor(label: Label, level: str) -> str:
    """Name the ancestor of a code at a level.

    Categories are the first three characters, blocks and chapters the ranges of ``levels.tsv``, where
    ``level_characters.tsv`` does not say how many characters name the ancestor. A code of another system, or outside
    every range, is its own category's block and chapter.

    Gives for instance ``E08-E13`` for a block.

    >>> [ancestor(Label("E119", "icd10cm", "E11.9"), level) for level in LEVELS]
    ['E119', 'E11', 'E08-E13', 'E00-E89']
    >>> ancestor(Label("0DTJ4ZZ", "icd10pcs", "0DTJ4ZZ"), "block")
    '0D'
    """
    if level == "code":
        return label.key
    characters = _characters(label.system)
    category = label.key[: _length(characters, label.key, "category") or CATEGORY]
    if level == "category":
        return category
    if size := _length(characters, label.key, level):
        return label.key[:size]
    return _range_of(label.system, level, category[:3]) or category


def level_name(system: str, level: str, name: str) -> str:
    """Give the title of a block or chapter.

    Gives the title; empty where there is none.

    >>> level_name("icd10cm", "block", "E08-E13")
    'Diabetes mellitus'
    """
    return _titles().get((system, level, name), "")


def hierarchical(table: Aligned, of: Ancestor = ancestor) -> dict[str, Any]:
    """Score at every level, as sets and with counts, and over all levels together.

    `of`: Names the ancestor of a code at a level.
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


def related(table: Aligned, of: Ancestor = ancestor) -> dict[str, int]:
    """Say what the wrong suggestions have to do with the codes missed in the same encounter.

    Gives wrong suggestions that are ``too general`` or ``too specific`` (one code begins with the other), have the
    ``same category``, ``same block`` or ``same chapter`` as a missed code, or are ``unrelated``.
    """
    missed: dict[int, list[int]] = {}
    for r, c in missed_pairs(table):
        missed.setdefault(r, []).append(c)
    names = {level: [of(label, level) for label in table.labels] for level in LEVELS[1:]}
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


def _ancestor_counts(table: Aligned, of: Ancestor, level: str) -> tuple[Any, Any]:
    from scipy.sparse import csr_matrix

    number: dict[tuple[str, str], int] = {}
    pairs = [(x.system, of(x, level)) for x in table.labels]
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


def _length(characters: Mapping[str, Sequence[tuple[str, int]]], key: str, level: str) -> int:
    return next((size for prefix, size in characters.get(level, ()) if key.startswith(prefix)), 0)


@cache
def _characters(system: str) -> dict[str, list[tuple[str, int]]]:
    """By level, the beginnings of codes and how many of their characters name the ancestor."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, prefix, level, size in _rows("level_characters.tsv"):
        if name == system:
            found.setdefault(level, []).append((prefix, int(size)))
    return found


@cache
def _rows(name: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row.values()) for row in package_table("leadterm.evaluation.metrics", name))


@cache
def _titles() -> dict[tuple[str, str, str], str]:
    return {(s, level, a if a == b else f"{a}-{b}"): name for s, level, a, b, name in _rows("levels.tsv")}


@cache
def _range_of(system: str, level: str, category: str) -> str:
    """Find the narrowest range that holds a category: the one that starts last, then ends first."""
    ranges = sorted((a, b) for s, kind, a, b, _ in _rows("levels.tsv") if (s, kind) == (system, level))
    before = ranges[: bisect_right(ranges, (category, "￿"))]
    holding = [(a, b) for a, b in before if b >= category]
    if not holding:
        return ""
    first, last = max(holding, key=lambda r: (r[0], [-ord(ch) for ch in r[1]]))
    return first if first == last else f"{first}-{last}"
