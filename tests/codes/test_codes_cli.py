from __future__ import annotations

import json
from collections.abc import Callable
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


def test_data_never_acts_on_the_terminal(write: Callable[[str, str], str]) -> None:
    table = write("own.csv", "code,title\n[/x],a [bold]word[/] and \x1b[31mred\n[red],[link=http://x.test]y[/link]\n")
    assert run(app, ["install", table, "--system", "own", "--release", "1"]).exit_code == 0
    for arguments in (["show", "[/x]"], ["search", "word"], ["search", "[/x]"], ["show", "[red]"], ["search", "y"]):
        answer = run(app, [*arguments, "--system", "own"], env={"COLUMNS": "100"})
        assert answer.exit_code == 0, arguments
        assert "\x1b" not in answer.stdout
        assert "[bold]word[/]" in answer.stdout or "[link=http://x.test]" in answer.stdout


def test_remove(write: Callable[[str, str], str]) -> None:
    run(app, ["install", write("own.csv", "code,title\nA1,Arm\n"), "--system", "own", "--release", "1"])
    assert run(app, ["remove", "own", "1"]).stdout == "removed own 1: codes\n"
    assert type(run(app, ["show", "A1", "--system", "own"]).exception).__name__ == "LeadtermError"
