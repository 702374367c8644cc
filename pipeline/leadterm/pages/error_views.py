"""The errors of the HTML report: what they are, which codes they concern, and where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from leadterm.pages.charts import share_bar
from leadterm.pages.encounter_views import EncounterView, anchor_of, render_encounter
from leadterm.pages.pieces import Titles, card, code_cell, table

__all__ = ["encounter_list", "error_cards"]

SHOWN = 15
Views = Mapping[str, EncounterView]


def error_cards(values: Mapping[str, Any], views: Sequence[EncounterView], titles: Titles) -> str:
    """Show what is wrong.

    Parameters
    ----------
    values : mapping
        The values of a report.
    views : sequence of EncounterView
        The encounters on the page, to link to.
    titles : callable
        Gives the title of (system, code).

    Returns
    -------
    str
        Markup.
    """
    known = {view.encounter_id: view for view in views}
    found = values["mistakes"]
    missed = _codes(found["most_missed"], known, titles, "missed", ("n_missed", "n_reference"))
    wrong = _codes(found["most_over_suggested"], known, titles, "wrong", ("n_wrong", "n_suggested"))
    lists = [
        card("Most missed", "Reference codes that are not in the suggested sets.", missed),
        card("Most over-suggested", "Suggested codes that are not among the reference codes.", wrong),
    ]
    shares = [_volume(values["volume"], values["n_encounters"]), _relations(values)]
    return (
        f'<div class="grid2 wide">{"".join(shares)}</div><div class="wide">{_siblings(found, known, titles)}</div>'
        f'<div class="grid2">{"".join(lists)}</div>'
    )


def encounter_list(values: Mapping[str, Any], views: Sequence[EncounterView], titles: Titles) -> str:
    """Show encounters with their codes, and their notes behind a fold.

    Parameters
    ----------
    values : mapping
        The values of a report.
    views : sequence of EncounterView
        The encounters.
    titles : callable
        Gives the title of (system, code).

    Returns
    -------
    str
        Markup.
    """
    if not views:
        return '<p class="sub">No errors to show.</p>'
    worst = {w["encounter_id"] for w in values["mistakes"]["worst_encounters"]}
    first = [view for view in views if view.encounter_id in worst]
    others = [view for view in views if view.encounter_id not in worst]
    shown = "Notes are folded away: they are patient data." if any(v.notes for v in views) else "Without note text."
    parts = [f'<h3>The worst</h3><p class="sub">Lowest F1 first, then most errors. {shown}</p>']
    parts += [render_encounter(view, titles) for view in first]
    if others:
        parts.append('<h3>Examples of the codes above</h3><p class="sub">One for each code in the lists of errors.</p>')
        parts += [render_encounter(view, titles) for view in others]
    return "".join(parts)


def _volume(volume: Mapping[str, float], n: int) -> str:
    """Over- and under-coding."""
    text = (
        f"{volume['suggested_per_encounter']:.2f} codes suggested for an encounter, "
        f"{volume['reference_per_encounter']:.2f} in the reference."
    )
    names = {"share_under": "too few codes", "share_equal": "as many", "share_over": "too many codes"}
    return card("Over- and under-coding", text, share_bar([(name, round(volume[k] * n)) for k, name in names.items()]))


def _relations(values: Mapping[str, Any]) -> str:
    text = "What each wrong suggestion has to do with a code missed in the same encounter."
    outside = values["by_frequency"].get("0", {}) if values["frequency_basis"] == "reference" else {}
    if outside:
        text += f" {outside['n_suggested']:,.0f} are of codes that no encounter here has."
    return card("What the wrong suggestions are", text, share_bar(list(values["wrong_suggestions"].items())))


def _siblings(found: Mapping[str, Any], views: Views, titles: Titles) -> str:
    most = max((row["n"] for row in found["siblings"]), default=1)
    rows = [
        [
            *(code_cell(row["system"], row[kind], titles) for kind in ("suggested", "reference")),
            f'<span class="mini" style="width:{48 * row["n"] / most:.0f}px"></span>{row["n"]}',
            _links(row, views, "wrong", row["suggested"]),
        ]
        for row in found["siblings"][:SHOWN]
    ]
    text = "A code was suggested where another one of its category was right."
    return card("Siblings confused", text, table(["suggested", "reference", "times", "see"], rows, numeric=(2,)))


def _codes(rows: Sequence[Mapping[str, Any]], views: Views, titles: Titles, kind: str, counts: tuple[str, str]) -> str:
    count, of = counts
    cells = [
        [
            code_cell(row["system"], row["code"], titles),
            f"{row[count]:,} of {row[of]:,}",
            _links(row, views, kind, row["code"]),
        ]
        for row in rows[:SHOWN]
    ]
    return table(["code", kind, "see"], cells, numeric=(1,))


def _links(row: Mapping[str, Any], views: Views, kind: str, code: str) -> str:
    """Link to the words that support a code, or to the encounter where there are none."""
    links = []
    for encounter in row["encounters"]:
        view = views.get(encounter)
        if view is not None:
            target = f"#{anchor_of(view, kind, code)}"
            links.append(f'<a class="id" href="{target}" title="{escape(encounter)}">{escape(encounter)}</a>')
    return " ".join(links)
