"""leadterm's own format, read again: a corpus folder, or a single JSONL file without a card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from leadterm.corpus import iter_split, read_card, read_code_list, splits_of
from leadterm.errors import LeadtermError
from leadterm.readers.base import Imported, plain_card
from leadterm.schema import Encounter

__all__ = ["read"]


def read(source: Path) -> Imported:
    """Read a corpus folder, or one JSONL file as the split of its name.

    With the card of the folder, or one that says what the lines say. ``source``: a folder with ``SPLIT.jsonl`` files,
    with or without a card, or one such file. ``LeadtermError`` if a line is no encounter.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "dev.jsonl"
    ...     _ = path.write_text('{"encounter_id": "e1", "notes": [{"note_id": "n1", "text": "Cough."}]}')
    ...     list(read(path).splits())
    ['dev']
    """
    if source.is_file() and source.suffix != ".jsonl":
        raise LeadtermError(f"'{source}' is not a SPLIT.jsonl file.", hint="Rename it, for instance to train.jsonl.")
    folder = source if source.is_dir() else source.parent
    splits = splits_of(folder) if source.is_dir() else [source.stem]
    if source.is_dir() and (source / "corpus.toml").is_file():
        card = read_card(source)
        lists = {system: read_code_list(source, system) for system in card.code_lists}
        return Imported(replace(card, code_lists={}), _stream(folder, splits), lists)
    every = (encounter for _, encounter in _stream(folder, splits))
    card = plain_card(folder.name or "corpus", "Imported from JSONL without a card.", every, "One file a split.")
    return Imported(card, _stream(folder, splits))


def _stream(folder: Path, splits: list[str]) -> Iterator[tuple[str, Encounter]]:
    return ((split, encounter) for split in splits for encounter in iter_split(folder, split))
