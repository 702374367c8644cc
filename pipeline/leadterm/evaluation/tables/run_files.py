"""Read run files and frames: what is missing is refused, what is odd is counted, nothing vanishes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.tables.labels import Floats, Normalise, Objects, Span
from leadterm.evaluation.tables.numbering import build_columns
from leadterm.storage.tsv import QUOTING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_spans", "qrels_rows", "read_table", "run_parts"]

FORMAT = "A run file is tab-separated with the header: encounter_id, system, code, rank, score."
_SPAN = re.compile(r"(?:(?P<note>.*):)?(?P<start>\d+)[- ](?P<end>\d+)")


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a tab-separated file with a header; every cell stays text.

    Gives one column for each name of the header, in lower case.
    """
    import pandas as pd

    name = Path(path).name
    try:
        rows = pd.read_csv(
            path, sep="\t", dtype=str, keep_default_na=False, quoting=QUOTING, encoding="utf-8-sig", index_col=False,
            header=None,
        )  # fmt: skip
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise LeadtermError(f"cannot read run file '{name}': {error.strerror}.", hint="Check the path.") from None
    except pd.errors.EmptyDataError:
        raise LeadtermError(f"run file '{name}' has no header.", hint=FORMAT) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.ParserWarning, ValueError):
        raise LeadtermError(f"'{name}' is not a tab-separated table in UTF-8.", hint=FORMAT) from None
    columns = [str(cell).strip().lower() for cell in rows.iloc[0]]
    _check_header(columns, name)
    return rows.iloc[1:].reset_index(drop=True).set_axis(columns, axis=1)


def _check_header(columns: Sequence[str], name: str) -> None:
    if len(columns) == 1 and any(mark in columns[0] for mark in ",;"):
        mark = "commas" if "," in columns[0] else "semicolons"
        raise LeadtermError(f"'{name}' is separated by {mark}, not by tabs.", hint=FORMAT)
    if not set(columns) & {"encounter_id", "system", "code", "rank", "score"}:
        raise LeadtermError(f"run file '{name}' has no header: its first line names none of the columns.", hint=FORMAT)
    twice = [column for column, times in Counter(columns).items() if times > 1]
    if twice:
        raise LeadtermError(f"run file '{name}' names the column {twice[0]} more than once.", hint="Keep one of them.")


def parse_spans(cell: str) -> tuple[Span, ...]:
    """Read ``[note_id:]start-end`` spans separated by ``;``.

    Gives the spans; none for an empty cell.

    >>> parse_spans("n1:3-9;20-24")
    (Span(note_id='n1', start=3, end=9), Span(note_id='', start=20, end=24))
    """
    spans = []
    for part in filter(None, (piece.strip() for piece in cell.split(";"))):
        found = _SPAN.fullmatch(part)
        if found is None or int(found["end"]) <= int(found["start"]):
            raise LeadtermError(
                "a cell of the column evidence cannot be read.", hint="Write spans as [note_id:]start-end, split by ;"
            )
        spans.append(Span(found["note"] or "", int(found["start"]), int(found["end"])))
    return tuple(spans)


def run_parts(frame: pd.DataFrame, system: str | None, normalise: Normalise) -> dict[str, Any]:
    """Take the parts of a run from a frame, by the names of `make_run`; see `Run.from_frame` for the columns.

    `system`: The code system where the frame has no such column.
    """
    _require(frame, ["encounter_id", "code"], "run")
    if len(frame) and not {"rank", "score"} & set(frame.columns):
        raise LeadtermError(_missing(frame, ["score"], "run"), hint=FORMAT)
    systems = _systems(frame, system, "run")
    ids, codes = _ids(frame), _codes(frame)
    blank = np.array([_is_blank(code) or not e for code, e in zip(codes, ids, strict=True)], dtype=bool)
    kept = np.flatnonzero(~blank)
    has_scores = "score" in frame.columns
    score = _numbers(frame, "score")[kept] if has_scores else -_numbers(frame, "rank")[kept]
    rows = [[values[i] for i in kept] for values in (ids, systems, codes)]
    columns = build_columns([e for e in ids if e], rows[0], rows[1], rows[2], normalise)
    counts = {"n_rows": len(frame), "n_blank_rows": int(blank.sum()), "n_rank_order_differs": 0}
    if has_scores and "rank" in frame.columns:
        counts["n_rank_order_differs"] = _rank_conflicts(columns.row, score, _numbers(frame, "rank")[kept])
    cells = _text(frame, "evidence") if "evidence" in frame.columns else []
    sections = np.array(_text(frame, "section"), dtype=object)[kept] if "section" in frame.columns else None
    return {
        "columns": columns,
        "score": score,
        "confidence": _confidence(frame, kept),
        "section": sections,
        "evidence": [parse_spans(cells[i]) for i in kept] if cells else (),
        "has_scores": has_scores,
        "counts": counts,
    }


def qrels_rows(
    frame: pd.DataFrame, system: str | None
) -> tuple[list[str], list[tuple[str, str, str, str, tuple[Span, ...]]], dict[str, str]]:
    """Take the rows of a frame of reference codes.

    `system`: The code system where the frame has no such column.
    Gives the encounters; the rows (encounter, system, code, role, evidence); the patient of each encounter.
    """
    _require(frame, ["encounter_id", "code"], "reference table")
    ids, codes, systems = _ids(frame), _codes(frame), _systems(frame, system, "reference table")
    roles = _text(frame, "role") if "role" in frame.columns else [""] * len(ids)
    cells = _text(frame, "evidence") if "evidence" in frame.columns else [""] * len(ids)
    rows = [
        (e, s, c, r, parse_spans(cell))
        for e, s, c, r, cell in zip(ids, systems, codes, roles, cells, strict=True)
        if not _is_blank(c)
    ]
    patients = dict(zip(ids, _text(frame, "patient_id"), strict=True)) if "patient_id" in frame.columns else {}
    return list(dict.fromkeys(ids)), rows, patients


def _require(frame: pd.DataFrame, columns: Sequence[str], kind: str) -> None:
    if any(column not in frame.columns for column in columns):
        raise LeadtermError(_missing(frame, columns, kind), hint=FORMAT)


def _missing(frame: pd.DataFrame, columns: Sequence[str], kind: str) -> str:
    absent = [column for column in columns if column not in frame.columns]
    got = ", ".join(map(str, frame.columns[:8])) or "none"
    return f"the {kind} lacks the column{'s' if len(absent) > 1 else ''} {', '.join(absent)}; it has: {got}."


def _systems(frame: pd.DataFrame, system: str | None, kind: str) -> list[str]:
    if "system" in frame.columns:
        return _text(frame, "system")
    if system is None and len(frame):
        raise LeadtermError(
            _missing(frame, ["system"], kind), hint="Add it, or name the code system of all rows: --system."
        )
    return [system or ""] * len(frame)


def _text(frame: pd.DataFrame, column: str) -> list[str]:
    return [str(value) for value in frame[column].tolist()]


def _ids(frame: pd.DataFrame) -> list[str]:
    return [value.strip() for value in _text(frame, "encounter_id")]


def _codes(frame: pd.DataFrame) -> list[Any]:
    return [None if value is None or value != value else value for value in frame["code"].tolist()]


def _is_blank(code: Any) -> bool:
    return code is None or (isinstance(code, str) and not code.strip())


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    import pandas as pd

    return np.asarray(pd.to_numeric(frame[column], errors="coerce"), dtype=np.float64)


def _confidence(frame: pd.DataFrame, kept: Objects) -> Floats | None:
    if "confidence" not in frame.columns:
        return None
    values = _numbers(frame, "confidence")[kept]
    bad = int((~((values >= 0) & (values <= 1))).sum())
    if bad:
        raise LeadtermError(
            f"the column confidence has {bad} of {len(values)} values that are not between 0 and 1.",
            hint="Give shares, not percentages, or drop the column.",
        )
    return values


def _rank_conflicts(row: Objects, score: Floats, rank: Floats) -> int:
    """Count neighbours, in order of rank, whose scores stand the other way round."""
    order = np.lexsort((rank, row))
    same = row[order][1:] == row[order][:-1]
    return int((same & (score[order][1:] > score[order][:-1])).sum())
