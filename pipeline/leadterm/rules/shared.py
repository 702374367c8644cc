"""What several rules know: the reviewed tables of combinations, companions and symptoms, asked by code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = [
    "COMPLAINTS",
    "FINAL",
    "companions",
    "confirmed_section",
    "higher_degree",
    "history_of",
    "is_vaguer",
    "never_with",
    "one_side",
    "replaced",
    "sides_of",
    "some_of",
    "symptoms",
]  # fmt: skip

FINAL = frozenset({
    "", "assessment", "assessment_plan", "diagnosis", "discharge_diagnosis", "hospital_course", "impression",
    "postoperative_diagnosis", "problem_list", "summary", "other", "conclusion",
})  # fmt: skip
SOME = 4
SIDES = ("right", "left", "bilateral")
COMPLAINTS = ("R", "M25.5", "M54.2", "M54.5", "M54.6", "M54.9", "M79.6")
ONE_DISEASE: Mapping[str, str] = {"F33": "F32", "F01": "F03", "F02": "F03"}  # the first says more than the second
UNSAID = ("unspecified", "without complication", "uncomplicated", "not otherwise specified")
BURNS, DEGREES = ("T20", "T21", "T22", "T23", "T24", "T25"), "123567"  # burns, then corrosions
MANY = ("O", "P", "T", "V", "W", "X", "Y", "Z")  # codes of one category may well stand side by side
GROUP, REST = 5, "9"  # characters of a subcategory; the last of those that stand for a category's rest
SPREAD = ("C77", "C78", "C79")  # to several sites
WHOLE = ("C", "F1", "I25", "K29", "M16", "M17", "M18", "M19", "S")  # whose subcategories are ways of one disease


@lru_cache(maxsize=4096)
def sides_of(system: CodeSystem, code: str) -> frozenset[str]:
    """Give the sides that the title of a code names."""
    title = system.title(code).lower()
    return frozenset(side for side in SIDES if side in title)


def one_side(system: CodeSystem, first: str, second: str) -> bool:
    """Tell whether two codes may speak of the same side."""
    sides = sides_of(system, first), sides_of(system, second)
    return not all(sides) or sides[0] == sides[1]


@lru_cache(maxsize=4096)
def is_vaguer(system: CodeSystem, one: str, other: str) -> bool:
    """Tell whether another code says more of the same disease, on the same side, than one does.

    An unspecified kind of one subcategory says nothing of another: neuropathy beside diabetic hyperglycemia.
    """
    if one.startswith(MANY) or _disease(one) != _disease(other) or not one_side(system, one, other):
        return False
    own = len(one) > GROUP and one[GROUP - 1] != REST and (not one.startswith(WHOLE) or one.startswith(SPREAD))
    if own and one[:GROUP] != other[:GROUP]:
        return False
    return _unsaid(system, other) < _unsaid(system, one)


@lru_cache(maxsize=4096)
def _unsaid(system: CodeSystem, code: str) -> int:
    return sum(map(system.title(code).lower().count, UNSAID))


def _disease(code: str) -> str:
    return ONE_DISEASE.get(code[:3], code[:3])


def higher_degree(one: str, other: str) -> bool:
    """Tell whether another code is a worse burn, or corrosion, of the same site."""
    if not one.startswith(BURNS) or one[4:5] not in DEGREES:
        return False
    kind = DEGREES[DEGREES.index(one[4]) // 3 * 3 :][:3]
    return other[:3] == one[:3] and other[5:] == one[5:] and other[4:5] in kind and other[4:5] > one[4]


@lru_cache(maxsize=4096)
def confirmed_section(code: str) -> str:
    """Give the section that lets a disease be coded only once confirmed, or nothing."""
    return next((section for prefix, section in _confirmed_only() if code.startswith(prefix)), "")


@lru_cache(maxsize=1)
def _confirmed_only() -> tuple[tuple[str, str], ...]:
    """Prefixes and sections."""
    return tuple((row["code"], row["section"]) for row in load_table("confirmed_only.tsv"))


@lru_cache(maxsize=4096)
def history_of(code: str) -> str:
    """Give the personal history that takes the place of a disease which is over, by the longest prefix, or nothing."""
    table = _histories()
    return next((table[code[:n]] for n in range(len(code), 0, -1) if code[:n] in table), "")


@lru_cache(maxsize=1)
def _histories() -> Mapping[str, str]:
    return {row["prefix"]: row["code"] for row in load_table("history_codes.tsv")}


@lru_cache(maxsize=1)
def companions() -> tuple[tuple[str, tuple[str, ...], str, bool], ...]:
    """Give prefixes of codes that never stand alone: prefix, what they need, section, whether to bring it in."""
    rows = load_table("required_companions.tsv")
    return tuple(
        (row["code"], tuple(row["needs"].split("|")), row["section"], row["without"] == "bring") for row in rows
    )


def some_of(codes: Sequence[str]) -> str:
    """Name the first codes of a choice.

    >>> some_of(("A", "B", "C", "D", "E"))
    'A or B or C or D …'
    """
    return f"{' or '.join(codes[:SOME])}{' …' if len(codes) > SOME else ''}"


@lru_cache(maxsize=8192)
def never_with(code: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Give the prefixes of codes each of which tells what a code says, with the section that says so."""
    return tuple(row for length in range(1, len(code) + 1) for row in _never_with().get(code[:length], ()))


@lru_cache(maxsize=1)
def _never_with() -> Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]:
    found: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {}
    for row in load_table("never_with.tsv"):
        found[row["code"]] = (*found.get(row["code"], ()), (tuple(row["beside"].split("|")), row["section"]))
    return found


class OnRecord(NamedTuple):
    """What a disease's code becomes on the record of a birth; ``beside``: whether it stays there itself."""

    becomes: str
    beside: bool


@lru_cache(maxsize=4096)
def on_record(record: str, code: str) -> OnRecord | None:
    """Give what becomes of a code on a mother's or newborn's record, by the longest prefix of ``births.tsv``."""
    rows = _births()
    return next((rows[key] for n in range(len(code), 0, -1) if (key := (record, code[:n])) in rows), None)


@lru_cache(maxsize=1)
def _births() -> Mapping[tuple[str, str], OnRecord]:
    rows = load_table("births.tsv")
    return {(row["record"], row["code"]): OnRecord(row["becomes"], row["how"] == "with") for row in rows}


@lru_cache(maxsize=1)
def replaced() -> Mapping[str, tuple[str, ...]]:
    """Give the parts that each combination code replaces."""
    found: dict[str, tuple[str, ...]] = {}
    for row in load_table("combinations.tsv"):
        if row["replaces"] != "-":
            found[row["code"]] = found.get(row["code"], ()) + tuple(row["replaces"].split(";"))
    return found


@lru_cache(maxsize=1)
def _integral_symptoms() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in load_table("integral_symptoms.tsv"):
        found[row["disease"]] = found.get(row["disease"], ()) + tuple(row["symptoms"].split(";"))
    return found


@lru_cache(maxsize=4096)
def symptoms(code: str) -> tuple[str, ...]:
    """Give the symptoms integral to a disease, by every prefix the table has."""
    table = _integral_symptoms()
    return tuple(symptom for n in range(1, len(code) + 1) for symptom in table.get(code[:n], ()))
