"""Codes of several systems in one table: by what a column says, else by the release that has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from leadterm.codes.registry import is_at_hand
from leadterm.codes.systems import SYSTEMS, spec_of, systems_by_uri
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import counted
from leadterm.intake.code_cells import CellFault, CodeCells, is_empty
from leadterm.intake.table_columns import plain_name
from leadterm.storage.tsv import package_table

__all__ = ["MixedCells", "SystemCodes", "writes_dots"]

ELSEWHERE = "other"
DOTTED = re.compile(r"(?<![\w.])[A-Z]?\d[0-9A-Z]{1,3}\.[0-9A-Z]{1,4}\b", re.IGNORECASE)
BARE = re.compile(r"(?<![\w.])(?![A-V]\d{4}\b)[A-Z]\d[0-9A-Z]{2,5}\b(?!\.)", re.IGNORECASE)
DOTS_PER_BARE = 5


@dataclass(frozen=True, slots=True)
class SystemCodes:
    """The codes of a cell, each with its system; what was seen to on the way, and what is no code."""

    codes: tuple[tuple[str, str], ...] = ()
    faults: tuple[CellFault, ...] = ()
    remarks: tuple[CellFault, ...] = ()


class MixedCells:
    """Reads cells whose codes may be of several systems.

    A code that the first system lacks and another has is of that other one, if the other was asked for, or if one is
    of diagnoses and the other of procedures and the code has a letter and a digit. Diagnoses in two systems, such as
    ICD-9-CM among ICD-10-CM, are a fault unless both were asked for. Where a column writes dots, a word without one
    that both have is of the system that has no dots: G0439 is a visit of HCPCS, G04.39 an encephalopathy.

    ``systems``: those asked for; the first is that of codes that several have. ``dotted``: whether the column writes
    the dot of codes (`writes_dots`).

    >>> MixedCells(["icd10cm"]).read("R05.9, E0143").codes
    (('icd10cm', 'R05.9'), ('hcpcs', 'E0143'))
    >>> MixedCells(["icd10cm"]).read("J20.9", "ICD-10-CM").codes
    (('icd10cm', 'J20.9'),)
    """

    def __init__(self, systems: Sequence[str], *, dotted: bool = False) -> None:
        self.systems = tuple(systems)
        own = spec_of(self.systems[0])
        self.undotted = [
            spec for spec in SYSTEMS.values()
            if dotted and own.dot and not spec.dot and spec.pattern and spec.is_procedure != own.is_procedure
        ]  # fmt: skip
        self._cells: dict[str, CodeCells] = {}

    def read(self, cell: str, system: str = "") -> SystemCodes:
        """Read a cell, and what its row says of the system."""
        if is_empty(system) or is_empty(cell):
            return self._split(cell)
        name = self._named(system)
        if name == ELSEWHERE:
            return SystemCodes(faults=(CellFault(system.strip()[:20], "a code system that is not read"),))
        if not name:
            told = CellFault(_sayable(system), f"no code system that is known; read as {self._title(self.systems[0])}")
            found = self._split(cell)
            return SystemCodes(found.codes, found.faults, (*found.remarks, told))
        own = self._of(name).read(cell)
        return SystemCodes(tuple((name, code) for code in own.codes), own.faults, own.remarks)

    def _of(self, name: str) -> CodeCells:
        if name not in self._cells:
            self._cells[name] = CodeCells(name)
        return self._cells[name]

    def _split(self, cell: str) -> SystemCodes:
        first, *_ = self.systems
        cell, codes = self._without_dots(cell)
        remarks = [CellFault(code, f"a code of {self._title(other)}") for other, code in codes]
        found = self._of(first).read(cell)
        codes = [(first, code) for code in found.codes] + codes
        faults: list[CellFault] = []
        remarks += found.remarks
        for fault in found.faults:
            other = self._home(fault)
            if other:
                codes.append((other, canonical(other, fault.text)))
                remarks.append(CellFault(fault.text, f"a code of {self._title(other)}"))
            else:
                faults.append(fault)
        return SystemCodes(tuple(dict.fromkeys(codes)), tuple(faults), tuple(remarks))

    def _without_dots(self, cell: str) -> tuple[str, list[tuple[str, str]]]:
        """Take the words out of a cell that are codes of a system without dots."""
        found: list[tuple[str, str]] = []
        for spec in self.undotted:
            for word in re.findall(rf"(?<![\w.])(?:{spec.pattern})(?![\w.])", cell) if is_at_hand(spec.name) else ():
                if self._of(spec.name).read(word).codes:
                    found.append((spec.name, word))
                    cell = re.sub(rf"(?<![\w.]){word}(?![\w.])(?: +[^\d,;|/\n]+)?", ",", cell)  # with its title
        return cell, found

    def _home(self, fault: CellFault) -> str:
        """The other system that a text is a code of; empty if none."""
        if fault.system:
            own, other = spec_of(self.systems[0]), spec_of(fault.system)
            apart = own.is_procedure != other.is_procedure and re.search(r"[A-Za-z]", fault.text)
            return fault.system if apart or fault.system in self.systems else ""
        for name in self.systems[1:]:
            if is_at_hand(name):
                if self._of(name).read(fault.text).codes:
                    return name
            elif re.fullmatch(spec_of(name).pattern or r"(?=.*\d)[A-Za-z0-9.-]{4,}", fault.text):
                return name
        return ""

    def _named(self, system: str) -> str:
        """Find the system that a table names in its own way: by name, title, URI, claim qualifier or version."""
        plain = system.strip()
        if plain in self.systems or plain in SYSTEMS:
            return plain
        if name := systems_by_uri().get(plain) or _names().get(plain_name(plain), ""):
            return name
        version = re.fullmatch(r"(?:icd[ -]?|v)?(9|10)(?:\.0)?", plain.lower())
        if not version:
            return ""
        kind = "pcs" if spec_of(self.systems[0]).is_procedure else "cm"
        return f"icd{version[1]}{kind}"

    def _title(self, name: str) -> str:
        return spec_of(name).title


def writes_dots(cells: Iterable[str]) -> bool:
    """Tell whether the cells of a column write the dot of codes, all but a few.

    >>> writes_dots(["R05.9, G0439", "E11.22"]), writes_dots(["R059, G0439"])
    (True, False)
    """
    dotted = bare = 0
    for cell in cells:
        dotted += len(DOTTED.findall(cell))
        bare += len(BARE.findall(cell))
    return dotted > DOTS_PER_BARE * bare


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Names of systems in small letters and digits, as tables write them."""
    rows = package_table("leadterm.intake", "system_names.tsv")
    known = {name: row["system"] for row in rows for name in row["names"].split()}
    for spec in SYSTEMS.values():
        known |= {plain_name(spec.title): spec.name, plain_name(spec.name): spec.name}
    return known


def _sayable(text: str) -> str:
    """What may stand in a message: a short name; anything longer may be of a note."""
    text = text.strip()
    return text if len(text) <= 20 and text.count(" ") < 3 else f"({counted(len(text), 'character')})"
