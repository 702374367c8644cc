"""Suggestions as rows of a table and as a data frame; how a notebook shows them is drawn by `pages/`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any

from leadterm.version import __version__

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "Cell", "FrameReader", "SuggestionRows", "frame_of"]

Cell = str | int | float | bool | None
COLUMNS = (
    "encounter_id", "rank", "system", "code", "title", "confidence", "suggested", "evidence", "note_id", "start", "end",
    "assertion", "section", "hints", "model", "leadterm",
)  # fmt: skip
WHOLE = ("rank", "start", "end")
BLOCK = 5_000


class SuggestionRows:
    """What a `SuggestionSet` can do beyond holding suggestions."""

    __slots__ = ()

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Give a row for each suggestion, with `COLUMNS`; one with no code where nothing is suggested."""
        given: Any = self
        for one in given.suggestions:
            best = one.best
            place = (best.note_id, best.start, best.end) if best.spans else ("", None, None)
            words = " | ".join(dict.fromkeys(mention.text for mention in one.evidence))
            sure = one.confidence >= given.threshold
            yield (
                given.encounter_id, one.rank, one.system, one.code, one.title, round(one.confidence, 4), sure, words,
                *place, one.assertion, one.section, "; ".join(one.hints), given.model, __version__,
            )  # fmt: skip
        if not given.suggestions:
            nothing = (None, "", "", "", None, None, "", "", None, None, "", "", "")
            yield (given.encounter_id, *nothing, given.model, __version__)

    def to_frame(self) -> pd.DataFrame:
        """Give the suggestions as a data frame, one row each; empty where there are none."""
        given: Any = self
        return frame_of(self.rows() if given.suggestions else ())

    def _repr_html_(self) -> str:
        return str(import_module("leadterm.pages.notebook_view").draw(self))


class FrameReader:
    """What every kind of model can do with a data frame."""

    def suggest_frame(self, frame: pd.DataFrame, text: str = "text", **options: Any) -> pd.DataFrame:
        """Suggest codes for each row; see `leadterm.suggest_frame`."""
        found: pd.DataFrame = import_module("leadterm.api").suggest_frame(frame, text, model=self, **options)
        return found


def frame_of(rows: Any) -> pd.DataFrame:
    """Make a data frame of rows; whole numbers stay whole where some are missing.

    >>> list(frame_of([]).columns[:4])
    ['encounter_id', 'rank', 'system', 'code']
    """
    import pandas as pd

    stream = iter(rows)
    parts = [_part([])]
    while block := list(islice(stream, BLOCK)):  # typed columns take a third of what their rows took
        parts.append(_part(block))
    return pd.concat(parts[1:], ignore_index=True) if len(parts) > 2 else parts[-1]


def _part(rows: list[tuple[Cell, ...]]) -> pd.DataFrame:
    import pandas as pd

    kinds = {**dict.fromkeys(WHOLE, "Int64"), "suggested": "boolean", "confidence": "float64"}
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds)
