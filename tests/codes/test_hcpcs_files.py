"""HCPCS Level II: the list that comes with leadterm, official files in every form, files laid out in another way."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from leadterm.codes import load_system
from leadterm.codes.official.install import install, recognise
from leadterm.codes.official.whole import check_whole
from leadterm.codes.systems.hcpcs_units import is_unlisted, unit_of
from leadterm.errors import LeadtermError

HEADER = ("HCPC", "SEQNUM", "RECID", "LONG DESCRIPTION", "SHORT DESCRIPTION", "PRICE1", "XREF1", "COV", "ADD DT",
          "ACT EFF DT", "TERM DT", "ACTION CD")  # fmt: skip
ROWS = (
    ("***Disclaimers", *[""] * 11),
    HEADER,
    ("   LT", "0010", "7", "Left side", "Left side", "", "", "C", "19950101", "", "", "N"),
    ("A9998", "0010", "3", "Sling for trying out,", "Sling", "32", "A9997", "D", "20200101", "", "20231231", "D"),
    ("A9998", "0020", "4", "per 5 mg", "", "", "", "", "", "", "", ""),
)


def table(separator: str, rows: tuple[tuple[str, ...], ...] = ROWS) -> bytes:
    return "\n".join(
        separator.join(f'"{cell}"' if separator in cell else cell for cell in row) for row in rows
    ).encode()


def workbook() -> bytes:
    book, buffer = Workbook(), io.BytesIO()
    for row in ROWS:
        book.active.append(row)
    book.save(buffer)
    return buffer.getvalue()


def record(code: str, kind: str, words: str, *, since: str = "20200101", until: str = "00000000") -> str:
    dates = since + since + until + "N"
    return f"{code:<5}00100{kind}{words:<80}{'short':<28}32".ljust(204) + "A9997".ljust(25) + "D".ljust(39) + dates


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("HCPC2031_JUL_ANWEB.csv", table(",")),
        ("HCPC2031_JUL_ANWEB.txt", table("\t")),
        ("HCPC2031_JUL_ANWEB.xlsx", workbook()),
        (
            "HCPC2031_JUL_ANWEB_v2.txt",
            "\n".join([
                record("   LT", "7", "Left side"),
                record("A9998", "3", "Sling for trying out,", until="20231231"),
                record("A9998", "4", "per 5 mg", since=""),
            ]).encode(),
        ),
    ],
)  # fmt: skip
def test_one_list_in_every_form(name: str, data: bytes) -> None:
    parts = {(part.system, part.kind): part for part in recognise(name, data)}
    assert {part.release for part in parts.values()} == {"2031.07"}
    row = parts["hcpcs", "codes"].rows[0]
    assert row == ("A9998", "Sling for trying out, per 5 mg", "1", "20200101", "20231231")
    assert set(parts["hcpcs", "facts"].rows) == {
        ("A9998", "coverage", "D"), ("A9998", "pricing", "32"), ("A9998", "replaced by", "A9997"),
    }  # fmt: skip
    assert parts["hcpcs_modifiers", "codes"].rows[0][:2] == ("LT", "Left side")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (table(",", (("HCPC", "SHORT"), ("A9998", "Sling"))), "none of long descriptions"),
        (table(",", (("HCPC", "LONG DESCRIPTION"), ("?", "Sling"))), "holds a code"),
        (record("A9998", "3", "Sling", since="").encode(), "have a first day in columns 269-276"),
        (("\n".join(f"A99{n:02}|0010|Sling|".ljust(300) for n in range(40))).encode(), "column 11 should tell"),
    ],
)
def test_another_layout_is_told_and_nothing_is_installed(data: bytes, says: str) -> None:
    with pytest.raises(LeadtermError, match=re.escape(says)):
        recognise("HCPC2031_ANWEB.csv", data)


def test_what_the_list_says_of_a_code_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    path = tmp_path / "HCPC2031_JUL_ANWEB.csv"
    path.write_bytes(table(","))
    install(path, force=True)
    codes = load_system("hcpcs")
    assert codes.release == "2031.07"
    assert codes.days("A9998") == (date(2020, 1, 1), date(2023, 12, 31))
    assert [note.text for note in codes.instructions("A9998", "replaced by")] == ["A9997"]
    assert "special" in codes.instructions("A9998", "coverage")[0].text


def test_the_list_that_comes_with_leadterm() -> None:
    codes, modifiers = load_system("hcpcs"), load_system("hcpcs_modifiers")
    assert len(codes) > 8000
    assert len(modifiers) > 370
    assert not [code for code in codes if code.startswith("D")]
    assert not [code for code in codes if re.search(r"\b\d{5}\b", codes.title(code))]
    assert not [code for code in modifiers if code.isdigit()]
    assert codes.title("J1885") == "Injection, ketorolac tromethamine, per 15 mg"
    assert "special coverage" in codes.instructions("J1885", "coverage")[0].text
    assert codes.days("J2930")[1] == date(2024, 3, 31)
    assert load_system("place_of_service").title("11").startswith("Office")
    assert "DRUGS" in load_system("revenue_codes").title("0636")
    assert load_system("discharge_status").title("20") == "EXPIRED"


def test_an_old_list_is_whole_by_the_codes_of_its_time() -> None:
    old = [(code, "", "1", "0", "0") for code in load_system("hcpcs") if (load_system("hcpcs").days(code)[0] or
           date(2030, 1, 1)) < date(2012, 1, 1)]  # fmt: skip
    check_whole("hcpcs", "2012", "codes", old)
    with pytest.raises(LeadtermError, match="part of a list"):
        check_whole("hcpcs", "2025", "codes", old)


UNITS = [
    ("Injection, morphine sulfate, up to 10 mg", 10, "mg", True),
    ("Injection, vitamin b-12 cyanocobalamin, up to 1000 mcg", 1, "mg", True),
    ("Injection, piperacillin sodium/tazobactam sodium, 1 gram/0.125 grams (1.125 grams)", 1125, "mg", False),
    ("5% dextrose/water (500 ml = 1 unit)", 500, "ml", False),
    ("Injection, thyrotropin alpha, 0.9 mg, provided in 1.1 mg vial", 0.9, "mg", False),
    ("Prothrombin complex concentrate (human), kcentra, per i.u. of factor ix activity", 1, "unit", False),
    ("Ground mileage, per statute mile", 1, "mile", False),
    ("Technetium tc-99m tetrofosmin, diagnostic, per study dose", 1, "dose", False),
]


@pytest.mark.parametrize(("title", "amount", "measure", "up_to"), UNITS)
def test_the_unit_of_a_title(title: str, amount: float, measure: str, up_to: bool) -> None:
    unit = unit_of(title)
    assert unit is not None
    assert (round(unit.amount, 6), unit.measure, unit.up_to) == (amount, measure, up_to)


def test_nearly_every_drug_injection_has_a_unit() -> None:
    codes = load_system("hcpcs")
    drugs = [code for code in codes if code.startswith("J") and not is_unlisted(codes.title(code))]
    without = [code for code in drugs if unit_of(codes.title(code)) is None]
    assert len(without) < 0.03 * len(drugs)


def test_bad_workbooks_are_left_aside() -> None:
    assert recognise("HCPC2031.xlsx", b"PK\x03\x04 no workbook", release="2031") == []


def test_facts_of_codes_that_a_user_installs_take_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    plain: Callable[[str], int] = (tmp_path / "mine.csv").write_text
    plain("code,title\n0636,Own words\n")
    install(tmp_path / "mine.csv", system="revenue_codes", release="2027", force=True)
    assert load_system("revenue_codes").title("0636") == "Own words"
