"""Answers of `leadterm suggest` in the format wanted, each written as it comes: a long run needs no more memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from leadterm.cli.console import console
from leadterm.cli.tables import TABLES, write_table
from leadterm.pages.wanted import Format, Wanted
from leadterm.storage.writer import explain_failure, open_lines

if TYPE_CHECKING:
    from rich.console import RenderableType

    from leadterm.schema import Encounter, SuggestionSet

    Answer = tuple[Encounter, SuggestionSet, str]

__all__ = ["answer_text", "write_answers"]

PAGE_WIDTH = 120


def answer_text(encounter: Encounter, result: SuggestionSet, wanted: Wanted, output: str | None) -> str:
    """Give an answer as a line of JSON or a plain table, where each is written by itself."""
    if wanted.format is Format.JSONL:
        return json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False)
    if wanted.format is Format.TABLE and not _on_screen(output):
        from leadterm.pages.suggestion_table import suggestion_table

        return _plain_table(suggestion_table(encounter, result, top=wanted.shown(result)))
    return ""


def write_answers(answers: Iterable[Answer], wanted: Wanted, output: str | None) -> None:
    """Write the answers in the format wanted; to a file as a whole or not at all."""
    if wanted.format in TABLES:
        write_table((result for _, result, _ in answers), wanted.format, output, _line_writer)
    elif wanted.format is Format.TABLE and _on_screen(output):
        from leadterm.pages.suggestion_table import suggestion_table

        for number, (encounter, result, _) in enumerate(answers):
            table = suggestion_table(encounter, result, top=wanted.shown(result))
            console().print(*[""] * bool(number), table, sep="\n")
    else:
        with _line_writer(output) as write:
            for piece in _pieces(answers, wanted):
                write(piece)


def _pieces(answers: Iterable[Answer], wanted: Wanted) -> Iterator[str]:
    """Give the text of the output in pieces."""
    if wanted.format is Format.JSON:
        yield from _json_list((result.to_json() for _, result, _ in answers), " ")
        yield "\n"
    elif wanted.format is Format.FHIR:
        from leadterm.pages.suggestion_fhir import EMPTY, suggestion_entries

        entries = suggestion_entries((encounter, result) for encounter, result, _ in answers)
        yield from _json_object(EMPTY, "entry", entries)
    elif wanted.format is Format.HTML:
        from leadterm.pages.suggestion_page import page_pieces

        yield from page_pieces((encounter, result, wanted.shown(result)) for encounter, result, _ in answers)
    else:
        between = "\n" if wanted.format is Format.TABLE else ""
        end = "" if wanted.format is Format.TABLE else "\n"
        for number, (_, _, text) in enumerate(answers):
            yield f"{between * bool(number)}{text}{end}"


def _json_list(items: Iterable[Any], pad: str) -> Iterator[str]:
    """Write what `json.dumps` writes of a list with an indent of 1, without holding the list."""
    start = "[\n"
    for item in items:
        text = json.dumps(item, ensure_ascii=False, allow_nan=False, indent=1).replace("\n", f"\n{pad}")
        yield f"{start}{pad}{text}"
        start = ",\n"
    yield "[]" if start == "[\n" else f"\n{pad[1:]}]"


def _json_object(head: dict[str, Any], name: str, items: Iterable[Any]) -> Iterator[str]:
    """Write an object whose last value is a long list; without the list where that is empty."""
    items = iter(items)
    known = json.dumps(head, indent=1).removesuffix("\n}")
    first = next(items, None)
    yield known
    if first is not None:
        yield f',\n "{name}": '
        yield from _json_list(chain([first], items), "  ")
    yield "\n}\n"


def _on_screen(output: str | None) -> bool:
    return output in (None, "-") and sys.stdout.isatty()


def _plain_table(view: RenderableType) -> str:
    """Lay a table out for a file or a pipe, without colours and without spaces at the ends of lines."""
    from io import StringIO

    from leadterm.pages.terminal import make_console

    text = StringIO()
    make_console(file=text, width=PAGE_WIDTH, color_system=None).print(view)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


@contextmanager
def _line_writer(output: str | None) -> Iterator[Callable[[str], object]]:
    """Give what writes a piece: at once to standard output, or to a file that appears when all is written."""
    if output is None or output == "-":

        yield lambda line: print(line, end="", flush=True)
        return
    with explain_failure(output), open_lines(output) as write:
        yield write
