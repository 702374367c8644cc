"""A table of notes is coded row by row, and every row comes out or is reported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from leadterm.cli import main
from leadterm.intake.encounters import read_items
from leadterm.pages.suggestion_rows import csv_lines
from leadterm.rows import COLUMNS

Capture = pytest.CaptureFixture[str]
NOTES = "id,note,patient_class\nv1,Assessment: Gout.,OP\nv2,,OP\nv3,Plan: none.,IP\n,Cough.,OP\nv5,Dry cough.,ER\n"


def coded(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.usefixtures("loaded")
def test_each_row_is_an_encounter_and_none_is_lost(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "notes.csv").write_text(NOTES)
    assert main(["suggest", str(tmp_path / "notes.csv"), "--format", "csv"]) == 2
    shown = capsys.readouterr()
    rows = coded(shown.out)
    assert tuple(rows[0]) == COLUMNS
    assert list(dict.fromkeys(row["encounter_id"] for row in rows)) == ["v1", "v3", "v5"]
    assert [(row["code"], row["rank"]) for row in rows if row["encounter_id"] == "v3"] == [("", "")]
    assert any(row["code"].startswith("M10") and "Gout" in row["evidence"] for row in rows)
    assert "line 3: encounter 'v2' has no text" in shown.err
    assert "line 5 has no id" in shown.err
    assert "2 of 5 encounters could not be read" in shown.err


@pytest.mark.usefixtures("loaded")
def test_the_same_table_in_every_format(tmp_path: Path, capsys: Capture) -> None:
    import openpyxl
    import pandas as pd

    frame = pd.DataFrame({"visit": ["a", "b"], "text": ["Assessment: Gout.", "Dry cough."]})
    frame.to_csv(tmp_path / "one.tsv", sep="\t", index=False)
    frame.to_excel(tmp_path / "two.xlsx", index=False)
    frame.to_parquet(tmp_path / "three.parquet")
    frame.to_json(tmp_path / "four.jsonl", orient="records", lines=True)
    frame.to_csv(tmp_path / "five.csv.gz", sep=";", index=False)
    outputs = set()
    for path in sorted(tmp_path.iterdir()):
        assert main(["suggest", str(path), "--format", "csv"]) == 0, path
        outputs.add(capsys.readouterr().out)
    assert len(outputs) == 1
    want = coded(outputs.pop())
    source = str(tmp_path / "one.tsv")
    assert main(["suggest", source, "--format", "xlsx", "-o", str(tmp_path / "coded.xlsx")]) == 0
    assert main(["suggest", source, "--format", "parquet", "-o", str(tmp_path / "coded.parquet")]) == 0
    sheet = openpyxl.load_workbook(tmp_path / "coded.xlsx").active
    assert sheet is not None
    assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == [row["code"] for row in want]
    assert pd.read_parquet(tmp_path / "coded.parquet")["code"].tolist() == [row["code"] for row in want]


def test_rows_of_one_encounter_apart_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("hadm_id,text\n1,Cough.\n2,Gout.\n1,Later: better.\n")
    found = [item.encounter for item in read_items([tmp_path / "t.csv"])]
    assert [(one.encounter_id, len(one.notes)) for one in found if one] == [("2", 1), ("1", 2)]


def test_a_column_that_cannot_be_read_is_told_once_and_keeps_no_note_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,text,patient class,dos\n1,Cough.,ward,May 4\n2,Ache.,ward,2025-05-04\n")
    found = list(read_items([tmp_path / "t.csv"]))
    assert [item.encounter.date_of_service for item in found if item.encounter] == [None, "2025-05-04"]
    assert [item.problem for item in found if item.problem] == []
    told = " ".join(item.warning for item in found)
    assert "in 2 rows unknown setting 'ward'" in told
    assert "in 1 row the date of service" in told


def test_rows_without_an_id_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('text\n"Cough,\nthen gout."\nAche.\n')
    found = [item.encounter for item in read_items([tmp_path / "t.csv"])]
    assert [one.encounter_id for one in found if one] == ["t-1", "t-2"]


def test_lines_of_flat_objects(tmp_path: Path) -> None:
    lines = [{"id": 1, "text": "Cough."}, {"encounter_id": "2", "notes": [{"note_id": "n", "text": "Gout."}]}, {"a": 1}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = list(read_items([tmp_path / "t.jsonl"]))
    assert [item.encounter.encounter_id if item.encounter else "" for item in found] == ["1", "2", ""]


@pytest.mark.usefixtures("loaded")
def test_columns_are_named_and_wrong_ones_refused(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "t.csv").write_text("id,a,b\n1,Cough.,Assessment: Gout.\n")
    assert main(["suggest", str(tmp_path / "t.csv")]) == 2
    assert "lacks the columns text" in capsys.readouterr().err
    assert main(["suggest", str(tmp_path / "t.csv"), "--text-column", "b", "--format", "csv"]) == 0
    assert "M10" in capsys.readouterr().out
    assert main(["suggest", str(tmp_path / "t.csv"), "--format", "xlsx"]) == 2
    assert "--output coded.xlsx" in capsys.readouterr().err


def test_a_spreadsheet_runs_no_cell() -> None:
    text = "".join(csv_lines([["=HYPERLINK(1)", "+1", "-1", "@x", "fine", -1.5, True]], list("abcdefg")))
    assert text.splitlines()[1] == "'=HYPERLINK(1),'+1,'-1,'@x,fine,-1.5,yes"


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04rest")
    assert main(["suggest", str(tmp_path / "t.xlsx")]) == 2
    assert "pip install 'leadterm[tables]'" in capsys.readouterr().err


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_a_table_comes_on_standard_input(kind: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    text = NOTES if kind == "csv" else NOTES.replace(",", "\t")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(text.encode()), isatty=lambda: False))
    assert main(["suggest", "-", "--input-format", kind, "--format", "csv"]) == 2  # two rows have no text or id
    assert {row["encounter_id"] for row in coded(capsys.readouterr().out)} >= {"v1", "v5"}
    assert main(["suggest", "a.csv", "--input-format", kind]) == 2
    assert "--input-format is for standard input alone" in capsys.readouterr().err
