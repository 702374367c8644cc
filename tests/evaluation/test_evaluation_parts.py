"""Hand-worked examples: thresholds, hierarchy, evidence, breakdowns, errors, resampling, agreement."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_samples import dense, random_data, tables

from leadterm.codes import levels
from leadterm.errors import LeadtermError
from leadterm.evaluation import Qrels, Run, agreement, choose_threshold, compare, evaluate
from leadterm.evaluation.metrics.resample import holm, sample_weights
from leadterm.evaluation.tables.align import align
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode, Suggestion, SuggestionSet


def test_the_best_threshold_is_the_best_of_all():
    scores, gold = random_data(7)
    run, qrels = tables(scores, gold)
    chosen = choose_threshold(run, qrels, "dev")
    tried = [evaluate(run, qrels, threshold=t, n_bootstrap=0)["micro_f1"] for t in np.unique(run.score)]
    assert chosen.micro_f1 == pytest.approx(max(tried))


def test_a_threshold_is_refused_on_what_it_was_chosen_on():
    run, qrels = tables(*random_data(8))
    half = Qrels.only(qrels, [f"e{i}" for i in range(15)])
    rest = Qrels.only(qrels, [f"e{i}" for i in range(15, 30)])
    chosen = choose_threshold(run, half, "train")
    for again in (qrels, half):
        with pytest.raises(LeadtermError, match="chosen on split 'train'"):
            evaluate(run, again, threshold=chosen, n_bootstrap=0)
    with pytest.raises(LeadtermError, match="would flatter"):
        evaluate(run, rest, threshold=chosen, split="train", n_bootstrap=0)
    report = evaluate(run, rest, threshold=chosen, split="dev", n_bootstrap=0)
    assert report["threshold"] == chosen.value
    assert report["threshold_source"] == "chosen on train"


def test_the_cross_validated_threshold_does_not_see_its_fold():
    run, qrels = tables(*random_data(9))
    tuned = choose_threshold(run, qrels, "dev").micro_f1
    report = evaluate(run, qrels, threshold="cv", n_bootstrap=0)
    assert report["micro_f1"] <= tuned
    assert report["threshold_source"] == "cross-validated"
    with pytest.raises(LeadtermError, match="two patients"):
        evaluate({"e1": {"A": 0.5}}, {"e1": ["A"]}, threshold="cv")
    with pytest.raises(LeadtermError, match="unknown threshold 'best'"):
        evaluate(run, qrels, threshold="best")


def test_hierarchy_with_sets_and_with_counts():
    gold = Qrels.from_mapping({"e1": ["E11.9", "E11.65", "I10"]}, system="icd10cm")
    run = Run.from_mapping({"e1": ["E11.22", "I10", "J20.9"]}, system="icd10cm")
    found = evaluate(run, gold, n_bootstrap=0, hierarchy=levels)["hierarchy"]
    assert [found["code"]["set"][k] for k in ("tp", "fp", "fn")] == [1, 2, 2]
    assert [found["category"]["set"][k] for k in ("tp", "fp", "fn")] == [2, 1, 0]
    assert [found["category"]["count"][k] for k in ("tp", "fp", "fn")] == [2, 1, 1]
    assert found["all_levels"]["count"]["tp"] == 1 + 2 + 2 + 2


def test_wrong_suggestions_are_sorted_by_nearness():
    gold = {"e1": ["E11.65", "M17.11", "I50.9", "J18.9"]}
    run = Run.from_mapping({"e1": ["E11", "M17.12", "I48.91", "I25.10", "Z79.4"]}, system="icd10cm")
    report = evaluate(run, Qrels.from_mapping(gold, system="icd10cm"), n_bootstrap=0, hierarchy=levels)
    expected = {
        "too general": 1, "too specific": 0, "same category": 1, "same block": 1, "same chapter": 1, "unrelated": 1,
    }  # fmt: skip
    assert report["wrong_suggestions"] == expected
    assert report["mistakes"]["siblings"][1]["reference"] == "M17.11"


def encounter(name="e1", *, spans=((10, 20),), gap=False):
    text = "x" * 200
    pieces = tuple(EvidenceSpan("n1", a, b, text[a:b]) for a, b in spans)
    codes = (ReferenceCode("icd10cm", "I10", "principal", (Mention.of(*pieces),)),)
    if not gap:
        codes = tuple(ReferenceCode("icd10cm", "I10", "principal", (Mention.of(piece),)) for piece in pieces)
    return Encounter(
        name, (Note("n1", text),), (*codes, ReferenceCode("icd10cm", "J45.909", "secondary")), patient_id="p"
    )


def suggestions(*spans, code="I10", confidence=0.9, gap=False):
    pieces = tuple(EvidenceSpan("n1", a, b, "x" * (b - a)) for a, b in spans)
    evidence = tuple(Mention("n1", of, section="plan") for of in ([pieces] if gap else [(p,) for p in pieces]))
    return SuggestionSet("e1", "m", {}, (Suggestion(1, "icd10cm", code, "", confidence, evidence),), 0.5)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((10, 20), (1, 1, 1, 1)),
        ((5, 30), (0, 1, 1, 1)),
        ((0, 30), (0, 1, 1, 1)),
        ((0, 31), (0, 1, 0, 0)),
        ((11, 20), (0, 1, 1, 0)),
        ((20, 30), (0, 0, 1, 0)),
        ((60, 70), (0, 0, 0, 0)),
    ],
)
def test_evidence_rules(said, expected):
    report = evaluate([suggestions(said)], [encounter()], n_bootstrap=0)
    rules = report["evidence"]["rules"]
    assert tuple(rules[rule]["f1"] for rule in ("exact", "overlap", "within", "codiesp")) == expected


def test_one_of_several_references_is_enough_and_gaps_are_closed():
    two = encounter(spans=((10, 20), (100, 110)))
    assert evaluate([suggestions((100, 110))], [two], n_bootstrap=0)["evidence"]["rules"]["codiesp"]["f1"] == 1
    gapped = encounter(spans=((10, 20), (100, 110)), gap=True)
    report = evaluate([suggestions((10, 20), (100, 110), gap=True)], [gapped], n_bootstrap=0)
    assert report["evidence"]["rules"]["exact"]["f1"] == 1
    assert evaluate([suggestions((10, 20))], [gapped], n_bootstrap=0)["evidence"]["rules"]["codiesp"]["f1"] == 0


def test_right_words_for_a_wrong_code_do_not_count():
    report = evaluate([suggestions((10, 20), code="I11.9")], [encounter()], n_bootstrap=0)
    assert report["evidence"]["rules"]["overlap"]["f1"] == 0


def test_principal_sections_and_threshold_of_suggestion_sets():
    report = evaluate([suggestions((10, 20))], [encounter()], n_bootstrap=0)
    assert report["principal_accuracy"] == report["principal_recall"] == 1.0
    assert report["threshold"] == 0.5
    assert report["by_section"] == {"plan": {"n_suggested": 1.0, "precision": 1.0, "share_of_right": 1.0}}
    below = evaluate([suggestions((10, 20), confidence=0.4)], [encounter()], n_bootstrap=0)
    assert (below["principal_accuracy"], below["principal_recall"], below["n_chosen"]) == (1.0, 0.0, 0)
    mixed = SuggestionSet("e2", "m", {}, (), 0.7)
    with pytest.raises(LeadtermError, match="2 thresholds"):
        Run.from_suggestions([suggestions((1, 2)), mixed])


def test_frequency_and_unseen_codes():
    gold = {"e1": ["A00", "B20"], "e2": ["C50.9"]}
    report = evaluate({"e1": ["A00"], "e2": ["C50.9"]}, gold, training={"a00": 12, "C509": 3}, n_bootstrap=0)
    assert {name: g["micro_recall"] for name, g in report["by_frequency"].items()} == {
        "0": 0.0,
        "1-9": 1.0,
        "10-49": 1.0,
    }
    assert set(report["by_seen"]) == {"unseen", "few-shot (1-9)", "seen (10+)"}
    learned = Qrels.from_mapping({"t": ["A00", "C50.9"]})
    assert evaluate({"e1": ["A00"]}, gold, training=learned, n_bootstrap=0)["by_seen"]["unseen"]["n_codes"] == 1


def test_coverage_is_honest_and_reaches_its_target():
    rng = np.random.default_rng(0)
    confidence = rng.random((200, 10))
    right = rng.random((200, 10)) < confidence
    codes = [f"A{i:02d}" for i in range(10)]
    scores = {f"e{i}": dict(zip(codes, row.tolist(), strict=True)) for i, row in enumerate(confidence)}
    gold = {f"e{i}": [c for c, r in zip(codes, row, strict=True) if r] for i, row in enumerate(right)}
    report = evaluate(scores, gold, n_bootstrap=100)
    row = next(r for r in report["coverage"] if r["target"] == 0.8)
    assert row["precision"] == pytest.approx(0.8, abs=0.03)
    assert row["coverage_ci"][0] < row["coverage"] < row["coverage_ci"][1]
    assert report["calibration"]["ece"] < 0.05


def test_bootstrap_intervals_cover_and_group_patients():
    run, qrels = tables(*random_data(10, 60))
    report = evaluate(run, qrels, threshold=0.5, n_bootstrap=300)
    for name, (low, high) in report["ci"].items():
        assert low <= report[name] <= high, name
    weights = np.concatenate(list(sample_weights(np.array([0, 0, 1, 2]), 60, 0)))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_macro_f1_of_samples_is_that_of_a_dense_table():
    from sklearn.metrics import f1_score

    from leadterm.evaluation.metrics.ratios import all_ratios
    from leadterm.evaluation.metrics.resample import bootstrap
    from leadterm.evaluation.tables.align import align

    scores, gold = random_data(11, 12)
    table = align(*tables(scores, gold)).with_threshold(0.5)
    drawn = bootstrap(table, all_ratios(table), 5, 3)
    truth, value = dense(scores, gold)
    weights = np.concatenate(list(sample_weights(table.group, 5, 3))).astype(int)
    for i, w in enumerate(weights):
        t, s = np.repeat(truth, w, axis=0), np.repeat(value >= 0.5, w, axis=0)
        kept = t.any(axis=0)
        assert drawn["macro_f1"][i] == pytest.approx(f1_score(t[:, kept], s[:, kept], average="macro", zero_division=0))
        assert drawn["micro_f1"][i] == pytest.approx(f1_score(t, s, average="micro"))


def test_permutation_test_finds_a_difference_and_no_other():
    scores, gold = random_data(12, 60)
    worse = {e: {c: 1 - s for c, s in found.items()} for e, found in scores.items()}
    found = compare({"a": scores, "b": worse, "same": scores}, gold, thresholds=dict.fromkeys(("a", "b", "same"), 0.5))
    p = {(d.metric, d.a, d.b): d for d in found.differences}
    assert p["map", "a", "b"].p_holm < 0.05
    assert p["macro_f1", "a", "b"].difference < 0
    assert p["map", "a", "same"].p == p["macro_f1", "a", "same"].p == 1.0
    assert p["map", "a", "b"].low <= p["map", "a", "b"].difference <= p["map", "a", "b"].high
    assert len(found.to_frame()) == len(found.differences) == 18


def test_permutation_p_is_uniform_enough_without_a_difference():
    hits = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        gold = {f"e{i}": ["A"] for i in range(30)}
        runs = {n: {e: ["A"] if rng.random() < 0.5 else ["B"] for e in gold} for n in ("x", "y")}
        found = compare(runs, gold, metrics=["map"], n_permutations=200, n_bootstrap=0, seed=seed)
        hits += found.differences[0].p < 0.05
    assert hits <= 6


def test_comparison_needs_known_names():
    runs = {"a": {"e1": ["A"]}, "b": {"e1": ["B"]}}
    with pytest.raises(LeadtermError, match="two runs or more"):
        compare({"a": runs["a"]}, {"e1": ["A"]})
    with pytest.raises(LeadtermError, match="unknown baseline"):
        compare(runs, {"e1": ["A"]}, baseline="c")
    with pytest.raises(LeadtermError, match="did you mean 'map'"):
        compare(runs, {"e1": ["A"]}, metrics=["mapp"])


def test_holm_is_monotone_and_at_most_one():
    assert holm([0.5, 0.9, 0.6]) == [1.0, 1.0, 1.0]
    assert holm([]) == []


def alpha_by_pairs(units):
    """Krippendorff's alpha from the coincidence matrix, as the textbook does."""
    matrix = np.zeros((2, 2))
    for values in units:
        if len(values) > 1:
            for i, a in enumerate(values):
                for j, b in enumerate(values):
                    if i != j:
                        matrix[a, b] += 1 / (len(values) - 1)
    n = matrix.sum()
    return 1 - (n - 1) * matrix[0, 1] / (matrix.sum(axis=1)[0] * matrix.sum(axis=1)[1])


def test_alpha_follows_the_textbook():
    codings = {
        "x": {"e1": ["A", "B"], "e2": ["C"], "e3": []},
        "y": {"e1": ["A"], "e2": ["C"], "e3": ["B"]},
        "z": {"e1": ["A", "B"], "e2": ["A"]},
    }
    units = [
        [int(code in coder[e]) for coder in codings.values() if e in coder]
        for e in ("e1", "e2", "e3")
        for code in "ABC"
    ]
    found = agreement(codings, n_bootstrap=50)
    assert found.alpha == pytest.approx(alpha_by_pairs(units))
    assert found.pairs[0].micro_f1 == pytest.approx(2 * 2 / (3 + 3))
    assert found.pairs[1].n_encounters == 2


def test_a_run_is_one_more_coder():
    gold = {"x": {"e1": ["A"]}, "y": {"e1": ["A", "B"]}}
    found = agreement(gold, run=Run.from_mapping({"e1": {"A": 0.9, "B": 0.1}}, name="system"), threshold=0.5)
    assert found.coders == ("x", "y", "system")
    assert found.mean_f1["system"] == pytest.approx((1 + 2 / 3) / 2)
    with pytest.raises(LeadtermError, match="two coders"):
        agreement({"x": {"e1": ["A"]}})
    with pytest.raises(LeadtermError, match="share no encounter"):
        agreement({"x": {"e1": ["A"]}, "y": {"e2": ["A"]}})


def test_agreement_of_three_companies_is_near_the_published(data):
    from leadterm.readers.cmc2007 import codings

    found = agreement({c: e for c, e in codings(data / "cmc2007").items() if c.startswith("COMPANY")}, n_bootstrap=0)
    assert sorted(p.micro_f1 for p in found.pairs) == pytest.approx([0.656, 0.709, 0.740], abs=0.025)


def test_codiesp_gold_scores_one_against_itself(data):
    from leadterm.readers import read

    encounters = [e for split, e in read("codiesp", data / "codiesp").encounters if split == "dev"]
    gold = Qrels.from_encounters(encounters)
    run = Run("gold", gold.encounters, gold.labels, gold.row, gold.col, np.ones(len(gold.row)), evidence=gold.evidence)
    report = evaluate(run, gold, n_bootstrap=0)
    assert report["map"] == report["micro_f1"] == report["evidence"]["rules"]["codiesp"]["f1"] == 1.0


def test_the_interval_of_a_group_that_holds_everything_is_that_of_the_whole():
    scores, gold = random_data(5, 40)
    report = evaluate(*tables(scores, gold), threshold=0.5, n_bootstrap=200)
    assert report["ci_by_group"]["by_system"]["icd10cm"] == pytest.approx(report["ci"]["micro_f1"])
    rows = report["ci_by_group"]["by_frequency"]
    assert set(rows) == set(report["by_frequency"])
    for name, (low, high) in rows.items():
        assert low <= report["by_frequency"][name]["micro_f1"] <= high
    assert evaluate(*tables(scores, gold), threshold=0.5, n_bootstrap=0)["ci_by_group"] == {}


def test_a_code_that_may_be_given_is_neither_right_nor_wrong() -> None:
    codes = (ReferenceCode("icd10cm", "I10"), ReferenceCode("icd10cm", "E78.5", need="may"))
    qrels = Qrels.from_encounters([Encounter("e1", (Note("n1", "Words."),), codes)])
    table = align(Run.from_mapping({"e1": {"e785": 0.9, "I10": 0.8, "R05.9": 0.7}}, system="icd10cm"), qrels)
    assert table.hit.tolist() == [True, False]
    assert table.position.tolist() == [1, 2]
    assert align(Run.from_mapping({"e1": {"E78.5": 0.9}}, system="icd10cm"), qrels.only(["e1"])).n_gold.tolist() == [1]
