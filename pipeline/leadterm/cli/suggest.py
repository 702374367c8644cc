"""``leadterm suggest``: codes for notes, best first, each with the words that support it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadterm.cli.answers import answer_text, write_answers
from leadterm.cli.config import known_setting, read_config
from leadterm.cli.console import progress, say
from leadterm.cli.shared_options import IdColumn, Output, PolicyName, TextColumn
from leadterm.cli.tables import check_table_output
from leadterm.errors import LeadtermError, place_of, unknown_name
from leadterm.intake.files import find_files, holds_many
from leadterm.intake.language import in_their_language
from leadterm.pages.wanted import Format, Wanted
from leadterm.paths import model_dir
from leadterm.storage.writer import explain_failure, refuse_inputs

if TYPE_CHECKING:
    from leadterm.cli.answers import Answer
    from leadterm.intake.encounters import Item
    from leadterm.schema import Encounter
    from leadterm.suggester import Suggester

__all__ = ["suggest"]

FEW = 200
Notes = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILE|FOLDER|-]...", help="Notes, tables, encounters in JSON, folders, - for stdin."),
]
Model = Annotated[
    str | None, typer.Option("--model", metavar="M", help="Name or folder of a model. As configured, or default.")
]
Setting = Annotated[
    str | None, typer.Option(metavar="S", help="outpatient or inpatient. What the file says, else how it reads.")
]
Systems = Annotated[
    list[str] | None, typer.Option("--system", metavar="S", help="Code system; may repeat. All of the model.")
]
Top = Annotated[
    int | None,
    typer.Option(min=1, help="Most codes per encounter. Table: 15, html: 20, json: all, others: those suggested."),
]
As = Annotated[Format, typer.Option("--format", help="How to print.")]
Date = Annotated[
    str | None, typer.Option(metavar="YYYY-MM-DD", help="Date of service: decides the release of the codes.")
]
Ner = Annotated[
    str | None, typer.Option(metavar="MODEL", help="A spaCy model; entities without a term are looked up.")
]
Linker = Annotated[
    bool, typer.Option("--linker", help="Look headings without a term up by their letters (scispaCy's linker).")
]
Threshold = Annotated[
    float | None, typer.Option(min=0, max=1, help="Lowest confidence of a suggested code. The model's own.")
]
Tier = Annotated[
    Literal["sure"] | None, typer.Option(help="sure: only what reaches the precision the model was trained for.")
]
Language = Annotated[
    Literal["en", "es"] | None, typer.Option(help="Of the notes. What the file says, else how they read.")
]
InputFormat = Annotated[
    Literal["csv", "tsv", "jsonl", "xlsx", "parquet"] | None, typer.Option(help="What table standard input is.")
]


def suggest(
    notes: Notes = None,
    model: Model = None,
    setting: Setting = None,
    system: Systems = None,
    top: Top = None,
    format: As = Format.TABLE,
    output: Output = None,
    date: Date = None,
    ner: Ner = None,
    linker: Linker = False,
    threshold: Threshold = None,
    tier: Tier = None,
    language: Language = None,
    policy: PolicyName = None,
    input_format: InputFormat = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
) -> None:
    """Suggest codes for notes, best first, each with the words that support it.

    A text file is one encounter, named after the file; a folder stands for the files directly inside. In a table
    (.csv .tsv .xlsx .parquet, or .jsonl of objects with id and text) each row is one; rows of the same id are together.

    A note that cannot be read is reported and the others are coded; the exit status is then 2.

    Offsets count the characters of the note as it is, line ends included.
    """
    from leadterm.intake.encounters import read_items  # knows code systems: the help does without

    held = read_config()
    model, setting = model or held.get("model", "default"), known_setting(setting or held.get("setting"))
    threshold = _lowest(model, threshold, tier, held)
    check_table_output(format, output)
    files = find_files(_named(notes or _standard_input(), input_format))
    refuse_inputs(output, files)
    columns = {role: name for role, name in (("text", text_column), ("id", id_column)) if name is not None}
    reader = _Reader(read_items(files, setting=setting, date=date, columns=columns))
    first = list(reader.first())
    how = {"date": date, "ner": ner, "linker": linker, "policy": policy or held.get("policy")}
    engine = _load(model, system or [], how)
    wanted = Wanted(tuple(system or ()), top, threshold, format)
    read = _watched(chain(first, reader), files, shown=output is not None or not sys.stdout.isatty())
    _speak_utf8(format)
    ask = partial(_answer, engine, wanted, output)
    write_answers(reader.answers(in_their_language(read, engine.languages, say, language), ask), wanted, output)
    if reader.problems:
        raise typer.Exit(2)


def _answer(engine: Suggester, wanted: Wanted, output: str | None, encounter: Encounter) -> Answer:
    result = wanted.ask(engine, encounter)
    return encounter, result, answer_text(encounter, result, wanted, output)


def _watched(read: Iterable[Encounter], files: Sequence[Path], *, shown: bool) -> Iterable[Encounter]:
    """Show how far it is; how many encounters there are is known for files of one each."""
    many = len(files) if len(files) > 1 and not any(map(holds_many, files)) else None
    return progress(read, "Suggesting", total=many) if shown else read


def _lowest(model: str, threshold: float | None, tier: str | None, held: Mapping[str, Any]) -> float | None:
    """The lowest confidence of a suggestion: as typed, what a target precision bought, as set, the model's own."""
    if tier is None:
        return held.get("threshold") if threshold is None else threshold
    if threshold is not None:
        raise LeadtermError("--tier and --threshold exclude each other.", hint="Give one of them.")
    from leadterm.storage.artifacts import read_manifest

    target = read_manifest(model_dir(model))["meta"].get("target") or {}
    if "threshold" not in target:
        wanted = f"reaches the precision {target['wanted']:g} at no confidence" if target else "has no target precision"
        hint = "Train it with --target-precision 0.95 (or another), or give --threshold."
        raise LeadtermError(f"the model '{model}' {wanted}.", hint=hint)
    if target["kept"] < FEW:
        say(
            f"warning: the threshold of --tier sure rests on {target['kept']} suggestions; "
            f"the true precision may be as low as {target['low']:.2f}."
        )
    return float(target["threshold"])


def _standard_input() -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise LeadtermError("no note is given.", hint="Name a file or folder, or give the note on standard input.")
    return ["-"]


def _named(notes: list[str], kind: str | None) -> list[str]:
    """Put a table on standard input, which is read twice, into a file that only its user can read, till the end."""
    if kind is None:
        return notes
    if notes != ["-"]:
        raise LeadtermError("--input-format is for standard input alone.", hint="Leave it out: files are recognised.")
    folder = tempfile.TemporaryDirectory(prefix="leadterm-")
    atexit.register(folder.cleanup)
    file = Path(folder.name) / f"stdin.{kind}"
    with explain_failure(file), file.open("wb") as written:
        shutil.copyfileobj(sys.stdin.buffer, written)
    return [str(file)]


class _Reader:
    """Goes through the items and gives the encounters; problems and warnings go to standard error."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items, self.problems, self.read = iter(items), 0, 0

    def __iter__(self) -> Iterator[Encounter]:
        for item in self.items:
            if item.warning:
                say(f"warning: {item.warning}")
            if item.problem is not None:
                self.problems += 1
                say(str(item.problem))
            if item.encounter is not None:
                self.read += 1
                yield item.encounter
        if self.problems and self.problems + self.read > 1:
            say(f"{self.problems} of {self.problems + self.read} encounters could not be read and have no codes.")

    def first(self) -> Iterator[Encounter]:
        """Give the first encounter, so that bad input is found out before a model is loaded."""
        found = next(iter(self), None)
        if found is None:
            raise typer.Exit(2)
        yield found

    def answers(self, encounters: Iterable[Encounter], ask: Callable[[Encounter], Answer]) -> Iterator[Answer]:
        """Ask for each encounter; one that goes wrong is reported like one that cannot be read."""
        before = self.read
        for encounter in encounters:
            try:
                answer = ask(encounter)
            except Exception as error:
                if os.environ.get("LEADTERM_DEBUG") == "1":
                    raise
                self.problems, self.read = self.problems + 1, self.read - 1
                fault = error if isinstance(error, LeadtermError) else f"a fault of leadterm: {place_of(error)}."
                say(f"'{encounter.encounter_id}' has no codes: {fault}")
            else:
                yield answer
        if before and not self.read:  # nothing to write
            raise typer.Exit(2)


def _load(model: str, systems: Sequence[str], how: Mapping[str, Any]) -> Suggester:
    from leadterm.models import load

    engine = load(model, **how)
    for name in systems:
        if name not in engine.systems:
            raise unknown_name(f"code system of the model '{model}'", name, engine.systems)
    for remark in engine.remarks:
        say(f"warning: {remark}")
    return engine


def _speak_utf8(format: Format) -> None:
    """Make standard output take every character; a table shows ? for what a terminal lacks."""
    speak = getattr(sys.stdout, "reconfigure", None)
    if speak:
        speak(errors="replace") if format is Format.TABLE else speak(encoding="utf-8")
