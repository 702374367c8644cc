"""The Medicare Code Editor by day of service, hospital-acquired conditions, and present on admission on the claim."""

from __future__ import annotations

from collections.abc import Iterator

from leadterm.rules.book import make_finding
from leadterm.rules.code_sets import code_sets
from leadterm.rules.findings import Case, Finding
from leadterm.rules.patient import SEXES
from leadterm.rules.poa import LETTERS, is_poa_exempt, propose_poa
from leadterm.storage.tsv import package_table

__all__ = ["edit_diagnoses", "edit_procedures", "hospital_acquired", "mce_edits", "present_on_admission"]

AGES = {
    "age_newborn_0": (0, 0),
    "age_pediatric_0_17": (0, 17),
    "age_maternity_9_64": (9, 64),
    "age_adult_15_124": (15, 124),
}
OF_SEX = {"sex_female_only": "F", "sex_male_only": "M"}
OF_PRINCIPAL = {
    "manifestation_as_pdx": "mce-manifestation", "unacceptable_pdx": "mce-unacceptable",
    "e_code_as_pdx": "mce-external-cause", "questionable_admission": "mce-questionable",
}  # fmt: skip
OF_ANY = {"unspecified": "mce-unspecified", "wrong_procedure_performed": "mce-wrong-procedure"}
OF_PROCEDURES = {"non_covered": "mce-non-covered", "limited_coverage": "mce-limited"}
ALONE, OBSTETRIC, DELIVERED = "requires_sdx", "questionable_obstetric_admission", "Z37"
NOT_THERE = ("N", "U")


def mce_edits(code: str, day: object = None, *, procedures: bool = False) -> tuple[str, ...]:
    """Name the edits whose lists hold a code on a day of service; of no day, today's lists are asked.

    >>> mce_edits("Z38.00"), mce_edits("W01.0XXA")
    (('age_newborn_0',), ('e_code_as_pdx',))
    """
    return code_sets("mce_procedures.tsv" if procedures else "mce_diagnoses.tsv").of(code, day)


def edit_diagnoses(case: Case) -> Iterator[Finding]:
    """Age and sex of the patient, and of a stay what may be its principal diagnosis."""
    facts, name = case.facts, case.system.name
    for place, code in enumerate(case.codes if case.system.spec.knowledge else ()):
        for edit in mce_edits(code, facts.day):
            if edit in AGES:
                youngest, oldest = AGES[edit]
                if facts.ages and (facts.ages[1] < youngest or facts.ages[0] > oldest):
                    age, span = _ages(*facts.ages), str(oldest) if youngest == oldest else f"{youngest} to {oldest}"
                    yield make_finding("mce-age", name, (code,), range=span, age=age)
            elif edit in OF_SEX:
                if facts.sex in SEXES and facts.sex != OF_SEX[edit]:
                    words = {"other_sex": SEXES[OF_SEX[edit]], "sex": SEXES[str(facts.sex)]}
                    yield make_finding("mce-sex", name, (code,), **words)  # type: ignore[arg-type]
            elif facts.inpatient and (rule := OF_ANY.get(edit) or (place == 0 and OF_PRINCIPAL.get(edit)) or ""):
                yield make_finding(rule, name, (code,))
            elif facts.inpatient and edit == ALONE and place == 0 and len(case.codes) == 1:
                yield make_finding("mce-needs-secondary", name, (code,))
    if facts.inpatient and case.system.spec.knowledge and [item.code for item in case.items].count(case.first) > 1:
        yield make_finding("mce-duplicate", name, (case.first,))


def _ages(youngest: int, oldest: int) -> str:
    return str(youngest) if youngest == oldest else f"{youngest} or {oldest}"


def edit_procedures(case: Case) -> Iterator[Finding]:
    """Procedures of a stay that are not covered, covered under conditions, or need a diagnosis of delivery."""
    if case.system.spec.axes is None or not case.facts.inpatient:
        return
    for code in case.codes:
        for edit in mce_edits(code, case.facts.day, procedures=True):
            if edit in OF_PROCEDURES:
                yield make_finding(OF_PROCEDURES[edit], case.system.name, (code,))
            elif edit in OF_SEX and case.facts.sex in SEXES and case.facts.sex != OF_SEX[edit]:
                words = {"other_sex": SEXES[OF_SEX[edit]], "sex": SEXES[str(case.facts.sex)]}
                yield make_finding("mce-sex", case.system.name, (code,), **words)  # type: ignore[arg-type]
            elif edit == OBSTETRIC and not any(other.startswith(DELIVERED) for other in case.facts.beside):
                yield make_finding("mce-questionable-obstetric", case.system.name, (code,))


def present_on_admission(case: Case) -> Iterator[Finding]:
    """Indicators that are missing, not allowed, or at odds with the note; asked once any code of a stay has one."""
    asked = case.facts.inpatient and case.system.spec.knowledge and any(item.poa for item in case.items)
    for item in case.items if asked else ():
        given = item.poa.upper()
        exempt = is_poa_exempt(item.code)
        if exempt:
            if given in LETTERS:
                yield make_finding("poa-exempt", item.system, (item.code,), given=given)
            continue
        offer, why = propose_poa(item.code, item.evidence, case.facts.notes, leads=item.code == case.first)
        if not given or given in ("1", "EXEMPT"):
            yield make_finding("poa-missing", item.system, (item.code,), offer=offer)
        elif given not in LETTERS:
            yield make_finding("poa-unknown", item.system, (item.code,), given=item.poa[:8])
        elif given != offer and item.evidence and case.facts.notes:
            words = {"given": given, "offer": offer, "why": why}
            yield make_finding("poa-differs", item.system, (item.code,), evidence=item.evidence, **words)  # type: ignore[arg-type]


def hospital_acquired(case: Case) -> Iterator[Finding]:
    """Conditions that a stay brought about and Medicare does not pay for."""
    for item in case.items if case.facts.inpatient and case.system.spec.knowledge else ():
        for number in code_sets("hac.tsv").of(item.code) if item.poa.upper() in NOT_THERE else ():
            name, with_procedure = _conditions()[number]
            only = ", if a procedure of that list was done" if with_procedure else ""
            words = {"number": number, "given": item.poa.upper(), "condition": name, "only": only}
            yield make_finding("hac", item.system, (item.code,), section=f"HAC {number}", **words)  # type: ignore[arg-type]


def _conditions() -> dict[str, tuple[str, bool]]:
    rows = package_table("leadterm.rules", "hac_names.tsv")
    return {row["number"]: (row["name"], row["procedure"] == "yes") for row in rows}
