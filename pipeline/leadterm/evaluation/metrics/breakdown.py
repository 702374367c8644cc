"""The same figures for parts of the data: code systems, frequency, chapters, note length, setting, section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from leadterm.evaluation.metrics.by_code import LabelCounts, label_counts, macro_metrics
from leadterm.evaluation.metrics.hierarchy import Hierarchy
from leadterm.evaluation.metrics.ratios import Ratios, all_ratios
from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.labels import Bools, Ints, normalise_code
from leadterm.evaluation.tables.qrels import Qrels

__all__ = ["BUCKETS", "SEEN", "between", "breakdowns", "by_encounter", "by_system", "each", "frequency_of"]

BUCKETS = (("0", 0, 0), ("1-9", 1, 9), ("10-49", 10, 49), ("50-99", 50, 99), ("100-499", 100, 499), ("500+", 500, None))
SEEN = (("unseen", 0, 0), ("few-shot (1-9)", 1, 9), ("seen (10+)", 10, None))
LENGTHS = (
    ("under 250", 0, 249), ("250-499", 250, 499), ("500-999", 500, 999), ("1000-1999", 1000, 1999),
    ("2000+", 2000, None),
)  # fmt: skip
BY_ENCOUNTER = ("micro_precision", "micro_recall", "micro_f1", "encounter_f1", "map", "precision_at_1", "exact_match")


def frequency_of(table: Aligned, training: Qrels | Mapping[str, int] | None) -> tuple[Ints, str]:
    """Count how often each code was there to learn from.

    Gives counts of shape (m,), and what they are counted in: ``"training"`` or ``"reference"``.
    """
    if training is None:
        return np.bincount(table.gold_col, minlength=table.m).astype(np.int64), "reference"
    if isinstance(training, Qrels):
        size = np.bincount(training.col, minlength=len(training.labels))
        seen = {(x.key, x.system): int(k) for x, k in zip(training.labels, size, strict=True)}
        return np.array([seen.get((x.key, x.system), 0) for x in table.labels], dtype=np.int64), "training"
    known = {normalise_code(code): int(k) for code, k in training.items()}
    return np.array([known.get(normalise_code(x.key), 0) for x in table.labels], dtype=np.int64), "training"


def breakdowns(
    table: Aligned, ratios: Ratios, training: Qrels | Mapping[str, int] | None, of: Hierarchy
) -> dict[str, Any]:
    """Work out every breakdown.

    Gives ``by_system, frequency_basis, by_frequency, by_seen, by_chapter, by_length, by_setting, by_section``.
    """
    counts = label_counts(table)
    frequency, basis = frequency_of(table, training)
    words, settings = by_encounter(table)
    of_labels, of_encounters = partial(_label_group, counts), partial(_encounter_group, ratios)
    return {
        "by_system": by_system(table),
        "frequency_basis": basis,
        "by_frequency": _scored(between(frequency, BUCKETS), of_labels),
        "by_seen": _scored(between(frequency, SEEN), of_labels) if basis == "training" else {},
        "by_chapter": _by_chapter(table, counts, of),
        "by_length": _scored(words, of_encounters),
        "by_setting": _scored(settings, of_encounters),
        "by_section": _by_section(table),
    }


def by_system(table: Aligned) -> dict[str, dict[str, float]]:
    """Score each code system by itself, ranks counted among its own codes.

    Gives all metrics by code system, with ``n_codes`` and ``n_reference_codes``.
    """
    systems = np.array([x.system for x in table.labels], dtype=object)
    found = {}
    for system in sorted(set(systems[table.gold_col].tolist())):
        part = table.only_labels(systems == system)
        sizes = {"n_codes": float(len(np.unique(part.gold_col))), "n_reference_codes": float(len(part.gold_col))}
        found[system] = {**sizes, **all_ratios(part).values(), **macro_metrics(label_counts(part))}
    return found


def _label_group(counts: LabelCounts, keep: Bools) -> dict[str, float] | None:
    part = LabelCounts(counts.right[keep], counts.wrong[keep], counts.missed[keep])
    right, wrong, missed = (float(v.sum()) for v in (part.right, part.wrong, part.missed))
    if not right + wrong + missed:
        return None
    return {
        "n_codes": float((part.right + part.missed > 0).sum()),
        "n_reference_codes": right + missed,
        "n_suggested": right + wrong,
        "micro_precision": right / (right + wrong) if right + wrong else 0.0,
        "micro_recall": right / (right + missed) if right + missed else 0.0,
        "micro_f1": 2 * right / (2 * right + wrong + missed),
        "macro_f1": macro_metrics(part)["macro_f1"],
    }


def _encounter_group(ratios: Ratios, keep: Bools) -> dict[str, float] | None:
    if not keep.any():
        return None
    part = ratios.pick([n for n in BY_ENCOUNTER if n in ratios.names])
    values = part.weighted(keep[None, :].astype(np.float64))[0]
    return {"n_encounters": float(keep.sum()), **dict(zip(part.names, (float(v) for v in values), strict=True))}


def each(names: Any) -> dict[str, Bools]:
    """Where each name stands, in their order."""
    return {str(name): names == name for name in sorted(set(names.tolist()))}


def between(value: Any, ranges: Sequence[tuple[str, int, int | None]]) -> dict[str, Bools]:
    """Where a value lies in each range, its ends included; None for no upper end."""
    most = np.iinfo(np.int64).max
    return {name: (value >= low) & (value <= (most if high is None else high)) for name, low, high in ranges}


def by_encounter(table: Aligned) -> tuple[dict[str, Bools], dict[str, Bools]]:
    """Give the encounters of each length of notes, and of each setting that is known."""
    words = np.array([-1 if i.n_words is None else i.n_words for i in table.info], dtype=np.int64)
    settings = each(np.array([i.setting for i in table.info], dtype=object))
    return between(words, LENGTHS), {name: keep for name, keep in settings.items() if name}


def _scored(masks: Mapping[str, Bools], score: Callable[[Bools], dict[str, float] | None]) -> dict[str, Any]:
    return {name: scores for name, keep in masks.items() if (scores := score(keep)) is not None}


def _by_chapter(table: Aligned, counts: LabelCounts, of: Hierarchy) -> list[dict[str, Any]]:
    pairs = [(x.system, of.ancestor(x.key, x.system, "chapter")) for x in table.labels]
    number = {pair: i for i, pair in enumerate(sorted(set(pairs)))}
    owner = np.array([number[pair] for pair in pairs], dtype=np.int64)
    found = []
    for (system, chapter), i in number.items():
        scores = _label_group(counts, owner == i)
        if scores is not None and scores["n_reference_codes"] + scores["n_suggested"] > 0:
            title = of.title(system, "chapter", chapter)
            found.append({"system": system, "chapter": chapter, "title": title, **scores})
    return found


def _by_section(table: Aligned) -> dict[str, dict[str, float]]:
    """Precision of the chosen suggestions by the section of their best evidence, and their share of what is found."""
    if table.section is None:
        return {}
    names = [str(s) or "none" for s in table.section[table.chosen]]
    hit = table.hit[table.chosen]
    total = max(int(hit.sum()), 1)
    found = {}
    for name in sorted(set(names)):
        mask = np.array([n == name for n in names], dtype=bool)
        right = float(hit[mask].sum())
        found[name] = {
            "n_suggested": float(mask.sum()),
            "precision": right / float(mask.sum()),
            "share_of_right": right / total,
        }
    return found
