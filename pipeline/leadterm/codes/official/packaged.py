"""The default lists that come with leadterm: tables with their source and ``# release:`` in the header."""

from __future__ import annotations

from pathlib import Path

from leadterm.codes.official.draft import Row
from leadterm.storage.tsv import parse_table

__all__ = ["packaged_facts", "packaged_rows", "stated_release"]

RELEASE = "# release: "


def stated_release(path: Path) -> str:
    """Give the release that the header of a table states; nothing for any other file."""
    if path.suffix != ".tsv":
        return ""
    with path.open(encoding="utf-8") as file:
        return next((entry.removeprefix(RELEASE).strip() for entry in file if entry.startswith(RELEASE)), "")


def packaged_rows(path: Path) -> list[Row]:
    """Read codes and titles, with their days where the table has them."""
    return [
        Row(row["code"], row["title"], since=int(row.get("since") or 0), until=int(row.get("until") or 0))
        for row in parse_table(path.read_text(encoding="utf-8"), path.name)
    ]


def packaged_facts(path: Path, names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Read what a table says beside titles and days: code, name of the fact, value."""
    table = parse_table(path.read_text(encoding="utf-8"), path.name)
    columns = [(name, name.replace(" ", "_")) for name in names]
    return [(row["code"], name, row[column]) for row in table for name, column in columns if row.get(column)]
