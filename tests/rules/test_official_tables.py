"""The compact tables say of every code and day what the official files say."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from leadterm.codes import load_system
from leadterm.rules.code_checks import check_items
from leadterm.rules.code_sets import code_sets
from leadterm.rules.findings import Coded, Facts
from leadterm.rules.history import life_of
from leadterm.rules.medicare import AGES, mce_edits
from leadterm.rules.official_tables import make_tables
from leadterm.rules.poa import is_poa_exempt

ROOM = Path(__file__).parents[2] / "pipeline" / "leadterm" / "rules"
DAYS = (date(2023, 10, 1), date(2024, 10, 1), date(2025, 10, 1), date(2026, 4, 1), date(2026, 10, 1))


def flags(path: Path, days: tuple[date, ...]) -> dict[tuple[str, date], set[str]]:
    """What a file of flags says: code and day → edits."""
    found: dict[tuple[str, date], set[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            code, edit, *marks = row.values()
            for day, mark in zip(days, marks, strict=True):
                if mark == "1":
                    found.setdefault((code, day), set()).add(edit)
    return found


def test_the_tables_are_made_from_the_official_files(data: Path) -> None:
    for name, text in make_tables(data / "claims").items():
        assert (ROOM / name).read_text(encoding="utf-8") == text, name


def test_every_edit_of_every_diagnosis_on_every_day(data: Path) -> None:
    wanted = flags(data / "claims" / "mce" / "mce_diagnosis_edits_fy2024_fy2027.csv", DAYS)
    lists = (data / "claims" / "icd10cm_fy2026" / "icd10cm_codes_2026-04-01.txt").read_text(encoding="utf-8").split()
    codes = {*lists, *(code for code, _ in wanted)}
    wrong = [
        (code, day) for code in codes for day in DAYS if set(mce_edits(code, day)) != wanted.get((code, day), set())
    ]
    assert len(codes) > 74_700
    assert not wrong


def test_every_edit_of_every_procedure_on_every_day(data: Path) -> None:
    days = (*DAYS[:3], DAYS[4])
    wanted = flags(data / "claims" / "mce" / "mce_procedure_edits_fy2024_fy2027.csv", days)
    system = load_system("icd10pcs")
    codes = {*(code for code in system if system.is_billable(code)), *(code for code, _ in wanted)}
    wrong = [
        (code, day)
        for code in codes
        for day in days
        if set(mce_edits(code, day, procedures=True)) != wanted.get((code, day), set())
    ]
    assert len(codes) > 70_000
    assert not wrong


def test_the_oldest_lists_are_those_of_the_published_definitions(data: Path) -> None:
    groups = {
        "Perinatal/Newborn (Age 0 Only)": "age_newborn_0", "Pediatric (Ages 0-17)": "age_pediatric_0_17",
        "Maternity (Ages 9-64)": "age_maternity_9_64", "Adult (Ages 15-124)": "age_adult_15_124",
        "Female Only": "sex_female_only", "Male Only": "sex_male_only",
    }  # fmt: skip
    differ = set()
    with (data / "claims" / "mce" / "mce_v41.1_definitions.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            edit = groups.get(row["icd_conflict_rule"], "manifestation_as_pdx")
            if edit not in mce_edits(row["icd_code"], DAYS[0]):
                differ.add(row["icd_code"])
    assert len(differ) <= 4  # added in April 2024


CODES_OF = {
    "age_newborn_0": "Z38.00", "age_pediatric_0_17": "Z00.129", "age_maternity_9_64": "O24.410",
    "age_adult_15_124": "H25.11",
}  # fmt: skip


@pytest.mark.parametrize("edit", AGES)
def test_ages_at_the_limits(edit: str) -> None:
    (youngest, oldest), code = AGES[edit], CODES_OF[edit]
    assert edit in mce_edits(code, DAYS[3])
    for age in range(126):
        facts = Facts(date(2026, 5, 1), born=date(2026 - age, 4, 1))
        fired = "mce-age" in {one.rule for one in check_items(facts, [Coded("icd10cm", code)])}
        assert fired == (not youngest <= age <= oldest), age


def test_sex_edits_end_with_fiscal_year_2024() -> None:
    assert mce_edits("O24.410", date(2024, 9, 30)) == ("age_maternity_9_64", "sex_female_only")
    assert mce_edits("O24.410", date(2024, 10, 1)) == ("age_maternity_9_64",)


def test_every_code_exempt_from_present_on_admission(data: Path) -> None:
    from leadterm.rules.official_tables import _exempt

    wanted = set(_exempt(data / "claims"))
    lists = (data / "claims" / "icd10cm_fy2026" / "icd10cm_codes_2026-04-01.txt").read_text(encoding="utf-8").split()
    assert len(wanted) == 38_154
    assert all(is_poa_exempt(code) for code in wanted)
    beyond = {code for code in lists if is_poa_exempt(code)} - wanted
    assert all(life_of(code).came for code in beyond)  # new codes below a beginning that was exempt as a whole


def test_hospital_acquired_conditions(data: Path) -> None:
    with (data / "claims" / "drg" / "ccmcc_hac_v43.1.csv").open(encoding="utf-8") as lines:
        wrong = [row for row in csv.DictReader(lines)
                 if code_sets("hac.tsv").of(row["code"]) != ((row["hac"],) if row["hac"] else ())]  # fmt: skip
    assert not wrong
