"""Turn columns of text into positions: encounters and codes are numbered once, then all is arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.tables.labels import Bools, Floats, Ints, Label, Normalise, Span, normalise_system

__all__ = ["Columns", "build_columns", "first_of_each", "gather_spans", "last_of_ties"]


@dataclass(frozen=True, eq=False)
class Columns:
    """Rows of (encounter, code) as positions, duplicates still in.

    `labels`: Distinct codes in ascending order of key and system, so that a position is also the rank for ties; `row,
    col`: Positions in the two.

    >>> build_columns([], ["e1"], ["icd10cm"], ["E11.9"], str.upper).labels[0].code
    'E11.9'
    """

    encounters: tuple[str, ...]
    labels: tuple[Label, ...]
    row: Ints
    col: Ints


def build_columns(
    encounters: Sequence[str],
    row_encounters: Sequence[str],
    row_systems: Sequence[str],
    row_codes: Sequence[str],
    normalise: Normalise,
) -> Columns:
    """Number the encounters and the codes of a table.

    `encounters`: Encounters known beforehand; those met only in rows are added behind.

    >>> from leadterm.evaluation.tables.labels import normalise_code
    >>> columns = build_columns([], ["e1", "e1"], ["icd10cm"] * 2, ["e119", "E11.9"], normalise_code)
    >>> columns.col.tolist(), len(columns.labels)
    ([0, 0], 1)
    """
    import pandas as pd

    ids = dict.fromkeys([*encounters, *row_encounters])
    number = {encounter: i for i, encounter in enumerate(ids)}
    row = np.fromiter((number[e] for e in row_encounters), dtype=np.int64, count=len(row_encounters))
    raw_system, systems = pd.factorize(np.array(row_systems, dtype=object))
    raw_code, codes = pd.factorize(np.array(row_codes, dtype=object))
    wrong = [c for c in codes if not isinstance(c, str)]
    if wrong:
        raise LeadtermError(
            f"codes must be text, got {type(wrong[0]).__name__}.",
            hint="Read the table with the code column as text: numbers lose leading zeros.",
        )
    keys, names = [normalise(c) for c in codes], [normalise_system(s) for s in systems]
    pair, pairs = pd.factorize(raw_code.astype(np.int64) * max(len(systems), 1) + raw_system)
    parts = [divmod(int(p), max(len(systems), 1)) for p in pairs]
    spelled: dict[tuple[str, str], str] = {}
    for code, system in parts:
        spelled.setdefault((keys[code], names[system]), codes[code].strip())
    labels = tuple(Label(key, system, spelled[key, system]) for key, system in sorted(spelled))
    place = {(label.key, label.system): i for i, label in enumerate(labels)}
    lookup = np.array([place[keys[c], names[s]] for c, s in parts], dtype=np.int64)
    col = lookup[pair] if len(pair) else np.zeros(0, dtype=np.int64)
    return Columns(tuple(ids), labels, row, col)


def first_of_each(columns: Columns, order: Ints) -> Ints:
    """Keep the first row of each (encounter, code) in a given order that sorts by row and col first.

    `order`: Positions of the rows, sorted by row, then col.
    """
    row, col = columns.row[order], columns.col[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (row[1:] != row[:-1]) | (col[1:] != col[:-1])
    return np.asarray(order[new])


def gather_spans(columns: Columns, evidence: Sequence[tuple[Span, ...]]) -> dict[tuple[int, int], tuple[Span, ...]]:
    """Put the evidence of a code of an encounter together, from all rows that give it.

    `evidence`: One entry for each row, or none at all.
    Gives by row and col; each span once, in order.

    >>> columns = build_columns([], ["e1", "e1"], ["s", "s"], ["A", "A"], str.upper)
    >>> gather_spans(columns, [(Span("n", 0, 3),), (Span("n", 0, 3), Span("n", 5, 8))])
    {(0, 0): (Span(note_id='n', start=0, end=3), Span(note_id='n', start=5, end=8))}
    """
    found: dict[tuple[int, int], tuple[Span, ...]] = {}
    for i, spans in enumerate(evidence):
        if spans:
            pair = (int(columns.row[i]), int(columns.col[i]))
            found[pair] = tuple(dict.fromkeys((*found.get(pair, ()), *spans)))
    return found


def last_of_ties(ranked: Floats) -> Bools:
    """Mark the places at which a threshold can cut a ranked list: after the last of equal, finite scores.

    Gives true at the last of each run of equal scores.

    >>> last_of_ties(np.array([0.9, 0.5, 0.5, -np.inf])).tolist()
    [True, False, True, False]
    """
    last = np.ones(len(ranked), dtype=bool)
    last[:-1] = ranked[1:] != ranked[:-1]
    return np.asarray(last & np.isfinite(ranked))
