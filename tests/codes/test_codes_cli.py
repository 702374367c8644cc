from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadterm.cli.codes import app

run = CliRunner().invoke


def test_search() -> None:
    answer = run(app, ["search", "heart", "attack", "--format", "json", "-n", "3"])
    assert answer.exit_code == 0
    hits = json.loads(answer.stdout)
    assert hits[0]["code"] == "I21.9"
    assert len(hits) == 3
    table = run(app, ["search", "fall", "ice"])
    assert "7th character" in table.stdout


def test_search_without_result_has_status_1() -> None:
    answer = run(app, ["search", "qqqzzzxxv"])
    assert answer.exit_code == 1
    assert json.loads(run(app, ["search", "qqqzzzxxv", "--format", "json"]).stdout) == []


def test_show() -> None:
    page = run(app, ["show", "e11621"], env={"COLUMNS": "120"}).stdout
    for words in (
        "E11.621",
        "Type 2 diabetes mellitus with foot ulcer",
        "billable",
        "E08-E13",
        "(from E11)",
        "site of ulcer",
    ):
        assert words in page
    assert "W00.0XXA" in run(app, ["show", "W00.0"]).stdout
    facts = json.loads(run(app, ["show", "W00.0", "--format", "json"]).stdout)
    assert facts["seventh_characters"]["A"] == "initial encounter"
    assert facts["billable"] is False
    assert [above["code"] for above in facts["ancestors"]] == ["W00"]


@pytest.mark.parametrize(
    "arguments", [["show", "E11.999"], ["show", "E11", "--system", "icd10"], ["install", "no-file"]]
)
def test_errors_are_raised_for_the_command_line_to_print(arguments: list[str]) -> None:
    answer = run(app, arguments)
    assert type(answer.exception).__name__ == "LeadtermError"


def test_install_then_list(official: Path) -> None:
    (official / "readme.txt").write_text("Words.")
    answer = run(app, ["install", str(official)], env={"COLUMNS": "120"})
    assert answer.exit_code == 0
    assert "external cause" in answer.stdout
    parts = json.loads(run(app, ["list", "--format", "json"]).stdout)
    assert {"index", "drug", "neoplasm", "external cause"} == {part["kind"] for part in parts if not part["packaged"]}
    assert "2026" in run(app, ["list"], env={"COLUMNS": "120"}).stdout
    report = json.loads(run(app, ["install", str(official), "--format", "json"]).stdout)
    assert report["skipped"][0]["file"] == "readme.txt"
