"""A claim draft: what goes to the payer, and beside each line the words of the note that speak for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from leadterm.claim.parties import Circumstances, Kind, Party
from leadterm.rules.findings import Finding
from leadterm.schema import Mention

__all__ = ["ClaimDraft", "Diagnosis", "Pointer", "Procedure", "ServiceLine", "Unusual"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis of the claim. ``why`` and ``evidence`` never go to the payer and count for no comparison.

    ``role``: ``principal``, ``first-listed``, ``secondary`` or ``external cause``.
    ``family`` is the title of its category. ``poa``: ``Y N U W``, ``1`` where the code is exempt, empty where it is
    not asked for.
    """

    code: str
    role: str = "secondary"
    poa: str = ""
    title: str = field(default="", compare=False)
    family: str = field(default="", compare=False)
    system: str = field(default="icd10cm", compare=False)
    why: str = field(default="", compare=False)
    evidence: tuple[Mention, ...] = field(default=(), compare=False)
    poa_why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A diagnosis that justifies a service: its position on the claim, counted from 1."""

    position: int
    why: str = field(default="", compare=False)
    evidence: tuple[Mention, ...] = field(default=(), compare=False)
    sure: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service, supply or drug of the claim."""

    code: str
    modifiers: tuple[str, ...] = ()
    units: Decimal = Decimal(1)
    charge: Decimal | None = None
    date: str = ""
    revenue: str = ""
    place_of_service: str = ""
    pointers: tuple[Pointer, ...] = ()
    system: str = field(default="hcpcs", compare=False)
    title: str = field(default="", compare=False)
    evidence: tuple[Mention, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure of a hospital stay."""

    code: str
    date: str = ""
    title: str = field(default="", compare=False)
    system: str = field(default="icd10pcs", compare=False)
    evidence: tuple[Mention, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Unusual:
    """What sets the encounter apart, with the words that say so; ``name`` is a modifier or a code, or a short name."""

    name: str
    text: str
    evidence: tuple[Mention, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimDraft:
    """All of a claim. ``accepted`` is False where the codes are suggestions that nobody has accepted yet.

    - ``kind``: ``professional`` (837P) or ``institutional`` (837I).
    - ``circumstances``: place, dates, admission and discharge.
    - ``diagnoses``: in the order of the claim; pointers count them from 1, external causes of a hospital claim stand
      last.
    - ``procedures``: of a hospital stay, the principal first.

    >>> ClaimDraft("e1", "professional", Circumstances(), {}, (Diagnosis("J06.9", "first-listed"),)).total
    Decimal('0')
    """

    encounter_id: str
    kind: Kind
    circumstances: Circumstances
    parties: Mapping[str, Party]
    diagnoses: tuple[Diagnosis, ...]
    lines: tuple[ServiceLine, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    unusual: tuple[Unusual, ...] = field(default=(), compare=False)
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    accepted: bool = field(default=True, compare=False)
    setting: str = field(default="outpatient", compare=False)
    releases: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def total(self) -> Decimal:
        """The sum of all charges that are known."""
        return sum((line.charge for line in self.lines if line.charge is not None), Decimal(0))

    @property
    def ready(self) -> bool:
        """Whether it may be sent: accepted, and nothing wrong or missing."""
        return self.accepted and not any(finding.blocks for finding in self.findings)

    def party(self, name: str) -> Party:
        """Give a party; an empty one where nothing is known."""
        return self.parties.get(name, Party())
