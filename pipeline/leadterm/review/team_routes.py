"""Routes of what several people do together: bulk decisions, deciding between coders, figures, exercises."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from leadterm.errors import LeadtermError
from leadterm.review.bulk import decide_all, open_codes, preview, undo_all
from leadterm.review.desk import Forbidden
from leadterm.review.figures import figures
from leadterm.review.requests import BulkForm, NumbersForm, PreviewForm, UndoForm
from leadterm.review.routes import At
from leadterm.review.together import corrections_view, score_view, versions_view

__all__ = ["team_router"]

team_router = APIRouter()


@team_router.post("/api/bulk/codes")
def bulk_codes(form: NumbersForm, desk: At) -> dict[str, Any]:
    """Codes that are suggested and undecided in these encounters."""
    return {"codes": open_codes(desk, form.numbers)}


@team_router.post("/api/bulk/preview")
def bulk_preview(form: PreviewForm, desk: At) -> dict[str, Any]:
    """Where a code would be decided on, with the words that support it."""
    return {"rows": preview(desk, (form.system, form.code), form.numbers)}


@team_router.post("/api/bulk")
def bulk(form: BulkForm, desk: At) -> dict[str, Any]:
    """Accept or reject a code in many encounters."""
    return {"done": decide_all(desk, form.id, form.action, (form.system, form.code), form.numbers, form.reason)}


@team_router.post("/api/bulk/undo")
def bulk_undo(form: UndoForm, desk: At) -> dict[str, Any]:
    """Take it back."""
    return {"done": undo_all(desk, form.id, form.numbers)}


@team_router.get("/api/encounters/{number}/versions")
def versions(number: int, desk: At) -> dict[str, Any]:
    """What each coder made of an encounter, for who decides between them."""
    if not desk.person.audits:
        raise Forbidden("only an auditor sees the versions of others.", hint="Ask for the role.")
    return versions_view(desk.bench, number)


@team_router.get("/api/encounters/{number}/score")
def score(number: int, desk: At) -> dict[str, Any]:
    """How a learner did on an exercise that is finished."""
    if not desk.bench.mode.answers:
        raise LeadtermError("these encounters are no exercises.", hint="Start with --practise.")
    if not desk.standing(number).finished:
        raise LeadtermError("this exercise is not finished.", hint="Finish it first (Ctrl+Enter).")
    return score_view(desk, number)


@team_router.get("/api/corrections")
def corrections(desk: At) -> dict[str, Any]:
    """What others changed of what this person decided."""
    return {"corrections": corrections_view(desk)}


@team_router.get("/api/figures")
def all_figures(desk: At) -> dict[str, Any]:
    """What decisions tell."""
    if not desk.person.audits:
        raise Forbidden("only an auditor sees the figures.", hint="Ask for the role.")
    desk.bench.store.looked(desk.person.name, "figures")
    return figures(desk.bench, desk.bench.mode.baseline)
