"""The command line of the workbench, but for the server that it starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from leadterm.cli import main

TEXT = "Assessment: Gout.\n"


@pytest.fixture
def note(tmp_path: Path) -> Path:
    file = tmp_path / "visit.txt"
    file.write_text(TEXT, encoding="utf-8")
    return file


def test_without_the_extra_it_says_how_to_get_it(
    note: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["review", str(note), "--decisions", str(tmp_path / "d"), "--no-open"]) == 2
    assert "leadterm[review]" in capsys.readouterr().err


def test_a_taken_port_is_named(note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = str(held.getsockname()[1])
        assert main(["review", str(note), "--decisions", str(tmp_path / "d"), "--no-open", "--port", port]) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_no_note_no_workbench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    assert main(["review", str(tmp_path / "empty.txt"), "--decisions", str(tmp_path / "d")]) == 2
    assert "none of the notes" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_a_token_is_told_once_and_lets_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from leadterm.decisions.accounts import Accounts
    from leadterm.decisions.decision_store import DecisionStore

    assert main(["review", "--decisions", str(tmp_path), "--invite", "ben", "--role", "auditor"]) == 0
    token = capsys.readouterr().out.strip()
    store = DecisionStore(tmp_path)
    person = Accounts(store).person(token)
    store.close()
    assert person is not None
    assert (person.name, person.role) == ("ben", "auditor")


def test_it_does_not_listen_to_others_in_the_open(
    note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["review", str(note), "--decisions", str(tmp_path), "--no-open", "--host", "0.0.0.0"]) == 2
    assert "without TLS" in capsys.readouterr().err
    assert main(["review"]) == 2
