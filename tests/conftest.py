"""Fixtures for all tests: the shipped model loaded once, and a small made-up corpus."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

import leadterm.api  # noqa: F401  takes the true `load` before a test puts another in its place
from leadterm import models
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.learned.parts import BaseSettings
from leadterm.ranking.trees import RankerSettings
from leadterm.schema import Encounter, Note, SuggestionSet
from leadterm.training.recipe import Recipe
from three_conditions import make

Suggest = Callable[..., SuggestionSet]
SAMPLE = Path(__file__).parents[1] / "corpora" / "samples" / "clinic-note.txt"

settings.register_profile("leadterm", deadline=None, derandomize=True)  # a busy machine fails no test; same examples
settings.load_profile("leadterm")


@pytest.fixture(scope="session", autouse=True)
def nothing_configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the person who runs the tests has set with ``leadterm config`` out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """Give the folder of licensed corpora and official files, or skip the test."""
    folder = os.environ.get("LEADTERM_DATA")
    if not folder:
        pytest.skip("LEADTERM_DATA names no folder of corpora")
    return Path(folder)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> DictionaryModel:
    """Load the shipped model without installed codes; compiled terms stay in pytest's own cache between runs."""
    assert pytestconfig.cache is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("leadterm")))
        found = models.load("default")
        assert isinstance(found, DictionaryModel)
        found.suggest(Encounter("e1", (Note("n1", "Cough."),)))  # what is loaded lazily is loaded here
    return found


@pytest.fixture(scope="session")
def suggest(engine: DictionaryModel) -> Suggest:
    """Suggest codes for one text."""

    def run(text: str, setting: str = "outpatient") -> SuggestionSet:
        return engine.suggest(Encounter("e1", (Note("n1", text),), setting=setting))

    return run


@pytest.fixture
def loaded(engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Let the command use the engine that is loaded; gives the arguments of each call to load."""
    calls: list[object] = []

    def load(model: str, **options: object) -> DictionaryModel:
        calls.append((model, options))
        return replace(engine, date=options["date"]) if options.get("date") else engine  # type: ignore[arg-type]

    monkeypatch.setattr(models, "load", load)
    return calls


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Give a copy of the sample note."""
    path = tmp_path / "visit.txt"
    path.write_bytes(SAMPLE.read_bytes())
    return path


@pytest.fixture(scope="session")
def quick() -> Recipe:
    """Give a recipe that trains in seconds."""
    return Recipe(folds=3, base=BaseSettings(), ranker=RankerSettings(iterations=20, folds=2, min_samples_leaf=5))


@pytest.fixture(scope="session")
def marked() -> list[Encounter]:
    """Give encounters whose codes come with their words."""
    return make(60, evidence=True)


@pytest.fixture(scope="session")
def bare() -> list[Encounter]:
    """Give encounters with codes alone."""
    return make(60, evidence=False)
