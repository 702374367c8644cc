"""Training and evaluation take tables that are kept in parts: folders of Parquet files, and what a batch leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batch_samples import SAID, run_here, write_parquet
from leadterm.cli import main
from leadterm.pages.wanted import Format

CODES = ("M10.9", "E11.40", "I10", "J45.909", "J44.9")


def parted(folder: Path) -> Path:
    """Coded notes below folders named after split and year, two files each."""
    for split, first, count in (("train", 0, 80), ("dev", 80, 20)):
        for file in range(2):
            given = [
                {"id": f"e{n}", "text": f"Visit {n}.\nAssessment: {SAID[n % 5]}.", "codes": CODES[n % 5]}
                for n in range(first + file * count // 2, first + (file + 1) * count // 2)
            ]
            write_parquet(folder / f"split={split}" / f"year={2024 + file}" / f"part-{file}.parquet", given)
    return folder


@pytest.mark.usefixtures("loaded")
def test_from_parts_to_a_model_and_its_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, corpus, model = parted(tmp_path / "coded"), tmp_path / "corpus", tmp_path / "model"
    assert main(["corpus", "import", "csv", str(source), "--output", str(corpus)]) == 0
    counts = {name: len((corpus / f"{name}.jsonl").read_text().splitlines()) for name in ("train", "dev")}
    assert counts == {"train": 80, "dev": 20}
    assert main(["train", str(corpus), "--output", str(model), "--jobs", "1"]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(model), str(corpus), "--bootstrap", "0", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_encounters"] == 20


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("format", [Format.JSONL, Format.PARQUET, Format.CSV])
def test_a_batch_is_scored_as_the_model_that_made_it(
    format: Format, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    main(["corpus", "import", "csv", str(parted(tmp_path / "coded")), "--output", str(corpus)])
    run_here(corpus / "dev.jsonl", tmp_path / "out", format=format, size=6)

    def score(what: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["evaluate", what, str(corpus), "--system", "icd10cm", "--bootstrap", "0", "--format", "json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    ours, asked = score(str(tmp_path / "out")), score("default")
    assert ours["n_encounters"] == asked["n_encounters"] == 20
    for figure in ("n_chosen", "micro_precision", "micro_recall", "micro_f1", "macro_f1", "precision_at_1"):
        assert ours[figure] == pytest.approx(asked[figure], abs=1e-3)
