"""The command line: exit statuses, messages, start-up, lazy commands."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from leadterm import cli
from leadterm.cli import COMMANDS, CommandPlace, main
from leadterm.cli.console import progress, write_output
from leadterm.errors import LeadtermError

SECRET = "Zebrafish allergy"


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadterm", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)  # type: ignore[call-overload, no-any-return]


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make the command ``corpus`` raise."""

    def command() -> None:
        raise error

    monkeypatch.setattr(cli, "_load", lambda name: typer.main.get_command(_alone(name, command)))


def _alone(name: str, command: object) -> typer.Typer:
    alone = typer.Typer(add_completion=False)
    alone.command(name)(command)  # type: ignore[type-var]
    return alone


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("leadterm ")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    place = COMMANDS[name]
    assert hasattr(import_module(place.module), place.attribute)
    assert main([name, "--help"]) == 0
    assert "Usage: leadterm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["corpsu"], "Did you mean 'corpus'"),
        (["corpus", "chek"], "Did you mean 'check'"),
        (["corpus", "stats"], "Missing argument 'DIR'"),
        (["corpus", "stats", "x", "--formt", "json"], "--format"),
        (["corpus", "stats", "x", "--format", "jsn"], "'jsn'"),
        (["corpus", "stats", "nowhere"], "the corpus 'nowhere' does not exist. Give a folder"),
        (["corpus", "import", "mimc3", ".", "-o", "x"], "did you mean 'mimic3'"),
        (["corpus", "import", "mimic3", ".", "-o", "x", "--coder", "y"], "unknown option of the mimic3 reader"),
    ],
)
def test_bad_usage_is_two_and_says_why_in_two_lines(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.startswith("leadterm: ")
    assert shown.err.count("\n") <= 2
    assert shown.out == ""


def test_no_arguments_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert "Commands" in shown.out + shown.err
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (LeadtermError("no such note.", hint="Check."), 2, "leadterm: no such note. Check.\n"),
        (KeyboardInterrupt(), 130, "nothing is left half-written. Run the same command to go on.\n"),
        (MemoryError(), 2, "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device", "out.json"), 2, "No space left on device: 'out.json'"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 2, "Permission denied: 'x'"),
        (ValueError(SECRET), 70, "a fault of leadterm: ValueError in"),
        (typer.BadParameter("wrong value"), 2, "wrong value"),
        (typer.Exit(1), 1, ""),
        (typer.Abort(), 130, "interrupted"),
    ],
)
def test_errors_end_without_a_traceback(
    error: BaseException, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LEADTERM_DEBUG", raising=False)
    failing(monkeypatch, error)
    assert main(["corpus"]) == status
    shown = capsys.readouterr().err
    assert said in shown
    assert "Traceback" not in shown
    assert SECRET not in shown
    assert shown.count("\n") <= 1


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADTERM_DEBUG", "1")
    failing(monkeypatch, ValueError("why"))
    with pytest.raises(ValueError, match="why"):
        main(["corpus"])


def test_commands_are_loaded_only_when_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "corpus", CommandPlace("leadterm.nowhere", "app", "x"))  # type: ignore[arg-type]
    assert main(["--help"]) == 0
    assert main(["corpus"]) == 70


def test_start_up_is_quick_and_imports_nothing_heavy() -> None:
    heavy = ["spacy", "scispacy", "sklearn", "pandas", "matplotlib", "numpy", "scipy", "pydantic"]
    code = (
        f"import sys; from leadterm.cli import main; main(['--help']); print([m for m in {heavy} if m in sys.modules])"
    )
    used = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.stdout.splitlines()[-1] == "[]"
    assert min(used) < 0.5  # seconds of processor time, which other work on the machine hardly changes


def test_the_help_of_no_command_imports_anything_heavy() -> None:
    heavy = ["spacy", "sklearn", "pandas", "matplotlib", "numpy", "scipy"]  # typer itself loads pydantic
    code = (
        f"import sys; from leadterm.cli import main; [main([name, '--help']) for name in {list(cli.COMMANDS)}]; "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    line = '{"encounter_id": "e%d", "notes": [{"note_id": "n1", "text": " "}]}\n'
    (tmp_path / "train.jsonl").write_text("".join(line % i for i in range(5000)))
    code = "import sys; from leadterm.cli import main; sys.exit(main())"
    command = f'"{sys.executable}" -c "{code}" corpus check {tmp_path} --all | head -n 1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "141"


def test_a_full_disk_is_named() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with Path("/dev/full").open("w") as full:
        code = "import sys; from leadterm.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", code, "--version"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr.splitlines()[0]


def test_corpus_commands_end_to_end(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("encounter_id,text,codes\n1,Dry cough.,r059\n2,,I10\n")
    out = tmp_path / "demo"
    command = ("corpus", "import", "csv", str(tmp_path / "t.csv"), "--output", str(out))
    assert run(*command).returncode == 2
    made = run(*command, "--skip-bad")
    assert (made.returncode, made.stdout) == (0, "")
    assert "1 encounter (train 1), 1 code." in " ".join(made.stderr.split())
    with (out / "train.jsonl").open("a") as file:
        file.write('{"encounter_id": "2", "notes": [{"note_id": "n1", "text": " "}]}\n')
    checked = run("corpus", "check", str(out))
    assert checked.returncode == 1
    assert "error train.jsonl:2 2: note 'n1' is empty. [empty-note]" in checked.stdout
    assert run("corpus", "stats", str(out), "--format", "json").stdout.startswith("{")
    assert "icd10cm" in run("corpus", "stats", str(out)).stdout


def test_fix_mends_through_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes = '[{"system": "icd10cm", "code": "i10"}]'
    line = f'{{"encounter_id": "e1", "notes": [{{"note_id": "n1", "text": "x"}}], "codes": {codes}}}'
    card = 'name = "d"\nsource = ""\nlicence = ""\nlanguages = ["en"]\nsplit_method = ""\nphi_status = ""\n'
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "train.jsonl").write_text(line)
    (tmp_path / "d" / "corpus.toml").write_text(card + '[systems]\nicd10cm = "2026"\n')
    assert main(["corpus", "check", str(tmp_path / "d")]) == 1
    assert "should be written 'I10'" in capsys.readouterr().out
    assert main(["corpus", "check", str(tmp_path / "d"), "--fix"]) == 0


def test_output_is_written_whole_or_not_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_output("one", tmp_path / "deep" / "a.txt")
    write_output("two\n", tmp_path / "deep" / "a.txt")
    assert (tmp_path / "deep" / "a.txt").read_text() == "two\n"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.txt"]
    write_output("three", "-")
    assert capsys.readouterr().out == "three\n"
    with pytest.raises(LeadtermError, match="cannot write"):
        write_output("four", tmp_path / "deep")
    with pytest.raises(LeadtermError, match="cannot write"):
        write_output("four", tmp_path / "deep" / "a.txt" / "b")
    if Path("/dev/full").exists():
        with pytest.raises(LeadtermError, match="No space left"):
            write_output("five", "/dev/full")


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(3), "Reading", total=3)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_log_is_told_now_and_then_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadterm.cli.console.EVERY", 0.0)
    assert list(progress("ab", "Suggesting", total=2)) == ["a", "b"]
    assert capsys.readouterr().err == "Suggesting: 0 of 2\nSuggesting: 1 of 2\n"
