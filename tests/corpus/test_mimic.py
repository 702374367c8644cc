"""MIMIC-III and MIMIC-IV, with files of splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import SUMMARY, mimic3, mimic4, names, table

from leadterm.errors import LeadtermError
from leadterm.readers import read
from leadterm.readers.mimic import read_splits


def test_mimic3_gathers_admissions(tmp_path: Path) -> None:
    made = read("mimic3", mimic3(tmp_path)).splits()["train"]
    assert [one.encounter_id for one in made] == ["100002", "100001"]
    assert names(made[0]) == [("icd9cm", "E888.9", "principal"), ("icd9cm", "V15.82", "secondary")]
    one = made[1]
    assert names(one) == [
        ("icd9cm", "038.9", "principal"),
        ("icd9cm", "250.00", "secondary"),
        ("icd9pcs", "00.66", ""),
        ("icd9pcs", "38.93", ""),
    ]
    assert [(note.note_id, note.kind) for note in one.notes] == [
        ("11", "discharge summary"),
        ("13", "discharge summary, addendum"),
    ]
    assert (one.notes[0].text, one.sex, one.birth_year, one.patient_id) == (SUMMARY, "F", 2090, "1")
    every = read("mimic3", tmp_path, categories="Discharge summary, Radiology").splits()["train"]
    assert [len(one.notes) for one in every] == [1, 3]


def test_mimic3_with_split_files(tmp_path: Path) -> None:
    source = mimic3(tmp_path / "source")
    splits = tmp_path / "splits"
    splits.mkdir()
    (splits / "train_50_hadm_ids.csv").write_text("1\n")
    (splits / "train_full_hadm_ids.csv").write_text("hadm_id\n100002.0\n")
    (splits / "dev_full_hadm_ids.csv").write_text("100001\n")
    made = read("mimic3", source, split_files=str(splits / "*_full_*.csv")).splits()
    assert {split: [one.encounter_id for one in some] for split, some in made.items()} == {
        "train": ["100002"],
        "dev": ["100001"],
    }
    with pytest.raises(LeadtermError, match="two files for train"):
        read_splits(str(splits))
    with pytest.raises(LeadtermError, match="no split files"):
        read_splits(str(source))
    (splits / "dev_full_hadm_ids.csv").write_text("100002\n")
    with pytest.raises(LeadtermError, match="admission 100002 is in two splits"):
        read_splits(str(splits / "*_full_*.csv"))


def test_one_split_file_with_a_column(tmp_path: Path) -> None:
    table(tmp_path / "clean.csv", ["_id", "split"], ["5", "train"], ["6", "val"], ["7.0", "test"])
    assert read_splits(str(tmp_path / "clean.csv")) == {"5": "train", "6": "dev", "7": "test"}
    table(tmp_path / "bad.csv", ["hadm_id", "split"], ["5", "trial"])
    with pytest.raises(LeadtermError, match="line 2"):
        read_splits(str(tmp_path / "bad.csv"))


def test_mimic4_keeps_versions_apart(tmp_path: Path) -> None:
    source = mimic4(tmp_path)
    made = read("mimic4", source).splits()["train"]
    assert names(made[0]) == [
        ("icd9cm", "038.9", "principal"),
        ("icd9cm", "E888.9", "secondary"),
        ("icd9pcs", "00.66", ""),
    ]
    assert names(made[1]) == [
        ("icd10cm", "E11.9", "principal"),
        ("icd10cm", "W19.XXXA", "secondary"),
        ("icd10pcs", "0DJ08ZZ", ""),
    ]
    assert (made[0].sex, made[0].birth_year) == ("M", 2128)
    only = read("mimic4", source, icd_version="10").splits()["train"]
    assert [one.encounter_id for one in only] == ["20000002"]
    with pytest.raises(LeadtermError, match="unknown ICD version"):
        read("mimic4", source, icd_version="11")


def test_mimic_names_the_missing_table(tmp_path: Path) -> None:
    source = mimic3(tmp_path)
    (source / "DIAGNOSES_ICD.csv").unlink()
    with pytest.raises(LeadtermError, match=r"no diagnoses_icd\.csv"):
        read("mimic3", source)
