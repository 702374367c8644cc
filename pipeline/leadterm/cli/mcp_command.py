"""``leadterm mcp``: an offline, read-only MCP server over standard input and output."""

from __future__ import annotations

from typing import Annotated

import typer

from leadterm.errors import LeadtermError

__all__ = ["mcp"]

Model = Annotated[str, typer.Option("--model", metavar="M", help="Name or folder of a model.")]


def mcp(model: Model = "default") -> None:
    """Serve codes to a program that speaks the Model Context Protocol, over standard input and output.

    Tools: suggest, search, show, check. Nothing leaves this machine, nothing is kept, nothing can be changed.
    """
    try:
        from leadterm.review.mcp_server import make_server

        server = make_server(model)
    except ModuleNotFoundError as error:
        hint = "Install it with: pip install 'leadterm[mcp]'"
        raise LeadtermError(f"the MCP server needs the package '{error.name}'.", hint=hint) from None
    server.run("stdio")
