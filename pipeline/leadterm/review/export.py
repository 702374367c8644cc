"""Reviewed encounters as a corpus: what `leadterm train` learns from, and `evaluate` scores against."""

from __future__ import annotations

from pathlib import Path

from leadterm.corpus import Card, write_corpus
from leadterm.errors import LeadtermError
from leadterm.review.workbench import Workbench

__all__ = ["export_corpus"]


def export_corpus(bench: Workbench, folder: Path) -> Card:
    """Write the finished encounters with their codes and the words that support them.

    Raises
    ------
    LeadtermError
        If no encounter is finished, or the folder holds something that is no corpus.
    """
    done = [number for number in range(len(bench.encounters)) if bench.standing(number).finished]
    made = [bench.reviewed(number) for number in done]
    if not made:
        hint = "Finish one in the page (Ctrl+Enter)."
        raise LeadtermError("none of these encounters is finished: there is nothing to export.", hint=hint)
    releases = {name: release for number in done for name, release in bench.suggestions(number).releases.items()}
    used = {code.system for one in made for code in one.codes}
    card = Card(
        name=folder.name, source="Reviewed with leadterm review.", licence="not stated",
        languages=tuple(sorted({one.language for one in made})),
        systems={name: release for name, release in releases.items() if name in used},
        split_method="all train", phi_status="not stated: treat as patient data",
    )  # fmt: skip
    return write_corpus(folder, card, {"train": made})
