"""The user's folders, and models by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.errors import LeadtermError
from leadterm.paths import cache_home, data_home, model_dir, model_names


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_xdg_folders_and_relative_values(home: Path) -> None:
    assert data_home() == home / "data" / "leadterm"
    assert cache_home() == home / ".cache" / "leadterm"


def test_a_model_by_folder_or_by_name(home: Path) -> None:
    here, mine = model(home / "here"), model(data_home() / "models" / "mine")
    assert model_dir(here) == here
    assert model_dir("here") == Path("here")
    assert model_dir("mine") == mine
    assert "mine" in model_names()


def test_what_is_no_model(home: Path) -> None:
    model(data_home() / "models" / "mine")
    (home / "empty").mkdir()
    for name, said in {
        "mien": "unknown model 'mien'; did you mean 'mine'",
        "empty": "has no manifest",
        "no/where": "does not exist",
        "../data/leadterm/models/nine": "does not exist",
    }.items():
        with pytest.raises(LeadtermError, match=said):
            model_dir(name)
