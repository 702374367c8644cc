"""A report as one HTML file: no network, no library, light and dark, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from leadterm.evaluation.html_encounters import EncounterView, Titles, encounter_views, render_encounter
from leadterm.evaluation.html_style import SCRIPT, STYLE
from leadterm.evaluation.report import Report
from leadterm.evaluation.svg import bar_chart, precision_recall_chart, reliability_chart, share_bar
from leadterm.schema import Encounter

__all__ = ["render_html"]

TILES = (
    ("micro_f1", "micro-F1"),
    ("map", "MAP"),
    ("precision_at_1", "first suggestion right"),
    ("precision_at_5", "precision at 5"),
    ("recall_at_15", "recall at 15"),
    ("macro_f1", "macro-F1"),
    ("exact_match", "exact match"),
    ("principal_accuracy", "principal first"),
)


_NAVIGATION = (
    '<nav><a href="#figures">Figures</a><a href="#curves">Curves</a><a href="#parts">Parts of the data</a>'
    '<a href="#errors">Errors</a><a href="#encounters">Encounters</a><a href="#all">All metrics</a></nav>'
)

SHOWN = 15


def render_html(
    report: Report,
    encounters: Iterable[Encounter] = (),
    *,
    titles: Titles | None = None,
    corpus: str = "",
    front: str = "",
) -> str:
    """Render a report as a page.

    Parameters
    ----------
    report : Report
        What `evaluate` gave.
    encounters : iterable of Encounter
        Notes for the error analysis; they are patient data, folded away but in the file. Leave them out and the
        page holds codes and encounter ids only.
    titles : callable, optional
        Gives the title of (system, code); empty where it has none.
    corpus : str
        Name of the corpus, for the head of the page.
    front : str
        HTML to stand before the figures, for instance what `leadterm.evaluation.html_benchmark` gives.

    Returns
    -------
    str
        The whole page.

    Examples
    --------
    >>> from leadterm.evaluation import evaluate
    >>> page = render_html(evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, threshold=0.5, n_bootstrap=0))
    >>> page.startswith("<!doctype html>"), "http://" in page.replace("http://www.w3.org/2000/svg", "")
    (True, False)
    """
    name_of = titles or (lambda _system, _code: "")
    values, views = report.values, encounter_views(report, encounters)
    body = [
        _header(report, corpus),
        _NAVIGATION,
        *(f'<p class="note">{escape(line)}</p>' for line in values["warnings"]),
        front,
        '<section id="figures">' + _tiles(values) + "</section>",
        '<h2 id="curves">Curves</h2>' + _curves(values),
        '<h2 id="parts">Parts of the data</h2>' + _parts(values),
        '<h2 id="errors">Errors</h2>' + _errors(values, views, name_of),
        '<h2 id="encounters">Encounters</h2>' + _encounters(views, name_of),
        '<h2 id="all">All metrics</h2>' + _all_metrics(report),
        _footer(values),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.name)}: evaluation</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(body)}</main><script>{SCRIPT}</script></body></html>\n"
    )


def _header(report: Report, corpus: str) -> str:
    v = report.values
    where = " · ".join(filter(None, [corpus, f"split {v['split']}" if v["split"] else "", ", ".join(v["systems"])]))
    return (
        f"<header><h1>{escape(report.name)}</h1><p>{escape(where)}</p><p>{v['n_encounters']:,} encounters, "
        f"{v['n_reference_codes']:,} reference codes ({v['n_codes']:,} distinct), {v['n_suggestions']:,} suggestions, "
        f"{v['n_chosen']:,} in the suggested sets at {_limit(v)}</p></header>"
    )


def _limit(values: Mapping[str, Any]) -> str:
    if values["threshold"] is None:
        return f"no threshold ({values['threshold_source']})"
    return f"threshold {values['threshold']:.3f} ({values['threshold_source']})"


def _tiles(values: Mapping[str, Any]) -> str:
    cards = []
    for name, title in TILES:
        if name in values:
            low, high = values["ci"].get(name, (values[name], values[name]))
            ends = f"95 %: {low:.3f} to {high:.3f}" if name in values["ci"] else ""
            cards.append(
                f'<div class="card tile"><span>{title}</span><b>{values[name]:.3f}</b><div class="range">'
                f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
                f'<u style="left:{100 * values[name]:.1f}%"></u></div><small>{ends}</small></div>'
            )
    return f'<div class="tiles">{"".join(cards)}</div>'


def _curves(values: Mapping[str, Any]) -> str:
    reached = [row for row in values["coverage"] if row["n_automated"]]
    curve = precision_recall_chart(
        values["precision_recall"], (values["micro_recall"], values["micro_precision"]), reached
    )
    cards = [
        _card("Precision and recall", "Over all suggestions as the threshold falls; green: precision targets.", curve)
    ]
    found = values["calibration"]
    if found:
        text = f"ECE {found['ece']:.3f}, among the suggested set {found['ece_chosen']:.3f}; Brier {found['brier']:.3f}."
        cards.append(
            _card("Reliability", f"{text} Bars: number of suggestions, log scale.", reliability_chart(found["bins"]))
        )
    if values["coverage"]:
        rows = [
            [
                f"{r['target']:.2f}",
                _ci(r, "precision") if r["n_automated"] else "not reached",
                _ci(r, "coverage"),
                f"{r['n_automated']:,}",
            ]
            for r in values["coverage"]
        ]
        table = _table(["wanted", "precision reached", "coverage", "codes"], rows, numeric=(1, 2, 3))
        text = "Share of the reference codes found without a person looking; thresholds chosen on other folds."
        cards.append(_card("Coverage at a wanted precision", text, table))
    levels = [
        (k.replace("_", " "), v["set"]["micro_f1"], f"{v['count']['micro_f1']:.3f}")
        for k, v in values["hierarchy"].items()
    ]
    chart = bar_chart(levels, title="F1 by level", name_width=90)
    cards.append(
        _card(
            "Near misses in the hierarchy",
            "F1 of the suggested sets, codes cut to each level; behind it the figure with counts.",
            chart,
        )
    )
    return f'<div class="grid2">{"".join(cards)}</div>'


def _parts(values: Mapping[str, Any]) -> str:
    basis = "the training split" if values["frequency_basis"] == "training" else "the split scored"
    frequent = f"Codes by how often they occur in {basis}."
    cards = [
        _bars(values, "by_frequency", "F1 by frequency", frequent, "n_reference_codes"),
        _bars(values, "by_seen", "F1 by seen and unseen", "By occurrences in the training split.", "n_reference_codes"),
        _bars(values, "by_length", "F1 by length", "Encounters by number of words.", "n_encounters"),
        _bars(values, "by_setting", "F1 by setting", "Encounters by setting.", "n_encounters"),
        _bars(values, "by_system", "F1 by code system", "Suggested sets.", "n_reference_codes"),
        _bars(values, "by_section", "Precision by section", "Where the best evidence stands.", "n_suggested"),
    ]
    return _chapters(values) + f'<div class="flow">{"".join(cards)}</div>'


def _chapters(values: Mapping[str, Any]) -> str:
    """Draw all chapters of the reference codes, in two columns."""
    found = [c for c in values["by_chapter"] if c["n_reference_codes"]]
    rows = [(_brief(c["title"] or c["chapter"]), c["micro_f1"], f"n {c['n_reference_codes']:.0f}") for c in found]
    names = [f"{c['chapter']} {c['title']}".strip() for c in found]
    known = values["ci_by_group"].get("by_chapter", {})
    ends = [known.get(f"{c['system']} {c['chapter']}", ()) for c in found]
    half = (len(rows) + 1) // 2
    charts = [
        bar_chart(rows[part], title="F1 by chapter", name_width=196, names=names[part], ends=ends[part])
        for part in (slice(half), slice(half, None))
        if rows[part]
    ]
    inner = f'<div class="grid2">{"".join(charts)}</div>'
    text = "Chapters (sections) of the reference codes; the line is the 95 % interval."
    return f'<div class="wide">{_card("F1 by chapter", text, inner)}</div>'


def _brief(title: str) -> str:
    short = title.removeprefix("Diseases of the ").removeprefix("Certain ")
    return short[:1].upper() + short[1:]


def _bars(values: Mapping[str, Any], key: str, title: str, text: str, size: str) -> str:
    metric = "precision" if key == "by_section" else "micro_f1"
    rows = [(name.replace("_", " "), g[metric], f"n {g[size]:.0f}") for name, g in values[key].items()]
    known = values["ci_by_group"].get(key, {})
    chart = bar_chart(rows, title=title, name_width=150, ends=[known.get(name, ()) for name in values[key]])
    return _card(title, text, chart) if len(rows) > 1 else ""


def _errors(values: Mapping[str, Any], views: Sequence[EncounterView], titles: Titles) -> str:
    number = {view.encounter_id: view for view in views}
    mistakes, volume = values["mistakes"], values["volume"]
    text = (
        f"{volume['suggested_per_encounter']:.2f} codes suggested for an encounter, "
        f"{volume['reference_per_encounter']:.2f} in the reference; too many in {volume['share_over']:.0%}, "
        f"too few in {volume['share_under']:.0%} of encounters."
    )
    relations = _card("What the wrong suggestions are", text, share_bar(list(values["wrong_suggestions"].items())))
    siblings = _table(
        ["suggested", "reference", "times", "see"],
        [
            [
                *(_code(r["system"], r[k], titles) for k in ("suggested", "reference")),
                str(r["n"]),
                _links(r, number, "wrong", r["suggested"]),
            ]
            for r in mistakes["siblings"][:SHOWN]
        ],
        numeric=(2,),
    )
    confused = _card("Siblings confused", "A code was suggested where another of its category was right.", siblings)
    cards = [_code_list(mistakes[name], number, titles, *how) for name, how in _LISTS.items()]
    wide = "".join(f'<div class="wide">{card}</div>' for card in (relations, confused))
    return wide + f'<div class="grid2">{"".join(cards)}</div>'


_LISTS = {
    "most_missed": ("Most missed", "Reference codes not in the suggested set.", "missed", "n_missed", "n_reference"),
    "most_over_suggested": (
        "Most over-suggested",
        "Suggested codes that no coder gave.",
        "wrong",
        "n_wrong",
        "n_suggested",
    ),
}


def _code_list(
    rows: Sequence[Mapping[str, Any]],
    views: Mapping[str, EncounterView],
    titles: Titles,
    title: str,
    text: str,
    kind: str,
    count: str,
    of: str,
) -> str:
    cells = [
        [_code(r["system"], r["code"], titles), f"{r[count]} of {r[of]}", _links(r, views, kind, r["code"])]
        for r in rows[:SHOWN]
    ]
    return _card(title, text, _table(["code", kind, "see"], cells, numeric=(1,)))


def _links(row: Mapping[str, Any], views: Mapping[str, EncounterView], kind: str, code: str) -> str:
    """Link to the words that support a code, or to the encounter where there are none."""
    links = []
    for i, encounter in enumerate(row["encounters"], start=1):
        view = views.get(encounter)
        if view is not None:
            at = next(
                (k for k, item in enumerate(view.codes[kind]) if item[1] == code and item[2] and view.notes), None
            )
            anchor = f"e{view.number}" if at is None else f"e{view.number}-{kind}-{at}"
            links.append(f'<a href="#{anchor}" title="{escape(encounter)}">{i}</a>')
    return " ".join(links)


def _encounters(views: Sequence[EncounterView], titles: Titles) -> str:
    if not views:
        return '<p class="sub">No errors to show.</p>'
    shown = "Notes are folded away: they are patient data." if any(v.notes for v in views) else "Without note text."
    intro = f'<p class="sub">The worst first, then one for each of the codes listed above. {shown}</p>'
    return intro + "".join(render_encounter(view, titles) for view in views)


def _all_metrics(report: Report) -> str:
    ci = report["ci"]
    rows = [
        [
            f"<code>{escape(name)}</code>",
            f"{value:.4f}",
            "to".join(f" {e:.4f} " for e in ci[name]) if name in ci else "",
        ]
        for name, value in report.metrics().items()
    ]
    half = (len(rows) + 1) // 2
    tables = [_table(["metric", "value", "95 % interval"], part, numeric=(1, 2)) for part in (rows[:half], rows[half:])]
    cards = [f'<div class="card">{table}</div>' for table in tables]
    evidence = report["evidence"]
    if evidence:
        rows = [
            [rule, *(f"{s[m]:.4f}" for m in ("precision", "recall", "f1"))] for rule, s in evidence["rules"].items()
        ]
        table = _table(["evidence", "precision", "recall", "F1"], rows, numeric=(1, 2, 3))
        text = f"Right code and right words; tolerance {evidence['tolerance']} characters."
        cards.append(_card("Evidence", text, table))
    return f'<div class="grid2">{"".join(cards)}</div>'


def _footer(values: Mapping[str, Any]) -> str:
    return (
        f"<footer>leadterm {escape(values['leadterm_version'])}. Intervals: {values['n_bootstrap']} bootstrap samples "
        f"of {values['n_patients']:,} patients or encounters, seed {values['seed']}. Macro-F1 is the mean of F1 over "
        "codes present among the reference codes. MAP is by encounter, divided by the number of reference codes. "
        "Ties: score descending, then code ascending.</footer>"
    )


def _card(title: str, text: str, inner: str) -> str:
    return f'<div class="card"><h3>{escape(title)}</h3><p class="sub">{escape(text)}</p>{inner}</div>'


def _code(system: str, code: str, titles: Titles) -> str:
    return f'<code>{escape(code)}</code> <span class="title">{escape(titles(system, code))}</span>'


def _ci(row: Mapping[str, Any], name: str) -> str:
    ends = row[f"{name}_ci"]
    return f"{row[name]:.3f}" + (f"<small>{ends[0]:.3f} to {ends[1]:.3f}</small>" if ends else "")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[int] = ()) -> str:
    def cells(tag: str, values: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if i in numeric else ''}>{v}</{tag}>" for i, v in enumerate(values))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{cells("th", columns)}</tr>{body}</table></div>'
