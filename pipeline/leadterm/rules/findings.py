"""What a rule is given, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter

__all__ = ["CodeSet", "Finding", "Rule", "Severity"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule has to say of the codes of an encounter.

    Parameters
    ----------
    rule : str
        Name of the rule, for instance ``"excludes1"``.
    severity : str
        ``"error"`` (a claim would be refused, or a guideline says never), ``"warning"`` or ``"note"``.
    system : str
        The code system.
    codes : tuple of str
        The codes it is about, in the order they were given.
    section : str
        Of the Official Guidelines, for instance ``"I.A.12.a"``; empty where the classification itself says it.
    message : str
        What is wrong, and what would be right; never text of a note.

    Examples
    --------
    >>> Finding("billable", "error", "icd10cm", ("E11",), "I.B.2", "E11 is not complete.").codes
    ('E11',)
    """

    rule: str
    severity: Severity
    system: str
    codes: tuple[str, ...]
    section: str
    message: str


@dataclass(frozen=True, slots=True)
class CodeSet:
    """The codes of one system that an encounter is to have, and the release they are judged by.

    ``known`` are those of them that the release has; ``day`` is the day of service, where anybody knows it.
    """

    encounter: Encounter
    codes: tuple[str, ...]
    system: CodeSystem
    day: date | None = None

    @property
    def known(self) -> tuple[str, ...]:
        """The codes that the release has."""
        return tuple(code for code in self.codes if code in self.system)

    @property
    def age(self) -> int | None:
        """Years between birth and service; one less before the birthday of the year."""
        born = self.encounter.birth_year
        return None if born is None or self.day is None else self.day.year - born


Rule = Callable[[CodeSet], Iterable[Finding]]
