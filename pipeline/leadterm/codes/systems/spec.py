"""What leadterm knows of a code system, in one object."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["Axes", "Packaged", "SystemSpec"]

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
class SystemSpec:
    """A code system: how it writes codes, how its files are recognised, what others call it.

    Only ``name`` is needed: a plain list that a corpus or a user declares has no dot and no fixed categories.

    Parameters
    ----------
    name : str
        As leadterm calls it.
    title : str
        Full name; by default the name.
    codes : str
        ``"diagnosis"``, ``"procedure"`` or ``"other"``.
    dot : int
        Characters before the dot; 0 for no dot.
    category : int
        Characters of a category; 0 where a category is simply the topmost code.
    longer : str
        First letters of codes that have one character more before the dot and in a category.
    seventh : bool
        Whether a 7th character completes a shorter code.
    uris : tuple of str
        URIs and OIDs in FHIR; the first is the one we write.
    x12 : tuple of str
        Qualifiers in an X12 837 claim: of the principal (or only) code, then of the others.
    calendar : str
        ``"fiscal"`` if a release holds from October to September, ``"calendar"`` for a year from January.
    year_of_0 : int
        What to add to the number of a release that is no year (ICD-9-CM version 32 → 2015).
    pattern : str
        Complete codes without dots; empty if a list of codes does not show the system.
    headings : tuple of int
        Lengths of the headings in an official order file; empty if the system has none.
    in_file_name : str
        Pattern of the names of its files, in lower case; it decides between systems whose codes look alike.
    xml_root : str
        Root of its official XML files, up to the dot.
    packaged : Packaged, optional
        The release that comes with leadterm.
    crosswalks : mapping of str to callable
        System → what gives the code there, or None where nothing corresponds.
    axes : Axes, optional
        For a system whose characters have a meaning each.
    knowledge : bool
        Whether the tables of ``text/knowledge`` (synonyms, combinations, external causes …) and MeSH speak of it.

    Examples
    --------
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
    crosswalks: Mapping[str, Callable[[str], str | None]] = field(default_factory=dict)
    axes: Axes | None = None
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

    def spell(self, code: str) -> str:
        """Write a code without dots the way the system does."""
        dot = self._shift(code, self.dot)
        return f"{code[:dot]}.{code[dot:]}" if self.dot and len(code) > dot else code

    def category_of(self, code: str) -> str | None:
        """Give the category that a code (with or without dot) belongs to; None where the system has none."""
        plain = code.replace(".", "")
        return plain[: self._shift(plain, self.category)] if self.category else None

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
