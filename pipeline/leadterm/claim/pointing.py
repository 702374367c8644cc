"""Which diagnoses justify which service: by coverage, by the note around it, and by what such services are for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp

from leadterm.claim.drafts import Diagnosis, Pointer, ServiceLine
from leadterm.claim.note_words import NoteWords, key_words
from leadterm.schema import Mention
from leadterm.storage.tsv import package_table
from leadterm.text.knowledge import load_table

__all__ = ["Grounds", "point"]

MOST = 4
COVERED, SUPPORTED, SAME_SENTENCE, SAME_PROBLEM, NEAR, NEAR_WITHIN, SHARED = 20.0, 4.0, 3.0, 3.0, 1.5, 400.0, 2.0
ENOUGH, LITTLE, ALSO = 1.5, 0.3, 0.85
RIVAL, CLEARLY, IN_NOTE = 0.55, 0.5, ("sentence", "problem", "drug")
SAME_LIMB, ELSEWHERE = 0.5, -2.0
FOR_ITSELF = 3.0  # what such a visit is for: counseling on smoking, dialysis
BESIDE = -3.0  # what only says how the patient lives, unless such services are for it
SEQUELA = 8  # characters of a code that ends in the S of a sequela
FURTHER = 0.85
FOLLOWS = 0.3  # where nearness alone speaks: a service is told behind what it is for, more often than before it
LATER = 0.03  # of a row, a diagnosis named later
PER_RANK = 0.05  # of two that fit as well, the earlier one
VISIT = re.compile(
    r"\b(visit|evaluation and management|consultation|office|outpatient clinic|emergency department|observation care"
    r"|telehealth|encounter|annual (?:physical )?exam\w*|physical exam\w*|medication management|hospital care"
    r"|advance care planning|chronic care management|transitional care|critical care|prolonged service\w*"
    r"|care plan oversight|nursing facility care|discharge day)\b",
    re.IGNORECASE,
)
STATUS = (
    "Z16",
    "Z17",
    "Z18",
    "Z66",
    "Z67",
    "Z68",
    "Z72",
    "Z73",
    "Z74",
    "Z75",
    "Z77",
    "Z78",
    "Z79",
    "Z8",
    "Z9",
    "Z5",
    "Z6",
    "Z3A",
)
ENCOUNTERS = ("Z51", "Z52", "Z53", "Z71")
ADJUNCT = re.compile(r"[VWXY]|T(3[6-9]|4\d|50)\..{2}[56]|T(3[6-9]|4\d|50)\.[\dA-Z]X5|B9[5-7]")  # go with another code
LIMBS = frozenset({"arm", "leg"})
PARTS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "arm": r"arms?|forearms?|elbows?|wrists?|hands?|fingers?|thumbs?|shoulders?|upper (?:limb|extremity)|axilla",
        "leg": r"legs?|knees?|ankles?|foot|feet|toes?|heels?|thighs?|cal(?:f|ves)|hips?|lower (?:limb|extremity|leg)",
        "right": "right|RT", "left": "left|LT",
    }.items()
}  # fmt: skip
KIN = (("I10", "I11", "I12", "I13", "I15", "O10"), ("E08", "E09", "E10", "E11", "E13", "O24"))
"""Families that a drug for one of them is given for as well."""
SAID: Mapping[str, str] = {
    "coverage": "covered for this service by the policies given",
    "drug": "the drug is given for it",
    "sentence": "documented in the same sentence",
    "problem": "documented under the same problem",
    "near": "documented close by",
    "words": "names the same part or condition",
    "part": "of the same limb",
    "purpose": "such services are done for it",
    "visit": "addressed at this visit",
    "told": "as told",
    "default": "nothing in the note stands nearer: the leading diagnosis",
}


@dataclass(frozen=True)
class Grounds:
    """What pointers are drawn from: the notes, and which diagnoses the coverage policies list for a service.

    ``covered`` gives them for a code, without dots; nothing where no policy speaks of it.
    """

    notes: Mapping[str, NoteWords]
    covered: Callable[[str], Collection[str]] = frozenset


def point(line: ServiceLine, diagnoses: Sequence[Diagnosis], grounds: Grounds) -> tuple[Pointer, ...]:
    """Choose one to four diagnoses for a service, the weightiest first; external causes justify none.

    - ``line``: with its title and evidence as far as known.
    - ``diagnoses``: in the order of the claim.
    - ``grounds``: what there is to go by.

    >>> knee, cough = Diagnosis("M17.11", title="Osteoarthritis, right knee"), Diagnosis("R05.9", title="Cough")
    >>> [p.position for p in point(ServiceLine("L1832", title="Knee orthosis"), [cough, knee], Grounds({}))]
    [2]
    """
    able = [(at, one) for at, one in enumerate(diagnoses, 1) if not ADJUNCT.match(one.code)]
    if not able:
        return ()
    if VISIT.search(line.title) and not any(_purpose(line.title, one.code) >= FOR_ITSELF for _, one in able):
        able.sort(key=lambda pair: _is_status(pair[1].code))
        weighty = [pair for pair in able if not _is_status(pair[1].code)] or able[:1]
        return tuple(Pointer(at, SAID["visit"], one.evidence[:1]) for at, one in weighty[:MOST])
    weighed = sorted(
        (
            (sum(parts.values()) - PER_RANK * at, at, one, parts)
            for at, one, parts in ((at, one, _weigh(line, one, grounds)) for at, one in able)
        ),
        key=lambda found: (-found[0], found[1]),
    )
    best, at, one, parts = weighed[0]
    if best < ENOUGH:
        best, at, one, parts = max(weighed, key=lambda of: of[0] - FOLLOWS * (not _is_before(of[2], line)))
        told = _why(parts) if best > LITTLE else SAID["default"]
        at, one = (at, one) if best > LITTLE else able[0]
        return (Pointer(at, told, _together(line, one), sure=False),)
    kept = [found for found in weighed if found[0] >= ALSO * best][:MOST]
    sure = not any(_rivals(parts, best, other[3], other[0]) for other in weighed[1:])
    return tuple(
        Pointer(at, _why(parts), _together(line, one), sure=sure or found > 0)
        for found, (_, at, one, parts) in enumerate(kept)
    )


def _is_status(code: str) -> bool:
    return code.startswith(STATUS) and not code.startswith(ENCOUNTERS)


def _rivals(first: Mapping[str, float], best: float, other: Mapping[str, float], weight: float) -> bool:
    """Whether another diagnosis may well be the one: as weighty by purpose alone, or the note speaks for one of the two
    and the purpose for the other.
    """
    if first["coverage"] or weight < RIVAL * best:
        return False
    told, other_told = (max(one.get(name, 0.0) for name in IN_NOTE) for one in (first, other))
    apart = told < other_told or first["purpose"] + CLEARLY < other["purpose"]
    return apart or (not told and weight >= ALSO * best)


def _is_before(one: Diagnosis, line: ServiceLine) -> bool:
    """Whether a diagnosis is told before a service, in the same note."""
    places = [(mention.note_id, mention.start) for mention in line.evidence[:1]]
    return any(mention.note_id == note and mention.start < at for note, at in places for mention in one.evidence)


def _why(parts: Mapping[str, float]) -> str:
    """The two weightiest grounds in words."""
    told = sorted((name for name, weight in parts.items() if weight > 0), key=lambda name: -parts[name])
    return "; ".join(SAID[name] for name in told[:2])


def _together(line: ServiceLine, one: Diagnosis) -> tuple[Mention, ...]:
    """The words of the service and those of the diagnosis that stand nearest to it."""
    if not line.evidence or not one.evidence:
        return (*line.evidence[:1], *one.evidence[:1])
    service = line.evidence[0]
    nearest = min(
        one.evidence, key=lambda mention: (mention.note_id != service.note_id, abs(mention.start - service.start))
    )
    return service, nearest


def _weigh(line: ServiceLine, one: Diagnosis, grounds: Grounds) -> dict[str, float]:
    """Each ground and its weight."""
    parts = {"purpose": _purpose(line.title, one.code), "drug": SUPPORTED * _supported(line.title, one.code)}
    covered = grounds.covered(line.code)
    parts["coverage"] = COVERED * (one.code.replace(".", "") in covered or one.code in covered)
    said = " ".join((one.title, one.family, *(mention.text for mention in one.evidence)))
    parts["words"] = SHARED * len(set(key_words(line.title)) & set(key_words(said)))
    parts["part"] = _same_part(" ".join((line.title, *line.modifiers)), said)
    for name, weight in _nearness(line, one, grounds):
        parts[name] = max(weight, parts.get(name, 0.0))
    late = len(one.code) == SEQUELA and one.code.endswith("S")  # what it led to stands beside it
    if late or (_is_status(one.code) and not parts["purpose"] and not parts["coverage"]):
        parts["beside"] = BESIDE
    return parts


def _nearness(line: ServiceLine, one: Diagnosis, grounds: Grounds) -> Iterator[tuple[str, float]]:
    """What stands together in the note; the best evidence of a service counts whole, others less."""
    for rank, service in enumerate(line.evidence):
        words, share = grounds.notes.get(service.note_id), FURTHER**rank
        for mention in one.evidence if words else ():
            if words is None or mention.note_id != service.note_id:
                continue
            if words.sentence(mention.start) == words.sentence(service.start):
                yield "sentence", SAME_SENTENCE * share
            problem = words.problem(service.start)
            if problem >= 0 and problem == words.problem(mention.start):
                yield "problem", SAME_PROBLEM * share
            here, there = words.item(service.start), words.item(mention.start)
            if here[1] and here[1] == there[1] and (here[0] == there[0] or abs(here[0] - there[0]) == 1):
                yield "problem", SAME_PROBLEM * share
            yield "near", NEAR * share * exp(-abs(mention.start - service.start) / NEAR_WITHIN)


def _purpose(title: str, code: str) -> float:
    """How much the words of a service speak for a diagnosis; of several rows the strongest counts, others a little."""
    found = sorted(
        weight * (1 - LATER * next(i for i, prefix in enumerate(prefixes) if code.startswith(prefix)))
        for words, prefixes, weight in _table()
        if code.startswith(prefixes) and words.search(title)
    )
    return found[-1] + 0.25 * sum(found[:-1]) if found else 0.0


def _same_part(service: str, said: str) -> float:
    """Whether a service and a diagnosis speak of one limb, or of another, or of the other side."""
    one, other = ({name for name, words in PARTS.items() if words.search(text)} for text in (service, said))
    limbs, sides = one & other & LIMBS, {"right", "left"}
    apart = (one & LIMBS and other & LIMBS and not limbs) or (one & sides and other & sides and not one & other & sides)
    return ELSEWHERE if apart else SAME_LIMB if limbs else 0.0


def _supported(title: str, code: str) -> bool:
    lower = title.lower()
    return any(drug in lower and code.startswith(codes) for drug, codes in _drugs())


@cache
def _table() -> tuple[tuple[re.Pattern[str], tuple[str, ...], float], ...]:
    rows = package_table("leadterm.claim", "service_words.tsv")
    return tuple(
        (re.compile(rf"\b(?:{row['words']})", re.IGNORECASE), tuple(row["diagnoses"].split(";")), float(row["weight"]))
        for row in rows
        if row["diagnoses"] != "-"
    )


@cache
def _drugs() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Drugs and the codes that they are given for, without the codes of long-term use."""
    found = []
    for row in load_table("drug_evidence.tsv"):
        codes = [code for code in row["supports"].split(";") if not code.startswith("Z79")]
        wider = [family for code in codes for kin in KIN if code.startswith(kin) for family in kin]
        if codes and len(row["drug"]) > 3:
            found.append((row["drug"], tuple(dict.fromkeys((*codes, *wider)))))
    return tuple(found)
