"""Every metric against scikit-learn, or against a plain loop over a dense table."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import CODES, dense, random_data, tables
from sklearn import metrics as sk

from leadterm.evaluation import evaluate


@pytest.fixture(scope="module", params=[0, 1, 2])
def case(request):
    scores, gold = random_data(request.param, ties=request.param == 2)
    run, qrels = tables(scores, gold)
    truth, value = dense(scores, gold)
    return evaluate(run, qrels, threshold=0.5, n_bootstrap=0, ks=(3,)), truth, value


def test_set_metrics_agree_with_scikit_learn(case):
    report, truth, value = case
    said = (value >= 0.5).astype(int)
    for average in ("micro", "macro"):
        kept = truth.any(axis=0) if average == "macro" else np.ones(len(CODES), dtype=bool)
        p, r, f, _ = sk.precision_recall_fscore_support(truth[:, kept], said[:, kept], average=average, zero_division=0)
        assert report[f"{average}_precision"] == pytest.approx(p)
        assert report[f"{average}_recall"] == pytest.approx(r)
        assert report[f"{average}_f1"] == pytest.approx(f)
    assert report["encounter_f1"] == pytest.approx(sk.f1_score(truth, said, average="samples", zero_division=0))
    assert report["jaccard"] == pytest.approx(sk.jaccard_score(truth, said, average="samples", zero_division=0))
    assert report["exact_match"] == pytest.approx(sk.accuracy_score(truth, said))


def test_harmonic_macro_f1_follows_the_older_definition(case):
    report, truth, value = case
    said = (value >= 0.5).astype(int)
    met = (truth + said).any(axis=0)
    p = sk.precision_score(truth[:, met], said[:, met], average="macro", zero_division=0)
    r = sk.recall_score(truth[:, met], said[:, met], average="macro", zero_division=0)
    assert report["macro_f1_harmonic"] == pytest.approx(2 * p * r / (p + r))


def test_areas_agree_with_scikit_learn(case):
    report, truth, value = case
    kept = truth.any(axis=0) & ~truth.all(axis=0)
    present = truth.any(axis=0)
    assert report["macro_auc"] == pytest.approx(sk.roc_auc_score(truth[:, kept], value[:, kept], average="macro"))
    assert report["micro_auc"] == pytest.approx(sk.roc_auc_score(truth[:, present].ravel(), value[:, present].ravel()))
    for average in ("micro", "macro"):
        expected = sk.average_precision_score(truth[:, present], value[:, present], average=average)
        assert report[f"{average}_average_precision"] == pytest.approx(expected)


def test_ranked_metrics_agree_with_a_plain_loop(case):
    report, truth, value = case
    found = {
        name: [] for name in ("map", "mrr", "r_precision", "recall_all", "precision_at_3", "recall_at_3", "ndcg_at_3")
    }
    for gold, score in zip(truth, value, strict=True):
        order = [i for i in sorted(range(len(CODES)), key=lambda i: (-score[i], CODES[i])) if score[i] >= 0]
        hits = [bool(gold[i]) for i in order]
        n = gold.sum()
        found["map"].append(sum(sum(hits[: i + 1]) / (i + 1) for i, h in enumerate(hits) if h) / n)
        found["mrr"].append(next((1 / (i + 1) for i, h in enumerate(hits) if h), 0.0))
        found["r_precision"].append(sum(hits[:n]) / n)
        found["recall_all"].append(sum(hits) / n)
        found["precision_at_3"].append(sum(hits[:3]) / 3)
        found["recall_at_3"].append(sum(hits[:3]) / n)
        gain = sum(1 / np.log2(i + 2) for i, h in enumerate(hits[:3]) if h)
        found["ndcg_at_3"].append(gain / sum(1 / np.log2(i + 2) for i in range(min(n, 3))))
    for name, values in found.items():
        assert report[name] == pytest.approx(np.mean(values)), name


def test_brier_and_calibration_error_agree_with_a_plain_loop(case):
    report, truth, value = case
    said = value >= 0
    assert report["calibration"]["brier"] == pytest.approx(np.mean((value[said] - truth[said]) ** 2))
    error = 0.0
    for low in np.arange(10) / 10:
        inside = said & (value >= low - 1e-12) & ((value < low + 0.1 - 1e-12) | ((low > 0.85) & (value <= 1)))
        if inside.any():
            error += inside.sum() * abs(truth[inside].mean() - value[inside].mean())
    assert report["calibration"]["ece"] == pytest.approx(error / said.sum(), abs=1e-9)


def test_codiesp_ranking_rule_on_a_worked_file(tmp_path):
    path = tmp_path / "system.tsv"
    path.write_text(
        "encounter_id\tsystem\tcode\trank\tscore\n"
        "c1\ticd10cm\tn44.8\t1\t9\nc1\ticd10cm\tz20.818\t2\t8\nc1\ticd10cm\tr60.9\t3\t7\nc1\ticd10cm\tn44.8\t4\t6\n"
        "c2\ticd10cm\tr52\t1\t3\n",
        encoding="utf-8",
    )
    gold = {"c1": ["N44.8", "R60.9", "K59.0"], "c2": ["R52"], "c3": ["I10"]}
    report = evaluate(path, gold, systems=["icd10cm"], n_bootstrap=0)
    assert report["map"] == pytest.approx(((1 / 1 + 2 / 3) / 3 + 1 + 0) / 3)
    assert report["counts"]["n_duplicate_rows"] == 1
    assert report["counts"]["n_encounters_without_run"] == 1
