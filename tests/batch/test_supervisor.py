"""Workers are killed, stuck, or end by a note: nothing is lost, and the files have the same bytes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batch_samples import contents, write_lines
from leadterm.batch.halving import Search
from leadterm.batch.options import Options
from leadterm.batch.planning import make_plan
from leadterm.batch.run_folder import RunFolder
from leadterm.batch.running import run_parts
from leadterm.batch.supervisor import Limits, run_local
from leadterm.errors import LeadtermError
from leadterm.experiments.bench_batch import COMMAND, disturb
from leadterm.pages.wanted import Format

pytestmark = pytest.mark.usefixtures("environment")
# A worker with this module is what a note can do to it.
BEHAVIOUR = '''
import os, signal, time
from leadterm.pages import wanted
usual, seen = wanted.Wanted.ask, 0
def ask(self, engine, encounter):
    text = encounter.notes[0].text
    if "KILLS" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    global seen
    seen += "HALF" in text
    if seen == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if "STICKS" in text:
        time.sleep(60)
    if "FAULTY" in text:
        raise ValueError(text)
    return usual(self, engine, encounter)
wanted.Wanted.ask = ask
'''


@pytest.fixture
def environment(tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers use the compiled codes of the tests and nothing of the user's."""
    assert pytestconfig.cache is not None
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("leadterm")))


@pytest.fixture
def behaviour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BEHAVIOUR)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))


def run_with_workers(source: Path, output: Path, limits: Limits | None = None, size: int = 8) -> list[dict[str, Any]]:
    folder = RunFolder(output)
    folder.start()
    with folder.locked():
        plan = make_plan(Options(str(source), format=Format.JSONL, size=size), folder)
        return list(run_parts(folder, plan, lambda run, numbers: run_local(run, numbers, 2, limits)))


def with_notes(source: Path, added: dict[int, str]) -> Path:
    lines = [json.loads(line) for line in source.read_text().splitlines()]
    for number, text in added.items():
        lines[number]["text"] = f"{text} {lines[number]['text']}"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return source


@pytest.mark.usefixtures("behaviour")
def test_a_note_that_ends_its_worker_is_found_and_left_out(tmp_path: Path) -> None:
    source = with_notes(write_lines(tmp_path / "n.jsonl", 16), {5: "KILLS", 10: "FAULTY"})
    run_with_workers(source, tmp_path / "out")
    letters = [json.loads(line) for line in (tmp_path / "out" / "_dead_letters.jsonl").read_text().splitlines()]
    assert [(letter["encounter_id"], letter["reason"]) for letter in letters] == [
        ("e5", "the note ended its worker 2 times."),
        ("e10", "a fault of leadterm: ValueError in ask."),
    ]
    coded = [json.loads(line)["encounter_id"] for file in sorted((tmp_path / "out").glob("part-*"))
             for line in file.read_text().splitlines()]  # fmt: skip
    assert coded == [f"e{i}" for i in range(16) if i not in (5, 10)]


@pytest.mark.usefixtures("behaviour")
def test_one_poisoned_note_among_a_thousand(tmp_path: Path) -> None:
    source = with_notes(write_lines(tmp_path / "n.jsonl", 1000), {617: "KILLS"})
    run_with_workers(source, tmp_path / "out", size=1000)
    letter = json.loads((tmp_path / "out" / "_dead_letters.jsonl").read_text())
    assert letter["encounter_id"] == "e617"
    assert letter.keys() == {"part", "encounter_id", "reason"}
    made = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert (made["encounters"], made["letters"], len(made["parts"])) == (999, 1, 1)


@pytest.mark.usefixtures("behaviour")
def test_a_part_that_ends_its_worker_though_no_note_does_alone(tmp_path: Path) -> None:
    source = with_notes(write_lines(tmp_path / "n.jsonl", 12), {3: "HALF", 6: "HALF"})
    failed = [outcome for outcome in run_with_workers(source, tmp_path / "out") if "failed" in outcome]
    assert [(one["part"], one["failed"].split(",")[0]) for one in failed] == [
        (0, "it ended its worker again and again")
    ]
    run_with_workers(source, tmp_path / "fewer", size=4)
    assert json.loads((tmp_path / "fewer" / "_manifest.json").read_text())["encounters"] == 12


@pytest.mark.parametrize("ahead", [0, 8, 1000])
@pytest.mark.parametrize("poisoned", [(617,), (0, 999), (3, 4, 5, 500)])
def test_a_search_finds_notes_however_far_ahead_they_are_told(poisoned: tuple[int, ...], ahead: int) -> None:
    left, tries = set(poisoned), 0
    while left:  # each search is followed by writing the part, which ends its worker if any is left
        search = Search()
        while notes := search.next():
            tries += 1
            last = min(notes[1], 1000) - 1
            deadly = min((note for note in left if notes[0] <= note <= last), default=None)
            if deadly is None:
                search.survived()
            else:
                assert search.died(min(deadly + ahead, last), "ended its worker")
        assert search.found.keys() <= left
        assert search.found
        left -= search.found.keys()
    assert tries <= 30 * len(poisoned)


def test_a_part_that_cannot_even_be_read() -> None:
    search = Search()
    assert search.died(-1, "ended its worker")
    assert not search.died(-1, "ended its worker")


@pytest.mark.usefixtures("behaviour")
def test_a_note_that_never_ends_is_left_out(tmp_path: Path) -> None:
    source = with_notes(write_lines(tmp_path / "n.jsonl", 2), {1: "STICKS"})
    run_with_workers(source, tmp_path / "out", Limits(patience=4.0))
    letter = json.loads((tmp_path / "out" / "_dead_letters.jsonl").read_text())
    assert letter["reason"] == "the note took longer than 4 seconds 2 times."


def test_a_worker_is_renewed_after_so_many_notes(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 16)
    run_with_workers(source, tmp_path / "plain")
    run_with_workers(source, tmp_path / "out", Limits(notes=1))
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


def test_a_model_that_cannot_be_loaded_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_lines(tmp_path / "n.jsonl", 2)
    folder = RunFolder(tmp_path / "out")
    folder.start()
    make_plan(Options(str(source), format=Format.JSONL, systems=("icd99",)), folder)
    with pytest.raises(LeadtermError, match="unknown code system of the model 'default' 'icd99'"):
        list(run_local(folder, [0], 1))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no Python comes up
    with pytest.raises(LeadtermError, match="5 workers ended before they had loaded the model"):
        list(run_local(folder, [0], 2))


@pytest.fixture
def command() -> list[str]:
    return [*COMMAND, "batch"]


def workers_of(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in told.read_text().split()] if told.exists() else []


def test_killed_at_random_it_gives_the_same_bytes(command: list[str], tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 300)
    asked = ["--workers", "2", "--notes-per-part", "25"]
    subprocess.run([*command, str(source), str(tmp_path / "plain"), *asked], check=True, stderr=subprocess.DEVNULL)
    done = list(disturb(["batch", str(source), str(tmp_path / "out"), *asked], 6, random.Random(5), pause=1.0))
    assert any(one.startswith("killed") for one in done)
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
    assert not list((tmp_path / "out").glob(".*.part"))  # no draft of the dead


def test_an_interrupt_says_how_to_go_on(command: list[str], tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 1200)  # more than are read before the interrupt arrives
    whole = [*command, str(source), str(tmp_path / "out"), "--format", "jsonl", "--notes-per-part", "20"]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which a shell's background jobs ignore
    process = subprocess.Popen(whole, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    records = tmp_path / "out" / "_run" / "records.jsonl"
    while not records.exists() or not records.stat().st_size:
        time.sleep(0.05)
    children = workers_of(process.pid)
    process.send_signal(signal.SIGINT)
    assert "Run the same command to go on" in process.communicate()[1]
    assert process.returncode == 130
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert subprocess.run(whole, stderr=subprocess.PIPE, text=True, check=True).stderr.startswith("leadterm: going on:")


def test_a_full_disk_stops_it_and_room_lets_it_go_on(command: list[str], tmp_path: Path) -> None:
    source = write_lines(tmp_path / "n.jsonl", 120)
    asked = ["--format", "jsonl", "--notes-per-part", "60", "--workers", "1"]
    subprocess.run([*command, str(source), str(tmp_path / "plain"), *asked], check=True, stderr=subprocess.DEVNULL)
    whole = [*command, str(source), str(tmp_path / "out"), *asked]
    limited = ["bash", "-c", 'trap "" XFSZ; ulimit -f 20; exec "$@"', "bash", *whole]  # no file over 20 kB
    full = subprocess.run(limited, stderr=subprocess.PIPE, text=True, check=False)
    assert full.returncode == 2
    assert "cannot write" in full.stderr
    assert "run the same command to go on" in full.stderr
    assert not list((tmp_path / "out").glob("part-*"))
    subprocess.run(whole, check=True, stderr=subprocess.DEVNULL)
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")
