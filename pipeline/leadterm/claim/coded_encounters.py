"""Encounters with their accepted codes, from a corpus, a file of encounters or FHIR; or notes without codes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter

__all__ = ["read_coded"]


def read_coded(
    given: str, wanted: list[str], *, setting: str | None = None, date: str | None = None
) -> Iterator[Encounter]:
    """Read encounters; those `wanted` by id, or all. Codes stand on them where the file has some.

    ``LeadtermError`` if the file cannot be read, or has no encounter of a wanted name.
    """
    found = _each_once(given, _read(given, setting, date))
    if not wanted:
        yield from found
        return
    known = {one.encounter_id: one for one in found}
    for name in wanted:
        if name not in known:
            raise unknown_name(f"encounter of {given}", name, known)
        yield known[name]


def _each_once(given: str, found: Iterable[Encounter]) -> Iterator[Encounter]:
    """Refuse an id that comes again: its services would be billed twice."""
    seen: set[str] = set()
    for one in found:
        if one.encounter_id in seen:
            raise LeadtermError(
                f"the encounter '{one.encounter_id}' stands twice in {given}.", hint="Keep one, or give it another id."
            )
        seen.add(one.encounter_id)
        yield one


def _read(given: str, setting: str | None, date: str | None) -> Iterator[Encounter]:
    from leadterm.corpus import iter_split, splits_of

    path = Path(given)
    if (path / "corpus.toml").is_file():
        for split in splits_of(path):
            yield from iter_split(path, split)
    elif path.suffix.lower() in (".json", ".jsonl") and (coded := _coded(path)):
        yield from coded
    else:
        _refuse_claims(path)
        yield from _notes(given, setting, date)


def _refuse_claims(path: Path) -> None:
    """A claim file is text, too, and its names and numbers would be read as a note."""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(4)
        if head[:3] == b"ISA" and not head[3:].isalnum():
            raise LeadtermError(
                f"{path} is an X12 file, and no encounter.", hint=f"leadterm claim {path} --check reads it."
            )


def _coded(path: Path) -> list[Encounter]:
    """The encounters of a file in our format, or of FHIR resources; nothing if it holds neither."""
    from leadterm.intake.fhir_documents import fhir_encounters, is_fhir

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
    return [_decoded(one, f"encounter {number} of {path}") for number, one in enumerate(listed, 1)] if whole else []


def _decoded(piece: object, where: str) -> Encounter:
    """Make an encounter; what is wrong with it is told with its place."""
    from leadterm.corpus.format import decode

    try:
        return decode(piece)
    except LeadtermError as error:
        raise LeadtermError(f"{where}: {error.message}", hint=error.hint) from None


def _notes(given: str, setting: str | None, date: str | None) -> Iterator[Encounter]:
    from leadterm.intake.encounters import read_items
    from leadterm.intake.files import find_files

    for item in read_items(find_files([given]), setting=setting, date=date):
        if item.problem is not None:
            raise item.problem
        if item.encounter is not None:
            yield item.encounter
