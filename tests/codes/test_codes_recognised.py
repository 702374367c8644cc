"""What an official file or a plain list is taken for, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from codes_samples import order_line

from leadterm.codes.official.install import recognise
from leadterm.codes.release import effective_dates, release_from_label
from leadterm.errors import LeadtermError

Write = Callable[[str, str | bytes], str]


@pytest.mark.parametrize(
    ("name", "codes", "system"),
    [
        ("a.txt", [("A000", 1), ("I10", 1), ("QA0", 0), ("QA00101", 1)], "icd10cm"),
        ("a.txt", [("H40", 0), ("H4011", 0), ("H4011X1", 1)], "icd10cm"),  # all complete codes have seven characters
        ("a.txt", [("B30", 0), ("B3000ZZ", 1)], "icd10pcs"),
        ("a.txt", [("001", 0), ("0016070", 1), ("XW03372", 1)], "icd10pcs"),
        ("a.txt", [("S52", 0), ("S52521A", 1)], "icd10cm"),
        ("icd10cm_order.txt", [("H40", 0), ("H4011X1", 1)], "icd10cm"),
        ("icd10pcs_order.txt", [("H40", 0), ("H4011X1", 1)], "icd10pcs"),
    ],
)
def test_order_files_are_told_by_many_codes_together_and_then_by_name(
    name: str, codes: list[tuple[str, int]], system: str
) -> None:
    lines = (order_line(at, code, flag, "Words") for at, (code, flag) in enumerate(codes, start=1))
    assert [part.system for part in recognise(name, "\n".join(lines).encode(), release="1")] == [system]


def test_a_plain_list_with_a_few_codes_of_a_new_shape_is_what_the_others_are() -> None:
    codes = [f"K{number}" for number in range(100, 200)] + ["QAA1"]
    text = "\n".join(f"{code} Some words" for code in codes)
    assert [part.system for part in recognise("list.txt", text.encode(), release="1")] == ["icd10cm"]
    assert [part.system for part in recognise("HCPC26.txt", b"A0425 Mileage\nJ0120 Drug", release="1")] == ["hcpcs"]


def test_the_index_keeps_codes_with_two_letters() -> None:
    xml = "<ICD10CM.index><version>2026</version><mainTerm><title>SCN2A disorder</title><code>QA0.0101</code>"
    part = recognise("index.xml", f"{xml}</mainTerm></ICD10CM.index>".encode())[0]
    assert part.rows[0][3] == "QA0.0101"


@pytest.mark.parametrize(
    ("table", "titles"),
    [
        ('code,title,billable\nA1,"Arm, upper",1\n', ["Arm, upper"]),
        ('code,title\nA1,"Arm ""left"", upper"\nA2,Leg\n', ['Arm "left", upper', "Leg"]),
        ("code,title\nA1,Arm, upper\n", ["Arm, upper"]),
        ("code,title\nA1,1,25-dihydroxy\n", ["1,25-dihydroxy"]),
        ('code,title\nA1,"Arm\nupper"\n', ["Arm upper"]),
        ('code\ttitle\nA1\t"Arm", upper\n', ['"Arm", upper']),
        ("code,title,,\nA1,Arm,,\n", ["Arm"]),
        ("code\ttitle\t\t\nA1\tArm\nA2\tLeg\t\n", ["Arm", "Leg"]),
        ('code\t"title"\n#1\t"Arm ""left"""\n', ['Arm "left"']),
    ],
)
def test_titles_with_commas_and_quotes(table: str, titles: list[str]) -> None:
    part = recognise("own.csv", table.encode(), system="own", release="1")[0]
    assert [row[1] for row in part.rows] == titles
    assert all(row[2] == "1" for row in part.rows)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("code,title,billable\nA1,Arm, upper,1\n", "line 2 of 'own.csv' has more cells"),
        ('code,title\nA1,"Arm\n', "no line of a table"),
        ("code,title\nA\x1b1,Arm\n", "allowed: 1 to 64"),
        ("code,title\nA 1,Arm\n", "allowed: 1 to 64"),
        ("code\ttitle\nA\u20281\tArm\n", "allowed: 1 to 64"),
    ],
)
def test_tables_nobody_can_read_for_sure_are_refused(table: str, says: str) -> None:
    with pytest.raises(LeadtermError, match=says):
        recognise("own.csv", table.encode(), system="own", release="1")


def test_deep_xml_is_refused() -> None:
    deep = "<ICD10CM.index><version>2026</version>" + "<term>" * 5000 + "</term>" * 5000 + "</ICD10CM.index>"
    with pytest.raises(LeadtermError, match="inside one another"):
        recognise("deep.xml", deep.encode())


@pytest.mark.parametrize(
    ("label", "version", "release"),
    [("icd10cm-index-2025.xml", "2025", "2025"), ("icd10pcs_order_2026.txt", "", "2026"), ("x.txt", "", None),
     ("HCPC2019_CONTR_ANWEB.txt", "", "2019"), ("icd10cm-tabular-April-1-2026.xml", "2026", "2026.04")],
)  # fmt: skip
def test_release_names(label: str, version: str, release: str | None) -> None:
    assert release_from_label(label, version) == release


def test_effective_dates_of_unknown_releases() -> None:
    assert effective_dates("own", "1") == (None, None)
    assert effective_dates("icd10cm", "spring") == (None, None)
