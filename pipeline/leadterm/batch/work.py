"""The work on one part, whoever asks for it: read it, code it, write its file, tell what became of it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import IO, Any

from leadterm.batch.options import Options
from leadterm.batch.planning import Plan, read_plan
from leadterm.batch.run_folder import GO_ON, RunFolder
from leadterm.errors import LeadtermError, place_of, unknown_name
from leadterm.intake.encounters import Item
from leadterm.intake.language import in_their_language
from leadterm.intake.pieces import Piece, read_piece
from leadterm.pages.suggestion_rows import csv_lines, write_parquet
from leadterm.pages.wanted import Format
from leadterm.schema import Encounter, SuggestionSet
from leadterm.storage.writer import explain_failure, open_file, sync_folder
from leadterm.suggester import Suggester

__all__ = ["Coder", "coder_of"]

WARNINGS = 20


class Coder:
    """A model and a plan, ready for any part; one for each process."""

    def __init__(self, folder: RunFolder, plan: Plan) -> None:
        from leadterm.models import load

        self.folder, self.plan = folder, plan
        self.engine: Suggester = load(plan.options.model, date=plan.options.date, policy=plan.options.policy)
        for name in plan.options.systems:
            if name not in self.engine.systems:
                raise unknown_name(f"code system of the model '{plan.options.model}'", name, self.engine.systems)
        self.coded = 0

    def write(self, number: int, skip: Mapping[int, str], tell: Callable[[int], object] = int) -> dict[str, Any]:
        """Write the file of a part and give its record; ``skip``: notes that are left out, and why.

        Whoever writes it, and however often, it has the same bytes.
        """
        options, spent = self.plan.options, time.process_time()
        target = self.folder.part_file(number, options.format)
        notes = _Notes(self.plan.pieces[number], options, skip, tell)
        with explain_failure(target, hint=GO_ON), open_file(target) as file:
            _WRITERS[options.format](notes.answers(self.engine), file)
        sync_folder(target.parent)
        self.coded += notes.encounters
        content = target.read_bytes()
        return {
            "part": number, "file": target.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
            "encounters": notes.encounters, "suggestions": notes.suggestions, "letters": notes.letters,
            "warnings": notes.warnings, "cpu": round(time.process_time() - spent, 3), "ended": round(time.time(), 3),
        }  # fmt: skip

    def probe(self, number: int, notes: range, tell: Callable[[int], object] = int) -> None:
        """Code some notes of a part for nothing: to find the one that ends its process."""
        for _ in _Notes(self.plan.pieces[number], self.plan.options, {}, tell, notes).answers(self.engine):
            pass


@lru_cache(maxsize=1)
def coder_of(folder: str) -> Coder:
    """Give the coder of a run; a process makes it once."""
    run = RunFolder(folder)
    return Coder(run, read_plan(run))


class _Notes:
    """The notes of a part and what becomes of them; a note without an answer leaves a letter, never its text."""

    def __init__(
        self, piece: Piece, options: Options, skip: Mapping[int, str], tell: Callable[[int], object],
        only: range | None = None,
    ) -> None:  # fmt: skip
        self.piece, self.options, self.skip, self.tell, self.only = piece, options, skip, tell, only
        self.encounters = self.suggestions = 0
        self.letters: list[dict[str, Any]] = []
        self.warnings: list[str] = []

    def answers(self, engine: Suggester) -> Iterator[SuggestionSet]:
        """Code the notes, in the order of the file."""
        wanted = self.options.wanted
        for encounter in in_their_language(self._encounters(), engine.languages, self._warn):
            try:
                result = wanted.ask(engine, encounter)
            except MemoryError:  # a fresh process may have enough
                raise
            except Exception as error:  # noqa: BLE001  one note ends no run
                fault = error if isinstance(error, LeadtermError) else f"a fault of leadterm: {place_of(error)}."
                self._leave(str(fault), encounter)
                continue
            self.encounters += 1
            self.suggestions += len(result.suggestions)
            yield result

    def _encounters(self) -> Iterator[Encounter]:
        options = self.options
        for item in read_piece(
            self.piece, setting=options.setting, date=options.date, columns=options.columns, keep=self._keep
        ):
            if item.warning:
                self._warn(item.warning)
            if item.problem is not None:
                self._leave(str(item.problem))
            if item.encounter is not None:
                yield item.encounter

    def _keep(self, number: int, item: Item | None) -> bool:
        """Whether a note is to be coded; a document that ends the process must not even be opened."""
        if self.only is not None and number not in self.only:
            return False
        if number in self.skip and item is None:
            self._leave(f"'{self.piece.files[number]}': {self.skip[number]}")
        elif number in self.skip and item is not None:
            self._leave(self.skip[number], item.encounter)
        self.tell(number)
        return number not in self.skip

    def _leave(self, reason: str, encounter: Encounter | None = None) -> None:
        name = {"encounter_id": encounter.encounter_id} if encounter else {}
        self.letters.append({**name, "reason": reason})

    def _warn(self, message: str) -> None:
        if message not in self.warnings and len(self.warnings) < WARNINGS:
            self.warnings.append(message)


def _write_json_lines(results: Iterable[SuggestionSet], file: IO[bytes]) -> None:
    for result in results:
        file.write((json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False) + "\n").encode())


def _write_csv(results: Iterable[SuggestionSet], file: IO[bytes]) -> None:
    for line in csv_lines(row for result in results for row in result.rows()):
        file.write(line.encode())


def _write_parquet(results: Iterable[SuggestionSet], file: IO[bytes]) -> None:
    write_parquet((row for result in results for row in result.rows()), file)


_WRITERS: Mapping[str, Callable[[Iterable[SuggestionSet], IO[bytes]], None]] = {
    Format.JSONL: _write_json_lines, Format.CSV: _write_csv, Format.PARQUET: _write_parquet,
}  # fmt: skip
