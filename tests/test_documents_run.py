"""What the documents tell a user to type works: commands and Python are run, in the order in which they stand."""

from __future__ import annotations

import csv
import io
import re
import shlex
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from leadterm.cli import main

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/notes.md", "docs/training.md", "docs/install.md", "docs/accuracy.md", "docs/claims.md",
         "docs/practise.md", "docs/rules.md", "docs/services.md", "docs/procedures.md", "docs/batch.md",
         "docs/review.md", "docs/deidentify.md")  # fmt: skip
# What only its owner has: corpora under terms of their own, official files, a database, decisions; and servers. These
# commands are checked, not run.
ELSEWHERE = re.compile(
    r"ACI_BENCH|CODIESP|radiology\.xml|FOLDER_OF|names\.csv|corpora/(aci|names|codiesp)|table-and-index|codes remove|"
    r"leadterm (review|plan) |decisions|train reviewed|postgresql:"
)
NOTES = {
    "ed": "ED COURSE: Ceftriaxone 1 g IM was given.\nDISPENSED: Left wrist placed in a velcro wrist splint.\n",
    "operation": "OPERATIVE REPORT\nPROCEDURE:\n1. Laparoscopic cholecystectomy converted to open.\n",
    "stay": "DISCHARGE SUMMARY\nPneumonia on admission. On day 4 deep vein thrombosis of the left femoral vein.\n",
}
PROBLEMS = (
    ("Essential hypertension", "I10"), ("Gout", "M10.9"), ("Hypothyroidism", "E03.9"), ("Plantar fasciitis", "M72.2"),
    ("Iron deficiency anemia", "D50.9"), ("Acute sinusitis", "J01.90"), ("Dry cough", "R05.8"), ("Vertigo", "R42"),
)  # fmt: skip
Capture = pytest.CaptureFixture[str]


def blocks(page: str, language: str = "") -> list[str]:
    """The fenced blocks of a page in a language; those without one hold commands and what they print."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def typed(page: str, program: str) -> list[str]:
    """The lines of a page that call a program, without the remarks behind them."""
    lines = [line.removeprefix("$ ") for line in "".join(blocks(page)).splitlines()]
    return [line.partition("  #")[0].strip() for line in lines if line.startswith(f"{program} ")]


def words(line: str) -> list[str]:
    return shlex.split(line.partition(" < ")[0])[1:]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the documents speak of."""
    folder = tmp_path_factory.mktemp("desk")
    note = (ROOT / "corpora" / "samples" / "clinic-note.txt").read_text(encoding="utf-8")
    for place in ("notes", "new-notes"):
        (folder / place).mkdir()
        (folder / place / "visit-1.txt").write_text(note, encoding="utf-8")
    (folder / "note.txt").write_text(note, encoding="utf-8")
    for name, text in NOTES.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    warehouse(folder, note)
    table(folder / "visits.csv", ["visit", "note", "codes"], [["v1", note, "I10"]])
    table(folder / "notes.csv", ["id", "text"], [["v1", note]])
    claims = [["1", "Cough. Walker.", "R05.9 E0143"], ["2", "Gout.", "M10.9"]]
    table(folder / "claims.csv", ["id", "text", "codes"], claims)
    (folder / "coded.jsonl").write_text(blocks("docs/claims.md", "json")[0], encoding="utf-8")
    (folder / "facts.toml").write_text(blocks("docs/claims.md", "toml")[0], encoding="utf-8")
    for name, text in zip(("patients", "charges"), blocks("docs/claims.md", "csv"), strict=True):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    workbook(folder / "notes.xlsx", [["id", "text"], ["v1", note]])
    coded = [(f"c{n}", *coded_note(n), "train" if n % 4 else "dev") for n in range(80)]
    table(folder / "coded-notes.csv", ["visit", "note", "icd10", "split"], coded)
    lake(folder / "coded-notes", coded)
    for name, most in (("run-a.tsv", 3), ("run-b.tsv", 1)):
        lines = [f"{ident}\ticd10cm\t{code}\t{rank}\t{1 / rank}" for ident, _, codes, split in coded
                 for rank, code in enumerate(codes.split("; ")[:most], 1) if split == "dev"]  # fmt: skip
        (folder / name).write_text("\n".join(["encounter_id\tsystem\tcode\trank\tscore", *lines]) + "\n")
    return folder


def coded_note(number: int) -> tuple[str, str]:
    """A note of two problems out of eight, and its codes."""
    found = dict(PROBLEMS[at % len(PROBLEMS)] for at in (number, number // len(PROBLEMS) + 1 + number))
    listed = "\n".join(f"{n}. {problem}." for n, problem in enumerate(found, 1))
    return f"Visit {number} of the year.\nASSESSMENT:\n{listed}\nReturn in {number} weeks.", "; ".join(found.values())


def table(path: Path, header: list[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def warehouse(folder: Path, note: str) -> None:
    """Notes in Parquet and in a database."""
    import duckdb
    import pandas as pd

    visits = pd.DataFrame({"id": ["v1"], "text": [note], "service": ["cardiology"]})
    visits.to_parquet(folder / "notes.parquet")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as base:
        base.execute("CREATE TABLE visits AS SELECT id AS visit, text AS note, 2025 AS year FROM visits")
    with closing(sqlite3.connect(folder / "notes.sqlite")) as base, base:
        base.execute("CREATE TABLE visits (visit TEXT, note TEXT)")
        base.execute("INSERT INTO visits VALUES ('v1', ?)", [note])


def lake(folder: Path, coded: list[tuple[str, str, str, str]]) -> None:
    """Coded notes as Parquet files in folders of their splits."""
    import pandas as pd

    for split in ("train", "dev"):
        (folder / f"split={split}").mkdir(parents=True)
        rows = [row[:3] for row in coded if row[3] == split]
        pd.DataFrame(rows, columns=["visit", "note", "icd10"]).to_parquet(folder / f"split={split}" / "part-0.parquet")


def workbook(path: Path, rows: list[list[str]]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.fixture
def at_desk(desk: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    monkeypatch.chdir(desk)
    return desk


@pytest.mark.filterwarnings("ignore")
def test_every_command_runs(at_desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    done: set[str] = set()
    for number, page in enumerate(PAGES):
        monkeypatch.setenv("XDG_CONFIG_HOME", str(at_desk / f"config{number}"))  # settings are of one page
        for line in typed(page, "leadterm"):
            if ELSEWHERE.search(line) or line in done:
                continue
            done.add(line)
            given = line.partition(" < ")[2]
            if given:
                monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((at_desk / given).read_bytes())))
            status = main(words(line))
            shown = capsys.readouterr()
            assert status == 0 or (status, words(line)[0]) == (1, "check"), f"{page}: {line}\n{shown.err}"
            assert all(Path(path).exists() for path in re.findall(r"--output (\S+)", line)), line
    assert len(done) > 15


@pytest.mark.parametrize("page", PAGES)
def test_only_commands_and_options_that_exist(page: str, capsys: Capture) -> None:
    lines = typed(page, "leadterm")
    assert lines
    for line in lines:
        given = words(line)
        name = given[:2] if given[0] in ("codes", "corpus", "config", "cache") else given[:1]
        assert main([*name, "--help"]) == 0
        shown = capsys.readouterr().out
        assert [word for word in given if word.startswith("--") and word not in shown] == [], line


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
@pytest.mark.filterwarnings("ignore")
def test_python_runs(page: str) -> None:
    import pandas as pd

    known: dict[str, Any] = {"frame": pd.DataFrame({"visit": ["a"], "note": ["Assessment: Gout."]})}
    found = blocks(page, "python")
    assert found
    for block in found:
        exec(compile(block, page, "exec"), known)  # the block is of our own documents


@pytest.mark.usefixtures("loaded")
def test_the_readme_shows_what_is_printed(capsys: Capture) -> None:
    assert main(["suggest", str(ROOT / "corpora" / "samples" / "clinic-note.txt")]) == 0
    printed = capsys.readouterr().out.partition("also consider")[0]
    (shown,) = [block for block in blocks("README.md") if block.startswith("clinic-note")]
    assert printed[:40] == shown[:40]
    assert codes_of(shown)
    assert set(codes_of(shown)) <= set(codes_of(printed))  # confidences move with every fit


def codes_of(table: str) -> list[str]:
    return re.findall(r"^ *\d+  (\S+)", table, flags=re.MULTILINE)


def test_each_target_of_make_is_there_once() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE)
    (listed,) = re.findall(r"^\.PHONY: (.*)", makefile, flags=re.MULTILINE)
    assert sorted(targets) == sorted(listed.split())
