"""Who and what a claim names: parties and circumstances, as a small file gives them and a payer reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from leadterm.storage.validation import STRICT

__all__ = ["PARTIES", "Circumstances", "Facts", "LineFacts", "Party", "money"]

Kind = Literal["professional", "institutional"]
CENT = Decimal("0.01")
PARTIES = ("submitter", "receiver", "billing", "payer", "subscriber", "patient", "rendering", "attending", "facility")


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation of the claim; what is not known is empty.

    ``id`` is the number by which a payer, submitter or receiver knows it, ``member_id`` that of an insured person,
    ``relationship`` of the patient to the subscriber (``self``, ``spouse``, ``child``, ``other``), ``filing`` the claim
    filing indicator of the payer (``MB`` Medicare Part B, ``MA`` Part A, ``CI`` commercial …).

    >>> Party(last_name="Doe", first_name="Jane").shown
    'Doe, Jane'
    """

    __pydantic_config__ = STRICT
    name: str = ""
    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    npi: str = ""
    taxonomy: str = ""
    tax_id: str = ""
    id: str = ""
    member_id: str = ""
    group: str = ""
    relationship: str = ""
    filing: str = ""
    birth_date: str = ""
    sex: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    contact: str = ""
    phone: str = ""

    @property
    def is_person(self) -> bool:
        """Whether it is known by a last name."""
        return bool(self.last_name)

    @property
    def shown(self) -> str:
        """Its name for readers."""
        return ", ".join(filter(None, (self.last_name, self.first_name))) or self.name


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a claim says of the encounter as a whole; dates are ``YYYY-MM-DD``, hours ``HHMM``.

    ``names``: what to do with letters that X12 lacks: ``refuse`` or ``transliterate``. ``charset``: ``basic`` (capital
    letters) or ``extended``. ``usage``: ``T`` for a test, ``P`` for production.
    """

    __pydantic_config__ = STRICT
    kind: Literal["", "professional", "institutional"] = ""
    number: str = ""
    place_of_service: str = ""
    frequency: str = "1"
    type_of_bill: str = ""
    from_date: str = ""
    to_date: str = ""
    admission_date: str = ""
    admission_hour: str = ""
    admission_type: str = ""
    admission_source: str = ""
    admitting_diagnosis: str = ""
    reasons_for_visit: tuple[str, ...] = ()
    discharge_status: str = ""
    discharge_hour: str = ""
    assignment: str = "A"
    benefits_assigned: str = "Y"
    release_signed: str = "Y"
    created: str = ""
    control_number: int = 1
    usage: Literal["T", "P"] = "T"
    names: Literal["refuse", "transliterate"] = "refuse"
    charset: Literal["basic", "extended"] = "basic"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A service as the charges give it; ``diagnoses`` are codes or positions that somebody has decided on.

    Units and modifiers that the charges leave open are those of the coded service.
    """

    __pydantic_config__ = STRICT
    code: str = ""
    system: str = "hcpcs"
    description: str = ""
    modifiers: tuple[str, ...] = ()
    units: float | None = None
    charge: float | None = None
    date: str = ""
    place_of_service: str = ""
    revenue: str = ""
    diagnoses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a claim needs and no note says."""

    __pydantic_config__ = STRICT
    claim: Circumstances = Circumstances()
    submitter: Party = Party()
    receiver: Party = Party()
    billing: Party = Party()
    payer: Party = Party()
    subscriber: Party = Party()
    patient: Party = Party()
    rendering: Party = Party()
    attending: Party = Party()
    facility: Party = Party()
    lines: tuple[LineFacts, ...] = field(default=())

    @property
    def parties(self) -> Mapping[str, Party]:
        """Those that something is known of."""
        return {name: getattr(self, name) for name in PARTIES if getattr(self, name) != Party()}


def money(amount: float | None) -> Decimal | None:
    """Make an amount exact; what was a decimal fraction stays one, also one of less than a cent.

    >>> money(89.9), money(180.005)
    (Decimal('89.90'), Decimal('180.005'))
    """
    if amount is None:
        return None
    exact = Decimal(str(amount))
    return exact.quantize(CENT) if -2 <= int(exact.as_tuple().exponent) <= 0 else exact
