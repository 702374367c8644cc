"""Routes for other programs: suggest, search, check, claim, what was decided, how the server does."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from leadterm import __version__
from leadterm.claim.claim_text import claim_text
from leadterm.claim.drafting import draft_claim
from leadterm.decisions.changes import reasons
from leadterm.errors import LeadtermError
from leadterm.pages.suggestion_fhir import suggestion_bundle
from leadterm.review.asked import check_codes_of, found_codes, read_encounter, read_fhir
from leadterm.review.desk import Forbidden
from leadterm.review.requests import (
    AccountForm,
    CheckForm,
    ClaimForm,
    FindForm,
    ShowForm,
    SuggestForm,
)
from leadterm.review.routes import CLAIMS, At
from leadterm.review.tree import code_view
from leadterm.schema import Encounter

__all__ = ["api_router"]

api_router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[int, Query(ge=0, le=2**62)]


@api_router.post("/api/suggest")
def suggest(form: SuggestForm, desk: At) -> Any:
    """Codes for a text, an encounter, several, or FHIR; as `leadterm suggest --format json` or `fhir` gives them."""
    given = _encounters(form)
    found = [(one, desk.bench.ask(one, form.systems, form.top)) for one in given]
    if form.format == "fhir":
        return suggestion_bundle(found)
    return {"results": [result.to_json() for _, result in found]}


def _encounters(form: SuggestForm) -> list[Encounter]:
    ways = [form.text is not None, form.encounter is not None, form.encounters is not None, form.fhir is not None]
    if sum(ways) != 1:
        raise LeadtermError("what is to be coded?", hint="Give one of: text, encounter, encounters, fhir.")
    if form.fhir is not None:
        return read_fhir(form.fhir)
    if form.encounters is not None:
        return [read_encounter(given=one) for one in form.encounters]
    return [read_encounter(form.text or "", form.encounter)]


@api_router.post("/api/codes/search")
def search(form: FindForm, desk: At) -> dict[str, Any]:  # noqa: ARG001 who asks must be known
    """Codes by words, or by the beginning of a code."""
    return {"hits": found_codes(form.system, form.text, form.date, form.top)}


@api_router.post("/api/codes/show")
def show(form: ShowForm, desk: At) -> dict[str, Any]:  # noqa: ARG001
    """What the classification says of a code."""
    return code_view(form.system, form.code, form.date)


@api_router.post("/api/check")
def check(form: CheckForm, desk: At) -> dict[str, Any]:
    """A coder's codes against the note and the rules; as `leadterm check --format json` gives it."""
    encounter = read_encounter(form.text or "", form.encounter)
    return check_codes_of(desk.bench.model, encounter, form.codes)


@api_router.post("/api/claim")
def claim(form: ClaimForm, desk: At) -> Response:
    """The claim for an encounter with its codes; as `leadterm claim` gives it."""
    encounter, sources = read_encounter(given=form.encounter), desk.bench.sources
    draft = draft_claim(encounter, sources.book.of(encounter.encounter_id), edits=sources.edits, site=sources.site)
    return Response(claim_text([draft], form.format), media_type=CLAIMS[form.format][1])


@api_router.get("/api/decisions")
def decisions(desk: At, after: After = 0, limit: Limit = 100) -> dict[str, Any]:
    """What was decided, in the order in which it was kept: by all for who audits, else one's own."""
    who = "" if desk.person.audits else desk.person.name
    rows = desk.bench.store.page(after, limit, who)
    if rows and not who:
        desk.bench.store.looked(desk.person.name, "decisions")
    return {"decisions": rows, "reasons": [{"name": name, "said": said} for _, name, said in reasons()]}


@api_router.get("/api/looks")
def looks(desk: At, limit: Limit = 100) -> dict[str, Any]:
    """Who looked at what."""
    if not desk.person.audits:
        raise Forbidden("only an auditor sees who looked at what.", hint="Ask for the role.")
    return {"looks": desk.bench.store.looks(limit)}


@api_router.post("/api/accounts")
def invite(form: AccountForm, desk: At, request: Request) -> dict[str, Any]:
    """A token for somebody; it is told this once. An earlier one of theirs holds no longer."""
    if desk.person.role != "admin":
        raise Forbidden("only an admin invites.", hint="Ask for the role.")
    return {"name": form.name, "role": form.role, "token": request.app.state.accounts.invite(form.name, form.role)}


@api_router.get("/api/health")
def health(desk: At) -> dict[str, Any]:
    """Whether it works."""
    return {"status": "ok", "version": __version__, "encounters": len(desk.bench.encounters)}


@api_router.get("/api/metrics")
def metrics(desk: At, request: Request) -> Response:
    """Figures of the server, as Prometheus reads them."""
    text, media = request.app.state.meter.text(desk.bench)
    return Response(text, media_type=media)
