"""The routes of the page: each asks the workbench as the person who is logged in, and gives plain JSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from leadterm.claim.claim_text import claim_text
from leadterm.review.desk import Desk
from leadterm.review.requests import BranchForm, ClaimFormat, CodeForm, DecisionForm, SearchForm
from leadterm.review.tree import branch_view, code_view
from leadterm.review.views import (
    encounter_view,
    findings_view,
    list_view,
    queries_view,
    reasons_view,
    state_view,
)

__all__ = ["CLAIMS", "At", "desk_of", "router"]

CLAIMS = {"json": ("json", "application/json"), "csv": ("csv", "text/csv"), "x12": ("837", "text/plain"),
          "fhir": ("fhir.json", "application/fhir+json")}  # fmt: skip
router = APIRouter()


def desk_of(request: Request, final: bool = False) -> Desk:
    """Seat who asks; ``final``: at the version that counts, where people code the same apart."""
    bench = request.app.state.bench
    bench.store.refresh()
    return Desk.of(bench, request.state.person, final=final)


At = Annotated[Desk, Depends(desk_of)]


@router.get("/api/encounters")
def encounters(desk: At) -> dict[str, Any]:
    """The work list."""
    mode = desk.bench.mode
    return {"encounters": list_view(desk), "store": desk.bench.store.mark, "who": desk.person.name,
            "role": desk.person.role, "double": mode.double, "blind": mode.blind,
            "practise": bool(mode.answers)}  # fmt: skip


@router.get("/api/encounters/{number}")
def encounter(number: int, desk: At) -> dict[str, Any]:
    """An encounter: notes, suggestions, where it stands."""
    told = {**encounter_view(desk, number), "reasons": reasons_view()}
    desk.bench.store.looked(desk.person.name, "encounter", desk.bench.encounter(number).encounter_id)
    return told


@router.get("/api/encounters/{number}/state")
def state(number: int, desk: At) -> dict[str, Any]:
    """Where an encounter stands."""
    return state_view(desk, number)


@router.post("/api/encounters/{number}/decisions")
def decide(number: int, form: DecisionForm, desk: At) -> dict[str, Any]:
    """Keep what was decided; it is on the disk when this answers."""
    desk.decide(number, form.id, form.seen, [one.change() for one in form.changes])
    return state_view(desk, number)


@router.get("/api/encounters/{number}/findings")
def findings(number: int, desk: At) -> dict[str, Any]:
    """What the rules say of the codes decided for."""
    return findings_view(desk, number)


@router.get("/api/encounters/{number}/queries")
def queries(number: int, desk: At) -> dict[str, Any]:
    """Questions to the provider that the record raises."""
    return {"queries": queries_view(desk, number)}


@router.get("/api/encounters/{number}/claim")
def claim(number: int, desk: At, format: ClaimFormat = "json") -> Response:
    """The claim as a file."""
    ending, media = CLAIMS[format]
    named = {"Content-Disposition": f'attachment; filename="claim-{number + 1}.{ending}"'}
    return Response(claim_text([desk.claim(number)], format), media_type=media, headers=named)


@router.post("/api/encounters/{number}/search")
def search(number: int, form: SearchForm, desk: At) -> dict[str, Any]:
    """Codes by words, or by the beginning of a code."""
    found = desk.bench.search(number, form.text)
    return {"hits": [{"system": one.system, "code": one.hit.code, "title": one.hit.title, "term": one.hit.term,
                      "billable": one.hit.billable} for one in found]}  # fmt: skip


@router.post("/api/encounters/{number}/code")
def code(number: int, form: CodeForm, desk: At) -> dict[str, Any]:
    """What the classification says of a code, and what could stand in its place."""
    return code_view(form.system, form.code, desk.bench.encounter(number).date_of_service)


@router.post("/api/encounters/{number}/branch")
def branch(number: int, form: BranchForm, desk: At) -> dict[str, Any]:
    """A place of the hierarchy and what lies below it."""
    return branch_view(form.system, form.node, desk.bench.encounter(number).date_of_service)
