"""Who is let in, from where, how often, and with how much; and what every answer says to the browser."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import compare_digest
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse

from leadterm.decisions.accounts import Accounts, Person
from leadterm.errors import place_of

__all__ = ["LOOPBACK", "POLICY", "Gate", "problem"]

MOST_BYTES, MOST_SECONDS = 1_000_000, 20.0
LOOPBACK = ("127.0.0.1", "localhost")
MOST_REQUESTS, MOST_FAILURES, WINDOW = 1200, 10, 60.0
SESSION = 12 * 3600.0  # seconds that somebody stays in
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'{style}; connect-src 'self'; img-src 'self'; "
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")  # fmt: skip
HEADERS = {
    "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
READS = ("GET", "HEAD", "OPTIONS")
OURS = "x-leadterm"  # a header that a page of another origin cannot send
Next = Callable[[Request], Awaitable[Response]]


def problem(status: int, message: str, **more: Any) -> JSONResponse:
    """Answer that something cannot be."""
    return JSONResponse({"message": message, **more}, status)


@dataclass
class Gate:
    """Lets people in by token or by the session that a token began.

    ``token`` is that of the person at this machine, who may do everything here; others have accounts. ``hosts``: the
    names under which the server answers. ``secure``: whether it speaks TLS.
    """

    token: str
    owner: Person
    accounts: Accounts
    hosts: tuple[str, ...] = LOOPBACK
    secure: bool = False
    _sessions: dict[str, tuple[str, float]] = field(default_factory=dict)  # the token that began it, and until when
    _recent: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def install(self, app: FastAPI) -> None:
        """Stand before every route of an app."""

        @app.middleware("http")
        async def guard(request: Request, call_next: Next) -> Response:
            began = time.perf_counter()
            try:
                response = await self._refused(request) or await call_next(request)
            except Exception as error:  # noqa: BLE001  its message and traceback, which a server would log, may hold text
                response = problem(500, f"a fault of leadterm: {place_of(error)}. Please report it.")
            route = getattr(request.scope.get("route"), "path", "none")
            app.state.meter.count(route, response.status_code, time.perf_counter() - began)
            response.headers.update({**HEADERS, "Content-Security-Policy": POLICY.format(style=""), **response.headers})
            return response

    async def _refused(self, request: Request) -> Response | None:
        """Answer at once whom nothing else is told; else note who asks."""
        if request.url.hostname not in self.hosts:
            return problem(400, f"this server answers only under {self.hosts[0]}.")
        client = f"failed {request.client.host if request.client else ''}"
        given = request.query_params.get("token", "") if request.url.path == "/" else ""
        if given and await self._person(given, client):
            return self._entered(request, given)
        token, by_cookie = self._token(request)
        person = await self._person(token, client)
        if person is None:
            if self._too_often(client, MOST_FAILURES):
                return problem(429, "too many tries without access. Wait a minute.")
            return problem(401, "no access. Open the address that 'leadterm review' printed.")
        if self._too_often(person.name, MOST_REQUESTS):
            return problem(429, "too many requests. Wait a minute.")
        request.state.person = person
        if request.method in READS:
            return None
        return self._foreign(request, by_cookie) or await self._too_much(request)

    def _entered(self, request: Request, token: str) -> Response:
        """Begin a session, and leave no token in the address."""
        session, now = secrets.token_urlsafe(32), time.monotonic()
        self._sessions = {name: one for name, one in self._sessions.items() if one[1] > now}
        self._sessions[sha256(session.encode()).hexdigest()] = (token, now + SESSION)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(_cookie(request), session, httponly=True, samesite="strict", secure=self.secure)
        return answer

    def _token(self, request: Request) -> tuple[str, bool]:
        """The token that somebody shows, or began their session with; and whether it was a session."""
        session = request.cookies.get(_cookie(request), "")
        token, until = self._sessions.get(sha256(session.encode()).hexdigest(), ("", 0.0))
        if until > time.monotonic():
            return token, True
        return request.headers.get("authorization", "").removeprefix("Bearer "), False

    async def _person(self, token: str, client: str) -> Person | None:
        """Tell whose a token is; one that is new is not even looked at where there were too many tries."""
        if compare_digest(token.encode(), self.token.encode()):
            return self.owner
        if ":" not in token:
            return None
        if found := self.accounts.person(token, slow=False):
            return found
        if self._is_shut(client):
            return None
        return await run_in_threadpool(self.accounts.person, token)

    def _is_shut(self, name: str) -> bool:
        """Tell whether somebody without access tried too often."""
        return len([at for at in self._recent[name] if at >= time.monotonic() - WINDOW]) >= MOST_FAILURES

    def _too_often(self, name: str, most: int) -> bool:
        """Count what came within the window; True from the one too many on."""
        times, now = self._recent[name], time.monotonic()
        while times and times[0] < now - WINDOW:
            times.popleft()
        if len(times) >= most:
            return True
        times.append(now)
        return False

    def _foreign(self, request: Request, by_cookie: bool) -> Response | None:
        """Refuse what a page of another origin makes a browser send."""
        origin = request.headers.get("origin")
        if origin and origin != f"{request.url.scheme}://{request.url.netloc}":
            return problem(403, "a page of another origin may not decide anything.")
        if by_cookie and (request.headers.get("sec-fetch-site", "same-origin") != "same-origin"
                          or OURS not in request.headers):  # fmt: skip
            return problem(403, "this was not sent by the page of this server.")
        return None

    async def _too_much(self, request: Request) -> Response | None:
        """Refuse bodies too big, of no told size, or that take too long to come."""
        size = request.headers.get("content-length", "")
        if not (size.isascii() and size.isdigit()) or int(size) > MOST_BYTES:
            return problem(413, f"a request may have {MOST_BYTES:,} bytes and must say how many it has.")
        try:
            await asyncio.wait_for(request.body(), MOST_SECONDS)
        except TimeoutError:
            return problem(408, f"a request has {MOST_SECONDS:g} seconds to arrive.")
        return None


def _cookie(request: Request) -> str:
    """Name the cookie; cookies know no ports, and two servers must not take each other's."""
    return f"leadterm-{request.url.port or 80}"
