"""Notes judged for their procedures; `python tests/procedures/test_judged.py` prints the table and what differs."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import leadterm
from leadterm.schema import Encounter, Note, Suggestion

FILE = Path(__file__).parents[1] / "cases" / "procedures.tsv"
SETTING = {"icd10pcs": "inpatient", "hcpcs": "outpatient"}
# right, and wrong, that each set keeps: at first sight 54 and 14, 65 and 14, 30 and 7, 31 and 5, 47 and 2; of the next
# sets 44 and 7 (third reports), 31 and 6 (fourth), 49 and 4 (fifth), 41 and 3 (second visits, its first 30), 21 and 5
# (third visits), 25 and 3 (fourth)
FLOORS = {
    "reports": (64, 9),
    "reports again": (74, 7),
    "courses": (52, 7),
    "rare operations": (40, 6),
    "visits": (48, 2),
    "third reports": (52, 2),
    "fourth reports": (31, 2),
    "fifth reports": (55, 2),
    "titles": (85, 2),
    "second visits": (54, 2),
    "third visits": (25, 1),
    "fourth visits": (31, 2),
}


@dataclass(frozen=True)
class Judged:
    """A note with what is right, wrong and missed above the line; either of several codes may be right."""

    text: str
    right: list[str]
    wrong: list[str]
    missed: list[str]


def judged() -> Iterator[tuple[str, Judged]]:
    """Each note with the name of its set."""
    model = leadterm.load()
    with FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"):
            text, wanted = row["text"].replace("\\n", "\n"), [w.split("|") for w in row["codes"].split() if w != "-"]
            visit = Encounter("e", (Note("n", text),), setting=SETTING[row["system"]])
            result = model.suggest(visit, systems=[row["system"]])
            found = [_told(s) for s in result.suggestions if s.confidence >= result.threshold]
            hit = [any(one in names for names in found for one in either) for either in wanted]
            allowed = {one.split("*")[0] for either in wanted for one in either}
            yield (
                row["set"],
                Judged(
                    text,
                    ["|".join(either) for either, is_hit in zip(wanted, hit, strict=True) if is_hit],
                    [names[0] for names in found if names[0] not in allowed],
                    ["|".join(either) for either, is_hit in zip(wanted, hit, strict=True) if not is_hit],
                ),
            )


def _told(one: Suggestion) -> tuple[str, str]:
    return one.code, f"{one.code}*{one.units or 1:g}"


@pytest.fixture(scope="module")
def sets() -> dict[str, list[Judged]]:
    held: dict[str, list[Judged]] = defaultdict(list)
    for name, note in judged():
        held[name].append(note)
    return held


@pytest.mark.parametrize("name", FLOORS)
def test_a_set_keeps_what_is_right_and_gets_no_more_that_is_wrong(sets: dict[str, list[Judged]], name: str) -> None:
    right, wrong = FLOORS[name]
    assert sum(len(note.right) for note in sets[name]) >= right
    assert sum(len(note.wrong) for note in sets[name]) <= wrong


if __name__ == "__main__":
    totals: dict[str, list[int]] = {}
    for set_name, note in judged():
        counts = totals.setdefault(set_name, [0, 0, 0])
        for at, found_codes in enumerate((note.right, note.wrong, note.missed)):
            counts[at] += len(found_codes)
        if note.wrong or note.missed:
            print(f"{set_name}: {note.text[:70]!r}  wrong {note.wrong}  missed {note.missed}")
    for set_name, (hits, extra, lost) in totals.items():
        f1 = 2 * hits / (2 * hits + extra + lost)
        print(f"{set_name:16} right {hits:3}  wrong {extra:3}  missed {lost:3}  F1 {f1:.3f}")
