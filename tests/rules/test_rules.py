"""Rules over a set of codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.codes import from_pairs, load_system
from leadterm.codes.official.install import install
from leadterm.errors import LeadtermError
from leadterm.rules.code_checks import check_codes
from leadterm.rules.excludes import exclusion
from leadterm.rules.findings import Case, Coded, Facts
from leadterm.rules.patient import other_age, other_sex
from leadterm.rules.references import references_in
from leadterm.rules.validity import existing
from leadterm.schema import Encounter, Note, ReferenceCode


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def encounter(sex: str | None = None, born: int | None = None, day: str | None = None) -> Encounter:
    return Encounter("e1", (Note("n1", "Seen today."),), sex=sex, birth_year=born, date_of_service=day)


def rules_of(codes: str, **facts: object) -> list[tuple[str, str]]:
    given = [("icd10cm", code) for code in codes.split()]
    found = check_codes(encounter(**facts), given)  # type: ignore[arg-type]
    return [(finding.rule, " ".join(finding.codes)) for finding in found]


@pytest.mark.parametrize(
    ("codes", "pair"),
    [
        ("E10.9 E11.9", "E10.9 E11.9"),  # a note at the category
        ("E11.9 I10 E10.9", "E11.9 E10.9"),  # at the second of them
        ("M54.50 F45.41", "M54.50 F45.41"),
        ("R05.9 J41.0", "R05.9 J41.0"),
        ("A04.71 A05.0", "A04.71 A05.0"),  # inherited; the note names a family
        ("S06.0X0A S06.5X0A", "S06.0X0A S06.5X0A"),  # a range in words: S06.1- to S06.6-
        ("R10.9 K29.70", None),
        ("I10 E78.5", None),
    ],
)
def test_excludes1(codes: str, pair: str | None) -> None:
    assert [one for one in rules_of(codes) if one[0] == "excludes1"] == ([("excludes1", pair)] if pair else [])


def test_excludes1_says_where_and_is_the_same_either_way() -> None:
    system = load_system("icd10cm")
    note = exclusion(system, "E11.9", "E10.9")
    assert note is not None
    assert note.owner in {"E10", "E11"}
    assert (exclusion(system, "E10.9", "E11.9") is None) == (exclusion(system, "E11.9", "E10.9") is None)
    assert exclusion(system, "E11.9", "E11.9") is None
    finding = check_codes(encounter(), [("icd10cm", "E10.9"), ("icd10cm", "E11.9")])[0]
    assert (finding.severity, finding.section) == ("error", "I.A.12.a")
    assert f"at {note.owner}" in finding.message or "at E10" in finding.message
    assert finding.sentence.startswith("An Excludes1 note")


def ranges_in(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((one.low, one.high) for one in references_in(text))


def test_ranges_of_notes() -> None:
    assert ranges_in("conditions classifiable to S06.0- to S06.8-code to it") == (("S060", "S068"),)
    assert ranges_in("syndrome E72.4") == (("E724", "E724"),)
    assert ranges_in("Wegener's granulomatosis (M31.30-M31.31)") == (("M3130", "M3131"),)
    assert ranges_in("borderline functioning, IQ above 70 to 84") == ()


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("open skull fracture (S02.- with 7th character B)", "S02.101B", True),
        ("open skull fracture (S02.- with 7th character B)", "S02.101A", False),
        ("hallucinations in drug psychosis (F11-F19 with fifth to sixth characters 51)", "F12.151", True),
        ("hallucinations in drug psychosis (F11-F19 with fifth to sixth characters 51)", "F12.10", False),
        ("categories E08-E10, E11, E13 with ketoacidosis", "E11.10", True),
        ("categories E08-E10, E11, E13 with ketoacidosis", "E11.65", False),
        ("poisoning due to drug or toxin, if applicable (T36-T65 with fifth or sixth character 1-4)", "T38.0X1A", True),
        (
            "poisoning due to drug or toxin, if applicable (T36-T65 with fifth or sixth character 1-4)",
            "T38.0X5A",
            False,
        ),
        ("dysphasia following stroke (I69. with final characters -21)", "I69.321", True),
        ("diabetic neuropathy (E08, E09, E10, E11, E13 with .42)", "E11.42", True),
        ("diabetic neuropathy (E08, E09, E10, E11, E13 with .42)", "E11.43", False),
        ("open fracture of forearm (S52.- with open fracture 7th character)", "S52.501C", True),
    ],
)
def test_notes_that_ask_for_a_character(text: str, code: str, named: bool) -> None:
    assert any(one.holds(code.replace(".", "")) for one in references_in(text)) is named


def test_every_reference_of_the_release_leads_to_a_code() -> None:
    system = load_system("icd10cm")
    plain = {code.replace(".", "") for code in system}
    texts = {note.text for code in system for note in system.instructions(code, "excludes1", inherited=False)}
    lost = {low for text in texts for pair in ranges_in(text) for low in pair if low not in plain}
    assert len(texts) > 4000
    assert len(lost) < 20  # misprints of the official file


@pytest.mark.parametrize(
    ("codes", "sex", "found"),
    [
        ("C56.1", "M", [("other-sex", "C56.1")]),
        ("N40.0", "F", [("other-sex", "N40.0")]),
        ("O80", "M", [("other-sex", "O80")]),
        ("C50.121", "F", [("other-sex", "C50.121")]),
        ("C50.111 N40.0", None, []),
        ("N39.3", "M", []),  # "(female) (male)" is of either
        ("Z31.81", "F", []),
        ("I10 E11.9", "F", []),
        ("C56.1", "X", []),
    ],
)
def test_codes_of_the_other_sex(codes: str, sex: str | None, found: list[tuple[str, str]]) -> None:
    assert [one for one in rules_of(codes, sex=sex) if one[0] == "other-sex"] == found


@pytest.mark.parametrize(
    ("code", "born", "found"),
    [("P07.30", 1980, "advice"), ("P07.30", 2025, ""), ("P07.30", 2026, ""), ("I10", 1930, "")],
)
def test_perinatal_codes_of_an_older_patient(code: str, born: int, found: str) -> None:
    result = check_codes(encounter(born=born, day="2026-05-01"), [("icd10cm", code)])
    assert [one.severity for one in result if one.rule == "perinatal-age"] == ([found] if found else [])


def test_without_a_day_or_a_birth_year_age_says_nothing() -> None:
    system = load_system("icd10cm")
    assert not list(other_age(Case(Facts.of(encounter(born=1950)), (Coded("icd10cm", "P07.30"),), system)))
    assert not list(other_sex(Case(Facts(), (Coded("icd10cm", "O80"),), system)))


def test_unknown_incomplete_and_misspelled_codes() -> None:
    found = check_codes(encounter(), [("icd10cm", "E11"), ("icd10cm", "E119"), ("icd10cm", "X99.9Z")])
    assert [(f.rule, f.codes[0]) for f in found] == [
        ("unknown-code", "E119"),
        ("seventh-character", "X99.9Z"),
        ("incomplete", "E11"),
    ]
    assert "written E11.9" in found[0].fix
    own = from_pairs("own", [("A1", "Arm")])
    assert [f.codes for f in existing(Case(Facts(), (Coded("own", "A1"), Coded("own", "A2")), own))] == [("A2",)]


def test_a_code_is_judged_by_the_release_of_its_day(tmp_path: Path) -> None:
    table = tmp_path / "old.tsv"
    table.write_text("code\ttitle\nI10\tHypertension\n")
    install(table, system="icd10cm", release="2020", force=True)
    given = [("icd10cm", "E11.9")]
    assert [f.rule for f in check_codes(encounter(day="2020-01-01"), given)] == ["unknown-code"]
    assert not check_codes(encounter(day="2026-05-01"), given)
    assert [f.rule for f in check_codes(encounter(), given, date="2019-12-31")] == ["unknown-code"]
    with pytest.raises(LeadtermError, match="bad date"):
        check_codes(encounter(day="soon"), given)


def test_the_reference_codes_are_checked_by_default_and_unknown_systems_passed_over() -> None:
    codes = (ReferenceCode("icd10cm", "E11"), ReferenceCode("of our own", "1"))
    found = check_codes(Encounter("e1", (Note("n1", "x"),), codes))
    assert [finding.rule for finding in found] == ["incomplete"]
