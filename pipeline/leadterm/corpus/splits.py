"""Splits on disk: one encounter a line, read as a stream, written as a whole or not at all."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import IO

from leadterm.corpus.card import CARD_FILE, COUNTS, Card, card_text, read_card
from leadterm.corpus.format import decode, encode
from leadterm.errors import LeadtermError, quote_name, unknown_name
from leadterm.schema import Encounter
from leadterm.storage.writer import explain_failure, open_folder

__all__ = [
    "BOM", "Tally", "check_place", "iter_lines", "iter_split", "read_split", "splits_of", "write_corpus",
    "write_stream",
]  # fmt: skip

USUAL = {"train": 0, "dev": 1, "valid": 2, "test": 3}
BOM = b"\xef\xbb\xbf"


def splits_of(path: str | Path) -> list[str]:
    """List the splits of a corpus.

    ``train dev valid test`` first, others by name. ``LeadtermError`` if there is no such folder or it holds no split.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("test", "train"):
    ...         (Path(folder) / f"{name}.jsonl").touch()
    ...     splits_of(folder)
    ['train', 'test']
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise LeadtermError(
            f"the corpus '{path}' {what}.", hint=f"Give a folder with {CARD_FILE} and SPLIT.jsonl files."
        )
    names = sorted(file.stem for file in folder.glob("*.jsonl") if file.is_file())
    if not names:
        raise LeadtermError(f"no SPLIT.jsonl in '{path}'.", hint="Make a corpus with 'leadterm corpus import'.")
    return sorted(names, key=lambda name: (USUAL.get(name, len(USUAL)), name))


def iter_lines(path: str | Path, split: str) -> Iterator[tuple[int, object]]:
    """Yield line numbers, from 1, with what the JSON of each line holds; blank lines are passed over.

    ``LeadtermError`` if the split does not exist, is empty, is not UTF-8 or a line is not JSON.
    """
    names = splits_of(path)
    if split not in names:
        raise unknown_name(f"split of '{path}':", split, names)
    file = Path(path) / f"{split}.jsonl"
    empty = True
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            content = line.removeprefix(BOM) if number == 1 else line
            if content.strip():
                empty = False
                yield number, _json(content, f"{file} line {number}")
    if empty:
        raise LeadtermError(f"{file} is empty.", hint="A split has at least one encounter; delete the file otherwise.")


def _json(line: bytes, where: str) -> object:
    try:
        return json.loads(line.decode())
    except UnicodeDecodeError as error:
        hint = "Save the file as UTF-8."
        raise LeadtermError(
            f"{where} is not UTF-8: byte {error.start + 1} is {line[error.start]:#04x}.", hint=hint
        ) from None
    except json.JSONDecodeError as error:
        hint = "One encounter a line, each a JSON object."
        raise LeadtermError(f"{where} is not JSON: {error.msg} at column {error.colno}.", hint=hint) from None
    except ValueError:
        raise LeadtermError(f"{where} is not an encounter: it has a number of too many digits.") from None
    except RecursionError:
        raise LeadtermError(f"{where} is not an encounter: nested too deep.") from None


def iter_split(path: str | Path, split: str) -> Iterator[Encounter]:
    """Yield the encounters of a split, one at a time.

    ``LeadtermError`` if the split is missing, empty or not UTF-8, or a line is no
    encounter; the message names the file, the line and the encounter, never the text.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     line = '{"encounter_id": "e1", "notes": [{"note_id": "n1", "text": "Cough."}]}'
    ...     _ = (Path(folder) / "train.jsonl").write_text(line)
    ...     [encounter.encounter_id for encounter in iter_split(folder, "train")]
    ['e1']
    """
    for number, line in iter_lines(path, split):
        try:
            yield decode(line)
        except LeadtermError as error:
            where = f"{Path(path) / split}.jsonl line {number}{name_of(line)}"
            raise LeadtermError(f"{where}: {error.message}", hint=error.hint) from None


def name_of(line: object) -> str:
    """Name the encounter of a line, as far as it says so."""
    given = line.get("encounter_id") if isinstance(line, dict) else None
    return f" (encounter '{given[:80]}')" if isinstance(given, str) else ""


def read_split(path: str | Path, split: str) -> list[Encounter]:
    """Read all encounters of a split; see `iter_split`.

    ``LeadtermError`` as `iter_split`; also if an encounter id comes twice.

    >>> read_split("nowhere", "train")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: the corpus 'nowhere' does not exist. ...
    """
    encounters = list(iter_split(path, split))
    name, times = Counter(encounter.encounter_id for encounter in encounters).most_common(1)[0]
    if times > 1:
        where = f"{Path(path) / split}.jsonl"
        raise LeadtermError(f"{where} has encounter '{name}' {times} times.", hint="Run 'leadterm corpus check'.")
    return encounters


class Tally:
    """Counts of a corpus, kept while it streams by.

    >>> from leadterm.schema import Note
    >>> tally = Tally()
    >>> tally.add("train", Encounter("e1", (Note("n1", "Dry cough."),)))
    >>> (tally.counts()["words"], dict(tally.splits))
    (2, {'train': 1})
    """

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.splits: Counter[str] = Counter()
        self.distinct: set[tuple[str, str]] = set()

    def add(self, split: str, encounter: Encounter) -> None:
        """Count one encounter."""
        self.splits[split] += 1
        self.distinct.update((code.system, code.code) for code in encounter.codes)
        self.totals.update(
            {
                "encounters": 1,
                encounter.setting: 1,
                "notes": len(encounter.notes),
                "words": sum(len(note.text.split()) for note in encounter.notes),
                "codes": len(encounter.codes),
                "evidence": sum(len(code.evidence) for code in encounter.codes),
            }
        )

    def counts(self) -> dict[str, int]:
        """Give the counts of a card."""
        return {key: len(self.distinct) if key == "distinct_codes" else self.totals[key] for key in COUNTS}


def write_corpus(path: str | Path, card: Card, splits: Mapping[str, Iterable[Encounter]]) -> Card:
    """Write a corpus folder, whole or not at all; the same content gives the same bytes.

    - ``path``: the folder to make. An older corpus there is replaced; any other folder is refused.
    - ``card``: its card; counts and splits are filled in.
    - ``splits``: split → encounters.

    ``LeadtermError`` if the folder holds something else, cannot be written, or there is no
    encounter.

    >>> import tempfile
    >>> from leadterm.schema import Note
    >>> card = Card("demo", "Invented.", "CC0-1.0", ("en",), {}, "all train", "none: invented")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_corpus(f"{folder}/demo", card, {"train": [Encounter("e1", (Note("n1", "Cough."),))]})
    ...     len(read_split(f"{folder}/demo", "train")), made.splits["train"]
    (1, 1)
    """
    return write_stream(path, card, ((split, encounter) for split, given in splits.items() for encounter in given))


def write_stream(
    path: str | Path,
    card: Card,
    encounters: Iterable[tuple[str, Encounter]],
    *,
    code_lists: Mapping[str, Iterable[tuple[str, str]]] | None = None,
) -> Card:
    """Write a corpus from (split, encounter) pairs in any order, holding one encounter in memory.

    ``path``, ``card``: as in `write_corpus`. ``encounters``: each with the split it belongs to. ``code_lists``: system
    → codes with titles, for systems leadterm does not know. They are taken once all encounters have been written, so a
    reader may gather them on the way. ``LeadtermError``: as `write_corpus`.

    >>> write_stream("/dev/null", Card("d", "", "", (), {}, "", ""), [])
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: '/dev/null' exists and is not a corpus. ...
    """
    target = Path(path)
    check_place(target)
    with explain_failure(target, what="the corpus "), open_folder(target) as stage:
        return _fill(stage, card, encounters, code_lists or {})


def _fill(
    stage: Path,
    card: Card,
    encounters: Iterable[tuple[str, Encounter]],
    code_lists: Mapping[str, Iterable[tuple[str, str]]],
) -> Card:
    """Write every file of a corpus into the staging folder."""
    tally = Tally()
    files: dict[str, IO[bytes]] = {}
    with ExitStack() as stack:
        for split, encounter in encounters:
            if split not in files:
                if not re.fullmatch(r"\w[\w-]{0,99}", split):
                    raise LeadtermError(f"bad split name: {quote_name(split)}.", hint="Use letters, digits, - and _.")
                files[split] = stack.enter_context((stage / f"{split}.jsonl").open("wb"))
            tally.add(split, encounter)
            files[split].write(_line(encounter))
    if not files:
        raise LeadtermError("there is no encounter to write.", hint="Check the source and the options.")
    lists = {system: f"codes-{system}.tsv" for system in code_lists}
    for system, pairs in code_lists.items():
        content = "".join(f"{code}\t{title}\n" for code, title in pairs)
        (stage / lists[system]).write_bytes(content.encode())
    ordered = {split: tally.splits[split] for split in splits_of(stage)}
    made = replace(card, counts=tally.counts(), splits=ordered, code_lists={**card.code_lists, **lists})
    (stage / CARD_FILE).write_bytes(card_text(made).encode())
    return made


def _line(encounter: Encounter) -> bytes:
    """Give an encounter as a line that can be read again."""
    where = f"encounter '{encounter.encounter_id[:80]}'"
    names = [encounter.encounter_id, *(note.note_id for note in encounter.notes)]
    names += [name for code in encounter.codes for name in (code.system, code.code)]
    if not all(map(str.strip, names)):
        raise LeadtermError(f"{where} has a blank id or code.", hint="Check the source.")
    try:
        return json.dumps(encode(encounter), ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        raise LeadtermError(f"{where} has half a surrogate pair.", hint="Export the source as UTF-8.") from None


def check_place(target: Path) -> None:
    """Refuse to replace anything but an empty folder or a corpus that holds nothing else."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / CARD_FILE).is_file():
        raise LeadtermError(f"'{target}' exists and is not a corpus.", hint="Choose another folder with --output.")
    try:
        lists = set(read_card(target).code_lists.values())
    except LeadtermError:
        lists = set()
    own = {CARD_FILE, *lists}
    others = sorted(file.name for file in target.iterdir() if file.suffix != ".jsonl" and file.name not in own)
    if others:
        named = f"{', '.join(others[:5])}{' …' if others[5:] else ''}"
        raise LeadtermError(
            f"the corpus folder '{target}' also holds {named}, which would be lost.",
            hint="Move that elsewhere, or choose another folder with --output.",
        )
