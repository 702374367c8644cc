"""A table as it is read, whatever file it stands in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

__all__ = ["Row", "Table", "as_cell"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its line (or number), its cells by column, and what is wrong with it, if anything."""

    number: int
    cells: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """A table as it is read: its columns in small letters, its rows as a stream.

    - ``header``: names of the columns.
    - ``rows``: may be gone through once.
    - ``unit``: what the numbers of its rows count: ``"line"`` or ``"row"``.
    - ``warning``: what the user should know, for instance a guessed encoding.
    """

    header: tuple[str, ...]
    rows: Iterator[Row]
    unit: str = "line"
    warning: str = ""


def as_cell(value: object) -> str:
    """Write a cell as text: numbers without a needless point, days as ISO dates, lists as JSON."""
    if value is None or value != value:
        return ""
    convert: Sequence[tuple[type | tuple[type, ...], Callable[[Any], str]]] = (
        (str, str),
        (bool, lambda v: str(v).lower()),
        (float, lambda v: str(int(v)) if v.is_integer() and abs(v) < 2**53 else repr(v)),
        (datetime, lambda v: v.date().isoformat() if v.time() == time() else v.isoformat()),
        (date, lambda v: v.isoformat()),
        ((list, tuple, dict), lambda v: json.dumps(v, ensure_ascii=False, default=str)),
        (bytes, lambda v: v.decode("utf-8", "replace")),
    )
    return next((write(value) for kind, write in convert if isinstance(value, kind)), str(value))
