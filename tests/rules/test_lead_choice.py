"""Which code of a set leads: the guidelines on codes alone, and what the note says beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.codes import load_system
from leadterm.rules.lead_choice import lead_order
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.storage.tsv import parse_table

ROWS = parse_table((Path(__file__).parent / "lead_cases.tsv").read_text(), "lead_cases.tsv")


def lead(note: str, codes: list[ReferenceCode], *, stay: bool = False) -> str:
    encounter = Encounter("e1", (Note("n1", note),), setting="inpatient" if stay else "outpatient")
    return codes[lead_order(encounter, codes, load_system("icd10cm"))[0][0]].code


def said(note: str, code: str, words: str) -> ReferenceCode:
    at = note.index(words)
    return ReferenceCode("icd10cm", code, evidence=(Mention.of(EvidenceSpan("n1", at, at + len(words), words)),))


@pytest.mark.parametrize("row", ROWS, ids=[row["codes"] for row in ROWS])
def test_guidelines_choose(row: dict[str, str]) -> None:
    codes = [ReferenceCode("icd10cm", code) for code in sorted(row["codes"].split())]
    assert lead(row["note"], codes, stay=row["stay"] == "yes") == row["codes"].split()[0]


@pytest.mark.parametrize(
    ("first", "second"), [("Gout", "Asthma"), ("Asthma", "Gout")], ids=["gout first", "asthma first"]
)
def test_of_equals_the_one_that_the_note_puts_first_leads(first: str, second: str) -> None:
    code = {"Gout": "M10.9", "Asthma": "J45.909"}
    note = f"Seen for {first.lower()}.\n\nAssessment:\n1. {first}, worse, treatment changed.\n2. {second}, stable.\n"
    codes = [said(note, code[words], words) for words in sorted(code)]
    assert lead(note, codes) == code[first]


def test_chances_add_up_and_what_may_not_lead_has_none() -> None:
    codes = [ReferenceCode("icd10cm", code) for code in ("I10", "Z79.4", "E11.9", "W19.XXXA")]
    encounter = Encounter("e1", (Note("n1", "Diabetes and hypertension."),))
    order = lead_order(encounter, codes, load_system("icd10cm"))
    assert {codes[at].code for at, chance in order if not chance} == {"Z79.4", "W19.XXXA"}
    assert sum(chance for _, chance in order) == pytest.approx(1)


def test_a_code_that_no_release_has_can_be_chosen() -> None:
    codes = [ReferenceCode("icd10cm", code) for code in ("Q00.X", "Z79.4")]
    assert lead("Nothing of it stands here.", codes) == "Q00.X"


@pytest.mark.parametrize(
    "label", ["Principal problem: ", "PRIMARY DIAGNOSIS:\n1. ", "Principal discharge diagnosis - "]
)
def test_what_the_note_calls_principal_leads(label: str) -> None:
    note = f"Admitted with cancer of the left breast under chemotherapy. {label}Oral thrush. Secondary: gout."
    codes = [
        said(note, "C50.912", "cancer of the left breast"), said(note, "B37.0", "Oral thrush"),
        said(note, "M10.9", "gout"),
    ]  # fmt: skip
    assert lead(note, codes, stay=True) == "B37.0"
