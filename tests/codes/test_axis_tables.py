"""ICD-10-PCS whole: its tables build the official number of codes, and each character says what it stands for."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadterm.codes import load_system
from leadterm.codes.official.install import install
from leadterm.codes.registry import load_axis_tables
from leadterm.errors import LeadtermError

SMALL = """<ICD10PCS.tabular><version>{year}</version><title>Tables</title><pcsTable>
<axis pos="1"><title>Section</title><label code="0">Medical and Surgical</label></axis>
<axis pos="2"><title>Body System</title><label code="D">Gastrointestinal System</label></axis>
<axis pos="3"><title>Operation</title><label code="T">Resection</label></axis>
<pcsRow codes="{codes}"><axis pos="4"><title>Body Part</title><label code="J">Appendix</label></axis>
<axis pos="5"><title>Approach</title><label code="0">Open</label><label code="4">Percutaneous Endoscopic</label></axis>
<axis pos="6"><title>Device</title><label code="Z">No Device</label></axis>
<axis pos="7"><title>Qualifier</title><label code="Z">No Qualifier</label></axis></pcsRow></pcsTable></ICD10PCS.tabular>
"""
TABLES = load_axis_tables("icd10pcs")
CODES = tuple(TABLES.codes())


def test_the_tables_build_the_official_number_of_codes_each_once() -> None:
    assert len(CODES) == len(set(CODES)) == 78_948
    system = load_system("icd10pcs")
    assert [code for code in system if system.is_billable(code)] == sorted(CODES)
    assert len(system) - len(CODES) == len(TABLES.tables) == 908


@given(st.sampled_from(CODES), st.integers(3, 6), st.sampled_from("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"))
def test_a_code_is_in_the_tables_only_if_they_build_it(code: str, at: int, char: str) -> None:
    other = code[:at] + char + code[at + 1 :]
    assert (other in TABLES) == (other in KNOWN)
    assert (char in TABLES.options(code, at + 1)) == (other in KNOWN)


KNOWN = frozenset(CODES)


def test_every_character_of_every_code_stands_for_something() -> None:
    for code in random.Random(0).sample(CODES, 3000):
        laid_out = TABLES.characters(code)
        assert all(one.axis and one.label for one in laid_out), code
        assert "".join(one.code for one in laid_out) == code
    assert all(TABLES.characters(row.table)[2].label for rows in TABLES.tables.values() for row in rows)


def test_what_a_character_stands_for_is_the_tables_own_word_and_not_a_neighbours() -> None:
    laid_out = TABLES.characters("02703DZ")
    assert [one.label for one in laid_out[3:]] == [
        "Coronary Artery, One Artery", "Percutaneous", "Intraluminal Device", "No Qualifier",
    ]  # fmt: skip
    assert laid_out[2].definition.startswith("Expanding an orifice")
    assert [one.axis for one in TABLES.characters("B2111ZZ")][4:6] == ["Contrast", "Qualifier"]


def test_the_titles_of_known_codes_are_the_official_ones_and_new_codes_are_named_after_their_characters() -> None:
    system = load_system("icd10pcs")
    assert system.title("0DTJ4ZZ") == "Resection of Appendix, Percutaneous Endoscopic Approach"
    assert system.title("00503Z4").startswith("Destruction of Brain, Percutaneous")
    assert system.title("0DT") == "Gastrointestinal System, Resection"


def test_the_keys_lead_to_values_of_the_tables() -> None:
    values = {TABLES.label(code[:at], at) for code in CODES for at in (4, 6)} | {""}
    said = {text for _, way, texts, _ in TABLES.index if way == "use" for text in texts.split(" | ")}
    lost = {text for text in said if text not in values and not any(text in value or value in text for value in values)}
    assert len(said) > 400
    assert len(lost) < 0.5 * len(said)  # a device is named with the body system it is for
    beginnings = {code[:size] for code in CODES for size in (3, 4, 5, 6, 7)}
    codes = {code for _, way, _, codes in TABLES.index if way == "code" for code in codes.split()}
    assert codes - beginnings == {"5A0512C", "5A0522C"}  # not in the tables of 2025 any more


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "icd10pcs_tables.xml"
    path.write_text(text, encoding="utf-8")
    return path


def test_tables_of_another_year_hold_for_their_own_days(folder: Path) -> None:
    (part,) = install(write(folder, SMALL.format(year=2031, codes=2)), force=True).installed
    assert (part.system, part.release, part.kind) == ("icd10pcs", "2031", "tables")
    assert sorted(load_axis_tables("icd10pcs", "2031-01-01").codes()) == ["0DTJ0ZZ", "0DTJ4ZZ"]
    assert len(list(load_axis_tables("icd10pcs", "2025-01-01").codes())) == 78_948
    assert load_system("icd10pcs", "2031-01-01").title("0DTJ4ZZ").startswith("Resection of Appendix")


def test_a_part_of_the_tables_does_not_hide_the_others(folder: Path) -> None:
    with pytest.raises(LeadtermError, match="looks like a part of a list"):
        install(write(folder, SMALL.format(year=2031, codes=2)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.format(year=2031, codes=3), "a row of table 0DT states 3 codes, its values make 2"),
        (SMALL.format(year=2031, codes=2).replace('pos="6"', 'pos="8"'), "has not the axes 4 to 7"),
        (SMALL.format(year=2031, codes=2).replace('code="J"', 'value="J"'), "a value without one character"),
        (re.sub('<axis pos="2">(.*)</axis>', "", SMALL.format(year=2031, codes=2)), "2 axes before its rows"),
    ],
)  # fmt: skip
def test_a_changed_layout_is_told(folder: Path, text: str, said: str) -> None:
    with pytest.raises(LeadtermError, match=said):
        install(write(folder, text), force=True)
    assert not list((folder / "data").rglob("*.tsv"))
