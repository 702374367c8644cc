"""An offline, read-only MCP server: a language model's program asks leadterm for codes, and cannot change anything."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from leadterm import __version__
from leadterm.review.asked import check_codes_of, found_codes, read_encounter
from leadterm.review.tree import code_view

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from leadterm.suggester import Suggester

__all__ = ["make_server"]

SAID = (
    "Medical codes for clinical notes, from this machine alone: nothing is sent anywhere, nothing is kept. Suggestions "
    "come with the words that support them, as characters of the note as given. A coder must confirm every code."
)


def make_server(model: str = "default") -> MCPServer[Any]:
    """Make the server; the model is loaded when it is first needed."""
    from mcp.server import MCPServer
    from mcp.types import ToolAnnotations

    server: MCPServer[Any] = MCPServer("leadterm", instructions=SAID, version=__version__)
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

    @cache
    def engine() -> Suggester:
        from leadterm.models import load

        return load(model)

    def suggest(note: str, top: int = 20) -> dict[str, Any]:
        """Suggest codes for a clinical note, best first, each with its evidence and confidence."""
        return engine().suggest(read_encounter(note), top=max(1, min(top, 200))).to_json()

    def search(words: str, system: str = "icd10cm", top: int = 12) -> list[dict[str, Any]]:
        """Find codes of a system (icd10cm, icd10pcs, hcpcs) by words or by the beginning of a code."""
        return found_codes(system, words, top=max(1, top))

    def show(code: str, system: str = "icd10cm") -> dict[str, Any]:
        """Show what the classification says of a code: title, place, instructions, codes that could stand instead."""
        return code_view(system, code)

    def check(note: str, codes: list[str]) -> dict[str, Any]:
        """Check a coder's codes against a clinical note and the coding rules: findings, questions to the provider."""
        return check_codes_of(engine(), read_encounter(note), codes)

    for tool in (suggest, search, show, check):
        server.tool(annotations=reads)(tool)
    return server
