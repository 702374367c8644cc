"""What a rule is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from leadterm.codes.release import as_day
from leadterm.schema import Finding, Severity

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter, Mention, Note, ReferenceCode

__all__ = ["SEVERITIES", "Case", "Coded", "Facts", "Finding", "Severity"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
DAYS_OF_YEAR = 365.25
CATEGORY = 3  # characters


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of an encounter: a diagnosis, a procedure, or a service line.

    - ``role``: ``principal``, ``first-listed``, ``secondary``, ``admitting``, ``reason for visit`` or empty. Where no
      diagnosis has a leading role, the first stands first.
    - ``poa``: present on admission: ``Y N U W``, ``1`` or ``exempt`` for codes that take none, empty where not said.
    - ``units``: units of service of a line.
    - ``day``: day of a service line, where it is not that of the encounter.
    - ``reasons``: diagnoses that justify a service line (what its pointers point to).
    - ``confidence``: probability that a coder would assign it, of a suggestion; 1 where a person did.

    >>> Coded("hcpcs", "G0108", units=2, modifiers=("GT",), reasons=("E11.9",)).units
    2
    """

    system: str
    code: str
    role: str = ""
    poa: str = ""
    units: float = 1
    modifiers: tuple[str, ...] = ()
    evidence: tuple[Mention, ...] = ()
    day: date | None = None
    reasons: tuple[str, ...] = ()
    confidence: float = 1.0

    @classmethod
    def of(cls, code: ReferenceCode) -> Coded:
        """Take a reference code, with the units and modifiers of a service.

        >>> from leadterm.schema import ReferenceCode
        >>> Coded.of(ReferenceCode("hcpcs", "J1885", units=2)).units
        2
        """
        units = 1 if code.units is None else code.units
        return cls(code.system, code.code, code.role, units=units, modifiers=code.modifiers, evidence=code.evidence)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules know of an encounter beside its codes. What is not known is None or empty, and no rule guesses it.

    - ``day``: day of service, of discharge for a stay: decides the release of every table.
    - ``setting``: ``outpatient`` or ``inpatient``.
    - ``sex``: ``F`` or ``M``.
    - ``born``: day of birth; of a year of birth alone, 1 July with ``born_doubt`` of half a year.
    - ``born_doubt``: days by which the day of birth may be wrong either way.
    - ``payer``: name or kind of the payer, for a site's own rules.
    - ``form``: ``professional`` or ``institutional``, where the form of the claim is known.
    - ``kinds``, ``sections``: kinds of the notes and categories of their sections, for a site's own rules.
    - ``noted``: codes that the notes support and the set lacks, with their words: what lets a rule say "found, not
      coded".
    - ``notes``: the notes, for what hangs on the sentence of a mention.
    - ``record``: whose record of a birth it is: ``mother``, ``newborn`` or empty.
    - ``beside``: all codes of the encounter, those of other systems included; `check_items` sets it.

    >>> from datetime import date
    >>> Facts(date(2026, 3, 2), born=date(1980, 7, 1), born_doubt=183).ages
    (45, 46)
    """

    day: date | None = None
    setting: str = "outpatient"
    sex: str | None = None
    born: date | None = None
    born_doubt: int = 0
    payer: str = ""
    form: str = ""
    kinds: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    noted: Mapping[str, Mention] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    record: str = ""
    beside: tuple[str, ...] = ()

    @classmethod
    def of(cls, encounter: Encounter, date: date | str | None = None, **more: Any) -> Facts:
        """Take the facts of an encounter; ``date`` is the day of service where it has none, ``more`` any other field.

        ``LeadtermError`` if the day is no date.

        >>> from leadterm.schema import Encounter, Note
        >>> Facts.of(Encounter("e1", (Note("n1", "Seen."),), sex="F"), "2026-03-02", payer="Medicare").sex
        'F'
        """
        when = encounter.date_of_service or date
        kinds = frozenset(note.kind for note in encounter.notes if note.kind)
        found = cls(
            as_day(when) if when else None, encounter.setting, encounter.sex, kinds=kinds, notes=encounter.notes
        )
        if encounter.birth_year:
            found = replace(found, born=as_day(f"{encounter.birth_year:04}-07-01"), born_doubt=183)
        return replace(found, **more)

    @property
    def inpatient(self) -> bool:
        """Whether it is a hospital stay."""
        return self.setting == "inpatient"

    @property
    def ages(self) -> tuple[int, int] | None:
        """Youngest and oldest the patient may have been on the day, in whole years."""
        if self.born is None or self.day is None:
            return None
        days = (self.day - self.born).days
        least, most = days - self.born_doubt, days + self.born_doubt
        return max(0, int(least / DAYS_OF_YEAR)), max(0, int(most / DAYS_OF_YEAR))


@dataclass(frozen=True)
class Case:
    """The codes of one system that an encounter is to have, the facts, and the release they are judged by.

    ``items`` stand in the order in which they would stand on a claim, the leading one first; suggestions, the surest
    first.
    """

    facts: Facts
    items: tuple[Coded, ...]
    system: CodeSystem

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes as given, each once."""
        return tuple(dict.fromkeys(item.code for item in self.items))

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The codes that the release has."""
        return tuple(code for code in self.codes if code in self.system)

    @cached_property
    def families(self) -> tuple[tuple[str, ...], ...]:
        """Those of them that share a category with another, category by category: what most rules on pairs look at."""
        found: dict[str, list[str]] = {}
        for code in self.known:
            found.setdefault(code[:CATEGORY], []).append(code)
        return tuple(tuple(codes) for codes in found.values() if len(codes) > 1)

    @property
    def first(self) -> str:
        """The code that leads, the principal or first-listed; empty if there is none."""
        return self.codes[0] if self.codes else ""
