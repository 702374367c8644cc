"""What is written appears whole or not at all, keeps its mode, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.errors import LeadtermError
from leadterm.storage.artifacts import Artifact, check_output, save_artifact
from leadterm.storage.writer import open_file, open_folder, refuse_inputs, write_file

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
LINE = '{"encounter_id": "e%s", "notes": [{"note_id": "n", "text": "Gout."}], "codes": []}\n'


@pytest.fixture(params=[0o077, 0o022, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_new_files_and_folders_get_what_the_umask_leaves(tmp_path: Path, umask: int) -> None:
    write_file(tmp_path / "a", "x")
    with open_folder(tmp_path / "d") as draft:
        (draft / "part").touch()
    assert mode(tmp_path / "a") == mode(tmp_path / "d" / "part") == 0o666 & ~umask
    assert mode(tmp_path / "d") == 0o777 & ~umask


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o664, 0o444])
def test_what_is_replaced_hands_its_mode_on(tmp_path: Path, umask: int, kept: int) -> None:
    file, folder = tmp_path / "a", tmp_path / "d"
    write_file(file, "old")
    file.chmod(kept)
    write_file(file, "new")
    assert (file.read_text(), mode(file)) == ("new", kept)
    folder.mkdir(0o700)
    folder.chmod(0o700)
    (folder / "part").touch()
    (folder / "part").chmod(kept)
    with open_folder(folder) as draft:
        (draft / "part").touch()
        (draft / "fresh").touch()
    assert (mode(folder), mode(folder / "part"), mode(folder / "fresh")) == (0o700, kept, 0o666 & ~umask)


def test_nobody_reads_a_draft_of_a_private_file(tmp_path: Path) -> None:
    write_file(tmp_path / "a", "old")
    (tmp_path / "a").chmod(0o600)
    with open_file(tmp_path / "a") as file:
        file.write(b"new")
        (draft,) = (path for path in tmp_path.iterdir() if path.name != "a")
        assert mode(draft) == 0o600


def test_a_link_leads_to_the_file_and_stays(tmp_path: Path) -> None:
    write_file(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt(), SystemExit(3)])
def test_a_failure_leaves_the_old_and_no_draft(tmp_path: Path, fault: BaseException) -> None:
    write_file(tmp_path / "a", "old")

    def fail(part: Path) -> None:
        part.write_text("half")
        raise fault

    with pytest.raises(type(fault)), open_file(tmp_path / "a") as file:
        fail(Path(f"/dev/fd/{file.fileno()}"))
    with open_folder(tmp_path / "d") as draft:
        (draft / "part").write_text("old")
    with pytest.raises(type(fault)), open_folder(tmp_path / "d") as draft:
        fail(draft / "part")
    assert names(tmp_path) == ["a", "d"]
    assert ((tmp_path / "a").read_text(), (tmp_path / "d" / "part").read_text()) == ("old", "old")


@pytest.mark.parametrize("name", ["out.jsonl", "ä" * 120, "a[1]*?.json", "-", "x" * 250])
def test_drafts_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    killed = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False, env=ENVIRONMENT)
    assert killed.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 1
    write_file(tmp_path / "other", "x")
    assert len(names(tmp_path)) == 2
    with open_file(target) as living:
        living.write(b"mine")
        write_file(target, "theirs")
        assert len(names(tmp_path)) == 3
    assert (names(tmp_path), target.read_text()) == (sorted(["other", name]), "mine")


KILLED = """
import os, signal, sys
from leadterm.storage.writer import open_file
with open_file(sys.argv[1]) as file:
    file.write(b"a note")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_cleans_up(tmp_path: Path, number: int, status: int) -> None:
    code = "import sys; from leadterm.cli import main; sys.exit(main())"
    out = tmp_path / "made"
    command = [sys.executable, "-c", WAITING + code, "corpus", "stats", str(out)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    while not any(name.startswith(".made-") for name in names(tmp_path)):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    process.send_signal(number)  # timeout(1) sends it to the process and to its group
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "Traceback" in said) == (status, False)
    assert names(tmp_path) == []


WAITING = """
import signal, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who runs the tests may ignore it, as nohup does
from leadterm import corpus
from leadterm.storage.writer import open_file
def stats(path):
    with open_file(path) as file:
        file.write(b"a note")
        file.flush()
        for _ in range(600):  # a signal just before one long sleep would not end it
            time.sleep(0.1)
corpus.stats = stats
"""


def test_closed_streams_take_no_output_file(tmp_path: Path) -> None:
    write_file(tmp_path / "demo" / "train.jsonl", LINE % 1)
    code = f"import sys; from leadterm.cli import main; sys.exit(main(['corpus', 'stats', {str(tmp_path / 'demo')!r}]))"
    for closed in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
        command = ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code]
        done = subprocess.run(command, check=False, env=ENVIRONMENT)
        assert done.returncode == 0, closed


class TestOutputsThatAreInputs:
    def test_in_every_disguise(self, tmp_path: Path) -> None:
        note = tmp_path / "note.txt"
        write_file(note, "Gout.")
        (tmp_path / "soft.txt").symlink_to("note.txt")
        os.link(note, tmp_path / "hard.txt")
        (tmp_path / "deep").mkdir()
        for other in ("note.txt", "soft.txt", "hard.txt", "deep/../note.txt"):
            with pytest.raises(LeadtermError, match="is also an input"):
                refuse_inputs(str(tmp_path / other), [note])
        for fine in (None, "-", "/dev/null", tmp_path / "new.txt", tmp_path / "deep"):
            refuse_inputs(fine, [note, tmp_path])

    @pytest.mark.parametrize("option", ["--output", "--save-run"])
    def test_commands_keep_their_inputs(
        self, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_file(tmp_path / "c" / "dev.jsonl", LINE % 1)
        write_file(tmp_path / "run.tsv", "encounter_id\tsystem\tcode\trank\tscore\ne1\ticd10cm\tI10\t1\t1\n")
        for place in (tmp_path / "run.tsv", tmp_path / "c" / "dev.jsonl"):
            before = place.read_bytes()
            assert main(["evaluate", str(tmp_path / "run.tsv"), str(tmp_path / "c"), option, str(place)]) == 2
            assert "also an input" in capsys.readouterr().err
            assert place.read_bytes() == before
        assert main(["suggest", str(tmp_path / "run.tsv"), "-o", str(tmp_path / "run.tsv")]) == 2
        assert "also an input" in capsys.readouterr().err


class TestModelsKeepOtherFiles:
    @pytest.mark.parametrize("other", ["notes.txt", ".git/config", "run.tsv", "extra.json"])
    def test_what_no_model_made_is_never_replaced(self, tmp_path: Path, other: str) -> None:
        folder = save_artifact(tmp_path / "m", Artifact("demo", {"seed": 1}), documents={"README.md": "card"})
        save_artifact(folder, Artifact("demo", {"seed": 2}), documents={"README.md": "card"})
        write_file(folder / other, "mine")
        with pytest.raises(LeadtermError, match="would be lost"):
            save_artifact(folder, Artifact("demo", {"seed": 3}), documents={"README.md": "card"})
        assert (folder / other).read_text() == "mine"

    def test_train_looks_at_its_output_first(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        write_file(tmp_path / "note.txt", "mine")
        for output in (tmp_path / "note.txt", tmp_path / "note.txt" / "m", tmp_path):
            assert main(["train", "no such corpus", "-o", str(output)]) == 2
            said = capsys.readouterr().err
            assert "no such corpus" not in said
            assert str(output) in said
        assert (tmp_path / "note.txt").read_text() == "mine"

    def test_a_new_place_and_an_empty_folder_will_do(self, tmp_path: Path) -> None:
        check_output(tmp_path)
        check_output(tmp_path / "deep" / "new")
