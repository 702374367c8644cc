"""Which note comes next: its area and level, and what a learner has done already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter, ReferenceCode
from leadterm.storage.tsv import package_table

__all__ = ["LEVELS", "Exercise", "area_names", "choose", "exercises"]

LEVELS: Mapping[int, str] = {1: "one or two codes", 2: "three or four codes", 3: "five codes or more"}
MOST = {1: 2, 2: 4}


@dataclass(frozen=True, slots=True)
class Exercise:
    """A coded note with its area and level."""

    encounter: Encounter
    area: str
    level: int


def exercises(encounters: Iterable[Encounter]) -> list[Exercise]:
    """Make an exercise of every encounter that has codes."""
    return [Exercise(one, _area(one.codes), _level(one.codes)) for one in encounters if one.codes]


def _level(codes: Sequence[ReferenceCode]) -> int:
    count = sum(code.need == "must" for code in codes)
    return next((level for level, most in MOST.items() if count <= most), max(LEVELS))


def _area(codes: Sequence[ReferenceCode]) -> str:
    lead = next((code for code in codes if code.role in ("principal", "first-listed")), codes[0])
    return next((name for name, prefixes in _areas().items() if lead.code.startswith(prefixes)), "other")


@cache
def _areas() -> dict[str, tuple[str, ...]]:
    return {row["area"]: tuple(row["codes"].split(";")) for row in package_table("leadterm.practise", "areas.tsv")}


def area_names() -> dict[str, str]:
    """Give the areas: name → in words."""
    return {row["area"]: row["what"] for row in package_table("leadterm.practise", "areas.tsv")}


def choose(
    found: Sequence[Exercise], scores: Mapping[str, float], *, area: str = "", level: int = 0, name: str = ""
) -> Exercise:
    """Choose the note by name; or one never done, in the order of the corpus; or the one that went worst.

    ``scores``: of each encounter done, the last score.

    ``LeadtermError`` if there is none of that name, area and level.

    >>> from leadterm.schema import Note
    >>> made = [Encounter(n, (Note("n", "Gout."),), (ReferenceCode("icd10cm", "M10.9"),)) for n in ("a", "b")]
    >>> choose(exercises(made), {"a": 0.5}).encounter.encounter_id
    'b'
    >>> choose(exercises(made), {"a": 0.5, "b": 0.9}, area="bones").encounter.encounter_id
    'a'
    """
    if area and area not in _areas():
        raise unknown_name("area", area, _areas())
    if name:
        for one in found:
            if one.encounter.encounter_id == name:
                return one
        raise unknown_name("encounter of the corpus", name, [one.encounter.encounter_id for one in found])
    fitting = [one for one in found if area in ("", one.area) and level in (0, one.level)]
    if not fitting:
        raise LeadtermError("the corpus has no note of this area and level.", hint="See 'leadterm practise --areas'.")
    new = [one for one in fitting if one.encounter.encounter_id not in scores]
    return new[0] if new else min(fitting, key=lambda one: scores[one.encounter.encounter_id])
