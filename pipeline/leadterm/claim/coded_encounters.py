"""Encounters with their accepted codes, from a corpus, a file of encounters or FHIR; or notes without codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter

__all__ = ["read_coded"]


def read_coded(
    given: str, wanted: list[str], *, setting: str | None = None, date: str | None = None
) -> Iterator[Encounter]:
    """Read encounters; those `wanted` by id, or all. Codes stand on them where the file has some.

    Raises
    ------
    LeadtermError
        If the file cannot be read, or has no encounter of a wanted name.
    """
    found = _read(given, setting, date)
    if not wanted:
        yield from found
        return
    known = {one.encounter_id: one for one in found}
    for name in wanted:
        if name not in known:
            raise unknown_name(f"encounter of {given}", name, known)
        yield known[name]


def _read(given: str, setting: str | None, date: str | None) -> Iterator[Encounter]:
    from leadterm.corpus import iter_split, splits_of

    path = Path(given)
    if (path / "corpus.toml").is_file():
        for split in splits_of(path):
            yield from iter_split(path, split)
    elif path.suffix.lower() in (".json", ".jsonl") and (coded := _coded(path)):
        yield from coded
    else:
        yield from _notes(given, setting, date)


def _coded(path: Path) -> list[Encounter]:
    """The encounters of a file in our format, or of FHIR resources; nothing if it holds neither."""
    from leadterm.corpus.format import decode
    from leadterm.intake.fhir import fhir_encounters, is_fhir

    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise LeadtermError(f"cannot read {path}: {error.strerror}.", hint="Check the path.") from None
    except UnicodeDecodeError:
        return []
    if is_fhir(raw[:4096]):
        return [encounter for encounter, _ in fhir_encounters([path])[0]]
    try:
        lines = [text] if path.suffix.lower() == ".json" else [line for line in text.splitlines() if line.strip()]
        pieces = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return []
    listed = [one for piece in pieces for one in (piece if isinstance(piece, list) else [piece])]
    whole = all(isinstance(one, dict) and {"encounter_id", "notes"} <= one.keys() for one in listed)
    return [decode(one) for one in listed] if whole else []


def _notes(given: str, setting: str | None, date: str | None) -> Iterator[Encounter]:
    from leadterm.intake.encounters import read_items
    from leadterm.intake.files import find_files

    for item in read_items(find_files([given]), setting=setting, date=date):
        if item.problem is not None:
            raise item.problem
        if item.encounter is not None:
            yield item.encounter
