"""What a model keeps of where it learned: enough to see drift, and no word of a note."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from leadterm.corpus.baseline import divergence, gather_baseline, stored_baseline, words_of
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.artifacts import read_manifest
from leadterm.training.recipe import parse_recipe
from leadterm.training.train_model import train
from three_conditions import make

RECIPE = {"folds": 2, "ranker": {"iterations": 10, "folds": 2, "min_samples_leaf": 5}}


def encounter(number: int, text: str, *codes: str) -> Encounter:
    return Encounter(f"e{number}", (Note("n", text),), tuple(ReferenceCode("icd10cm", code) for code in codes))


def test_a_word_that_few_encounters_have_is_not_common_and_none_can_be_read() -> None:
    some = [encounter(i, f"Cough again, says Person{'abcdefgh'[i]}.", "R05.9") for i in range(8)]
    found = gather_baseline("m", some)
    assert found.count_new(words_of(encounter(9, "Cough again. Persona."))) == 1
    assert found.new == pytest.approx(1 / 4)
    kept = json.dumps(found.to_json())
    assert "cough" not in kept
    assert "person" not in kept.lower()
    assert stored_baseline("m", json.loads(kept)) == found
    assert stored_baseline("m", None).name == ""


def test_chance_alone_moves_a_small_mix_far_and_a_large_one_little() -> None:
    mix = {f"C{i:02d}": 40 - i for i in range(40)}
    found = stored_baseline("m", {"common": "", "new": 0.0, "categories": mix})
    few, many = found.by_chance(10), found.by_chance(1000)
    assert few > 3 * many > 0
    drawn = Counter(random.Random(5).choices(list(mix), list(mix.values()), k=1000))
    assert divergence(drawn, mix) < 2 * many
    assert divergence({"Z99": 5}, mix) == 1.0


def test_a_trained_model_tells_what_its_notes_were_like(tmp_path: Path) -> None:
    learned = make(60, evidence=True, seed=1)
    train(learned, tmp_path / "m", parse_recipe(RECIPE), earlier=None)
    kept = read_manifest(tmp_path / "m")["meta"]["baseline"]
    found = stored_baseline("m", kept)
    assert found == gather_baseline("m", learned)
    strange = encounter(0, "Wholly other language stands herein throughout.")
    told = [word for one in learned for word in words_of(one)]
    assert found.count_new(told) / len(told) == pytest.approx(found.new, abs=1e-5)
    assert found.count_new(words_of(strange)) == 6
