"""The reference corpus: every code valid, every offset exact, built files up to date; and its builder's faults."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from leadterm.corpus import check, read_split
from leadterm.errors import LeadtermError
from leadterm.readers.reference_format import locate, parse
from leadterm.readers.reference_rules import code_faults, excludes1_conflict
from leadterm.readers.reference_sources import build, main, read_sources

FOLDER = Path(__file__).parents[2] / "corpora" / "reference"
GOOD = """encounter: x-1
setting: outpatient
kind: progress note
sex: F
birth_year: 1961
date_of_service: 2026-05-04
codes:
- J01.90 first-listed | Acute sinusitis
---
ASSESSMENT: Acute sinusitis.
"""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    lines = (FOLDER / "train.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_built_files_are_up_to_date() -> None:
    for name, content in build(read_sources(FOLDER / "sources")).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content, f"rebuild {name}"


def test_the_corpus_passes_the_check_of_every_corpus() -> None:
    assert check(FOLDER) == []
    assert all(code.evidence for encounter in read_split(FOLDER, "train") for code in encounter.codes)


def test_there_are_enough_encounters_with_unique_ids(rows: list[dict[str, Any]]) -> None:
    ids = [row["encounter_id"] for row in rows]
    assert len(ids) >= 890
    assert len(set(ids)) == len(ids)


def test_both_settings_and_many_codes_are_covered(rows: list[dict[str, Any]]) -> None:
    settings = Counter(row["setting"] for row in rows)
    assert settings["inpatient"] >= 235
    assert settings["outpatient"] >= 650
    assert len({code["code"] for row in rows for code in row["codes"]}) >= 1600
    assert len({code["code"][0] for row in rows for code in row["codes"]}) >= 20


def test_every_code_is_valid_and_billable(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert not code_faults([code["code"] for code in row["codes"]]), row["encounter_id"]


def test_every_evidence_lies_in_the_note_on_whole_words(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        text = row["notes"][0]["text"]
        for code in row["codes"]:
            assert code["evidence"], (row["encounter_id"], code["code"])
            for start, end in (span for item in code["evidence"] for span in item["spans"]):
                assert 0 <= start < end <= len(text)
                assert text[start:end] == text[start:end].strip()
                assert not (text[start].isalnum() and text[start - 1 : start].isalnum())
                assert not (text[end - 1].isalnum() and text[end : end + 1].isalnum())


def test_no_note_is_there_twice(rows: list[dict[str, Any]]) -> None:
    texts = [" ".join(row["notes"][0]["text"].split()) for row in rows]
    assert len(set(texts)) == len(texts)


def test_the_card_counts_what_is_there(rows: list[dict[str, Any]]) -> None:
    card = tomllib.loads((FOLDER / "corpus.toml").read_text(encoding="utf-8"))
    assert card["counts"]["encounters"] == len(rows)
    assert card["counts"]["codes"] == sum(len(row["codes"]) for row in rows)
    assert card["phi_status"].startswith("none")
    assert card["systems"] == {"icd10cm": "2026-04-01"}


def test_a_good_source_builds_with_exact_offsets() -> None:
    row = json.loads(build(parse(GOOD, "x.md"))["train.jsonl"])
    [code] = row["codes"]
    assert code == {
        "system": "icd10cm",
        "code": "J01.90",
        "role": "first-listed",
        "evidence": [{"note_id": "n1", "spans": [[12, 27]]}],
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("J01.90", "J01.9", "not billable"),
        ("J01.90", "J01.95", "not a code"),
        ("J01.90 first", "W01.0XXA first", "cannot come first"),
        ("| Acute sinusitis", "| chronic sinusitis", "no such words"),
        ("| Acute sinusitis", "| Acute sinusitis@2", "no such words"),
        ("| Acute", "Acute", "not a code line"),
        ("first-listed", "principal", "roles are principal"),
        ("outpatient", "outpatent", "did you mean 'outpatient'"),
        ("sex: F", "sex: f", "unknown sex"),
        ("2026-05-04", "2027-05-04", "service on 2027"),
        ("2026-05-04", "May", "cannot be read"),
        ("kind:", "kindly:", "did you mean 'kind'"),
        ("kind: progress note\n", "", "lacks kind"),
        ("\n---\n", "\n", "no line '---'"),
        ("- J01.90 first-listed | Acute sinusitis\n", "", "at least one code"),
    ],
)
def test_a_faulty_source_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(LeadtermError, match=message) as caught:
        build(parse(GOOD.replace(old, new, 1), "x.md"))
    assert "x.md" in str(caught.value)


def test_excludes1_pairs_are_refused_unless_allowed() -> None:
    pair = GOOD.replace("---\n", "- J32.9 secondary | sinusitis\n---\n", 1)
    assert excludes1_conflict(["J01.90", "J32.9"]) is not None
    with pytest.raises(LeadtermError, match="Excludes1"):
        build(parse(pair, "x.md"))
    allowed = pair.replace("codes:", "excludes1_allowed: J01.90 J32.9\ncodes:", 1)
    assert build(parse(allowed, "x.md"))


def test_all_faults_are_told_at_once() -> None:
    two = GOOD.replace("J01.90", "J01.9") + "=====\n" + GOOD.replace("x-1", "x-2").replace("sex: F", "sex: X")
    with pytest.raises(LeadtermError) as caught:
        build(parse(two, "x.md"))
    assert len(str(caught.value).splitlines()) == 2


def test_pieces_of_a_mention_stand_in_order() -> None:
    assert locate("tear ... knee", "knee: tear, left knee") == [[6, 10], [17, 21]]
    assert locate("knee ... tear@2", "knee: tear, left knee") is None


def test_command_writes_both_files_or_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources, out = tmp_path / "sources", tmp_path / "out"
    sources.mkdir()
    out.mkdir()
    (sources / "x.md").write_text(GOOD, encoding="utf-8")
    assert main([str(sources), str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["corpus.toml", "train.jsonl"]
    before = (out / "train.jsonl").read_bytes()
    (sources / "y.md").write_text(GOOD, encoding="utf-8")
    assert main([str(sources), str(out)]) == 2
    assert "is also at" in capsys.readouterr().err
    assert (out / "train.jsonl").read_bytes() == before
    assert main([str(sources)]) == 2
    assert main([str(tmp_path / "none"), str(out)]) == 2
