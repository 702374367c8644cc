"""What is wrong with a run is refused or counted, never dropped in silence."""

from __future__ import annotations

import pandas as pd
import pytest

from leadterm.errors import LeadtermError
from leadterm.evaluation import Qrels, Run, compare, evaluate
from leadterm.schema import Encounter, Note, ReferenceCode

HEADER = "encounter_id\tsystem\tcode\trank\tscore\n"
GOLD = Qrels.from_mapping({"e1": ["E11.9", "I10"], "e2": ["J45.909"]}, system="icd10cm")


def run_of(tmp_path, text, **options):
    path = tmp_path / "run.tsv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Run.from_file(path, **options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no header"),
        ("encounter_id\tsystem\trank\tscore\ne1\ticd10cm\t1\t1\n", "lacks the column code"),
        ("encounter_id\tcode\tscore\ne1\tI10\t1\n", "lacks the column system"),
        ("encounter_id\tsystem\tcode\ne1\ticd10cm\tI10\n", "lacks the column score"),
        ("encounter\tcode_system\tscore\ne1\ticd10cm\t1\n", "lacks the columns encounter_id, code; it has: encounter"),
        ("encounter_id,system,code,rank,score\ne1,icd10cm,I10,1,1\n", "separated by commas, not by tabs"),
        ("encounter_id;system;code;score\ne1;icd10cm;I10;1\n", "separated by semicolons, not by tabs"),
        ("e1\ticd10cm\tI10\t1\t1\n", "names none of the columns"),
        ("encounter_id\tsystem\tcode\tcode\tscore\ne1\ticd10cm\tI10\tI10\t1\n", "names the column code more than once"),
        (HEADER.encode("utf-16"), "not a tab-separated table"),
        (HEADER + "e1\ticd10cm\tI10\t1\t1\textra\tmore\n", "not a tab-separated table"),
        ("encounter_id\tsystem\tcode\tscore\tconfidence\ne1\ticd10cm\tI10\t1\t1.5\n", "not between 0 and 1"),
        ("encounter_id\tsystem\tcode\tscore\tevidence\ne1\ticd10cm\tI10\t1\t9-3\n", "evidence cannot be read"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, words):
    with pytest.raises(LeadtermError, match=words):
        run_of(tmp_path, text)


def test_missing_file():
    with pytest.raises(LeadtermError, match=r"cannot read run file 'nowhere\.tsv'"):
        Run.from_file("some/nowhere.tsv")


def test_a_header_alone_is_an_empty_run(tmp_path):
    report = evaluate(run_of(tmp_path, HEADER), GOLD, n_bootstrap=10)
    assert {report[n] for n in ("micro_f1", "map", "macro_f1", "micro_precision", "recall_at_10")} == {0.0}
    assert report["warnings"][0].startswith("the run has no suggestion")
    assert report["counts"]["n_encounters_without_run"] == 2
    report.dumps()


def test_scores_that_are_no_numbers_rank_last_and_are_counted(tmp_path):
    text = HEADER + "e1\ticd10cm\tA00\t1\tnan\ne1\ticd10cm\tI10\t2\t0.2\ne1\ticd10cm\tB20\t3\tx\n"
    report = evaluate(run_of(tmp_path, text), GOLD, threshold=0.1, n_bootstrap=0)
    assert report["counts"]["n_nan_scores"] == 2
    assert report["precision_at_1"] == 0.5
    assert report["n_chosen"] == 1
    assert report["warnings"][0] == "2 rows of the run have a score that is no number: ranked last, never chosen."


def test_without_a_threshold_too_a_row_without_a_number_is_not_chosen(tmp_path):
    text = HEADER + "e1\ticd10cm\tI10\t1\t0,9\ne1\ticd10cm\tE11.9\t2\t-inf\ne2\ticd10cm\tJ45.909\t1\t90%\n"
    run = run_of(tmp_path, text)
    report = evaluate(run, GOLD, n_bootstrap=0)
    assert (report["n_chosen"], report["micro_f1"], report["map"]) == (0, 0.0, 1.0)
    assert report["counts"]["n_nan_scores"] == 3
    assert len(run.to_qrels().row) == 0


def test_a_rank_that_is_no_number_stands_last(tmp_path):
    run = run_of(tmp_path, "encounter_id\tsystem\tcode\trank\ne1\ticd10cm\tE11.9\tfirst\ne1\ticd10cm\tI10\t2\n")
    report = evaluate(run, GOLD, n_bootstrap=0)
    assert (report["n_chosen"], report["precision_at_1"], report["counts"]["n_nan_scores"]) == (1, 0.5, 1)


def test_unknown_encounters_other_systems_and_blank_codes_are_counted(tmp_path):
    text = (
        HEADER + "e1\ticd10cm\tI10\t1\t0.9\ne9\ticd10cm\tI10\t1\t0.9\ne1\thcpcs\tG0008\t2\t0.8\ne2\ticd10cm\t\t1\t0.1\n"
    )
    counts = evaluate(run_of(tmp_path, text), GOLD, n_bootstrap=0)["counts"]
    assert counts["n_rows"] == 4
    assert counts["n_unknown_encounters"] == counts["n_rows_of_unknown_encounters"] == 1
    assert counts["n_rows_of_other_systems"] == counts["n_blank_rows"] == counts["n_rows_scored"] == 1
    assert counts["n_encounters_without_run"] == 0


def test_warnings_name_what_was_left_out(tmp_path):
    gold = Qrels.from_mapping({"e1": ["I10"], "e2": []}, system="icd10cm")
    text = HEADER + "e1\tICD-10\tI10\t1\t0.9\n e2\ticd10cm\tI10\t1\t0.9\n\ticd10cm\tI10\t1\t0.9\n"
    assert evaluate(run_of(tmp_path, text), gold, n_bootstrap=0)["warnings"] == [
        "the run has no suggestion for any encounter scored: every figure is 0.",
        "1 row was without a code or an encounter: left out.",
        "1 row was of code systems that are not scored (icd10): left out.",
        "1 encounter of the reference has no code at all: left out, with 1 row of the run.",
    ]
    report = evaluate(run_of(tmp_path, HEADER + "E-1\ticd10cm\tI10\t1\t0.9\n"), gold, n_bootstrap=0)
    assert report["warnings"][0].endswith(
        "None of its encounter ids is in the reference: compare how they are written."
    )
    assert report["warnings"][1] == "1 encounter of the run (1 row) is not in the reference: left out."


@pytest.mark.parametrize("spelling", ["e11.9", "E119", " e119 ", "E11.9."])
def test_other_spellings_match(tmp_path, spelling):
    report = evaluate(run_of(tmp_path, HEADER + f"e1\tICD-10-CM\t{spelling}\t1\t0.9\n"), GOLD, n_bootstrap=0)
    assert report["micro_precision"] == 1.0
    assert report["counts"]["n_respelled_codes"] == 1


def test_an_own_normaliser_decides():
    own = {"normalise": lambda code: code[:3]}
    run = Run.from_mapping({"e1": ["E11.65"]}, **own)
    assert evaluate(run, Qrels.from_mapping({"e1": ["E11.9"]}, **own), n_bootstrap=0)["micro_f1"] == 1.0


def test_codes_read_as_numbers_are_refused():
    frame = pd.DataFrame({"encounter_id": ["e1"], "code": [389], "score": [1.0]})
    with pytest.raises(LeadtermError, match="codes must be text"):
        Run.from_frame(frame, system="icd9cm")


def test_ranks_alone_will_do_but_take_no_threshold(tmp_path):
    run = run_of(tmp_path, "encounter_id\tsystem\tcode\trank\ne1\ticd10cm\tI10\t2\ne1\ticd10cm\tE11.9\t1\n")
    assert evaluate(run, GOLD, n_bootstrap=0)["precision_at_1"] == 0.5
    with pytest.raises(LeadtermError, match="ranks but no scores"):
        evaluate(run, GOLD, threshold=0.5)


def test_ranks_against_scores_are_counted(tmp_path):
    run = run_of(tmp_path, HEADER + "e1\ticd10cm\tI10\t1\t0.1\ne1\ticd10cm\tE11.9\t2\t0.9\n")
    assert run.counts["n_rank_order_differs"] == 1


def test_encounters_without_reference_codes():
    note = (Note("n", "Cough."),)
    gold = [
        Encounter("coded", note, (ReferenceCode("icd10cm", "I10"),)),
        Encounter("procedure only", note, (ReferenceCode("icd10pcs", "0DTJ4ZZ"),)),
        Encounter("not coded", note),
    ]
    run = {e.encounter_id: {"I10": 0.9} for e in gold}
    report = evaluate(run, gold, systems=["icd10cm"], n_bootstrap=0)
    assert report["n_encounters"] == 2
    assert report["counts"]["n_uncoded_encounters"] == 1
    assert report["counts"]["n_encounters_without_reference_code"] == 1
    assert report["micro_precision"] == 0.5
    assert report["map"] == 1.0
    assert evaluate(run, gold, systems=["icd10cm"], uncoded="count", n_bootstrap=0)["micro_precision"] == 1 / 3


def test_nothing_to_score_is_an_error():
    with pytest.raises(LeadtermError, match="no encounter has a reference code"):
        evaluate({"e1": ["I10"]}, {"e1": []})


def test_unknown_names_are_refused():
    with pytest.raises(LeadtermError, match="did you mean 'icd10cm'"):
        evaluate({"e1": ["I10"]}, GOLD, systems=["icd10cn"])
    with pytest.raises(LeadtermError, match="uncoded"):
        evaluate({"e1": ["I10"]}, {"e1": ["I10"]}, uncoded="keep")
    with pytest.raises(LeadtermError, match="did you mean 'micro_f1'"):
        evaluate({"e1": ["I10"]}, {"e1": ["I10"]}, n_bootstrap=0)["micro_f"]


def test_a_comparison_says_what_was_left_out_of_each_run():
    runs = {"whole": {"e1": ["I10"], "e2": ["J45.909"]}, "half": {"e1": ["I10"], "e9": ["I10"]}}
    found = compare(runs, GOLD, systems=["icd10cm"], metrics=["map"], n_bootstrap=0, n_permutations=100)
    assert found.warnings == {
        "whole": [],
        "half": [
            "1 encounter of the run (1 row) is not in the reference: left out.",
            "1 encounter was not answered by the run: scored as empty answers.",
        ],
    }
    assert found.to_json()["warnings"]["half"] == found.warnings["half"]
