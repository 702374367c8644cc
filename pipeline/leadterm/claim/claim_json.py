"""A claim draft as JSON and as rows of a table, evidence and all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from leadterm import __version__
from leadterm.claim.drafts import ClaimDraft, Diagnosis, ServiceLine
from leadterm.claim.parties import Circumstances, Party
from leadterm.claim.wire import number_of
from leadterm.rows import Cell
from leadterm.rules.findings import Finding
from leadterm.schema import Mention

__all__ = ["COLUMNS", "claim_json", "claim_rows"]

Json = dict[str, Any]
COLUMNS = (
    "encounter_id", "form", "row", "number", "system", "code", "title", "role", "poa", "modifiers", "units", "charge",
    "date", "revenue", "place_of_service", "pointers", "why", "evidence", "status",
)  # fmt: skip
MISSING = "claim-missing"


def claim_json(draft: ClaimDraft) -> Json:
    """Give the draft as the JSON object of the documented format; what is unknown is left out."""
    return {
        "encounter_id": draft.encounter_id,
        "status": "accepted" if draft.accepted else "DRAFT",
        "ready": draft.ready,
        "form": draft.kind,
        "claim": {**_filled(draft.circumstances, Circumstances), "number": number_of(draft)},
        "parties": {name: _filled(party, Party) for name, party in draft.parties.items()},
        "diagnoses": [_diagnosis(number, one) for number, one in enumerate(draft.diagnoses, 1)],
        "lines": [_line(number, one) for number, one in enumerate(draft.lines, 1)],
        "procedures": [
            {
                "system": one.system,
                "code": one.code,
                "title": one.title,
                "date": one.date,
                "evidence": spans(one.evidence),
            }
            for one in draft.procedures
        ],
        "total": float(draft.total),
        "unusual": [{"name": one.name, "what": one.text, "evidence": spans(one.evidence)} for one in draft.unusual],
        "missing": [
            {"what": one.message, "where": one.section, "fix": one.fix} for one in draft.findings if _lacks(one)
        ],
        "findings": [one.to_json() for one in draft.findings if not _lacks(one)],
        "releases": dict(draft.releases),
        "leadterm": __version__,
    }


def _lacks(finding: Finding) -> bool:
    return finding.rule == MISSING


def _filled(given: Party | Circumstances, kind: type) -> Json:
    return {field.name: value for field in fields(kind) if (value := getattr(given, field.name)) not in ("", ())}


def spans(evidence: Iterable[Mention]) -> list[Json]:
    """Give evidence as the spans of the documented format."""
    return [
        {"note_id": span.note_id, "start": span.start, "end": span.end, "text": span.text}
        for mention in evidence
        for span in mention.spans
    ]


def _diagnosis(number: int, one: Diagnosis) -> Json:
    made = {"number": number, "system": one.system, "code": one.code, "title": one.title, "role": one.role,
            "poa": one.poa, "poa_why": one.poa_why, "why": one.why, "evidence": spans(one.evidence)}  # fmt: skip
    return {key: value for key, value in made.items() if value not in ("", None)}


def _line(number: int, one: ServiceLine) -> Json:
    made = {
        "number": number, "system": one.system, "code": one.code, "title": one.title, "modifiers": list(one.modifiers),
        "units": float(one.units), "charge": None if one.charge is None else float(one.charge), "date": one.date,
        "revenue": one.revenue, "place_of_service": one.place_of_service, "evidence": spans(one.evidence),
        "pointers": [
            {"diagnosis": to.position, "why": to.why, "sure": to.sure, "evidence": spans(to.evidence)}
            for to in one.pointers
        ],
    }  # fmt: skip
    return {key: value for key, value in made.items() if value not in ("", None)}


def claim_rows(drafts: Iterable[ClaimDraft]) -> Iterator[tuple[Cell, ...]]:
    """Give a row for each diagnosis, procedure and line, in the order of `COLUMNS`."""
    for draft in drafts:
        status = "ready" if draft.ready else "accepted, not ready" if draft.accepted else "DRAFT"
        head, end = (draft.encounter_id, draft.kind), (status,)
        for number, one in enumerate(draft.diagnoses, 1):
            yield (*head, "diagnosis", number, one.system, one.code, one.title, one.role, one.poa, *[""] * 7,
                   one.why, _words(one.evidence), *end)  # fmt: skip
        for number, made in enumerate(draft.procedures, 1):
            yield (*head, "procedure", number, made.system, made.code, made.title, *[""] * 5, made.date, *[""] * 4,
                   _words(made.evidence), *end)  # fmt: skip
        for number, line in enumerate(draft.lines, 1):
            yield (
                *head, "line", number, line.system, line.code, line.title, "", "", " ".join(line.modifiers),
                f"{line.units:f}", "" if line.charge is None else f"{line.charge:f}", line.date, line.revenue,
                line.place_of_service, " ".join(str(one.position) for one in line.pointers),
                "; ".join(f"{one.position}: {one.why}" for one in line.pointers), _words(line.evidence), *end,
            )  # fmt: skip


def _words(evidence: Iterable[Mention]) -> str:
    return " | ".join(mention.text for mention in evidence)
