"""Weights of procedure codes are learned from coded stays, and scored on stays that they were not learned from."""

from __future__ import annotations

from leadterm.procedures.pcs_rank import FEATURES
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.training.learn_procedures import learn_weights, stays_of

DONE = "PROCEDURE PERFORMED: Laparoscopic appendectomy.\nThe appendix was removed. She was prepped and draped.\n"
PLANNED = "He is scheduled for laparoscopic appendectomy next month. History of colonoscopy.\n"


def stay(number: int) -> Encounter:
    codes = (ReferenceCode("icd10pcs", "0DTJ4ZZ"),) if number % 2 else ()
    return Encounter(f"e{number}", (Note("n", DONE if number % 2 else PLANNED),), codes, setting="inpatient")


def test_what_was_done_is_told_from_what_is_planned() -> None:
    learned = learn_weights([stay(number) for number in range(12)], folds=3)
    assert learned.figures["f1_7"] == learned.figures["f1_4"] == 1.0
    assert learned.weights["standing_named"] > learned.weights["standing_planned"]
    lines = [line.split("\t")[0] for line in learned.text().splitlines() if not line.startswith("#")]
    assert lines == ["feature", "intercept", *FEATURES]


def test_only_stays_are_learned_from() -> None:
    visit = Encounter("v", (Note("n", DONE),), setting="outpatient")
    assert stays_of([visit, stay(1)]) == [stay(1)]
