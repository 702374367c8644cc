"""The errors of a report: which codes they concern, and where to look."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadterm.pages.encounter_views import EncounterView, anchor_of

__all__ = ["error_lists"]

SHOWN = 15


def error_lists(
    values: Mapping[str, Any], views: Sequence[EncounterView], titles: Callable[[str, str], str]
) -> dict[str, list[dict[str, Any]]]:
    """Give the rows of the lists ``siblings``, ``missed`` and ``wrong``, with links to the encounters on the page."""
    known, found = {view.encounter_id: view for view in views}, values["mistakes"]

    def codes(name: str, kind: str, n: str, of: str) -> list[dict[str, Any]]:
        return [
            {
                "code": row["code"], "title": titles(row["system"], row["code"]), "n": row[n], "of": row[of],
                "links": _links(row, known, kind, row["code"]),
            }
            for row in found[name][:SHOWN]
        ]  # fmt: skip

    siblings = [
        {
            **{kind: (row[kind], titles(row["system"], row[kind])) for kind in ("suggested", "reference")},
            "n": row["n"], "links": _links(row, known, "wrong", row["suggested"]),
        }
        for row in found["siblings"][:SHOWN]
    ]  # fmt: skip
    return {
        "siblings": siblings,
        "missed": codes("most_missed", "missed", "n_missed", "n_reference"),
        "wrong": codes("most_over_suggested", "wrong", "n_wrong", "n_suggested"),
    }


def _links(row: Mapping[str, Any], views: Mapping[str, EncounterView], kind: str, code: str) -> list[dict[str, str]]:
    """Link to the words that support a code, or to the encounter where there are none."""
    shown = [views[encounter] for encounter in row["encounters"] if encounter in views]
    return [{"anchor": anchor_of(view, kind, code), "encounter_id": view.encounter_id} for view in shown]
