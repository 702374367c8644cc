"""Facts of claims from small files: TOML for provider and payer, a table for many encounters, a table of charges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from leadterm.claim.parties import Circumstances, Facts, LineFacts, Party
from leadterm.errors import LeadtermError, unknown_name
from leadterm.intake.table_files import open_table
from leadterm.storage.text_files import read_toml
from leadterm.storage.validation import validated

__all__ = ["FactBook"]

PLAIN = re.compile(r"-?\d+(\.\d+)?")
AMOUNT = re.compile(r"-?\$?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")  # 180,00 may be 180 or 18,000: refused
KEY, LINES = "encounter_id", "lines"
LISTS, NUMBERS, WHOLE = ("modifiers", "diagnoses", "reasons_for_visit"), ("units", "charge"), ("control_number",)
OWN: Mapping[str, type] = {"claim": Circumstances, **{one.name: Party for one in fields(Facts) if one.name != LINES}}
FACTS = tuple(f"{party}.{one.name}" for party, kind in OWN.items() for one in fields(kind))
CHARGES = tuple(one.name for one in fields(LineFacts))
Tree = dict[str, Any]


@dataclass(frozen=True)
class FactBook:
    """What the files say: of all encounters, and of each.

    >>> FactBook({"payer": {"name": "Acme"}}, {}, {}, "facts.toml").of("e1").payer.name
    'Acme'
    """

    shared: Tree
    own: Mapping[str, Tree]
    charges: Mapping[str, tuple[Tree, ...]]
    source: str = "the facts"

    @classmethod
    def read(cls, facts: Sequence[Path] = (), charges: Sequence[Path] = ()) -> FactBook:
        """Read files of facts (.toml, or tables with columns such as ``subscriber.last_name``) and tables of charges.

        ``LeadtermError`` if a file cannot be read, or has a name that no fact has.
        """
        shared: Tree = {}
        own: dict[str, Tree] = {}
        for path in facts:
            if path.suffix.lower() == ".toml":
                tree = read_toml(path, mend='Write NAME = "VALUE" below [party].')
                validated(Facts, tree, path.name)
                _merge(shared, tree)
            else:
                for name, tree in _rows(path, FACTS):
                    _merge(own.setdefault(name, {}) if name else shared, tree)
        lines: dict[str, tuple[Tree, ...]] = {}
        for path in charges:
            for name, tree in _rows(path, CHARGES):
                lines[name] = (*lines.get(name, ()), tree)
        return cls(shared, own, lines, " and ".join(path.name for path in (*facts, *charges)) or "the facts")

    def of(self, encounter_id: str) -> Facts:
        """Give the facts of an encounter; rows without an id hold for all."""
        whole: Tree = {}
        for tree in (self.shared, self.own.get(encounter_id, {})):
            _merge(whole, tree)
        listed = [*whole.get(LINES, ()), *self.charges.get("", ()), *self.charges.get(encounter_id, ())]
        return validated(Facts, {**whole, LINES: listed}, self.source)

    def strangers(self, encounters: Iterable[str]) -> list[str]:
        """Give the ids that the tables speak of and that are none of the encounters."""
        return sorted({*self.own, *self.charges} - {"", *encounters})


def _merge(into: Tree, tree: Tree) -> None:
    for name, value in tree.items():
        if isinstance(value, dict):
            _merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str, Tree]]:
    """The rows of a table: the encounter, or nothing, and what is told of it; a dot parts a party and its fact."""
    table = open_table(path)
    for column in table.header:
        if column not in (KEY, *columns):
            raise unknown_name(f"column of {path}", column, [KEY, *columns])
    for row in table.rows:
        where = f"{path} {table.unit} {row.number}"
        if row.fault:
            raise LeadtermError(f"{where} {row.fault}.", hint="Mend the row.")
        tree: Tree = {}
        for column, value in row.cells.items():
            if column != KEY and value.strip():
                party, _, name = column.rpartition(".")
                place = tree.setdefault(party, {}) if party else tree
                place[name] = _typed(name, value.strip(), where)
        yield row.cells.get(KEY, "").strip(), tree


def _typed(name: str, value: str, where: str) -> object:
    try:
        if name in LISTS:
            return value.replace(";", " ").replace(",", " ").split()
        if name in NUMBERS and not (AMOUNT if name == "charge" else PLAIN).fullmatch(value):
            raise ValueError
        if name in NUMBERS:
            return float(value.replace("$", "").replace(",", ""))
        return int(value) if name in WHOLE else value
    except ValueError:
        raise LeadtermError(
            f"{where}: '{name}' is no plain number.", hint="Write it with a decimal point, for instance 1234.56."
        ) from None
