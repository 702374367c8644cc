"""Installed parts of a release: one plain tab-separated file each, with a header and a checksum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.storage.tsv import iter_rows, rows_text

__all__ = [
    "AXIS_KINDS", "KINDS", "NAME", "TERM_KINDS", "Component", "component_text", "list_components", "read_component",
    "read_part",
]  # fmt: skip

FORMAT = "leadterm codes 1"
AXIS_KINDS = ("tables", "definitions", "procedure index")
TERM_KINDS = ("index", "neoplasm", "drug", "external cause")
ENTRY = ("level", "title", "modifiers", "code", "manifestation", "see", "see also", "cells")
AXIS = ("what", "where", "code", "text")
COLUMNS = {
    "tabular": ("kind", "depth", "name", "text"),
    "codes": ("code", "title", "billable", "since", "until"),
    "facts": ("code", "fact", "value"),
    **dict.fromkeys(TERM_KINDS, ENTRY),
    "tables": AXIS, "definitions": AXIS, "procedure index": ("path", "way", "text", "codes"),
}
KINDS = tuple(COLUMNS)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of systems and releases that can be installed: they become folders."""


@dataclass(frozen=True, slots=True)
class Component:
    """One part of one release."""

    system: str
    release: str
    kind: str
    path: Path
    rows: int
    sha256: str
    packaged: bool = False


def component_text(system: str, release: str, kind: str, rows: Iterable[Sequence[str]]) -> str:
    """Write the text of a component file.

    >>> print(component_text("own", "1", "codes", [("A1", "Arm", "1", "0", "0")]).splitlines()[-1].split())
    ['A1', 'Arm', '1', '0', '0']
    """
    body = rows_text(COLUMNS[kind], rows)
    digest = hashlib.sha256(body.encode("utf-8")).hexdigest()
    facts = {"system": system, "release": release, "kind": kind, "rows": str(body.count("\n")), "sha256": digest}
    return f"# {FORMAT}\n" + "".join(f"# {name}: {value}\n" for name, value in facts.items()) + body


def read_header(path: Path) -> Component:
    """Read the header of a component file.

    >>> read_header(Path("no such file.tsv"))
    Traceback (most recent call last):
        ...
    leadterm.errors.LeadtermError: ...
    """
    try:
        with path.open(encoding="utf-8") as file:
            head = [file.readline().rstrip("\n") for _ in range(6)]
        facts = dict(entry.removeprefix("# ").split(": ", 1) for entry in head[1:])
        if head[0] != f"# {FORMAT}" or facts["kind"] not in KINDS:
            raise ValueError
        return Component(facts["system"], facts["release"], facts["kind"], path, int(facts["rows"]), facts["sha256"])
    except (OSError, ValueError, KeyError):
        raise _damaged(path) from None


def read_component(path: Path) -> list[list[str]]:
    """Read the rows of a component file and check them against its header.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "codes.tsv")
    ...     _ = path.write_text(component_text("own", "1", "codes", [("A1", "Arm", "1", "0", "0")]))
    ...     read_component(path)
    [['A1', 'Arm', '1', '0', '0']]
    """
    header = read_header(path)
    try:
        body = path.read_text(encoding="utf-8").split("\n", 6)[6]
    except (OSError, ValueError, IndexError):
        raise _damaged(path) from None
    if hashlib.sha256(body.encode("utf-8")).hexdigest() != header.sha256:
        raise _damaged(path)
    fields = len(COLUMNS[header.kind])
    return [cells for _, cells in iter_rows(body, str(path), fields=fields, remarks=False)]


def read_part(part: Component) -> list[list[str]]:
    """Read the rows of an installed part, or of one that comes with leadterm and has remarks at its head."""
    if not part.packaged:
        return read_component(part.path)
    text = part.path.read_text(encoding="utf-8")
    return [cells for _, cells in iter_rows(text, part.path.name, fields=len(COLUMNS[part.kind]))]


def list_components(folder: Path, system: str | None = None) -> list[Component]:
    """List the installed components under a folder; files that are not ours are left aside.

    >>> list_components(Path("no such folder"))
    []
    """
    if system is not None and not (NAME.fullmatch(system) and (folder / system).is_dir()):
        return []
    pattern = f"{system or '*'}/*/*.tsv"
    found = [read_header(path) for path in sorted(folder.glob(pattern)) if not path.parent.name.startswith(".")]
    return sorted(found, key=lambda part: (part.system, part.release, KINDS.index(part.kind)))


def _damaged(path: Path) -> LeadtermError:
    return LeadtermError(
        f"the installed code file '{path}' is damaged or of another version.",
        hint="Delete it, or install the release again with: leadterm codes install SOURCE",
    )
