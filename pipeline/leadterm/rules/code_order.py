"""The order of codes: what may lead, what never does, and what belongs before what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.codes.systems.bare_codes import bare
from leadterm.rules.book import make_finding
from leadterm.rules.code_sets import code_sets
from leadterm.rules.findings import Case, Finding
from leadterm.rules.references import Reference, names, notes_of, references_in
from leadterm.rules.shared import symptoms

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.codes.types import InstructionKind

__all__ = [
    "asked_for", "code_first", "companions_noted", "duplicates", "leads", "lone_leaders", "order_of_pairs", "sepsis",
]  # fmt: skip

ELSEWHERE = "diseases classified elsewhere"
IF_ANY = re.compile(r"\bif (?:known|applicable|any|present)\b|\b(?:when|where) applicable\b|\bany \w+", re.IGNORECASE)
ADVERSE = re.compile(r"T(?:3[6-9]|4\d|50)\.(?:..5|.5)")
ACUTE = re.compile(r"\b(?:sub)?acute\b")
FOR_ADVERSE = ", for adverse effects"
LONGEST = 100
ORGANISMS = {
    "B95.0": "A40.0", "B95.1": "A40.1", "B95.2": "A41.81", "B95.3": "A40.3", "B95.61": "A41.01", "B95.62": "A41.02",
    "B96.2": "A41.51", "B96.3": "A41.3", "B96.5": "A41.52", "B96.6": "A41.4",
}  # fmt: skip
"""Organisms of diseases elsewhere → sepsis by them."""
NO_ORGANISM = "A41.9"
NEVER_LEAD = ("external-cause", "severe-sepsis", "secondary-only")


def duplicates(case: Case) -> Iterator[Finding]:
    """Diagnoses that stand more than once."""
    if case.system.spec.codes == "diagnosis":
        for code, count in Counter(item.code for item in case.items).items():
            if count > 1:
                yield make_finding("duplicate", case.system.name, (code,), count=count)


def leads(case: Case) -> Iterator[Finding]:
    """The first code is one that may not lead."""
    first, name = case.first, case.system.name
    if not first or not case.system.spec.knowledge or first not in case.system:
        return
    if ELSEWHERE in case.system.title(first).lower():
        yield make_finding("manifestation-first", name, (first,))
    sets = code_sets("guideline_sets.tsv").of(first)
    yield from (make_finding(f"{rule}{'' if rule.endswith('only') else '-first'}", name, (first,))
                for rule in NEVER_LEAD if rule in sets)  # fmt: skip
    if ADVERSE.match(first):
        yield make_finding("adverse-effect-first", name, (first,))
    if "injury" in sets and case.system.is_extended(first) and first.endswith("S") and len(case.codes) > 1:
        yield make_finding("sequela-first", name, (first,))
    causes = (code for code in case.known[1:] if first.startswith(symptoms(code) or "-"))
    if first.startswith("R") and (cause := next(causes, None)):
        yield make_finding("symptom-first", name, (first, cause))


def lone_leaders(case: Case) -> Iterator[Finding]:
    """Z codes that may only lead and stand further down."""
    sets = code_sets("guideline_sets.tsv")
    if not case.system.spec.knowledge or sets.holds("first-listed-only", case.first):
        return  # several of them may share the lead: an examination of eyes beside one of ears
    for place, code in enumerate(case.codes[1:], 2):
        if sets.holds("first-listed-only", code):
            yield make_finding("first-listed-only", case.system.name, (code,), place=place)


def sepsis(case: Case) -> Iterator[Finding]:
    """A local infection before the sepsis; sepsis without the organism that another code names."""
    sets, name = code_sets("guideline_sets.tsv"), case.system.name
    known = case.known if case.system.spec.knowledge else ()
    own = next((code for code in known if sets.holds("sepsis", code)), "")
    if own and sets.holds("local-infection", case.first):
        yield make_finding("sepsis-order", name, (case.first, own))
    if NO_ORGANISM in known:
        for code in known:
            whole = next((way for organism, way in ORGANISMS.items() if code.startswith(organism)), "")
            if whole and whole in case.system and whole not in known:
                yield make_finding("sepsis-organism", name, (NO_ORGANISM, code), whole=whole)


def order_of_pairs(case: Case) -> Iterator[Finding]:
    """The chronic form of a condition before the acute one, and both where one code says them."""
    for family in case.families if case.system.spec.knowledge else ():
        for at, chronic in enumerate(family):
            acute = next((one for one in family if _acute_of(case.system, chronic, one)), None)
            if acute is None:
                continue
            whole = _both_of(case.system, acute)
            if whole and whole not in family:
                yield make_finding("acute-on-chronic", case.system.name, (acute, chronic), whole=whole)
            elif family.index(acute) > at:
                yield make_finding("acute-chronic-order", case.system.name, (chronic, acute))


@lru_cache(maxsize=4096)
def _both_of(system: CodeSystem, acute: str) -> str:
    """The code of the category whose title differs from that of an acute condition in "acute on/and chronic"."""
    title = system.title(acute).lower()
    wanted = {ACUTE.sub(f"acute {word} chronic", title) for word in ("on", "and")} - {title}
    wanted |= {f"{title} with {ACUTE.sub('chronic', title)}"}
    below = (code for code in system.descendants(acute[:3]) if system.is_billable(code))
    return next((code for code in below if system.title(code).lower() in wanted), "")


@lru_cache(maxsize=4096)
def _acute_of(system: CodeSystem, chronic: str, acute: str) -> bool:
    """Whether the titles of two codes of one category differ in acute and chronic alone."""
    if chronic[:1] in "VWXYZ":
        return False
    first, second = system.title(chronic).lower(), system.title(acute).lower()
    return "chronic" in first and "acute" not in first and first != second and ACUTE.sub("chronic", second) == first


def code_first(case: Case) -> Iterator[Finding]:
    """Codes whose underlying condition is missing, or stands behind them."""
    place = {code: at for at, code in enumerate(case.codes)}
    for code in case.known:
        for owner, note, named in _named(case.system, code, "code first"):
            if note.startswith(FOR_ADVERSE) and not ADVERSE.match(code):
                continue
            words = {"owner": owner, "note": _short(note)}
            fitting = [other for other in case.codes if other != code and names(named, bare(other))]
            if fitting and all(place[other] > place[code] for other in fitting):
                yield make_finding("code-first-order", case.system.name, (code, fitting[0]), **words)  # type: ignore[arg-type]
            open_list = "such as" in note and place[code] > 0  # another condition may be the one
            if not fitting and not open_list and _is_demanded(case.system, code, note):
                yield make_finding("code-first-missing", case.system.name, (code,), **words)  # type: ignore[arg-type]


def _is_demanded(system: CodeSystem, code: str, note: str) -> bool:
    """Whether the code never stands without what the note names."""
    return ELSEWHERE in system.title(code).lower() or ("underlying" in note and not IF_ANY.search(note))


def _short(note: str) -> str:
    return note if len(note) <= LONGEST else f"{note[:LONGEST].rsplit(' ', 1)[0]} …"


def companions_noted(case: Case) -> Iterator[Finding]:
    """Codes that a note of the tabular list asks for, that the text supports and the set lacks."""
    kinds: tuple[tuple[InstructionKind, str], ...] = (("use additional", "use-additional"), ("code also", "code-also"))
    for code in case.known if case.facts.noted else ():
        for kind, rule in kinds:
            for _, note, named in _named(case.system, code, kind):
                if any(names(named, bare(other)) for other in case.codes if other != code):
                    continue
                for other, mention in case.facts.noted.items():
                    if names(named, bare(other)):
                        yield make_finding(
                            rule, case.system.name, (code, other), evidence=(mention,), note=_short(note)
                        )
                        break


@lru_cache(maxsize=4096)
def asked_for(system: CodeSystem, code: str, other: str) -> bool:
    """Tell whether a code asks for another beside it, by a note "use additional code" or "code also"."""
    plain = bare(other)
    kinds: tuple[InstructionKind, ...] = ("use additional", "code also")
    return any(names(named, plain) for kind in kinds for _, _, named in _named(system, code, kind))


@lru_cache(maxsize=4096)
def _named(system: CodeSystem, code: str, kind: InstructionKind) -> tuple[tuple[str, str, tuple[Reference, ...]], ...]:
    """Notes of a kind that name codes: owner, text, the codes as ranges. The lines of one owner are one note."""
    found: dict[str, list[str]] = {}
    for note in notes_of(system, code):
        if note.kind == kind:
            found.setdefault(note.owner, []).append(note.text)
    joined = [(owner, "; ".join(texts).replace(":;", ":")) for owner, texts in found.items()]
    named = [(owner, text, references_in(text)) for owner, text in joined]
    return tuple(one for one in named if one[2])
