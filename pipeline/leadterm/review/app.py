"""The server's application: the page and the REST API; nothing that could be text of a note stands in an address."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse

from leadterm import __version__
from leadterm.claim.claim_text import claim_text
from leadterm.decisions.accounts import Accounts, Person
from leadterm.decisions.decision_store import Conflict
from leadterm.errors import LeadtermError
from leadterm.pages.render import render
from leadterm.review.api_routes import api_router
from leadterm.review.desk import Desk, Forbidden
from leadterm.review.guard import LOOPBACK, POLICY, Gate, problem
from leadterm.review.meter import Meter
from leadterm.review.routes import At, router
from leadterm.review.team_routes import team_router
from leadterm.review.views import state_view
from leadterm.review.workbench import Workbench

__all__ = ["make_app"]

TYPES = {"js": "text/javascript", "css": "text/css", "txt": "text/plain", "svg": "image/svg+xml"}


def make_app(bench: Workbench, token: str, *, hosts: Sequence[str] = LOOPBACK, secure: bool = False) -> FastAPI:
    """Make the server's application; ``token`` is that of the person at this machine."""
    app = FastAPI(title="leadterm review", version=__version__, docs_url=None, redoc_url=None)
    app.state.bench, app.state.accounts = bench, Accounts(bench.store)
    app.state.meter = Meter()
    Gate(token, Person(bench.who, "admin"), app.state.accounts, tuple(hosts), secure).install(app)
    _explain(app)
    _pages(app)
    app.include_router(router)
    app.include_router(team_router)
    app.include_router(api_router)
    return app


def _explain(app: FastAPI) -> None:
    """Turn errors into answers that never hold text of a note."""

    @app.exception_handler(Conflict)
    def conflict(request: Request, error: Conflict) -> JSONResponse:
        final = request.query_params.get("final") == "true"
        desk = Desk.of(request.app.state.bench, request.state.person, final=final)
        return problem(409, str(error), state=state_view(desk, int(request.path_params["number"])))

    @app.exception_handler(Forbidden)
    def forbidden(request: Request, error: Forbidden) -> JSONResponse:  # noqa: ARG001 the framework's signature
        return problem(403, str(error))

    @app.exception_handler(LeadtermError)
    def wrong(request: Request, error: LeadtermError) -> JSONResponse:  # noqa: ARG001 the framework's signature
        return problem(400, str(error))

    @app.exception_handler(RequestValidationError)
    def misshapen(request: Request, error: RequestValidationError) -> JSONResponse:  # noqa: ARG001
        places = [".".join(str(part) for part in one["loc"][1:4]) for one in error.errors()]
        return problem(422, f"the request is not as it should be at: {', '.join(places[:5])}.")


def _pages(app: FastAPI) -> None:
    assets = _assets()

    @app.get("/", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(render("workbench.html", who=request.state.person.name, version=__version__))

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in assets:
            return problem(404, "no such file.")
        return Response(assets[name], media_type=TYPES[name.rpartition(".")[2]])

    @app.get("/claim/{number}", include_in_schema=False)
    def claim(number: int, desk: At) -> HTMLResponse:
        made = claim_text([desk.claim(number)], "html")
        return HTMLResponse(made, headers={"Content-Security-Policy": POLICY.format(style=_hashes(made))})


def _assets() -> Mapping[str, bytes]:
    """The files of the page, by name; the style sheet is that of all pages."""
    found = {file.name: file.read_bytes() for file in (files("leadterm.review") / "static").iterdir()}
    return {**found, "style.css": (files("leadterm.pages") / "templates" / "style.css").read_bytes()}


def _hashes(page: str) -> str:
    """Allow exactly the style sheets that a page of ours brings along."""
    sheets = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    return "".join(f" 'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in sheets)
