"""What comes out: JSON by its schema, tables, the page, the commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files

import jsonschema
import pytest
from evaluation_samples import random_data, tables

from leadterm.cli import main
from leadterm.codes import levels
from leadterm.evaluation import Qrels, Run, compare, evaluate
from leadterm.evaluation.comparison import Comparison
from leadterm.pages.encounter_views import Mark, marked
from leadterm.pages.report_page import report_page
from leadterm.pages.report_tables import comparison_tables, report_tables
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode, Suggestion, SuggestionSet

SCHEMA = json.loads((files("leadterm.evaluation") / "report.schema.json").read_text(encoding="utf-8"))
PROMISED = (
    *("n_encounters", "n_codes", "threshold", "by_system", "by_frequency", "ci", "exact_match", "macro_f1", "map"),
    *("precision_at_1", "micro_precision", "micro_recall", "micro_f1", "precision_at_5", "precision_at_8"),
    *("precision_at_15", "recall_at_10", "recall_at_15", "r_precision", "ndcg_at_15"),
)
TEXT = "Patient has <b>cough</b> & essential hypertension, takes lisinopril."


def full_report():
    at = TEXT.index("essential hypertension")
    span = EvidenceSpan("n1", at, at + 22, TEXT[at : at + 22])
    gold = [
        Encounter(
            f"e{i}",
            (Note("n1", TEXT),),
            (ReferenceCode("icd10cm", "I10", "first-listed", (Mention.of(span),)),),
            patient_id=f"p{i % 2}",
        )
        for i in range(4)
    ]
    said = (
        Suggestion(
            1, "icd10cm", "I10", "Essential hypertension", 0.9, (Mention("n1", (span,), section="assessment_plan"),)
        ),
        Suggestion(2, "icd10cm", "I11.9", "", 0.7, (Mention("n1", (span,), section="hpi"),)),
        Suggestion(3, "icd10cm", "R05.9", "Cough", 0.2, (Mention.of(EvidenceSpan("n1", 15, 20, TEXT[15:20])),)),
    )
    sets = [SuggestionSet(f"e{i}", "m", {}, said[i % 2 :], 0.5) for i in range(4)]
    return evaluate(sets, gold, training={"I10": 3}, split="dev", n_bootstrap=20), gold


def validate(report):
    values = json.loads(report.dumps())
    jsonschema.validate(values, SCHEMA)
    return values


def test_the_json_keeps_its_promise():
    values = validate(full_report()[0])
    assert all(key in values for key in PROMISED)
    assert TEXT[:12] not in json.dumps(values)


@pytest.mark.parametrize("threshold", [None, 0.5, "cv", float("inf")])
def test_every_report_fits_the_schema(threshold):
    validate(evaluate(*tables(*random_data(1)), threshold=threshold, n_bootstrap=10, ks=(2, 20)))


def test_a_report_of_ranks_and_of_nothing_fits_the_schema():
    validate(evaluate({"e1": ["I10"]}, {"e1": ["I10"]}, n_bootstrap=0))
    validate(evaluate({}, {"e1": ["I10"]}, n_bootstrap=5))


def test_the_frame_has_every_single_figure():
    report = full_report()[0]
    frame = report.to_frame().set_index("metric")
    assert frame.loc["map", "value"] == report["map"]
    assert frame.loc["map", "low"] <= report["map"]


def shown(parts):
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    for part in parts:
        Console(file=text, width=120).print(part)
    return text.getvalue()


def test_tables_name_the_figures():
    text = shown(report_tables(full_report()[0]))
    for words in ("micro_f1", "95 % interval", "codiesp", "Wanted precision", "few-shot (1-9)", "ECE"):
        assert words in text


def test_comparison_table_and_json():
    scores, gold = random_data(2)
    worse = {e: {c: s / 2 for c, s in list(found.items())[1:]} for e, found in scores.items()}
    found = compare({"[a]": scores, "b": worse}, gold, metrics=["map"], n_bootstrap=20, n_permutations=50)
    assert isinstance(found, Comparison)
    text = shown(comparison_tables(found))
    assert "[a]" in text
    assert "p (Holm)" in text
    three = compare({"a": scores, "b": worse, "c": scores}, gold, metrics=["map"], n_bootstrap=0, n_permutations=50)
    text = shown(comparison_tables(three, system="c"))
    assert "c - a" in text
    assert "b - a" not in text
    assert "corrected for 1 differences between the other runs too" in text
    json.dumps(found.to_json(), allow_nan=False)


def test_the_page_is_whole_and_escapes_the_note():
    report, gold = full_report()
    page = report_page(report, gold, titles=lambda _s, code: f"title of {code}", corpus="demo")
    assert "&lt;b&gt;cough&lt;/b&gt; &amp; " in page
    assert "<b>cough" not in page
    assert "title of I11.9" in page
    assert not re.search(r"(src|href)=[\"'](?!#)", page)
    assert "@import" not in page
    assert "<details open" not in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_the_page_says_what_each_part_shows():
    gold = {f"e{i}": ["E11.9", "I10"] for i in range(24)}
    said = {e: {"E11.65" if i % 2 else "E11.9": 0.9, "I10": 0.8} for i, e in enumerate(gold)}
    run, qrels = Run.from_mapping(said, system="icd10cm"), Qrels.from_mapping(gold, system="icd10cm")
    page = report_page(evaluate(run, qrels, threshold="cv", n_bootstrap=20, hierarchy=levels))
    assert "<code>E00-E89</code> Endocrine, nutritional and metabolic diseases" in page
    assert "12 are of codes that no encounter here has." in page
    assert "as many <b>100 %</b> <small>24</small>" in page
    assert "median; chosen for each fold on the others" in page
    assert "Mean F1 of the codes present among the reference codes." in page
    assert ">E11.65</code>" in page.split("Siblings confused")[1].split("Most missed")[0]


def test_the_page_of_a_run_without_probabilities():
    run, qrels = tables(*random_data(3))
    scores = Run.from_frame(run.to_frame().assign(score=lambda frame: 10 - frame["rank"]), name="theirs")
    page = report_page(evaluate(scores, qrels, n_bootstrap=0))
    assert "No score reaches a precision of 0.80, 0.90, 0.95, 0.99" in page
    assert "Reliability" not in page
    assert '<ul class="remarks"><li>' in page


def test_the_page_without_notes_holds_no_text():
    report, _ = full_report()
    page = report_page(report)
    assert "lisinopril" not in page
    assert "Without note text" in page


def test_overlapping_marks_keep_the_text_whole():
    marks = [Mark(1, 4, "right", "A", "x"), Mark(2, 6, "wrong", "B", "y"), Mark(5, 8, "missed", "C")]
    marks.append(Mark(7, 9, "right", "beyond the end"))
    pieces = list(marked("abcdefgh", marks))
    assert "".join(piece.text for piece in pieces) == "abcdefgh"
    assert [(p.text, p.kind, p.anchor) for p in pieces if p.kind or p.anchor] == [
        ("bcd", "right", "x"), ("", "", "y"), ("fgh", "missed", ""),
    ]  # fmt: skip


@pytest.fixture
def corpus(tmp_path):
    def line(name, code):
        codes = [{"system": "icd10cm", "code": code}]
        return json.dumps({"encounter_id": name, "notes": [{"note_id": "n", "text": "Cough."}], "codes": codes}) + "\n"

    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "train.jsonl").write_text(line("t1", "I10") + line("t2", "J45.909"), encoding="utf-8")
    (folder / "dev.jsonl").write_text(line("d1", "I10") + line("d2", "R05.9"), encoding="utf-8")
    rows = ["encounter_id\tsystem\tcode\trank\tscore", "d1\ticd10cm\ti10\t1\t0.9", "d2\ticd10cm\tR059\t1\t0.8"]
    rows += ["d2\ticd10cm\tI10\t2\t0.3", "t1\ticd10cm\tI10\t1\t0.6", "t2\ticd10cm\tI10\t1\t0.5"]
    (tmp_path / "mine.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "other.tsv").write_text("\n".join(rows[:2]) + "\n", encoding="utf-8")
    return tmp_path


def test_evaluate_a_run_file(corpus, capsys):
    arguments = ["evaluate", str(corpus / "mine.tsv"), str(corpus / "corpus"), "--bootstrap", "10"]
    assert main([*arguments, "--threshold", "0.5", "--format", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    jsonschema.validate(values, SCHEMA)
    assert values["micro_f1"] == 1.0
    assert values["by_seen"]["unseen"]["n_codes"] == 1
    assert values["counts"]["n_unknown_encounters"] == 2
    assert main([*arguments, "--threshold-split", "train"]) == 0
    assert "chosen on train" in capsys.readouterr().out
    page = corpus / "report.html"
    assert main([*arguments, "--format", "html", "--output", str(page), "--save-run", str(corpus / "again.tsv")]) == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["evaluate", str(corpus / "again.tsv"), str(corpus / "corpus"), "--bootstrap", "0"]) == 0


def test_compare_run_files(corpus, capsys):
    arguments = ["compare", *(str(corpus / n) for n in ("mine.tsv", "other.tsv", "corpus")), "--bootstrap", "10"]
    assert main([*arguments, "--permutations", "100", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == ["mine", "other"]
    assert main([*arguments[:2], *arguments[1:2], *arguments[3:]]) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--threshold-split", "dev"], "would flatter"),
        (["--threshold", "high"], "unknown threshold"),
        (["--threshold", "0.5", "--threshold-split", "train"], "exclude each other"),
        (["--system", "icd10"], "unknown code system"),
    ],
)
def test_refusals_name_the_way_out(corpus, capsys, options, words):
    assert main(["evaluate", str(corpus / "mine.tsv"), str(corpus / "corpus"), *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_a_run_file_that_is_not_there(corpus, capsys):
    assert main(["evaluate", str(corpus / "mime.tsv"), str(corpus / "corpus")]) == 2
    assert "no such run file" in capsys.readouterr().err


def test_evaluate_a_model(corpus, capsys, monkeypatch):
    class Model:
        systems = ("icd10cm",)

        def suggest(self, e, *, systems):
            assert systems == self.systems
            return SuggestionSet(e.encounter_id, "m", {}, (Suggestion(1, "icd10cm", "I10", "", 0.9, ()),), 0.5)

    monkeypatch.setattr("leadterm.models.load", lambda _name, **_options: Model())
    monkeypatch.chdir(corpus)
    (corpus / "small").mkdir()

    def scored(meta, *options):
        manifest = {"protocol": 1, "kind": "ranker", "meta": meta, "files": {}}
        (corpus / "small" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        assert main(["evaluate", "small", "corpus", "--format", "json", "--bootstrap", "0", *options]) == 0
        return json.loads(capsys.readouterr().out)

    values = scored({"corpus": "corpus", "encounters": 2})
    assert (values["run"], values["threshold"], values["micro_precision"]) == ("small", 0.5, 0.5)
    assert values["warnings"] == []
    for known in (
        {"corpus": "corpus", "encounters": 2},
        {"corpus": {"splits": ["train"], "encounters": 2}},
    ):
        assert "has learned from these encounters" in scored(known, "--split", "train")["warnings"][0]
        assert "has learned from these encounters" in scored(known, "--split", "dev", "--split", "train")["warnings"][0]
    assert scored({"corpus": "another", "encounters": 2}, "--split", "train")["warnings"] == []


def test_splits_are_pooled(corpus, capsys):
    both = [str(corpus / "mine.tsv"), str(corpus / "corpus"), "--split", "train", "--split", "dev", "--bootstrap", "0"]
    assert main(["evaluate", *both, "--threshold", "cv", "--format", "json"]) == 0
    values = json.loads(capsys.readouterr().out)
    jsonschema.validate(values, SCHEMA)
    assert (values["split"], values["n_encounters"]) == ("train + dev", 4)
    assert values["threshold_source"] == "cross-validated"
    assert values["counts"]["n_unknown_encounters"] == 0
    assert values["frequency_basis"] == "reference"
    assert main(["compare", str(corpus / "other.tsv"), *both, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_encounters"] == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--split", "train", "--split", "dev", "--threshold-split", "train"], "one of the splits that are reported"),
        (["--split", "dev", "--split", "dev"], "named 2 times"),
        (["--split", "dev", "--split", "again"], "1 encounter ids stand in more than one of the splits dev, again"),
        (["--split", "dev", "--split", "trian"], "did you mean 'train'"),
    ],
)
def test_splits_that_cannot_be_pooled(corpus, capsys, options, words):
    line = (corpus / "corpus" / "dev.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (corpus / "corpus" / "again.jsonl").write_text(line, encoding="utf-8")
    assert main(["evaluate", str(corpus / "mine.tsv"), str(corpus / "corpus"), *options]) == 2
    assert words in capsys.readouterr().err


def test_scoring_needs_neither_spacy_nor_scikit_learn():
    code = (
        "import sys; from leadterm.evaluation import evaluate;"
        "import leadterm.pages.report_page, leadterm.pages.report_tables;"
        "evaluate({'e': ['I10']}, {'e': ['I10']}, n_bootstrap=5);"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'spacy', 'scispacy', 'sklearn', 'torch'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_bench_runs_small(capsys, monkeypatch):
    from leadterm.experiments import bench_evaluation as bench

    monkeypatch.setattr(sys, "argv", ["bench", "--encounters", "50", "--codes", "200", "--bootstrap", "5"])
    bench.main()
    assert "50 encounters x 200 codes" in capsys.readouterr().out


def test_a_run_survives_its_file(tmp_path):
    at = EvidenceSpan("n1", 15, 20, TEXT[15:20])
    said = (Suggestion(1, "icd10cm", "R05.9", "", 1 / 3, (Mention("n1", (at,), section="hpi"),)),)
    run = Run.from_suggestions([SuggestionSet("e1", "m", {}, said, 0.5)])
    run.to_frame().to_csv(tmp_path / "run.tsv", sep="\t", index=False)
    again = Run.from_file(tmp_path / "run.tsv")
    assert again.evidence == run.evidence
    assert again.score.tolist() == again.confidence.tolist() == [1 / 3]
    assert again.section.tolist() == ["hpi"]
