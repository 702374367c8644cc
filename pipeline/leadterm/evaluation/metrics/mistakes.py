"""Where the errors are: codes missed and over-suggested, siblings confused, the worst encounters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np

from leadterm.evaluation.metrics.hierarchy import Hierarchy, missed_pairs
from leadterm.evaluation.metrics.ratios import divide, set_counts
from leadterm.evaluation.tables.align import Aligned

__all__ = ["mistakes", "volume"]


def volume(table: Aligned) -> dict[str, float]:
    """Say whether there are too many or too few suggestions.

    Gives codes per encounter in the reference and among the chosen, their ratio, and the shares of encounters with more
    (over-coding), fewer (under-coding) and as many codes.
    """
    right, wrong, missed = set_counts(table)
    said, gold = right + wrong, right + missed
    return {
        "reference_per_encounter": float(gold.mean()),
        "suggested_per_encounter": float(said.mean()),
        "ratio": float(said.sum() / gold.sum()) if gold.sum() else 0.0,
        "share_over": float((said > gold).mean()),
        "share_under": float((said < gold).mean()),
        "share_equal": float((said == gold).mean()),
        "wrong_per_encounter": float(wrong.mean()),
        "missed_per_encounter": float(missed.mean()),
    }


def mistakes(table: Aligned, of: Hierarchy, *, top: int = 25, worst: int = 20) -> dict[str, Any]:
    """List the errors that weigh most.

    Gives ``most_missed`` and ``most_over_suggested`` (code, counts, three encounters each), ``siblings`` (a code
    suggested where another of its category was right), ``worst_encounters``. Codes and ids only, no text.
    """
    missed = missed_pairs(table)
    bad = table.chosen & ~table.hit
    wrong = list(zip(table.row[bad].tolist(), table.col[bad].tolist(), strict=True))
    gold = np.bincount(table.gold_col, minlength=table.m)
    said = np.bincount(table.col[table.chosen], minlength=table.m)
    return {
        "most_missed": _by_code(table, missed, "n_missed", "n_reference", gold, top),
        "most_over_suggested": _by_code(table, wrong, "n_wrong", "n_suggested", said, top),
        "siblings": _siblings(table, wrong, missed, top, of),
        "worst_encounters": _worst(table, wrong, missed, worst),
    }


def _by_code(
    table: Aligned, pairs: Iterable[tuple[int, int]], name: str, of_name: str, of: Any, top: int
) -> list[dict[str, Any]]:
    where: dict[int, list[int]] = defaultdict(list)
    for r, c in pairs:
        where[c].append(r)
    ranked = sorted(where, key=lambda c: (-len(where[c]), c))[:top]
    return [
        {
            "system": table.labels[c].system,
            "code": table.labels[c].code,
            name: len(where[c]),
            of_name: int(of[c]),
            "encounters": [table.encounters[r] for r in where[c][:3]],
        }
        for c in ranked
    ]


def _siblings(
    table: Aligned, wrong: Iterable[tuple[int, int]], missed: Iterable[tuple[int, int]], top: int, of: Hierarchy
) -> list[dict[str, Any]]:
    category = [(x.system, of.ancestor(x.key, x.system, "category")) for x in table.labels]
    open_codes: dict[tuple[int, tuple[str, str]], list[int]] = defaultdict(list)
    for r, c in missed:
        open_codes[r, category[c]].append(c)
    tally: Counter[tuple[int, int]] = Counter()
    where: dict[tuple[int, int], list[str]] = defaultdict(list)
    for r, c in wrong:
        for right in open_codes.get((r, category[c]), ()):
            tally[c, right] += 1
            where[c, right].append(table.encounters[r])
    ranked = sorted(tally, key=lambda pair: (-tally[pair], pair))[:top]
    return [
        {
            "system": table.labels[c].system,
            "suggested": table.labels[c].code,
            "reference": table.labels[g].code,
            "n": tally[c, g],
            "encounters": where[c, g][:3],
        }
        for c, g in ranked
    ]


def _worst(
    table: Aligned, wrong: Iterable[tuple[int, int]], missed: Iterable[tuple[int, int]], worst: int
) -> list[dict[str, Any]]:
    right, false, lost = set_counts(table)
    f1 = divide(2 * right, 2 * right + false + lost) + ((right + false + lost) == 0)
    order = np.lexsort((np.arange(table.n), -(false + lost), f1))[:worst]
    lists = {"wrong": wrong, "missed": missed, "right": _right(table)}
    codes = {kind: _codes(table, pairs) for kind, pairs in lists.items()}
    return [
        {"encounter_id": table.encounters[i], "f1": float(f1[i]), **{kind: of.get(i, []) for kind, of in codes.items()}}
        for i in order.tolist()
        if false[i] + lost[i]
    ]


def _right(table: Aligned) -> list[tuple[int, int]]:
    good = table.chosen & table.hit
    return list(zip(table.row[good].tolist(), table.col[good].tolist(), strict=True))


def _codes(table: Aligned, pairs: Iterable[tuple[int, int]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for r, c in pairs:
        found[r].append(table.labels[c].code)
    return found
