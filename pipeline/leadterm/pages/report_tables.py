"""Reports and comparisons as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadterm.errors import counted
from leadterm.evaluation.agreement import Agreement
from leadterm.evaluation.comparison import Comparison, Difference
from leadterm.evaluation.report import Report
from leadterm.pages.render import ends_of, p_value
from leadterm.pages.terminal import make_table, plain

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

__all__ = ["agreement_tables", "comparison_tables", "report_tables"]

HEADLINE = (
    ("Suggested set", ("micro_precision", "micro_recall", "micro_f1", "macro_f1", "encounter_f1", "exact_match")),
    ("Ranked list", ("map", "precision_at_1", "precision_at_5", "precision_at_8", "precision_at_15")),
    ("", ("recall_at_10", "recall_at_15", "recall_all", "r_precision", "mrr", "ndcg_at_15")),
    ("Principal", ("principal_accuracy", "principal_recall")),
)
GROUPS = (
    ("by_system", "Code system"), ("by_frequency", "Frequency"), ("by_seen", "In training"),
    ("by_length", "Words of notes"), ("by_setting", "Setting"),
)  # fmt: skip
WIDEST = 7
"""Columns of a group beside its name that 80 characters hold."""
WORDS = ("metric", "run", "pair", "threshold")
COLUMNS = {
    "n_encounters": "encounters",
    "n_codes": "codes",
    "n_reference_codes": "given",
    "n_suggested": "suggested",
    "micro_precision": "precision",
    "micro_recall": "recall",
    "micro_f1": "F1",
    "macro_f1": "macro-F1",
    "map": "MAP",
}


def report_tables(report: Report) -> list[RenderableType]:
    """Lay a report out for a terminal.

    Gives to be printed one after the other.

    >>> from leadterm.evaluation import evaluate
    >>> len(report_tables(evaluate({"e1": {"I10": 0.9}}, {"e1": ["I10"]}, n_bootstrap=0))) > 2
    True
    """
    values = report.values
    parts: list[Any] = [_title(report), _headline(values)]
    for key, title in GROUPS:
        if len(values[key]) > (key == "by_system"):
            basis = f" in {values['frequency_basis']}" if key == "by_frequency" else ""
            parts.append(_group_table(title + basis, values[key], values["ci_by_group"].get(key, {})))
    parts += [_hierarchy(values["hierarchy"]), *_extras(values)]
    parts += [_note(line) for line in values["warnings"]]
    return parts


def comparison_tables(found: Comparison, *, every: bool = False, system: str | None = None) -> list[RenderableType]:
    """Lay a comparison out for a terminal.

    `every`: Show the values of all metrics, not of the tested ones alone.
    Gives to be printed one after the other.

    >>> from leadterm.evaluation import compare
    >>> len(comparison_tables(compare({"x": {"e1": ["A"]}, "y": {"e1": ["B"]}}, {"e1": ["A"]}, n_bootstrap=0)))
    3
    """
    metrics = list(dict.fromkeys(d.metric for d in found.differences))
    if every:
        metrics = list(next(iter(found.values.values())))
    values = _table(f"Runs on {counted(found.n_encounters, 'encounter')}", ["metric", *found.runs])
    for metric in metrics:
        cells = (_with_ci(found.values[run][metric], found.ci[run].get(metric)) for run in found.runs)
        values.add_row(plain(metric), *cells)
    limits = [(t, s.replace("cross-validated", "cv")) for t, s in (found.thresholds[run] for run in found.runs)]
    values.add_row("threshold", *(f"{source}" if t is None else f"{t:.3f} ({source})" for t, source in limits))
    shown = [d for d in found.differences if system is None or system in (d.a, d.b)]
    rest = len(found.differences) - len(shown)
    last = "p: paired permutation test over encounters, corrected; detectable: found 8 times in 10 at this size."
    if rest:
        last += f" p (Holm) is corrected for {rest} differences between the other runs too; --format json shows them."
    lines = dict.fromkeys((run, line) for run in found.runs for line in found.warnings[run])
    notes = [_note(f"{run}: {line}") for run, line in lines]
    return [values, _differences(shown), plain(last), *notes]


def agreement_tables(found: Agreement) -> list[RenderableType]:
    """Lay the agreement of coders out for a terminal.

    Gives to be printed one after the other.

    >>> from leadterm.evaluation import agreement
    >>> len(agreement_tables(agreement({"a": {"e1": ["I10"]}, "b": {"e1": ["I10"]}})))
    2
    """
    table = _table("Agreement of coders", ["pair", "encounters", "F1", "95 % interval", "exact match", "alpha"])
    for p in found.pairs:
        figures = (f"{p.micro_f1:.3f}", ends_of((p.low, p.high)), f"{p.exact_match:.3f}", f"{p.alpha:.3f}")
        table.add_row(plain(f"{p.a}, {p.b}"), f"{p.n_encounters:,}", *figures)
    mean = ", ".join(f"{name} {value:.3f}" for name, value in found.mean_f1.items())
    return [table, plain(f"Krippendorff's alpha over all: {found.alpha:.3f}. Mean F1 with the others: {mean}.")]


def _differences(shown: Sequence[Difference]) -> Table:
    table = _table("Differences", ["metric", "pair", "difference", "95 % interval", "p (Holm)", "detectable"])
    before, several = "", len({(d.a, d.b) for d in shown}) > 1
    for d in shown:
        if several and before and d.metric != before:
            table.add_section()
        ends = "-" if d.low is None or d.high is None else f"{d.low:+.3f}, {d.high:+.3f}"
        small = "-" if d.detectable is None else f"{d.detectable:.3f}"
        name = "" if d.metric == before else d.metric
        cells = (plain(f"{d.b} - {d.a}"), f"{d.difference:+.3f}", ends, p_value(d.p_holm), small)
        table.add_row(plain(name), *cells, style="bold" if d.p_holm < 0.05 else "")
        before = d.metric
    return table


def _title(report: Report) -> Text:
    v = report.values
    limit = "every row" if v["threshold"] is None else f"{v['threshold']:.3f} ({v['threshold_source']})"
    split = f", split {v['split']}" if v["split"] else ""
    return plain(
        f"{report.name}: {counted(v['n_encounters'], 'encounter')}{split}, "
        f"{counted(v['n_reference_codes'], 'reference code')} "
        f"({v['n_codes']} distinct; {', '.join(v['systems'])}), threshold {limit}"
    )


def _headline(values: Mapping[str, Any]) -> Table:
    table = _table("", ["", "metric", "value", "95 % interval"])
    for title, names in HEADLINE:
        for i, name in enumerate(n for n in names if n in values):
            ends = values["ci"].get(name)
            table.add_row(
                title if i == 0 else "", name, f"{values[name]:.3f}", f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "-"
            )
    return table


def _group_table(title: str, groups: Mapping[str, Mapping[str, float]], ends: Mapping[str, Sequence[float]]) -> Table:
    columns = {key: name for key, name in COLUMNS.items() if any(key in g for g in groups.values())}
    if len(columns) + bool(ends) > WIDEST:
        del columns["macro_f1"]
    table = _table("", [title, *columns.values(), *(["95 %\ninterval"] if ends else [])])
    for name, scores in groups.items():
        alone = not scores.get("n_reference_codes", 1.0)  # codes that were suggested, and that nobody gave
        cells = ["-" if alone and not c.startswith("n_") else _number(scores.get(c), c) for c in columns]
        limits = ["-" if alone else "-".join(f"{end:.3f}" for end in ends.get(name, ()))] if ends else []
        shown = plain(f"{name} (suggested only)" if alone else name)
        table.add_row(shown, *cells, *limits, style="dim" if alone else "")
    return table


def _hierarchy(levels: Mapping[str, Any]) -> Table:
    table = _table("", ["Level", "F1 (sets)", "precision", "recall", "F1 (counts)"])
    for level, kinds in levels.items():
        scores = [kinds["set"][m] for m in ("micro_f1", "micro_precision", "micro_recall")]
        table.add_row(level.replace("_", " "), *(f"{s:.3f}" for s in (*scores, kinds["count"]["micro_f1"])))
    return table


def _extras(values: Mapping[str, Any]) -> Iterable[Any]:
    if values["evidence"]:
        table = _table("", ["Evidence", "precision", "recall", "F1"])
        for rule, scores in values["evidence"]["rules"].items():
            table.add_row(rule, *(f"{scores[m]:.3f}" for m in ("precision", "recall", "f1")))
        yield table
    if values["calibration"]:
        found = values["calibration"]
        ece = f"ECE {found['ece']:.3f}, among the chosen {found['ece_chosen']:.3f}"
        yield plain(f"Calibration: {ece}, Brier {found['brier']:.3f}")
    if values["coverage"]:
        table = _table("", ["Wanted precision", "reached", "coverage", "95 % interval", "codes"])
        for row in values["coverage"]:
            ends = row["coverage_ci"]
            shown = f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "-"
            reached = f"{row['precision']:.3f}" if row["n_automated"] else "-"
            table.add_row(f"{row['target']:.2f}", reached, f"{row['coverage']:.3f}", shown, str(row["n_automated"]))
        yield table
    volume = values["volume"]
    yield plain(
        f"Codes per encounter: {volume['suggested_per_encounter']:.2f} suggested, "
        f"{volume['reference_per_encounter']:.2f} in the reference; too many in {volume['share_over']:.0%}, "
        f"too few in {volume['share_under']:.0%} of encounters"
    )


def _table(title: str, columns: Sequence[str]) -> Table:
    """Begin a table; what is counted or measured stands to the right."""
    names = [column.replace("_", " ") for column in columns]
    numeric = [c for c in names if c.startswith(("F1", "MAP", "95")) or (c[:1].islower() and c not in WORDS)]
    return make_table(title, names, right=numeric, whole=("metric", "95 %\ninterval"))


def _note(line: str) -> Text:
    from rich.text import Text

    return Text.assemble(("note", "yellow"), ": ", plain(line))


def _with_ci(value: float, ends: Sequence[float] | None) -> str:
    return f"{value:.3f}" + (f" ({ends[0]:.3f}-{ends[1]:.3f})" if ends else "")


def _number(value: float | None, name: str) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if name.startswith("n_") else f"{value:.3f}"
