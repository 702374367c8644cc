"""Run the workbench on this machine: 127.0.0.1, a fresh token, nothing in a log."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from threading import Thread

from leadterm.errors import LeadtermError
from leadterm.review.workbench import Workbench

__all__ = ["serve"]

HOST = "127.0.0.1"


def serve(bench: Workbench, port: int, ready: Callable[[str], object]) -> None:
    """Serve until interrupted; ``ready`` is told the address once it answers. Port 0 takes a free one.

    Raises
    ------
    LeadtermError
        If the port is taken.
    """
    import uvicorn

    from leadterm.review.app import make_app

    token = secrets.token_urlsafe(24)
    held = _bind(port)
    config = uvicorn.Config(make_app(bench, token), log_level="error", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    Thread(target=bench.read_all, daemon=True).start()
    ready(f"http://{HOST}:{held.getsockname()[1]}/?token={token}")
    server.run(sockets=[held])


def _bind(port: int) -> socket.socket:
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((HOST, port))
    except (OSError, OverflowError):
        held.close()
        raise LeadtermError(f"port {port} cannot be used.", hint="Give another with --port, or 0 for any.") from None
    return held
