"""On the record of a mother or a newborn, diseases have codes of chapters 15 and 16."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadterm.codes import load_system
from leadterm.dictionary.births import birth_codes
from leadterm.dictionary.specify import Choice
from leadterm.schema import SuggestionSet
from leadterm.text.knowledge import load_table

Suggest = Callable[..., SuggestionSet]

RECORDS = (
    ("Pregnant at 31 weeks, seen for an asthma exacerbation.", "O99.513 J45.901 Z3A.31", "Z33.1"),
    ("Prenatal visit at 22 weeks. Hypothyroidism, on levothyroxine.", "O99.282 E03.9 Z3A.22", ""),
    ("Prenatal visit at 35 weeks. UTI, start cephalexin.", "O23.43 Z3A.35", "N39.0"),
    ("Delivery note: G2P1 at 39w4d, vaginal delivery of a live girl. Gestational diabetes, diet controlled.",
     "O24.420 Z3A.39 Z37.0", "O24.410"),
    ("Labor note: 40+2 weeks, vaginal delivery of a liveborn boy. 2nd degree perineal laceration repaired.",
     "O70.1 Z3A.40 Z37.0", "Z38.00 O80"),
    ("Newborn nursery: day of life 2, jaundice, phototherapy started.", "P59.9", "R17"),
    ("NICU, day of life 4: hypoglycemia and apnea. Born to a mother with preeclampsia.", "P70.4", "E16.2 O14.90"),
    ("Not pregnant. Hypothyroidism and a UTI.", "E03.9 N39.0", "O99.280 O23.40"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "wanted", "never"), RECORDS)
def test_a_record_of_a_birth_has_the_codes_of_its_chapter(suggest: Suggest, text: str, wanted: str, never: str) -> None:
    found = suggest(text)
    above = {one.code for one in found.suggestions if one.confidence >= found.threshold}
    assert set(wanted.split()) <= above
    assert above.isdisjoint(never.split())


@pytest.mark.parametrize(("code", "period", "wanted"), [
    ("O24.414", "childbirth", "O24.424"), ("O14.13", "childbirth", "O14.14"), ("O99.013", "puerperium", "O99.03"),
    ("O24.414", "pregnancy", "O24.414"), ("O70.1", "childbirth", "O70.1"), ("E11.9", "childbirth", "E11.9"),
])  # fmt: skip
def test_a_disorder_of_pregnancy_at_another_time_of_it(code: str, period: str, wanted: str) -> None:
    choice = Choice(code, 1.0, 0, 0, False, False, 1.0)
    assert birth_codes(load_system("icd10cm")).at(period, choice).code == wanted


def test_every_row_names_codes_of_its_chapter() -> None:
    system = load_system("icd10cm")
    for row in load_table("births.tsv"):
        assert row["becomes"] in system
        assert row["becomes"][0] in {"mother": "OZ", "newborn": "P"}[row["record"]]
        assert any(code.startswith(row["code"]) for code in system.codes)
        assert row["how"] in {"with", "instead"}
