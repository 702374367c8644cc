"""What each column of a table is for: as the user says, else guessed from its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from leadterm.errors import LeadtermError, counted, quote_name, unknown_name
from leadterm.storage.tsv import package_table

__all__ = ["Columns", "known_names", "looks_like_table", "map_columns", "plain_name"]

SEPARATORS = ",;\t|"
PLAIN_NAME = re.compile(r"[a-z_][\w.-]{0,29}")


@dataclass(frozen=True, slots=True)
class Columns:
    """Role → column of a table.

    >>> columns = map_columns(["Visit ID", "Note"], needed=("text",))
    >>> columns.cell({"visit id": "7", "note": "Cough."}, "id")
    '7'
    """

    names: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, role: str) -> bool:
        return role in self.names

    def cell(self, row: Mapping[str, str], role: str) -> str:
        """Give what a row says in the column of a role; empty where the table has none."""
        return row.get(self.names[role], "") if role in self.names else ""


def plain_name(name: str) -> str:
    """Reduce the name of a column to small letters and digits."""
    return "".join(char for char in name.lower() if char.isalnum())


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[str, ...]]:
    return {row["role"]: tuple(row["names"].split()) for row in package_table("leadterm.intake", "column_names.tsv")}


def map_columns(
    header: Sequence[str],
    given: Mapping[str, str] | None = None,
    *,
    needed: Iterable[str] = (),
    name: str = "the table",
) -> Columns:
    """Find the column of each role.

    A column has one role at most; an encounter's id may also be that of its note. ``header``: names of the columns, in
    any case. ``given``: role → column, as the user says; these are never guessed. ``needed``: roles that must have a
    column. ``name``: what messages call the table. ``LeadtermError`` if a named column is missing, a name stands twice,
    or a needed role has no column.

    >>> map_columns(["MRN", "Note Text", "ICD-10 codes"]).names
    {'text': 'note text', 'codes': 'icd-10 codes', 'patient_id': 'mrn'}
    """
    lower = [column.strip().lower() for column in header]
    said = {role: _named(column, lower, role, name) for role, column in (given or {}).items()}
    found: dict[str, str] = {}
    for role, names in _known().items():
        taken = {*said.values(), *found.values()}
        free = {plain_name(column): column for column in reversed(lower) if column not in taken}
        guess = next((free[known] for known in names if known in free), None)
        if column := said.get(role) or guess:
            found[role] = column
    missing = [role for role in needed if role not in found]
    if missing:
        raise _lacking(name, lower, missing, found)
    if twice := next((column for column in found.values() if lower.count(column) > 1), None):
        raise LeadtermError(f"{name} has two columns {quote_name(twice)}.", hint="Rename one.")
    return Columns(found)


def _named(column: str, header: Sequence[str], role: str, name: str) -> str:
    wanted = column.strip().lower()
    plain = {plain_name(each): each for each in header}
    if wanted in header:
        return wanted
    if plain_name(wanted) in plain:
        return plain[plain_name(wanted)]
    raise unknown_name(f"column of {name} for {role}:", column, _sayable(header, {}))


def _lacking(name: str, header: Sequence[str], missing: Sequence[str], found: Mapping[str, str]) -> LeadtermError:
    """Make the error for missing columns. A first line that names none of them may be a row: patient data."""
    others = _sayable(header, found)[:12]
    columns = [{"id": "encounter_id"}.get(role, role) for role in missing]
    got = counted(len(header), "field") + (f", among them {', '.join(others)}" if others else "")
    options = " or ".join(f"--{role.replace('_', '-')}-column NAME" for role in missing)
    hint = f"Say which with {options}." if found else f"Is its first line a header? If so: {options}."
    return LeadtermError(f"{name} lacks the columns {', '.join(columns)}; its first line has {got}.", hint=hint)


def _sayable(header: Sequence[str], found: Mapping[str, str]) -> list[str]:
    """Names of columns that may be shown: none unless some name is known."""
    known = set(known_names()) & {plain_name(column) for column in header} or found
    return [column for column in header if known and PLAIN_NAME.fullmatch(column)]


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    """Names, as `plain_name` gives them, that a column may go by."""
    return frozenset(name for names in _known().values() for name in names)


def looks_like_table(start: bytes) -> bool:
    """Tell whether a text is a table of notes: its first line names an id and a text, the second has as many fields.

    >>> looks_like_table(b"id|note\\n1|Gout."), looks_like_table(b"Note: id, text\\nGout.")
    (True, False)
    """
    lines = start.decode("utf-8", "replace").lstrip("\ufeff").splitlines()[:2]
    for separator in SEPARATORS:
        names = [plain_name(name) for name in lines[0].split(separator)] if len(lines) > 1 else []
        roles = {role for role, known in _known().items() if {*names} & {*known}}
        if len(names) > 1 and {"id", "text"} <= roles and lines[1].count(separator) >= len(names) - 1:
            return True
    return False
