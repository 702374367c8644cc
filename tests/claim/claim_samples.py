"""Facts of a made-up provider, payer and patient, and encounters of the reference corpus with services."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from leadterm.claim.drafting import draft_claim
from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Circumstances, Facts, LineFacts, Party
from leadterm.corpus import read_split
from leadterm.rules.code_checks import check_codes
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

CORPUS = Path(__file__).parents[2] / "corpora" / "reference"
ADDRESS: dict[str, Any] = {"address": "1 River Road", "city": "Springfield", "state": "IL", "zip": "627010001"}
LINES = (
    LineFacts("G0463", description="Outpatient clinic visit", charge=180, revenue="0510"),
    LineFacts("A4565", modifiers=("RT",), units=2, charge=25.5, revenue="0270"),
)
FACTS = Facts(
    claim=Circumstances(place_of_service="11", created="2026-10-01"),
    submitter=Party(name="Riverside Billing", id="RB1234567", contact="Pat Long", phone="5551230000"),
    receiver=Party(name="Clearing House", id="CH99"),
    billing=Party(name="Riverside Clinic", npi="1234567893", taxonomy="207Q00000X", tax_id="123456789", **ADDRESS),
    payer=Party(name="Prairie Health", id="PH001", filing="CI"),
    subscriber=Party(last_name="Doe", first_name="Jan", member_id="M01", birth_date="1980-05-06", sex="U", **ADDRESS),
    rendering=Party(last_name="Okafor", first_name="Ada", npi="1245319599", taxonomy="207Q00000X"),
    attending=Party(last_name="Okafor", first_name="Ada", npi="1245319599", taxonomy="207Q00000X"),
    lines=LINES,
)
STAY = Circumstances(
    kind="institutional", type_of_bill="111", admission_hour="1230", admission_type="1", admission_source="1",
    discharge_status="01", discharge_hour="1000", admitting_diagnosis="R69", created="2026-10-01",
)  # fmt: skip
KNEE = "Assessment: 1. Osteoarthritis of the right knee. Knee brace given. 2. Hypertension, lisinopril renewed."


@cache
def reference() -> dict[str, Encounter]:
    return {one.encounter_id: one for one in read_split(CORPUS, "train")}


def of_patient(encounter: Encounter, facts: Facts = FACTS) -> Facts:
    """The facts with the sex and year of birth of the encounter, and the days of the stay."""
    born = f"{encounter.birth_year or 1980}-05-06"
    patient = replace(facts.subscriber, birth_date=born, sex=encounter.sex or "U")
    stay = replace(STAY, admission_date=encounter.date_of_service or "", from_date=encounter.date_of_service or "")
    claim = stay if encounter.setting == "inpatient" else facts.claim
    return replace(facts, subscriber=patient, claim=claim)


def drafts(setting: str, count: int) -> list[ClaimDraft]:
    found = [one for one in reference().values() if one.setting == setting and one.date_of_service]
    found = [one for one in found if not any(finding.blocks for finding in check_codes(one))]
    return [draft_claim(one, of_patient(one)) for one in found[:: len(found) // count][:count]]


def knee(*codes: str, **more: Any) -> Encounter:
    """An encounter of our own; by default with two diagnoses, each with its words."""
    note = Note("n1", KNEE, "clinic note")

    def said(words: str) -> tuple[Mention, ...]:
        at = KNEE.find(words)
        return (Mention.of(EvidenceSpan("n1", at, at + len(words), words)),) if at >= 0 else ()

    words = {"M17.11": "Osteoarthritis of the right knee", "I10": "Hypertension"}
    chosen = [ReferenceCode("icd10cm", code, evidence=said(words.get(code, "?"))) for code in codes or tuple(words)]
    return Encounter("e1", (note,), tuple(chosen), date_of_service="2026-03-02", **more)


def blocking(draft: ClaimDraft) -> list[str]:
    return [f"{one.rule}: {one.message}" for one in draft.findings if one.blocks]
