"""Bootstrap intervals for the rows of the breakdowns: every row is a ratio of sums, so one product draws all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leadterm.evaluation.metrics.breakdown import BUCKETS, SEEN, between, by_encounter, each, frequency_of
from leadterm.evaluation.metrics.hierarchy import Hierarchy
from leadterm.evaluation.metrics.ratios import Ratios
from leadterm.evaluation.metrics.resample import intervals, sample_weights
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Floats
from leadterm.evaluation.tables.qrels import Qrels

__all__ = ["group_intervals"]

Groups = dict[str, dict[str, tuple[Floats, Floats]]]


def group_intervals(
    table: Aligned,
    training: Qrels | Mapping[str, int] | None,
    n_samples: int,
    seed: int,
    of: Hierarchy,
) -> dict[str, dict[str, list[float]]]:
    """Give 95 % intervals of micro-F1 (of precision, for sections) for the rows of the breakdowns.

    Gives by breakdown, then by row: ``[low, high]``. The rows of ``by_chapter`` are named ``system chapter``.

    >>> from leadterm.evaluation.metrics.hierarchy import FirstCharacters
    >>> from leadterm.evaluation.tables.align import align
    >>> from leadterm.evaluation.tables.run import Run
    >>> gold = {"e1": ["I10"], "e2": ["I10"]}
    >>> table = align(Run.from_mapping({"e1": {"I10": 0.9}}), Qrels.from_mapping(gold)).with_threshold(0.5)
    >>> low, high = group_intervals(table, {"I10": 3}, 100, 0, FirstCharacters())["by_seen"]["few-shot (1-9)"]
    >>> low < 2 / 3 < high
    True
    """
    if not n_samples:
        return {}
    groups = _groups(table, training, of)
    names = [(kind, row) for kind, rows in groups.items() for row in rows]
    if not names:
        return {}
    parts = [groups[kind][row] for kind, row in names]
    ratios = Ratios(
        tuple(f"{kind}\t{row}" for kind, row in names),
        np.stack([t for t, _ in parts], axis=1),
        np.stack([b for _, b in parts], axis=1),
    )
    drawn = np.concatenate([ratios.weighted(w) for w in sample_weights(table.group, n_samples, seed)])
    ends = intervals({name: drawn[:, i] for i, name in enumerate(ratios.names)}, ratios.values())
    return {kind: {row: ends[f"{kind}\t{row}"] for row in rows} for kind, rows in groups.items() if rows}


def _groups(table: Aligned, training: Qrels | Mapping[str, int] | None, of: Hierarchy) -> Groups:
    frequency, basis = frequency_of(table, training)
    systems = np.array([x.system for x in table.labels], dtype=object)
    chapters = np.array([f"{x.system} {of.ancestor(x.key, x.system, 'chapter')}" for x in table.labels], dtype=object)
    lengths, settings = by_encounter(table)
    ranges = {"by_frequency": BUCKETS, **({"by_seen": SEEN} if basis == "training" else {})}
    found: Groups = {
        "by_system": _of_codes(table, each(systems)),
        **{kind: _of_codes(table, between(frequency, rows)) for kind, rows in ranges.items()},
        "by_chapter": _of_codes(table, each(chapters)),
        "by_length": _of_encounters(table, lengths),
        "by_setting": _of_encounters(table, settings),
        "by_section": _sections(table),
    }
    return {
        kind: {row: (top, bottom) for row, (top, bottom) in rows.items() if bottom.any()}
        for kind, rows in found.items()
    }


def _of_codes(table: Aligned, masks: Mapping[str, Bools]) -> dict[str, tuple[Floats, Floats]]:
    return {name: _f1(table, mask[table.col], mask[table.gold_col]) for name, mask in masks.items()}


def _of_encounters(table: Aligned, masks: Mapping[str, Bools]) -> dict[str, tuple[Floats, Floats]]:
    return {name: _f1(table, mask[table.row], mask[table.gold_row]) for name, mask in masks.items()}


def _f1(table: Aligned, suggested: Bools, reference: Bools) -> tuple[Floats, Floats]:
    """Twice the right ones, and chosen plus reference codes, by encounter."""
    chosen = suggested & table.chosen
    right = _count(table, table.row[chosen & table.hit])
    return 2 * right, _count(table, table.row[chosen]) + _count(table, table.gold_row[reference])


def _sections(table: Aligned) -> dict[str, tuple[Floats, Floats]]:
    if table.section is None:
        return {}
    names = np.array([str(s) or "none" for s in table.section], dtype=object)
    found = {}
    for name, mask in each(names).items():
        here = mask & table.chosen
        found[name] = (_count(table, table.row[here & table.hit]), _count(table, table.row[here]))
    return found


def _count(table: Aligned, rows: Any) -> Floats:
    return np.bincount(rows, minlength=table.n).astype(np.float64)
