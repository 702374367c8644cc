"""The REST API and the page, for this machine alone.

Every request needs the token, as a cookie or a bearer; nothing that could be text of a note stands in an address.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from secrets import compare_digest
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from leadterm import __version__
from leadterm.claim.claim_text import claim_text
from leadterm.errors import LeadtermError, place_of
from leadterm.pages.render import render
from leadterm.review.decision_file import Conflict
from leadterm.review.routes import add_routes
from leadterm.review.views import state_view
from leadterm.review.workbench import Workbench

__all__ = ["make_app"]

MOST_BYTES = 1_000_000
HOSTS = ("127.0.0.1", "localhost")
TYPES = {"js": "text/javascript", "css": "text/css", "txt": "text/plain", "svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'{style}; connect-src 'self'; img-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")  # fmt: skip
HEADERS = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
Next = Callable[[Request], Awaitable[Response]]


def make_app(bench: Workbench, token: str) -> FastAPI:
    """Make the server's application."""
    app = FastAPI(title="leadterm review", version=__version__, docs_url=None, redoc_url=None)
    _guard(app, token)
    _explain(app, bench)
    _pages(app, bench)
    add_routes(app, bench)
    return app


def _guard(app: FastAPI, token: str) -> None:
    """Let in only who has the token, from this machine, with a body of bearable size; and set the headers."""

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        try:
            response = _refused(request, token) or await call_next(request)
        except Exception as error:  # noqa: BLE001  its message and traceback, which a server would log, may hold text
            response = _problem(500, f"a fault of leadterm: {place_of(error)}. Please report it.")
        response.headers.update({**HEADERS, "Content-Security-Policy": POLICY.format(style=""), **response.headers})
        return response


def _refused(request: Request, token: str) -> Response | None:
    name = cookie_name(request.url.port)
    if request.url.hostname not in HOSTS:
        return _problem(400, "this server answers only under 127.0.0.1.")
    if request.url.path == "/" and _is(request.query_params.get("token", ""), token):
        entered = RedirectResponse("/", 303)
        entered.set_cookie(name, token, httponly=True, samesite="strict")
        return entered
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not any(_is(one, token) for one in (request.cookies.get(name, ""), bearer)):
        return _problem(401, "no access. Open the address that 'leadterm review' printed.")
    origin = request.headers.get("origin")
    if request.method != "GET" and origin and origin != f"{request.url.scheme}://{request.url.netloc}":
        return _problem(403, "a page of another origin may not decide anything.")
    size = request.headers.get("content-length", "0" if request.method == "GET" else "")
    if not size.isdigit() or int(size) > MOST_BYTES:
        return _problem(413, f"a request may have {MOST_BYTES:,} bytes and must say how many it has.")
    return None


def _is(given: str, token: str) -> bool:
    return compare_digest(given.encode(), token.encode())


def cookie_name(port: int | None) -> str:
    """Name the cookie; cookies know no ports, and two servers must not take each other's."""
    return f"leadterm-{port or 80}"


def _problem(status: int, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"message": message, **more}, status)


def _explain(app: FastAPI, bench: Workbench) -> None:
    """Turn errors into answers that never hold text of a note."""

    @app.exception_handler(Conflict)
    def conflict(request: Request, error: Conflict) -> JSONResponse:
        number = int(request.path_params["number"])
        return _problem(409, str(error), state=state_view(bench, number))

    @app.exception_handler(LeadtermError)
    def wrong(request: Request, error: LeadtermError) -> JSONResponse:  # noqa: ARG001 the framework's signature
        return _problem(400, str(error))

    @app.exception_handler(RequestValidationError)
    def misshapen(request: Request, error: RequestValidationError) -> JSONResponse:  # noqa: ARG001
        places = [".".join(str(part) for part in one["loc"][1:4]) for one in error.errors()]
        return _problem(422, f"the request is not as it should be at: {', '.join(places[:5])}.")


def _pages(app: FastAPI, bench: Workbench) -> None:
    assets = _assets()

    @app.get("/", include_in_schema=False)
    def page() -> HTMLResponse:
        return HTMLResponse(render("workbench.html", who=bench.who, version=__version__))

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in assets:
            return _problem(404, "no such file.")
        return Response(assets[name], media_type=TYPES[name.rpartition(".")[2]])

    @app.get("/claim/{number}", include_in_schema=False)
    def claim(number: int) -> HTMLResponse:
        made = claim_text([bench.claim(number)], "html")
        return HTMLResponse(made, headers={"Content-Security-Policy": POLICY.format(style=_hashes(made))})


def _assets() -> Mapping[str, bytes]:
    """The files of the page, by name; the style sheet is that of all pages."""
    found = {file.name: file.read_bytes() for file in (files("leadterm.review") / "static").iterdir()}
    return {**found, "style.css": (files("leadterm.pages") / "templates" / "style.css").read_bytes()}


def _hashes(page: str) -> str:
    """Allow exactly the style sheets that a page of ours brings along."""
    sheets = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    return "".join(f" 'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in sheets)
