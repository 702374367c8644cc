"""``leadterm train`` as a person types it: from a corpus folder to a model that suggests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.corpus import Card, write_corpus
from three_conditions import make

Capture = pytest.CaptureFixture[str]
RECIPE = "folds = 3\n[ranker]\niterations = 20\nfolds = 2\nmin_samples_leaf = 5\n"
CARD = Card("demo", "Invented.", "CC0-1.0", ("en",), {"icd10cm": "2026"}, "by hand", "none: invented")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    write_corpus(folder / "corpus", CARD, {"train": make(60, evidence=True), "dev": make(10, evidence=False, seed=8)})
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def model(corpus: Path) -> Path:
    made = corpus / "model"
    options = ["--recipe", str(corpus / "recipe.toml"), "--from", "none", "--target-precision", "0.9", "--jobs", "1"]
    assert main(["train", str(corpus / "corpus"), "--output", str(made), *options]) == 0
    return made


def test_a_model_is_trained_and_suggests(model: Path, tmp_path: Path, capsys: Capture) -> None:
    note = tmp_path / "visit.txt"
    note.write_text("Assessment:\n1. Possible kidney stone.\n2. Bronchial asthma.\n")
    assert main(["suggest", str(note), "--model", str(model), "--format", "json"]) == 0
    found = {s["code"]: s for s in json.loads(capsys.readouterr().out)[0]["suggestions"]}
    assert {found["N20.0"]["source"], found["J45.909"]["source"]} == {"learned"}
    assert found["J45.909"]["section"] == "assessment"
    assert [cue["text"] for cue in found["N20.0"]["cues"]] == ["Possible"]
    assert found["N20.0"]["hints"]


def test_it_says_what_it_made(corpus: Path, capsys: Capture) -> None:
    made = corpus / "second"
    options = ["--recipe", str(corpus / "recipe.toml"), "--from", "default", "--split", "dev", "--split", "train"]
    given = ["train", str(corpus / "corpus"), "--output", str(made), "--system", "icd10cm", *options]
    assert main(given) == 2  # the two splits of this corpus name their encounters alike
    assert "encounter ids come twice" in capsys.readouterr().err
    assert not made.exists()
    assert main([*given[:-4], "--split", "dev"]) == 0
    shown = capsys.readouterr()
    assert f"model written to {made}" in shown.out
    assert "out of fold: precision" in shown.out
    assert "the model 'default'" in (made / "README.md").read_text()


def test_a_model_is_trained_further(model: Path, corpus: Path, capsys: Capture) -> None:
    made = corpus / "further"
    given = ["train", str(corpus / "corpus"), "--output", str(made), "--recipe", str(corpus / "recipe.toml")]
    assert main([*given, "--split", "dev", "--continue", str(model)]) == 0
    assert f"the model '{model.name}'" in (made / "README.md").read_text()
    assert main([*given, "--continue", str(model)]) == 2
    assert "already learned from all 60" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "default", "--continue", "x"], "--from and --continue exclude each other"),
        (["--continue", "default"], "was not learned from a corpus. Use --from default"),
        (["--from", "defalt"], "unknown model 'defalt'; did you mean 'default'?"),
        (["--system", "icd10"], "did you mean 'icd10cm'"),
        (["--recipe", "/nowhere.toml"], "cannot read recipe"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: list[str], said: str, corpus: Path, capsys: Capture) -> None:
    made = corpus / "never"
    assert main(["train", str(corpus / "corpus"), "--output", str(made), *options]) == 2
    assert said in capsys.readouterr().err
    assert not made.exists()


@pytest.mark.parametrize(("given", "said"), [("95", "; did you mean 0.95?"), ("1", "."), ("0", "."), ("nan", ".")])
def test_a_target_that_cannot_be_meant_is_refused_before_training(
    given: str, said: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["train", str(tmp_path / "none"), "--output", str(tmp_path / "m"), "--target-precision", given]) == 2
    assert f"the target precision {given} is not between 0 and 1{said}" in capsys.readouterr().err


def test_sure_is_what_the_target_precision_bought(model: Path, tmp_path: Path, capsys: Capture) -> None:
    target = json.loads((model / "manifest.json").read_text())["meta"]["target"]
    assert target["wanted"] == 0.9 <= target["precision"]
    note = tmp_path / "visit.txt"
    note.write_text("Bronchial asthma.\n")
    asked = ["suggest", str(note), "--model", str(model), "--tier", "sure", "--format", "json"]
    assert main(asked) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)[0]["threshold"] == round(target["threshold"], 4)
    assert f"on {target['kept']} suggestions; the true precision may be as low as {target['low']:.2f}" in shown.err
    assert main([*asked, "--threshold", "0.5"]) == 2
    assert "--tier and --threshold exclude each other" in capsys.readouterr().err
    assert main(["suggest", str(note), "--tier", "sure"]) == 2
    assert "the model 'default' has no target precision" in capsys.readouterr().err
