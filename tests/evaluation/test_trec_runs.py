"""Runs as trec_eval has them, read and written; figures as a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.corpus import Card, write_corpus
from leadterm.errors import LeadtermError
from leadterm.evaluation import Run
from leadterm.evaluation.tables.trec import trec_text
from leadterm.intake.files import find_files
from three_conditions import make

Capture = pytest.CaptureFixture[str]
CARD = Card("demo", "Invented.", "CC0-1.0", ("en",), {"icd10cm": "2026"}, "by hand", "none: invented")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    run = Run.from_mapping({"e1": {"I10": 0.9, "E11.9": 0.25}, "e2": {"J45.909": 0.5}}, system="icd10cm")
    text = trec_text("our run", run.to_frame())
    assert text.splitlines()[0] == "e1 Q0 I10 1 0.9 our_run"
    (tmp_path / "run.trec").write_text(text + "\n")
    back = Run.from_file(tmp_path / "run.trec", system="icd10cm")
    assert back.to_frame().equals(run.to_frame())
    with pytest.raises(LeadtermError, match="lacks the column system"):
        Run.from_file(tmp_path / "run.trec")


def test_systems_stand_before_the_codes_where_they_are_several(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("e1 Q0 icd10cm:I10 1 2.5 x\ne1 q0 own:a:1 2 1.5 x\n")
    run = Run.from_file(tmp_path / "r.txt")
    assert [(label.system, label.code) for label in run.labels] == [("own", "a:1"), ("icd10cm", "I10")]
    assert "e1 Q0 icd10cm:I10 1 2.5 r\n" in trec_text(run.name, run.to_frame())


def test_what_a_trec_run_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="white space"):
        trec_text("r", Run.from_mapping({"visit 1": {"I10": 0.5}}, system="icd10cm").to_frame())
    (tmp_path / "r.trec").write_text("e1 Q0 I10 1 0.5 x\ne1 Q0 I10 1 0.5\n")
    with pytest.raises(LeadtermError, match="line 2 has 5 fields"):
        Run.from_file(tmp_path / "r.trec", system="icd10cm")


def test_figures_come_as_a_table_and_the_run_for_trec_eval(tmp_path: Path, capsys: Capture) -> None:
    encounters = make(8, evidence=False)
    write_corpus(tmp_path / "corpus", CARD, {"dev": encounters})
    run = Run.from_mapping({e.encounter_id: {c.code: 1.0 for c in e.codes} for e in encounters}, system="icd10cm")
    (tmp_path / "run.tsv").write_text(run.to_text())
    options = ["--threshold", "0.5", "--bootstrap", "20", "--format", "csv", "--save-run", str(tmp_path / "again.trec")]
    assert main(["evaluate", str(tmp_path / "run.tsv"), str(tmp_path / "corpus"), *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "metric,value,low,high"
    assert any(line.startswith("micro_f1,1.0,") for line in lines)
    again = Run.from_file(tmp_path / "again.trec", system="icd10cm")
    assert again.to_frame()["code"].tolist() == run.to_frame()["code"].tolist()


def test_files_of_a_folder_come_in_the_order_that_people_count(tmp_path: Path) -> None:
    for name in ("note10.txt", "note2.txt", "b.txt", "2.txt", "10.txt", "note2a.txt"):
        (tmp_path / name).write_text("Cough.")
    found = [path.name for path in find_files([str(tmp_path)])]
    assert found == ["2.txt", "10.txt", "b.txt", "note2.txt", "note2a.txt", "note10.txt"]
