"""``leadterm codes``: install, list, show and search code systems."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from leadterm.errors import printable
from leadterm.pages.terminal import make_console, plain

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from leadterm.codes import Available, CodeSystem, Instruction
    from leadterm.codes.axis_tables import Character
    from leadterm.codes.systems.hcpcs_units import Unit

__all__ = ["app"]

app = typer.Typer(help="Install, list, show and search code systems.", no_args_is_help=True)

TITLES = {
    "includes": "Includes",
    "excludes1": "Excludes1 (never coded together)",
    "excludes2": "Excludes2 (not included here)",
    "code first": "Code first",
    "use additional": "Use additional code",
    "code also": "Code also",
    "note": "Note",
    "seventh character note": "7th character",
    "coverage": "Medicare coverage",
    "pricing": "Medicare pricing",
    "replaced by": "Replaced by",
}
SHOWN_CHILDREN = 60


SystemOption = Annotated[str, typer.Option("--system", "-s", help="Code system, for instance icd10pcs.")]
DateOption = Annotated[
    str | None, typer.Option("--date", help="Day of service YYYY-MM-DD; by default the newest release.")
]
FormatOption = Annotated[Literal["table", "json"], typer.Option("--format", "-f", help="Table to read, or json.")]


@app.command("install")
def install_command(
    source: Annotated[str, typer.Argument(help="Official file, a folder or zip of them, or an http(s) address.")],
    release: Annotated[str | None, typer.Option(help="Name of the release, where the files do not tell it.")] = None,
    system: Annotated[str | None, typer.Option(help="Name of the system, for a plain list (code, title).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also if the list has far fewer codes than known.")] = False,
    output: FormatOption = "table",
) -> None:
    """Install an official release; files are recognised by what is in them."""
    from leadterm.codes.official.install import install

    with _status("Reading the code files …"):
        report = install(source, release=release, system=system, force=force)
    if output == "json":
        keys = ("system", "release", "kind", "rows")
        facts = [{key: getattr(part, key) for key in keys} for part in report.installed]
        skipped = [{"file": name, "why": why} for name, why in report.skipped]
        _print_json({"installed": facts, "skipped": skipped, "doubts": list(report.doubts)})
        return
    rows = [[part.system, part.release, part.kind, f"{part.rows:,}"] for part in report.installed]
    _print(_table("Installed", ["system", "release", "part", "rows"], rows))
    for name, why in report.skipped:
        typer.echo(printable(f"left aside: {name} ({why})"), err=True)
    for doubt in report.doubts:
        typer.echo(printable(f"warning: {doubt}"), err=True)


@app.command("remove")
def remove_command(
    system: Annotated[str, typer.Argument(help="Code system, for instance icd10cm.")],
    release: Annotated[str, typer.Argument(help="Release, as 'leadterm codes list' names it.")],
) -> None:
    """Remove a release that was installed; the default data stays."""
    from leadterm.codes.official.install import remove

    kinds = remove(system, release)
    typer.echo(f"removed {system} {release}: {', '.join(kinds)}")


@app.command("list")
def list_command(output: FormatOption = "table") -> None:
    """List the code systems and releases at hand."""
    from leadterm.codes import available

    parts = available()
    if output == "json":
        keys = ("system", "title", "release", "kind", "effective_from", "effective_to", "packaged", "rows")
        _print_json([{key: _plain(getattr(part, key)) for key in keys} for part in parts])
        return
    groups: dict[tuple[str, str], list[Available]] = {}
    for part in parts:
        groups.setdefault((part.system, part.release), []).append(part)
    rows = [
        [system, release, f"{some[0].effective_from or ''} – {some[0].effective_to or ''}",
         ", ".join(part.kind + (" (default)" if part.packaged else "") for part in some), some[0].title]
        for (system, release), some in groups.items()
    ]  # fmt: skip
    _print(_table("Code systems", ["system", "release", "holds for", "parts", "name"], rows))


@app.command("show")
def show_command(
    code: Annotated[str, typer.Argument(help="A code in any spelling, for instance e11621.")],
    system: SystemOption = "icd10cm",
    date: DateOption = None,
    output: FormatOption = "table",
) -> None:
    """Show all about a code: place, notes that hold for it, 7th characters, codes below."""
    from leadterm.codes import load_system

    with _status("Loading the codes …"):
        codes = load_system(system, date)
    spelled = codes.normalise(code) or code
    if output == "json":
        _print_json(_facts(codes, spelled))
    else:
        _print(*_page(codes, spelled))


@app.command("search")
def search_command(
    text: Annotated[list[str], typer.Argument(help="Words, or the beginning of a code.")],
    system: SystemOption = "icd10cm",
    date: DateOption = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, max=1000, help="Most codes to show.")] = 15,
    output: FormatOption = "table",
) -> None:
    """Find codes by words, best first. Exit status 1 if there are none."""
    from leadterm.codes import load_system
    from leadterm.codes.search import search

    with _status("Loading the codes …"):
        codes = load_system(system, date)
        hits = search(codes, " ".join(text), top)
    if output == "json":
        keys = ("code", "title", "billable", "score", "term", "source")
        _print_json([{key: getattr(hit, key) for key in keys} for hit in hits])
    elif hits:
        found: list[list[RenderableType]] = [
            [hit.code, hit.title, _mark(codes, hit.code), hit.term if hit.term not in (hit.title, hit.code) else ""]
            for hit in hits
        ]
        _print(_table(f"{codes.spec.title} {codes.release}", ["code", "title", "", "found by"], found))
    else:
        typer.echo(f"no code of {printable(system)} fits these words; try fewer or other words.", err=True)
    if not hits:
        raise typer.Exit(1)


def _mark(codes: CodeSystem, code: str) -> Text:
    """Say in a word whether a code can be used as it is."""
    if (until := codes.days(code)[1]) and until < datetime.now(tz=UTC).date():
        return plain(f"ended {until}", "red")
    if codes.is_billable(code):
        return plain("billable", "green")
    extended = codes.is_extended((codes.children(code) or (code,))[0])
    return plain("+ 7th character", "yellow") if extended else plain("heading", "dim")


def _facts(codes: CodeSystem, code: str) -> dict[str, Any]:
    """Give all about a code as plain data."""
    chapter, block = codes.chapter(code), codes.block(code)
    return {
        "system": codes.name,
        "release": codes.release,
        "code": code,
        "title": codes.title(code),
        "billable": codes.is_billable(code),
        **{name: str(day) for name, day in zip(("since", "until"), codes.days(code), strict=True) if day},
        **({"unit": unit.written} if (unit := _unit(codes, code)) else {}),
        "chapter": {"name": chapter.name, "title": chapter.title} if chapter else None,
        "block": {"name": block.name, "title": block.title} if block else None,
        "ancestors": [{"code": above, "title": codes.title(above)} for above in reversed(codes.ancestors(code))],
        "notes": [
            {"kind": note.kind, "text": note.text, "owner": note.owner, "inherited": note.inherited}
            for note in codes.instructions(code)
        ],
        "seventh_characters": codes.seventh_characters(code),
        "characters": [asdict(one) for one in _characters(codes, code)],
        "children": [
            {"code": child, "title": codes.title(child), "billable": codes.is_billable(child)}
            for child in codes.children(code)
        ],
    }


def _page(codes: CodeSystem, code: str) -> list[RenderableType]:
    """Lay out the page of a code."""
    from rich.panel import Panel
    from rich.text import Text
    from rich.tree import Tree

    about = plain(f"  {codes.spec.title} {codes.release}", "dim")
    head = Panel(
        Text.assemble(plain(codes.title(code), "bold"), "\n", _mark(codes, code), about, *_days_and_unit(codes, code)),
        title=plain(code, "bold cyan"), title_align="left", expand=False,
    )  # fmt: skip
    headings = [heading for heading in (codes.chapter(code), codes.block(code)) if heading]
    steps = [_step(f"{heading.kind} {heading.name}", heading.title, "dim") for heading in headings]
    steps += [_step(above, codes.title(above)) for above in (*reversed(codes.ancestors(code)), code)]
    tree = Tree(steps[0])
    branch = tree
    for step in steps[1:]:
        branch = branch.add(step)
    children = [child for child in codes.children(code) if not codes.is_extended(child)]
    for child in children[:SHOWN_CHILDREN]:
        branch.add(Text.assemble(_step(child, codes.title(child)), " ", _mark(codes, child)))
    if len(children) > SHOWN_CHILDREN:
        branch.add(plain(f"and {len(children) - SHOWN_CHILDREN} more", "dim"))
    return [head, tree, *_built_of(codes, code), *_notes(codes.instructions(code)), *_sevenths(codes, code)]


def _characters(codes: CodeSystem, code: str) -> tuple[Character, ...]:
    """The characters of a code that is built of them, by the tables of its release."""
    from leadterm.codes.registry import load_axis_tables

    return load_axis_tables(codes.name, codes.effective_from).characters(code) if codes.spec.axes else ()


def _built_of(codes: CodeSystem, code: str) -> list[RenderableType]:
    """Lay out the characters of a code with what each stands for."""
    rows = [[one.code, one.axis, one.label, one.definition] for one in _characters(codes, code)]
    return ["", _table("Characters", ["code", "axis", "meaning", "definition"], rows)] if rows else []


def _days_and_unit(codes: CodeSystem, code: str) -> list[Text]:
    """Say from when to when a code holds and what one unit of it is, where its list tells."""
    since, until = codes.days(code)
    unit = _unit(codes, code)
    said = [f"in force {since or ''} – {until or ''}"] if since or until else []
    said += [f"one unit: {unit.written}"] if unit else []
    return [plain(f"\n{'; '.join(said)}", "dim")] if said else []


def _unit(codes: CodeSystem, code: str) -> Unit | None:
    return codes.spec.unit(codes.title(code)) if codes.spec.unit else None


def _step(name: str, title: str, style: str = "cyan") -> Text:
    from rich.text import Text

    return Text.assemble(plain(name, style), " ", plain(title))


def _notes(notes: tuple[Instruction, ...]) -> list[RenderableType]:
    """Lay out the notes by kind, those from above with the code or heading they stand at."""
    from rich.table import Table
    from rich.text import Text

    own = [note for note in notes if note.kind == "inclusion" and not note.inherited]
    sections = [("Also called", own)]
    sections += [(title, [note for note in notes if note.kind == kind]) for kind, title in TITLES.items()]
    parts: list[RenderableType] = []
    for title, chosen in sections:
        grid = Table.grid(padding=(0, 1))
        for note in chosen:
            owner = f" (from {note.owner})" if note.inherited else ""
            grid.add_row("  •", Text.assemble(plain(note.text), plain(owner, "dim")))
        parts += [plain(f"\n{title}", "bold"), grid] if chosen else []
    return parts


def _sevenths(codes: CodeSystem, code: str) -> list[RenderableType]:
    """Lay out the 7th characters with the full code each makes."""
    meanings = codes.seventh_characters(code)
    if not meanings:
        return []
    rows = [[char, meaning, codes.expand(code, char) or ""] for char, meaning in meanings.items()]
    return ["", _table("7th characters", ["", "meaning", "full code"], rows)]


def _table(title: str, columns: list[str], rows: Sequence[Sequence[RenderableType]]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(title=plain(title, "table.title"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        whole = column in ("code", "full code", "system", "release", "holds for")
        table.add_column(column, style="cyan" if "code" in column else "", no_wrap=whole)
    for row in rows:
        table.add_row(*row)
    return table


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | bool | None) else str(value)


def _print_json(data: object) -> None:
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def _print(*parts: RenderableType) -> None:
    console = make_console()
    for part in parts:
        console.print(part)


def _status(text: str) -> Any:
    """Show on a terminal that work is going on; the first look at a release takes some seconds."""
    from rich.console import Console

    console: Console = Console(stderr=True)
    return console.status(text) if sys.stderr.isatty() else console.capture()
