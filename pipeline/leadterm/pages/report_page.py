"""A report as one HTML file: no network, no library, light and dark, ready to print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from leadterm.evaluation.report import Report
from leadterm.pages.charts import precision_recall_chart, reliability_chart
from leadterm.pages.encounter_views import encounter_views
from leadterm.pages.error_views import encounter_list, error_cards
from leadterm.pages.pieces import Bar, Titles, bars, card, page, span_of, table
from leadterm.pages.quotes import section_name
from leadterm.pages.style import SCRIPT, STYLE
from leadterm.schema import Encounter

__all__ = ["render_html"]

TILES = (
    ("micro_f1", "micro-F1", "exact codes of the suggested sets"),
    ("map", "MAP", "order of the whole list"),
    ("precision_at_1", "first suggestion right", "share of encounters"),
    ("precision_at_5", "precision at 5", "right among the first five"),
    ("recall_at_15", "recall at 15", "reference codes among the first 15"),
    ("macro_f1", "macro-F1", "mean over codes; rare ones count alike"),
    ("exact_match", "exact match", "encounters with every code right"),
    ("principal_accuracy", "principal first", "principal or first-listed code at rank 1"),
)
_NAVIGATION = (
    '<nav><a href="#figures">Figures</a><a href="#curves">Curves</a><a href="#parts">Parts of the data</a>'
    '<a href="#errors">Errors</a><a href="#encounters">Encounters</a><a href="#all">All metrics</a></nav>'
)
LEAST = 10
"""Sections with fewer suggestions are put together."""


def render_html(
    report: Report,
    encounters: Iterable[Encounter] = (),
    *,
    titles: Titles | None = None,
    corpus: str = "",
    front: str = "",
    heading: str = "",
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
        HTML to stand before the figures, for instance what `leadterm.pages.benchmark_page` gives.
    heading : str
        Of the page; the name of the run by default.

    Returns
    -------
    str
        The whole page.

    Examples
    --------
    >>> from leadterm.evaluation import evaluate
    >>> text = render_html(evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, threshold=0.5, n_bootstrap=0))
    >>> text.startswith("<!doctype html>"), "http://" in text.replace("http://www.w3.org/2000/svg", "")
    (True, False)
    """
    name_of = titles or (lambda _system, _code: "")
    values, views = report.values, encounter_views(report, encounters)
    body = [
        _header(report, corpus, heading),
        _NAVIGATION,
        _notes(values["warnings"]),
        front,
        '<section id="figures">' + _tiles(values) + "</section>",
        '<h2 id="curves">Curves</h2>' + _curves(values),
        '<h2 id="parts">Parts of the data</h2>' + _parts(values),
        '<h2 id="errors">Errors</h2>' + error_cards(values, views, name_of),
        '<h2 id="encounters">Encounters</h2>' + encounter_list(values, views, name_of),
        '<h2 id="all">All metrics</h2>' + _all_metrics(report),
        _footer(values),
    ]
    return page(f"{heading or report.name}: evaluation", "".join(body), STYLE, SCRIPT)


def _header(report: Report, corpus: str, heading: str) -> str:
    v, run = report.values, report.name if heading else ""
    where = " · ".join(
        filter(None, [run, corpus, f"split {v['split']}" if v["split"] else "", ", ".join(v["systems"])])
    )
    return (
        f'<header><p class="kind">Evaluation</p><h1>{escape(heading or report.name)}</h1><p>{escape(where)}</p>'
        f"<p>{v['n_encounters']:,} encounters, {v['n_reference_codes']:,} reference codes ({v['n_codes']:,} distinct), "
        f"{v['n_suggestions']:,} suggestions, {v['n_chosen']:,} in the suggested sets at {escape(_limit(v))}</p>"
        "</header>"
    )


def _notes(lines: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(line[:1].upper() + line[1:])}</li>" for line in lines)
    return f'<ul class="note">{items}</ul>' if lines else ""


def _limit(values: Mapping[str, Any]) -> str:
    source = values["threshold_source"]
    if values["threshold"] is None:
        return f"no threshold ({source})"
    if source == "cross-validated":
        return f"threshold {values['threshold']:.3f} (median; chosen for each fold on the others)"
    return f"threshold {values['threshold']:.3f} ({source})"


def _tiles(values: Mapping[str, Any]) -> str:
    cards = []
    for name, title, text in TILES:
        if name in values:
            low, high = values["ci"].get(name, (values[name], values[name]))
            ends = f"95 % interval {low:.3f} to {high:.3f}" if name in values["ci"] else ""
            cards.append(
                f'<div class="card tile"><span>{title}</span><b>{values[name]:.3f}</b><div class="range">'
                f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
                f'<u style="left:{100 * values[name]:.1f}%"></u></div><small>{ends}</small><small>{text}</small></div>'
            )
    return f'<div class="tiles">{"".join(cards)}</div>'


def _curves(values: Mapping[str, Any]) -> str:
    reached = [row for row in values["coverage"] if row["n_automated"]]
    chosen = (values["micro_recall"], values["micro_precision"])
    targets = "; green: the precision targets below" if reached else ""
    cards = [
        card(
            "Precision and recall",
            f"Over all suggestions as the threshold falls{targets}. Dashed: equal F1.",
            precision_recall_chart(values["precision_recall"], chosen, reached),
        )
    ]
    found = values["calibration"]
    if found:
        text = (
            f"ECE {found['ece']:.3f}, in the suggested sets {found['ece_chosen']:.3f}; Brier {found['brier']:.3f}. "
            "On the dashed line, confidence is what it says. Bars: number of suggestions, log scale."
        )
        cards.append(card("Reliability", text, reliability_chart(found["bins"])))
    cards.append(_levels(values["hierarchy"]))
    if values["coverage"]:
        cards.append(_coverage(values["coverage"]))
    return f'<div class="grid2">{"".join(cards)}</div>'


def _coverage(found: Sequence[Mapping[str, Any]]) -> str:
    title = "Coverage at a wanted precision"
    if not any(row["n_automated"] for row in found):
        wanted = ", ".join(f"{row['target']:.2f}" for row in found)
        return card(
            title, f"No score reaches a precision of {wanted} on other folds: nothing could be taken unseen.", ""
        )
    rows = [
        [
            f"{row['target']:.2f}",
            _with_ends(row, "precision") if row["n_automated"] else "not reached",
            _with_ends(row, "coverage"),
            f"{row['n_automated']:,}",
        ]
        for row in found
    ]
    text = (
        "Share of the reference codes that could be taken without a person looking; thresholds chosen on other folds."
    )
    columns = ["precision wanted", "reached", "reference codes found", "codes taken"]
    return card(title, text, table(columns, rows, numeric=(1, 2, 3)))


def _levels(levels: Mapping[str, Any]) -> str:
    rows = [
        Bar(
            name.replace("_", " "),
            kinds["set"]["micro_f1"],
            (
                *(f"{kinds['set'][m]:.3f}" for m in ("micro_precision", "micro_recall")),
                f"{kinds['count']['micro_f1']:.3f}",
            ),
        )
        for name, kinds in levels.items()
    ]
    text = (
        "Codes cut to their category (three characters), block and chapter. With counts: two codes below one category "
        "count twice, in the manner of CoPHE."
    )
    return card("Near misses in the hierarchy", text, bars(rows, ["F1", "precision", "recall", "F1, counts"]))


def _parts(values: Mapping[str, Any]) -> str:
    basis = "the training split" if values["frequency_basis"] == "training" else "the reference codes scored here"
    cards = [
        _group(values, "by_frequency", "F1 by frequency", f"Codes by how often they occur in {basis}."),
        _group(values, "by_seen", "F1 by seen and unseen", "Codes by how often they occur in the training split."),
        _group(values, "by_length", "F1 by length", "Encounters by number of words."),
        _group(values, "by_setting", "F1 by setting", ""),
        _group(values, "by_system", "F1 by code system", ""),
        _sections(values),
    ]
    return _chapters(values) + f'<div class="flow">{"".join(cards)}</div>'


def _chapters(values: Mapping[str, Any]) -> str:
    """Draw all chapters of the reference codes, in two columns."""
    known, rows = values["ci_by_group"].get("by_chapter", {}), []
    for c in values["by_chapter"]:
        if c["n_reference_codes"]:
            ends = known.get(f"{c['system']} {c['chapter']}", ())
            count = f"{c['n_reference_codes']:,.0f}"
            rows.append(Bar(_brief(c["title"]), c["micro_f1"], (count,), ends, c["chapter"]))
    half = (len(rows) + 1) // 2
    inner = "".join(bars(part, ["F1", "codes"]) for part in (rows[:half], rows[half:]) if part)
    text = "Chapters of the reference codes, with their number; the line is the 95 % interval."
    return f'<div class="wide">{card("F1 by chapter", text, f"""<div class="grid2">{inner}</div>""")}</div>'


def _brief(title: str) -> str:
    short = title.removeprefix("Diseases of the ").removeprefix("Certain ")
    return short[:1].upper() + short[1:]


def _group(values: Mapping[str, Any], key: str, title: str, text: str) -> str:
    known = values["ci_by_group"].get(key, {})
    rows = [
        Bar(name, g["micro_f1"], (f"{g.get('n_encounters', g.get('n_reference_codes', 0)):,.0f}",), known.get(name, ()))
        for name, g in values[key].items()
        if g.get("n_encounters", g.get("n_reference_codes", 0))
    ]
    size = "encounters" if key in ("by_length", "by_setting") else "codes"
    return card(title, text, bars(rows, ["F1", size])) if len(rows) > 1 else ""


def _sections(values: Mapping[str, Any]) -> str:
    """Draw the sections by their number of suggestions; those with a few are put together."""
    groups = sorted(values["by_section"].items(), key=lambda item: (-item[1]["n_suggested"], item[0]))
    known = values["ci_by_group"].get("by_section", {})
    rows = [
        Bar(
            "no section" if name == "none" else section_name(name), g["precision"], (f"{g['n_suggested']:,.0f}",),
            known.get(name, ()),
        )
        for name, g in groups
        if g["n_suggested"] >= LEAST
    ]  # fmt: skip
    few = [g for _, g in groups if g["n_suggested"] < LEAST]
    if few:
        n = sum(g["n_suggested"] for g in few)
        right = sum(g["n_suggested"] * g["precision"] for g in few)
        rows.append(Bar(f"{len(few)} sections with fewer than {LEAST}", right / n, (f"{n:,.0f}",)))
    text = "Share of the suggested codes that are right, by where their best evidence stands."
    return card("Precision by section", text, bars(rows, ["precision", "codes"])) if len(rows) > 1 else ""


def _all_metrics(report: Report) -> str:
    ci, said = report["ci"], _definitions()
    rows = [
        [f"<code>{escape(name)}</code>", f"{value:.4f}", span_of(ci.get(name, ()), 4), escape(said.get(name, ""))]
        for name, value in report.metrics().items()
    ]
    figures = table(["metric", "value", "95 % interval", "what it is"], rows, numeric=(1, 2))
    evidence = _evidence(report["evidence"]) if report["evidence"] else ""
    return f'<div class="wide"><div class="card said">{figures}</div></div>{evidence}'


@cache
def _definitions() -> dict[str, str]:
    text = (files("leadterm.evaluation") / "report.schema.json").read_text(encoding="utf-8")
    return {name: known.get("description", "") for name, known in json.loads(text)["properties"].items()}


def _evidence(found: Mapping[str, Any]) -> str:
    rows = [[rule, *(f"{s[m]:.4f}" for m in ("precision", "recall", "f1"))] for rule, s in found["rules"].items()]
    text = (
        f"Right code and right words. exact: the same characters; overlap: one character shared; within: both ends "
        f"within {found['tolerance']} characters; codiesp: holds the reference span and goes at most "
        f"{found['tolerance']} characters beyond it."
    )
    return card("Evidence", text, table(["rule", "precision", "recall", "F1"], rows, numeric=(1, 2, 3)))


def _footer(values: Mapping[str, Any]) -> str:
    unit = "encounters" if values["n_patients"] == values["n_encounters"] else "patients"
    return (
        f"<footer>leadterm {escape(values['leadterm_version'])}. Intervals: {values['n_bootstrap']:,} bootstrap "
        f"samples of {values['n_patients']:,} {unit}, seed {values['seed']}. Macro-F1 is the mean of F1 over "
        "codes present among the reference codes. MAP is by encounter, divided by the number of reference codes. "
        "Ties: score descending, then code ascending.</footer>"
    )


def _with_ends(row: Mapping[str, Any], name: str) -> str:
    ends = row[f"{name}_ci"]
    return f"{row[name]:.3f}" + (f"<small>{span_of(ends)}</small>" if ends else "")
