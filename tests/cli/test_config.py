"""Defaults of options that a person sets once, and the Tab key."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leadterm.cli import main
from leadterm.paths import config_file

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    return tmp_path


def test_what_is_set_is_shown_and_forgotten(capsys: Capture) -> None:
    assert main(["config", "show"]) == 0
    assert "nothing is set" in capsys.readouterr().out
    assert main(["config", "set", "setting", "inpatient"]) == main(["config", "set", "threshold", "0.4"]) == 0
    assert config_file().read_text() == 'setting = "inpatient"\nthreshold = 0.4\n'
    assert main(["config", "unset", "threshold"]) == main(["config", "show"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ['setting = "inpatient"']
    assert main(["config", "unset", "threshold"]) == 2
    assert "threshold is not set" in capsys.readouterr().err


def test_what_is_set_holds_unless_something_else_is_typed(loaded: list[object], sample: Path, capsys: Capture) -> None:
    def ask(*options: str) -> dict[str, object]:
        assert main(["suggest", str(sample), "--format", "json", *options]) == 0
        found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
        return found[0]

    for key, value in (("setting", "inpatient"), ("threshold", "0.125"), ("model", "default")):
        assert main(["config", "set", key, value]) == 0
    assert ask()["threshold"] == 0.125
    assert ask("--threshold", "0.75")["threshold"] == 0.75
    assert {name for name, _ in loaded} == {"default"}  # type: ignore[misc]
    assert ask() == ask("--setting", "inpatient") != ask("--setting", "outpatient")


def test_the_folder_of_a_model_is_kept_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / 'odd "name"\x7f').mkdir()
    (home / 'odd "name"\x7f' / "manifest.json").write_text("{}")
    monkeypatch.chdir(home)
    assert main(["config", "set", "model", 'odd "name"\x7f']) == 0
    from leadterm.cli.config import read_config

    assert read_config() == {"model": str(home.resolve() / 'odd "name"\x7f')}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["setting", "impatient"], "unknown setting 'impatient'; did you mean 'inpatient'?"),
        (["treshold", "0.4"], "'policy'; did you mean 'threshold'?"),
        (["threshold", "40"], "the threshold '40' is not between 0 and 1"),
        (["threshold", "nan"], "the threshold 'nan' is not between 0 and 1"),
        (["model", "defalt"], "unknown model 'defalt'; did you mean 'default'?"),
        (["colour", "red"], "'colour'"),
    ],
)
def test_what_cannot_be_meant_is_not_set(given: list[str], said: str, capsys: Capture) -> None:
    assert main(["config", "set", *given]) == 2
    assert said in capsys.readouterr().err
    assert not config_file().exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("threshold = high\n", "is not TOML: look at line 1"),
        ("treshold = 0.4\n", "unknown key 'treshold'; did you mean 'threshold'?"),
        ("threshold = true\n", "the threshold True is not between 0 and 1"),
        ("setting = 3\n", "unknown setting '3'"),
        ("model = 3\n", "the model 3 is no name or folder"),
    ],
)
def test_a_file_that_was_spoilt_by_hand_is_named(text: str, said: str, sample: Path, capsys: Capture) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text)
    assert main(["suggest", str(sample)]) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert str(config_file()) in shown


LINES = [
    (["sug"], ["suggest"]),
    (["co"], ["compare", "completion", "config", "corpus", "codes"]),
    (["codes", "se"], ["search"]),
    (["suggest", "--thr"], ["--threshold"]),
    (["suggest", "--format", "xl"], ["xlsx"]),
    (["config", "set", "mo"], ["model"]),
]


def test_the_release_of_a_system_that_is_used(home: Path, capsys: Capture) -> None:
    (home / "old.tsv").write_text("code\ttitle\nI10\tEssential (primary) hypertension\nR05\tCough\nM10.9\tGout\n")
    asked = ["codes", "install", str(home / "old.tsv"), "--system", "icd10cm", "--release", "2021", "--force"]
    assert main(asked) == 0
    assert main(["config", "set", "releases", "icd10cm=2021, icd9cm=32"]) == 0
    assert main(["config", "show"]) == 0
    assert 'releases = {icd10cm = "2021", icd9cm = "32"}' in capsys.readouterr().out
    assert main(["codes", "show", "R05"]) == 0
    assert "2021" in capsys.readouterr().out
    assert main(["codes", "remove", "icd10cm", "2021"]) == 0
    assert main(["codes", "show", "I10"]) == 2
    assert "'leadterm config unset releases'" in capsys.readouterr().err
    assert main(["config", "unset", "releases"]) == 0
    assert main(["codes", "show", "I10"]) == 0
    assert "2026" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("value", "said"),
    [("icd10cm=1999", "unknown release of icd10cm '1999'"), ("icd10=2026.04", "unknown code system 'icd10'"),
     ("2026.04", "name no release")],
)  # fmt: skip
@pytest.mark.usefixtures("home")
def test_a_release_that_is_not_there_is_refused(value: str, said: str, capsys: Capture) -> None:
    assert main(["config", "set", "releases", value]) == 2
    assert said in capsys.readouterr().err
    assert not config_file().exists()


@pytest.fixture
def program(home: Path) -> Path:
    """leadterm as a command that a shell finds in the folder of the file."""
    made = home / "bin" / "leadterm"
    made.parent.mkdir()
    made.write_text(f"#!{sys.executable}\nimport sys\nfrom leadterm.cli import main\nsys.exit(main())\n")
    made.chmod(0o755)
    return made


def said_by(shell: list[str], script: str, program: Path) -> str:
    where = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=True, timeout=60, env=where)
    return done.stdout


@pytest.mark.parametrize(("words", "expected"), LINES)
def test_bash_completes(words: list[str], expected: list[str], program: Path) -> None:
    script = f"""eval "$(leadterm completion bash)"
COMP_WORDS=({" ".join(["leadterm", *words])}); COMP_CWORD={len(words)}
_leadterm_completion leadterm "{words[-1]}" ""
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    assert sorted(said_by(["bash"], script, program).split()) == sorted(expected)


FISH = """leadterm completion fish | source
complete -C "{line}"
"""
ZSH = """autoload -Uz compinit; compinit -u -D
eval "$(leadterm completion zsh)"
_arguments() {{ print -r -- "$@" }}
words=({line}); CURRENT=$#words
$_comps[leadterm]
"""


@pytest.mark.parametrize(("words", "expected"), LINES)
@pytest.mark.parametrize(("shell", "script"), [("zsh", ZSH), ("fish", FISH)])
def test_zsh_and_fish_complete_where_they_are(
    shell: str, script: str, words: list[str], expected: list[str], program: Path
) -> None:
    line = " ".join(["leadterm", *words])
    if shutil.which(shell):
        shown = said_by([shell, "-f"] if shell == "zsh" else [shell, "--no-config"], script.format(line=line), program)
    else:  # the script is not tried then, what it asks is answered
        asked = {"_LEADTERM_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line,
                 "_TYPER_COMPLETE_FISH_ACTION": "get-args"}  # fmt: skip
        answer = subprocess.run([program], capture_output=True, text=True, check=True, env={**os.environ, **asked})
        shown = answer.stdout
    offered = re.findall(r'"([\w-]+)":|^([\w-]+)(?:\t|$)|^"?([\w-]+)"?$|(?<=\()"([\w-]+)"', shown, flags=re.MULTILINE)
    assert {*expected} <= {word for found in offered for word in found}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_are_answered(shell: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["completion", shell]) == 0
    assert f"_LEADTERM_COMPLETE=complete_{shell}" in capsys.readouterr().out
    monkeypatch.setenv("_LEADTERM_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "leadterm sug")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    assert main([]) == 0
    assert "suggest" in capsys.readouterr().out
