"""The parts of the data in a report, as rows of bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadterm.errors import counted
from leadterm.pages.quotes import section_name

__all__ = ["Bar", "BarGroup", "chapters", "groups", "levels"]

LEAST = 10
"""Sections with fewer suggestions are put together."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: a name and perhaps a code, a share, further cells behind it, and the ends of its interval."""

    name: str
    value: float
    notes: tuple[str, ...] = ()
    ends: Sequence[float] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class BarGroup:
    """Bars under a heading; `columns` name the value and the notes."""

    title: str
    text: str
    columns: tuple[str, str]
    rows: tuple[Bar, ...]


def levels(values: Mapping[str, Any]) -> list[Bar]:
    """Give F1 by level of the hierarchy, with precision, recall and the F1 of counts."""
    rows = []
    for name, kinds in values["hierarchy"].items():
        figures = (*(kinds["set"][m] for m in ("micro_precision", "micro_recall")), kinds["count"]["micro_f1"])
        rows.append(Bar(name.replace("_", " "), kinds["set"]["micro_f1"], tuple(f"{f:.3f}" for f in figures)))
    return rows


def chapters(values: Mapping[str, Any]) -> list[list[Bar]]:
    """Give all chapters of the reference codes, in two halves."""
    known, rows = values["ci_by_group"].get("by_chapter", {}), []
    for c in values["by_chapter"]:
        if c["n_reference_codes"]:
            ends = known.get(f"{c['system']} {c['chapter']}", ())
            count = f"{c['n_reference_codes']:,.0f}"
            rows.append(Bar(_brief(c["title"]), c["micro_f1"], (count,), ends, c["chapter"]))
    half = (len(rows) + 1) // 2
    return [rows[:half], rows[half:]] if rows else []


def groups(values: Mapping[str, Any]) -> list[BarGroup]:
    """Give F1 by every other way to divide the data; a way that leaves one group only says nothing and is not drawn."""
    basis = "the training split" if values["frequency_basis"] == "training" else "the reference codes scored here"
    return [
        _group(values, "by_frequency", "F1 by frequency", f"Codes by how often they occur in {basis}."),
        _group(values, "by_seen", "F1 by seen and unseen", "Codes by how often they occur in the training split."),
        _group(values, "by_length", "F1 by length", "Encounters by number of words."),
        _group(values, "by_setting", "F1 by setting", ""),
        _group(values, "by_system", "F1 by code system", ""),
        _sections(values),
    ]


def _brief(title: str) -> str:
    short = title.removeprefix("Diseases of the ").removeprefix("Certain ")
    return short[:1].upper() + short[1:]


def _group(values: Mapping[str, Any], key: str, title: str, text: str) -> BarGroup:
    known, rows = values["ci_by_group"].get(key, {}), []
    for name, g in values[key].items():
        size = g.get("n_encounters", g.get("n_reference_codes", 0))
        if size:
            rows.append(Bar(name, g["micro_f1"], (f"{size:,.0f}",), known.get(name, ())))
    counted = "encounters" if key in ("by_length", "by_setting") else "codes"
    return BarGroup(title, text, ("F1", counted), tuple(rows))


def _sections(values: Mapping[str, Any]) -> BarGroup:
    """Give the sections by their number of suggestions; those with a few are put together."""
    found = sorted(values["by_section"].items(), key=lambda item: (-item[1]["n_suggested"], item[0]))
    known, rows = values["ci_by_group"].get("by_section", {}), []
    for name, g in found:
        if g["n_suggested"] >= LEAST:
            shown = "no section" if name == "none" else section_name(name)
            rows.append(Bar(shown, g["precision"], (f"{g['n_suggested']:,.0f}",), known.get(name, ())))
    few = [g for _, g in found if g["n_suggested"] < LEAST]
    if few:
        n = sum(g["n_suggested"] for g in few)
        right = sum(g["n_suggested"] * g["precision"] for g in few)
        rows.append(Bar(f"{counted(len(few), 'section')} with fewer than {LEAST}", right / n, (f"{n:,.0f}",)))
    text = "Share of the suggested codes that are right, by where their best evidence stands."
    return BarGroup("Precision by section", text, ("precision", "codes"), tuple(rows))
