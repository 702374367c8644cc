"""Circumstances out of the ordinary, each with the words of the note or the code that tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from leadterm.claim.drafts import Diagnosis, Unusual
from leadterm.claim.leading import is_external
from leadterm.schema import Encounter, EvidenceSpan, Mention
from leadterm.storage.tsv import package_table

__all__ = ["unusual_circumstances", "unusual_fix"]

DENIED = re.compile(r"\b(?:no|not|without|denies|denied|never|nor)\b[^.;\n]{0,25}$", re.IGNORECASE)
BEFORE = 40


def unusual_circumstances(encounter: Encounter, diagnoses: Sequence[Diagnosis]) -> Iterator[Unusual]:
    """Find them: how an injury came about, and what the notes say of the work and of who may have to pay first."""
    for one in diagnoses:
        if is_external(one.code):
            yield Unusual(one.code, one.title or "external cause", one.evidence)
    for row, pattern in _table():
        words = tuple(_found(encounter, pattern))
        if words:
            yield Unusual(row["name"], f"{row['what']}{row['name'] if row['what'].endswith(' ') else ''}", words[:3])


def unusual_fix(name: str) -> str:
    """Say what the coder should do about a circumstance."""
    return next((row["fix"] for row, _ in _table() if row["name"] == name), "")


def _found(encounter: Encounter, pattern: re.Pattern[str]) -> Iterator[Mention]:
    for note in encounter.notes:
        for match in pattern.finditer(note.text):
            if not DENIED.search(note.text[max(0, match.start() - BEFORE) : match.start()]):
                yield Mention.of(EvidenceSpan(note.note_id, match.start(), match.end(), match.group()))


@cache
def _table() -> tuple[tuple[dict[str, str], re.Pattern[str]], ...]:
    rows = package_table("leadterm.claim", "unusual.tsv")
    return tuple((row, re.compile(row["words"], re.IGNORECASE)) for row in rows)
