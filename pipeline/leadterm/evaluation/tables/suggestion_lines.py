"""Read suggestions as ``leadterm suggest --format jsonl`` writes them: one encounter a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.schema import EvidenceSpan, Mention, Suggestion, SuggestionSet
from leadterm.storage.text_files import read_text

__all__ = ["read_suggestions"]

FORMAT = "One JSON object a line: encounter_id, threshold and suggestions, each with system, code and confidence."


def read_suggestions(path: str | Path) -> list[SuggestionSet]:
    """Read a file of suggestions.

    Gives in the order of the file.

    >>> import tempfile
    >>> line = '{"encounter_id": "e1", "threshold": 0.5, "suggestions": []}'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "s.jsonl"
    ...     _ = file.write_text(line, encoding="utf-8")
    ...     [found.encounter_id for found in read_suggestions(file)]
    ['e1']
    """
    name, lines = Path(path).name, read_text(path).splitlines()
    return [_set(line, f"'{name}' line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def _set(line: str, where: str) -> SuggestionSet:
    try:
        given = json.loads(line)
        suggestions = tuple(_suggestion(row, rank) for rank, row in enumerate(given["suggestions"], 1))
        threshold = float(given.get("threshold", 0.5))
        return SuggestionSet(str(given["encounter_id"]), str(given.get("model", "")), {}, suggestions, threshold)
    except LeadtermError as error:
        raise LeadtermError(f"{where}: {error.message}", hint=error.hint) from None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise LeadtermError(f"{where} is no set of suggestions.", hint=FORMAT) from None


def _suggestion(row: Mapping[str, Any], rank: int) -> Suggestion:
    confidence = float(row["confidence"])
    if not 0 <= confidence <= 1:
        raise LeadtermError(f"confidence {confidence:g} is not between 0 and 1.", hint=FORMAT)
    section = str(row.get("section", ""))
    evidence = tuple(
        Mention(span.note_id, (span,), section="" if number else section)
        for number, span in enumerate(map(_span, row.get("evidence", ())))
    )
    found = evidence or ((Mention("", (), section=section),) if section else ())
    return Suggestion(rank, str(row["system"]), str(row["code"]), "", confidence, found)


def _span(given: Mapping[str, Any]) -> EvidenceSpan:
    return EvidenceSpan(str(given["note_id"]), int(given["start"]), int(given["end"]), str(given["text"]))
