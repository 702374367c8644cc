"""The loop: what coders decided becomes a corpus, a model learns from it, and learns further from the next month."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.corpus import check, read_split
from leadterm.decisions.changes import Change, Entry, key_of, places_of
from leadterm.decisions.decision_store import DecisionStore
from leadterm.schema import Encounter
from three_conditions import make

RECIPE = "folds = 3\n[ranker]\niterations = 20\nfolds = 2\nmin_samples_leaf = 5\n"


def reviewed(folder: Path, encounters: list[Encounter], month: str) -> Path:
    """Notes in files, and decisions on them as a coder makes them; the last encounter is not finished."""
    store = DecisionStore(folder / month)
    (folder / month / "notes").mkdir()
    for number, one in enumerate(encounters):
        name = f"{month}-{number}"
        (folder / month / "notes" / f"{name}.txt").write_text(one.notes[0].text, encoding="utf-8")
        key = name, key_of(one)[1]
        places = {code.code: places_of(code.evidence) for code in one.codes}
        made = [Change("add", "icd10cm", code, evidence=tuple((name, spans) for _, spans in found))
                for code, found in places.items()]  # fmt: skip
        finish = [Change("finish")] if number + 1 < len(encounters) else []
        store.append(Entry(name, "", "ana", *key, (*made, *finish), releases={"icd10cm": "2026"}))
    store.close()
    return folder / month


def test_a_model_learns_from_decisions_and_learns_further(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    for month, seed in (("may", 1), ("june", 2)):
        source = reviewed(tmp_path, make(60, evidence=True, seed=seed), month)
        corpus = str(tmp_path / f"corpus-{month}")
        assert main(["corpus", "import", "decisions", str(source), "-o", corpus]) == 0
        assert "1 of 60 encounters are not finished" in capsys.readouterr().err
        assert not [one for one in check(corpus) if one.level == "error"]
        assert len(read_split(corpus, "train")) == 59
        further = ["--continue", str(tmp_path / "model-may")] if month == "june" else ["--from", "none"]
        given = ["train", corpus, "--recipe", str(recipe), "--jobs", "1", *further]
        assert main([*given, "-o", str(tmp_path / f"model-{month}")]) == 0
    note = tmp_path / "visit.txt"
    note.write_text("Assessment: Bronchial asthma.\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["suggest", str(note), "--model", str(tmp_path / "model-june"), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)[0]["suggestions"]
    assert found[0]["code"] == "J45.909"
