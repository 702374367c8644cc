"""Codes that say together what one code says, that need another, or that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations, permutations, product
from typing import TYPE_CHECKING

from leadterm.rules.book import make_finding
from leadterm.rules.code_order import asked_for
from leadterm.rules.code_sets import code_sets
from leadterm.rules.findings import CATEGORY, Case, Finding
from leadterm.rules.hints import more_specific
from leadterm.rules.shared import companions, higher_degree, history_of, is_vaguer, replaced, sides_of, some_of
from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["companions_missing", "hypertension", "parts", "pregnancy", "sides", "vague"]

HYPERTENSION = "I10"
OTHER_CAUSE = re.compile(
    r"\b(?:from|due to|secondary to|because of|caused by) (?!hypert|htn|high blood)", re.IGNORECASE
)
CANCER, PAST_CANCER = "C", "Z85"
WHOLE_OF = {(True, False): "I11.0", (False, True): "I12.9", (True, True): "I13.0"}
WHOLE_LATE = {(False, True): "I12.0", (True, True): "I13.2"}
UNSAID = frozenset({"", "of", "the", "unilateral", "eye", "ear"})  # words of one title that its bilateral twin may lack
DRUGS_OF_DIABETES = ("Z79.4", "Z79.84", "Z79.85")


def hypertension(case: Case) -> Iterator[Finding]:
    """Hypertension beside the heart or kidney disease that is presumed to come from it."""
    if HYPERTENSION not in case.known or not case.system.spec.knowledge:
        return
    sets = code_sets("guideline_sets.tsv")
    elsewhere = {item.code for item in case.items if any(OTHER_CAUSE.search(one.text) for one in item.evidence)}
    of = {name: [code for code in case.known if sets.holds(name, code) and code not in elsewhere]
          for name in ("with-heart", "with-kidney", "with-kidney-late")}  # fmt: skip
    kidney = of["with-kidney-late"] or of["with-kidney"]
    whole = (WHOLE_LATE if of["with-kidney-late"] else WHOLE_OF).get((bool(of["with-heart"]), bool(kidney)))
    if whole == "I11.0" and not any(code.startswith("I50") for code in of["with-heart"]):
        whole = "I11.9"
    if whole:
        found = (HYPERTENSION, *of["with-heart"], *kidney)
        yield make_finding("hypertension", case.system.name, found, whole=whole)


def parts(case: Case) -> Iterator[Finding]:
    """The parts of a combination code without it, and a part beside it."""
    known = set(case.known) if case.system.spec.knowledge else set()
    for whole in case.known if known else ():
        said = tuple(part for part in replaced().get(whole, ()) if part != HYPERTENSION)
        for other in case.known if said else ():
            if other != whole and other.startswith(said) and not asked_for(case.system, whole, other):
                yield make_finding("combination-part", case.system.name, (other, whole))
    heads = {code[:CATEGORY] for code in known}
    by_two = _by_two()
    for number in sorted({at for pair in product(heads, heads) if pair in by_two for at in by_two[pair]}):
        needed, whole, instead = _combinations()[number]
        if any(heads.isdisjoint(begin) for _, begin in needed):
            continue
        if whole in known or any(part == (HYPERTENSION,) for part, _ in needed):  # which has a rule of its own
            continue
        held = [next((code for code in case.known if code.startswith(options)), "") for options, _ in needed]
        if all(held) and len(set(held)) == len(held) and whole in case.system:
            gone = [code for code in held if instead and code.startswith(instead)]
            words = {
                "parts": " and ".join(held),
                "whole": whole,
                "instead": f" instead of {' and '.join(gone)}" if gone else "",
            }
            yield make_finding("combination", case.system.name, held, **words)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _combinations() -> tuple[tuple[tuple[tuple[tuple[str, ...], frozenset[str]], ...], str, tuple[str, ...]], ...]:
    """Parts (each a choice of prefixes, with their categories), the code that says all, and the parts it replaces."""
    found = []
    for row in load_table("combinations.tsv"):
        if "+" in row["parts"] and row["replaces"] != "-":  # else it comes beside its parts, where they are linked
            choices = (tuple(part.split("|")) for part in row["parts"].split("+"))
            parts = tuple((part, frozenset(one[:CATEGORY] for one in part)) for part in choices)
            found.append((parts, row["code"], tuple(row["replaces"].split(";"))))
    return tuple(found)


@lru_cache(maxsize=1)
def _by_two() -> Mapping[tuple[str, str], tuple[int, ...]]:
    """Numbers of the combinations by the categories of their first two parts."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    for number, ((first, second, *_), _, _) in enumerate(_combinations()):
        for pair in product(first[1], second[1]):
            found[pair] = (*found.get(pair, ()), number)
    return found


def companions_missing(case: Case) -> Iterator[Finding]:
    """Codes that never stand without another."""
    needy = [code for code in case.known if code.startswith(_needy())] if case.system.spec.knowledge else []
    for prefix, needs, section, _ in companions() if needy else ():
        for code in needy:
            if code.startswith(prefix) and not any(other.startswith(needs) for other in case.codes):
                words = {"section": section, "needs": some_of(needs)}
                yield make_finding("companion-missing", case.system.name, (code,), **words)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def _needy() -> tuple[str, ...]:
    return tuple(prefix for prefix, *_ in companions())


def sides(case: Case) -> Iterator[Finding]:
    """The left and the right of one condition where one code says both."""
    for first, second in (pair for family in case.families for pair in combinations(family, 2)):
        whole = _both_sides(case.system, first, second) if first[:4] == second[:4] else None
        if whole:
            yield make_finding("bilateral", case.system.name, (first, second), whole=whole)


@lru_cache(maxsize=4096)
def _both_sides(system: CodeSystem, first: str, second: str) -> str | None:
    """Give the bilateral code of two that differ in the side alone; injuries of two sides are two injuries."""
    one, other = system.title(first).lower(), system.title(second).lower()
    pair = {sides_of(system, first), sides_of(system, second)}
    if pair != {frozenset({"right"}), frozenset({"left"})} or first.startswith(("S", "T")):
        return None
    if one.replace("right", "left") != other.replace("right", "left"):
        return None
    wanted = one.replace("right", "bilateral").replace("left", "bilateral")
    for code in system.billable_descendants(first[:3]):
        title = system.title(code).lower()
        if "bilateral" in title and sorted(_bare_words(title)) == sorted(_bare_words(wanted)):
            return code
    return None


def _bare_words(title: str) -> list[str]:
    words = (word.strip(",;").rstrip("s") for word in title.split())
    return [word for word in words if word not in UNSAID]


def vague(case: Case) -> Iterator[Finding]:
    """An unspecified code beside a specific one of its category; two degrees of a burn; a cancer and its history."""
    name = case.system.name
    families = case.families if case.system.spec.knowledge else ()
    for one, other in (pair for family in families for pair in permutations(family, 2)):
        if is_vaguer(case.system, one, other) and other.startswith(more_specific(case.system, one) or "-"):
            yield make_finding("unspecified-beside", name, (one, other))
        if higher_degree(one, other):
            yield make_finding("burn-degree", name, (one, other))
    past = [code for code in case.known if code.startswith(PAST_CANCER)] if case.system.spec.knowledge else []
    for other in past:
        for one in case.known:
            if one[0] == CANCER and history_of(one) == other:
                yield make_finding("cancer-and-history", name, (other, one))
    sets = code_sets("guideline_sets.tsv")
    aftercare = [code for code in case.known if sets.holds("aftercare", code)]
    injury = next((code for code in case.known if sets.holds("injury", code) and case.system.is_extended(code)), None)
    for code in aftercare if injury else ():
        yield make_finding("aftercare-of-injury", name, (code, str(injury)))


def pregnancy(case: Case) -> Iterator[Finding]:
    """A normal delivery or pregnancy beside a complication; a delivery without its outcome; drugs of diabetes."""
    name, sets = case.system.name, code_sets("guideline_sets.tsv")
    for code in case.known if case.system.spec.knowledge else ():
        of = sets.of(code)
        other = next((one for one in case.known if one.startswith("O") and one != code), None) if of else None
        if "normal-delivery" in of and other:
            yield make_finding("normal-delivery", name, (code, other))
        if "normal-pregnancy" in of and other:
            yield make_finding("prenatal-visit", name, (code, other))
        if "delivery" in of and not any(one.startswith("Z37") for one in case.codes):
            yield make_finding("delivery-outcome", name, (code,))
        if "diabetes" in of and case.facts.noted:
            for drug in DRUGS_OF_DIABETES:
                if drug in case.facts.noted and drug not in case.codes:
                    mention = (case.facts.noted[drug],)
                    yield make_finding("long-term-drug", name, (code, drug), evidence=mention)
