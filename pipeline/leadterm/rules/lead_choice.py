"""Which code of a set leads: what may never stand first, what is first wherever it is coded, and learned preferences.

The weights are learned from codings with a known principal or first-listed diagnosis, by
``python -m leadterm.training.learn_lead``; figures: models/EXPERIMENTS.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log1p
from typing import TYPE_CHECKING

from leadterm.rules.lead_columns import Columns, Told, asks, describe, describe_pair
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Encounter

__all__ = ["AFTER", "BEHIND", "FIXED", "REASONS", "able_to_lead", "differences", "lead_order", "won"]

BEHIND = (
    "B95", "B96", "B97", "D63", "F02", "R40.2", "R65.2", "T31", "V", "W", "X", "Y", "Z16", "Z28", "Z37", "Z3A",
    "Z53", "Z66", "Z68", "Z72", "Z79", "Z80", "Z81", "Z82", "Z83", "Z85", "Z86", "Z87", "Z88", "Z89", "Z90", "Z92",
    "Z93", "Z95", "Z96", "Z97", "Z98", "Z99",
)  # fmt: skip
"""Causes, organisms, extents, outcomes, status and history: what stands behind another code (I.B, I.C.20, I.C.21)."""
OTHERS_BEHIND = (
    "I25.2", "R29.7", "T32", "Z14", "Z17", "Z18", "Z19", "Z22", "Z55", "Z56", "Z57", "Z58", "Z59", "Z6", "Z73", "Z74",
    "Z75", "Z78", "Z91.1", "Z91.4", "Z91.5", "Z91.8",
)  # fmt: skip
REASONS = (
    "Z00.0", "Z00.1", "Z00.2", "Z00.3", "Z02", "Z04", "Z08", "Z09", "Z12", "Z13", "Z34", "Z38", "Z39", "Z42", "Z47",
    "Z48", "Z49", "Z51.0", "Z51.1", "Z52",
)  # fmt: skip
"""What is first wherever it is coded: examinations, screening, births, follow-up, aftercare, therapy (I.C.21.c)."""
PREGNANCY = ("O",)  # its codes go before those of other chapters (I.C.15.a.1)
AFTER = {
    "N18": ("I12", "I13", "E08.22", "E09.22", "E10.22", "E11.22", "E13.22"), "I50": ("I11.0", "I13.0", "I13.2"),
    "L97": ("E08.621", "E09.621", "E10.621", "E11.621", "E13.621"),
}  # fmt: skip
"""What is coded behind a cause where the set has it, by the notes "code first" of the tabular list."""
SEPSIS = "T81.44", ("T81.40", "T81.41", "T81.42", "T81.43")  # behind the infection (I.C.1.d.5.b)
PHYSIOLOGICAL = ("F05", "F06", "F07", "F09")  # "code first the underlying physiological condition", which is not named
DRUG = re.compile(r"T(?:3[6-9]|4\d|50)\.(?:..[56]|.[56])")  # adverse effects, underdosing (I.C.19.e.5)
FIXED: Mapping[str, float] = {"stated": 5.0}
"""Not learned: what a note calls the principal diagnosis is one, and seldom stands in what is learned from."""
SEQUELA = 8  # characters of a code that ends in the S of a sequela: its condition goes before it (I.B.10)


def able_to_lead(codes: Sequence[str], system: CodeSystem) -> list[int]:
    """Give the places of the codes that may lead by the guidelines, at least one.

    >>> from leadterm.codes import load_system
    >>> able_to_lead(["Z79.4", "F02.80", "G30.1", "B96.20"], load_system("icd10cm"))
    [2]
    >>> able_to_lead(["I10", "Z12.11", "K63.5"], load_system("icd10cm"))
    [1]
    """
    able = [at for at, code in enumerate(codes) if not _stands_behind(code, codes, system)]
    for family in (REASONS, PREGNANCY):
        if first := [at for at in able if codes[at].startswith(family)]:
            return first
    return able or list(range(len(codes)))


def _stands_behind(code: str, codes: Sequence[str], system: CodeSystem) -> bool:
    if code.startswith((*BEHIND, *OTHERS_BEHIND)) or DRUG.match(code) or (len(code) == SEQUELA and code[-1] == "S"):
        return True
    if code.startswith(PHYSIOLOGICAL) and any(other[0] not in "FRTVWXYZ" for other in codes):
        return True
    after = (*AFTER.items(), SEPSIS)
    if any(code.startswith(part) and any(other.startswith(cause) for other in codes) for part, cause in after):
        return True
    return code[0] != "T" and any(asks(system, code, other, "code first") for other in codes if other != code)


def differences(
    encounter: Encounter, given: Sequence[Told], system: CodeSystem
) -> tuple[list[int], dict[tuple[int, int], Columns]]:
    """Give the codes that may lead, by place, and for each two of them how the first differs from the second."""
    able = able_to_lead([one.code for one in given], system)
    if len(able) == 1:
        return able, {}
    rows, places = describe(encounter, given, system)
    made = {}
    for at in able:
        for other in (one for one in able if one > at):
            pair = describe_pair(encounter, (given[at], given[other]), (places[at], places[other]), system)
            for name in rows[at].keys() | rows[other].keys():
                if value := rows[at].get(name, 0.0) - rows[other].get(name, 0.0):
                    pair[name] = value
            made[at, other] = pair
    return able, made


def won(able: Sequence[int], margins: Mapping[tuple[int, int], float]) -> dict[int, float]:
    """Add up for each code the log-chance to go before each other.

    ``margins``: log-odds that the first of two codes goes before the second.
    """
    scores = dict.fromkeys(able, 0.0)
    for (at, other), margin in margins.items():
        scores[at] -= _softplus(-margin)
        scores[other] -= _softplus(margin)
    return scores


def _softplus(value: float) -> float:
    return max(value, 0.0) + log1p(exp(-abs(value)))


@cache
def _weights() -> Mapping[str, float]:
    learned = {row["column"]: float(row["weight"]) for row in package_table("leadterm.rules", "lead_weights.tsv")}
    return {**learned, **FIXED}


def lead_order(encounter: Encounter, given: Sequence[Told], system: CodeSystem) -> list[tuple[int, float]]:
    """Order the codes of a set by how likely each leads: its place, and its chance, which add up to 1.

    ``given``: diagnoses with their evidence; without evidence the words of the title are looked for. Codes that may
    not lead stand behind, with a chance of 0.

    >>> from leadterm.codes import load_system
    >>> from leadterm.schema import Encounter, Note, ReferenceCode
    >>> note = Note("n1", "Seen for cough. Assessment: 1. Acute bronchitis. 2. Hypertension, stable.")
    >>> codes = [ReferenceCode("icd10cm", code) for code in ("I10", "J20.9")]
    >>> [codes[at].code for at, _ in lead_order(Encounter("e1", (note,)), codes, load_system("icd10cm"))]
    ['J20.9', 'I10']
    """
    weights = _weights()
    able, pairs = differences(encounter, given, system)
    margins = {pair: sum(weights.get(name, 0.0) * value for name, value in row.items()) for pair, row in pairs.items()}
    scores = won(able, margins)
    best = max(scores.values(), default=0.0)
    whole = sum(exp(score - best) for score in scores.values())
    ranked = sorted(able, key=lambda at: (-scores[at], at))
    told = [(at, exp(scores[at] - best) / whole) for at in ranked]
    return told + [(at, 0.0) for at in range(len(given)) if at not in scores]
