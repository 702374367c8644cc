"""Which codes the classification or the guidelines leave out of the set above the line, or bring into it, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from leadterm.rules.excludes import exclusion
from leadterm.rules.shared import (
    COMPLAINTS,
    FINAL,
    companions,
    confirmed_section,
    higher_degree,
    history_of,
    is_vaguer,
    never_with,
    on_record,
    one_side,
    replaced,
    symptoms,
)  # fmt: skip
from leadterm.rules.support import NOT_OF_THE_PATIENT
from leadterm.text.layout.note_kind import MOTHERS, NEWBORNS, find_kind

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter, Mention

__all__ = ["Proposed", "brought_in", "left_out", "record_of"]

FACTORS, FAMILY_HISTORY = ("Z",), ("Z80", "Z81", "Z82", "Z83", "Z84")
LISTS = frozenset({"diagnosis", "discharge_diagnosis", "problem_list"})
STAGES, WORST, UNTOLD = ("N18",), "N18.6", "N18.9"
TYPES = (("E08", "E09", "E10", "E11", "E13"), ("I10", "I11", "I12", "I13"))
INJURIES, WITH_SEVENTH = ("S", "T"), 8
PAIN = ("M25.5", "M79.6")
WEIGHTY, SAID = 0.5, 0.25
EARLY = frozenset({
    "chief_complaint", "reason_for_visit", "hpi", "subjective", "past_medical_history", "admission_diagnosis",
})  # fmt: skip
UNSURE = frozenset({"possible", "hypothetical"})
LIKELY = 0.25
ACUTE = ("I21", "I22", "I26", "I60", "I61", "I62", "I63", "I82.4", "C")
ORGANISMS = ("B95", "B96", "B97")
CANCER, PAST_CANCER, TREATMENT = "C", "Z85", ("Z51.0", "Z51.1")
FIRST_CHAPTERS = {MOTHERS: "I.C.15.a.1", NEWBORNS: "I.C.16.a.1"}
OTHER_RECORD: Mapping[str, Mapping[str, str]] = {
    MOTHERS: {"P": "I.C.16.a.1", "Z38": "I.C.16.a.2"},
    NEWBORNS: {"O": "I.C.15.a.2", "Z3A": "I.C.21.c.11", "Z37": "I.C.15.b.5"},
}  # fmt: skip


class Proposed(Protocol):
    """A code with its calibrated confidence and its mentions, best first."""

    @property
    def code(self) -> str:
        """The code."""

    @property
    def confidence(self) -> float:
        """Probability that a coder would assign it."""

    @property
    def mentions(self) -> Sequence[Mention]:
        """At least one."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What a rule sees: the encounter, and the codes that still stand, the surest first."""

    encounter: Encounter
    standing: Sequence[Proposed]
    system: CodeSystem


Verdict = tuple[str, str]
"""A code, and why it is left out."""


def left_out(encounter: Encounter, proposed: Sequence[Proposed], system: CodeSystem) -> dict[str, str]:
    """Find the codes that cannot stand in the set that is proposed, by rules taken one after the other.

    Code → the reason, with the section of the Official Guidelines. ``encounter``: its setting decides what an
    uncertain diagnosis is worth.

    >>> from collections import namedtuple
    >>> from leadterm.codes import load_system
    >>> from leadterm.schema import Encounter, EvidenceSpan, Mention, Note
    >>> Code = namedtuple("Code", "code confidence mentions")
    >>> note = Note("n1", "Possible gout.")
    >>> doubt = Mention("n1", (EvidenceSpan("n1", 9, 13, "gout"),), "possible", section="assessment")
    >>> found = [Code("M10.9", 0.8, (doubt,))]
    >>> left_out(Encounter("e", (note,)), found, load_system("icd10cm"))
    {'M10.9': 'documented as uncertain, which only an inpatient stay codes (IV.H)'}
    >>> left_out(Encounter("e", (note,), setting="inpatient"), found, load_system("icd10cm"))
    {}
    """
    standing = sorted(proposed, key=lambda one: (-one.confidence, one.code))
    reasons: dict[str, str] = {}
    for rule in RULES:
        reasons.update(rule(_Case(encounter, standing, system)))
        standing = [one for one in standing if one.code not in reasons]
    return reasons


def brought_in(above: Sequence[Proposed], below: Sequence[Proposed], record: str = "") -> dict[str, str]:
    """Find the codes below the line that one above it cannot do without.

    ``record``: whose record of a birth it is, if it is one: there chapters 15 and 16 come first.

    >>> from collections import namedtuple
    >>> Code = namedtuple("Code", "code confidence mentions")
    >>> brought_in([Code("I11.0", 0.8, ())], [Code("I50.9", 0.2, ()), Code("I50.22", 0.1, ())])
    {'I50.9': 'I11.0 needs it (I.C.9.a.1)'}
    """
    found: dict[str, str] = {}
    for prefix, needs, section, bring in companions():
        for one in above if bring else ():
            if one.code.startswith(prefix) and not any(other.code.startswith(needs) for other in above):
                fitting = [other for other in below if other.code.startswith(needs)]
                if fitting:
                    best = min(fitting, key=lambda other: (-other.confidence, other.code))
                    found[best.code] = f"{one.code} needs it ({section})"
    found |= _over((*above, *below), {one.code: one for one in below if one.confidence >= LIKELY})
    for one in above if record else ():
        row = on_record(record, one.code)
        if row is not None and not any(other.code.startswith(row.becomes) for other in above):
            fitting = [other for other in below if other.code.startswith(row.becomes)]
            for best in sorted(fitting, key=lambda other: (-other.confidence, other.code))[:1]:
                found[best.code] = f"{one.code} on a {record}'s record ({FIRST_CHAPTERS[record]})"
    for own in below if record else ():
        row = on_record(record, own.code)
        if row is not None and row.beside and not any(other.code[:3] == own.code[:3] for other in above):
            told = next((one for one in above if one.code.startswith(row.becomes) and _share(one, own)), None)
            if told is not None and own.confidence >= SAID * told.confidence:
                found[own.code] = f"{told.code} needs it (use additional code)"
    return found


def _over(every: Sequence[Proposed], below: Mapping[str, Proposed]) -> dict[str, str]:
    """The history codes of acute diseases that are told as over, in every mention."""
    told: dict[str, str] = {}
    for one in every:
        past = history_of(one.code) if one.code.startswith(ACUTE) else ""
        if past in below and all(mention.assertion == "history" for mention in one.mentions):
            told[past] = f"{one.code} is told as over (I.C.21.c.4)"
    return told


def _unasserted(case: _Case) -> Iterator[Verdict]:
    """Denied, of the family, or not there yet, in every mention."""
    for one in case.standing:
        assertion = one.mentions[0].assertion
        own = FAMILY_HISTORY if assertion == "family" else () if assertion == "absent" else FACTORS
        if assertion in NOT_OF_THE_PATIENT and not one.code.startswith(own):
            yield one.code, NOT_OF_THE_PATIENT[assertion]


def record_of(encounter: Encounter) -> str:
    """Tell whose record of a birth an encounter is: a mother's, a newborn's, or empty for neither."""
    return find_kind(encounter.notes[0].text, encounter.notes[0].kind).record


def _of_births(case: _Case) -> Iterator[Verdict]:
    """Codes of the newborn on the mother's record, of the mother on the newborn's, and what chapter 15 or 16 tells."""
    record = record_of(case.encounter)
    for one in case.standing if record else ():
        section = next((s for prefix, s in OTHER_RECORD[record].items() if one.code.startswith(prefix)), "")
        if section:
            yield one.code, f"never on a {record}'s record ({section})"
        row = on_record(record, one.code)
        if row is not None and not row.beside:
            told = next((other.code for other in case.standing if other.code.startswith(row.becomes)), None)
            if told:
                yield one.code, f"{told} tells it ({FIRST_CHAPTERS[record]})"


def _unconfirmed(case: _Case) -> Iterator[Verdict]:
    """Diseases that are coded only once confirmed."""
    for one in case.standing:
        section = confirmed_section(one.code) if one.mentions[0].assertion in UNSURE else ""
        if section:
            yield one.code, f"coded only once it is confirmed ({section})"


def _uncertain(case: _Case) -> Iterator[Verdict]:
    """Uncertain diagnoses: never of outpatients; of inpatients where the final diagnoses stand."""
    for one in case.standing:
        doubts = [mention for mention in one.mentions if mention.assertion == "possible"]
        if not doubts or one.mentions[0].assertion != "possible":
            continue
        if case.encounter.setting != "inpatient":
            yield one.code, "documented as uncertain, which only an inpatient stay codes (IV.H)"
        elif not any(mention.section in FINAL for mention in doubts):
            yield one.code, "uncertain, and not so at discharge (II.H)"


def _contradictory(case: _Case) -> Iterator[Verdict]:
    """Types and stages of which there is one: the surest stands."""
    for family in TYPES:
        first = next((one for one in case.standing if one.code.startswith(family)), None)
        for one in case.standing if first else ():
            if first and one.code.startswith(family) and one.code[:3] != first.code[:3]:
                yield one.code, f"contradicts {first.code}"
    stages = [one for one in case.standing if one.code.startswith(STAGES)]
    stages.sort(key=lambda one: (one.code != WORST, one.code == UNTOLD))
    for one in stages[1:]:
        yield one.code, f"contradicts {stages[0].code}"
    episodes: dict[str, str] = {}
    for one in case.standing:
        surest = episodes.setdefault(one.code[:-1], one.code) if one.code.startswith(INJURIES) else one.code
        if surest != one.code and len(one.code) == WITH_SEVENTH:
            yield one.code, f"contradicts {surest}: of one injury an encounter has one episode (I.C.19.a)"


def _parts(case: _Case) -> Iterator[Verdict]:
    """Parts of a combination code."""
    for whole in case.standing:
        for part in replaced().get(whole.code, ()):
            for one in case.standing:
                if one is not whole and one.code.startswith(part):
                    yield one.code, f"part of {whole.code} (I.B.9)"


def _general(case: _Case) -> Iterator[Verdict]:
    """The unspecified code beside a specific one of its category."""
    for one in case.standing:
        better = next((other for other in case.standing if is_vaguer(case.system, one.code, other.code)), None)
        if better:
            yield one.code, f"{better.code} says more of it (I.B.2)"


def _burns(case: _Case) -> Iterator[Verdict]:
    """Burns of one site: only the highest degree (the fourth character) is coded."""
    for one in case.standing:
        worse = next((other for other in case.standing if higher_degree(one.code, other.code)), None)
        if worse:
            yield one.code, f"{worse.code} is the higher degree at this site (I.C.19.d.2)"


def _excluded(case: _Case) -> Iterator[Verdict]:
    """Of two codes that the same words led to, and that exclude each other, the surer one stands."""
    gone: set[str] = set()
    for at, first in enumerate(case.standing):
        for second in case.standing[at + 1 :]:
            if first.code in gone or second.code in gone:
                continue
            note = exclusion(case.system, first.code, second.code)
            if note and _share(first, second):
                gone.add(second.code)
                yield second.code, f"not together with {first.code} (Excludes1 at {note.owner}, I.A.12.a)"


def _share(first: Proposed, second: Proposed) -> bool:
    """Whether the best mention of one code shares words with any mention of the other."""
    best, other = first.mentions[0], second.mentions[0]
    return any(_overlap(best, one) for one in second.mentions) or any(_overlap(other, one) for one in first.mentions)


def _treated(case: _Case) -> Iterator[Verdict]:
    """The history of a cancer whose same words tell the cancer that is treated now."""
    now = next((one.code for one in case.standing if one.code.startswith(TREATMENT)), None)
    for past in case.standing if now else ():
        if past.code.startswith(PAST_CANCER):
            own = (one for one in case.standing if one.code[0] == CANCER and _share(past, one))
            for one in own:
                yield past.code, f"{one.code} is treated, as {now} tells (I.C.2.m)"


def _overlap(first: Mention, second: Mention) -> bool:
    """Whether two mentions share words."""
    return first.note_id == second.note_id and any(
        a.start < b.end and b.start < a.end for a in first.spans for b in second.spans
    )


def _told(case: _Case) -> Iterator[Verdict]:
    """Codes that another one tells already, by ``never_with.tsv``."""
    for one in case.standing:
        for prefix, beside, section in never_with():
            if one.code.startswith(prefix):
                other = next((o.code for o in case.standing if o is not one and o.code.startswith(beside)), None)
                if other is not None:
                    yield one.code, f"{other} tells it ({section})"
                    break


def _organism(case: _Case) -> Iterator[Verdict]:
    """Organisms whose words another code already tells: "klebsiella pneumonia"."""
    for one in case.standing:
        for other in case.standing if one.code.startswith(ORGANISMS) else ():
            if not other.code.startswith(ORGANISMS) and _overlap(one.mentions[0], other.mentions[0]):
                yield one.code, f"{other.code} names the organism (I.B.9)"
                break


def _integral(case: _Case) -> Iterator[Verdict]:
    """Symptoms that belong to a disease of the set, where the note gives them no weight of their own."""
    for one in case.standing:
        early = all(mention.section in EARLY for mention in one.mentions)
        weighty = one.confidence >= WEIGHTY and not early
        if not one.code.startswith(COMPLAINTS) or one.mentions[0].section in LISTS:
            continue
        for disease in case.standing:
            if weighty and not (one.code.startswith(PAIN) and disease.code.startswith("S")):
                continue  # the pain of an injured part is never more than that
            own = disease.code[:1] not in "RVWXYZ" and disease.mentions[0].assertion == "present"
            own = own and one_side(case.system, one.code, disease.code)
            if own and disease.confidence > one.confidence and one.code.startswith(symptoms(disease.code)):
                yield one.code, f"integral to {disease.code} (I.B.5)"
                break


def _alone(case: _Case) -> Iterator[Verdict]:
    """Codes whose companion is missing."""
    for prefix, needs, section, bring in companions():
        for one in () if bring else case.standing:
            if one.code.startswith(prefix) and not any(other.code.startswith(needs) for other in case.standing):
                yield one.code, f"never without {' or '.join(needs[:3])}{' …' if len(needs) > 3 else ''} ({section})"


RULES: tuple[Callable[[_Case], Iterator[Verdict]], ...] = (
    _unasserted, _of_births, _unconfirmed, _uncertain, _parts, _contradictory, _general, _burns, _told, _treated,
    _excluded, _organism, _integral, _alone,
)  # fmt: skip
