"""What identifies a person is found and replaced, offline; what a code rests on stays."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.experiments.bench_deidentify import measure
from leadterm.intake.identifiers import find_identifiers, replace_identifiers
from leadterm.storage.tsv import package_table

ROWS = list(package_table("leadterm.intake", "identifier_patterns.tsv"))
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['kind']}-{n}" for n, row in enumerate(ROWS)])
def test_each_pattern_finds_its_example(row: dict[str, str]) -> None:
    assert re.search(row["pattern"], row["example"], re.MULTILINE)
    assert row["why"]


def test_most_of_what_is_planted_is_found_and_few_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the network is not used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    planted, found, lost, words = measure(40)
    assert found.total() / planted.total() > 0.95
    assert all(found[kind] == planted[kind] for kind in ("name", "date", "record", "phone", "ssn", "email"))
    assert lost / words < 0.03


@pytest.mark.parametrize(
    "text",
    ["Parkinson disease for 3 years.", "BP 120/80, strength 5/5, pain 7/10.", "She is 67 years old.",
     "Take 500 mg daily.", "Type 2 diabetes mellitus with diabetic neuropathy.", "CHF, COPD, HTN."],
)  # fmt: skip
def test_what_a_code_rests_on_stays(text: str) -> None:
    assert replace_identifiers(text, find_identifiers(text)) == text


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "smith.txt").write_text("Seen by Dr. Hawkins on 3/14/2025. MRN 4482913.\nAssessment: Gout.\n")
    assert main(["deidentify", str(tmp_path / "smith.txt"), "-o", str(tmp_path / "out.jsonl")]) == 0
    assert "Have a person read every note" in capsys.readouterr().err
    made = json.loads((tmp_path / "out.jsonl").read_text())
    assert made["notes"][0]["text"] == "Seen by [NAME] on [DATE]. [RECORD].\nAssessment: Gout.\n"
    assert made["encounter_id"] == "e1"
    (tmp_path / "bad.jsonl").write_text("no json")
    assert main(["deidentify", str(tmp_path / "bad.jsonl"), "-o", str(tmp_path / "no.jsonl")]) == 2
