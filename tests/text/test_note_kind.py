"""What kind of document a note is, and whether it is of a stay."""

from __future__ import annotations

import pytest

from leadterm.text.knowledge import load_table
from leadterm.text.layout.note_kind import KINDS, MOTHERS, NEWBORNS, find_kind

NOTES = (
    ("Discharge Summary\nAdmitting diagnosis: Cholangitis.\nHospital course: ERCP on day two.",
     "discharge summary", True),
    ("FINAL DIAGNOSES: 1. Stroke.\nDATE OF ADMISSION: 3/2\nHe was admitted to the ICU.", "discharge summary", True),
    ("PREOPERATIVE DIAGNOSIS: Cataract.\nANESTHESIA: local anesthetic\nPROCEDURE: Phaco.", "operative", False),
    ("Postop diagnosis: ruptured spleen\nThe patient was prepped and draped. A laparotomy was made, JP drain left.",
     "operative", True),
    ("S: sore throat two days\nO: red pharynx\nA: tonsillitis\nP: rest", "clinic", False),
    ("CHIEF COMPLAINT: knee pain.\nHe returns today for a follow-up visit.", "clinic", False),
    ("Brought to the emergency department by ambulance.\nED course: stable, discharged home.", "emergency", False),
    ("CT HEAD without contrast\nCOMPARISON: none\nTECHNIQUE: axial images\nIMPRESSION: no bleed.", "radiology", False),
    ("GROSS DESCRIPTION: received in formalin, a polyp.", "pathology", False),
    ("Dear Dr. Lee,\nthank you for referring this man.\nSincerely,", "letter", False),
    ("Hospital day 3. On the ventilator overnight in the ICU, IV antibiotics for sepsis.", "progress", True),
    ("REASON FOR CONSULTATION: renal failure.\nPAST MEDICAL HISTORY: gout.\nHe was admitted to the ICU.",
     "consult", True),
    ("NEWBORN ADMISSION NOTE\nTerm girl, Apgars 9 and 9, rooming in.", "other", True),
    ("Informe de alta\nPaciente que ingresa por neumonía.", "discharge summary", True),
    ("Informe de alta de urgencias\nDolor en el codo tras un golpe.", "emergency", False),
    ("Gout.", "other", False),
    ("", "other", False),
)  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "inpatient"), NOTES)
def test_kind_and_setting(text: str, kind: str, inpatient: bool) -> None:
    assert find_kind(text)[:2] == (kind, inpatient)


def test_the_senders_name_of_a_note_counts() -> None:
    assert find_kind("Doing well.", "Discharge summary").name == "discharge summary"


def test_of_a_long_note_the_ends_are_read() -> None:
    assert find_kind("filler words " * 5000 + "\nSincerely, yours truly\nDear me").name == "letter"


def test_the_table_is_sound() -> None:
    rows = load_table("note_kinds.tsv")
    assert {row["about"] for row in rows} == {*KINDS, "inpatient", MOTHERS, NEWBORNS} - {"other"}
    phrases = [(row["about"], phrase) for row in rows for phrase in row["phrases"].split("|")]
    assert len(set(phrases)) == len(phrases)
    assert all(phrase == phrase.lower().strip() for _, phrase in phrases)
    assert {p.removeprefix("kind:") for _, p in phrases if p.startswith("kind:")} <= set(KINDS)


RECORDS = (
    ("Labor note: 31 year old G2P1 at 38w4d with contractions, cervix dilated to 6 cm.", MOTHERS),
    ("She is pregnant at 20 weeks and has a cold.", MOTHERS),
    ("Delivery note: vaginal delivery of a girl, apgars 8 and 9. Perineal tear. Mother and baby well.", MOTHERS),
    ("Newborn exam: day of life 2, born to a G1P1 mother by cesarean. Jaundice.", NEWBORNS),
    ("NICU: preterm infant, birth weight 1400 g, on CPAP.", NEWBORNS),
    ("Not pregnant. Pregnancy test negative.", ""),
    ("45 year old G3P3 with fibroids, scheduled for hysterectomy.", ""),
    ("Well child visit, 2 months old, born at term.", ""),
    ("Gout.", ""),
)  # fmt: skip


@pytest.mark.parametrize(("text", "record"), RECORDS)
def test_whose_record_of_a_birth_it_is(text: str, record: str) -> None:
    assert find_kind(text).record == record
