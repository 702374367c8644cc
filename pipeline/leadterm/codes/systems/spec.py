"""What leadterm knows of a code system, in one object."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from leadterm.codes.systems.hcpcs_units import Unit
from leadterm.storage.tsv import package_table

__all__ = ["Axes", "Levels", "Packaged", "SystemSpec"]

FIRST = 3  # characters that stand for the category where a system has none
SHARE = 0.98  # of the codes of a list that must look like the system's: a release may bring a few of a new shape


@dataclass(frozen=True, slots=True)
class Packaged:
    """Where a Python package holds the default release: kind of file, package, folder in it, file name pattern."""

    kind: str
    package: str
    folder: str
    pattern: str
    complete: str = ""
    """Pattern of a list beside it that says which 7th characters exist."""


@dataclass(frozen=True, slots=True)
class Axes:
    """Which characters of a code mean what, where each has a meaning of its own.

    ``operation``, ``part``: the characters that name what was done, and to which part of the body. ``stem``: how many
    characters say both; those after it are chosen last.
    """

    names: tuple[str, ...]
    operation: tuple[int, ...]
    part: tuple[int, ...]
    stem: int

    def keys(self, code: str) -> tuple[str, str]:
        """Give the characters that name the operation and those that name the body part."""
        return "".join(code[at] for at in self.operation), "".join(code[at] for at in self.part)


@dataclass(frozen=True)
class Levels:
    """Blocks and chapters: ranges of categories with their titles, in a table beside the system's file.

    ``block``, ``chapter``: how many characters of a code name it, where it is no range.
    """

    table: str = ""
    block: int = 0
    chapter: int = 0

    def name_of(self, code: str, category: str, level: str) -> str:
        """Name the block or chapter of a code without dots; empty where the table has none."""
        size = {"block": self.block, "chapter": self.chapter}[level]
        return code[:size] if size else self._range_of(category[:FIRST], level)

    def title(self, level: str, name: str) -> str:
        """Give the title of a block or chapter, or nothing."""
        return self._titles.get((level, name), "")

    def _range_of(self, category: str, level: str) -> str:
        """Find the narrowest range that holds a category: the one that starts last, then ends first."""
        ranges = self._ranges.get(level, [])
        before = ranges[: bisect_right(ranges, (category, "\uffff"))]
        holding = [(first, last) for first, last in before if last >= category]
        if not holding:
            return ""
        return _range_name(*max(holding, key=lambda ends: (ends[0], [-ord(char) for char in ends[1]])))

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        return package_table("leadterm.codes.systems", self.table) if self.table else []

    @cached_property
    def _ranges(self) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self._rows:
            found.setdefault(row["level"], []).append((row["first"], row["last"]))
        return {level: sorted(ranges) for level, ranges in found.items()}

    @cached_property
    def _titles(self) -> dict[tuple[str, str], str]:
        return {(row["level"], _range_name(row["first"], row["last"])): row["name"] for row in self._rows}


def _range_name(first: str, last: str) -> str:
    return first if first == last else f"{first}-{last}"


@dataclass(frozen=True)
class SystemSpec:
    """A code system: how it writes codes, how its files are recognised, what others call it.

    Only ``name`` is needed: a plain list that a corpus or a user declares has no dot and no fixed categories.

    - ``name``: as leadterm calls it.
    - ``title``: full name; by default the name.
    - ``codes``: ``"diagnosis"``, ``"procedure"`` or ``"other"``.
    - ``dot``: characters before the dot; 0 for no dot.
    - ``category``: characters of a category; 0 where a category is simply the topmost code.
    - ``longer``: first letters of codes that have one character more before the dot and in a category.
    - ``seventh``: whether a 7th character completes a shorter code.
    - ``uris``: URIs and OIDs in FHIR; the first is the one we write.
    - ``x12``: qualifiers in an X12 837 claim: of the principal (or only) code, then of the others.
    - ``calendar``: ``"fiscal"`` if a release holds from October to September, ``"calendar"`` for a year from January.
    - ``year_of_0``: what to add to the number of a release that is no year (ICD-9-CM version 32 → 2015).
    - ``pattern``: complete codes without dots; empty if a list of codes does not show the system.
    - ``headings``: lengths of the headings in an official order file; empty if the system has none.
    - ``in_file_name``: pattern of the names of its files, in lower case; it decides between systems whose codes look
      alike.
    - ``xml_root``: root of its official XML files, up to the dot.
    - ``packaged``: the release that comes with leadterm.
    - ``also_packaged``: more of it: tables, definitions, an index.
    - ``crosswalks``: system → what gives the code there, or None where nothing corresponds.
    - ``axes``: for a system whose characters have a meaning each.
    - ``facts``: what its official list says of a code beside title and days → meaning of each value, where it needs
      one.
    - ``unit``: what one unit of a code stands for, read from its title.
    - ``knowledge``: whether the tables of ``text/knowledge`` (synonyms, combinations, external causes …) and MeSH speak
      of it.

    >>> own = SystemSpec("injuries", dot=2)
    >>> own.title, own.spell("A21"), own.category_of("A21")
    ('injuries', 'A2.1', None)
    """

    name: str
    title: str = ""
    codes: str = "other"
    dot: int = 0
    category: int = 0
    longer: str = ""
    seventh: bool = False
    uris: tuple[str, ...] = ()
    x12: tuple[str, ...] = ()
    calendar: str = ""
    year_of_0: int = 0
    pattern: str = ""
    headings: tuple[int, ...] = ()
    in_file_name: str = ""
    xml_root: str = ""
    packaged: Packaged | None = None
    also_packaged: tuple[Packaged, ...] = ()
    crosswalks: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)
    axes: Axes | None = None
    levels: Levels | None = None
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unit: Callable[[str], Unit | None] | None = None
    knowledge: bool = False

    def __post_init__(self) -> None:
        if not self.title:
            object.__setattr__(self, "title", self.name)

    @property
    def short_title(self) -> str:
        """First word of the title, for instance ICD-10-CM."""
        return self.title.split()[0] if self.title.split() else self.name

    @property
    def is_procedure(self) -> bool:
        """Whether its codes say what was done, not what the patient has."""
        return self.codes == "procedure"

    @property
    def all_packaged(self) -> tuple[Packaged, ...]:
        """All parts that come with leadterm."""
        return (*([self.packaged] if self.packaged else []), *self.also_packaged)

    def spell(self, code: str) -> str:
        """Write a code without dots the way the system does."""
        dot = self._shift(code, self.dot)
        return f"{code[:dot]}.{code[dot:]}" if self.dot and len(code) > dot else code

    def category_of(self, code: str) -> str | None:
        """Give the category that a code (with or without dot) belongs to; None where the system has none."""
        plain = code.replace(".", "")
        return plain[: self._shift(plain, self.category)] if self.category else None

    def ancestor(self, code: str, level: str) -> str:
        """Name the ``category``, ``block`` or ``chapter`` of a code without dots; a narrower one where it has none."""
        category = self.category_of(code) or code[:FIRST]
        if level == "category" or self.levels is None:
            return category
        return self.levels.name_of(code, category, level) or category

    def fits(self, codes: Sequence[str], headings: Sequence[str] = ()) -> bool:
        """Tell whether complete codes (and headings, in an order file) look like those of the system."""
        if not self.pattern or not codes or any(len(code) not in self.headings for code in headings):
            return False
        return sum(1 for code in codes if self._compiled.fullmatch(code)) >= SHARE * len(codes)

    def names_file(self, label: str) -> bool:
        """Tell whether a file is called as files of the system are."""
        return bool(self.in_file_name and re.search(self.in_file_name, label.lower()))

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def _shift(self, code: str, length: int) -> int:
        return length + 1 if self.longer and code.startswith(self.longer) else length
