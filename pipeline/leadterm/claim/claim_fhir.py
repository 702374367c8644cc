"""A claim draft as FHIR R4: a Claim, and a Condition or Procedure for each code with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from uuid import uuid5

from leadterm.claim.drafts import ClaimDraft, Diagnosis, ServiceLine
from leadterm.claim.parties import Party
from leadterm.claim.requirements import refuse
from leadterm.claim.wire import is_self, number_of
from leadterm.pages.suggestion_fhir import (
    ABSENT,
    CATEGORY,
    EXTENSION,
    NAMESPACE,
    STATUS,
    Json,
    concept,
    evidence_parts,
    logical,
    source_uri,
    span_extension,
    uri_of,
)
from leadterm.schema import Mention, spans_of

__all__ = ["claim_bundle"]

HL7 = "http://terminology.hl7.org/CodeSystem/"
NPI, PLACES = (
    "http://hl7.org/fhir/sid/us-npi",
    "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
)
REVENUE, DISCHARGE = (
    "https://www.nubc.org/CodeSystem/RevenueCodes",
    "https://www.nubc.org/CodeSystem/PatDischargeStatus",
)
MODIFIERS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
DIAGNOSIS_TYPES = {"principal": "principal", "first-listed": "principal"}
PRESENCE = ("Y", "N", "U", "W")
UNKNOWN: Json = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def claim_bundle(drafts: Sequence[ClaimDraft]) -> Json:
    """Make a Bundle of claims; what is not known is said to be unknown, and such a claim has the status ``draft``.

    ``LeadtermError`` if something given is wrong.
    """
    refuse(drafts, "FHIR", missing=False)
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for draft in drafts for one in _resources(draft)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _id(draft: ClaimDraft, *parts: object) -> str:
    return str(uuid5(NAMESPACE, "\n".join(map(str, ("claim", draft.encounter_id, *parts)))))


def _resources(draft: ClaimDraft) -> Iterator[Json]:
    yield _claim(draft)
    for number, one in enumerate(draft.diagnoses, 1):
        yield _condition(draft, number, one)
    for number, made in enumerate(draft.procedures, 1):
        yield _procedure(draft, f"p{number}", made.system, made.code, made.title, made.date, made.evidence)
    for number, line in enumerate(draft.lines, 1):
        if line.code and line.evidence:
            yield _procedure(draft, f"l{number}", line.system, line.code, line.title, line.date, line.evidence)


def _claim(draft: ClaimDraft) -> Json:
    told, billing = draft.circumstances, draft.party("billing")
    made: Json = {
        "resourceType": "Claim",
        "id": _id(draft),
        "meta": {"source": source_uri()},
        "identifier": [{"system": "urn:leadterm:claim-number", "value": number_of(draft)}],
        "status": "active" if draft.ready else "draft",
        "type": concept(f"{HL7}claim-type", draft.kind),
        "use": "claim",
        "patient": _patient(draft),
        "billablePeriod": _filled({"start": told.from_date, "end": told.to_date}),
        "created": told.created,
        "insurer": _party("Organization", draft.party("payer")),
        "provider": _party("Organization", billing),
        "priority": concept(f"{HL7}processpriority", "normal"),
        "facility": _party("Location", draft.party("facility")) if draft.party("facility") != Party() else None,
        "careTeam": _team(draft),
        "supportingInfo": _information(draft),
        "diagnosis": [_claimed(draft, number, one) for number, one in enumerate(draft.diagnoses, 1)],
        "procedure": [
            _filled(
                {
                    "sequence": number,
                    "date": one.date,
                    "procedureCodeableConcept": _coding(draft, one.system, one.code, one.title),
                }
            )
            for number, one in enumerate(draft.procedures, 1)
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": _coverage(draft)}],
        "item": [_item(draft, number, one) for number, one in enumerate(draft.lines, 1)],
        "total": _money(draft.total) if any(line.charge is not None for line in draft.lines) else None,
    }
    return _filled(made)


def _filled(given: Json) -> Json:
    return {name: value for name, value in given.items() if value not in (None, "", [], {})}


def _to(kind: str, draft: ClaimDraft, *parts: object) -> Json:
    return {"reference": f"urn:uuid:{_id(draft, *parts)}", "type": kind}


def _named(kind: str, system: str, value: str, shown: str) -> Json:
    """Refer to somebody by number and name; unknown where neither is known."""
    identifier = _filled({"system": system, "value": value}) if value else None
    return _filled({"type": kind, "identifier": identifier, "display": shown}) if value or shown else UNKNOWN


def _party(kind: str, one: Party) -> Json:
    return _named(kind, NPI, one.npi, one.shown) if one.npi else _named(kind, "", one.id, one.shown)


def _patient(draft: ClaimDraft) -> Json:
    one = draft.party("subscriber" if is_self(draft) else "patient")
    return _named("Patient", "", one.member_id, one.shown)


def _coverage(draft: ClaimDraft) -> Json:
    return _named("Coverage", "", draft.party("subscriber").member_id, draft.party("payer").shown)


def _team(draft: ClaimDraft) -> list[Json]:
    found = [(name, draft.party(name)) for name in ("rendering", "attending") if draft.party(name) != Party()]
    return [
        {
            "sequence": number,
            "provider": _party("Practitioner", one),
            "role": concept(f"{HL7}claimcareteamrole", "primary"),
        }
        for number, (_, one) in enumerate(found, 1)
    ]


def _information(draft: ClaimDraft) -> list[Json]:
    """Discharge status, and the period of the stay."""
    told, found = draft.circumstances, []
    if draft.kind == "institutional" and told.discharge_status:
        found.append({"category": concept(f"{HL7}claiminformationcategory", "discharge"),
                      "code": concept(DISCHARGE, told.discharge_status)})  # fmt: skip
    if told.admission_date:
        found.append({"category": concept(f"{HL7}claiminformationcategory", "hospitalized"),
                      "timingPeriod": _filled({"start": told.admission_date, "end": told.to_date})})  # fmt: skip
    return [{"sequence": number, **one} for number, one in enumerate(found, 1)]


def _claimed(draft: ClaimDraft, number: int, one: Diagnosis) -> Json:
    kind = DIAGNOSIS_TYPES.get(one.role)
    return _filled({
        "sequence": number,
        "extension": [{"url": f"{EXTENSION}condition", "valueReference": _to("Condition", draft, f"d{number}")}],
        "diagnosisCodeableConcept": _coding(draft, one.system, one.code, one.title),
        "type": [concept(f"{HL7}ex-diagnosistype", kind)] if kind else None,
        "onAdmission": concept(f"{HL7}ex-diagnosis-on-admission", one.poa.lower()) if one.poa in PRESENCE else None,
    })  # fmt: skip


def _item(draft: ClaimDraft, number: int, line: ServiceLine) -> Json:
    place = line.place_of_service or (draft.circumstances.place_of_service if draft.kind == "professional" else "")
    net = line.charge
    return _filled({
        "sequence": number,
        "diagnosisSequence": [pointer.position for pointer in line.pointers],
        "revenue": concept(REVENUE, line.revenue) if line.revenue else None,
        "productOrService": _coding(draft, line.system, line.code, line.title) if line.code else UNKNOWN,
        "modifier": [concept(MODIFIERS, modifier) for modifier in line.modifiers],
        "servicedDate": line.date,
        "locationCodeableConcept": concept(PLACES, place) if place else None,
        "quantity": {"value": float(line.units)},
        "unitPrice": _money(net / line.units) if net is not None and line.units and net % line.units == 0 else None,
        "net": _money(net) if net is not None else None,
        "extension": [span_extension(span) for span in spans_of(line.evidence)],
    })  # fmt: skip


def _money(amount: Decimal) -> Json:
    return {"value": float(amount), "currency": "USD"}


def _coding(draft: ClaimDraft, system: str, code: str, title: str) -> Json:
    coding = {"system": uri_of(system), "version": draft.releases.get(system), "code": code, "display": title}
    return {"coding": [_filled(coding)]}


def _condition(draft: ClaimDraft, number: int, one: Diagnosis) -> Json:
    status = "confirmed" if draft.accepted else "provisional"
    return _filled({
        "resourceType": "Condition",
        "id": _id(draft, f"d{number}"),
        "clinicalStatus": concept(f"{HL7}condition-clinical", "active"),
        "verificationStatus": concept(STATUS, status),
        "category": [concept(CATEGORY, "encounter-diagnosis")],
        "code": _coding(draft, one.system, one.code, one.title),
        "subject": _patient(draft),
        "encounter": logical("Encounter", draft.encounter_id),
        "evidence": evidence_parts(spans_of(one.evidence)),
    })  # fmt: skip


def _procedure(
    draft: ClaimDraft, key: str, system: str, code: str, title: str, date: str, evidence: Iterable[Mention]
) -> Json:
    return _filled({
        "resourceType": "Procedure",
        "id": _id(draft, key),
        "extension": [span_extension(span) for span in spans_of(evidence)],
        "status": "completed" if draft.accepted else "unknown",
        "code": _coding(draft, system, code, title),
        "subject": _patient(draft),
        "encounter": logical("Encounter", draft.encounter_id),
        "performedDateTime": date,
    })  # fmt: skip
