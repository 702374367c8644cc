"""No input runs code, no command speaks to the network, no name leads out of its folder."""

from __future__ import annotations

import ast
import json
import os
import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from leadterm.cli import main

PACKAGE = Path(__file__).parents[2] / "pipeline" / "leadterm"
# A loader of data that takes nothing but dictionaries, lists, texts and numbers; a model is pickled as its name.
PICKLE = {"text/matching/mesh.py": {"pickle"}, "models.py": {"copyreg"}, "classifier.py": {"copyreg"}}
RUNS_CODE = {"eval", "exec", "compile", "__import__"}
LOADS_CODE = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "copyreg", "yaml", "torch", "skops"}
NETWORK = {"socket", "urllib.request", "http.client", "http.server", "ftplib", "smtplib", "requests", "httpx"}
# One reads official files from an address that the user types; the other is the workbench on this machine.
TALKS = {"codes/official/sources.py", "review/serve.py"}


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "_models" not in path.parts:
            yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}"] if isinstance(node, ast.ImportFrom) and node.module else []


def test_nothing_loads_what_can_run() -> None:
    wrong = []
    for name, tree in trees():
        for node in ast.walk(tree):
            roots = {module.split(".")[0] for module in imported(node)} & LOADS_CODE
            wrong += [f"{name}:{root}" for root in roots - PICKLE.get(name, set())]
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                options = {option.arg: ast.unparse(option.value) for option in node.keywords}
                wrong += [f"{name}:{node.lineno} {called}"] * (called in RUNS_CODE or called == "joblib.load")
                if called in ("np.load", "numpy.load") and options.get("allow_pickle") != "False":
                    wrong.append(f"{name}:{node.lineno} np.load")
                wrong += [f"{name}:{node.lineno} shell"] * (options.get("shell") == "True" or called == "os.system")
    assert not wrong


def test_only_two_modules_know_the_network() -> None:
    found = {name for name, tree in trees() for node in ast.walk(tree) if set(imported(node)) & NETWORK}
    assert found == TALKS


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuse every connection and every question for a host; gives what was tried."""
    tried: list[str] = []

    def refuse(*given: object, **_: object) -> None:
        tried.append(str(given[-1]))
        raise OSError("the network is not used")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return tried


def test_commands_do_without_the_network(
    offline: list[str], loaded: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note, table, corpus = tmp_path / "note.txt", tmp_path / "t.csv", tmp_path / "corpus"
    note.write_text("Assessment: Gout of the left knee.\n")
    table.write_text("encounter_id,text,codes\n1,Gout of the left knee.,M10.9\n2,Dry cough.,R05.9\n")
    codes = tmp_path / "codes.txt"
    codes.write_text("M10.9\n")
    commands: list[list[str]] = [
        *(["suggest", str(note), "--format", kind] for kind in ("table", "json", "jsonl", "fhir", "html", "csv")),
        ["corpus", "import", "csv", str(table), "--output", str(corpus)],
        ["corpus", "check", str(corpus)],
        ["corpus", "stats", str(corpus)],
        ["evaluate", "default", str(corpus), "--split", "train"],
        ["check", str(note), "--codes", str(codes)],
        ["codes", "list"],
        ["codes", "show", "M10.9"],
        ["codes", "search", "gout"],
        ["claim", str(corpus / "train.jsonl"), "--format", "json"],
        ["config", "show"],
    ]
    for command in commands:
        assert main(command) in (0, 1), command
    assert offline == []
    assert len(loaded) >= 7
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("inside", ["../out.txt", "/tmp/leadterm-out.txt", "a/../../out.txt", "..\\out.txt"])
def test_names_in_an_archive_lead_nowhere(inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(inside, "code\ttitle\nX1\tOne\nX2\tTwo\n")
    os.environ["XDG_DATA_HOME"], kept = str(tmp_path / "data"), os.environ.get("XDG_DATA_HOME")
    try:
        main(["codes", "install", str(tmp_path / "a.zip"), "--system", "own"])
    finally:
        os.environ.pop("XDG_DATA_HOME") if kept is None else os.environ.update(XDG_DATA_HOME=kept)
    capsys.readouterr()
    made = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "a.zip"]
    assert all(path.is_relative_to(tmp_path / "data") for path in made)
    assert not Path("/tmp/leadterm-out.txt").exists()
    assert not (tmp_path.parent / "out.txt").exists()


def test_a_manifest_that_names_files_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret.json").write_text('{"zqsecret": 1}')
    model = tmp_path / "m"
    model.mkdir()
    files = {"../secret.json": {"sha256": "0" * 64, "bytes": 1}}
    (model / "manifest.json").write_text(json.dumps({"protocol": 1, "kind": "ranker", "meta": {}, "files": files}))
    note = tmp_path / "n.txt"
    note.write_text("Gout.")
    assert main(["suggest", str(note), "--model", str(model)]) == 2
    said = capsys.readouterr().err
    assert "damaged" in said
    assert "zqsecret" not in said
