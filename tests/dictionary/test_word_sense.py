"""Words that name no disease where they stand: no code is proposed for them, however far below the line."""

from __future__ import annotations

import pytest

from leadterm import load
from leadterm.pages.wanted import LEAST, Format, Wanted
from leadterm.schema import Encounter, Note


def families(text: str) -> set[str]:
    """Categories of all codes proposed for a text."""
    found = load("default").suggest(Encounter("e", (Note("n", text),)), systems=["icd10cm"])
    return {one.code[:3] for one in found.suggestions}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Recurrent hematoma of the right earlobe, drained today.", "S06"),
        ("The vessel on the left gives off two branches to the artery below.", "S35"),
        ("The basal ganglia are normal.", "G25"),
        ("Ear canal and tympanic membrane look normal.", "H73"),
        ("A catheter was passed into the superior vena cava.", "I87"),
        ("A 61 y/o RHF with gout.", "I50"),
        ("She has an AV fistula in the left arm.", "I47"),
        ("The tumor was removed with the bipolar coagulating forceps.", "F31"),
        ("Oxygen consumption was measured.", "Z99"),
        ("He recalls seeing smoke in the hall.", "F17"),
        ("Dentition is good and the iris is round.", "K00"),
        ("Dentition is good and the iris is round.", "D89"),
        ("An intercostal nerve block was given for pain relief.", "R07"),
        ("Crushing chest pain since noon.", "S28"),
        ("A ureteral stent was placed for the stone.", "Z95"),
        ("He goes on even in the face of pain.", "R51"),
        ("PT 11, PTT 30.", "R79"),
        ("Weight 70, and over the last month he felt well.", "E66"),
        ("Growth and development are normal.", "M89"),
    ],
)
def test_no_code_for_a_word_of_another_sense(text: str, category: str) -> None:
    assert category not in families(text)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Bipolar disorder, depressed.", "F31"),
        ("He is on oxygen at home for COPD.", "Z99"),
        ("She smokes a pack a day.", "F17"),
        ("Coronary artery stent in 2019.", "Z95"),
        ("Chest pain of the left side.", "R07"),
        ("Overweight, BMI 27.", "E66"),
        ("Paroxysmal atrioventricular tachycardia.", "I47"),
        ("Bell's palsy of the left face with facial pain.", "R51"),
    ],
)
def test_the_word_in_its_own_sense_is_read(text: str, category: str) -> None:
    assert category in families(text)


def test_what_hardly_any_coder_would_report_is_shown_only_where_rows_are_counted() -> None:
    encounter = Encounter("e", (Note("n", "Seen for gout. " + "Risks of the drug were bleeding and infection. " * 3),))
    everything = load("default").suggest(encounter)
    assert min(one.confidence for one in everything.suggestions) < LEAST
    shown = Wanted((), None, None, Format.JSONL).apply(everything)
    assert min(one.confidence for one in shown.suggestions) >= LEAST
    assert len(Wanted((), 99, None, Format.JSONL).apply(everything).suggestions) == len(everything.suggestions)
