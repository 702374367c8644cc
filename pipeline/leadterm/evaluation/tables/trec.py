"""Run files as trec_eval and ir_measures have them: ``query Q0 document rank score tag``, without a header."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.storage.text_files import read_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["is_trec", "read_trec", "trec_text"]

WIDTH = 6


def is_trec(path: str | Path) -> bool:
    """Tell whether the first line of a file is one of a TREC run; no where it cannot be read, which is said later."""
    try:
        with Path(path).open(encoding="utf-8-sig", errors="replace") as file:
            fields = file.readline().split()
    except OSError:
        return False
    return len(fields) == WIDTH and fields[1].upper() == "Q0"


def read_trec(path: str | Path) -> pd.DataFrame:
    """Read a TREC run as a frame of a run file; a document is a code, or a code behind its system and a colon."""
    import pandas as pd

    name, rows = Path(path).name, []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.split()
        if fields and len(fields) != WIDTH:
            hint = "A TREC run: query Q0 document rank score tag."
            raise LeadtermError(f"'{name}' line {number} has {len(fields)} fields.", hint=hint)
        if fields:
            system, _, code = ("", "", fields[2]) if ":" not in fields[2] else fields[2].partition(":")
            rows.append((fields[0], system, code, fields[3], fields[4]))
    frame = pd.DataFrame(rows, columns=["encounter_id", "system", "code", "rank", "score"], dtype=str)
    return frame if frame["system"].all() else frame.drop(columns="system")


def trec_text(name: str, rows: pd.DataFrame) -> str:
    """Write a run, as `Run.to_frame` gives it, for trec_eval; where there are several systems, codes name theirs.

    >>> from leadterm.evaluation import Run
    >>> trec_text("ours", Run.from_mapping({"e1": {"I10": 0.5}}, system="icd10cm").to_frame())
    'e1 Q0 I10 1 0.5 ours\\n'
    """
    frame = rows.assign(score=rows["score"].where(np.isfinite(rows["score"]), -rows["rank"].astype(float)))
    several, tag = frame["system"].nunique() > 1, "_".join(name.split()) or "run"
    lines = []
    for encounter, system, code, rank, score in frame.iloc[:, :5].itertuples(index=False):
        fields = [str(encounter), f"{system}:{code}" if several else str(code)]
        if any(len(field.split()) != 1 for field in fields):
            raise LeadtermError(
                "an encounter id or code has white space in it, which a TREC run cannot hold.",
                hint="Write a run file: a name that does not end in .trec.",
            )
        lines.append(f"{fields[0]} Q0 {fields[1]} {rank} {score!r} {tag}\n")
    return "".join(lines)
