"""A command line with the real engine, loaded once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from leadterm import models
from leadterm.dictionary.model import DictionaryModel

SAMPLE = Path(__file__).parents[2] / "corpora" / "samples" / "clinic-note.txt"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DictionaryModel]:
    """Give the default model with the default code data; the user's folders are not touched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        found = models.load()
        assert isinstance(found, DictionaryModel)
        yield found


@pytest.fixture
def loaded(engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let the command use the engine that is loaded; gives the arguments of each call to load."""
    calls: list[object] = []

    def load(model: str, **options: object) -> DictionaryModel:
        calls.append((model, options))
        return replace(engine, date=options["date"]) if options["date"] else engine  # type: ignore[arg-type]

    monkeypatch.setattr(models, "load", load)
    return calls


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Give a copy of the sample note."""
    path = tmp_path / "visit.txt"
    path.write_bytes(SAMPLE.read_bytes())
    return path
