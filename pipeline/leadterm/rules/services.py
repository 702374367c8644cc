"""Service lines against the user's official files: pairs of one day, units, and diagnoses that justify them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

from leadterm.rules.book import make_finding
from leadterm.rules.findings import Coded, Facts, Finding

if TYPE_CHECKING:
    from leadterm.rules.edits import Edits

__all__ = ["check_services"]

PARTING = "24 25 27 57 58 59 78 79 91 XE XP XS XU LC LD LM LT RC RI RT E1 E2 E3 E4"
DIGITS = (f"{of}{number}" for of in "FT" for number in "A123456789")
APART = frozenset((*PARTING.split(), *DIGITS))  # with one of them two services of a pair may stand
EACH_LINE, BY_POLICY = "1", "2"
WHY = {"1": "an edit of the line", "2": "an edit of the day by policy: no exception", "3": "an edit of the day"}
SHOWN = 4
OF_CPT = re.compile(r"\d[0-9P]|P[1-6]")


def check_services(facts: Facts, items: Sequence[Coded], edits: Edits | None) -> Iterator[Finding]:
    """Check the service lines among the codes; ``edits`` are those of the user's files, where there are some."""
    lines = [item for item in items if not _is_diagnosis(item.system)]
    diagnoses = {item.code.replace(".", "") for item in items if _is_diagnosis(item.system)} if lines else set()
    place = "hospital" if facts.form == "institutional" else "practitioner"
    by_day: dict[date | None, list[Coded]] = defaultdict(list)
    for line in lines:
        by_day[line.day or facts.day].append(line)
        if line.units <= 0:
            yield make_finding("units", line.system, (line.code,), units=f"{line.units:g}")
        yield from _modifiers(line)
    for day, own in by_day.items():
        if edits is None:
            break
        yield from _pairs(own, edits, day, place)
        yield from _units(own, edits, place)
        for line in own:
            yield from _covered(line, diagnoses, edits, day)


def _modifiers(line: Coded) -> Iterator[Finding]:
    """Modifiers that are none: two digits are of CPT, whose list is nobody's to give away."""
    for one in line.modifiers:
        if not OF_CPT.fullmatch(one):
            from leadterm.codes import load_system

            known = load_system("hcpcs_modifiers").codes
            if one not in known:
                near = get_close_matches(one, known, n=1, cutoff=0.5)
                meant = f"; did you mean {near[0]}?" if near else "."
                yield make_finding("unknown-modifier", line.system, (line.code,), modifier=one, meant=meant)


@lru_cache(maxsize=64)
def _is_diagnosis(system: str) -> bool:
    from leadterm.codes.systems import spec_of

    return spec_of(system).codes == "diagnosis"


def _pairs(lines: Sequence[Coded], edits: Edits, day: date | None, place: str) -> Iterator[Finding]:
    for one, other in combinations(lines, 2):
        pair = edits.pair(one.code, other.code, day, place) if one.code != other.code else None
        if pair is None or pair.modifier not in ("0", "1"):
            continue
        apart = pair.modifier == "1" and APART & {*one.modifiers, *other.modifiers}
        if not apart:
            more = ": no modifier parts them (indicator 0)."
            if pair.modifier == "1":
                more = f"; if the record shows separate services, a modifier such as XS or 59 on {pair.second}."
            fix = f"Report {pair.first} alone{more}"
            yield make_finding("ncci-pair", one.system, (pair.first, pair.second), why=pair.why or "NCCI", fix=fix)


def _units(lines: Sequence[Coded], edits: Edits, place: str) -> Iterator[Finding]:
    total: dict[str, float] = defaultdict(float)
    for line in lines:
        total[line.code] += line.units
    for code, units in total.items():
        edit = edits.most_units(code, place)
        if edit is None:
            continue
        most_of_line = max(line.units for line in lines if line.code == code)
        given = most_of_line if edit.mai == EACH_LINE else units
        if given > edit.most:
            fix = {
                EACH_LINE: "Correct the units; units that are documented go on lines of their own, with a modifier.",
                BY_POLICY: "Correct the units: this limit has no exception.",
            }.get(edit.mai, "Correct the units, or keep the record ready that shows the need.")
            words = {
                "units": f"{given:g}",
                "per": " on a line" if edit.mai == EACH_LINE else " on a day",
                "most": edit.most,
            }
            more = {"mai": edit.mai, "why": edit.why or WHY.get(edit.mai, "MUE"), "fix": fix}
            yield make_finding("mue-units", lines[0].system, (code,), **words, **more)  # type: ignore[arg-type]


def _covered(line: Coded, diagnoses: set[str], edits: Edits, day: date | None) -> Iterator[Finding]:
    articles = edits.articles_on(line.code, day)
    given = [code.replace(".", "") for code in line.reasons] or ([] if line.reasons else sorted(diagnoses))
    if not articles or any(code in one.covered for one in articles for code in given):
        return
    best = max(articles, key=lambda one: (len(one.covered & diagnoses), one.number))
    offers = sorted(best.covered & diagnoses) or sorted(best.covered)
    words = {"article": best.number, "offer": ", ".join(map(_dotted, offers[:SHOWN])), "count": len(best.covered)}
    name = "not-covered" if given else "no-reason"
    about = {"given": ", ".join(map(_dotted, given[:SHOWN]))}
    yield make_finding(name, line.system, (line.code,), section=best.number, **words, **about)  # type: ignore[arg-type]


def _dotted(plain: str) -> str:
    from leadterm.codes.systems import spec_of

    return spec_of("icd10cm").spell(plain)
