"""Pieces of the HTML pages: cards, tables, rows of bars. Plain functions that give markup."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "Titles", "bars", "card", "code_cell", "page", "span_of", "table"]

Titles = Callable[[str, str], str]
"""Gives the title of (system, code); empty where it has none."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a bar chart.

    Parameters
    ----------
    name : str
        In front of the bar.
    value : float
        Between 0 and 1.
    notes : tuple of str
        Further cells behind the value.
    ends : sequence of float
        Low and high end of the interval; empty where there is none.
    code : str
        Stands before the name as a code, for instance ``E00-E89``.

    Examples
    --------
    >>> Bar("inpatient", 0.66, ("131",)).ends
    ()
    """

    name: str
    value: float
    notes: tuple[str, ...] = ()
    ends: Sequence[float] = ()
    code: str = ""


def page(title: str, body: str, style: str, script: str = "") -> str:
    """Put a whole page together.

    Parameters
    ----------
    title : str
        Of the window.
    body, style, script : str
        Markup of the page, its style sheet, its script.

    Returns
    -------
    str
        A page that needs nothing else.

    Examples
    --------
    >>> page("a < b", "", "")[:15], "a &lt; b" in page("a < b", "", "")
    ('<!doctype html>', True)
    """
    end = f"<script>{script}</script>" if script else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style}</style></head><body><main>{body}</main>{end}</body></html>\n"
    )


def card(title: str, text: str, inner: str) -> str:
    """Frame a part of a page.

    Parameters
    ----------
    title, text : str
        Heading, and what is shown; they are escaped.
    inner : str
        Markup.

    Returns
    -------
    str
        Markup.

    Examples
    --------
    >>> card("F1", "", "<p>1</p>")
    '<div class="card"><h3>F1</h3><p>1</p></div>'
    """
    said = f'<p class="sub">{escape(text)}</p>' if text else ""
    return f'<div class="card"><h3>{escape(title)}</h3>{said}{inner}</div>'


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[int] = ()) -> str:
    """Lay out a table.

    Parameters
    ----------
    columns : sequence of str
        Headings; escaped.
    rows : sequence of sequence of str
        Cells, markup already.
    numeric : sequence of int
        Columns set to the right.

    Returns
    -------
    str
        Markup; wide tables scroll by themselves.

    Examples
    --------
    >>> "<td class=n>1</td>" in table(["a", "b"], [["x", "1"]], numeric=[1])
    True
    """

    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if i in numeric else ''}>{v}</{tag}>" for i, v in enumerate(values))

    head = cells("th", [escape(name) for name in columns])
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def bars(rows: Sequence[Bar], columns: Sequence[str]) -> str:
    """Draw bars as a table, so that long names wrap and every figure can be copied.

    Parameters
    ----------
    rows : sequence of Bar
        From top to bottom.
    columns : sequence of str
        Headings of the value and of the notes behind it.

    Returns
    -------
    str
        Markup.

    Examples
    --------
    >>> "0.660" in bars([Bar("inpatient", 0.66, ("131",), (0.63, 0.68))], ["F1", "encounters"])
    True
    """
    head = "".join(f"<th class=n>{escape(name)}</th>" for name in columns)
    return (
        f'<table class="bars"><thead><tr><th></th><th class="track"></th>{head}</tr></thead>'
        f"<tbody>{''.join(map(_bar, rows))}</tbody></table>"
    )


def _bar(row: Bar) -> str:
    low, high = row.ends if len(row.ends) == 2 else (row.value, row.value)
    said = f"{row.name}: {row.value:.3f}" + (f", 95 % interval {span_of(row.ends)}" if row.ends else "")
    whisker = f'<u style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></u>' if row.ends else ""
    code = f"<code>{escape(row.code)}</code> " if row.code else ""
    notes = "".join(f"<td class=n>{escape(note)}</td>" for note in row.notes)
    return (
        f'<tr title="{escape(said)}"><td>{code}{escape(row.name)}</td>'
        f'<td class="track"><div><i style="width:{100 * row.value:.1f}%"></i>{whisker}</div></td>'
        f"<td class=n><b>{row.value:.3f}</b></td>{notes}</tr>"
    )


def span_of(ends: Sequence[float], digits: int = 3) -> str:
    """Write an interval.

    Parameters
    ----------
    ends : sequence of float
        Low and high end; nothing is written for an empty one.
    digits : int
        After the point.

    Returns
    -------
    str
        For instance ``"0.600 to 0.639"``.

    Examples
    --------
    >>> span_of([0.6, 0.639]), span_of([])
    ('0.600 to 0.639', '')
    """
    return " to ".join(f"{end:.{digits}f}" for end in ends)


def code_cell(system: str, code: str, titles: Titles) -> str:
    """Show a code with its title.

    Parameters
    ----------
    system, code : str
        The code.
    titles : callable
        Gives the title of (system, code).

    Returns
    -------
    str
        Markup.

    Examples
    --------
    >>> code_cell("icd10cm", "I10", lambda *_: "Hypertension")
    '<code>I10</code> <span class="title">Hypertension</span>'
    """
    return f'<code>{escape(code)}</code> <span class="title">{escape(titles(system, code))}</span>'
