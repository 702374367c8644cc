"""The choice of the leading code is learned from codings with roles, and judged on encounters it has not seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from leadterm.corpus import read_split
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.training.learn_lead import cases_of, learn_lead

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "corpora" / "reference"
FLOOR = 0.85


def visit(name: str, *codes: tuple[str, str]) -> Encounter:
    return Encounter(name, (Note("n1", "Seen."),), tuple(ReferenceCode("icd10cm", code, role) for code, role in codes))


def test_only_encounters_with_one_leading_code_teach() -> None:
    given = [
        visit("e1", ("I10", "first-listed"), ("E11.9", "secondary")), visit("e2", ("I10", ""), ("E11.9", "")),
        visit("e3", ("W19.XXXA", "first-listed"), ("I10", "secondary")),
    ]  # fmt: skip
    found = cases_of("some", given)
    assert [(one.encounter.encounter_id, one.size, one.lead >= 0) for one in found] == [
        ("e1", 2, True), ("e3", 2, False),
    ]  # fmt: skip


def test_codings_of_the_reference_corpus_are_chosen_out_of_fold() -> None:
    encounters = list(read_split(REFERENCE, "train"))
    cases, bare = cases_of("reference", encounters), cases_of("reference", encounters, bare=True)
    weights, found = learn_lead(cases, bare, seeds=1)
    right = [ok for answers in found.values() for ok, _, _ in answers]
    assert len(right) == len(encounters)
    assert sum(right) / len(right) >= FLOOR
    assert weights["order first"] > 0


def test_its_command_says_how_good_it_is_and_writes_weights(tmp_path: Path) -> None:
    made = tmp_path / "weights.tsv"
    command = [sys.executable, "-m", "leadterm.training.learn_lead", str(ROOT / "corpora" / "stays")]
    run = subprocess.run([*command, "--seeds", "1", "--weights", made], capture_output=True, text=True, check=True)
    assert "stays inpatient" in run.stdout
    assert "column\tweight" in made.read_text()
