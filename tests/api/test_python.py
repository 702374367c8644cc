"""Python as people write it: texts, data frames, notebooks, spaCy, pickles."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import joblib
import pandas as pd
import pytest
import spacy

import leadterm
from leadterm import Encounter, LeadtermError, Note, models
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.rows import COLUMNS
from leadterm.spacy_component import LeadtermComponent

TEXT = "ASSESSMENT:\n1. Essential hypertension.\n2. Gout of the <left> knee.\n"


def test_the_package_shows_its_names_and_imports_nothing_heavy() -> None:
    heavy_ones = {"spacy", "numpy", "pandas", "sklearn"}
    code = f"import sys, leadterm; print(*dir(leadterm)); print(*({heavy_ones} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    names, heavy = done.stdout.split("\n")[:2]
    assert {"load", "suggest", "suggest_frame", "Encounter", "Note", "evaluate", "train"} <= {*names.split()}
    assert heavy == ""
    assert all(getattr(leadterm, name) is not None for name in leadterm.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sugest'"):
        leadterm.sugest  # noqa: B018


def test_a_text_a_note_or_an_encounter(engine: DictionaryModel) -> None:
    given = (TEXT, Note("note", TEXT), Encounter("note", (Note("note", TEXT),)))
    assert len({str(engine.suggest(one).suggestions) for one in given}) == 1
    stay = "Hospital course: she was admitted with pneumonia and did well."
    assert engine.suggest(stay).to_json()["read_as"]["setting"] == "inpatient"
    with pytest.raises(LeadtermError, match="got int"):
        engine.suggest(7)  # type: ignore[arg-type]


def test_a_data_frame_loses_no_row(engine: DictionaryModel) -> None:
    frame = pd.DataFrame(
        {"note": [TEXT, None, " ", "Walks daily."], "visit": [4, 3, 2, 1],
         "setting": ["inpatient", "outpatient", None, None], "birth_year": [1950.0, None, None, None]}
    )  # fmt: skip
    found = engine.suggest_frame(frame, text="note", id="visit", top=3)
    assert tuple(found.columns) == COLUMNS
    assert list(dict.fromkeys(found["encounter_id"])) == ["4", "3", "2", "1"]
    assert "I10" in set(found["code"])
    best = engine.suggest(Encounter("4", (Note("4", TEXT),), setting="inpatient", birth_year=1950), top=3)
    assert best.to_frame()["code"].tolist() == found.loc[found["encounter_id"] == "4", "code"].tolist()
    with pytest.raises(LeadtermError, match="did you mean 'note'"):
        engine.suggest_frame(frame, text="notes")
    with pytest.raises(LeadtermError, match="same id"):
        engine.suggest_frame(pd.concat([frame, frame]), text="note")


def test_a_notebook_marks_the_words_and_runs_nothing(engine: DictionaryModel) -> None:
    page = engine.suggest(TEXT)._repr_html_()
    assert "<mark" in page
    assert "Essential hypertension" in page
    assert "&lt;" in page
    assert "<left>" not in page
    assert "<script" not in page


def test_a_model_is_pickled_by_its_name() -> None:
    model = models.load("default")
    packed = pickle.dumps(model)
    assert len(packed) < 1000
    again = pickle.loads(packed)
    assert again.suggest(TEXT).to_json() == model.suggest(TEXT).to_json()
    assert pickle.loads(packed) is again  # a process loads it once


def test_models_in_other_processes() -> None:
    model = models.load("default")
    calls = [joblib.delayed(model.suggest)(text) for text in (TEXT, "Gout.")]
    work = joblib.Parallel(n_jobs=2, backend="multiprocessing")(calls)
    assert [one.to_json() for one in work] == [model.suggest(text).to_json() for text in (TEXT, "Gout.")]


def test_spacy_finds_the_component_by_itself() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, function = project["entry-points"]["spacy_factories"]["leadterm"].partition(":")
    assert callable(getattr(import_module(module), function))


def test_a_component_of_spacy(engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("leadterm.spacy_component.load", lambda _: engine)
    nlp = spacy.blank("en")
    nlp.add_pipe("leadterm", config={"threshold": 0.2})
    doc = nlp(TEXT)
    assert "I10" in [one.code for one in doc._.codes]
    assert {"hypertension" in span.text for span in doc.spans["leadterm"] if span.label_ == "I10"} == {True}
    assert ("I10", "icd10cm") in [(entity.label_, entity.kb_id_) for entity in doc.ents]
    assert nlp("")._.codes == []
    nlp.to_disk(tmp_path / "nlp")
    again = spacy.load(tmp_path / "nlp")
    component = again.get_pipe("leadterm")
    assert isinstance(component, LeadtermComponent)
    assert component.threshold == 0.2
    assert [one.code for one in again(TEXT)._.codes] == [one.code for one in doc._.codes]
