"""What was decided with ``leadterm review``: the finished encounters, with the notes they were decided over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.errors import LeadtermError
from leadterm.readers.base import Imported, plain_card
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from leadterm.decisions.decision_store import DecisionStore

__all__ = ["read"]

LANGUAGES = frozenset({"en", "es"})


def read(source: Path | str, *, notes: str | None = None) -> Imported:
    """Read the finished encounters as the split ``train``: their codes in sequence, with the words that support them.

    ``source``: the folder of the decisions, or the address of their database. ``notes``: the notes that were reviewed,
    a file or folder; by default the folder ``notes`` in the source. Decisions over other words are left out, and told.
    ``LeadtermError`` if there are no decisions, or none of these notes is finished.
    """
    from leadterm.decisions.reviewed import reviewed
    from leadterm.decisions.verdicts import standing

    if isinstance(source, Path) and not (source / "decisions.db").is_file():
        raise LeadtermError(f"no decisions in '{source}'.", hint="Give the folder that 'leadterm review' printed.")
    given = list(_encounters(Path(notes) if notes else Path(source) / "notes"))
    store = _store(source)
    made, releases, other = [], dict[str, str](), 0
    for encounter in given:
        key = encounter.encounter_id, f"{encounter.digest:016x}"
        entries = store.entries(key)
        state = standing(entries)
        if state.finished:
            made.append(reviewed(encounter, state))
            for one in entries:
                releases |= one.releases
        other += not entries and bool(store.texts(encounter.encounter_id))
    store.close()
    if not made:
        hint = "Finish one in the page (Ctrl+Enter); of those with several coders, decide between them."
        raise LeadtermError("none of these encounters is finished: there is nothing to import.", hint=hint)
    remarks = (f"{len(given) - len(made)} of {len(given)} encounters are not finished and left out.",
               *([f"{other} were decided over other words than these."] if other else []))  # fmt: skip
    used = {code.system for one in made for code in one.codes}
    known = {system: releases.get(system, "not stated") for system in sorted(used)}
    card = plain_card("reviewed", "Reviewed with leadterm review.", made, "All train.", known)
    return Imported(card, [("train", one) for one in made], remarks=remarks)


def _store(source: Path | str) -> DecisionStore:
    try:
        from leadterm.decisions.decision_store import DecisionStore
    except ModuleNotFoundError as error:
        hint = "Install it with: pip install 'leadterm[review]'"
        raise LeadtermError(f"decisions need the package '{error.name}'.", hint=hint) from None
    return DecisionStore(source)


def _encounters(notes: Path) -> Iterator[Encounter]:
    from leadterm.intake.encounters import read_items
    from leadterm.intake.files import find_files
    from leadterm.intake.language import in_their_language

    if not notes.exists():
        raise LeadtermError(f"no notes at '{notes}'.", hint="Give the notes that were reviewed with --notes.")
    read = (item.encounter for item in read_items(find_files([str(notes)])) if item.encounter is not None)
    yield from in_their_language(read, LANGUAGES, lambda _: None)
