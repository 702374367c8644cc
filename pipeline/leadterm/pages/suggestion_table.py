"""Suggestions in the terminal: the codes in two tiers, each with its evidence highlighted in the words of the note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from leadterm.errors import printable
from leadterm.pages import terminal
from leadterm.pages.quotes import made_with, place_of, quote, read_as
from leadterm.pages.render import percent

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Table
    from rich.text import Text

    from leadterm.schema import Encounter, Suggestion, SuggestionSet
from leadterm.service_line import line_text

__all__ = ["SuggestionView", "suggestion_table"]

WIDE = 118
SEGMENTS = 6
MARK = "bold black on bright_yellow"


def suggestion_table(encounter: Encounter, result: SuggestionSet, *, top: int) -> RenderableType:
    """Lay out the suggestions for one encounter.

    Gives for a rich console; it suits the width it is printed at.

    >>> from rich.console import Console
    >>> from leadterm.schema import Encounter, Note, SuggestionSet
    >>> view = suggestion_table(Encounter("e1", (Note("n1", "Well."),)), SuggestionSet("e1", "default"), top=5)
    >>> Console(width=80).print(view)
    e1  outpatient · model default
    no code is suggested: nothing codable was found in the text.
    """
    return SuggestionView(encounter, result, top)


class SuggestionView:
    """What `suggestion_table` gives: lays itself out when it is printed.

    `encounter, result, top`: As for `suggestion_table`.
    """

    def __init__(self, encounter: Encounter, result: SuggestionSet, top: int) -> None:
        self.result, self.top, self.read_as = result, top, read_as(encounter, result)
        self.texts = {note.note_id: note.text for note in encounter.notes}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        result, shown = self.result, self.result.suggestions[: self.top]
        about = printable(f"  {self.read_as} · {made_with(result)}")
        yield Text.assemble((printable(result.encounter_id), "bold"), (about, "dim"))
        if not shown:
            yield Text("no code is suggested: nothing codable was found in the text.", style="yellow")
            return
        plain = console.color_system is None
        sure = [s for s in shown if s.confidence >= result.threshold]
        for name, tier in (("suggested", sure), ("also consider", shown[len(sure) :])):
            if tier:
                yield Text(f"\n{name}", style="bold green" if tier is sure else "bold")
                yield self._tier(tier, options.max_width, sure=tier is sure, plain=plain)
        rest = len(result.suggestions) - len(shown)
        if rest > 0:
            yield Text(f"\n{rest} less likely; --top {len(result.suggestions)} shows all.", style="dim")

    def _tier(self, tier: tuple[Suggestion, ...] | list[Suggestion], width: int, *, sure: bool, plain: bool) -> Table:
        from rich.table import Table

        wide = width >= WIDE
        table = Table(box=None, show_header=False, expand=True, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", width=3)
        table.add_column(no_wrap=True, width=8)
        table.add_column(ratio=5)
        if wide:
            table.add_column(ratio=6)
        table.add_column(no_wrap=True, width=SEGMENTS + 5, justify="right")
        room = (width - 34) * 6 // 11 if wide else width - 34
        for suggestion in tier:
            what, why = _what(suggestion, sure=sure), self._why(suggestion, room, sure=sure, plain=plain)
            hints = _hints(suggestion, sure=sure)
            gap = "\n" if sure and suggestion is not tier[-1] else ""
            cells = [what + hints, why] if wide else [what + "\n" + why + hints + gap]
            code = terminal.plain(suggestion.code, "bold cyan" if sure else "cyan")
            table.add_row(str(suggestion.rank), code, *cells, _confidence(suggestion, sure=sure))
        return table

    def _why(self, suggestion: Suggestion, room: int, *, sure: bool, plain: bool) -> Text:
        width, style = (room * 2 - 24, "") if sure else (room, "dim")
        return _evidence(suggestion, self.texts, width=width, style=style, plain=plain)


def _what(suggestion: Suggestion, *, sure: bool) -> Text:
    from rich.text import Text

    line = line_text(suggestion.units, suggestion.modifiers)
    return Text.assemble((printable(suggestion.title), "bold" if sure else ""), (f" {line}" if line else "", "cyan"))


def _hints(suggestion: Suggestion, *, sure: bool) -> Text:
    """What its findings say; below the line, why a rule left it out."""
    from rich.text import Text

    shown = [one.hint for one in suggestion.findings if sure or one.effect == "left out"]
    return Text.assemble(*((f"\n▸ {printable(hint)}", "yellow" if sure else "dim yellow") for hint in shown))


def _confidence(suggestion: Suggestion, *, sure: bool) -> Text:
    from rich.text import Text

    full = min(round(suggestion.confidence * SEGMENTS), SEGMENTS)
    number, bar = ("", "green") if sure else ("dim", "dim")
    shown = f"{percent(suggestion.confidence):>4} "
    return Text.assemble((shown, number), ("━" * full, bar), ("─" * (SEGMENTS - full), "dim"))


def _evidence(suggestion: Suggestion, texts: Mapping[str, str], *, width: int, style: str, plain: bool) -> Text:
    """The best evidence in its words, then where it stands; without colours it stands in brackets."""
    from rich.text import Text

    found = quote(suggestion, texts, width=width)
    line = Text()
    for words, marked in found.pieces:
        line.append(f"[{words}]" if marked and plain else words, style=MARK if marked else style)
    notes = list(_notes(suggestion, found.others))
    if notes:
        line.append(printable(f" ({' · '.join(notes)})"), style="dim italic")
    return line


def _notes(suggestion: Suggestion, others: int) -> Iterator[str]:
    place = place_of(suggestion)
    if place:
        yield place
    if others:
        yield f"+{others} more"
