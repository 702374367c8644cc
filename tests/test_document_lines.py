"""No line of a document escapes: each command is run, or read against what it speaks of, and a new kind fails here.

`leadterm` lines of the guide are run in `tests/test_documents_run.py`; here the lines of all other programs. What is
only read stands in `READ`, with the reason.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from leadterm import __version__
from leadterm.cli import main
from test_documents_run import PAGES

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.md")
    if not {".venv", "build", "dist", "node_modules"} & {*path.parts} and ".pytest_cache" not in path.parts
)  # fmt: skip
LANGUAGES = {"", "console", "python", "json", "toml", "csv"}  # of fenced blocks; commands stand in the first two
RUN = {"leadterm", "make", "pip"}
READ = {
    "pipx": "is no part of an installation; the name of the wheel is read",
    "docker": "no engine runs where the tests do; the image is read in Containerfile",
    "git": "the address of a clone is its owner's",
    "eval": "a line for the start of a shell; completion itself is tested in three shells",
    "python": "takes corpora of their owners, or minutes; the module or the file must be there",
    "uv": "downloads a Python",
}
# Blocks that are no commands: how what is printed, or the picture of the flow, begins.
PRINTED = (
    "clinic-note  outpatient", "notes, in any file", "notes        ", "Patient: [NAME]", "age         49 of",
    "stay  inpatient", "Nearly: the category", "  1  0DTJ4ZZ", "clinic-note  E11.9", "? Please document",
    "leadterm: 'coded-notes.csv' has",
)  # fmt: skip
WHEEL = f"leadterm-{__version__}-py3-none-any.whl"
Capture = pytest.CaptureFixture[str]


@dataclass(frozen=True)
class Line:
    """A command of a document, without the remark behind it."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text.partition(" < ")[0])


def fenced(text: str) -> Iterator[tuple[str, list[str]]]:
    for language, block in re.findall(r"^```(\S*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        yield language, block.splitlines()


def commands_of(block: list[str]) -> list[str]:
    """The commands of a block: all its lines, or those behind a $, between which stands what they print."""
    prompted = [line.removeprefix("$ ") for line in block if line.startswith("$ ")]
    lines = prompted or [line for line in block if line.strip()]
    return [re.sub(r"\s+# .*", "", line).strip() for line in lines]


def lines_of(page: str) -> Iterator[Line]:
    """Every command of a page: of its blocks, and within its sentences."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for language, block in fenced(text):
        if language in ("", "console") and not block[0].startswith(PRINTED):
            yield from (Line(page, command) for command in commands_of(block))
    for told in re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)):
        if " " in told and told.split()[0] in {*RUN, *READ}:
            yield Line(page, told)


ALL = [line for page in DOCUMENTS for line in lines_of(page)]


def typed(program: str) -> list[Line]:
    found = [line for line in ALL if line.words[0] == program]
    assert found, program
    return found


def test_no_line_is_of_an_unknown_kind() -> None:
    unknown = [line for line in ALL if line.words[0] not in {*RUN, *READ}]
    assert unknown == []
    languages = {language for page in DOCUMENTS for language, _ in fenced((ROOT / page).read_text(encoding="utf-8"))}
    assert languages <= LANGUAGES


def test_every_kind_that_is_read_and_every_printed_block_is_there() -> None:
    texts = [(ROOT / page).read_text(encoding="utf-8") for page in DOCUMENTS]
    shown = [block[0] for text in texts for _, block in fenced(text)]
    assert [start for start in PRINTED if not any(line.startswith(start) for line in shown)] == []
    written = [*texts, (ROOT / "Makefile").read_text()]
    assert [name for name in READ if not any(re.search(rf"\b{name} ", text) for text in written)] == []


@pytest.mark.parametrize("page", [page for page in DOCUMENTS if any(line.text.startswith("leadterm ") for line in ALL
                                                                    if line.page == page)])  # fmt: skip
def test_commands_and_options_of_leadterm_exist(page: str, capsys: Capture) -> None:
    for line in (line for line in ALL if line.page == page and line.text.startswith("leadterm ")):
        check_leadterm(line.words[1:], line.text, capsys)


def check_leadterm(given: list[str], text: str, capsys: Capture) -> None:
    """Ask the command of a line for its help: it is there, and has the options."""
    groups = ("codes", "corpus", "config", "cache")
    name = given[: 2 if given[0] in groups else 1] if given and not given[0].startswith("-") else []
    assert main([*name, "--help"]) == 0, text
    shown = capsys.readouterr().out
    assert [word for word in given if re.match("--?[a-z]", word) and word not in shown] == [], text


def test_the_pages_with_commands_are_run() -> None:
    shown = {
        page for page in DOCUMENTS for language, block in fenced((ROOT / page).read_text(encoding="utf-8"))
        if language in ("", "console") and any(line.startswith("leadterm ") for line in commands_of(block))
    }  # fmt: skip
    assert shown - {*PAGES} == {"corpora/mtsamples/README.md"}  # notes that only their owner has


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with what the Makefile reads, and no environment that it could take for an old one."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_lines_expand(beside: Path) -> None:
    lines = {line.text: line.words for line in [*typed("make"), *(Line("", f"make {name}") for name in targets())]}
    for text, (_, *given) in lines.items():
        done = subprocess.run(["make", "--dry-run", *given], cwd=beside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        variables = [word.partition("=") for word in given if "=" in word]
        assert all((name.isupper() and value in done.stdout) or name == "PYTHON" for name, _, value in variables), text
        run = [line for line in done.stdout.splitlines() if "python -m leadterm" in line]
        modules = [re.findall(r"-m (leadterm[\w.]+)", line)[0] for line in run]
        assert all(find_spec(module) for module in modules), text


def targets() -> list[str]:
    return re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline from a copy of what it is made of."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "pipeline", source / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    built = pip(source, sys.executable, "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", "dist", ".")
    assert built.returncode == 0, built.stderr[-2000:]
    assert (source / "dist" / WHEEL).is_file()
    return source / "dist" / WHEEL


def pip(folder: Path, python: str | Path, *given: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1", "PYTHONPATH": ""}
    command = [str(python), "-m", "pip", *given]
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)


def test_pip_lines_install_run_and_uninstall(wheel: Path, tmp_path: Path) -> None:
    """Into an environment of its own, offline: the packages that it needs are lent by the one of the tests."""
    subprocess.run([sys.executable, "-m", "venv", "env"], cwd=tmp_path, check=True)
    python = tmp_path / "env" / "bin" / "python"
    (lent,) = tmp_path.glob("env/lib/python3*/site-packages")
    (lent / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copy(wheel, tmp_path)
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    order = sorted(dict.fromkeys(line.text for line in typed("pip")), key=lambda text: ("uninstall" in text, text))
    assert order[0].startswith(f"pip install '{WHEEL}[")
    for text in order:
        _, action, what = shlex.split(text)
        assert {*re.findall(r"\w+", "".join(re.findall(r"\[(.*)\]", what)))} <= extras, text
        offline = ["--no-index", "--no-deps"] if action == "install" else ["--yes"]
        done = pip(tmp_path, python, action, *offline, what)
        assert done.returncode == 0, f"{text}\n{done.stderr}"
        if action == "install" and what.startswith("leadterm-"):
            assert_it_works(tmp_path)
    assert not (tmp_path / "env" / "bin" / "leadterm").exists()


def assert_it_works(folder: Path) -> None:
    """The installed command suggests codes with its own files, not with those of the tree."""
    note = folder / "note.txt"
    note.write_text("Assessment: Essential hypertension.\n", encoding="utf-8")
    command = [str(folder / "env" / "bin" / "leadterm"), "suggest", str(note), "--format", "csv"]
    told = {**os.environ, "PYTHONPATH": "", "LEADTERM_DEBUG": "1"}
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ",I10," in done.stdout
    where = "import leadterm; print(leadterm.__file__)"
    shown = subprocess.run([str(folder / "env" / "bin" / "python"), "-c", where], cwd=folder, env=told,
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert Path(shown.stdout.strip()).is_relative_to(folder)


def test_what_is_only_read_names_what_is_there() -> None:
    for line in typed("pipx"):
        assert line.words == ["pipx", "install", WHEEL]
    for line in typed("python"):
        name = line.words[2] if line.words[1] == "-m" else line.words[1]
        assert find_spec(name) if line.words[1] == "-m" else (ROOT / name).is_file(), line
    for line in typed("eval"):
        assert re.fullmatch(r"eval \$\(leadterm completion (bash|zsh)\)", " ".join(line.words)), line


def test_docker_lines_fit_the_image(capsys: Capture) -> None:
    flags = {"--rm": 0, "--network": 1, "-v": 1, "--user": 1}
    for line in typed("docker"):
        _, action, *given = line.words
        if action == "build":
            assert given == ["-f", "Containerfile", "-t", "leadterm", "."]
            continue
        assert action == "run"
        while given[0].startswith("-"):
            given = given[1 + flags[given[0]] :]
        assert given[0] == "leadterm"
        check_leadterm(given[1:], line.text, capsys)


@pytest.fixture
def container() -> list[list[str]]:
    """The instructions of the Containerfile, each with its words, long lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Containerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [[name, rest] for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def test_the_image_is_made_of_what_is_there(container: list[list[str]]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = "\n".join(" ".join(one) for one in container)
    low, high = (tuple(map(int, part.split("."))) for part in re.findall(r"[\d.]+", project["requires-python"]))
    (base,) = re.findall(r"^ARG BASE=python:([\d.]+)-slim-bookworm$", text, flags=re.MULTILINE)
    assert low <= tuple(map(int, base.split("."))) < high
    assert [rest for name, rest in container if name == "FROM"] == ["${BASE} AS build", "${BASE}"]
    assert "--constraint /src/constraints.txt" in text
    (extras,) = re.findall(r"'/src\[([\w,]+)\]'", text)
    assert {*extras.split(",")} <= {*project["optional-dependencies"]}
    needed = {"pipeline", "models", "corpora", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    assert not needed & set((ROOT / ".dockerignore").read_text().split())
    assert all((ROOT / name).exists() for name in needed)


def test_the_image_runs_as_nobody_in_particular_and_keeps_no_source(container: list[list[str]]) -> None:
    last = container[max(at for at, (name, _) in enumerate(container) if name == "FROM") :]
    assert all("/src" not in rest for _, rest in last)
    assert [rest for name, rest in last if name == "USER"] == ["10001:10001"]
    assert any("useradd --uid 10001" in rest for name, rest in last if name == "RUN")
    (label,) = [rest for name, rest in last if name == "LABEL"]
    assert {*re.findall(r"image\.(\w+)=", label)} >= {"title", "description", "licenses"}
    assert ["ENTRYPOINT", '["leadterm"]'] in last
    (health,) = [rest for name, rest in last if name == "HEALTHCHECK"]
    assert health.endswith('CMD ["leadterm", "doctor"]')
