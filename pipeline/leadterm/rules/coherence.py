"""Which codes the classification or the guidelines leave out of the set above the line, or bring into it, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from leadterm.rules.book import make_finding
from leadterm.rules.contradictions import one_disc, one_episode, one_stage, told
from leadterm.rules.excludes import exclusion
from leadterm.rules.findings import Case, Coded, Finding
from leadterm.rules.shared import (
    COMPLAINTS,
    companions,
    confirmed_section,
    higher_degree,
    history_of,
    is_vaguer,
    on_record,
    one_side,
    replaced,
    some_of,
    symptoms,
)  # fmt: skip
from leadterm.rules.support import NOT_OF_THE_PATIENT, is_final
from leadterm.schema import Encounter, Mention
from leadterm.text.layout.note_kind import MOTHERS, NEWBORNS, find_kind

__all__ = ["brought_in", "left_out", "record_of"]

FACTORS, FAMILY_HISTORY = ("Z",), ("Z80", "Z81", "Z82", "Z83", "Z84")
LISTS = frozenset({"diagnosis", "discharge_diagnosis", "problem_list"})
TYPES = (("E08", "E09", "E10", "E11", "E13"), ("I10", "I11", "I12", "I13"), ("F17.2", "Z87.891"))
PAIN, MEASURED = ("M25.5", "M79.6"), ("R7", "R8", "R9")
WEIGHTY, SURER, SAID = 0.5, 0.05, 0.25
EARLY = frozenset({
    "chief_complaint", "reason_for_visit", "hpi", "subjective", "past_medical_history", "admission_diagnosis",
})  # fmt: skip
REACH = 60  # characters
CAUSED = re.compile(
    r"[^.:;,\n]*\b(?:(?:due|secondary|attributed) to|d/t|2/2|from|caused by|because of)\b[^.:;,\n]*", re.IGNORECASE
)
UNSURE = frozenset({"possible", "hypothetical"})
ASKED = frozenset({"chief_complaint", "reason_for_visit"})
LIKELY = 0.25
ACUTE = ("I21", "I22", "I26", "I60", "I61", "I62", "I63", "I82.4", "C")
ORGANISMS, RESISTANT = ("B95", "B96", "B97"), "B95.62"
PAST_CANCER = "Z85"
TREATMENTS: Mapping[str, tuple[str, ...]] = {"Z51.0": ("C",), "Z51.1": ("C",), "Z79.81": ("C50", "C61")}
FIRST_CHAPTERS = {MOTHERS: "I.C.15.a.1", NEWBORNS: "I.C.16.a.1"}
OTHER_RECORD: Mapping[str, Mapping[str, str]] = {
    MOTHERS: {"P": "I.C.16.a.1", "Z38": "I.C.16.a.2"},
    NEWBORNS: {"O": "I.C.15.a.2", "Z3A": "I.C.21.c.11", "Z37": "I.C.15.b.5"},
}  # fmt: skip


def left_out(case: Case) -> dict[str, Finding]:
    """Find the codes that cannot stand in the set that is proposed, by rules taken one after the other.

    Code → the finding, of which it is the first code. The setting decides what an uncertain diagnosis is worth.

    >>> from leadterm.codes import load_system
    >>> from leadterm.rules.findings import Facts
    >>> from leadterm.schema import EvidenceSpan
    >>> doubt = Mention("n1", (EvidenceSpan("n1", 9, 13, "gout"),), "possible", section="assessment")
    >>> gout = (Coded("icd10cm", "M10.9", evidence=(doubt,), confidence=0.8),)
    >>> [one.hint for one in left_out(Case(Facts(), gout, load_system("icd10cm"))).values()]
    ['left out: M10.9 is documented only as uncertain (IV.H)']
    >>> left_out(Case(Facts(setting="inpatient"), gout, load_system("icd10cm")))
    {}
    """
    case = replace(case, items=tuple(sorted(case.items, key=lambda one: (-one.confidence, one.code))))
    found: dict[str, Finding] = {}
    for rule in RULES:
        fresh = {one.codes[0]: replace(one, effect="left out") for one in rule(case)}
        if fresh:
            found |= fresh
            case = replace(case, items=tuple(one for one in case.items if one.code not in fresh))
    return found


def brought_in(case: Case, below: Sequence[Coded]) -> dict[str, Finding]:
    """Find the codes below the line that one of the set cannot do without.

    On the record of a birth chapters 15 and 16 come first.

    >>> from leadterm.codes import load_system
    >>> from leadterm.rules.findings import Facts
    >>> heart, *failure = (Coded("icd10cm", code, confidence=0.2) for code in ("I11.0", "I50.9", "I50.22"))
    >>> [one.hint for one in brought_in(Case(Facts(), (heart,), load_system("icd10cm")), failure).values()]
    ['brought in: I11.0 needs I50.22 (I.C.9.a.1)']
    """
    finders = (_needed, _over, *((_of_chapter, _of_disease) if case.facts.record else ()))
    return {one.codes[0]: replace(one, effect="brought in") for find in finders for one in find(case, below)}


def _surest(below: Sequence[Coded], begin: str | tuple[str, ...]) -> Coded | None:
    """Of the codes that begin so, the surest."""
    fitting = (one for one in below if one.code.startswith(begin))
    return min(fitting, key=lambda one: (-one.confidence, one.code), default=None)


def _needed(case: Case, below: Sequence[Coded]) -> Iterator[Finding]:
    """Codes without which one of the set never stands."""
    for prefix, needs, section, bring in companions():
        prefix, _, beside = prefix.partition("+")
        if beside and not any(code.startswith(tuple(beside.split("|"))) for code in case.codes):
            continue
        for one in case.items if bring else ():
            if one.code.startswith(prefix) and not any(code.startswith(needs) for code in case.codes):
                best = _surest(below, needs)
                if best is not None:
                    yield _found("needed", case, best, one.code, section=section)


def _over(case: Case, below: Sequence[Coded]) -> Iterator[Finding]:
    """The history codes of acute diseases that are told as over, in every mention."""
    likely = {one.code: one for one in below if one.confidence >= LIKELY}
    for one in (*case.items, *below) if likely else ():
        past = history_of(one.code) if one.code.startswith(ACUTE) else ""
        if past in likely and all(mention.assertion == "history" for mention in one.evidence):
            yield _found("told-as-over", case, likely[past], one.code)


def _of_chapter(case: Case, below: Sequence[Coded]) -> Iterator[Finding]:
    """On the record of a birth: the code of chapter 15 or 16 for a disease of the set."""
    for one in case.items:
        row = on_record(case.facts.record, one.code)
        if row is not None and not any(code.startswith(row.becomes) for code in case.codes):
            best = _surest(below, row.becomes)
            if best is not None:
                yield _birth(case, best, one.code)


def _of_disease(case: Case, below: Sequence[Coded]) -> Iterator[Finding]:
    """On the record of a birth: the disease itself beside its code of chapter 15 or 16."""
    for own in below:
        row = on_record(case.facts.record, own.code)
        if row is not None and row.beside and not any(code[:3] == own.code[:3] for code in case.codes):
            whole = next((one for one in case.items if one.code.startswith(row.becomes) and _share(one, own)), None)
            if whole is not None and own.confidence >= SAID * whole.confidence:
                yield _found("needed", case, own, whole.code, section="I.A.13")


def _found(rule: str, case: Case, one: Coded, other: str = "", section: str = "", **words: object) -> Finding:
    """A finding on a code and, of another, on what it has to do with that."""
    codes = (one.code, other) if other else (one.code,)
    return make_finding(rule, case.system.name, codes, evidence=one.evidence[:1], section=section, **words)  # type: ignore[arg-type]


def _birth(case: Case, one: Coded, other: str) -> Finding:
    record = case.facts.record
    return _found("birth-record", case, one, other, FIRST_CHAPTERS[record], record=record)


def record_of(encounter: Encounter) -> str:
    """Tell whose record of a birth an encounter is: a mother's, a newborn's, or empty for neither."""
    return find_kind(encounter.notes[0].text, encounter.notes[0].kind).record


def _unasserted(case: Case) -> Iterator[Finding]:
    """Denied, of the family, or not there yet, in every mention."""
    for one in case.items:
        assertion = one.evidence[0].assertion
        own = FAMILY_HISTORY if assertion == "family" else () if assertion == "absent" else FACTORS
        if assertion in NOT_OF_THE_PATIENT and not one.code.startswith(own):
            yield _found("not-of-the-patient", case, one, said=NOT_OF_THE_PATIENT[assertion])


def _of_births(case: Case) -> Iterator[Finding]:
    """Codes of the newborn on the mother's record, of the mother on the newborn's, and what chapter 15 or 16 tells."""
    record = case.facts.record
    for one in case.items if record else ():
        section = next((s for prefix, s in OTHER_RECORD[record].items() if one.code.startswith(prefix)), "")
        if section:
            yield _found("other-record", case, one, section=section, record=record)
        row = on_record(record, one.code)
        if row is not None and not row.beside:
            whole = next((code for code in case.codes if code.startswith(row.becomes)), None)
            if whole:
                yield _birth(case, one, whole)


def _uncertain(case: Case) -> Iterator[Finding]:
    """Diseases coded only once confirmed; the uncertain: never of outpatients, of inpatients among final diagnoses."""
    for one in case.items:
        doubts = [mention for mention in one.evidence if mention.assertion == "possible"]
        section = confirmed_section(one.code) if one.evidence[0].assertion in UNSURE else ""
        if section:
            yield _found("confirmed-only", case, one, section=section)
        elif not doubts or not _is_doubted(one):
            continue
        elif not case.facts.inpatient:
            yield _found("uncertain-outpatient", case, one)
        elif not is_final(doubts):
            yield _found("uncertain-inpatient", case, one)


def _is_doubted(one: Coded) -> bool:
    """Whether what a note says of a code is uncertain, but for its naming why the patient comes."""
    said = [mention for mention in one.evidence if mention.section not in ASKED] or one.evidence
    return said[0].assertion == "possible"


def _types(case: Case) -> Iterator[Finding]:
    """Types of which there is one: the surest stands."""
    for family in TYPES:
        own = [one for one in case.items if one.code.startswith(family)]
        for one in own[1:]:
            if one.code[:3] != own[0].code[:3]:
                yield _found("contradicts", case, one, own[0].code)


def _parts(case: Case) -> Iterator[Finding]:
    """Parts of a combination code."""
    for whole in case.codes:
        for part in replaced().get(whole, ()):
            for one in case.items:
                if one.code != whole and one.code.startswith(part):
                    yield _found("combination-part", case, one, whole)


def _general(case: Case) -> Iterator[Finding]:
    """The unspecified code beside a specific one of its category."""
    for one in case.items:
        better = next((code for code in case.codes if is_vaguer(case.system, one.code, code)), None)
        if better:
            yield _found("unspecified-beside", case, one, better)


def _burns(case: Case) -> Iterator[Finding]:
    """Burns of one site: only the highest degree (the fourth character) is coded."""
    for one in case.items:
        worse = next((code for code in case.codes if higher_degree(one.code, code)), None)
        if worse:
            yield _found("burn-degree", case, one, worse)


def _excluded(case: Case) -> Iterator[Finding]:
    """Of two codes that the same words led to, and that exclude each other, the surer one stands."""
    gone: set[str] = set()
    for at, first in enumerate(case.items):
        for second in case.items[at + 1 :]:
            if first.code in gone or second.code in gone:
                continue
            note = exclusion(case.system, first.code, second.code)
            if note and _share(first, second):
                gone.add(second.code)
                yield _found("excludes1", case, second, first.code, owner=note.owner, note=note.text)


def _share(first: Coded, second: Coded) -> bool:
    """Whether the best mention of one code shares words with any mention of the other."""
    best, other = first.evidence[0], second.evidence[0]
    return any(_overlap(best, one) for one in second.evidence) or any(_overlap(other, one) for one in first.evidence)


def _treated(case: Case) -> Iterator[Finding]:
    """The history of a cancer that is treated now, told by the same words or of the same organ (I.C.2.m)."""
    of = [cancers for way, cancers in TREATMENTS.items() if any(code.startswith(way) for code in case.codes)]
    cancers = tuple(chain.from_iterable(of))
    now = [one for one in case.items if one.code.startswith(cancers) and one.evidence[0].assertion == "present"]
    for past in case.items if now else ():
        if past.code.startswith(PAST_CANCER):
            for one in now:
                if _share(past, one) or history_of(one.code) == past.code:
                    yield _found("cancer-and-history", case, past, one.code)
                    break


def _overlap(first: Mention, second: Mention) -> bool:
    """Whether two mentions share words."""
    return first.note_id == second.note_id and any(
        a.start < b.end and b.start < a.end for a in first.spans for b in second.spans
    )


def _organism(case: Case) -> Iterator[Finding]:
    """Organisms whose words another code already tells: "klebsiella pneumonia"; resistance if its title says so."""
    for one in case.items:
        for other in case.items if one.code.startswith(ORGANISMS) else ():
            if one.code == RESISTANT and "resistant" not in case.system.title(other.code).lower():
                continue
            if not other.code.startswith(ORGANISMS) and _overlap(one.evidence[0], other.evidence[0]):
                yield _found("told-by", case, one, other.code, section="I.B.9")
                break


def _integral(case: Case) -> Iterator[Finding]:
    """Symptoms that belong to a disease of the set, where the note gives them no weight of their own."""
    for one in case.items:
        early = all(mention.section in EARLY for mention in one.evidence)
        weighty = one.confidence >= WEIGHTY and not early
        if not one.code.startswith(COMPLAINTS) or one.evidence[0].section in LISTS:
            continue
        for disease in case.items:
            told = disease.confidence >= one.confidence + SURER and not one.code.startswith(MEASURED)
            caused = _is_caused(case, one, disease)
            if weighty and not told and not caused and not (one.code.startswith(PAIN) and disease.code.startswith("S")):
                continue  # the pain of an injured part is never more than that
            own = disease.code[:1] not in "RVWXYZ" and disease.evidence[0].assertion == "present"
            own = own and one_side(case.system, one.code, disease.code)
            surer = caused or disease.confidence > one.confidence
            if own and surer and one.code.startswith(symptoms(disease.code)):
                yield _found("integral-symptom", case, one, disease.code)
                break


def _is_caused(case: Case, symptom: Coded, disease: Coded) -> bool:
    """Whether the note itself says that a symptom comes of a disease: "pain due to diverticulitis"."""
    texts = {note.note_id: note.text for note in case.facts.notes}
    return any(
        effect.note_id == cause.note_id and 0 < cause.start - effect.end < REACH
        and CAUSED.fullmatch(texts.get(effect.note_id, "")[effect.end : cause.start]) is not None
        for effect in symptom.evidence for cause in disease.evidence
    )  # fmt: skip


def _alone(case: Case) -> Iterator[Finding]:
    """Codes whose companion is missing."""
    for prefix, needs, section, bring in companions():
        for one in () if bring else case.items:
            if one.code.startswith(prefix) and not any(code.startswith(needs) for code in case.codes):
                yield _found("companion-missing", case, one, section=section, needs=some_of(needs))


RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    _unasserted, _of_births, _uncertain, _parts, _types, one_stage, one_episode, one_disc, _general, _burns, told,
    _treated, _excluded, _organism, _integral, _alone,
)  # fmt: skip
