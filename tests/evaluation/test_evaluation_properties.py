"""Properties that hold whatever the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from evaluation_samples import random_data, tables
from hypothesis import given, settings
from hypothesis import strategies as st

from leadterm.evaluation import Qrels, Run, evaluate

RANKED = ("map", "mrr", "precision_at_5", "recall_at_10", "ndcg_at_15", "r_precision")


def single(report):
    return report.metrics()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_rows_changes_nothing(seed):
    scores, gold = random_data(seed, 8, ties=True)
    rows = [(e, "icd10cm", c, s) for e, found in scores.items() for c, s in found.items()]
    if not rows:
        return
    frame = pd.DataFrame(rows, columns=["encounter_id", "system", "code", "score"])
    mixed = frame.sample(frac=1.0, random_state=seed)
    qrels = Qrels.from_mapping(gold, system="icd10cm")
    left, right = (evaluate(Run.from_frame(f), qrels, threshold=0.5, n_bootstrap=20) for f in (frame, mixed))
    assert left.dumps() == right.dumps()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_rising_function_of_the_scores_changes_no_ranking(seed):
    scores, gold = random_data(seed, 8)
    moved = {e: {c: np.exp(3 * s) for c, s in found.items()} for e, found in scores.items()}
    left, right = (single(evaluate(*tables(s, gold), n_bootstrap=0)) for s in (scores, moved))
    assert left == right


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_lifting_a_right_code_to_the_top_never_hurts(seed):
    scores, gold = random_data(seed, 6)
    better = {e: dict(found) for e, found in scores.items()}
    better["e0"][gold["e0"][0]] = 2.0
    before, after = (single(evaluate(*tables(s, gold), n_bootstrap=0)) for s in (scores, better))
    assert all(after[name] >= before[name] - 1e-12 for name in RANKED)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_repeated_rows_change_only_the_counts(seed):
    scores, gold = random_data(seed, 6)
    rows = [(e, "icd10cm", c, s) for e, found in scores.items() for c, s in found.items()]
    if not rows:
        return
    frame = pd.DataFrame(rows, columns=["encounter_id", "system", "code", "score"])
    worse = frame.assign(score=frame["score"] / 2, code=frame["code"].str.lower().str.replace(".", "", regex=False))
    qrels = Qrels.from_mapping(gold, system="icd10cm")
    left, right = (evaluate(Run.from_frame(f), qrels, n_bootstrap=0) for f in (frame, pd.concat([frame, worse])))
    assert single(left) == single(right)
    assert right["counts"]["n_duplicate_rows"] == len(rows)


def test_ties_go_to_the_code_first_in_the_alphabet():
    report = evaluate({"e1": {"B20": 0.5, "A09": 0.5}}, {"e1": ["A09"]}, n_bootstrap=0)
    assert report["precision_at_1"] == 1.0
    report = evaluate({"e1": {"B20": 0.5, "A09": 0.5}}, {"e1": ["B20"]}, n_bootstrap=0)
    assert report["precision_at_1"] == 0.0


def test_a_perfect_run_scores_one_everywhere():
    _, gold = random_data(4)
    report = evaluate({e: dict.fromkeys(codes, 0.9) for e, codes in gold.items()}, gold, threshold=0.5, n_bootstrap=50)
    names = [n for n in report.metrics() if not n.startswith(("precision_at", "recall_at"))]
    assert {report[n] for n in names} == {1.0}
    assert all(ends[1] <= 1.0 for ends in report["ci"].values())


def test_inputs_are_left_alone():
    scores, gold = random_data(5)
    run, qrels = tables(scores, gold)
    before = (run.row.copy(), run.score.copy(), qrels.col.copy())
    evaluate(run, qrels, threshold=0.4, n_bootstrap=10)
    assert all(np.array_equal(a, b) for a, b in zip(before, (run.row, run.score, qrels.col), strict=True))


@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_same_bytes(seed):
    run, qrels = tables(*random_data(6))
    first, second = (evaluate(run, qrels, threshold="cv", n_bootstrap=60, seed=seed).dumps() for _ in range(2))
    assert first == second
