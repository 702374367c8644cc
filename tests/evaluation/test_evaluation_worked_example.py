"""Four encounters worked out by hand: counts in the hierarchy, buckets, volume, principal codes; and the statistics."""

from __future__ import annotations

import pytest

from leadterm.evaluation import Qrels, Run, compare, evaluate
from leadterm.evaluation.metrics.resample import holm
from leadterm.schema import Encounter, Note, ReferenceCode

GOLD = {
    "e1": {"I10": "principal", "E11.9": "secondary"},
    "e2": {"E11.22": "principal", "N18.31": "secondary"},
    "e3": {"J45.909": "first-listed"},
    "e4": {"R05.9": ""},
}
SAID = {
    "e1": {"I10": 0.9, "E11.65": 0.8, "J20.9": 0.3},
    "e2": {"E11.9": 0.7, "E11.22": 0.6},
    "e3": {"J45.909": 0.4},
    "e4": {"R05.9": 0.9, "J20.9": 0.6},
}
LEARNED = {"I10": 12, "E11.9": 3}
# Chosen at 0.5: e1 I10 E11.65, e2 E11.9 E11.22, e3 nothing, e4 R05.9 J20.9.
# Right: I10, E11.22, R05.9. Wrong: E11.65, E11.9 (e2), J20.9. Missed: E11.9 (e1), N18.31, J45.909.


@pytest.fixture(scope="module")
def report():
    note = (Note("n", "Seen."),)
    gold = [
        Encounter(name, note, tuple(ReferenceCode("icd10cm", code, role) for code, role in codes.items()))
        for name, codes in GOLD.items()
    ]
    run = Run.from_mapping(SAID, system="icd10cm")
    return evaluate(run, Qrels.from_encounters(gold), threshold=0.5, training=LEARNED, n_bootstrap=0)


def test_the_suggested_sets(report):
    assert report["micro_precision"] == report["micro_recall"] == report["micro_f1"] == 3 / 6
    assert report["encounter_f1"] == pytest.approx((1 / 2 + 1 / 2 + 0 + 2 / 3) / 4)
    assert report["jaccard"] == pytest.approx((1 / 3 + 1 / 3 + 0 + 1 / 2) / 4)
    assert report["exact_match"] == 0.0
    assert report["macro_f1"] == pytest.approx((1 + 0 + 1 + 0 + 0 + 1) / 6)
    assert report["map"] == pytest.approx((1 / 2 + (1 / 2) / 2 + 1 + 1) / 4)


def test_the_hierarchy_as_sets_and_with_counts(report):
    def counts(level, kind):
        return tuple(report["hierarchy"][level][kind][k] for k in ("tp", "fp", "fn"))

    # e2 says E11 twice where it is once in the reference: one right and, with counts, one too many.
    assert counts("code", "set") == counts("code", "count") == (3, 3, 3)
    assert counts("category", "set") == (1 + 1 + 0 + 1 + 1, 1, 2)
    assert counts("category", "count") == (4, 2, 2)
    assert counts("chapter", "count") == (4, 2, 2)
    found = report["hierarchy"]["category"]["count"]
    assert (found["micro_precision"], found["micro_recall"]) == (4 / 6, 4 / 6)
    assert counts("all_levels", "count") == (3 + 4 + 4 + 4, 3 + 2 + 2 + 2, 3 + 2 + 2 + 2)


def test_seen_few_shot_and_unseen_codes(report):
    buckets = report["by_seen"]
    rows = {
        name: (g["n_codes"], g["n_reference_codes"], g["n_suggested"], g["micro_f1"]) for name, g in buckets.items()
    }
    assert rows == {
        "unseen": (4, 4, 4, pytest.approx(2 * 2 / (4 + 4))),
        "few-shot (1-9)": (1, 1, 1, 0.0),
        "seen (10+)": (1, 1, 1, 1.0),
    }
    assert buckets["unseen"]["micro_recall"] == 2 / 4


def test_over_and_under_coding(report):
    volume = report["volume"]
    assert (volume["suggested_per_encounter"], volume["reference_per_encounter"], volume["ratio"]) == (1.5, 1.5, 1.0)
    assert (volume["share_over"], volume["share_under"], volume["share_equal"]) == (1 / 4, 1 / 4, 1 / 2)
    assert (volume["wrong_per_encounter"], volume["missed_per_encounter"]) == (3 / 4, 3 / 4)


def test_principal_codes_count_where_there_is_one(report):
    # First in the list: e1 and e3, not e2. Among the chosen: e1 and e2, not e3. e4 has no principal code.
    assert report["principal_accuracy"] == report["principal_recall"] == pytest.approx(2 / 3)


def test_relations_of_the_wrong_suggestions(report):
    found = {name: n for name, n in report["wrong_suggestions"].items() if n}
    assert found == {"same category": 1, "unrelated": 2}
    assert report["mistakes"]["siblings"] == [
        {"system": "icd10cm", "suggested": "E11.65", "reference": "E11.9", "n": 1, "encounters": ["e1"]}
    ]


def test_the_detectable_difference_is_that_of_the_normal_approximation():
    gold = {f"e{i}": ["A"] for i in range(400)}
    one = {e: ["A"] if i < 60 or i >= 100 else ["B"] for i, e in enumerate(gold)}
    two = {e: ["A"] if i >= 60 else ["B"] for i, e in enumerate(gold)}
    found = compare({"one": one, "two": two}, gold, metrics=["exact_match"], n_permutations=200).differences[0]
    error = ((100 / 400 - 0.05**2) / 400) ** 0.5
    assert found.difference == pytest.approx(-20 / 400)
    assert found.detectable == pytest.approx((1.959964 + 0.841621) * error, rel=0.08)
    assert found.low == pytest.approx(-0.05 - 1.96 * error, abs=0.01)


def test_the_permutation_test_agrees_with_all_exchanges():
    gold = {f"e{i}": ["A"] for i in range(6)}
    runs = {"best": {e: ["A"] for e in gold}, "second": {e: ["B", "A"] for e in gold}}
    p = compare(runs, gold, metrics=["map"], n_permutations=5000, n_bootstrap=0).differences[0].p
    assert p == pytest.approx(2 / 2**6, abs=0.01)


def test_holm_on_a_worked_family():
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
