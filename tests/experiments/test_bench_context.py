"""Judged sentences are read from a file and scored by assertion."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.experiments.bench_context import main, read_judged


def test_scores_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        "Report No.\tConcept\tSentence\tNegation", "1\tfever\tShe denies fever.\tNegated",
        "2\tgout\tHe has gout.\tAffirmed", "3\tgout\tNo gout today.\tAffirmed", "4\trash\tNothing of it.\tNegated",
        "5\tstroke\tHistory of stroke.\tHistorical",
    ]  # fmt: skip
    file = tmp_path / "kit.txt"
    file.write_text("\n".join(rows), "utf-8")
    assert [case.assertion for case in read_judged(file)] == ["absent", "present", "present", "history"]
    assert main([str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["absent", "history", "present"]
    assert "judged     1  given     2  right     1  F1 0.667" in lines[0]
