"""From an encounter with its codes to a claim draft: the order of the flow, and what each step adds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from leadterm.claim.drafts import ClaimDraft, Diagnosis, Pointer, Procedure, ServiceLine
from leadterm.claim.form_checks import form_faults
from leadterm.claim.note_words import NoteWords, find_service
from leadterm.claim.parties import Circumstances, Facts, Kind, LineFacts, money
from leadterm.claim.pointing import SAID, Grounds, point
from leadterm.claim.proposals import propose_circumstances
from leadterm.claim.requirements import missing_facts
from leadterm.claim.sequence import LEADING, Placed, in_order
from leadterm.claim.unusual import unusual_circumstances, unusual_fix
from leadterm.codes import load_system
from leadterm.codes.registry import is_at_hand
from leadterm.codes.release import as_day
from leadterm.codes.system import CodeSystem
from leadterm.codes.systems import dictionary_system, spec_of
from leadterm.errors import LeadtermError, quote_name
from leadterm.procedures.services.modifiers import in_line_order
from leadterm.rules.book import make_finding
from leadterm.rules.code_checks import check_codes
from leadterm.rules.findings import Coded, Finding
from leadterm.rules.poa import propose_poa
from leadterm.schema import Encounter, ReferenceCode

if TYPE_CHECKING:
    from leadterm.rules.edits import Edits
    from leadterm.rules.site_rules import SiteRules

__all__ = ["draft_claim"]

FORMS: dict[str, Kind] = {"inpatient": "institutional", "outpatient": "professional"}
EXEMPT = "1"
TOLD_BY_FORM = ("units",)  # the form says which line
ON_A_CLAIM = ("ABK", "ABF")
_ORDER = ("error", "warning", "advice")


def draft_claim(
    encounter: Encounter,
    facts: Facts | None = None,
    *,
    accepted: bool = True,
    suggested: bool = False,
    poa: Mapping[str, str] | None = None,
    edits: Edits | None = None,
    site: SiteRules | None = None,
) -> ClaimDraft:
    """Draft the claim for an encounter.

    - ``facts``: who provides, who pays, who is insured, and the charges.
    - ``suggested``: a model, and no person, said which diagnosis leads.
    - ``poa``: indicators that a person has decided on, by code; others are proposed.
    - ``edits``: official edits of services and coverage: they tell which diagnosis justifies a service.

    It holds everything that is wrong or missing; nothing is invented.

    ``LeadtermError`` if a code is of a system that no claim form carries.

    >>> from leadterm.schema import Note
    >>> e = Encounter("e1", (Note("n1", "Gout."),), (ReferenceCode("icd10cm", "M10.9"),), date_of_service="2026-03-02")
    >>> draft = draft_claim(e)
    >>> draft.diagnoses[0].role, draft.kind, draft.ready
    ('first-listed', 'professional', False)
    """
    told = facts or Facts()
    kind = told.claim.kind or FORMS[encounter.setting]
    coded = _by_use(encounter.codes)
    system = _system(dictionary_system(), encounter)
    placed = in_order(encounter, coded["diagnosis"], system, suggested=suggested)
    diagnoses = tuple(_diagnosis(encounter, one, (poa or {}).get(one.code.code, "")) for one in placed)
    notes = {note.note_id: NoteWords(note) for note in encounter.notes}
    lines, unsure = _lines(encounter, coded["service"], told, diagnoses, Grounds(notes, _covered(encounter, edits)))
    circumstances, proposed = propose_circumstances(encounter, _dated(encounter, told.claim), kind)
    draft = ClaimDraft(
        encounter.encounter_id, kind, circumstances, told.parties, diagnoses, lines,
        tuple(_procedure(encounter, one) for one in coded["procedure"]),
        tuple(unusual_circumstances(encounter, diagnoses)), accepted=accepted, setting=encounter.setting,
        releases=_releases(encounter),
    )  # fmt: skip
    more = [*_of_order(placed), *unsure, *proposed]
    return replace(draft, findings=tuple(_findings(encounter, draft, more, edits, site)))


def _of_order(placed: Sequence[Placed]) -> Iterator[Finding]:
    """What was moved, and a leading diagnosis that no person has named."""
    for one in placed:
        if one.moved:
            yield make_finding("claim-sequence", one.code.system, (one.code.code,), why=one.moved)
        if one.next_best:
            about = (one.code.code, one.next_best)
            yield make_finding("claim-lead", one.code.system, about, evidence=one.code.evidence[:1], why=one.why)


def _system(name: str, encounter: Encounter) -> CodeSystem:
    return load_system(name, encounter.date_of_service)


def _releases(encounter: Encounter) -> dict[str, str]:
    names = dict.fromkeys(code.system for code in encounter.codes)
    return {name: _system(name, encounter).release for name in names if is_at_hand(name)}


def _by_use(codes: Iterable[ReferenceCode]) -> dict[str, list[ReferenceCode]]:
    """Diagnoses, services and procedures of stays; the same code with the same modifiers once."""
    found: dict[str, list[ReferenceCode]] = {"diagnosis": [], "service": [], "procedure": []}
    for code in {(one.system, one.code, one.modifiers): one for one in reversed(list(codes))}.values():
        spec = spec_of(code.system)
        if spec.x12 == ON_A_CLAIM:
            found["diagnosis"].append(code)
        elif spec.is_procedure and spec.x12:
            found["service" if len(spec.x12) == 1 else "procedure"].append(code)
        else:
            raise LeadtermError(
                f"no claim form carries codes of '{code.system}'.",
                hint="A claim takes ICD-10-CM, ICD-10-PCS, HCPCS and CPT.",
            )
    return {use: group[::-1] for use, group in found.items()}


def _title(encounter: Encounter, system: str, code: str) -> str:
    if not is_at_hand(system):
        return ""
    known = _system(system, encounter)
    return known.title(code) if code in known else ""


def _diagnosis(encounter: Encounter, placed: Placed, told: str) -> Diagnosis:
    code, role = placed.code, placed.role
    title = _title(encounter, code.system, code.code)
    family = _title(encounter, code.system, spec_of(code.system).category_of(code.code) or "")
    poa, because = "", ""
    if encounter.setting == "inpatient":
        poa, because = propose_poa(code.code, code.evidence, encounter.notes, leads=role in LEADING.values())
        poa, because = (told, SAID["told"]) if told else (poa or EXEMPT, because)
    return Diagnosis(code.code, role, poa, title, family, code.system, placed.why, code.evidence, because)


def _procedure(encounter: Encounter, code: ReferenceCode) -> Procedure:
    title = _title(encounter, code.system, code.code)
    return Procedure(code.code, encounter.date_of_service or "", title, code.system, code.evidence)


def _dated(encounter: Encounter, told: Circumstances) -> Circumstances:
    """Take the days of the bill from the encounter where nobody gives them; the claim is made today."""
    day = encounter.date_of_service or ""
    last = told.to_date or day
    first = told.from_date or told.admission_date or ("" if encounter.setting == "inpatient" else day)
    bill = told.type_of_bill[-3:]
    return replace(told, from_date=first, to_date=last, type_of_bill=bill, frequency=bill[2:] or told.frequency,
                   created=told.created or date.today().isoformat())  # fmt: skip


def _lines(
    encounter: Encounter,
    services: Sequence[ReferenceCode],
    told: Facts,
    diagnoses: Sequence[Diagnosis],
    grounds: Grounds,
) -> tuple[tuple[ServiceLine, ...], list[Finding]]:
    """The charges, then the coded services that no charge is for; each with its pointers."""
    charged = {line.code for line in told.lines}
    coded = {one.code: one for one in reversed(services)}
    given = [(fact, coded.get(fact.code)) for fact in told.lines]
    given += [(LineFacts(one.code, one.system), one) for one in services if one.code not in charged]
    lines, unsure = [], []
    for number, (fact, code) in enumerate(given, 1):
        line = _line(encounter, fact, code, told, grounds)
        pointers = _told_pointers(fact, diagnoses) or point(line, diagnoses, grounds)
        lines.append(replace(line, pointers=pointers))
        unsure += [
            make_finding(
                "claim-unsure-pointer", line.system, (line.code, diagnoses[one.position - 1].code), line=number
            )
            for one in pointers
            if not one.sure
        ]
    return tuple(lines), unsure


def _line(
    encounter: Encounter, fact: LineFacts, code: ReferenceCode | None, told: Facts, grounds: Grounds
) -> ServiceLine:
    title = fact.description or _title(encounter, fact.system, fact.code)
    found = find_service(title, list(grounds.notes.values()))
    evidence = code.evidence if code and code.evidence else found
    units = next((one for one in (fact.units, code.units if code else None) if one is not None), 1.0)
    modifiers = fact.modifiers or tuple(in_line_order(code.modifiers if code else ()))
    return ServiceLine(
        fact.code, modifiers, Decimal(str(units)).normalize() + 0, money(fact.charge),
        fact.date or encounter.date_of_service or "", fact.revenue,
        fact.place_of_service or told.claim.place_of_service, (), fact.system, title, evidence,
    )  # fmt: skip


def _told_pointers(fact: LineFacts, diagnoses: Sequence[Diagnosis]) -> tuple[Pointer, ...]:
    """Codes or positions that somebody gave; a code that is none of the claim's diagnoses points to 0, a fault."""
    places = {one.code.replace(".", ""): at for at, one in enumerate(diagnoses, 1)}
    found = []
    for one in fact.diagnoses:
        at = int(one) if one.isdecimal() else places.get(one.replace(".", ""), 0)
        found.append(Pointer(at, SAID["told"] if at else f"{quote_name(one)}, which is none of the claim's diagnoses"))
    return tuple({(one.position, one.why): one for one in found}.values())


def _covered(encounter: Encounter, edits: Edits | None) -> Callable[[str], Collection[str]]:
    """Give what tells the diagnoses that policies list for a service on the day of the encounter."""
    if edits is None:
        return frozenset
    day = as_day(encounter.date_of_service) if encounter.date_of_service else None
    return lambda code: edits.supports(code, day)


def _findings(
    encounter: Encounter, draft: ClaimDraft, more: Iterable[Finding], edits: Edits | None, site: SiteRules | None
) -> Iterator[Finding]:
    """What the rules say of the codes, and the form of the whole; errors first."""
    items = [
        *(Coded(one.system, one.code, one.role, one.poa, evidence=one.evidence) for one in draft.diagnoses),
        *(Coded(one.system, one.code, evidence=one.evidence) for one in draft.procedures),
        *(_coded_line(draft, one) for one in draft.lines if one.code),
    ]
    rules = [one for one in check_codes(encounter, items, edits=edits, site=site) if one.rule not in TOLD_BY_FORM]
    found = [] if draft.accepted else [make_finding("claim-suggested", "", ())]  # first: nothing else is as weighty
    found += [*rules, *form_faults(draft), *_mismatches(encounter, draft), *missing_facts(draft), *more]
    found += [
        make_finding("claim-unusual", "", (), evidence=one.evidence, what=one.text, fix=unusual_fix(one.name))
        for one in draft.unusual
        if unusual_fix(one.name)
    ]
    yield from sorted(found, key=lambda finding: _ORDER.index(finding.severity))


def _coded_line(draft: ClaimDraft, line: ServiceLine) -> Coded:
    count = len(draft.diagnoses)
    reasons = tuple(draft.diagnoses[one.position - 1].code for one in line.pointers if 1 <= one.position <= count)
    return Coded(line.system, line.code, "", "", float(line.units), line.modifiers, line.evidence, None, reasons)


def _mismatches(encounter: Encounter, draft: ClaimDraft) -> Iterator[Finding]:
    """Facts of the patient that contradict the encounter: those of somebody else?"""
    name = "patient" if draft.party("patient").is_person else "subscriber"
    patient = draft.party(name)
    if {patient.sex, encounter.sex} == {"F", "M"}:
        yield make_finding("claim-patient", "", (), where=f"{name}.sex", what="sex")
    if patient.birth_date and encounter.birth_year and patient.birth_date[:4] != str(encounter.birth_year):
        yield make_finding("claim-patient", "", (), where=f"{name}.birth_date", what="year of birth")
