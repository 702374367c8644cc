"""A batch gives what `leadterm suggest` gives, from every format, whoever does which part how often."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_samples import answers, contents, inline, rows, run_here, write_csv, write_lines, write_parquet
from leadterm import __version__
from leadterm.batch.how_far import describe, progress_of
from leadterm.batch.journal import EVENTS
from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan, read_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.running import run_parts
from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.pages.wanted import Format

Capture = pytest.CaptureFixture[str]
pytestmark = pytest.mark.usefixtures("loaded")


def folder_of_notes(base: Path) -> Path:
    base.mkdir()
    for row in rows(30):
        (base / f"{row['id']}.txt").write_text(row["text"])
    return base


def spread(given: list[dict[str, str]]) -> list[dict[str, str]]:
    """A second note of some encounters, far from the first."""
    return [*given, *({**row, "text": f"{row['text']} Also: gout."} for row in given[:5])]


def doubled(given: list[dict[str, str]]) -> list[dict[str, str]]:
    """Two notes of each encounter, one below the other."""
    return [{**row, "text": text} for row in given for text in (row["text"], f"{row['text']} Also: asthma.")]


def workbook(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    for row in rows(30):
        book.active.append(list(row.values()))
    book.save(path)
    return path


def old_mac(path: Path) -> Path:
    return write_csv(path, [{**row, "text": row["text"].replace("\n", " ")} for row in rows(30)], end="\r")


def packed(path: Path) -> Path:
    path.write_bytes(gzip.compress(write_csv(path.with_suffix(".tmp"), rows(30)).read_bytes()))
    return path


INPUTS: dict[str, Callable[[Path], Path]] = {
    "lines": lambda at: write_lines(at / "n.jsonl"),
    "objects": lambda at: write_lines(at / "n.ndjson"),
    "csv": lambda at: write_csv(at / "n.csv", rows(30)),
    "csv, an encounter in two rows": lambda at: write_csv(at / "n.csv", doubled(rows(30))),
    "csv, rows of an encounter apart": lambda at: write_csv(at / "n.csv", spread(rows(30))),
    "csv without ids": lambda at: write_csv(at / "n.csv", [{"text": row["text"]} for row in rows(30)]),
    "csv of Windows": lambda at: write_csv(at / "n.csv", [{**r, "text": f"Señora. {r['text']}"} for r in rows(30)],
                                           encoding="cp1252"),
    "csv with a mark": lambda at: write_csv(at / "n.csv", rows(30), encoding="utf-8-sig", end="\n"),
    "csv in UTF-16": lambda at: write_csv(at / "n.csv", rows(30), encoding="utf-16"),
    "csv of an old Mac": lambda at: old_mac(at / "n.csv"),
    "packed csv": lambda at: packed(at / "n.csv.gz"),
    "parquet": lambda at: write_parquet(at / "n.parquet", rows(30)),
    "parquet, an encounter in two rows": lambda at: write_parquet(at / "n.parquet", doubled(rows(30))),
    "parquet, rows apart": lambda at: write_parquet(at / "n.parquet", spread(rows(30))),
    "parquet without ids": lambda at: write_parquet(at / "n.parquet", [{"text": row["text"]} for row in rows(30)]),
    "workbook": lambda at: workbook(at / "n.xlsx"),
    "documents": lambda at: folder_of_notes(at / "notes"),
}  # fmt: skip


@pytest.mark.parametrize("kind", INPUTS)
def test_it_gives_what_suggest_gives(kind: str, tmp_path: Path) -> None:
    source = INPUTS[kind](tmp_path)
    main(["suggest", str(source), "--format", "jsonl", "-o", str(tmp_path / "plain.jsonl")])
    outcomes = run_here(source, tmp_path / "out")
    assert len(outcomes) >= 7
    kinds = {piece.kind for piece in read_plan(RunFolder(tmp_path / "out")).pieces}
    aside = any(word in kind for word in ("apart", "16", "Mac", "packed", "book", "objects"))
    assert kinds == {"lines"} if aside else {kind.split()[0].rstrip(",")}
    assert answers(tmp_path / "out") == (tmp_path / "plain.jsonl").read_bytes()


def test_a_folder_of_folders_of_parquet(tmp_path: Path) -> None:
    for year in (2024, 2025):
        given = [{**row, "id": f"{year}-{row['id']}"} for row in rows(12)]
        write_parquet(tmp_path / "notes" / f"year={year}" / "part-0.parquet", given)
    write_parquet(tmp_path / "notes" / "_old" / "x.parquet", rows(3))
    run_here(tmp_path / "notes", tmp_path / "out")
    ids = [json.loads(line)["encounter_id"] for line in answers(tmp_path / "out").splitlines()]
    assert ids == [f"{year}-e{i}" for year in (2024, 2025) for i in range(12)]


def test_the_answers_of_a_query(tmp_path: Path) -> None:
    import duckdb

    source = write_parquet(tmp_path / "n.parquet", rows(30))
    with duckdb.connect(str(tmp_path / "base.duckdb")) as base:
        base.sql(f"CREATE TABLE visits AS SELECT id AS visit, text AS said FROM '{source}'")
    query = "SELECT visit AS id, said AS text FROM visits ORDER BY CAST(substr(visit, 2) AS INTEGER)"
    run_here(tmp_path / "base.duckdb", tmp_path / "out", sql=query)
    run_here(source, tmp_path / "plain")
    assert answers(tmp_path / "out") == answers(tmp_path / "plain")
    assert not (tmp_path / "out" / "_run" / "input").exists()  # the text does not stay
    run_here(source, tmp_path / "few", sql="SELECT * FROM input WHERE id IN ('e3', 'e4')")
    assert [json.loads(line)["encounter_id"] for line in answers(tmp_path / "few").splitlines()] == ["e3", "e4"]
    with pytest.raises(LeadtermError, match=r"query of --sql failed \(CatalogException\)"):
        run_here(source, tmp_path / "wrong", sql="SELECT * FROM patients")


def test_rows_of_sqlite_and_of_an_address(tmp_path: Path) -> None:
    import sqlite3

    odd = [{"id": "e30", "text": "Plan: 5% dextrose; taken as :name. Assessment: Gout."}]
    source = write_lines(tmp_path / "n.jsonl")
    source.write_text(source.read_text() + json.dumps(odd[0]) + "\n")
    run_here(source, tmp_path / "plain")
    place = tmp_path / "a base.db"
    with sqlite3.connect(place) as base:
        base.execute("CREATE TABLE visits (visit INTEGER, said TEXT, day)")
        kept = [(number, row["text"]) for number, row in enumerate(rows(30) + odd)]
        base.executemany("INSERT INTO visits VALUES (?, ?, NULL)", kept)
    base.close()
    before = place.read_bytes()
    query = "SELECT 'e' || visit AS id, said AS text FROM visits WHERE said LIKE '%a%:%' ORDER BY visit"
    for number, given in enumerate((str(place), f"sqlite:///{place}", f"sqlite+pysqlite:///{place}?timeout=5")):
        run_here(given, tmp_path / f"out{number}", sql=query)
        assert answers(tmp_path / f"out{number}") == answers(tmp_path / "plain")
        assert not (tmp_path / f"out{number}" / "_run" / "input").exists()
    with pytest.raises(LeadtermError, match=r"query of --sql failed \(OperationalError\)"):
        run_here(place, tmp_path / "writes", sql="DELETE FROM visits")
    assert place.read_bytes() == before


def test_a_database_that_cannot_be_asked(tmp_path: Path) -> None:
    for given in ("sqlite:////nowhere/none.db", "nosuch://u:secret@host/base", "postgresql+nosuch://u:secret@host/base"):
        with pytest.raises(LeadtermError, match="query of --sql failed") as error:
            run_here(given, tmp_path / "out", sql="SELECT 1")
        assert "secret" not in str(error.value)
    with pytest.raises(LeadtermError, match="is a database"):
        run_here("postgresql://u:secret@host/base", tmp_path / "out")
    assert not any(b"secret" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    options = Options("postgresql://u:secret@host/base?passfile=x", sql="SELECT 1")
    assert options.to_json()["input"] == "postgresql://host/base"


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_tables_of_answers(format: str, tmp_path: Path) -> None:
    import pandas as pd

    source = write_lines(tmp_path / "n.jsonl", 10)
    main(["suggest", str(source), "--format", format, "-o", str(tmp_path / f"plain.{format}")])
    run_here(source, tmp_path / "out", format=Format(format))
    read: Callable[[Any], pd.DataFrame] = pd.read_csv if format == "csv" else pd.read_parquet
    parts = pd.concat([read(file) for file in sorted((tmp_path / "out").glob("part-*"))], ignore_index=True)
    pd.testing.assert_frame_equal(parts, read(tmp_path / f"plain.{format}"))
    if format == "parquet":  # as Arrow, DuckDB and Spark read it: what begins with an underscore is passed over
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out"), parts)


def test_a_part_may_be_done_twice_and_lost_records_are_made_again(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl")
    run_here(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    folder = RunFolder(tmp_path / "out")
    lines = folder.records_file.read_bytes().splitlines(keepends=True)
    folder.records_file.write_bytes(b"".join([*lines[:3], b"{not json}\n", lines[4], lines[5][:20]]))  # torn by a crash
    (tmp_path / "out" / "part-00001.jsonl").unlink()
    folder.manifest_file.unlink()
    again = run_here(source, tmp_path / "out")
    assert {outcome["part"] for outcome in again} == {1, 3, 5, 6, 7}
    assert contents(tmp_path / "out") == before
    assert run_here(source, tmp_path / "out") == []
    assert all(json.loads(line) for line in folder.records_file.read_bytes().splitlines() if line != b"{not json}")


def test_what_cannot_be_read_leaves_a_letter_without_its_text(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 6)
    bad = '{"id": "e9", "text": ""}\n{"id": "e9, qvordwick}\n'
    source.write_text(source.read_text() + bad + source.read_text()[:90])
    run_here(source, tmp_path / "out", size=20)
    letters = [json.loads(line) for line in (tmp_path / "out" / "_dead_letters.jsonl").read_text().splitlines()]
    assert len(letters) == 3
    assert all("line" in letter["reason"] and "qvordwick" not in letter["reason"] for letter in letters)
    assert json.loads((tmp_path / "out" / "_manifest.json").read_text())["letters"] == 3


def test_a_run_goes_on_only_as_it_was_planned(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 6)
    run_here(source, tmp_path / "out")
    with pytest.raises(LeadtermError, match=r"planned otherwise: threshold, top\."):
        run_here(source, tmp_path / "out", top=3, threshold=0.1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(LeadtermError, match="holds no run"):
        run_here(source, tmp_path / "other")
    with pytest.raises(LeadtermError, match="holds no run"):
        read_plan(RunFolder(tmp_path / "nowhere"))


def test_two_runs_do_not_mix(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    folder.start()
    with folder.locked(), pytest.raises(LeadtermError, match="another process is at work"):
        run_here(write_lines(tmp_path / "n.jsonl", 6), tmp_path / "out")
    assert not folder.is_locked()


@pytest.mark.parametrize("kind", ["lines", "csv", "parquet", "documents"])
def test_an_input_that_changed_is_not_coded_and_goes_on_when_it_is_back(kind: str, tmp_path: Path) -> None:
    source = INPUTS[kind](tmp_path)
    run_here(source, tmp_path / "plain")
    folder = RunFolder(tmp_path / "out")
    folder.start()
    plan = make_plan(Options(str(source), format=Format.JSONL, size=4), folder)
    cut = sorted(source.iterdir())[-1] if source.is_dir() else source
    shutil.copy2(cut, tmp_path / "kept")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 3 // 4])  # truncated
    failed = [outcome for outcome in run_parts(folder, plan, inline) if "failed" in outcome]
    assert failed
    assert all("is not what it was when the run was planned" in outcome["failed"] for outcome in failed)
    assert not folder.manifest_file.exists()
    shutil.copy2(tmp_path / "kept", cut)
    run_here(source, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_a_clock_that_jumps_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_lines(tmp_path / "n.jsonl")
    run_here(source, tmp_path / "plain")
    hours = iter((9e9, 5.0, -1.0, 8e8, 0.0, 7e9, 3.0, 2.0))
    monkeypatch.setattr("leadterm.batch.work.time.time", lambda: next(hours))
    run_here(source, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    found = progress_of(RunFolder(tmp_path / "out"))
    assert found.complete
    assert found.left is None or found.left >= 0


def test_an_output_that_cannot_be_made(tmp_path: Path, capsys: Capture) -> None:
    source = write_lines(tmp_path / "n.jsonl", 2)
    assert main(["batch", str(source), str(source / "out")]) == 2
    assert "cannot write" in capsys.readouterr().err
    assert main(["batch", str(source), str(source)]) == 2
    assert len(source.read_text().splitlines()) == 2


def test_file_names_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for stem in (b"caf\xe9", b"z"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/notes/" + stem + b".txt")).write_text("Assessment: Gout.")
    run_here(tmp_path / "notes", tmp_path / "out")
    ids = [json.loads(line)["encounter_id"] for line in answers(tmp_path / "out").splitlines()]
    assert ids == ["caf\ufffd", "z"]
    assert run_here(tmp_path / "notes", tmp_path / "out") == []


def test_programs_are_told_and_learn_nothing_of_the_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    events: list[dict[str, Any]] = [
        {"event": "worker ended", "part": 1, "reason": "ended its worker"}, {"event": "search", "part": 1},
        {"event": "worker renewed", "resident": 1}, {"part": 1, "failed": "reading it ended its worker."},
    ]  # fmt: skip
    monkeypatch.setattr("leadterm.batch.supervisor.run_local", lambda *a: [*events, *inline(a[0], [0, 2, 3])])
    source = write_lines(tmp_path / "n.jsonl", 13)
    source.write_text(source.read_text() + '{"id": "e9", "text": ""}\n')
    log, figures = tmp_path / "log.jsonl", tmp_path / "leadterm.prom"
    asked = ["batch", str(source), str(tmp_path / "out"), "--format", "jsonl", "--notes-per-part", "4"]
    assert main([*asked, "--log", str(log), "--metrics", str(figures)]) == 2
    told = [json.loads(line) for line in log.read_text().splitlines()]
    expected = ["start", "worker ended", "search", "worker renewed", "failed", "part", "part", "part"]
    assert [one["event"] for one in told if one["event"] != "message"] == [*expected, "end"]
    assert [one["rows_done"] for one in told if one["event"] in ("start", "part", "end")] == [0, 4, 8, 10, 10]
    assert {one["event"] for one in told} <= set(EVENTS)
    read = figures.read_text()
    for line in ("parts 4.0", "parts_done 3.0", "parts_failed 1.0", "rows_done 10.0", "letters 1.0", "running 0.0",
                 "complete 0.0", "workers_ended 1.0", "searches 1.0", "workers_renewed 1.0"):  # fmt: skip
        assert f"leadterm_batch_{line}\n" in read
    assert f'leadterm_batch_info{{leadterm="{__version__}",model="default",model_sha256="' in read
    capsys.readouterr()
    monkeypatch.setattr("leadterm.batch.supervisor.run_local", lambda *a: inline(a[0], a[1]))
    assert main([*asked, "--log", "-", "--metrics", str(figures)]) == 2  # complete, with a letter
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (lines[0]["rows_done"], lines[-1]["event"]) == (10, "message")
    assert "leadterm_batch_complete 1.0\n" in figures.read_text()
    said = f"{log.read_text()}{read}{lines}"
    assert not [word for word in ("Visit", "Gout", "diabetes", "e3") if word in said]


def test_a_run_that_stops_says_so_in_its_log(tmp_path: Path, capsys: Capture) -> None:
    log = tmp_path / "log.jsonl"
    assert main(["batch", str(tmp_path / "none.csv"), str(tmp_path / "out"), "--log", str(log)]) == 2
    assert "no such file" in json.loads(log.read_text())["reason"]
    source = write_lines(tmp_path / "n.jsonl", 1)
    assert main(["batch", str(source), str(tmp_path / "o2"), "--log", str(tmp_path / "no" / "log")]) == 2
    assert "cannot write the log" in capsys.readouterr().err


def test_how_far_it_is(tmp_path: Path, capsys: Capture) -> None:
    source = write_lines(tmp_path / "n.jsonl")
    run_here(source, tmp_path / "out")
    folder = RunFolder(tmp_path / "out")
    folder.manifest_file.unlink()
    lines = folder.records_file.read_text().splitlines(keepends=True)
    folder.records_file.write_text("".join(lines[:5]))
    found = progress_of(folder)
    assert (found.parts_done, found.parts, found.rows_done, found.rows, found.encounters) == (5, 8, 20, 30, 20)
    assert found.left is not None
    assert describe(found)[0] == "stopped; run the same command to go on"
    assert main(["batch", "--status", str(tmp_path / "out")]) == 0
    assert "parts    5 of 8" in capsys.readouterr().out
