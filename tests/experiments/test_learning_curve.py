"""Learning curves: nested samples, held-out patients, a law that is found again, refusals."""

from __future__ import annotations

import json
from html import unescape
from itertools import pairwise

import numpy as np
import pytest
from experiments_corpus import QUICK, write_split
from hypothesis import given, settings
from hypothesis import strategies as st

from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.evaluation import Run
from leadterm.experiments.curve_steps import load_steps, measured, plan_curve, steps_text
from leadterm.experiments.learning_curve import curve_of, fit_power_law, learning_curve
from leadterm.pages.curve_page import curve_page, curve_svg, curve_tables
from leadterm.schema import Encounter, Note, ReferenceCode


def encounters(n: int, per_patient: int = 2) -> list[Encounter]:
    """Make encounters, each with one of 40 codes."""
    note = (Note("n", "Seen."),)
    return [
        Encounter(f"e{i}", note, (ReferenceCode("demo", f"C{i * 7 % 40:02d}"),), patient_id=f"p{i // per_patient}")
        for i in range(n)
    ]


class Rote:
    """Knows the codes it was shown; keeps what it was trained and asked on."""

    def __init__(self) -> None:
        self.trained: list[list[str]] = []
        self.asked: list[list[str]] = []

    def __call__(self, train):
        self.trained.append([e.encounter_id for e in train])
        known = {c.code for e in train for c in e.codes}

        def answer(asked):
            self.asked.append([e.encounter_id for e in asked])
            said = {e.encounter_id: {c.code: 1.0 for c in e.codes if c.code in known} for e in asked}
            return Run.from_mapping(said, system="demo")

        return answer


def test_samples_are_nested_and_never_hold_a_test_patient():
    rote, some = Rote(), encounters(160)
    curve = learning_curve(rote, some, points=4, repeats=2, n_bootstrap=50)
    patient = {e.encounter_id: e.patient_id for e in some}
    held = {patient[e] for e in rote.asked[0]}
    assert all(asked == rote.asked[0] for asked in rote.asked)
    assert all(not held & {patient[e] for e in sample} for sample in rote.trained)
    first, second = rote.trained[:4], rote.trained[4:]
    for samples in (first, [*second, first[-1]]):
        for small, large in pairwise(samples):
            assert set(small) < set(large)
    assert [p.n for p in curve.points] == [len(sample) for sample in first]
    assert len(curve.points[0].repeats) == 2
    assert len(curve.points[-1].repeats) == 1


def test_accuracy_grows_and_the_same_seed_gives_the_same_curve():
    first = learning_curve(Rote(), encounters(160), n_bootstrap=100)
    assert first == learning_curve(Rote(), encounters(160), n_bootstrap=100)
    assert first.points[0].value < first.points[-1].value
    assert all(p.low <= p.value <= p.high for p in first.points)
    assert all(g.low <= g.gain <= g.high for g in first.gains)
    assert [g.more for g in first.gains] == [100, first.points[-1].n]


def test_a_given_test_part_is_used_and_systems_are_kept_apart():
    rote, some = Rote(), encounters(80)
    learning_curve(rote, some[:60], some[60:], points=3, repeats=1, systems=["demo"], n_bootstrap=10)
    assert rote.asked[0] == [e.encounter_id for e in some[60:]]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.3, 0.95), st.floats(0.1, 1.5), st.floats(0.2, 1.5))
def test_a_law_is_found_again(limit, loss, rate):
    n = np.array([20, 50, 120, 300, 700])
    values = limit - loss * n**-rate
    found = [float(v[0]) for v in fit_power_law(n, values[None], np.ones(5))]
    again = found[0] - found[1] * n.astype(float) ** -found[2]
    assert np.abs(again - values).max() < 0.003
    assert found[0] <= 1.0
    assert found[1] >= 0.0


def test_a_falling_curve_foretells_no_gain():
    limit, loss, _ = fit_power_law([10, 20, 40], np.array([[0.6, 0.5, 0.4]]), np.ones(3))
    assert loss[0] == 0.0
    assert limit[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"points": 2}, "3 points"), ({"repeats": 0}, "1 repeat"), ({"metric": "micro_f"}, "did you mean 'micro_f1'")],
)
def test_wrong_options(options, words):
    with pytest.raises(LeadtermError, match=words):
        learning_curve(Rote(), encounters(80), n_bootstrap=5, **options)


def test_too_few_encounters():
    with pytest.raises(LeadtermError, match="got 15 and 5"):
        learning_curve(Rote(), encounters(20, 1))


def test_views_say_what_is_extrapolated():
    curve = learning_curve(Rote(), encounters(160), points=3, repeats=2, n_bootstrap=50)
    assert len(curve_tables(curve)) == 3
    assert "extrapolated" in curve_svg(curve)
    assert curve.verdict() in unescape(curve_page(curve, "demo"))
    assert json.loads(json.dumps(curve.to_json()))["points"][0]["n"] == curve.points[0].n
    assert curve.to_frame().columns.tolist() == ["n", "value", "low", "high"]


def test_the_command(tmp_path, capsys):
    write_split(tmp_path / "train.jsonl", 36, 0)
    (tmp_path / "quick.toml").write_text(QUICK, encoding="utf-8")
    arguments = ["curve", str(tmp_path), "--recipe", str(tmp_path / "quick.toml"), "--points", "3", "--repeats", "1"]
    assert main([*arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [p["n"] for p in found["points"]][-1] == 27
    assert main(["curve", str(tmp_path), "--points", "2"]) == 2


def test_a_wrong_metric_is_refused_before_anything_is_trained():
    rote = Rote()
    with pytest.raises(LeadtermError, match="did you mean 'micro_f1'"):
        learning_curve(rote, encounters(80), metric="micro_f", n_bootstrap=5)
    assert rote.trained == []


def test_steps_are_taken_up_where_they_ended(tmp_path):
    plan = plan_curve(encounters(160), points=3, repeats=2)
    whole = list(measured(Rote(), plan, n_bootstrap=20))
    file = tmp_path / "steps.json"
    file.write_text(steps_text(whole[:3], plan.mark("micro_f1")), encoding="utf-8")
    kept = load_steps(file, plan.mark("micro_f1"))
    rote = Rote()
    again = list(measured(rote, plan, n_bootstrap=20, done=kept))
    assert len(rote.trained) == len(whole) - 3
    assert curve_of(again, plan, "micro_f1") == curve_of(whole, plan, "micro_f1")
    assert load_steps(tmp_path / "none.json", "m") == []
    more = plan_curve(encounters(160), points=3, repeats=5)
    assert more.mark("micro_f1") == plan.mark("micro_f1")


def test_steps_of_other_data_or_settings_are_refused(tmp_path):
    plan, file = plan_curve(encounters(160), points=3), tmp_path / "steps.json"
    file.write_text(steps_text([], plan.mark("micro_f1")), encoding="utf-8")
    marks = [plan.mark("map"), plan_curve(encounters(164), points=3).mark("micro_f1")]
    marks.append(plan_curve(encounters(160), points=3, seed=1).mark("micro_f1"))
    for mark in marks:
        with pytest.raises(LeadtermError, match="other encounters or settings"):
            load_steps(file, mark)
    file.write_text('{"steps": 3}', encoding="utf-8")
    with pytest.raises(LeadtermError, match="holds no steps of a curve"):
        load_steps(file, "m")


def test_two_sizes_are_no_curve():
    plan = plan_curve(encounters(160), points=3, repeats=1)
    with pytest.raises(LeadtermError, match="3 sizes or more; 2 were measured"):
        curve_of(list(measured(Rote(), plan, n_bootstrap=5))[:2], plan, "micro_f1")


def interrupted_after(monkeypatch, times):
    """Let the training be interrupted, as by Ctrl-C, when it is called once more."""
    rote = Rote()

    def trainer(train):
        if len(rote.trained) == times:
            raise KeyboardInterrupt
        return rote(train)

    monkeypatch.setattr("leadterm.experiments.trainers.corpus_trainer", lambda *_, **__: trainer)
    return rote


def test_an_interrupted_curve_shows_what_it_has_and_goes_on_later(tmp_path, capsys, monkeypatch):
    write_split(tmp_path / "train.jsonl", 60, 0)
    arguments = ["curve", str(tmp_path), "--points", "3", "--repeats", "2", "--steps", str(tmp_path / "steps.json")]
    interrupted_after(monkeypatch, 1)
    assert main(arguments) == 130
    assert "1 of 5: 8 encounters, micro_f1" in capsys.readouterr().err
    interrupted_after(monkeypatch, 3)
    assert main([*arguments, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert "interrupted: the curve of 4 of 5 trainings" in err
    assert [len(p["repeats"]) for p in json.loads(out)["points"]] == [2, 1, 1]
    rote = interrupted_after(monkeypatch, 9)
    assert main([*arguments, "--format", "json"]) == 0
    assert len(rote.trained) == 1
    assert [len(p["repeats"]) for p in json.loads(capsys.readouterr().out)["points"]] == [2, 2, 1]
