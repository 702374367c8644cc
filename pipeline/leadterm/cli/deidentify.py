"""``leadterm deidentify``: notes with names, dates, numbers and places replaced, for a person to look over."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from leadterm.cli.console import say
from leadterm.storage.writer import explain_failure, open_lines, refuse_inputs

__all__ = ["deidentify"]

WARNING = (
    "warning: some identifiers are missed (docs/deidentify.md has figures). "
    "Have a person read every note before it leaves your hands."
)
Notes = Annotated[list[str], typer.Argument(metavar="FILE|FOLDER|-...", help="Notes in any format, in English.")]
Output = Annotated[str, typer.Option("--output", "-o", metavar="PATH", help="File of encounters as JSON lines.")]


def deidentify(notes: Notes, output: Output) -> None:
    """Replace what identifies a person in notes: names, dates, ages over 89, phones, numbers of records, places.

    Encounters are numbered anew; patient, birth year, date of service and codes are left out. Only a part of what has
    to be done before notes may be given away: have a person read them.
    """
    from leadterm.corpus.format import encode
    from leadterm.intake.encounters import read_items
    from leadterm.intake.files import find_files
    from leadterm.intake.identifiers import find_identifiers, replace_identifiers
    from leadterm.schema import Encounter, Note

    files = find_files(notes)
    refuse_inputs(output, files)
    say(WARNING)
    problems = count = 0
    with explain_failure(output), open_lines(output) as write:
        for item in read_items(files):
            if item.problem is not None:
                problems += 1
                say(str(item.problem))
            if (known := item.encounter) is None:
                continue
            count += 1
            made = tuple(
                Note(f"n{number}", replace_identifiers(note.text, find_identifiers(note.text)))
                for number, note in enumerate(known.notes, 1)
            )
            bare = Encounter(f"e{count}", made, setting=known.setting, language=known.language, sex=known.sex)
            write(json.dumps(encode(bare), ensure_ascii=False) + "\n")
    if problems:
        raise typer.Exit(2)
