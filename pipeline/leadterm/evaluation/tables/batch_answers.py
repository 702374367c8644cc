"""Read the folder that ``leadterm batch`` leaves, in whichever format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.errors import LeadtermError
from leadterm.evaluation.tables.suggestion_lines import read_suggestions
from leadterm.schema import Mention, Suggestion, SuggestionSet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["is_batch", "read_answers"]


def is_batch(path: str | Path) -> bool:
    """Tell the folder of a finished batch.

    >>> is_batch(".")
    False
    """
    return (Path(path) / "_manifest.json").is_file()


def read_answers(folder: str | Path) -> list[SuggestionSet]:
    """Read the answers of a batch, in the order of its parts.

    Tables tell which codes are suggested, not the threshold: it is the lowest confidence of those. The words of the
    evidence stand in them, but only the place of the best; evidence is not scored. ``LeadtermError`` if a part cannot
    be read.
    """
    parts = sorted(Path(folder).glob("part-*"))
    if all(part.suffix == ".jsonl" for part in parts):
        return [found for part in parts for found in read_suggestions(part)]
    import pandas as pd

    frame = pd.concat([_table(part) for part in parts], ignore_index=True)
    sure = frame.loc[frame["suggested"].isin([True, "yes"]), "confidence"]
    threshold = float(sure.min()) if len(sure) else 1.0
    return [_set(str(name), rows, threshold) for name, rows in frame.groupby("encounter_id", sort=False)]


def _table(part: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if part.suffix == ".parquet":
            return pd.read_parquet(part)
        return pd.read_csv(part, dtype={"encounter_id": str, "code": str}, keep_default_na=False, na_values={
            "confidence": [""], "suggested": [""], "rank": [""],
        })  # fmt: skip
    except ImportError:
        hint = "Install it with: pip install 'leadterm[tables]'"
        raise LeadtermError(f"'{part.name}' needs the extra 'tables'.", hint=hint) from None
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise LeadtermError(f"'{part.name}' cannot be read ({kind}).", hint="Run the batch again.") from None


def _set(name: str, rows: pd.DataFrame, threshold: float) -> SuggestionSet:
    given = zip(rows["system"], rows["code"], rows["confidence"], rows["section"], strict=True)
    found = tuple(
        Suggestion(rank, str(system), str(code), "", float(confidence), (Mention("", (), section=str(section or "")),))
        for rank, (system, code, confidence, section) in enumerate(given, 1)
        if code
    )
    return SuggestionSet(name, str(rows["model"].iloc[0]), {}, found, threshold)
