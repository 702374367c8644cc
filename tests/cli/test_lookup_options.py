"""``--ner`` and ``--linker``: what no term covers is looked up by its letters, and the suggestions change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy

from leadterm.cli import main

Capture = pytest.CaptureFixture[str]
HEADING = "Assessment:\n1. Cryoglobulinemic.\n2. Gout.\n"
PROSE = "HPI: She heard the word toxoplasmotic again. No agranulocytotic state. Gout of the left knee.\n"


def found(capsys: Capture, note: Path, *options: str) -> dict[str, dict[str, Any]]:
    assert main(["suggest", str(note), "--format", "json", *options]) == 0
    return {s["code"]: s for s in json.loads(capsys.readouterr().out)[0]["suggestions"]}


@pytest.fixture
def heading(tmp_path: Path) -> Path:
    (tmp_path / "heading.txt").write_text(HEADING)
    return tmp_path / "heading.txt"


@pytest.fixture
def prose(tmp_path: Path) -> Path:
    (tmp_path / "prose.txt").write_text(PROSE)
    return tmp_path / "prose.txt"


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy model in a folder that knows some words; a term of ours covers one of them."""
    model = spacy.blank("en")
    words = ("toxoplasmotic", "agranulocytotic state", "Gout", "She")
    model.add_pipe("entity_ruler").add_patterns([{"label": "DISEASE", "pattern": word} for word in words])
    folder = tmp_path_factory.mktemp("ner") / "words"
    model.to_disk(folder)
    return folder


def test_headings_without_a_term_are_looked_up_where_asked(heading: Path, capsys: Capture) -> None:
    plain, linked = found(capsys, heading), found(capsys, heading, "--linker")
    assert "D89.1" not in plain
    assert set(linked) - set(plain) == {"D89.1"}
    assert linked["D89.1"]["source"] == "fuzzy"
    assert linked["D89.1"]["term"] == "cryoglobulinemia"
    assert linked["D89.1"]["section"] == "assessment"
    assert [span["text"] for span in linked["D89.1"]["evidence"]] == ["Cryoglobulinemic"]


def test_entities_without_a_term_are_looked_up(prose: Path, recogniser: Path, capsys: Capture) -> None:
    plain, read = found(capsys, prose), found(capsys, prose, "--ner", str(recogniser))
    assert set(read) - set(plain) == {"B58.9"}
    assert read["B58.9"]["source"] == "fuzzy"
    assert [span["text"] for span in read["B58.9"]["evidence"]] == ["toxoplasmotic"]
    assert {s["source"] for s in plain.values()}.isdisjoint({"fuzzy"})


def test_each_option_looks_up_its_own_phrases(heading: Path, prose: Path, recogniser: Path, capsys: Capture) -> None:
    assert "D89.1" not in found(capsys, heading, "--ner", str(recogniser))
    assert "B58.9" not in found(capsys, prose, "--linker")


def test_a_model_that_cannot_be_used_is_named(heading: Path, tmp_path: Path, capsys: Capture) -> None:
    spacy.blank("en").to_disk(tmp_path / "bare")
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "config.cfg").write_text("[nlp]\nlang = 7\n")
    for name, said in (("bare", "has no entity recogniser"), ("torn", "cannot be loaded"), ("none", "unknown entity")):
        assert main(["suggest", str(heading), "--ner", str(tmp_path / name)]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert "fault of leadterm" not in shown
