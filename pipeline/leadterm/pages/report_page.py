"""A report as one HTML file: no network, no script, light and dark, ready to print."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from leadterm.evaluation.report import Report
from leadterm.pages.charts import precision_recall_chart, reliability_chart
from leadterm.pages.encounter_views import encounter_views
from leadterm.pages.error_lists import error_lists
from leadterm.pages.render import render
from leadterm.pages.report_parts import chapters, groups, levels
from leadterm.schema import Encounter

__all__ = ["Titles", "report_page", "report_values"]

Titles = Callable[[str, str], str]
"""Gives the title of (system, code); empty where it has none."""

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
VOLUME = {"share_under": "too few codes", "share_equal": "as many", "share_over": "too many codes"}


def report_page(
    report: Report,
    encounters: Iterable[Encounter] = (),
    *,
    titles: Titles | None = None,
    corpus: str = "",
    heading: str = "",
) -> str:
    """Render a report as a page.

    - ``report``: what `evaluate` gave.
    - ``encounters``: notes for the error analysis; they are patient data, folded away but in the file. Leave them out
      and the page holds codes and encounter ids only.
    - ``titles``: gives the title of (system, code); empty where it has none.
    - ``corpus``: name of the corpus, for the head of the page.
    - ``heading``: of the page; the name of the run by default.

    >>> from leadterm.evaluation import evaluate
    >>> text = report_page(evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, threshold=0.5, n_bootstrap=0))
    >>> text.startswith("<!doctype html>"), "http://" in text.replace("http://www.w3.org/2000/svg", "")
    (True, False)
    """
    return render("report.html", **report_values(report, encounters, titles, corpus, heading))


def report_values(
    report: Report, encounters: Iterable[Encounter], titles: Titles | None, corpus: str, heading: str
) -> dict[str, Any]:
    """Gather what the template of a report needs, by name."""
    name_of, v = titles or (lambda _system, _code: ""), report.values
    views = encounter_views(report, name_of, encounters)
    reached = [row for row in v["coverage"] if row["n_automated"]]
    return {
        "v": {**v, "run": report.name}, "heading": heading, "where": _where(report, corpus, heading),
        "limit": _limit(v), "tiles": _tiles(v), "reached": reached,
        "wanted": ", ".join(f"{row['target']:.2f}" for row in v["coverage"]),
        "precision_recall": precision_recall_chart(
            v["precision_recall"], (v["micro_recall"], v["micro_precision"]), reached
        ),
        "reliability": reliability_chart(v["calibration"]["bins"]) if v["calibration"] else None,
        "levels": levels(v), "chapters": chapters(v), "groups": groups(v),
        "volume": [(name, round(v["volume"][key] * v["n_encounters"])) for key, name in VOLUME.items()],
        "outside": _outside(v), "views": views, **error_lists(v, views, name_of), "metrics": _metrics(report),
    }  # fmt: skip


def _where(report: Report, corpus: str, heading: str) -> str:
    split = f"split {report['split']}" if report["split"] else ""
    named = (report.name if heading else "", corpus, split, ", ".join(report["systems"]))
    return " · ".join(filter(None, named))


def _limit(values: Mapping[str, Any]) -> str:
    source = values["threshold_source"]
    if values["threshold"] is None:
        return f"no threshold ({source})"
    if source == "cross-validated":
        return f"threshold {values['threshold']:.3f} (median; chosen for each fold on the others)"
    return f"threshold {values['threshold']:.3f} ({source})"


def _tiles(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": title, "value": values[name], "ends": values["ci"].get(name, ()), "text": text}
        for name, title, text in TILES
        if name in values
    ]


def _outside(values: Mapping[str, Any]) -> str:
    """Say how many wrong suggestions are of codes that could never be right here."""
    never = values["by_frequency"].get("0", {}) if values["frequency_basis"] == "reference" else {}
    return f" {never['n_suggested']:,.0f} are of codes that no encounter here has." if never else ""


def _metrics(report: Report) -> Sequence[Mapping[str, Any]]:
    said = _definitions()
    return [
        {"name": name, "value": value, "ends": report["ci"].get(name, ()), "text": said.get(name, "")}
        for name, value in report.metrics().items()
    ]


@cache
def _definitions() -> dict[str, str]:
    text = (files("leadterm.evaluation") / "report.schema.json").read_text(encoding="utf-8")
    return {name: known.get("description", "") for name, known in json.loads(text)["properties"].items()}
