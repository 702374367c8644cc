"""What the MIMIC readers share: tables, splits by admission, codes, and notes gathered as a stream."""

from __future__ import annotations

import glob
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from leadterm.corpus.card import Card
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError
from leadterm.readers.base import rows
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.text_files import read_text

__all__ = ["CodesOf", "admission", "code_table", "find_table", "people", "read_splits", "restricted_card", "stream"]

SPLIT_NAME = re.compile(r"(?:^|[-_.])(train|dev|val|valid|validation|test)(?:[-_.]|$)")
SPLITS = {"train": "train", "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev", "test": "test"}

Row = Mapping[str, str]
CodesOf = Callable[[str], tuple[ReferenceCode, ...]]


def find_table(folder: Path, name: str) -> Path | None:
    """Find ``NAME.csv`` or ``NAME.csv.gz`` in a folder or those below, in any case."""
    wanted = (f"{name}.csv", f"{name}.csv.gz")
    found = sorted(path for path in folder.rglob("*") if path.name.lower() in wanted and path.is_file())
    if len(found) > 1:
        raise LeadtermError(f"'{folder}' holds {len(found)} tables '{name}'.", hint="Give a folder with one of each.")
    return found[0] if found else None


def need_table(folder: Path, name: str) -> Path:
    """Find a table that must be there."""
    found = find_table(folder, name)
    if found is None:
        raise LeadtermError(f"no {name}.csv or {name}.csv.gz in '{folder}'.", hint="Give the folder of the download.")
    return found


def admission(value: str) -> str:
    """Clean an id that a spreadsheet wrote as a number with decimals."""
    return value.strip().removesuffix(".0")


def read_splits(place: str) -> dict[str, str]:
    """Read published splits: admission → ``train``, ``dev`` or ``test``.

    Admission → split; ``val`` and ``valid`` count as ``dev``. ``place``: one CSV file with columns ``hadm_id`` (or
    ``_id``) and ``split``; or a folder or pattern (``splits/*_full_*.csv``) of files with one id a line, whose names
    say the split. ``LeadtermError`` if nothing is found, a name says no split, two files claim the same one, or an id
    is in two.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train_full_hadm_ids.csv").write_text("100001\\n100002\\n")
    ...     _ = (Path(folder) / "val_full_hadm_ids.csv").write_text("100003\\n")
    ...     read_splits(folder)
    {'100001': 'train', '100002': 'train', '100003': 'dev'}
    """
    path = Path(place)
    if path.is_file() and not SPLIT_NAME.search(path.name.lower()):
        return _one_file(path)
    pattern = str(path / "*.csv") if path.is_dir() else place
    files: dict[str, Path] = {}
    for name in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
        said = SPLIT_NAME.search(Path(name).name.lower())
        if said:
            split = SPLITS[said[1]]
            if split in files:
                message = f"'{place}' holds two files for {split}: {files[split].name} and {Path(name).name}."
                raise LeadtermError(message, hint="Give a pattern such as 'splits/*_full_*.csv'.")
            files[split] = Path(name)
    if not files:
        raise LeadtermError(f"no split files in '{place}'.", hint="Names must hold train, dev (or val) or test.")
    return _together((name, split) for split, file in files.items() for name in _ids(file))


def _one_file(path: Path) -> dict[str, str]:
    pairs = []
    for number, row in rows(path, ("split",)):
        name = row.get("hadm_id") or row.get("_id")
        split = SPLITS.get(row["split"].strip().lower())
        if not name or not split:
            raise LeadtermError(f"{path} line {number} has no hadm_id or a split that is not train, dev, val or test.")
        pairs.append((admission(name), split))
    return _together(pairs)


def _ids(path: Path) -> list[str]:
    names = [admission(line.partition(",")[0].strip('"')) for line in read_text(path).splitlines() if line.strip()]
    return [name for name in names if name.isdigit()]


def _together(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    splits: dict[str, str] = {}
    for name, split in pairs:
        if splits.setdefault(name, split) != split:
            raise LeadtermError(f"admission {name} is in two splits, {splits[name]} and {split}.")
    return splits


def code_table(tables: Iterable[tuple[Path, Callable[[Row], str]]], column: str, wanted: set[str]) -> CodesOf:
    """Read the codes of the wanted admissions, compactly: one string each until it is asked for.

    Admission → its codes: diagnoses in their order, then procedures; the first diagnosis is principal. ``tables``:
    each with a function that names the code system of a row; empty to leave the row out.
    """
    kept: dict[str, str] = {}
    for path, system_of in tables:
        for number, row in rows(path, ("hadm_id", "seq_num", column)):
            name, code, system = admission(row["hadm_id"]), row[column].strip(), system_of(row)
            if name in wanted and code and system:
                rank = row["seq_num"].strip().removesuffix(".0") or "999"
                if not rank.isdigit():
                    raise LeadtermError(f"{path} line {number}: seq_num is not a whole number.")
                kept[name] = f"{kept.get(name, '')}{int(rank):05d} {system} {canonical(system, code)}\n"
    return lambda name: _codes(kept.get(name, ""))


def _codes(lines: str) -> tuple[ReferenceCode, ...]:
    parts = [tuple(line.split(" ", 2)) for line in lines.splitlines()]
    parts.sort(key=lambda part: (part[1].endswith("pcs"), part[0]))
    made: dict[tuple[str, str], ReferenceCode] = {}
    for rank, system, code in parts:
        diagnosis = not system.endswith("pcs")
        role = ("principal" if int(rank) == 1 else "secondary") if diagnosis else ""
        made.setdefault((system, code), ReferenceCode(system, code, role))
    return tuple(made.values())


def people(path: Path | None, year_of: Callable[[Row], str]) -> dict[str, tuple[str | None, int | None]]:
    """Read sex and year of birth by subject; empty where there is no table of patients."""
    if path is None:
        return {}
    made: dict[str, tuple[str | None, int | None]] = {}
    for _, row in rows(path, ("subject_id", "gender")):
        sex, year = row["gender"].strip().upper(), year_of(row)
        made[row["subject_id"].strip()] = (sex if sex in ("F", "M") else None, int(year) if year.isdigit() else None)
    return made


def restricted_card(name: str, source: str, systems: Mapping[str, str], split_files: str) -> Card:
    """Make the card of a corpus that only those may read who have signed for it."""
    method = f"By admission, from {Path(split_files).name}." if split_files else "Everything is train."
    return Card(
        name, source, "PhysioNet Credentialed Health Data License.", ("en",), systems, method,
        "De-identified; still restricted patient data.", partial_codes=tuple(systems),
    )  # fmt: skip


def stream(
    notes: Callable[[], Iterator[Row]],
    note_of: Callable[[Row], Note],
    code_tables: Sequence[tuple[Path, Callable[[Row], str]]],
    column: str,
    people_of: Callable[[], Mapping[str, tuple[str | None, int | None]]],
    split_files: str,
) -> Iterator[tuple[str, Encounter]]:
    """Gather the notes of each admission while the table streams by: to name admissions, to count, then to read.

    An admission is given as soon as its last note has been read, so little is held in memory. One without codes, or
    that the split files do not name, is left out; without them everything is ``train``. ``notes``: starts a stream of
    the rows that count as notes. ``code_tables``, ``column``: as for `code_table`. ``people_of``: reads sex and year
    of birth by subject.
    """
    splits = read_splits(split_files) if split_files else None
    wanted = set(splits) if splits is not None else {admission(row["hadm_id"]) for row in notes()}
    codes_of, patients = code_table(code_tables, column, wanted), people_of()
    pending: dict[str, list[tuple[Row, Note]]] = {}
    left = Counter(admission(row["hadm_id"]) for row in notes())
    for row in notes():
        name = admission(row["hadm_id"])
        split = "train" if splits is None else splits.get(name, "")
        left[name] -= 1
        if not split:
            continue
        pending.setdefault(name, []).append((row, note_of(row)))
        if not left[name]:
            gathered = pending.pop(name)
            codes = codes_of(name)
            if codes:
                subject = gathered[0][0]["subject_id"].strip()
                yield split, _encounter(name, subject, [note for _, note in gathered], codes, patients)


def _encounter(
    name: str,
    subject: str,
    notes: list[Note],
    codes: tuple[ReferenceCode, ...],
    patients: Mapping[str, tuple[str | None, int | None]],
) -> Encounter:
    sex, year = patients.get(subject, (None, None))
    numbers = count(1)
    used = {note.note_id for note in notes}
    distinct = len(used) == len(notes)
    named = notes if distinct else [Note(f"n{next(numbers)}", note.text, note.kind) for note in notes]
    return Encounter(name, tuple(named), codes, subject or None, "inpatient", "en", sex, year)
