"""What a learned model says of a code follows the day of service, as it does in the dictionary's model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import leadterm
from leadterm.codes.official.install import install
from leadterm.errors import LeadtermError
from leadterm.learned.corpus_model import CorpusModel
from leadterm.schema import Encounter, SuggestionSet
from leadterm.training.recipe import Recipe
from leadterm.training.train_model import train
from three_conditions import make

OLD = "code\ttitle\tbillable\nI10\tEssential hypertension of old\t1\nJ45.909\tA heading then\t0\n"


@pytest.fixture(scope="module")
def folder(quick: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on notes that know of no day."""
    folder = tmp_path_factory.mktemp("dated") / "model"
    train(make(60, evidence=True), folder, quick)
    return folder


@pytest.fixture
def model(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CorpusModel:
    """The model, loaded where a release of fiscal year 2020 is installed that has one of its codes."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "old.tsv").write_text(OLD, encoding="utf-8")
    install(tmp_path / "old.tsv", system="icd10cm", release="2020", force=True)
    loaded = leadterm.load(folder)
    assert isinstance(loaded, CorpusModel)
    return loaded


def visits(day: str | None) -> list[Encounter]:
    return [replace(one, date_of_service=day) for one in make(12, evidence=False)]


def asked(model: CorpusModel, day: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Titles of all that is suggested for some visits of a day, and the releases named."""
    results: list[SuggestionSet] = [model.suggest(one) for one in visits(day)]
    return {s.code: s.title for result in results for s in result.suggestions}, dict(results[0].releases)


def test_titles_releases_and_codes_are_those_of_the_day(model: CorpusModel) -> None:
    now, newest = asked(model, None)
    assert now["I10"] == "Essential (primary) hypertension"
    assert len(now) > 2
    old, release = asked(model, "2020-01-15")
    assert old == {"I10": "Essential hypertension of old"}
    assert release == {"icd10cm": "2020"} != newest
    assert asked(model, "2026-05-01") == (now, newest)
    assert set(model.candidates(visits("2020-01-15")[0], "icd10cm").codes) <= {"I10"}


def test_a_day_without_a_release_of_its_own_takes_no_code_away(model: CorpusModel) -> None:
    old, release = asked(model, "2012-01-15")
    assert {"I10", "J45.909", "M10.9", "N20.0"} <= set(old)
    assert release == {"icd10cm": "2020"}


@pytest.mark.usefixtures("model")
def test_the_date_asked_for_counts_for_encounters_without_one(folder: Path) -> None:
    dated = leadterm.load(folder, date="2020-01-15")
    assert dated.suggest(visits(None)[0]).releases == {"icd10cm": "2020"}
    assert dated.suggest(visits("2026-05-01")[0]).releases != {"icd10cm": "2020"}


def test_a_date_nobody_can_read_is_an_error(model: CorpusModel) -> None:
    with pytest.raises(LeadtermError, match="bad date 'last week'"):
        model.suggest(visits("last week")[0])
