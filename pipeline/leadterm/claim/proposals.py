"""What the notes themselves say of place, discharge and admission; each a proposal with its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from leadterm.claim.listed_codes import name_in
from leadterm.claim.parties import Circumstances, Kind
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Finding
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note
from leadterm.storage.tsv import package_table

__all__ = ["propose_circumstances"]

STAY = "21"
LAST_PART = 0.5  # of a note: where it says how the patient left


def propose_circumstances(
    encounter: Encounter, told: Circumstances, kind: Kind
) -> tuple[Circumstances, tuple[Finding, ...]]:
    """Fill in what is not told and the notes leave no doubt of; each comes with a finding that asks to confirm it."""
    found = list(_proposals(encounter, told, kind))
    made = replace(told, **{field: value for field, value, _, _ in found})  # type: ignore[arg-type]
    return made, tuple(_finding(*one) for one in found)


def _finding(field: str, value: str, why: str, evidence: tuple[Mention, ...]) -> Finding:
    where = field.replace("_", " ")
    return make_finding(
        "claim-proposal", "", (), evidence=evidence, where=where, value=value, why=why, field=field, party="claim"
    )


Proposal = tuple[str, str, str, tuple[Mention, ...]]


def _proposals(encounter: Encounter, told: Circumstances, kind: Kind) -> Iterator[Proposal]:
    if kind == "professional" and not told.place_of_service and (place := _place(encounter)):
        yield "place_of_service", place, f"{name_in('place_of_service', place)}, by the kind of the note", ()
    if kind == "institutional" and not told.discharge_status and encounter.setting == "inpatient":
        status, words = _discharge(encounter)
        if words is not None:
            yield "discharge_status", status, name_in("discharge_status", status), (words,)


def _place(encounter: Encounter) -> str:
    """The place of service that the kinds of the notes leave no doubt of."""
    if encounter.setting == "inpatient":
        return STAY
    kinds = [note.kind.lower() for note in encounter.notes]
    found = {code for code, words in _kinds() if any(word in kind for word in words for kind in kinds)}
    return found.pop() if len(found) == 1 else ""


@cache
def _kinds() -> tuple[tuple[str, tuple[str, ...]], ...]:
    rows = package_table("leadterm.claim", "place_cues.tsv")
    return tuple((row["code"], tuple(row["words"].split("|"))) for row in rows)


def _discharge(encounter: Encounter) -> tuple[str, Mention | None]:
    """The last words on how the patient left; of one place the longest phrase."""
    best: tuple[int, int, int] = (-1, -1, -1)
    status, words = "", None
    for order, note in enumerate(encounter.notes):
        for code, pattern in _statuses():
            for match in pattern.finditer(note.text, int(len(note.text) * LAST_PART)):
                rank = (order, match.end(), len(match.group()))
                if rank > best:
                    best, status, words = rank, code, _mention(note, match.start(), match.end())
    return status, words


def _mention(note: Note, start: int, end: int) -> Mention:
    return Mention.of(EvidenceSpan(note.note_id, start, end, note.text[start:end]))


@cache
def _statuses() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = package_table("leadterm.claim", "discharge_cues.tsv")
    return tuple((row["code"], re.compile(rf"\b(?:{row['words']})\b", re.IGNORECASE)) for row in rows)
