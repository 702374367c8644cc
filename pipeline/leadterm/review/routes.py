"""The routes of the API: each asks the workbench and gives plain JSON."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response

from leadterm import __version__
from leadterm.claim.claim_text import claim_text
from leadterm.review.requests import BranchForm, ClaimFormat, CodeForm, DecisionForm, SearchForm
from leadterm.review.views import (
    branch_view,
    code_view,
    encounter_view,
    findings_view,
    list_view,
    queries_view,
    reasons_view,
    state_view,
)
from leadterm.review.workbench import Workbench

__all__ = ["add_routes"]

CLAIMS = {"json": ("json", "application/json"), "csv": ("csv", "text/csv"), "x12": ("837", "text/plain"),
          "fhir": ("fhir.json", "application/fhir+json")}  # fmt: skip


def add_routes(app: FastAPI, bench: Workbench) -> None:
    """Add the routes of the API."""
    _encounters(app, bench)
    _record(app, bench)
    _codes(app, bench)


def _encounters(app: FastAPI, bench: Workbench) -> None:
    @app.get("/api/encounters")
    def encounters() -> dict[str, Any]:
        return {"encounters": list_view(bench), "who": bench.who}

    @app.get("/api/encounters/{number}")
    def encounter(number: int) -> dict[str, Any]:
        return {**encounter_view(bench, number), "reasons": reasons_view()}

    @app.get("/api/encounters/{number}/state")
    def state(number: int) -> dict[str, Any]:
        return state_view(bench, number)

    @app.post("/api/encounters/{number}/decisions")
    def decide(number: int, form: DecisionForm) -> dict[str, Any]:
        bench.decide(number, form.id, form.seen, [one.change() for one in form.changes])
        return state_view(bench, number)


def _record(app: FastAPI, bench: Workbench) -> None:
    @app.get("/api/encounters/{number}/findings")
    def findings(number: int) -> dict[str, Any]:
        return findings_view(bench, number)

    @app.get("/api/encounters/{number}/queries")
    def queries(number: int) -> dict[str, Any]:
        return {"queries": queries_view(bench, number)}

    @app.get("/api/encounters/{number}/claim")
    def claim(number: int, format: ClaimFormat = "json") -> Response:
        ending, media = CLAIMS[format]
        name = f"claim-{number + 1}.{ending}"
        return Response(claim_text([bench.claim(number)], format), media_type=media,
                        headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip


def _codes(app: FastAPI, bench: Workbench) -> None:
    @app.post("/api/encounters/{number}/search")
    def search(number: int, form: SearchForm) -> dict[str, Any]:
        found = bench.search(number, form.text)
        return {"hits": [{"system": one.system, "code": one.hit.code, "title": one.hit.title, "term": one.hit.term,
                          "billable": one.hit.billable} for one in found]}  # fmt: skip

    @app.post("/api/encounters/{number}/code")
    def code(number: int, form: CodeForm) -> dict[str, Any]:
        return code_view(bench.encounter(number), form.system, form.code)

    @app.post("/api/encounters/{number}/branch")
    def branch(number: int, form: BranchForm) -> dict[str, Any]:
        return branch_view(bench.encounter(number), form.system, form.node)

    @app.get("/api/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "encounters": len(bench.encounters)}
