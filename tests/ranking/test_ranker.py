"""The ranker: identical to scikit-learn, calibrated, small, and strict about names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.ranking.calibration import (
    best_f1_threshold,
    expected_calibration_error,
    fit_calibration,
    precision_threshold,
)
from leadterm.ranking.ranker import Ranker
from leadterm.ranking.trees import RankerSettings, export, group_folds, grow, lay_out, walk

NAMES = ["signal", "weak", "noise"]
SMALL = RankerSettings(iterations=30, min_samples_leaf=10)


def problem(n: int = 1500, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)).astype(np.float32)
    X[rng.random((n, 3)) < 0.2] = np.nan
    logit = 2 * np.nan_to_num(X[:, 0]) + 0.7 * np.nan_to_num(X[:, 1]) - 1
    return X, (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int), np.arange(n) // 10


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    X, y, groups = problem()
    return Ranker.fit(X, y, groups, NAMES, seed=3, missed=20, settings=SMALL)


def test_numpy_trees_equal_scikit_learn() -> None:
    X, y, _ = problem()
    settings = RankerSettings(iterations=80, max_depth=9, max_leaf_nodes=31, min_samples_leaf=5)
    model = grow(X, y, np.ones(len(y)), [1, 0, 0], settings, 0)
    trees, baseline, depth = export(model)
    fresh, _, _ = problem(seed=1)
    fresh = np.vstack([X, fresh, np.nextafter(X, np.float32(np.inf))])
    raw = baseline + walk(lay_out(trees), depth, fresh)
    np.testing.assert_allclose(1 / (1 + np.exp(-raw)), model.predict_proba(fresh)[:, 1], atol=1e-6)


def test_confidence_keeps_the_order_of_the_trees(ranker: Ranker) -> None:
    X, _, _ = problem(seed=2)
    raw, confidence = ranker.raw_score(X, NAMES), ranker.confidence(X, NAMES)
    order = np.argsort(raw)
    assert np.all(np.diff(confidence[order]) >= 0)
    assert len(np.unique(confidence)) == len(np.unique(raw))


def test_out_of_fold_confidence_is_calibrated_and_honest(ranker: Ranker) -> None:
    X, y, _ = problem()
    assert ranker.oof is not None
    assert expected_calibration_error(ranker.oof, y) < 0.05
    assert np.abs(ranker.oof - ranker.confidence(X, NAMES)).max() > 0.01


def test_pure_noise_gives_no_out_of_fold_skill() -> None:
    X, _, groups = problem()
    y = np.random.default_rng(5).integers(0, 2, len(X))
    oof = Ranker.fit(X, y, groups, NAMES, settings=SMALL).oof
    assert oof is not None
    assert abs(np.corrcoef(oof, y)[0, 1]) < 0.1


def test_missed_codes_lower_the_recall_and_move_the_threshold() -> None:
    confidence, y = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 0, 1, 0, 1])
    sure = best_f1_threshold(confidence, y)
    assert (sure.threshold, sure.recall) == (0.5, 1.0)
    assert best_f1_threshold(confidence, y, missed=3).recall == 0.5


def test_threshold_for_a_target_precision() -> None:
    confidence, y = np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 0, 1])
    point = precision_threshold(confidence, y, 0.75)
    assert point is not None
    assert (point.threshold, point.precision) == (0.6, 0.75)
    assert point.low < 0.75 < point.high
    assert precision_threshold(confidence, 0 * y, 0.5) is None
    with pytest.raises(LeadtermError, match="out of range"):
        precision_threshold(confidence, y, 95)


def test_a_feature_mismatch_lists_both_sides(ranker: Ranker) -> None:
    with pytest.raises(LeadtermError, match=r"missing: noise; unseen in training: nois\."):
        ranker.confidence(np.zeros((1, 3)), ["signal", "weak", "nois"])


def test_columns_may_come_in_any_order(ranker: Ranker) -> None:
    X, _, _ = problem(seed=4)
    turned = ranker.confidence(X[:, ::-1], NAMES[::-1])
    np.testing.assert_array_equal(turned, ranker.confidence(X, NAMES))


def test_save_and_load_give_the_same_ranker(ranker: Ranker, tmp_path: Path) -> None:
    X, _, _ = problem(seed=6)
    again = Ranker.load(ranker.save(tmp_path / "model"))
    np.testing.assert_array_equal(again.confidence(X, NAMES), ranker.confidence(X, NAMES))
    assert again.threshold == ranker.threshold
    assert again.oof is None


def test_same_seed_same_bytes(ranker: Ranker, tmp_path: Path) -> None:
    X, y, groups = problem()
    twin = Ranker.fit(X, y, groups, NAMES, seed=3, missed=20, settings=SMALL)
    one, two = ranker.save(tmp_path / "a"), twin.save(tmp_path / "b")
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()


def test_the_default_size_is_small(ranker: Ranker, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 10)).astype(np.float32)
    trees, baseline, depth = export(grow(X, X.sum(axis=1) > 2, np.ones(3000), [0] * 10, RankerSettings(), 0))
    big = Ranker(tuple("abcdefghij"), trees, baseline, depth, ranker.calibration, 0.5)
    folder = big.save(tmp_path / "m")
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 300_000


def test_prediction_does_not_import_scikit_learn(ranker: Ranker, tmp_path: Path) -> None:
    folder = ranker.save(tmp_path / "model")
    script = (
        "import sys; from leadterm.ranking.ranker import Ranker; "
        f"r = Ranker.load({str(folder)!r}); r.confidence([[0.0, 0.0, 0.0]], {NAMES!r}); "
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.ones(1500)}, "one class"),
        ({"groups": np.zeros(1500)}, "two groups"),
        ({"y": np.ones(3)}, "disagree"),
        ({"feature_names": ["a", "a", "b"]}, "repeat"),
        ({"monotonic": {"other": 1}}, "other"),
    ],
)
def test_what_cannot_be_learned_is_refused(change: dict[str, object], message: str) -> None:
    X, y, groups = problem()
    given: dict[str, object] = {"X": X, "y": y, "groups": groups, "feature_names": NAMES} | change
    with pytest.raises(LeadtermError, match=message):
        Ranker.fit(**given)  # type: ignore[arg-type]


def test_folds_never_divide_a_group() -> None:
    groups = [f"g{i % 7}" for i in range(70)]
    fold = group_folds(groups, 3, seed=1)
    assert all(len({fold[i] for i in range(70) if groups[i] == g}) == 1 for g in set(groups))
    assert set(fold.tolist()) == {0, 1, 2}


def test_calibration_mends_overconfident_scores() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=4000) * 2
    y = rng.random(4000) < 1 / (1 + np.exp(-z))
    fitted = fit_calibration(3 * z + 1, y, np.arange(4000) % 5)
    assert fitted.ece < 0.03 < expected_calibration_error(1 / (1 + np.exp(-3 * z - 1)), y)


def test_a_column_without_any_value_is_no_obstacle() -> None:
    rng = np.random.default_rng(2)
    X = np.column_stack([rng.normal(size=200), np.full(200, np.nan)]).astype(np.float32)
    settings = RankerSettings(iterations=10)
    ranker = Ranker.fit(X, X[:, 0] > 0, np.arange(200) // 4, ["signal", "blank"], settings=settings)
    filled, empty = (ranker.confidence([[3.0, value]], ranker.feature_names) for value in (1.0, np.nan))
    assert filled == empty
