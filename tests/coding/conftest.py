"""One engine on the code data that the packages bring, for all tests of coding."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadterm.dictionary.model import DictionaryModel
from leadterm.models import load
from leadterm.schema import Encounter, Note, SuggestionSet

Suggest = Callable[..., SuggestionSet]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> DictionaryModel:
    """Load the shipped model without installed codes; compiled terms stay in pytest's own cache between runs."""
    assert pytestconfig.cache is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        patch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("leadterm")))
        loaded = load("default")
    assert isinstance(loaded, DictionaryModel)
    return loaded


@pytest.fixture(scope="session")
def suggest(engine: DictionaryModel) -> Suggest:
    """Suggest codes for one text."""

    def run(text: str, setting: str = "outpatient") -> SuggestionSet:
        return engine.suggest(Encounter("e1", (Note("n1", text),), setting=setting))

    return run
