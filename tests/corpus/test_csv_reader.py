"""Tables of notes and codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from reader_samples import csv_table, names, table

from leadterm.corpus import check
from leadterm.errors import LeadtermError
from leadterm.readers import import_corpus, read


def test_csv_joins_rows_and_keeps_texts(tmp_path: Path) -> None:
    made = read("csv", csv_table(tmp_path)).splits()
    one = made["train"][0]
    assert [(note.note_id, note.text, note.kind) for note in one.notes] == [
        ("n1", 'Said "cough",\nthen left.', "visit"),
        ("n2", "Addendum.", ""),
    ]
    assert [code for _, code, _ in names(one)] == ["R05.9", "I10"]
    assert (made["dev"][0].setting, made["dev"][0].patient_id) == ("inpatient", "p2")


def test_csv_with_a_system_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "injuries.csv"
    table(path, ["encounter_id", "text", "codes"], ["1", "Fell.", "42;a1"], ["2", "Burnt.", "43"])
    titles = tmp_path / "titles.tsv"
    titles.write_text("42\tFalls\n44\tCuts\n")
    card = import_corpus("csv", path, tmp_path / "out", system="oiics", code_list=str(titles))
    assert card.code_lists == {"oiics": "codes-oiics.tsv"}
    assert (tmp_path / "out" / "codes-oiics.tsv").read_text() == "42\tFalls\n43\t\n44\tCuts\na1\t\n"
    assert check(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([["encounter_id", "text"]], "lacks the columns codes"),
        ([["encounter_id", "text", "codes"], ["1", "a", "b", "c"]], "line 2 has 4 fields, the header 3"),
        ([["encounter_id", "text", "codes"], ["", "a", "b"]], "line 2 has no encounter_id"),
        ([["encounter_id", "text", "codes", "split"], ["1", "", "", "a"], ["1", "", "", "b"]], "two values of 'split'"),
        ([["encounter_id", "text", "codes", "setting"], ["1", "", "", "home"]], "unknown setting 'home'"),
        ([["encounter_id", "text", "codes"]], "no encounter to write"),
    ],
)
def test_csv_faults(tmp_path: Path, lines: list[list[str]], said: str) -> None:
    table(tmp_path / "t.csv", *lines)
    with pytest.raises(LeadtermError, match=said):
        import_corpus("csv", tmp_path / "t.csv", tmp_path / "out")


def test_a_torn_gzip_is_named(tmp_path: Path) -> None:
    table(tmp_path / "t.csv.gz", ["encounter_id", "text", "codes"], ["1", "Fell." * 500, "I10"])
    whole = (tmp_path / "t.csv.gz").read_bytes()
    (tmp_path / "t.csv.gz").write_bytes(whole[:-20])
    with pytest.raises(LeadtermError, match="Is the file whole"):
        read("csv", tmp_path / "t.csv.gz")


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    import pandas as pd

    for split, ids in (("dev", ["e3"]), ("train", ["e1", "e2"])):
        folder = tmp_path / "notes" / f"split={split}"
        folder.mkdir(parents=True)
        pd.DataFrame({"id": ids, "text": [f"Gout, seen as {name}." for name in ids], "codes": "M10.9"}).to_parquet(
            folder / "part-0.parquet"
        )
    (tmp_path / "notes" / "_old.parquet").write_text("no table")
    splits = read("csv", tmp_path / "notes").splits()
    assert {name: [one.encounter_id for one in found] for name, found in splits.items()} == {
        "dev": ["e3"], "train": ["e1", "e2"],
    }  # fmt: skip
    pd.DataFrame({"id": ["e4"], "note": ["Gout."], "codes": "M10.9"}).to_parquet(tmp_path / "notes" / "x.parquet")
    with pytest.raises(LeadtermError, match="other columns than"):
        read("csv", tmp_path / "notes").splits()
    (tmp_path / "empty").mkdir()
    with pytest.raises(LeadtermError, match="has no Parquet file below it"):
        read("csv", tmp_path / "empty")
