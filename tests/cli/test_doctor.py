"""The first five minutes: the right Python, what is installed, and room on the disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.paths import cache_home

Capture = pytest.CaptureFixture[str]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.mark.usefixtures("home")
def test_doctor_tells_what_is_there_and_tries_it(
    engine: DictionaryModel, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadterm.api.load", lambda _: engine)
    monkeypatch.setattr("leadterm.api._known", lambda _: engine)
    assert main(["doctor", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["self-test"]["result"] == "suggests what it should"
    assert found["models"]["default"] > 0
    assert any("ICD-10-CM" in one for one in found["releases"])
    assert main(["doctor"]) == 0
    assert "ICD-10-CM" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_doctor_says_what_is_wrong(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise ValueError("text of a note")

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("leadterm.api._known", broken)
    monkeypatch.setattr("leadterm.cli.doctor.version", missing)
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "a fault of leadterm: ValueError" in shown
    assert "text of a note" not in shown
    assert "lacks openpyxl, pyarrow: pip install 'leadterm[tables]'" in shown


def test_the_cache_is_cleared_and_nothing_else(home: Path, capsys: Capture) -> None:
    (cache_home() / "codes").mkdir(parents=True)
    (cache_home() / "codes" / "x.bin").write_bytes(b"0" * 2_000_000)
    kept = home / "kept.txt"
    kept.write_text("stays")
    (cache_home() / "link").symlink_to(kept)
    assert main(["cache", "show"]) == 0
    assert "2.0 MB" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert "2.0 MB freed" in capsys.readouterr().err
    assert list(cache_home().iterdir()) == []
    assert kept.read_text() == "stays"
    assert main(["cache", "show"]) == 0
    assert "is empty" in capsys.readouterr().out


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder with the Makefile, where python3 and its kin are whatever lies in ``bin``."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("pyproject.toml", "constraints.txt"):
        (folder / name).touch()
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def fake(path: Path, version: str, *, fits: bool) -> None:
    """Write a program that acts like a Python: it answers --version, fits or not, and makes a hollow environment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = (
        'mkdir -p "$3/bin"', 'cp "$0" "$3/bin/python"', 'printf "#!/bin/sh\\necho ran\\n" > "$3/bin/pip"',
        'cp "$3/bin/pip" "$3/bin/leadterm"', 'chmod +x "$3"/bin/*',
    )  # fmt: skip
    cases = f'--version) echo "Python {version}";; -c) exit {int(not fits)};; -m) {"; ".join(steps)};;'
    path.write_text(f'#!/bin/sh\ncase "$1" in {cases} esac\n')
    path.chmod(0o755)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_a_python_that_does_not_fit_is_refused_with_what_to_install(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12"):
        fake(tmp_path / "bin" / name, "3.13.1", fits=False)
    done = make(tmp_path, "run")
    assert done.returncode != 0
    assert "needs Python 3.11 or 3.12" in done.stderr
    assert "python3 is Python 3.13.1" in done.stderr
    assert "PYTHON=python3.12" in done.stderr
    assert not (tmp_path / ".venv").exists()
    chosen = make(tmp_path, "run", "PYTHON=python3.77")
    assert chosen.returncode != 0
    assert "python3.77 is not there." in chosen.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_python_that_fits_is_found_and_an_old_environment_made_anew(tmp_path: Path) -> None:
    for name, version, fits in (("python3", "3.13.1", False), ("python3.12", "3.12.7", True)):
        fake(tmp_path / "bin" / name, version, fits=fits)
    fake(tmp_path / ".venv" / "bin" / "python", "3.9.2", fits=False)
    (tmp_path / ".venv" / "run").touch()
    done = make(tmp_path, "run")
    assert done.returncode == 0, done.stderr
    assert "was of another Python" in done.stderr
    assert "Go on with: source .venv/bin/activate" in done.stdout
    again = make(tmp_path, "run")
    assert "Installing" not in again.stdout
    chosen = make(tmp_path, "run", "PYTHON=python3.12")
    assert "Installing" not in chosen.stdout
