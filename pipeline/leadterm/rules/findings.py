"""What a rule is given, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from leadterm.codes.release import as_day

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter, Mention, Note, ReferenceCode

__all__ = ["SEVERITIES", "Case", "Coded", "Facts", "Finding", "Severity"]

Severity = Literal["error", "warning", "advice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")
DAYS_OF_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of an encounter: a diagnosis, a procedure, or a service line.

    - ``role``: ``principal``, ``first-listed``, ``secondary``, ``admitting``, ``reason for visit`` or empty. Where no
      diagnosis has a leading role, the first stands first.
    - ``poa``: present on admission: ``Y N U W``, ``1`` or ``exempt`` for codes that take none, empty where not said.
    - ``units``: units of service of a line.
    - ``day``: day of a service line, where it is not that of the encounter.
    - ``reasons``: diagnoses that justify a service line (what its pointers point to).

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

    @classmethod
    def of(cls, code: ReferenceCode) -> Coded:
        """Take a reference code, with the units and modifiers of a service.

        >>> from leadterm.schema import ReferenceCode
        >>> Coded.of(ReferenceCode("hcpcs", "J1885", units=2)).units
        2
        """
        units = 1 if code.units is None else code.units
        return cls(
            code.system, code.code, code.role, units=units, modifiers=code.modifiers, evidence=code.evidence
        )


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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule has to say of the codes of an encounter.

    - ``rule``: name of the rule, for instance ``"excludes1"``; ``leadterm check --rules`` lists all.
    - ``severity``: ``"error"`` (a claim would be refused, or a guideline says never), ``"warning"`` or ``"advice"``.
    - ``codes``: the codes it is about, in the order they were given.
    - ``message``: what is wrong; never text of a note.
    - ``fix``: what would be right.
    - ``source``, ``section``, ``sentence``: who says so, where, and the words: for instance the Official Guidelines,
      ``"I.A.12.a"``, and a sentence.
    - ``evidence``: words of the notes it rests on.
    - ``level``: a site's own word for the severity, for instance ``"critical"``.
    - ``override``: why a person let it stand; a finding that was overridden blocks nothing and is still shown.

    >>> Finding("incomplete", "error", "icd10cm", ("E11",), "E11 is not complete.").blocks
    True
    """

    rule: str
    severity: Severity
    system: str
    codes: tuple[str, ...]
    message: str
    fix: str = ""
    source: str = ""
    section: str = ""
    sentence: str = ""
    evidence: tuple[Mention, ...] = ()
    level: str = ""
    override: str = ""

    @property
    def blocks(self) -> bool:
        """Whether no claim may be written with it."""
        return self.severity == "error" and not self.override

    def to_json(self) -> dict[str, Any]:
        """Give the finding as a JSON object; empty fields are left out."""
        spans = [
            {"note_id": span.note_id, "start": span.start, "end": span.end, "text": span.text}
            for mention in self.evidence
            for span in mention.spans
        ]
        whole = {
            "rule": self.rule, "severity": self.severity, "level": self.level, "system": self.system,
            "codes": list(self.codes), "message": self.message, "fix": self.fix, "source": self.source,
            "section": self.section, "sentence": self.sentence, "evidence": spans, "override": self.override,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value or name in ("codes", "system")}


@dataclass(frozen=True)
class Case:
    """The codes of one system that an encounter is to have, the facts, and the release they are judged by.

    ``items`` stand in the order in which they would stand on a claim, the leading one first.
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

    @property
    def first(self) -> str:
        """The code that leads, the principal or first-listed; empty if there is none."""
        return self.codes[0] if self.codes else ""
