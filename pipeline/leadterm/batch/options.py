"""What a run was asked for: everything that decides its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from leadterm import __version__
from leadterm.batch.database_rows import without_secrets
from leadterm.errors import LeadtermError
from leadterm.pages.wanted import Format, Wanted
from leadterm.paths import MANIFEST, model_dir

__all__ = ["FORMATS", "Options", "refuse_other"]

FORMATS = (Format.PARQUET, Format.JSONL, Format.CSV)


@dataclass(frozen=True)
class Options:
    """How the notes of a run are read and coded.

    ``columns``: role → column of tables. ``input``: a file, a folder, the address of a database. ``sql``: a query whose
    rows are the notes.
    ``size``: notes of a part, where not chosen by the size of the input. ``policy``: what the site does not report.
    """

    input: str
    model: str = "default"
    format: Format = Format.PARQUET
    systems: tuple[str, ...] = ()
    top: int | None = None
    threshold: float | None = None
    setting: str | None = None
    date: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    sql: str | None = None
    size: int | None = None
    policy: str | None = None

    @property
    def wanted(self) -> Wanted:
        """Which suggestions are written."""
        return Wanted(self.systems, self.top, self.threshold, self.format)

    def to_json(self) -> dict[str, Any]:
        """Give what a plan writes: what is left out is None; no secrets; the text of a query stands as its hash."""
        query = hashlib.sha256(self.sql.encode()).hexdigest() if self.sql else None
        return {**asdict(self), "input": without_secrets(self.input), "systems": list(self.systems), "sql": query}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Options:
        """Read what `to_json` gave."""
        return cls(**{**given, "format": Format(given["format"]), "systems": tuple(given["systems"])})

    def identity(self) -> dict[str, Any]:
        """Name what makes the answers: this leadterm, the model by the hash of its manifest, the releases of codes."""
        from leadterm.codes.registry import available

        manifest = (model_dir(self.model) / MANIFEST).read_bytes()
        releases = sorted({f"{part.system} {part.release}" for part in available()})
        return {
            "leadterm": __version__,
            "model_sha256": hashlib.sha256(manifest).hexdigest(),
            "releases": releases,
        }


def refuse_other(planned: Mapping[str, Any], asked: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with a run that was planned otherwise."""
    differ = sorted(name for name in asked if planned.get(name) != asked[name])
    if differ:
        raise LeadtermError(
            f"'{folder}' holds a run that was planned otherwise: {', '.join(differ)}.",
            hint="Run it as it was planned, or name another output.",
        )
