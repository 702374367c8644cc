"""Training from end to end: no leakage, evidence for all, resumption, and clear refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.learned.store import load_model
from leadterm.learned.tokens import tokenise
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.training import train_model as train_module
from leadterm.training.recipe import Recipe, read_recipe
from leadterm.training.stacking import examples_of, out_of_fold
from leadterm.training.train_model import TrainResult, train


@pytest.fixture(scope="module")
def result(marked: list[Encounter], quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(marked, tmp_path_factory.mktemp("m") / "model", quick, target_precision=0.9)


def test_it_learns_and_every_suggestion_has_evidence(result: TrainResult, bare: list[Encounter]) -> None:
    assert result.point.f1 > 0.9
    for encounter in bare[:10]:
        text = encounter.notes[0].text
        found = result.model.suggest(encounter)
        kept = {s.code for s in found.suggestions if s.confidence >= found.threshold}
        assert kept == {c.code for c in encounter.codes}
        for suggestion in found.suggestions:
            assert suggestion.evidence
            assert all(text[e.start : e.end] == e.text for e in suggestion.spans)


def test_codes_alone_are_enough(bare: list[Encounter], quick: Recipe, tmp_path: Path) -> None:
    assert train(bare, tmp_path / "model", quick).point.f1 > 0.85


def test_an_encounter_never_sees_its_own_labels(marked: list[Encounter], quick: Recipe) -> None:
    texts = [tokenise(e) for e in marked]
    ids = [e.encounter_id for e in marked]
    before = out_of_fold(examples_of(marked, texts, "icd10cm"), ids, quick)
    swapped = [replace(marked[0], codes=marked[5].codes), *marked[1:]]
    fake = [replace(c, evidence=()) for c in swapped[0].codes]
    swapped[0] = replace(swapped[0], codes=tuple(fake))
    after = out_of_fold(examples_of(swapped, texts, "icd10cm"), ids, quick)
    assert {c.code for c in marked[0].codes} != {c.code for c in marked[5].codes}
    np.testing.assert_array_equal(before.features[before.owner == 0], after.features[after.owner == 0])


def test_patients_are_not_divided(marked: list[Encounter], quick: Recipe) -> None:
    texts = [tokenise(e) for e in marked]
    rows = out_of_fold(examples_of(marked, texts, "icd10cm"), [f"p{i // 2}" for i in range(60)], quick)
    place = {int(o): i for i, o in reversed(list(enumerate(rows.owner)))}
    assert all(abs(place[2 * i] - place[2 * i + 1]) < 10 for i in range(30))


def test_the_saved_model_suggests_the_same(result: TrainResult, bare: list[Encounter]) -> None:
    again = load_model(result.path)
    assert again.suggest(bare[3]) == result.model.suggest(bare[3])


def test_the_same_seed_gives_the_same_weights(
    result: TrainResult, marked: list[Encounter], quick: Recipe, tmp_path: Path
) -> None:
    twin = train(marked, tmp_path / "model", quick)
    one, two = (json.loads((p / "manifest.json").read_text())["files"] for p in (result.path, twin.path))
    assert one == two


def test_the_folder_holds_manifest_and_card_but_no_sentence(result: TrainResult, marked: list[Encounter]) -> None:
    meta = json.loads((result.path / "manifest.json").read_text())["meta"]
    assert meta["corpus"]["encounters"] == 60
    assert meta["peak_memory_mb"] > 0
    assert "precision of 0.9" in (result.path / "README.md").read_text()
    sentence = marked[0].notes[0].text[:40].encode()
    assert all(sentence not in file.read_bytes() for file in result.path.iterdir())


def test_an_interrupted_run_leaves_no_model_and_is_taken_up(
    marked: list[Encounter], quick: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(step: str, _share: float) -> None:
        if "ranker" in step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(marked, tmp_path / "model", quick, progress=stop)
    assert not (tmp_path / "model").exists()

    monkeypatch.delattr("leadterm.training.stacking.fold_rows")
    train(marked, tmp_path / "model", quick)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_another_recipe_does_not_take_up_old_folds(quick: Recipe, tmp_path: Path) -> None:
    one = train_module.WorkFolder.beside(tmp_path / "m", {"recipe": quick.to_json()})
    two = train_module.WorkFolder.beside(tmp_path / "m", {"recipe": replace(quick, seed=1).to_json()})
    assert one.path != two.path


def test_an_unknown_system_is_named(marked: list[Encounter], quick: Recipe, tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="did you mean 'icd10cm'"):
        train(marked, tmp_path / "m", quick, systems=["icd10"])


def test_uncoded_and_repeated_encounters_are_refused(marked: list[Encounter], quick: Recipe, tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="nothing to learn"):
        train([Encounter("e", (Note("n", "x"),))], tmp_path / "m", quick)
    with pytest.raises(LeadtermError, match="come twice"):
        train([marked[0], marked[0]], tmp_path / "m", quick)
    with pytest.raises(LeadtermError, match="two groups"):
        train(marked[:1], tmp_path / "m", quick)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 1", "did you mean 'seed'"),
        ("[ranker]\niteration = 3", "did you mean 'iterations'"),
        ("seed = 'one'", "must be a whole number"),
        ("folds = 1", "2 or more"),
        ("folds = true", "must be a whole number"),
        ("base = 3", "must be a table"),
        ("seed =", "not TOML"),
        ("[base.linear]\nridge = -1.0", "must be positive"),
    ],
)
def test_a_bad_recipe_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(LeadtermError, match=message):
        read_recipe(tmp_path / "r.toml")


def test_a_recipe_keeps_the_defaults_it_does_not_name(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text("seed = 7\n[base.linear]\nridge = 2\n")
    recipe = read_recipe(tmp_path / "r.toml")
    assert (recipe.seed, recipe.base.linear.ridge, recipe.ranker) == (7, 2.0, Recipe().ranker)


def test_codes_in_another_spelling_are_told(quick: Recipe, tmp_path: Path) -> None:
    said = [("Gout today.", "m109"), ("Dry cough.", "R05.9"), ("Asthma attack.", "j45909")]
    notes = [
        Encounter(f"e{i}", (Note("n", said[i % 3][0]),), (ReferenceCode("icd10cm", said[i % 3][1]),)) for i in range(30)
    ]
    bare = Encounter("none", (Note("n", "Well."),))
    remarks = train([*notes, bare], tmp_path / "model", quick, earlier=None).remarks
    assert remarks[0].startswith("20 of 30 codes are not written as their system writes them ('j45909' for 'J45.909')")
    assert remarks[1].startswith("1 of 31 encounters have no code of icd10cm")
