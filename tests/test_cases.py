"""Small notes, one for each way of going wrong; `python tests/test_cases.py` prints the table and what fails."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadterm import models
from leadterm.codes.registry import load_system
from leadterm.schema import Encounter, Note, SuggestionSet
from leadterm.suggester import Suggester

HERE = Path(__file__).parent / "cases"
ALL_KINDS = "all kinds"


@dataclass(frozen=True)
class Case:
    """A note with the codes it must and must not get."""

    id: str
    kind: str
    text: str
    setting: str
    must_suggest: tuple[str, ...]
    must_not: tuple[str, ...]
    why: str

    def faults(self, found: SuggestionSet) -> list[str]:
        """Name what is missing (-) and what should not be there (+)."""
        made = {s.code for s in found.suggestions if s.confidence >= found.threshold}
        return [f"-{c}" for c in self.must_suggest if c not in made] + [f"+{c}" for c in self.must_not if c in made]


def cases() -> list[Case]:
    """All cases in the order of their file."""
    rows = map(json.loads, (HERE / "statements.jsonl").read_text("utf-8").splitlines())
    return [Case(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}) for row in rows]


def floors() -> dict[str, int]:
    """Cases of each kind that must be right."""
    with (HERE / "floors.tsv").open(encoding="utf-8") as file:
        rows = csv.reader((line for line in file if not line.startswith("#")), delimiter="\t")
        return {kind: int(floor) for kind, floor in rows}


def judge(model: Suggester) -> Iterator[tuple[Case, list[str]]]:
    """Each case with its faults."""
    for case in cases():
        encounter = Encounter(case.id, (Note("note", case.text),), setting=case.setting)
        yield case, case.faults(model.suggest(encounter))


def right(judged: Iterable[tuple[Case, list[str]]]) -> Counter[str]:
    """Cases without fault: of each kind, and of all kinds."""
    return Counter(kind for case, faults in judged if not faults for kind in (case.kind, ALL_KINDS))


def test_cases_are_sound() -> None:
    found, icd = cases(), load_system("icd10cm")
    assert len({case.id for case in found}) == len({case.text for case in found}) == len(found)
    codes = {code for case in found for code in (*case.must_suggest, *case.must_not)}
    assert not [code for code in sorted(codes) if code not in icd or not icd.is_billable(code)]
    assert all(case.must_suggest or case.must_not for case in found)
    assert set(floors()) == {case.kind for case in found} | {ALL_KINDS}


@pytest.fixture(scope="module")
def judged(engine: Suggester) -> list[tuple[Case, list[str]]]:
    return list(judge(engine))


@pytest.mark.parametrize(("kind", "floor"), floors().items())
def test_no_kind_falls_below_its_floor(judged: list[tuple[Case, list[str]]], kind: str, floor: int) -> None:
    failing = {case.id: faults for case, faults in judged if faults and kind in (case.kind, ALL_KINDS)}
    assert right(judged)[kind] >= floor, failing


def report() -> None:
    """Print the table of kinds, then each failing case."""
    answers = list(judge(models.load("default")))
    made, of = right(answers), Counter(kind for case, _ in answers for kind in (case.kind, ALL_KINDS))
    for kind, total in of.items():
        print(f"{made[kind]:4}/{total:<4}{floors().get(kind, 0):4}  {kind}")
    for case, faults in answers:
        if faults:
            print(f"\n{case.id}  {' '.join(faults)}\n    {case.text!r}")


if __name__ == "__main__":
    report()
