"""Text and tables that go to a terminal: all is shown and nothing obeyed, no escape of the terminal, no rich markup."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from leadterm.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
    from rich.table import Table
    from rich.text import Text

__all__ = ["make_console", "make_table", "plain"]


def make_console(**options: Any) -> Console:
    r"""Make a rich console for text of any origin; styles come from `Text` objects only.

    >>> make_console(width=20).print("[red]a[/nope] :smile:", "\x1b[31mb", sep="|")
    [red]a[/nope]
    :smile:|·[31mb
    """
    return _console_class()(markup=False, highlight=False, emoji=False, **options)


@cache
def _console_class() -> type[Console]:
    from rich.console import Console
    from rich.segment import Segment

    class PlainConsole(Console):
        """Puts a dot in place of whatever a terminal would obey, but for the styles it sets itself."""

        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for segment in super().render(renderable, options):
                if segment.control or segment.text.isprintable():
                    yield segment
                else:
                    yield Segment(printable(segment.text, keep="\n"), segment.style)

    return PlainConsole


def plain(text: str, style: str = "") -> Text:
    """Text for a rich table or console that is shown as it is.

    >>> plain("[/red] I10")
    <text '[/red] I10' [] ''>
    """
    from rich.text import Text

    return Text(printable(text), style=style)


def make_table(
    title: str, columns: Sequence[str], *, right: Collection[str] = (), whole: Collection[str] = (), caption: str = ""
) -> Table:
    """Begin a table; columns named in `right` are set to the right, those in `whole` are never wrapped."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        title=plain(title, "table.title") if title else None, title_justify="left",
        caption=plain(caption, "table.caption") if caption else None,
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column in columns:
        side: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(plain(column), justify=side, no_wrap=column in whole, overflow="fold")
    return table
