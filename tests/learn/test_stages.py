"""The stages above the parts: relations between codes, earlier models, and training that goes on from one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conftest import make
from leadterm.errors import LeadtermError
from leadterm.learn import base as parts
from leadterm.learn.describe import describe
from leadterm.learn.earlier import earlier_systems, earlier_table
from leadterm.learn.model import CorpusModel
from leadterm.learn.recipe import Recipe
from leadterm.learn.relations import FEATURES, learn_relations, relation_features
from leadterm.learn.stack import FoldRows, examples_of, out_of_fold
from leadterm.learn.tokens import tokenise
from leadterm.learn.train import TrainResult, train
from leadterm.learn.work import WorkFolder


@pytest.fixture(scope="module")
def first(quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(make(60, evidence=True), tmp_path_factory.mktemp("first") / "model", quick)


@pytest.fixture(scope="module")
def second(first: TrainResult, quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    folder = tmp_path_factory.mktemp("second") / "model"
    return train(make(30, evidence=False, seed=9), folder, quick, earlier=CorpusModel.load(first.path))


def symptom_and_cause(n: int = 60) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Code 0 is said everywhere, but given only where code 1 is not."""
    owner, code = np.repeat(np.arange(n), 2), np.tile([0, 1], n)
    caused = np.repeat(np.arange(n) % 2 == 0, 2)
    confidence = np.where(code == 0, 0.5, np.where(caused, 0.95, 0.02))
    return owner, code, confidence, np.where(code == 0, ~caused, caused)


def test_a_symptom_gives_way_to_its_cause() -> None:
    owner, code, confidence, target = symptom_and_cause()
    kinds = np.array([0, 1])
    learned = learn_relations(owner, code, confidence, target, kinds)
    with_cause, without = (relation_features(learned, kinds, code[:2], np.array([0.5, p])) for p in (0.95, 0.0))
    column = FEATURES.index("effect_sum")
    assert with_cause[0, column] < -0.3
    assert without[0, column] == 0


def test_relations_do_not_depend_on_the_order_of_rows() -> None:
    owner, code, confidence, target = symptom_and_cause()
    shuffled = np.random.default_rng(3).permutation(len(owner))
    kinds = np.array([0, 1])
    one = learn_relations(owner, code, confidence, target, kinds)
    two = learn_relations(owner[shuffled], code[shuffled], confidence[shuffled], target[shuffled], kinds)
    np.testing.assert_allclose(one.codes.toarray(), two.codes.toarray(), atol=1e-6)


def test_codes_never_seen_have_no_relations() -> None:
    learned = learn_relations(*symptom_and_cause(), np.array([0, 1]))
    found = relation_features(learned, np.array([0, 1]), np.array([-1, 1]), np.array([0.4, 0.9]))
    assert not found[0].any()
    none = np.zeros(0, dtype=np.int64)
    assert relation_features(learned, np.array([0, 1]), none, np.zeros(0)).shape == (0, len(FEATURES))


def test_what_the_earlier_model_says_stands_beside_what_is_learned(first: TrainResult) -> None:
    encounter = make(1, evidence=False, seed=4)[0]
    table = earlier_table(first.model, encounter, "icd10cm")
    base = first.model.systems["icd10cm"].base
    found = describe(base, tokenise(encounter), table)
    assert earlier_systems(first.model) == {"icd10cm"}
    assert table.feature_names == ("earlier_score", "earlier_rank")
    assert set(table.codes) <= set(found.codes)
    assert found.features.shape[1] == len(parts.FEATURES) + 2


def test_training_goes_on_from_a_model(first: TrainResult, second: TrainResult) -> None:
    again = CorpusModel.load(second.path)
    for encounter in make(8, evidence=False, seed=21):
        found = again.suggest(encounter)
        assert found == second.model.suggest(encounter)
        kept = {s.code for s in found.suggestions if s.confidence >= found.threshold}
        assert kept == {c.code for c in encounter.codes}
    assert isinstance(again.earlier, CorpusModel)
    assert again.earlier.name == first.model.name


def test_encounters_it_knows_are_not_learned_again(first: TrainResult, quick: Recipe, tmp_path: Path) -> None:
    with pytest.raises(LeadtermError, match="already learned from all 60"):
        train(make(60, evidence=True), tmp_path / "m", quick, earlier=first.model)


def test_two_processes_give_the_same_rows(quick: Recipe) -> None:
    marked = make(30, evidence=True)
    examples = examples_of(marked, [tokenise(e) for e in marked], "icd10cm")
    ids = [e.encounter_id for e in marked]
    one, two = (out_of_fold(examples, ids, quick, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.features, two.features)


def test_a_damaged_fold_is_made_again(tmp_path: Path) -> None:
    folds = WorkFolder.beside(tmp_path / "m", {}).of("icd10cm")
    rows = FoldRows(
        np.ones((1, 2), np.float32), np.ones(1, np.int8), np.zeros(1, np.int64), np.zeros(1, np.int64), 3
    )
    folds.write(0, rows)
    kept = folds.read(0)
    assert kept is not None
    assert kept.missed == 3
    file = next(folds.path.glob("*-0.npz"))
    file.write_bytes(file.read_bytes()[:40])
    assert folds.read(0) is None
