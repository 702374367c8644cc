"""Suggestions as JSON lines are scored like the suggestions themselves; bad lines are refused without their text."""

from __future__ import annotations

import json

import numpy as np
import pytest

from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.evaluation import Run, evaluate
from leadterm.schema import EvidenceSpan, Mention, Suggestion, SuggestionSet

ASTHMA = Mention("n", (EvidenceSpan("n", 0, 6, "Asthma"),), section="plan")
SETS = [
    SuggestionSet(
        f"e{i}",
        "m",
        {},
        (
            Suggestion(1, "icd10cm", "J45.909", "Asthma", 0.75, (ASTHMA,)),
            Suggestion(2, "icd10cm", "I10", "Hypertension", 0.25, (Mention.of(EvidenceSpan("n", 8, 11, "HTN")),)),
        ),
        0.4,
    )
    for i in range(3)
]
SECRET = "Asthma, HTN and secrets."


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(json.dumps(s.to_json()) for s in SETS) + "\n\n", encoding="utf-8")
    return path


def test_the_same_run_as_from_the_suggestions(file):
    read, made = Run.from_file(file), Run.from_suggestions(SETS)
    assert (read.name, read.threshold, read.encounters, read.labels) == ("s", 0.4, made.encounters, made.labels)
    assert np.array_equal(read.score, made.score)
    assert read.evidence == made.evidence
    assert list(read.section) == list(made.section)
    gold = {s.encounter_id: ["J45.909"] for s in SETS}
    assert evaluate(file, gold, systems=["icd10cm"], n_bootstrap=0)["micro_f1"] == 1.0


@pytest.mark.parametrize(
    "line",
    [
        "not json " + SECRET,
        json.dumps([SECRET]),
        json.dumps({"encounter_id": "e", "text": SECRET}),
        json.dumps({"encounter_id": "e", "suggestions": [{"code": SECRET}]}),
        json.dumps({"encounter_id": "e", "suggestions": [{"system": "s", "code": "A", "confidence": 2}]}),
        json.dumps({"encounter_id": "e", "suggestions": [{"system": "s", "code": "A", "confidence": None}]}),
        json.dumps({"encounter_id": "e", "suggestions": 5}),
        "[" * 100_000,
    ],
)
def test_bad_lines(tmp_path, file, line):
    path = tmp_path / "bad.jsonl"
    path.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n" + line, encoding="utf-8")
    with pytest.raises(LeadtermError, match=r"'bad\.jsonl' line 2") as error:
        Run.from_file(path)
    assert SECRET not in str(error.value)


def test_bad_files(tmp_path):
    with pytest.raises(LeadtermError, match="cannot read"):
        Run.from_file(tmp_path / "none.jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(LeadtermError, match="not UTF-8"):
        Run.from_file(tmp_path / "b.jsonl")


def test_the_command(tmp_path, file, capsys):
    line = {"encounter_id": "e0", "notes": [{"note_id": "n", "text": SECRET}]}
    line["codes"] = [{"system": "icd10cm", "code": "J45.909"}]
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "dev.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert main(["evaluate", str(file), str(tmp_path / "corpus"), "--format", "json", "--bootstrap", "0"]) == 0
    assert json.loads(capsys.readouterr().out)["micro_f1"] == 1.0
    assert main(["evaluate", str(tmp_path / "no.jsonl"), str(tmp_path / "corpus")]) == 2
