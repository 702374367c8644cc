"""The corpus of stays: built from its sources, coded in both systems, within the rules."""

from __future__ import annotations

from pathlib import Path

from leadterm.corpus import read_split
from leadterm.readers.reference_sources import build, read_sources
from leadterm.rules.code_checks import check_codes

FOLDER = Path(__file__).parents[2] / "corpora" / "stays"


def test_the_corpus_of_stays_is_built_from_its_sources() -> None:
    made = build(read_sources(FOLDER / "sources"), "stays")
    assert {name: (FOLDER / name).read_text(encoding="utf-8") for name in made} == made


def test_stays_are_inpatient_with_procedures_of_many_sections_and_no_error_of_the_rules() -> None:
    encounters = read_split(FOLDER, "train")
    procedures = [code.code for one in encounters for code in one.codes if code.system == "icd10pcs"]
    without = [one for one in encounters if all(code.system != "icd10pcs" for code in one.codes)]
    assert {one.setting for one in encounters} == {"inpatient"}
    assert len(encounters) >= 65
    assert {code[0] for code in procedures} >= set("01358BDGH")
    assert 0 < len(without) < 10
    assert [(one.encounter_id, f.rule) for one in encounters for f in check_codes(one) if f.severity == "error"] == []
