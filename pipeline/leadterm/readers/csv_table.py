"""A table of one's own: ``encounter_id, text, codes``, and more columns where they are known.

Optional columns: ``patient_id, split, setting, language, note_id, kind``. Codes are separated by ``;`` or
spaces. Rows with the same ``encounter_id`` are the notes of one encounter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from leadterm.corpus import Card
from leadterm.corpus.spelling import canonical
from leadterm.errors import LeadtermError
from leadterm.readers.base import Imported, read_text, rows
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.tsv import parse_pairs

__all__ = ["read"]

OPTIONAL = ("patient_id", "split", "setting", "language")


@dataclass
class _Gathered:
    """The rows of one encounter, as they come."""

    fixed: dict[str, str]
    notes: list[Note] = field(default_factory=list)
    codes: dict[str, None] = field(default_factory=dict)


def read(
    source: Path, *, system: str = "icd10cm", language: str = "en", split: str = "train", code_list: str = ""
) -> Imported:
    """Read a CSV file (or ``.tsv``; either may be packed with gzip).

    Parameters
    ----------
    source : Path
        The table, UTF-8 with a header.
    system : str
        Code system of the codes. With a name leadterm does not know, the codes that occur make up its list.
    language, split : str
        For rows that do not say.
    code_list : str
        File with code and title, tab-separated, for a system of one's own.

    Returns
    -------
    Imported
        Encounters in the order of their first rows.

    Raises
    ------
    LeadtermError
        If columns are missing, a row is malformed, or the rows of an encounter contradict each other.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "notes.csv"
    ...     _ = path.write_text("encounter_id,text,codes\\ne1,Dry cough.,R05.9\\n")
    ...     read(path).splits()["train"][0].codes[0].code
    'R05.9'
    """
    from leadterm.codes.systems import SYSTEMS

    if not source.is_file():
        raise LeadtermError(f"csv is read from a file; '{source}' is a folder.", hint="Give the file.")
    if not re.fullmatch(r"[\w.-]+", system):
        raise LeadtermError(f"bad name of a code system: '{system}'.", hint="Use letters, digits, - . and _.")
    seen: dict[str, str] = _titles(code_list) if code_list else {}
    gathered = _gather(source, system, {"language": language, "split": split})
    own = system not in SYSTEMS or bool(code_list)
    for one in gathered.values() if own else ():
        for code in one.codes:
            seen.setdefault(code, "")
    card = Card(
        name=source.name.partition(".")[0],
        source=f"Imported from the table {source.name}.",
        licence="Not stated.",
        languages=tuple(sorted({one.fixed["language"] for one in gathered.values()})),
        systems={system: "not stated"},
        split_method=f"Column 'split' of the table, else {split}.",
        phi_status="Not stated: treat as patient data.",
    )
    encounters = ((one.fixed["split"], _encounter(name, one, system)) for name, one in gathered.items())
    return Imported(card, encounters, {system: sorted(seen.items())} if own else {})


def _gather(source: Path, system: str, defaults: dict[str, str]) -> dict[str, _Gathered]:
    delimiter = "\t" if ".tsv" in source.suffixes else ","
    gathered: dict[str, _Gathered] = {}
    for number, row in rows(source, ("encounter_id", "text", "codes"), delimiter=delimiter):
        name = row["encounter_id"].strip()
        if not name:
            raise LeadtermError(f"{source} line {number} has no encounter_id.", hint="Every row needs one.")
        given = {key: row[key].strip() for key in OPTIONAL if row.get(key, "").strip()}
        one = gathered.setdefault(name, _Gathered(defaults | given))
        for key, value in given.items():
            if one.fixed.get(key) != value:
                message = f"{source} line {number}: encounter '{name}' has two values of '{key}'."
                raise LeadtermError(message, hint="The rows of an encounter must agree.")
        note_id = row.get("note_id", "").strip() or f"n{len(one.notes) + 1}"
        one.notes.append(Note(note_id, row["text"], row.get("kind", "").strip()))
        one.codes.update(dict.fromkeys(canonical(system, code) for code in re.split(r"[;\s]+", row["codes"]) if code))
    return gathered


def _encounter(name: str, one: _Gathered, system: str) -> Encounter:
    fixed = one.fixed
    return Encounter(
        name, tuple(one.notes), tuple(ReferenceCode(system, code) for code in one.codes),
        fixed.get("patient_id"), fixed.get("setting", "outpatient"), fixed["language"],
    )  # fmt: skip


def _titles(path: str) -> dict[str, str]:
    return dict(parse_pairs(read_text(Path(path))))
