"""What the words that support a code say against it: uncertain, denied, of the past, of the other side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from leadterm.rules.book import make_finding
from leadterm.rules.code_order import asked_for
from leadterm.rules.findings import Case, Coded, Finding
from leadterm.rules.hints import side_hint
from leadterm.rules.shared import COMPLAINTS, FINAL, confirmed_section, one_side, sides_of, symptoms

if TYPE_CHECKING:
    from leadterm.schema import Mention

__all__ = ["NOT_OF_THE_PATIENT", "asserted", "documented_side", "integral", "is_final"]

NOT_OF_THE_PATIENT: Mapping[str, str] = {
    "absent": "denied in the note",
    "family": "said of a relative",
    "hypothetical": "spoken of as something that may come",
    "conditional": "spoken of under a condition",
}
FACTORS = "Z"
WORDS_OF = {
    "right": re.compile(r"\b(?:right|rt|r)\b", re.IGNORECASE),
    "left": re.compile(r"\b(?:left|lt|l)\b", re.IGNORECASE),
    "bilateral": re.compile(r"\b(?:bilateral(?:ly)?|both|b/l)\b", re.IGNORECASE),
}


def asserted(case: Case) -> Iterator[Finding]:
    """Codes whose every mention is uncertain, denied, of a relative or of the past."""
    for item in case.items:
        assertions = {mention.assertion for mention in item.evidence}
        if item.code not in case.system or len(assertions) != 1 or assertions == {"present"}:
            continue
        assertion = item.evidence[0].assertion
        if assertion == "possible":
            yield from _uncertain(case, item)
        elif item.code.startswith(FACTORS):
            continue
        elif assertion == "history":
            yield make_finding("only-history", item.system, (item.code,), evidence=item.evidence)
        else:
            said = NOT_OF_THE_PATIENT[assertion]
            yield make_finding("not-of-the-patient", item.system, (item.code,), evidence=item.evidence, said=said)


def _uncertain(case: Case, item: Coded) -> Iterator[Finding]:
    section = confirmed_section(item.code) if case.system.spec.knowledge else ""
    if section:
        yield make_finding("confirmed-only", item.system, (item.code,), evidence=item.evidence, section=section)
    elif not case.facts.inpatient:
        yield make_finding("uncertain-outpatient", item.system, (item.code,), evidence=item.evidence)
    elif not is_final(item.evidence):
        yield make_finding("uncertain-inpatient", item.system, (item.code,), evidence=item.evidence)


def is_final(mentions: Iterable[Mention]) -> bool:
    """Tell whether one of the mentions stands among final diagnoses."""
    return any(mention.section in FINAL for mention in mentions)


def documented_side(case: Case) -> Iterator[Finding]:
    """Codes of another side than their words, or of none though their words have one."""
    for item in case.items if case.system.spec.knowledge else ():
        noted = {side for side, words in WORDS_OF.items() for one in item.evidence if words.search(one.text)}
        if len(noted) != 1 or item.code not in case.system:
            continue
        own, (side,) = sides_of(case.system, item.code), noted
        both = side == "bilateral" and _has_twin(case, item.code)
        if own and side not in own and len(own) == 1 and not both:
            words = {"own": next(iter(own)), "noted": side}
            yield make_finding("other-side", item.system, (item.code,), evidence=item.evidence, **words)  # type: ignore[arg-type]
        hint = "" if own else side_hint(case.system, item.code)
        if hint:
            offers = hint.partition(": ")[2].split(", ")
            fix = next((offer for offer in offers if offer.endswith(side)), hint.partition(": ")[2])
            words = {"noted": side, "fix": fix}
            yield make_finding("side-unspecified", item.system, (item.code,), evidence=item.evidence, **words)  # type: ignore[arg-type]


def _has_twin(case: Case, code: str) -> bool:
    """Whether the same condition of the other side is coded, too."""
    titles = {case.system.title(one).lower() for one in case.known}
    own = case.system.title(code).lower()
    return own.replace("right", "left") in titles and own.replace("left", "right") in titles


def integral(case: Case) -> Iterator[Finding]:
    """Symptoms beside a disease that routinely brings them."""
    known = case.known if case.system.spec.knowledge else ()
    for symptom in known:
        if symptom.startswith(COMPLAINTS):
            for disease in known:
                own = disease[:1] not in "RVWXYZ" and one_side(case.system, symptom, disease)
                own = own and symptom.startswith(symptoms(disease) or "-")
                if own and not asked_for(case.system, disease, symptom):
                    yield make_finding("integral-symptom", case.system.name, (symptom, disease))
                    break
