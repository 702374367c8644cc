"""Tables as hospitals have them: any separator, encoding and way of writing codes; nothing is lost without a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.corpus import check, read_split
from leadterm.errors import LeadtermError
from leadterm.intake.code_cells import CodeCells
from leadterm.intake.table_columns import map_columns
from leadterm.intake.table_files import open_table
from leadterm.readers import import_corpus, read

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def cells() -> CodeCells:
    return CodeCells("icd10cm")


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("R05.9,J20.9", ["R05.9", "J20.9"]),
        ("R05.9; J20.9 ;", ["R05.9", "J20.9"]),
        ("R05.9|J20.9/I10", ["R05.9", "J20.9", "I10"]),
        ("r059 i10\nj209", ["R05.9", "I10", "J20.9"]),
        ('["R05.9", "I10"]', ["R05.9", "I10"]),
        ("['R05.9' 'I10']", ["R05.9", "I10"]),
        ('[{"code": "R05.9", "display": "Cough"}]', ["R05.9"]),
        ("R05.9 Cough", ["R05.9"]),
        ("R05.9 - Cough, unspecified; J20.9: Acute bronchitis, unspecified", ["R05.9", "J20.9"]),
        ("E11.9 Diabetes, no complication seen, I10", ["E11.9", "I10"]),
        ("Cough (R05.9)", ["R05.9"]),
        ("E53.8 Vitamin B12 deficiency", ["E53.8"]),
        ("E11 . 9 / R05. 9", ["E11.9", "R05.9"]),
        ("R05,9", ["R05.9"]),
        ("ICD-10: R05.9", ["R05.9"]),
        ("R05.9, R05.9", ["R05.9"]),
    ],
)
def test_codes_of_a_cell(cells: CodeCells, cell: str, codes: list[str]) -> None:
    found = cells.read(cell)
    assert (list(found.codes), found.faults) == (codes, ())


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "None", "#N/A", "N/A", "null", "[]", " - ", "<NA>"])
def test_cells_that_say_nothing(cells: CodeCells, cell: str) -> None:
    found = cells.read(cell)
    assert (found.codes, found.faults) == ((), ())


@pytest.mark.parametrize(
    ("cell", "why", "perhaps"),
    [
        ("1.00E+10", "spreadsheet", ""),
        ("#REF!", "spreadsheet", ""),
        ("401.9", "ICD-9-CM diagnoses", ""),
        ("99.04", "ICD-9-CM procedures", ""),
        ("02HV33Z", "ICD-10-PCS", ""),
        ("R05.99", "not in ICD-10-CM", "R05.9"),
        ("RO5.9", "not in ICD-10-CM", "R05.9"),
        ("R05.9J20.9", "not in ICD-10-CM", "R05.9 J20.9"),
        ("wheeze", "no code", ""),
    ],
)
def test_what_is_no_code_is_told_and_never_made_into_one(cells: CodeCells, cell: str, why: str, perhaps: str) -> None:
    found = cells.read(cell)
    assert found.codes == ()
    assert why in found.faults[0].why
    assert found.faults[0].perhaps == perhaps


def test_words_in_the_column_of_codes_are_not_shown(cells: CodeCells) -> None:
    assert "Quibble" not in str(cells.read("Mrs Quibble was seen again").faults)


def test_zeros_that_a_spreadsheet_took() -> None:
    read = CodeCells("icd9cm").read
    assert read("38.9").codes == ("038.9",)  # the place of the dot decides
    assert read("38.9").remarks[0].why == "leading zeros were lost"
    assert (read("389").codes, read("389").faults[0].perhaps) == ((), "038.9")
    assert (read("250.0").codes, read("250.0").faults[0].perhaps) == ((), "250.00")
    assert read("250.00 4019").codes == ("250.00", "401.9")


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_any_separator_and_encoding(separator: str, encoding: str, tmp_path: Path) -> None:
    rows = [["Visit ID", "Note Text", "ICD-10"], ["7", '"Ménière, since May; no falls | stable"', "R05.9"]]
    path = write(tmp_path / "t.csv", "\r\n".join(separator.join(row) for row in rows), encoding)
    (encounter,) = read("csv", path).splits()["train"]
    assert (encounter.encounter_id, encounter.notes[0].text) == ("7", "Ménière, since May; no falls | stable")


def test_what_excel_writes_around_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "sep=;\r\nid;text;codes\r\n1;Cough, dry.;R05.8\r\n;;\r\n;;;;\r\n", "utf-8-sig")
    (one,) = read("csv", path).splits()["train"]
    assert (one.notes[0].text, one.codes[0].code) == ("Cough, dry.", "R05.8")
    with pytest.raises(LeadtermError, match="lacks the columns"):
        read("csv", write(tmp_path / "u.csv", "sep=;\r\n"))


def test_a_table_of_one_column_has_no_separator(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'text\nCough, dry; since May\n"Gout, ""again"""\n')
    assert [row.cells["text"] for row in open_table(path).rows] == ["Cough, dry; since May", 'Gout, "again"']


def test_a_row_in_the_place_of_the_header_is_not_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", '1;"Gout of Ms Qvordwick; again";M10.9\n')
    with pytest.raises(LeadtermError, match="its first line has 3 fields"):
        read("csv", path)


def test_workbooks_parquet_and_lines(tmp_path: Path) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    book = openpyxl.Workbook()
    book.active.append(["About this file"])
    sheet = book.create_sheet("data")
    for row in (["id", "text", "codes"], [7, "Cough.\nDry.", "R05.9"], [8.0, "Gout.", None]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    columns = {"id": [7, 8], "text": ["Cough.\nDry.", "Gout."], "codes": [["R05.9"], None]}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    lines = [{"id": 7, "text": "Cough.\nDry.", "codes": ["R05.9"]}, {"id": "8", "text": "Gout.", "codes": None}]
    write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, lines)))
    for name in ("t.xlsx", "t.parquet", "t.jsonl"):
        made = read("csv", tmp_path / name).splits()["train"]
        assert [(one.encounter_id, one.notes[0].text) for one in made] == [("7", "Cough.\nDry."), ("8", "Gout.")], name
        assert [[code.code for code in one.codes] for one in made] == [["R05.9"], []], name


def test_rows_of_codes_and_rows_of_notes(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "hadm_id,text,code\n1,Cough.,R05.9\n2,Gout.,M10.9\n1,Cough.,I10\n1,Later.,\n")
    made = read("csv", path).splits()["train"]
    assert [([n.text for n in one.notes], [c.code for c in one.codes]) for one in made] == [
        (["Cough.", "Later."], ["R05.9", "I10"]),
        (["Gout."], ["M10.9"]),
    ]


FAULTY = (
    'id,text,codes,patient,split\n1,Cough.,R05.9,p1,train\n2,Gout.,"M10.9, 401.9",p1,dev\n3,Ache.,wheeze,p3,\n'
    "4,Ache.,wheeze,p4,\n,Ache.,R05.9,p5,\n6,,R05.9,p6,\n7,Ache.,R05.9\n8,Ache.,I10,,\n"
)


def test_one_run_tells_all_faults(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", FAULTY)
    with pytest.raises(LeadtermError) as caught:
        import_corpus("csv", path, tmp_path / "out")
    said = str(caught.value)
    for part in (
        "wheeze × 2: no code", "401.9 × 1: a code of ICD-9-CM", "line 6 has no id", "--skip-bad",
        "encounter (1 character",
        "line 8 has 3 fields, the header 5", "its patient is also in the split 'train'",
    ):  # fmt: skip
        assert part in said
    assert not (tmp_path / "out").exists()


def test_what_is_left_out_is_told_and_the_rest_passes_its_check(tmp_path: Path, capsys: Capture) -> None:
    path = write(tmp_path / "t.csv", FAULTY.replace("p1,dev", "p2,dev"))
    out = tmp_path / "out"
    assert main(["corpus", "import", "csv", str(path), "-o", str(out), "--skip-bad"]) == 0
    assert "wheeze × 2: no code" in capsys.readouterr().err
    ids = [one.encounter_id for split in ("train", "dev") for one in read_split(out, split)]
    assert sorted(ids) == ["1", "2", "3", "4", "8"]
    assert [problem for problem in check(out) if problem.level == "error"] == []


def test_codes_of_another_system_are_named(tmp_path: Path, capsys: Capture) -> None:
    path = write(tmp_path / "t.csv", "id,text,codes\n1,A.,401.9\n2,B.,250.00; 428.0\n")
    assert main(["corpus", "import", "csv", str(path), "-o", str(tmp_path / "out")]) == 2
    assert "ICD-9-CM diagnoses, not ICD-10-CM diagnoses: use --system icd9cm" in capsys.readouterr().err
    assert main(["corpus", "import", "csv", str(path), "-o", str(tmp_path / "out"), "--system", "icd9cm"]) == 0


def test_columns_by_name_and_by_guess(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,c,who\n1,Cough.,R05.9,p\n")
    with pytest.raises(LeadtermError, match="lacks the columns text, codes"):
        read("csv", path)
    options = ["--text-column", "B", "--codes-column", "c", "--id-column", "a", "--patient-column", "who"]
    assert main(["corpus", "import", "csv", str(path), "-o", str(tmp_path / "out"), *options]) == 0
    assert read_split(tmp_path / "out", "train")[0].patient_id == "p"
    with pytest.raises(LeadtermError, match="unknown column of the table for text: 'd'"):
        map_columns(["id", "text"], {"text": "d"})
    assert map_columns(["NoteID", "HADM_ID", "Report Text"]).names["id"] == "hadm_id"


def test_a_stray_quotation_mark_spoils_its_row_only(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'id,text\n1,"Said "no" twice"\n2,Gout.\n3,"never closed\n4,lost\n')
    rows = list(open_table(path).rows)
    assert [(row.number, bool(row.fault)) for row in rows] == [(2, True), (3, False), (4, True)]
    assert "up to line 5" in rows[2].fault


def pairs(path: Path, **options: str) -> list[list[str]]:
    made = read("csv", path, **options).splits()["train"]
    return [[f"{code.system} {code.code}" for code in one.codes] for one in made]


def test_codes_of_several_systems_in_one_column(tmp_path: Path) -> None:
    rows = '1,Cough.,"R05.9, E0143 Walker"\n2,Hip.,M16.11;0SR90J9\n3,Visit.,"I10 | G0439 Annual wellness visit"\n'
    path = write(tmp_path / "t.csv", f"id,text,codes\n{rows}")
    assert pairs(path) == [
        ["icd10cm R05.9", "hcpcs E0143"], ["icd10cm M16.11", "icd10pcs 0SR90J9"], ["icd10cm I10", "hcpcs G0439"],
    ]  # fmt: skip
    made = read("csv", path)
    assert set(made.card.systems) == {"icd10cm", "hcpcs", "icd10pcs"}
    assert "G0439 × 1: kept; a code of HCPCS Level II" in made.remarks
    undotted = write(tmp_path / "u.csv", 'id,text,codes\n1,Cough.,"R059, G0439"\n')
    assert pairs(undotted) == [["icd10cm R05.9", "icd10cm G04.39"]]  # nothing tells: the first system has it


def test_diagnoses_of_two_systems_only_where_both_are_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'id,text,codes\n1,Cough.,"R05.9, 786.2"\n2,Visit.,99213\n')
    with pytest.raises(LeadtermError, match=r"786\.2 × 1: a code of ICD-9-CM diagnoses"):
        read("csv", path)
    assert pairs(path, system="icd10cm,icd9cm,cpt") == [["icd10cm R05.9", "icd9cm 786.2"], ["cpt 99213"]]


@pytest.mark.parametrize(
    ("says", "code", "expected"),
    [("ICD-10-CM", "R059", "icd10cm R05.9"), ("http://hl7.org/fhir/sid/icd-9-cm", "7862", "icd9cm 786.2"),
     ("HCPCS", "A0100", "hcpcs A0100"), ("10", "A0100", "icd10cm A01.00"), ("9", "7862", "icd9cm 786.2"),
     ("BBR", "0SR90J9", "icd10pcs 0SR90J9"), ("", "R05.9", "icd10cm R05.9"), ("Epic", "R05.9", "icd10cm R05.9")],
)  # fmt: skip
def test_a_column_says_the_system(says: str, code: str, expected: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", f"id,text,code,code_system\n1,Cough.,{code},{says}\n")
    assert pairs(path) == [[expected]]


def test_a_system_that_is_not_read_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "id,text,code,vocabulary\n1,Gout.,90560007,SNOMED\n1,Gout.,M10.9,ICD10CM\n")
    with pytest.raises(LeadtermError, match="SNOMED × 1: a code system that is not read"):
        read("csv", path)
    assert pairs(path, bad="skip") == [["icd10cm M10.9"]]


def test_the_setting_of_a_table_without_one_is_told_from_its_notes(tmp_path: Path) -> None:
    stay = "Hospital course: she was admitted with pneumonia and did well. Discharge diagnosis: pneumonia."
    path = write(tmp_path / "t.csv", f"id,text,codes\n1,{stay},J18.9\n2,Gout.,M10.9\n")
    made = read("csv", path)
    assert [one.setting for one in made.splits()["train"]] == ["inpatient", "outpatient"]
    assert any("1 of 2 inpatient" in remark for remark in made.remarks)
