"""The whole path: a note goes in, ranked codes with evidence come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.dictionary.features import FEATURES, Feature
from leadterm.schema import Encounter, Note, SuggestionSet

Suggest = Callable[..., SuggestionSet]
CASES = [
    tuple(line.split("\t"))
    for line in Path(__file__).with_name("first_cases.tsv").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
][1:]
PIECES = [
    "Assessment:", "\n", "1. ", "hypertension", "HTN", "no", "denies", "left knee pain", "gout", ".", ",", ";", "é",
    "\u2028", "\x00", "type 2 diabetes", "history of", "possible", "pneumonia", "Family history:", "mother had", "(",
    ")", "😀", "\r\n",
]  # fmt: skip
NOTES = st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join), st.text(max_size=60))
SHARED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[case[1] for case in CASES])
def test_the_codes_of_a_short_note_come_first(suggest: Suggest, text: str, wanted: str) -> None:
    first = [s.code for s in suggest(text.replace("\\n", "\n")).suggestions[:3]]
    assert set(wanted.split(";")) <= set(first)


@given(NOTES)
@SHARED
def test_every_suggestion_has_evidence_in_the_raw_text(engine: DictionaryModel, text: str) -> None:
    result = engine.suggest(Encounter("e1", (Note("n1", text),)))
    assert [s.rank for s in result.suggestions] == list(range(1, len(result.suggestions) + 1))
    order = [(-s.confidence, s.code) for s in result.suggestions]
    assert order[1:] == sorted(order[1:])  # the first is the one proposed as first-listed
    if order and order != sorted(order):
        assert result.suggestions[0].confidence >= result.threshold
    for suggestion in result.suggestions:
        assert suggestion.evidence
        assert engine.system.is_billable(suggestion.code)
        assert 0 <= suggestion.confidence <= 1
        for span in (*suggestion.spans, *suggestion.cues):
            assert text[span.start : span.end] == span.text


@given(NOTES)
@SHARED
def test_the_same_note_gives_the_same_bytes(engine: DictionaryModel, text: str) -> None:
    encounter = Encounter("e1", (Note("n1", text),))
    assert engine.suggest(encounter) == engine.suggest(encounter)


def test_a_possible_disease_is_not_proposed_for_an_outpatient(suggest: Suggest) -> None:
    for text, code in (
        ("Assessment: Possible pneumonia.", "J18.9"),
        ("Assessment: Suspected gout of the right knee.", "M10.9"),
    ):
        result = suggest(text)
        assert code not in [s.code for s in result.suggestions if s.confidence >= result.threshold]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ROS: Denies cough and fever.\nAssessment: Gout.", "R50.9"),
        ("Family history: Mother had breast cancer.\nAssessment: Gout.", "C50.919"),
        ("Assessment: No evidence of pneumonia.", "J18.9"),
    ],
)  # fmt: skip
def test_what_is_denied_or_of_the_family_is_not_proposed(suggest: Suggest, text: str, code: str) -> None:
    result = suggest(text)
    assert code not in [s.code for s in result.suggestions if s.confidence >= result.threshold]


def test_features_have_their_columns_and_stay_finite(engine: DictionaryModel) -> None:
    encounter = Encounter("e1", (Note("n1", "Assessment:\n1. Hypertension.\n2. Cough, possible pneumonia."),))
    table = engine.candidates(encounter)
    matrix = table.features
    assert table.feature_names == FEATURES
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    of = dict(zip(table.codes, matrix, strict=True))
    column = {name: i for i, name in enumerate(FEATURES)}
    assert of["I10"][column[Feature.PRESENT]] == 1
    assert of["J18.9"][column[Feature.POSSIBLE]] == 1
    assert of["I10"][column[Feature.IN_ASSESSMENT]] == 1


def test_the_setting_is_a_feature(engine: DictionaryModel) -> None:
    column = FEATURES.index(Feature.INPATIENT)
    for setting, value in (("outpatient", 0.0), ("inpatient", 1.0)):
        table = engine.candidates(Encounter("e1", (Note("n1", "Gout."),), setting=setting))
        assert set(table.features[:, column]) == {value}


def test_a_note_without_anything_codable_gives_no_suggestion(engine: DictionaryModel, suggest: Suggest) -> None:
    assert suggest("").suggestions == ()
    assert suggest("Thank you for this kind letter.").suggestions == ()
    table = engine.candidates(Encounter("e1", (Note("n1", ""),)))
    assert table.features.shape == (0, len(FEATURES))


def test_evidence_names_the_note_it_stands_in(engine: DictionaryModel) -> None:
    notes = (Note("n1", "Assessment: Gout."), Note("n2", "Assessment: Hypertension."))
    result = engine.suggest(Encounter("e1", notes))
    texts = {note.note_id: note.text for note in notes}
    where = {s.code: {e.note_id for e in s.spans} for s in result.suggestions}
    assert where["M10.9"] == {"n1"}
    assert where["I10"] == {"n2"}
    assert all(texts[e.note_id][e.start : e.end] == e.text for s in result.suggestions for e in s.spans)


def test_the_code_proposed_as_first_listed_stands_first(engine: DictionaryModel) -> None:
    text = "ASSESSMENT:\n1. Acute appendicitis.\n2. Hypertension, stable.\n3. Gout, on allopurinol.\n"
    result = engine.suggest(Encounter("e1", (Note("n1", text),)))
    assert result.suggestions[0].code == "K35.80"
    assert result.suggestions[0].confidence >= result.threshold
