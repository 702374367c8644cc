"""A claim draft as an X12 837 interchange: professional (005010X222A1) or institutional (005010X223A2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from leadterm.claim.drafts import ClaimDraft, Diagnosis
from leadterm.claim.parties import Party
from leadterm.claim.requirements import refuse
from leadterm.claim.segments import Delimiters, Segment, segment, segments_text
from leadterm.claim.wire import EXTERNAL, RELATIONSHIPS, VERSION, as_sent, day, is_self, number_of, plain, quantity
from leadterm.codes.systems import spec_of
from leadterm.errors import LeadtermError

__all__ = ["x12_text"]

T = TypeVar("T")
MIDNIGHT = "0000"
IN_A_SEGMENT = 12
ENTITY = {"submitter": "41", "receiver": "40", "billing": "85", "subscriber": "IL", "payer": "PR", "patient": "QC",
          "rendering": "82", "attending": "71", "facility": "77"}  # fmt: skip


def x12_text(drafts: Sequence[ClaimDraft]) -> str:
    """Write claims of one form and one sender as one interchange, a transaction each.

    ``LeadtermError`` if one of them may not be sent, naming all that is wrong or missing, or they do not belong
    together.
    """
    refuse(drafts, "x12")
    claims = [as_sent(draft) for draft in drafts]
    first = claims[0]
    if any(
        (one.kind, one.party("submitter"), one.party("receiver"))
        != (first.kind, first.party("submitter"), first.party("receiver"))
        for one in claims
    ):
        raise LeadtermError(
            "the claims are of two forms, or of several senders or receivers: one X12 file has one of each.",
            hint="Choose encounters with --encounter, or a form with --form.",
        )  # fmt: skip
    [(twice, count)] = Counter(map(number_of, claims)).most_common(1)
    if count > 1:
        raise LeadtermError(
            f"two claims have the number '{twice}': a payer would take the second for a duplicate.",
            hint="Give each its claim.number in a table of facts, or leave it out: the encounter's id is taken.",
        )
    control = first.circumstances.control_number
    body = [part for number, claim in enumerate(claims, 1) for part in _transaction(claim, f"{number:04d}")]
    end = (segment("GE", str(len(claims)), str(control)), segment("IEA", "1", f"{control:09d}"))
    return segments_text([*_envelope(first, f"{control:09d}"), *body, *end])


def _transaction(claim: ClaimDraft, number: str) -> Iterator[Segment]:
    body = [*_header(claim), *_parties(claim), *_claim(claim), *_services(claim)]
    yield segment("ST", "837", number, VERSION[claim.kind])
    yield from body
    yield segment("SE", str(len(body) + 2), number)


def _envelope(claim: ClaimDraft, control: str) -> Iterator[Segment]:
    told, use = claim.circumstances, Delimiters()
    sender, receiver = claim.party("submitter").id, claim.party("receiver").id
    made = day(told.created)
    yield Segment("ISA", tuple((one,) for one in (
        "00", " " * 10, "00", " " * 10, "ZZ", f"{sender:15}", "ZZ", f"{receiver:15}", made[2:], MIDNIGHT,
        use.repetition, "00501", control, "0", told.usage, use.component,
    )))  # fmt: skip
    yield segment("GS", "HC", sender, receiver, made, MIDNIGHT, str(int(control)), "X", VERSION[claim.kind])


def _header(claim: ClaimDraft) -> Iterator[Segment]:
    submitter, made = claim.party("submitter"), day(claim.circumstances.created)
    yield segment("BHT", "0019", "00", claim.encounter_id, made, MIDNIGHT, "CH")
    yield _named(claim, "submitter", "46", submitter.id)
    yield segment("PER", "IC", submitter.contact, "TE", submitter.phone)
    yield _named(claim, "receiver", "46", claim.party("receiver").id)


def _parties(claim: ClaimDraft) -> Iterator[Segment]:
    billing, subscriber, payer = (claim.party(name) for name in ("billing", "subscriber", "payer"))
    patient, own = claim.party("patient"), is_self(claim)
    yield segment("HL", "1", "", "20", "1")
    yield segment("PRV", "BI", "PXC", billing.taxonomy)
    yield _named(claim, "billing", "XX", billing.npi)
    yield from _address(billing)
    yield segment("REF", "EI", billing.tax_id)
    yield segment("HL", "2", "1", "22", "0" if own else "1")
    relation = RELATIONSHIPS["self"] if own else ""
    yield segment("SBR", "P", relation, subscriber.group, "", "", "", "", "", payer.filing)
    yield _named(claim, "subscriber", "MI", subscriber.member_id)
    if own:
        yield from _demographic(subscriber)
    yield _named(claim, "payer", "PI", payer.id)
    if not own:
        yield segment("HL", "3", "2", "23", "0")
        yield segment("PAT", RELATIONSHIPS[patient.relationship])
        yield _named(claim, "patient", "", "")
        yield from _demographic(patient)


def _named(claim: ClaimDraft, role: str, qualifier: str, number: str) -> Segment:
    one = claim.party(role)
    person = one.is_person
    name = (one.last_name, one.first_name, one.middle_name) if person else (one.name, "", "")
    qualifier = qualifier if number else ""
    return segment("NM1", ENTITY[role], "1" if person else "2", *name, "", "", qualifier, number)


def _address(one: Party) -> Iterator[Segment]:
    if one.address:
        yield segment("N3", one.address)
        yield segment("N4", one.city, one.state, one.zip)


def _demographic(one: Party) -> Iterator[Segment]:
    yield from _address(one)
    yield segment("DMG", "D8", day(one.birth_date), one.sex)


def _claim(claim: ClaimDraft) -> Iterator[Segment]:
    told = claim.circumstances
    head = (claim.encounter_id, quantity(claim.total), "", "")
    signed = (told.assignment, told.benefits_assigned, told.release_signed)
    if claim.kind == "professional":
        yield segment("CLM", *head, (told.place_of_service, "B", told.frequency), "Y", *signed)
        yield _diagnoses("ABK", "ABF", claim.diagnoses)
        yield from _provider(claim, "rendering", "PE")
    else:
        yield segment("CLM", *head, (told.type_of_bill[:2], "A", told.frequency), "", *signed)
        yield from _stay(claim)
        yield from _provider(claim, "attending", "AT")
    facility = claim.party("facility")
    if facility != Party():
        yield _named(claim, "facility", "XX", facility.npi)
        yield from _address(facility)


def _stay(claim: ClaimDraft) -> Iterator[Segment]:
    told = claim.circumstances
    if told.discharge_hour:
        yield segment("DTP", "096", "TM", told.discharge_hour)
    yield segment("DTP", "434", "RD8", f"{day(told.from_date)}-{day(told.to_date)}")
    if told.admission_date:
        form = "DT" if told.admission_hour else "D8"
        yield segment("DTP", "435", form, day(told.admission_date) + told.admission_hour)
    yield segment("CL1", told.admission_type, told.admission_source, told.discharge_status)
    first = [one for one in claim.diagnoses if one.role not in ("secondary", EXTERNAL)]
    yield _diagnoses("ABK", "ABK", first)
    if told.admitting_diagnosis:
        yield segment("HI", ("ABJ", plain(told.admitting_diagnosis)))
    if told.reasons_for_visit:
        yield segment("HI", *(("APR", plain(code)) for code in told.reasons_for_visit))
    for role, qualifier in ((EXTERNAL, "ABN"), ("secondary", "ABF")):
        for part in _parts([one for one in claim.diagnoses if one.role == role]):
            yield _diagnoses(qualifier, qualifier, part)
    for qualifier, group in (("BBR", claim.procedures[:1]), ("BBQ", claim.procedures[1:])):
        for some in _parts(group):
            yield segment("HI", *((qualifier, plain(one.code), "D8", day(one.date)) for one in some))


def _parts(group: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many as a segment takes, then the next ones."""
    for start in range(0, len(group), IN_A_SEGMENT):
        yield group[start : start + IN_A_SEGMENT]


def _diagnoses(first: str, others: str, group: Sequence[Diagnosis]) -> Segment:
    """The diagnoses of a segment; present on admission is the ninth component of each."""
    return segment("HI", *(
        (others if number else first, plain(one.code), *[""] * 6, one.poa) for number, one in enumerate(group)
    ))  # fmt: skip


def _provider(claim: ClaimDraft, role: str, qualifier: str) -> Iterator[Segment]:
    one = claim.party(role)
    if one != Party():
        yield _named(claim, role, "XX", one.npi)
        if one.taxonomy:
            yield segment("PRV", qualifier, "PXC", one.taxonomy)


def _services(claim: ClaimDraft) -> Iterator[Segment]:
    for number, line in enumerate(claim.lines, 1):
        yield segment("LX", str(number))
        service = (spec_of(line.system).x12[0], line.code, *line.modifiers) if line.code else ()
        charge, units = quantity(line.charge or Decimal(0)), quantity(line.units)
        if claim.kind == "professional":
            pointers = tuple(str(pointer.position) for pointer in line.pointers)
            yield segment("SV1", service, charge, "UN", units, line.place_of_service, "", pointers)
        else:
            yield segment("SV2", line.revenue, service, charge, "UN", units)
        if line.date:
            yield segment("DTP", "472", "D8", day(line.date))
