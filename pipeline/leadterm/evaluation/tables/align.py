"""Lay a run beside the reference codes: one set of encounters, one set of codes, every row a hit or a miss."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leadterm.errors import LeadtermError, unknown_name
from leadterm.evaluation.tables.labels import Bools, Floats, Ints, Label, Objects, Span, normalise_system
from leadterm.evaluation.tables.qrels import EncounterInfo, Qrels
from leadterm.evaluation.tables.run import Run

__all__ = ["Aligned", "align"]


@dataclass(frozen=True, eq=False)
class Aligned:
    """Suggested and reference codes over the same encounters and codes.

    Rows of suggestions are sorted by encounter, then score (best first), then code (ascending).

    `labels`: The m codes met, in ascending order; `row, col`: Encounter and code of each suggestion; `position`: Place
    in the encounter's list, from 1; `hit`: Whether it is a reference code of the encounter; `principal`: Whether a
    reference code is the principal one; `group`: Number of the patient, or of the encounter where no patient is known;
    `section`: Section of the best evidence; `counts`: What was met on the way.

    >>> run = Run.from_mapping({"e1": {"I10": 0.4, "E11.9": 0.9}})
    >>> table = align(run, Qrels.from_mapping({"e1": ["I10"]}))
    >>> [table.labels[c].code for c in table.col], table.hit.tolist()
    (['E11.9', 'I10'], [False, True])
    """

    encounters: tuple[str, ...]
    labels: tuple[Label, ...]
    row: Ints
    col: Ints
    score: Floats
    position: Ints
    hit: Bools
    chosen: Bools
    gold_row: Ints
    gold_col: Ints
    principal: Bools
    group: Ints
    confidence: Floats | None
    section: Objects | None
    run_evidence: Mapping[tuple[int, int], tuple[Span, ...]]
    gold_evidence: Mapping[tuple[int, int], tuple[Span, ...]]
    info: tuple[EncounterInfo, ...]
    counts: Mapping[str, int]

    @property
    def n(self) -> int:
        """Number of encounters."""
        return len(self.encounters)

    @property
    def m(self) -> int:
        """Number of codes."""
        return len(self.labels)

    @property
    def n_gold(self) -> Ints:
        """Number of reference codes of each encounter, shape (n,)."""
        return np.bincount(self.gold_row, minlength=self.n)

    def with_threshold(self, threshold: float | Floats | None) -> Aligned:
        """Choose the suggestions that reach a threshold.

        `threshold`: For all or for each encounter; None chooses every suggestion. One without a usable score is never
        chosen.
        Gives the same table with another ``chosen``.
        """
        usable = self.score > -np.inf
        if threshold is None:
            return replace(self, chosen=usable)
        limits = np.broadcast_to(np.asarray(threshold, dtype=np.float64), (self.n,))
        return replace(self, chosen=usable & (self.score >= limits[self.row]))

    def only_labels(self, keep: Bools) -> Aligned:
        """Keep some codes; positions are counted anew among them.

        Gives the smaller table over the same encounters and code numbers.
        """
        mask, gold = keep[self.col], keep[self.gold_col]
        return self._take(mask, gold)

    def _take(self, mask: Bools, gold: Bools) -> Aligned:
        return replace(
            self,
            row=self.row[mask],
            col=self.col[mask],
            score=self.score[mask],
            hit=self.hit[mask],
            chosen=self.chosen[mask],
            position=positions(self.row[mask]),
            gold_row=self.gold_row[gold],
            gold_col=self.gold_col[gold],
            principal=self.principal[gold],
            confidence=None if self.confidence is None else self.confidence[mask],
            section=None if self.section is None else self.section[mask],
        )


def positions(row: Ints) -> Ints:
    """Count places from 1 within each encounter of sorted rows.

    >>> positions(np.array([0, 0, 2])).tolist()
    [1, 2, 1]
    """
    count = np.bincount(row) if len(row) else np.zeros(0, dtype=np.int64)
    start = np.cumsum(count) - count
    return np.asarray(np.arange(1, len(row) + 1, dtype=np.int64) - start[row])


def align(run: Run, qrels: Qrels, *, systems: Collection[str] | None = None, uncoded: str = "drop") -> Aligned:
    """Lay a run beside reference codes.

    Encounters that only the run knows and rows of code systems that the reference does not code are left out
    and counted. Encounters of the reference that the run does not answer are scored as empty answers. An
    encounter without any reference code counts as not coded and is left out, unless ``uncoded="count"``; one
    coded in other systems only stays in, so that what is suggested for it counts against the run.

    `systems`: Code systems to score; all that the reference codes have by default.
    Gives the common table; every suggestion counts as chosen until a threshold is set.

    >>> run = Run.from_mapping({"e1": {"I10": 0.4}, "e9": {"I10": 0.4}})
    >>> align(run, Qrels.from_mapping({"e1": ["I10"], "e2": ["I10"]})).counts["n_unknown_encounters"]
    1
    """
    if uncoded not in ("drop", "count"):
        raise unknown_name("choice for uncoded", uncoded, ("drop", "count"))
    wanted = _wanted_systems(qrels, systems)
    coded = np.bincount(qrels.row, minlength=len(qrels.encounters)) > 0
    kept = np.flatnonzero(coded | (uncoded == "count"))
    if not len(kept):
        raise LeadtermError("no encounter has a reference code.", hint="Score against a coded split.")
    encounters = tuple(qrels.encounters[i] for i in kept)
    number = {encounter: i for i, encounter in enumerate(encounters)}
    labels, run_map, gold_map = _common_labels(run, qrels, wanted)
    run_place, gold_place = (np.array([number.get(e, -1) for e in t.encounters], dtype=np.int64) for t in (run, qrels))
    gold_row, gold_col, principal = _reference(qrels, gold_place, gold_map)
    taken = _suggested(run, qrels, run_place, run_map)
    row, col, score = run_place[run.row[taken]], run_map[run.col[taken]], run.score[taken]
    relevant = _member(row * len(labels) + col, gold_row * len(labels) + gold_col)
    return Aligned(
        encounters, labels, row, col, score, positions(row), relevant, score > -np.inf,
        gold_row, gold_col, principal, _groups(qrels, encounters),
        None if run.confidence is None else run.confidence[taken],
        None if run.section is None else run.section[taken],
        _move(run.evidence, run_place, run_map), _move(qrels.evidence, gold_place, gold_map),
        tuple(qrels.info.get(e, EncounterInfo()) for e in encounters),
        _counts(run, qrels, run_map[run.col] >= 0, set(encounters), gold_row),
    )  # fmt: skip


def _suggested(run: Run, qrels: Qrels, place: Ints, names: Ints) -> Ints:
    """Pick the rows of the run that are scored, by encounter, then score (best first), then code."""
    row, col = place[run.row], names[run.col]
    taken = np.flatnonzero((row >= 0) & (col >= 0) & ~_optional(run, qrels))
    return np.asarray(taken[np.lexsort((col[taken], -run.score[taken], row[taken]))])


def _optional(run: Run, qrels: Qrels) -> Bools:
    """Which rows of the run are codes that their encounter may have or not."""
    found = np.zeros(len(run.row), dtype=bool)
    for i, encounter in enumerate(run.encounters) if qrels.optional else ():
        keys = qrels.optional.get(encounter, frozenset())
        rows = np.flatnonzero(run.row == i) if keys else np.zeros(0, dtype=np.int64)
        found[rows] = [(run.labels[c].key, run.labels[c].system) in keys for c in run.col[rows]]
    return found


def _reference(qrels: Qrels, place: Ints, names: Ints) -> tuple[Ints, Ints, Bools]:
    """Pick the reference codes that are scored, by encounter, then code."""
    row, col = place[qrels.row], names[qrels.col]
    taken = np.flatnonzero((row >= 0) & (col >= 0))
    taken = taken[np.lexsort((col[taken], row[taken]))]
    return row[taken], col[taken], qrels.principal[taken]


def _wanted_systems(qrels: Qrels, systems: Collection[str] | None) -> set[str]:
    known = {qrels.labels[c].system for c in np.unique(qrels.col)}
    if systems is None or not systems:
        return known
    wanted = {normalise_system(s) for s in systems}
    for name in sorted(wanted - known):
        raise unknown_name("code system", name, known, hint="The reference codes have no other.")
    return wanted


def _common_labels(run: Run, qrels: Qrels, wanted: set[str]) -> tuple[tuple[Label, ...], Ints, Ints]:
    """Number the codes of both tables together; -1 marks a code outside the wanted systems."""
    shown = {(x.key, x.system): x for source in (run, qrels) for x in source.labels if x.system in wanted}
    labels = tuple(shown[pair] for pair in sorted(shown))
    place = {(x.key, x.system): i for i, x in enumerate(labels)}
    maps = [np.array([place.get((x.key, x.system), -1) for x in t.labels], dtype=np.int64) for t in (run, qrels)]
    return labels, maps[0], maps[1]


def _member(pairs: Ints, ordered: Ints) -> Bools:
    if not len(ordered):
        return np.zeros(len(pairs), dtype=bool)
    at = np.minimum(np.searchsorted(ordered, pairs), len(ordered) - 1)
    return np.asarray(ordered[at] == pairs)


def _groups(qrels: Qrels, encounters: Sequence[str]) -> Ints:
    names: dict[tuple[str, str], int] = {}
    found = []
    for encounter in encounters:
        patient = qrels.info[encounter].patient_id if encounter in qrels.info else None
        found.append(names.setdefault(("patient", patient) if patient else ("encounter", encounter), len(names)))
    return np.array(found, dtype=np.int64)


def _move(
    evidence: Mapping[tuple[int, int], tuple[Span, ...]], rows: Ints, cols: Ints
) -> dict[tuple[int, int], tuple[Span, ...]]:
    moved = (((int(rows[r]), int(cols[c])), spans) for (r, c), spans in evidence.items())
    return {pair: spans for pair, spans in moved if pair[0] >= 0 and pair[1] >= 0}


def _counts(run: Run, qrels: Qrels, in_system: Bools, scored: Collection[str], gold_row: Ints) -> dict[str, int]:
    names, reference = set(run.encounters), set(qrels.encounters)
    known = np.array([e in scored for e in run.encounters], dtype=bool)[run.row]
    uncoded = np.array([e in reference and e not in scored for e in run.encounters], dtype=bool)[run.row]
    coded = np.bincount(qrels.row, minlength=len(qrels.encounters)) > 0
    shown = {(x.key, x.system): x.code for x in qrels.labels}
    return {
        "n_encounters_in_reference": len(qrels.encounters),
        "n_uncoded_encounters": int((~coded).sum()),
        "n_rows_of_uncoded_encounters": int(uncoded.sum()),
        "n_encounters_without_reference_code": len(scored) - len(np.unique(gold_row)),
        "n_encounters_without_run": sum(e not in names for e, c in zip(qrels.encounters, coded, strict=True) if c),
        "n_unknown_encounters": len(names - reference),
        "n_rows_of_unknown_encounters": int((~known & ~uncoded).sum()),
        "n_rows_of_other_systems": int((known & ~in_system).sum()),
        "n_rows_scored": int((known & in_system).sum()),
        "n_respelled_codes": sum(shown.get((x.key, x.system), x.code) != x.code for x in run.labels),
        **run.counts,
        **qrels.counts,
    }
