"""What each of the two claim forms carries: which fields of which party, and the codes X12 has for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal

from leadterm.claim.drafts import ClaimDraft, Diagnosis, ServiceLine
from leadterm.claim.parties import PARTIES, Circumstances, Kind, Party
from leadterm.claim.segments import transliterate

__all__ = [
    "ADDRESS", "CARRIED", "EXTERNAL", "RELATIONSHIPS", "VERSION", "as_sent", "day", "is_self", "number_of", "plain",
    "quantity", "spelled",
]  # fmt: skip

VERSION: Mapping[Kind, str] = {"professional": "005010X222A1", "institutional": "005010X223A2"}
RELATIONSHIPS = {"self": "18", "spouse": "01", "child": "19", "other": "G8"}
EXTERNAL = "external cause"
ADDRESS = ("address", "city", "state", "zip")
NAME = ("name", "last_name", "first_name", "middle_name")
ABOUT = (*ADDRESS, "birth_date", "sex")
BOTH: Mapping[str, tuple[str, ...]] = {
    "submitter": (*NAME, "id", "contact", "phone"),
    "receiver": ("name", "id"),
    "billing": (*NAME, "npi", "taxonomy", "tax_id", *ADDRESS),
    "payer": ("name", "id", "filing"),
    "subscriber": (*NAME, "member_id", "group"),
    "patient": (*NAME, "relationship", *ABOUT),
}
CARRIED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "professional": {**BOTH, "rendering": (*NAME, "npi", "taxonomy"), "facility": ("name", "npi", *ADDRESS)},
    "institutional": {**BOTH, "attending": (*NAME, "npi", "taxonomy"), "facility": ("name", "npi", *ADDRESS)},
}
STAY = (
    "type_of_bill", "from_date", "to_date", "admission_date", "admission_hour", "admission_type", "admission_source",
    "admitting_diagnosis", "discharge_status", "discharge_hour", "reasons_for_visit",
)  # fmt: skip
LONGEST_NUMBER = 20


def is_self(draft: ClaimDraft) -> bool:
    """Whether the patient is the insured person: so if nobody else is named."""
    patient = draft.party("patient")
    return patient.relationship in ("", "self") and not patient.is_person


def number_of(draft: ClaimDraft) -> str:
    """Give the number by which the provider knows the claim: as told, else the encounter's id."""
    return draft.circumstances.number or draft.encounter_id


def day(iso: str) -> str:
    """Write a date without hyphens.

    >>> day("2026-03-02")
    '20260302'
    """
    return iso.replace("-", "")


def plain(code: str) -> str:
    """Write a code without its dot."""
    return code.replace(".", "")


def quantity(value: Decimal) -> str:
    """Write a number without zeros behind the decimals.

    >>> quantity(Decimal("100.00")), quantity(Decimal("89.90"))
    ('100', '89.9')
    """
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spelled(text: str, circumstances: Circumstances) -> str:
    """Spell a text as it goes on the wire."""
    text = " ".join(text.split())
    text = transliterate(text) if circumstances.names == "transliterate" else text
    return text if circumstances.charset == "extended" else text.upper()


def as_sent(draft: ClaimDraft) -> ClaimDraft:
    """Give the draft as it stands on the wire: what the form does not carry is gone, and texts are spelled for X12.

    Reading what was written gives exactly this.
    """
    told, form = draft.circumstances, CARRIED[draft.kind]
    kept = dict(draft.parties)
    carried = {**form, "subscriber": (*form["subscriber"], *(ABOUT if is_self(draft) else ()))}
    parties = {
        name: _projected(kept[name], carried[name], told) for name in PARTIES if name in kept and name in carried
    }
    if is_self(draft):
        parties.pop("patient", None)
    parties = {name: party for name, party in parties.items() if party != Party()}
    professional = draft.kind == "professional"
    usual = Circumstances()
    drop = {name: getattr(usual, name) for name in (STAY if professional else ("place_of_service",))}
    there = replace(
        told, **drop, kind=draft.kind, number=spelled(number_of(draft), told), names="refuse", charset="basic"
    )
    return replace(
        draft, encounter_id=there.number, circumstances=there, parties=parties,
        diagnoses=tuple(_diagnosis(one, professional) for one in draft.diagnoses),
        lines=tuple(_line(one, professional, told) for one in draft.lines),
        procedures=() if professional else draft.procedures,
    )  # fmt: skip


def _projected(party: Party, names: Iterable[str], told: Circumstances) -> Party:
    values = {name: spelled(getattr(party, name), told) for name in names}
    values |= {name: getattr(party, name) for name in ("birth_date", "relationship") if name in values}
    return Party(**{field.name: values[field.name] for field in fields(Party) if field.name in values})


def _diagnosis(one: Diagnosis, professional: bool) -> Diagnosis:
    role = "principal" if one.role == "first-listed" else one.role
    if professional:
        role = {"principal": "first-listed", EXTERNAL: "secondary"}.get(role, role)
    return replace(one, role=role, poa="" if professional or one.poa == "1" else one.poa)


def _line(one: ServiceLine, professional: bool, told: Circumstances) -> ServiceLine:
    place = "" if one.place_of_service == told.place_of_service else one.place_of_service
    if professional:
        return replace(one, revenue="", place_of_service=place)
    return replace(one, pointers=(), place_of_service="")
