"""The plan of a run: which part reads what. It is made once and holds for whoever works on the run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leadterm.batch.database_rows import ask, refuse_database
from leadterm.batch.options import Options, refuse_other
from leadterm.batch.run_folder import GO_ON, RunFolder
from leadterm.corpus.format import encode
from leadterm.errors import LeadtermError
from leadterm.intake.cutting import cut
from leadterm.intake.encounters import read_items
from leadterm.intake.files import find_files
from leadterm.intake.parquet_files import parquet_files
from leadterm.intake.pieces import Piece
from leadterm.storage.writer import explain_failure, open_file

__all__ = ["Plan", "make_plan", "read_plan"]

WARNINGS = 20


@dataclass(frozen=True)
class Plan:
    """Options, what makes the answers, the piece of each part; ``letters``: what could not be read while planning."""

    options: Options
    identity: dict[str, Any]
    pieces: tuple[Piece, ...]
    letters: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows, lines and documents of all parts."""
        return sum(piece.rows for piece in self.pieces)


def make_plan(options: Options, folder: RunFolder) -> Plan:
    """Read the plan of a run, or make and keep it; raises LeadtermError if the run was planned otherwise."""
    asked = {**options.to_json(), **options.identity()}
    if planned := folder.read_plan():
        refuse_other(planned[0], asked, folder.path)
        return _decoded(planned)
    shutil.rmtree(folder.aside, ignore_errors=True)
    aside = _Aside(folder, options.columns)
    if not options.sql:
        refuse_database(options.input)
    found = [aside.ask(options.sql, options.input)] if options.sql else find_files(_spread(options.input))
    pieces = tuple(cut(found, aside, notes=options.size, columns=options.columns))
    if not pieces and not aside.letters:
        raise LeadtermError("the input has no note.", hint="Check the files, or the query.")
    warnings = list(dict.fromkeys(aside.warnings))[:WARNINGS]
    head = {**asked, "letters": aside.letters, "warnings": warnings}
    folder.write_plan([head, *(piece.to_json() for piece in pieces)])
    return Plan(options, options.identity(), pieces, tuple(aside.letters), tuple(warnings))


def read_plan(folder: RunFolder) -> Plan:
    """Read the plan of a run; raises LeadtermError if there is none."""
    if planned := folder.read_plan():
        return _decoded(planned)
    raise LeadtermError(f"'{folder.path}' holds no run.", hint="Start one: leadterm batch INPUT OUTPUT.")


def _decoded(lines: Sequence[dict[str, Any]]) -> Plan:
    head = dict(lines[0])
    letters, warnings = tuple(head.pop("letters")), tuple(head.pop("warnings"))
    identity = {name: head.pop(name) for name in ("leadterm", "model_sha256", "releases")}
    return Plan(Options.from_json(head), identity, tuple(map(Piece.from_json, lines[1:])), letters, warnings)


def _spread(name: str) -> list[str]:
    """Let a folder with Parquet files below it stand for these, as data frames are kept."""
    return list(map(str, parquet_files(Path(name)))) or [name]


class _Aside:
    """Puts encounters of files that cannot be cut aside, as JSON lines that only the user can read."""

    def __init__(self, folder: RunFolder, columns: Mapping[str, str]) -> None:
        self.folder, self.columns, self.count = folder, columns, 0
        self.letters: list[dict[str, Any]] = []
        self.warnings: list[str] = []

    def __call__(self, files: Sequence[Path]) -> Path:
        target = self._target("jsonl")
        with explain_failure(target, hint=GO_ON), open_file(target) as file:
            for item in read_items(files, columns=self.columns):
                self.warnings += [item.warning] * bool(item.warning)
                if item.problem is not None:
                    self.letters.append({"file": str(files[0]), "reason": str(item.problem)})
                if item.encounter is not None:
                    known = encode(replace(item.encounter, codes=()))
                    made = known if item.stated else {key: value for key, value in known.items() if key != "setting"}
                    file.write((json.dumps(made, ensure_ascii=False) + "\n").encode())
        return target

    def _target(self, ending: str) -> Path:
        """Name the next file; they hold text of notes."""
        self.folder.aside.mkdir(mode=0o700, exist_ok=True)
        self.count += 1
        return self.folder.aside / f"{self.count:05d}.{ending}"

    def ask(self, query: str, given: str) -> Path:
        """Keep the rows of a query."""
        target = self._target("parquet")
        ask(query, given, target)
        return target
