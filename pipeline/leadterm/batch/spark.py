"""Suggestions within Spark: a function for ``DataFrame.mapInPandas``; Spark keeps its own plan and its own files.

Workers need leadterm in their Python (``PYSPARK_PYTHON`` names it)::

    from leadterm.batch.spark import SCHEMA, suggest_batches
    coded = notes.mapInPandas(suggest_batches(text="note", id="visit"), schema=SCHEMA)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from leadterm.pages.wanted import Format, Wanted
from leadterm.rows import COLUMNS, WHOLE

if TYPE_CHECKING:
    import pandas as pd

    from leadterm.suggester import Suggester

__all__ = ["SCHEMA", "suggest_batches"]

_KINDS = {**dict.fromkeys(WHOLE, "bigint"), "confidence": "double", "suggested": "boolean"}
SCHEMA = ", ".join(f"{name} {_KINDS.get(name, 'string')}" for name in COLUMNS)
"""Columns of what the function gives, as Spark writes them: those of ``leadterm suggest --format parquet``."""

Frames = Iterable["pd.DataFrame"]


def suggest_batches(
    *,
    text: str = "text",
    id: str = "id",
    model: str | Suggester = "default",
    systems: Sequence[str] | None = None,
    threshold: float | None = None,
) -> Callable[[Frames], Iterator[pd.DataFrame]]:
    """Give the function that codes the batches of a data frame.

    - ``text``, ``id``: columns of the notes and of the names of the encounters, one encounter a row.
    - ``model``: name or folder of a model, or one that was loaded by it, that every worker can read; each process loads
      it once.
    - ``systems``: code systems; all of the model if left out.
    - ``threshold``: lowest confidence of a suggested code; the model's own if left out.

    Gives a function for ``mapInPandas``, with `SCHEMA`. A note without a code gives a row without one.

    >>> import pandas as pd
    >>> notes = pd.DataFrame({"id": ["e1"], "text": ["Assessment: Gout."]})
    >>> [found["code"].tolist() for found in suggest_batches()([notes])]
    [['M10.9']]
    """
    wanted = Wanted(tuple(systems or ()), None, threshold, Format.PARQUET)

    def coded(frames: Frames) -> Iterator[pd.DataFrame]:
        from leadterm.api import frame_answers
        from leadterm.rows import frame_of

        for frame in frames:
            found = frame_answers(frame.astype({id: str}), text, id=id, model=model, systems=wanted.systems or None)
            yield frame_of(row for answer in found for row in wanted.apply(answer).rows())

    return coded
