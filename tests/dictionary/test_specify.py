"""Which billable code of a family the documentation supports."""

from __future__ import annotations

import random

import pytest

from leadterm.dictionary.candidates import Candidate, generate
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.schema import Encounter, Note
from leadterm.text.reading import read_note


def candidates(engine: DictionaryModel, text: str) -> dict[str, Candidate]:
    return {c.code: c for c in engine.find(Encounter("e1", (Note("n1", text),)))}


SIDES = [
    ("Assessment: Pain in the right knee.", "M25.561"),
    ("Assessment: Pain in the left knee.", "M25.562"),
    ("Assessment:\n1. Left knee pain.\nThe knee pain is worse at night.", "M25.562"),
    ("CC: Right knee trouble.\nASSESSMENT AND PLAN:\n1. Knee pain. Rest and ice.", "M25.561"),
    ("Assessment: Bilateral otitis media.", "H66.93"),
    ("Assessment: Knee pain.", "M25.569"),
    ("Assessment: Age-related nuclear cataract without diplopia, left eye", "H25.12"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), SIDES)
def test_the_side_comes_from_phrase_heading_or_complaint(engine: DictionaryModel, text: str, code: str) -> None:
    assert code in candidates(engine, text)


def test_a_family_without_a_bilateral_code_gives_both_sides(engine: DictionaryModel) -> None:
    got = candidates(engine, "Assessment: Bilateral knee pain.")
    assert {"M25.561", "M25.562"} <= got.keys()


def test_a_silent_note_gets_the_unspecified_code_and_a_hint(engine: DictionaryModel) -> None:
    got = candidates(engine, "Assessment: Knee pain.")
    assert got["M25.569"].choice.unspecified
    assert got["M25.569"].choice.siblings[:2] == ("M25.561", "M25.562")


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Assessment: Sprain of the right ankle.", "A"),
        ("CC: Follow-up of ankle sprain.\nAssessment: Sprain of the right ankle, healing.", "D"),
        ("Assessment: Sequela of a sprain of the right ankle.", "S"),
    ],
)  # fmt: skip
def test_the_seventh_character_tells_the_episode_of_care(engine: DictionaryModel, text: str, letter: str) -> None:
    assert f"S93.401{letter}" in candidates(engine, text)


def test_a_documented_detail_upgrades_an_unspecified_code(engine: DictionaryModel) -> None:
    choices = engine.specifier.choose("J45.909", {"mild": 3.0, "intermittent": 3.0}, "A")
    assert choices[0].code == "J45.909"
    assert engine.specifier.choose("J45.909", {}, "A") == choices[:1]


def test_a_choice_depends_on_nothing_but_the_telling_words(engine: DictionaryModel) -> None:
    weights = {"right": 3.0, "knee": 2.0, "unrelated": 3.0, "words": 1.0}
    items = list(weights.items())
    random.Random(3).shuffle(items)
    one = engine.specifier.choose("M25.56", weights, "A")
    assert one == engine.specifier.choose("M25.56", dict(items), "A")
    assert one == engine.specifier.choose("M25.56", {"right": 3.0, "knee": 2.0}, "A")
    assert one[0].code == "M25.561"
    assert "unrelated" not in engine.specifier.telling_words("M25.56")


def test_every_choice_is_billable(engine: DictionaryModel) -> None:
    for family in ("S52.5", "M17", "E11", "H66", "C50", "O24", "I10"):
        for episode in "ADS":
            choices = engine.specifier.choose(family, {"left": 3.0, "acute": 2.0}, episode)
            assert choices
            assert all(engine.system.is_billable(choice.code) for choice in choices)


COMBINED = [
    ("Assessment:\n1. Hypertension.\n2. Congestive heart failure.", "I11.0", ("I10", "I50.9")),
    ("Assessment:\n1. Hypertension.\n2. Chronic kidney disease, stage 3a.", "I12.9", ("I10", "N18.31")),
    ("Assessment:\n1. Type 2 diabetes.\n2. Chronic kidney disease.", "E11.22", ("E11.9", "N18.9")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "parts"), COMBINED)
def test_combination_codes(engine: DictionaryModel, text: str, code: str, parts: tuple[str, ...]) -> None:
    got = candidates(engine, text)
    assert got[code].combined == parts
    assert parts[-1] in got


def test_a_denied_disease_is_neither_a_candidate_nor_a_part_of_one(engine: DictionaryModel) -> None:
    got = candidates(engine, "Assessment:\n1. Hypertension.\nNo heart failure.")
    assert "I10" in got
    assert not {"I50.9", "I11.0"} & got.keys()


def test_a_denied_mention_counts_where_another_one_affirms_the_code(engine: DictionaryModel) -> None:
    got = candidates(engine, "ROS: Denies cough.\nAssessment: Cough.")
    assert sorted(s.found.mention.assertion for s in got["R05.9"].supports) == ["absent", "present"]
    assert got["R05.9"].supports[0].found.mention.assertion == "present"


def test_how_an_injury_happened_counts_only_beside_an_injury(engine: DictionaryModel) -> None:
    hurt = candidates(engine, "HPI: She fell on the ice.\nAssessment: Sprain of the right ankle.")
    assert any(code.startswith("W") for code in hurt)
    well = candidates(engine, "HPI: She fell on the ice last year.\nAssessment: Allergic rhinitis.")
    assert not any(code[0] in "VWXY" for code in well)


@pytest.mark.parametrize("seed", range(3))
def test_candidates_do_not_depend_on_the_order_of_mentions(engine: DictionaryModel, seed: int) -> None:
    text = (
        "CC: Left knee pain.\nAssessment:\n1. Knee pain, left.\n2. Hypertension with heart failure. No fever.\n3. Gout."
    )
    note = read_note(engine.readers.of("en")[0](text), "n1", engine.readers.of("en")[1])
    mentions = list(note.mentions)
    random.Random(seed).shuffle(mentions)
    shuffled = type(note)(note.note_id, tuple(mentions), note.problems, note.complaint, note.words, note.length)
    plain, other = generate([note], engine.specifier), generate([shuffled], engine.specifier)
    assert [(c.code, c.choice.code) for c in plain] == [(c.code, c.choice.code) for c in other]
    assert [{s.found for s in c.supports} for c in plain] == [{s.found for s in c.supports} for c in other]
