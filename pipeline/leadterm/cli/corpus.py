"""``leadterm corpus import | check | stats``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from leadterm.cli.console import console, messages, progress, write_output
from leadterm.cli.shared_options import As
from leadterm.errors import counted, printable

if TYPE_CHECKING:
    from leadterm.corpus import Problem

__all__ = ["app"]

app = typer.Typer(name="corpus", add_completion=False, no_args_is_help=True, help="Import, check and count corpora.")

SHOWN = 20


Folder = Annotated[str, typer.Argument(metavar="DIR", help="The corpus folder.")]

Kind = Annotated[
    str, typer.Argument(help="Kind of source: aci-bench cmc2007 codiesp csv decisions fhir jsonl mdace mimic3 mimic4.")
]
Notes = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="mdace: the MIMIC-III folder with the notes; decisions: the reviewed notes."),
]
TextColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the notes.")]
IdColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the encounter's id.")]
CodesColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the codes.")]
PatientColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the patient's id.")]
System = Annotated[
    str | None, typer.Option(help="csv: code system of the codes, any name; several with commas.")
]
CodeList = Annotated[str | None, typer.Option(metavar="FILE", help="csv: codes and titles of an own system.")]
SystemColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the code system.")]
SplitColumn = Annotated[str | None, typer.Option(metavar="NAME", help="csv: column of the split.")]
SkipBad = Annotated[
    bool | None,
    typer.Option("--skip-bad/--fail", help="csv: leave out and report what cannot be read, or refuse it all."),
]


@app.command("import")
def import_(
    kind: Kind,
    source: Annotated[str, typer.Argument(help="File or folder.")],
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="The corpus folder to make.")],
    language: Annotated[str | None, typer.Option(help="codiesp: es or en; csv: language of all notes.")] = None,
    system: System = None,
    code_list: CodeList = None,
    split: Annotated[str | None, typer.Option(help="cmc2007, csv, fhir: name of the split to make.")] = None,
    split_files: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="mimic3, mimic4, mdace: CSV file, folder or pattern with hadm_id."),
    ] = None,
    coder: Annotated[str | None, typer.Option(help="cmc2007: whose codes, e.g. COMPANY1.")] = None,
    notes: Notes = None,
    categories: Annotated[str | None, typer.Option(help="mimic3: note categories, separated by commas.")] = None,
    icd_version: Annotated[str | None, typer.Option(help="mimic4: only admissions coded in ICD 9 or 10.")] = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    codes_column: CodesColumn = None,
    patient_column: PatientColumn = None,
    split_column: SplitColumn = None,
    system_column: SystemColumn = None,
    skip_bad: SkipBad = None,
) -> None:
    """Read coded notes of some KIND and write them as a corpus."""
    from leadterm.readers import import_corpus

    given = {
        "language": language, "system": system, "code_list": code_list, "split": split, "split_files": split_files,
        "coder": coder, "notes": notes, "categories": categories, "icd_version": icd_version,
        "text_column": text_column, "id_column": id_column, "codes_column": codes_column,
        "patient_column": patient_column, "split_column": split_column, "system_column": system_column,
        "bad": None if skip_bad is None else "skip" if skip_bad else "fail",
    }  # fmt: skip
    options = {name: value for name, value in given.items() if value is not None}
    card = import_corpus(
        kind, source, output, watch=lambda stream: progress(stream, "Reading encounters"), say=_say, **options
    )
    parts = ", ".join(f"{split} {count}" for split, count in card.splits.items())
    done = f"{output}: {counted(card.counts['encounters'], 'encounter')} ({parts})"
    messages().print(f"{done}, {counted(card.counts['codes'], 'code')}.", soft_wrap=True)


def _say(remark: str) -> None:
    messages().print(printable(remark), soft_wrap=True, markup=False, highlight=False)


@app.command()
def check(
    folder: Folder,
    fix: Annotated[
        bool, typer.Option("--fix", help="First mend the spelling of codes and merge those given twice.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help=f"Print every problem, not the first {SHOWN} of a kind.")
    ] = False,
    format_: As = "table",
) -> None:
    """Check a corpus; the exit status is 1 if it has errors."""
    from dataclasses import asdict

    from leadterm import corpus

    if fix:
        messages().print(f"{counted(corpus.fix(folder), 'code')} mended.")
    problems = corpus.check(folder)
    errors = sum(problem.level == "error" for problem in problems)
    if format_ == "json":
        write_output(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))
    else:
        _print(problems, len(problems) if every else SHOWN)
        write_output(f"{counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}.")
    raise typer.Exit(1 if errors else 0)


def _print(problems: list[Problem], shown: int) -> None:
    """Print the problems by kind, errors first."""
    kinds = sorted({(problem.level, problem.kind) for problem in problems})
    for level, kind in kinds:
        same = [printable(str(problem)) for problem in problems if (problem.level, problem.kind) == (level, kind)]
        write_output("\n".join(same[:shown]))
        if len(same) > shown:
            write_output(f"… and {len(same) - shown} more of this kind; --all prints them.")


@app.command()
def stats(folder: Folder, format_: As = "table") -> None:
    """Count notes, words and codes by split and code system."""
    from leadterm import corpus

    counted = corpus.stats(folder)
    if format_ == "json":
        write_output(json.dumps(counted.to_json(), ensure_ascii=False, indent=2))
        return
    for table in counted.tables():
        console().print(table)
