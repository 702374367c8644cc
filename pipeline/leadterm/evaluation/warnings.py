"""What was odd about a run and its reference, said so that nothing vanishes in silence."""

from __future__ import annotations

import numpy as np

from leadterm.evaluation.tables.align import Aligned
from leadterm.evaluation.tables.run import Run

__all__ = ["warnings_of"]

# {s}, {is}, {was}, {has} follow the number; {n} is the number itself.
_LINES = {
    "n_nan_scores": "{n} row{s} of the run {has} a score that is no number: ranked last, never chosen.",
    "n_duplicate_rows": "{n} row{s} repeated a code of the same encounter: the best score was kept.",
    "n_blank_rows": "{n} row{s} {was} without a code or an encounter: left out.",
    "n_rank_order_differs": "{n} neighbour{s} by rank {has} scores the other way round: scores decide.",
    "n_unknown_encounters": "{n} encounter{s} of the run ({rows}) {is} not in the reference: left out.",
    "n_encounters_without_run": "{n} encounter{s} {was} not answered by the run: scored as empty answers.",
    "n_rows_of_other_systems": "{n} row{s} {was} of code systems that are not scored ({systems}): left out.",
    "n_uncoded_encounters": "{n} encounter{s} of the reference {has} no code at all: {uncoded}.",
    "n_respelled_codes": "{n} code{s} of the run {is} spelled otherwise than in the reference: matched all the same.",
    "n_duplicate_reference_codes": "{n} reference code{s} {was} given twice for an encounter: counted once.",
    "n_duplicate_encounters": "{n} encounter{s} stood twice in the reference: taken as one.",
}


def warnings_of(table: Aligned, run: Run, uncoded: str) -> list[str]:
    """Say what was met while reading a run and laying it beside the reference.

    Gives one sentence each; none where nothing was odd.

    >>> from leadterm.evaluation.tables.align import align
    >>> from leadterm.evaluation.tables.qrels import Qrels
    >>> run = Run.from_mapping({"e1": {"i10": 0.5}, "e2": {"I10": 0.5}})
    >>> for line in warnings_of(align(run, Qrels.from_mapping({"e1": ["I10"]})), run, "drop"):
    ...     print(line)
    1 encounter of the run (1 row) is not in the reference: left out.
    1 code of the run is spelled otherwise than in the reference: matched all the same.
    """
    lines = [_line(key, table, run, uncoded) for key in _LINES if table.counts.get(key)]
    if len(table.row):
        return lines
    why = "the run has no suggestion for any encounter scored: every figure is 0."
    if len(run.row) and table.counts["n_rows_of_unknown_encounters"] == len(run.row):
        why += " None of its encounter ids is in the reference: compare how they are written."
    return [why, *lines]


def _line(key: str, table: Aligned, run: Run, uncoded: str) -> str:
    counts, n = table.counts, table.counts[key]
    words = {"s": "", "is": "is", "was": "was", "has": "has"}
    if n != 1:
        words = {"s": "s", "is": "are", "was": "were", "has": "have"}
    scored = {x.system for x in table.labels}
    others = sorted({run.labels[c].system for c in np.unique(run.col)} - scored)
    lost = counts["n_rows_of_uncoded_encounters"]
    left = f"left out, with {_rows(lost)} of the run" if lost else "left out"
    return _LINES[key].format(
        n=f"{n:,}",
        rows=_rows(counts["n_rows_of_unknown_encounters"]),
        systems=", ".join(name or "no name" for name in others),
        uncoded=left if uncoded == "drop" else "every suggestion for them counts as wrong",
        **words,
    )


def _rows(n: int) -> str:
    return f"{n:,} row{'' if n == 1 else 's'}"
