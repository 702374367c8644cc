"""A code is judged by the release that held on the day of service of its encounter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import leadterm
from leadterm.codes.official.install import install
from leadterm.codes.release import as_day
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.schema import Encounter, Note

VISIT = Encounter("e1", (Note("n1", "Assessment: essential hypertension and gout."),))
OLD = "code\ttitle\nI10\tEssential hypertension of old\nM10\tGout of old\nM10.9\tGout, unspecified\n"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pytestconfig: pytest.Config) -> DictionaryModel:
    """The shipped model beside an installed release of fiscal year 2020 with three codes."""
    assert pytestconfig.cache is not None
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytestconfig.cache.mkdir("leadterm")))
    table = tmp_path / "old.tsv"
    table.write_text(OLD)
    install(table, system="icd10cm", release="2020", force=True)
    loaded = leadterm.load()
    assert isinstance(loaded, DictionaryModel)
    return loaded


def titles(model: DictionaryModel, day: str | None) -> tuple[str, dict[str, str]]:
    result = model.suggest(replace(VISIT, date_of_service=day))
    return result.releases["icd10cm"], {s.code: s.title for s in result.suggestions}


def test_each_encounter_has_the_release_of_its_day(model: DictionaryModel) -> None:
    newest, now = titles(model, None)
    release, old = titles(model, "2020-01-15")
    assert release == "2020" != newest
    assert old["I10"] == "Essential hypertension of old"
    assert set(old) <= {"I10", "M10.9"}
    assert now["I10"] == "Essential (primary) hypertension"
    assert titles(model, "2026-05-01") == (newest, now)
    assert titles(model, "2020-01-15T10:00:00+02:00") == (release, old)
    assert set(model.candidates(replace(VISIT, date_of_service="2019-11-01"), "icd10cm").codes) <= {"I10", "M10.9"}


def test_releases_are_loaded_once_and_only_when_asked_for(model: DictionaryModel) -> None:
    visits = [replace(VISIT, date_of_service=day) for day in ("2020-01-01", "2020-09-30", "2026-05-01", "2026-06-01")]
    chosen = [model.of_day(visit) for visit in visits]
    assert chosen[0] is chosen[1] is not model
    assert chosen[2] is chosen[3] is model is model.of_day(VISIT)
    assert chosen[0].of_day(visits[1]) is chosen[0]


def test_the_date_asked_for_counts_for_encounters_without_one(model: DictionaryModel) -> None:
    old = replace(model, date="2020-02-01")
    assert titles(old, None)[0] == "2020"
    assert titles(old, "2026-05-01")[0] != "2020"


def test_a_date_nobody_can_read_is_an_error(model: DictionaryModel) -> None:
    with pytest.raises(LeadtermError, match="bad date 'last week'"):
        titles(model, "last week")


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-03-02", date(2026, 3, 2)), ("2026-03-02 08:30", date(2026, 3, 2)), ("2026-03", date(2026, 3, 1)),
     ("2026", date(2026, 1, 1)), (" 2026-03-02", date(2026, 3, 2))],
)  # fmt: skip
def test_days(text: str, day: date) -> None:
    assert as_day(text) == day


@pytest.mark.parametrize("text", ["", "2026-13", "2026-02-30", "02/03/2026", "2026-3-2", "20260302T", "x" * 50])
def test_no_days(text: str) -> None:
    with pytest.raises(LeadtermError, match="bad date"):
        as_day(text)
