"""Dask and Spark give what the engine of this machine gives; a plan tells what a run will take."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from batch_samples import contents, rows, run_here, write_lines, write_parquet
from leadterm.batch.dask_engine import run_dask
from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan
from leadterm.batch.pricing import measure_rates
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.running import run_parts
from leadterm.batch.spark import SCHEMA, suggest_batches
from leadterm.cli import main
from leadterm.cli.batch_command import batch
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.pages.wanted import Format

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def cluster() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        distributed = pytest.importorskip("distributed")
        asked = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
        with distributed.LocalCluster(**asked) as made:
            yield made


@pytest.mark.usefixtures("loaded")
@pytest.mark.filterwarnings("ignore")
def test_dask_gives_the_same_bytes_and_is_given_numbers_alone(cluster: Any, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 12)
    run_here(source, tmp_path / "plain")
    folder = RunFolder(tmp_path / "out")
    folder.start()
    plan = make_plan(Options(str(source), format=Format.JSONL, size=4), folder)
    engine = partial(_asked, cluster.scheduler_address)
    assert {outcome["part"] for outcome in run_parts(folder, plan, engine)} == {0, 1, 2}
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def _asked(address: str, folder: RunFolder, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    return run_dask(folder, numbers, address)


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadterm.batch.dask_engine.PATIENCE", "300ms")
    with pytest.raises(LeadtermError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        list(run_dask(RunFolder(tmp_path), [0], "tcp://127.0.0.1:9"))


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_lost_its_workers(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadterm.batch.dask_engine.ALONE", 0.5)
    cluster.scale(0)
    with pytest.raises(LeadtermError, match=r"has no worker since .* s; 2 parts are left") as told:
        list(run_dask(RunFolder(tmp_path), [0, 1], cluster.scheduler_address))
    assert f"dask worker {cluster.scheduler_address}" in str(told.value)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out how the note is named (after the encounter in a data frame, n1 in a table), and the order of files."""
    known = frame.drop(columns="note_id").convert_dtypes()
    return known.sort_values(["encounter_id", "rank"], ignore_index=True)


@pytest.mark.usefixtures("loaded")
def test_the_function_for_spark_gives_the_rows_of_a_batch(engine: DictionaryModel, tmp_path: Path) -> None:
    notes = pd.DataFrame([*rows(12), {"id": "none", "text": "Nothing to report."}])
    run_here(write_parquet(tmp_path / "n.parquet", notes.to_dict("records")), tmp_path / "out", format=Format.PARQUET)
    frames = list(suggest_batches(model=engine)([notes[:5], notes[5:]]))
    expected = pd.read_parquet(tmp_path / "out")
    found = pd.concat(frames, ignore_index=True)
    assert ", ".join(part.split()[0] for part in SCHEMA.split(", ")) == ", ".join(found.columns)
    pd.testing.assert_frame_equal(plain(found), plain(expected))
    assert found.loc[found["encounter_id"] == "none", "code"].tolist() == [""]


@pytest.mark.filterwarnings("ignore")
def test_spark_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark and Java are needed")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    source = write_parquet(tmp_path / "n.parquet", rows(12))
    run_here(source, tmp_path / "out", format=Format.PARQUET)
    session = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        found = session.read.parquet(str(source)).mapInPandas(suggest_batches(), schema=SCHEMA).toPandas()
        again = session.read.parquet(str(tmp_path / "out")).toPandas()  # the folder of a batch is a table
    finally:
        session.stop()
    pd.testing.assert_frame_equal(plain(found), plain(again))


def test_a_plan_measures_and_reckons(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert pytestconfig.cache is not None
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("leadterm")))
    source = write_lines(tmp_path / "n.jsonl", 60)
    assert main(["plan", str(source), "--cores", "4", "--price", "0.05", "--notes", "1000000", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["notes"], told["measured_notes"] == (1_000_000, 60)
    assert told["hours"] * 4 == pytest.approx(told["core_hours"])
    assert told["money"] == pytest.approx(told["core_hours"] * 0.05)
    assert told["core_hours"] == pytest.approx(1e6 / told["notes_a_second_and_core"] / 3600, rel=0.05)
    assert main(["plan"]) == 2
    empty = tmp_path / "empty.jsonl"
    empty.write_text("{}\n")
    with pytest.raises(LeadtermError, match="has no note that can be coded"):
        measure_rates(Options(str(empty)))


def test_what_the_command_refuses(tmp_path: Path, capsys: Capture) -> None:
    assert main(["batch", str(tmp_path)]) == 2
    assert main(["batch", str(tmp_path / "none.csv"), str(tmp_path / "out")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
    with pytest.raises(LeadtermError, match="unknown setting 'home'"):
        batch(str(tmp_path), str(tmp_path / "out"), setting="home")
