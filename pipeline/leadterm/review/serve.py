"""Run the workbench: on this machine alone, or for others behind TLS and tokens; nothing in a log."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from leadterm.errors import LeadtermError
from leadterm.review.workbench import Workbench

__all__ = ["Listening", "serve"]

HOST = "127.0.0.1"
FIRST_PORT, PORTS = 20_000, 10_000  # below those that systems give away
IDLE = 20  # seconds that a connection may stay without a request


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens.

    ``port``: None takes that of the decisions, so that a browser finds again what it kept while the server was away;
    0 any. ``names``: under which it is asked for, where others reach it. ``plain``: without TLS though they do.
    """

    host: str = HOST
    port: int | None = None
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    plain: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self, people: int) -> Listening:
        """Give it itself; `LeadtermError` if others could listen in, or nobody has a token of their own."""
        if (self.certificate is None) != (self.key is None):
            raise LeadtermError("TLS needs a certificate and its key.", hint="Give --tls-cert and --tls-key.")
        if self.is_local:
            return self
        if self.certificate is None and not self.plain:
            hint = "Give --tls-cert and --tls-key; or --plain-http, behind a proxy that speaks TLS."
            raise LeadtermError(f"others would reach {self.host} without TLS.", hint=hint)
        if not people:
            raise LeadtermError("nobody has a token yet.", hint="Invite somebody first: --invite NAME --role admin.")
        if not self.names:
            raise LeadtermError("under which name is it asked for?", hint="Give it: --name bench.example.org.")
        return self


def serve(bench: Workbench, where: Listening, ready: Callable[[str], object]) -> None:
    """Serve until interrupted; ``ready`` is told the address once it answers.

    ``LeadtermError`` if the port is taken, or what is listened on is not safe.
    """
    import uvicorn

    from leadterm.decisions.accounts import Accounts
    from leadterm.review.app import make_app
    from leadterm.review.guard import LOOPBACK

    where.check(Accounts(bench.store).count())
    token = secrets.token_urlsafe(24)
    held = _usual(bench, where.host) if where.port is None else _bind(where.port, where.host)
    hosts = (*where.names, *LOOPBACK) if where.names else (where.host, *LOOPBACK)
    app = make_app(bench, token, hosts=hosts, secure=where.certificate is not None)
    config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False, timeout_keep_alive=IDLE,
                            ssl_certfile=where.certificate, ssl_keyfile=where.key)  # fmt: skip
    try:
        config.load()
    except (OSError, ssl.SSLError):
        held.close()
        raise LeadtermError("the certificate or its key cannot be used.", hint="Give files in PEM.") from None
    Thread(target=bench.read_all, daemon=True).start()
    name = where.names[0] if where.names else where.host
    scheme = "https" if where.certificate else "http"
    ready(f"{scheme}://{name}:{held.getsockname()[1]}/?token={token}")
    uvicorn.Server(config).run(sockets=[held])


def _usual(bench: Workbench, host: str) -> socket.socket:
    """Take the port that these decisions have each time; any where it is taken."""
    try:
        return _bind(FIRST_PORT + int(bench.store.mark, 16) % PORTS, host)
    except LeadtermError:
        return _bind(0, host)


def _bind(port: int, host: str = HOST) -> socket.socket:
    # asyncio turns Nagle's waiting off only for sockets that say they are TCP; with it, every answer takes 40 ms more.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    held = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host, port))
    except (OSError, OverflowError):
        held.close()
        raise LeadtermError(f"port {port} cannot be used.", hint="Give another with --port, or 0 for any.") from None
    return held
