"""Features of the place of a mention and of its document."""

from __future__ import annotations

import numpy as np

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.dictionary.features import FEATURES
from leadterm.dictionary.rivals import lead_in_category
from leadterm.schema import Encounter, Note

TEXT = """CHIEF COMPLAINT: cough.
PAST MEDICAL HISTORY: appendectomy, gout as a child.
ASSESSMENT:
1. Pneumonia.
2. Type 2 diabetes, continue metformin 500 mg daily, recheck in a month.
PLAN: follow up.
"""


def columns(engine: DictionaryModel, text: str, code: str, kind: str = "") -> dict[str, float]:
    table = engine.candidates(Encounter("e1", (Note("n1", text, kind),)))
    return dict(zip(FEATURES, table.features[table.codes.index(code)].tolist(), strict=True))


def test_place_and_care(engine: DictionaryModel) -> None:
    pneumonia, diabetes = columns(engine, TEXT, "J18.9"), columns(engine, TEXT, "E11.9")
    assert pneumonia["list_item"] == diabetes["list_item"] == 1
    assert (pneumonia["diagnosis_order"], diabetes["diagnosis_order"]) == (0, 1)
    assert diabetes["care"] > 0
    assert pneumonia["sentence_end"] == 1
    assert pneumonia["kind_clinic"] == 1
    assert sum(value for name, value in pneumonia.items() if name.startswith("kind_")) == 1


def test_a_bare_diagnosis_is_a_statement(engine: DictionaryModel) -> None:
    bare, within = columns(engine, "Pneumonia", "J18.9"), columns(engine, TEXT, "J18.9")
    assert bare["statement"] == bare["line_share"] == 1
    assert bare["line_start"] == 1
    assert within["statement"] < 0.5


def test_what_its_sender_calls_a_note_counts(engine: DictionaryModel) -> None:
    assert columns(engine, "Pneumonia.", "J18.9", "Radiology report: chest x-ray")["kind_operative"] == 0
    assert columns(engine, "Pneumonia.", "J18.9", "Discharge summary")["kind_discharge_summary"] == 1


def test_of_candidates_in_one_heading_the_better_match_is_told(engine: DictionaryModel) -> None:
    text = "ASSESSMENT:\n1. Acute on chronic systolic heart failure.\n2. Gout.\n"
    gout, failure = columns(engine, text, "M10.9"), columns(engine, text, "I50.23")
    assert (gout["problem_rivals"], gout["problem_better"]) == (0, 0)
    assert failure["problem_better"] == 0


def test_what_stands_beside_a_candidate_is_told() -> None:
    codes = ("S52.501A", "S52.501D", "I10")
    columns = lead_in_category(codes, np.array([[3.0], [1.0], [9.0]], np.float32))
    assert columns.ravel().tolist() == [2.0, -2.0, 0.0]


def test_words_of_a_longer_term_hold_those_of_a_shorter_one(engine: DictionaryModel) -> None:
    text = "ASSESSMENT:\n1. Iron deficiency anemia.\n2. Anemia.\n"
    short, long = columns(engine, text, "D64.9"), columns(engine, text, "D50.9")
    assert short["words_within"] > 0
    assert long["words_within"] == 0
    assert long["words_around"] > 0


def test_episodes_of_one_injury_are_rivals(engine: DictionaryModel) -> None:
    first, later = (columns(engine, "Follow up of a left ankle sprain six weeks ago.", f"S93.402{e}") for e in "AD")
    assert (first["episode"], later["episode"]) == (1, 2)
    assert first["episode_rivals"] == later["episode_rivals"] == 1
