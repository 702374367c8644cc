"""Cross-validation never lets a system see what it is asked; runs merge without losing a silent encounter."""

from __future__ import annotations

import pytest

from leadterm.errors import LeadtermError
from leadterm.evaluation import Qrels, Run, evaluate
from leadterm.evaluation.protocol import cross_validate, merge_runs
from leadterm.schema import Encounter, Note, ReferenceCode

SOME = [
    Encounter(f"e{i}", (Note("n", "Seen."),), (ReferenceCode("demo", f"C{i % 3}"),), patient_id=f"p{i // 2}")
    for i in range(20)
]


def test_no_patient_is_in_both_parts():
    patient = {e.encounter_id: e.patient_id for e in SOME}
    asked_all = []

    def trainer(train):
        seen = {e.patient_id for e in train}

        def answer(asked):
            asked_all.extend(e.encounter_id for e in asked)
            assert not seen & {patient[e.encounter_id] for e in asked}
            return Run.from_mapping({e.encounter_id: {"C0": 0.5} for e in asked}, system="demo")

        return answer

    run = cross_validate(trainer, SOME, folds=3, name="x")
    assert sorted(asked_all) == sorted(patient)
    assert run.name == "x"
    assert run.threshold is None
    assert evaluate(run, Qrels.from_encounters(SOME), threshold="cv", n_bootstrap=0)["n_encounters"] == 20


def test_more_folds_than_patients_and_too_few_patients():
    found = cross_validate(
        lambda train: lambda asked: Run.from_mapping({e.encounter_id: [str(len(train))] for e in asked}),
        SOME[:4],
        folds=10,
    )
    assert {label.code for label in found.labels} == {"2"}
    with pytest.raises(LeadtermError, match="two patients"):
        cross_validate(lambda _: lambda _: Run.from_mapping({}), SOME[:2], folds=5)


def test_merging_keeps_scores_evidence_and_silent_encounters(tmp_path):
    path = tmp_path / "r.tsv"
    path.write_text("encounter_id\tsystem\tcode\tscore\tevidence\ne1\ts\tA\t0.5\tn:1-4\n", encoding="utf-8")
    whole = merge_runs([Run.from_file(path), Run.from_mapping({"e2": {}}), Run.from_mapping({"e3": {"B": 0.1}})], "all")
    assert set(whole.encounters) == {"e1", "e2", "e3"}
    assert sorted(whole.score.tolist()) == [0.1, 0.5]
    assert len(whole.evidence) == 1
    assert merge_runs([Run.from_mapping({"e1": {}})], "none").encounters == ("e1",)
    with pytest.raises(LeadtermError, match="same encounter"):
        merge_runs([whole, whole], "twice")
