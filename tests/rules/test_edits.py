"""Pairs, units and coverage, from files laid out as the official ones."""

from __future__ import annotations

import csv
import zipfile
from datetime import date
from pathlib import Path

import pytest

from leadterm.errors import LeadtermError
from leadterm.rules.edits import Edits
from leadterm.rules.findings import Coded, Facts
from leadterm.rules.services import check_services

DAY = date(2026, 5, 1)
PAIRS = (
    "A note of the owner of some of the codes\n"
    "Column1/Column 2 Edits\n"
    "Column 1\tColumn 2\t*=In existence prior to 1996\tEffective Date\tDeletion Date *=no data\t"
    "Modifier 0=not allowed 1=allowed 9=not applicable\tPTP Edit Rationale\n"
    "G0001\tG0002\t\t20240101\t*\t0\tMisuse of column two code\n"
    "G0003\tG0004\t\t20240101\t*\t1\tStandards of practice\n"
    "G0005\tG0006\t\t20240101\t20241231\t1\tStandards of practice\n"
    "G0007\tG0008\t\t20240101\t20240101\t9\tStandards of practice\n"
)
UNITS = (
    '"HCPCS/\nCPT Code","Practitioner Services MUE Values","MUE Adjudication Indicator","MUE Rationale"\n'
    '"G0001","1","2 Date of Service Edit: Policy","CMS Policy"\n'
    '"G0003","2","1 Line Edit","Clinical: Data"\n'
    '"G0004","3","3 Date of Service Edit: Clinical","Clinical: Data"\n'
)
ARTICLES = (
    "article_id,article_version,article_type,title,status,article_eff_date,article_end_date\n"
    "50001,7,1,Training in self-management,A,2025-01-01 00:00:00,\n50002,1,1,Old,R,2020-01-01,2024-12-31\n"
)
SERVICES = (
    "article_id,article_version,hcpc_code_id,hcpc_code_version,hcpc_code_group,range,long_description,short_description\n"
    "50001,7,G0009,1,1,,x,x\n50001,7,G0010,1,2,,x,x\n50002,1,G0001,1,1,,x,x\n"
)
COVERED = (
    "article_id,article_version,icd10_code_id,icd10_code_version,icd10_covered_group,range,sequence,description\n"
    "50001,7,E11.9,1,1,,1,x\n50001,7,E11.65,1,1,,2,x\n50001,7,I10,1,2,,1,x\n50002,1,Z00.00,1,1,,1,x\n"
)


@pytest.fixture
def edits(tmp_path: Path) -> Edits:
    """The files as they are downloaded: one of them in an archive."""
    (tmp_path / "MCR_MUE_PractitionerServices_Eff_04-01-2026.csv").write_text(UNITS, encoding="utf-8")
    for name, text in (("article", ARTICLES), ("article_x_hcpc_code", SERVICES), ("article_x_icd10_covered", COVERED)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "readme.txt").write_text("Nothing to see.", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "ccipra-v321r0-f1.zip", "w") as archive:
        archive.writestr("ccipra-v321r0-f1.TXT", PAIRS)
    return Edits.read(tmp_path)


def line(code: str, *modifiers: str, units: float = 1, reasons: tuple[str, ...] = (), day: date | None = None) -> Coded:
    return Coded("hcpcs", code, units=units, modifiers=modifiers, reasons=reasons, day=day)


def rules_of(edits: Edits, *items: Coded, form: str = "professional") -> list[tuple[str, tuple[str, ...]]]:
    return [(one.rule, one.codes) for one in check_services(Facts(DAY, form=form), items, edits)]


def test_pairs_by_their_modifier_indicator(edits: Edits) -> None:
    never = [("ncci-pair", ("G0001", "G0002"))]
    assert rules_of(edits, line("G0002"), line("G0001")) == never
    assert rules_of(edits, line("G0001"), line("G0002", "59")) == never
    assert rules_of(edits, line("G0003"), line("G0004")) == [("ncci-pair", ("G0003", "G0004"))]
    assert rules_of(edits, line("G0003"), line("G0004", "XS")) == []
    assert rules_of(edits, line("G0003"), line("G0004", "GT")) == [("ncci-pair", ("G0003", "G0004"))]
    assert rules_of(edits, line("G0007"), line("G0008")) == []
    assert rules_of(edits, line("G0001"), line("G0002"), form="institutional") == []  # another table


def test_pairs_hold_on_their_days(edits: Edits) -> None:
    assert rules_of(edits, line("G0005"), line("G0006")) == []
    old = date(2024, 12, 31)
    assert rules_of(edits, line("G0005", day=old), line("G0006", day=old)) == [("ncci-pair", ("G0005", "G0006"))]
    assert rules_of(edits, line("G0001"), line("G0002", day=date(2026, 5, 2))) == []


def test_units_by_line_and_by_day(edits: Edits) -> None:
    assert rules_of(edits, line("G0001"), line("G0001")) == [("mue-units", ("G0001",))]  # a day
    assert rules_of(edits, line("G0003", units=2), line("G0003", "76", units=2)) == []  # a line
    assert rules_of(edits, line("G0003", units=3)) == [("mue-units", ("G0003",))]
    assert rules_of(edits, line("G0004", units=4)) == [("mue-units", ("G0004",))]
    assert rules_of(edits, line("G0099", units=-2)) == [("units", ("G0099",))]
    assert rules_of(edits, line("G0099", units=99)) == []


def test_which_diagnosis_justifies_which_service(edits: Edits) -> None:
    assert edits.supports("G0009", DAY) == {"E119", "E1165"}
    assert edits.supports("G0010", DAY) == {"I10"}
    assert edits.supports("G0001", DAY) == frozenset()  # the article has ended
    sugar, pressure = Coded("icd10cm", "E11.9"), Coded("icd10cm", "I10")
    assert rules_of(edits, sugar, pressure, line("G0009", reasons=("E11.9",))) == []
    assert rules_of(edits, sugar, pressure, line("G0009", reasons=("I10",))) == [("not-covered", ("G0009",))]
    assert rules_of(edits, sugar, pressure, line("G0009")) == []
    assert rules_of(edits, line("G0009")) == [("no-reason", ("G0009",))]
    (found,) = check_services(Facts(DAY), [sugar, line("G0009", reasons=("I10",))], edits)
    assert (found.section, "E11.9" in found.fix) == ("A50001", True)


LOCAL = (
    ("lcd", "lcd_id,lcd_version,title,rev_eff_date,rev_end_date\n33000,12,Foot care,2025-01-01 00:00:00,\n"),
    ("lcd_x_hcpc_code", "lcd_id,lcd_version,hcpc_code_id,hcpc_code_version,hcpc_code_group\n33000,12,G0247,1,1\n"),
    (
        "lcd_x_icd10_support",
        "lcd_id,lcd_version,icd10_code_id,icd10_code_version,icd10_support_group\n33000,12,E11.42,1,1\n",
    ),
)
NATIONAL = "NCD,HCPCS code,ICD-10-CM code,Effective date,End date\n" + "".join(
    f"190.99,G0103,{code},{days}\n"
    for code, days in (("Z12.5", "2025-01-01,"), ("R97.20", "2025-01-01,"), ("N40.1", "2020-01-01,2024-12-31"))
)


def test_local_and_national_policies(tmp_path: Path) -> None:
    for name, text in (*LOCAL, ("psa", NATIONAL)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "ncd_trkg.csv").write_text("NCD_id,NCD_vrsn_num,NCD_mnl_sect_title\n77,1,PSA\n", encoding="utf-8")
    edits = Edits.read(tmp_path)
    assert edits.supports("G0247", DAY) == {"E1142"}
    assert edits.supports("G0103", DAY) == {"Z125", "R9720"}
    assert edits.supports("G0103", date(2024, 5, 1)) == {"N401"}
    (found,) = check_services(Facts(DAY), [Coded("icd10cm", "I10"), line("G0103", reasons=("I10",))], edits)
    assert (found.rule, found.section) == ("not-covered", "190.99")
    (found,) = check_services(Facts(DAY), [Coded("icd10cm", "I10"), line("G0247", reasons=("I10",))], edits)
    assert found.section == "L33000"


def test_words_of_national_policies_alone_are_no_edits(tmp_path: Path) -> None:
    (tmp_path / "ncd_trkg.csv").write_text("NCD_id,NCD_vrsn_num,NCD_mnl_sect_title\n77,1,PSA\n", encoding="utf-8")
    with pytest.raises(LeadtermError) as told:
        Edits.read(tmp_path)
    assert "columns ncd, hcpcs, icd10" in str(told.value)


@pytest.mark.parametrize("packed", [False, True])
def test_workbooks_are_read_as_the_files_are(packed: bool, tmp_path: Path) -> None:
    """Sheets as they come: a notice first, numbers as numbers, dates as dates, an empty sheet."""
    import pandas as pd

    pairs = [line.split("\t") for line in PAIRS.splitlines()]
    typed = [[int(cell) if cell.isdigit() else cell for cell in row] for row in pairs]
    units = [next(csv.reader([row])) for row in UNITS.replace("HCPCS/\n", "HCPCS/ ").splitlines()]
    policy = [next(csv.reader([row])) for row in NATIONAL.splitlines()]
    policy[1:] = [[*row[:3], *(pd.Timestamp(cell) if cell else None for cell in row[3:])] for row in policy[1:]]
    books = {"ccipra-v321.xlsx": typed, "MCR_MUE_PractitionerServices.xlsx": units, "policy.xlsx": policy}
    for name, rows in books.items():
        with pd.ExcelWriter(tmp_path / name) as book:
            for sheet, cells in (("Notice", [["A notice of the owner"]]), ("Table", rows), ("Empty", [])):
                pd.DataFrame(cells).to_excel(book, sheet_name=sheet, header=False, index=False)
    if packed:
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            for name in books:
                archive.write(tmp_path / name, name)
                (tmp_path / name).unlink()
    edits = Edits.read(tmp_path)
    assert rules_of(edits, line("G0002"), line("G0001")) == [("ncci-pair", ("G0001", "G0002"))]
    assert rules_of(edits, line("G0003"), line("G0004", "XS")) == []
    assert rules_of(edits, line("G0005"), line("G0006")) == []  # deleted, on a day that is a number here
    assert rules_of(edits, line("G0003", units=3)) == [("mue-units", ("G0003",))]
    assert edits.supports("G0103", DAY) == {"Z125", "R9720"}
    assert edits.supports("G0103", date(2024, 5, 1)) == {"N401"}


def test_what_is_no_official_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(LeadtermError, match="no table of edits"):
        Edits.read(tmp_path)
    with pytest.raises(LeadtermError, match="no file or folder"):
        Edits.read(tmp_path / "gone")


@pytest.mark.parametrize(("name", "form"), [("ptp_prac", "professional"), ("ptp_out", "institutional")])
def test_verdicts_of_all_official_pairs(data: Path, name: str, form: str) -> None:
    file = data / "claims" / "ncci_hcpcs_only" / f"{name}_2024-07-01.csv"
    edits, day = Edits.read(file), date(2024, 7, 1)
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    in_force = {(r["column1"], r["column2"]): r["modifier_indicator"] for r in rows
                if not r["deletion_date"] or r["deletion_date"] >= "2024-07-01"}  # fmt: skip
    for row in rows:
        pair = row["column1"], row["column2"]
        for modifiers in ((), ("59",)):
            items = [line(pair[0], units=1), line(pair[1], *modifiers)]
            found = [one.rule for one in check_services(Facts(day, form=form), items, edits)]
            other = in_force.get(pair[::-1])
            wanted = in_force.get(pair, other)
            assert (found == ["ncci-pair"]) == (wanted == "0" or (wanted == "1" and not modifiers)), pair
    assert len(rows) > 2000


@pytest.mark.parametrize(
    ("name", "place"), [("mue_prac", "practitioner"), ("mue_out", "hospital"), ("mue_dme", "supplier")]
)
def test_all_official_units(data: Path, name: str, place: str) -> None:
    file = data / "claims" / "ncci_hcpcs_only" / f"{name}_2024-07-01.csv"
    edits = Edits.read(file)
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found = edits.most_units(row["hcpcs_code"], place)
            assert found is not None
            assert (str(found.most), found.mai) == (row["mue_units"], row["mue_mai"])
