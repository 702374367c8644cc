"""Plain systems do what they say, and the benchmark command trains, tests and checks."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from experiments_corpus import QUICK, write_split

from leadterm.cli import main
from leadterm.corpus import read_split
from leadterm.errors import LeadtermError
from leadterm.evaluation import Run
from leadterm.experiments import benchmarks
from leadterm.experiments.baselines import dictionary_lookup, linear_words, phrase_lookup
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

WORDS = {"gout": "M10.9", "asthma": "J45.909", "eczema": "L30.9", "otitis": "H66.90"}


def encounter(i: int, *, evidence: bool = True) -> Encounter:
    """Make a note of two complaints with their codes."""
    first, second = list(WORDS)[i % 4], list(WORDS)[(i + 1) % 4]
    text = f"Visit {i}. Here for {first}. Also {second} noted."
    spans = [EvidenceSpan("n", text.index(w), text.index(w) + len(w), w) for w in (first, second)]
    codes = [ReferenceCode("demo", WORDS[s.text], evidence=(Mention.of(s),) if evidence else ()) for s in spans]
    return Encounter(f"e{i}", (Note("n", text),), tuple(codes))


def test_phrase_lookup_finds_the_phrases_it_was_shown():
    answer = phrase_lookup([encounter(i) for i in range(8)])
    found = answer([encounter(2)])
    assert set(found["code"]) == {"L30.9", "H66.90"}
    assert found["score"].between(0, 1).all()
    assert answer([Encounter("x", (Note("n", "Nothing."),))]).empty
    with pytest.raises(LeadtermError, match="no reference code has evidence"):
        phrase_lookup([encounter(0, evidence=False)])


def test_linear_words_ranks_the_right_codes_first():
    answer = linear_words([encounter(i, evidence=False) for i in range(24)], ["demo"])
    run = Run.from_frame(answer([encounter(31)]))
    best = run.to_frame()["code"].tolist()[:2]
    assert set(best) == {c.code for c in encounter(31).codes}
    with pytest.raises(LeadtermError, match="two codes or more; got 0"):
        linear_words([encounter(0)], ["other"])


def test_dictionary_lookup_puts_headings_before_heavy_terms():
    def candidate(code, heading, weight):
        support = SimpleNamespace(found=SimpleNamespace(heading=heading), reading=SimpleNamespace(weight=weight))
        return SimpleNamespace(code=code, supports=(support,))

    made = [candidate("A", -1, 50.0), candidate("B", 0, 0.1), candidate("C", -1, 2.0)]
    suggester = SimpleNamespace(system=SimpleNamespace(name="demo"), find=lambda _: made)
    run = Run.from_frame(dictionary_lookup(suggester, [encounter(0)]))
    assert run.to_frame()["code"].tolist() == ["B", "A", "C"]


FAST = ("--recipe", "quick.toml", "--bootstrap", "20")
TOY = """
[toy]
title = "A toy"
reader = "jsonl"
systems = ["demo"]
fit = ["train"]
choose = "train"
report = "dev"
obtain = "made up"
licence = "none"
split_rule = "as said"
published = [{ system = "someone", year = 2020, metrics = { micro_f1 = 0.5 }, source = "a paper", primary = true }]
expected = [{ metric = "map", value = VALUE, tolerance = 0.01 }]

[folds]
title = "Folds"
reader = "jsonl"
systems = ["demo"]
fit = ["train"]
folds = 3
choose = "train"
report = "train"
obtain = "made up"
licence = "none"
split_rule = "as said"
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "corpus").mkdir()
    write_split(tmp_path / "corpus" / "train.jsonl", 26, 0)
    write_split(tmp_path / "corpus" / "dev.jsonl", 10, 1)

    def use(value: float) -> str:
        (tmp_path / "b.toml").write_text(TOY.replace("VALUE", str(value)), encoding="utf-8")
        (tmp_path / "quick.toml").write_text(QUICK, encoding="utf-8")
        monkeypatch.setattr(benchmarks, "SHIPPED", tmp_path / "b.toml")
        monkeypatch.chdir(tmp_path)
        return str(tmp_path / "corpus")

    return use


def test_a_benchmark_by_splits(toy, tmp_path, capsys):
    data = toy(0.0001)
    out = tmp_path / "out"
    assert main(["benchmark", "toy", "--data", data, "--output", str(out), *FAST]) == 0
    shown = capsys.readouterr().out
    assert "someone" in shown
    assert "OKish" in shown
    assert "linear" in shown
    kept = json.loads((out / "benchmark.json").read_text(encoding="utf-8"))
    assert kept["rows"]["trained"]["map"] > 0.5
    assert len(kept["manifests"]) == 1
    assert {"trained", "linear", "phrases"} == set(kept["comparison"]["runs"])
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<h1>A toy</h1>" in page
    assert page.index("trained - linear") < page.index("The other pairs") < page.index("phrases - linear")
    assert '<span class="pill wrong">OKish</span>' in page


def test_a_figure_that_fell_is_exit_status_1(toy, capsys):
    (arguments := ["benchmark", "toy", "--no-baselines", *FAST, "--format", "json", "--data"]).append(toy(9))
    assert main(arguments) == 1
    assert json.loads(capsys.readouterr().out)["verdicts"][0]["verdict"] == "FAIL"


def test_a_benchmark_by_folds(toy, capsys):
    arguments = ["benchmark", "folds", "--data", toy(1.0), "--no-baselines", *FAST, "--format", "json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["report"]["n_encounters"] == 26
    assert found["report"]["threshold_source"] == "cross-validated"
    assert len(found["manifests"]) == 3


def test_coders_among_themselves_and_the_system_as_one_more(toy, tmp_path, capsys, monkeypatch):
    def codings(source, coders):
        encounters = read_split(source, "train")
        careless = [replace(e, codes=e.codes[:1]) for e in encounters]
        return dict(zip(coders, (encounters, careless), strict=True))

    monkeypatch.setattr("leadterm.readers.jsonl.codings", codings, raising=False)
    data = toy(1.0)
    listed = (
        (tmp_path / "b.toml").read_text(encoding="utf-8").replace("folds = 3", 'folds = 3\ncoders = ["ann", "bob"]')
    )
    (tmp_path / "b.toml").write_text(listed, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["benchmark", "folds", "--data", data, "--no-baselines", *FAST, "--output", str(out)]) == 0
    assert "ann, bob" in capsys.readouterr().out
    assert "Agreement of coders" in (out / "report.html").read_text(encoding="utf-8")
    found = json.loads((out / "benchmark.json").read_text(encoding="utf-8"))["agreement"]
    assert found["coders"] == ["ann", "bob", "trained"]
    assert found["pairs"][0]["micro_f1"] == pytest.approx(2 * 26 / (2 * 26 + 26))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["toi", "--data", "x"], "did you mean 'toy'"),
        (["toy"], "Obtain: made up"),
        (["toy", "--data", "nowhere"], "no such file or folder"),
        (["toy", "--data", "DATA", "--option", "system"], "bad option"),
    ],
)
def test_wrong_calls(toy, capsys, arguments, words):
    data = toy(1.0)
    assert main(["benchmark", *(data if a == "DATA" else a for a in arguments)]) == 2
    assert words in capsys.readouterr().err


def test_the_list(capsys):
    assert main(["benchmark", "list"]) == 0
    assert "codiesp-d-es" in capsys.readouterr().out
