"""The shipped ranker: what it learns from, what is left out, the line, the first code, figures as scored elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leadterm.corpus import read_split
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.dictionary.features import FEATURES
from leadterm.dictionary.first_listed import FIRST_FEATURES, first_columns
from leadterm.dictionary.first_words import first_words
from leadterm.ranking.ranker import Ranker
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.training import held_out, learn_first, shipped, shipped_card
from leadterm.training.field_report import Answer, answer, choose_line, figures
from leadterm.training.shipped_rows import Rows, Source, gather, sources

WORDS = ("Gout", "Asthma", "Migraine", "Psoriasis", "Cirrhosis of liver", "Pneumonia")
CODES = ("M10.9", "J45.909", "G43.909", "L40.9", "K74.60", "J18.9")


def encounter(number: int) -> Encounter:
    first, second, past, wrong = np.random.default_rng(number).permutation(len(WORDS))[:4].tolist()
    text = f"HPI: {WORDS[wrong]} was considered.\nPAST MEDICAL HISTORY: {WORDS[past]}.\n"
    text += f"ASSESSMENT:\n1. {WORDS[first]}.\n2. {WORDS[second]}.\nPLAN: rest."
    codes = (
        ReferenceCode("icd10cm", CODES[first], "first-listed"), ReferenceCode("icd10cm", CODES[second], "secondary"),
        ReferenceCode("icd10cm", CODES[past], need="may"),
    )  # fmt: skip
    return Encounter(f"e{number}", (Note("n1", text),), codes)


@pytest.fixture(scope="module")
def rows(engine: DictionaryModel) -> Rows:
    coded = tuple(encounter(number) for number in range(36))
    layouts = tuple(replace(one, notes=(Note("n1", one.notes[0].text.replace("\n", "  ")),)) for one in coded)
    return gather(engine, [Source("mtsamples", coded), Source("layouts", layouts, 0.5)])


@pytest.fixture(scope="module")
def ranker(rows: Rows) -> Ranker:
    monkey = pytest.MonkeyPatch()
    small = replace(shipped.SETTINGS, iterations=25, min_samples_leaf=5)
    monkey.setattr(shipped, "SETTINGS", small)
    monkey.setattr(shipped, "BLIND", small)
    monkey.setattr(learn_first, "SETTINGS", small)
    made = shipped.fit_ranker(rows)
    monkey.undo()
    return made


def test_rows_keep_optional_codes_apart_and_layouts_with_their_note(rows: Rows) -> None:
    assert not (rows.target & rows.optional).any()
    assert rows.optional.sum() > 0
    assert set(rows.group[rows.of("layouts")]) == set(rows.group[rows.of("mtsamples")])
    assert [at.stop - at.start for at in rows.slices] == [len(table.codes) for table in rows.tables]


def test_it_learns_and_reports_out_of_fold(ranker: Ranker, rows: Rows) -> None:
    assert ranker.report["mtsamples.f1"] > 0.8
    assert ranker.report["mtsamples.first_listed"] > 0.8
    assert ranker.oof is not None
    assert len(ranker.oof) == len(rows.target)
    assert 0 < ranker.threshold < 1


def test_it_is_saved_with_rates_order_and_digests(ranker: Ranker, rows: Rows, tmp_path: Path) -> None:
    given = [Source("mtsamples", rows.encounters[:36])]
    shipped.save(tmp_path / "model", ranker, given, DictionaryModel("model", ranker))
    again = Ranker.load(tmp_path / "model")
    assert again.rates is not None
    assert again.first is not None
    assert again.first.feature_names == FIRST_FEATURES
    assert again.first.words is not None
    assert b"diagnosis first" in again.first.words.words
    model = DictionaryModel("model", again)
    assert model.has_seen(rows.encounters[0])
    assert not model.has_seen(rows.encounters[-1])
    card = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "mtsamples (36 notes)" in card
    assert "not checked by certified coders" in card
    assert all(one.notes[0].text not in card for one in rows.encounters)


def test_the_sources_without_notes_are_three(engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadterm.training.shipped_rows.GENERATED", 4)
    found = {source.name: source for source in sources(engine, Path("corpora/reference").absolute(), None)}
    assert list(found) == ["reference", "layouts", "generated"]
    assert len(found["generated"].encounters) == 4
    ids = {one.encounter_id for one in found["reference"].encounters}
    assert {one.encounter_id for one in found["layouts"].encounters} <= ids


def test_notes_held_out_teach_nothing_and_are_scored_by_their_own_codes(
    ranker: Ranker, rows: Rows, tmp_path: Path
) -> None:
    texts = [one.notes[0].text for one in rows.encounters[:3]]
    notes = tmp_path / "notes.jsonl"
    notes.write_text("".join(json.dumps({"id": str(i), "text": text}) + "\n" for i, text in enumerate(texts)), "utf-8")
    coded = [
        {"system": "icd10cm", "code": code.code, "role": code.role, "spans": []} for code in rows.encounters[0].codes
    ]
    own = tmp_path / "held-out.jsonl"
    own.write_text(json.dumps({"id": "0", "setting": "outpatient", "codes": coded[:2]}), encoding="utf-8")
    held = held_out.held_out(notes, own)
    left = held_out.leave_out([Source("mtsamples", rows.encounters)], held)[0].encounters
    assert rows.encounters[0] not in left
    assert len(left) == len(rows.encounters) - 1  # of layouts no text is the same
    found = held_out.score(DictionaryModel("held", ranker), held)
    assert (found["notes"], found["recall"], found["first_listed"]) == (1, 1, 1)
    assert held_out.score(DictionaryModel("held", ranker), ()) == {}


def test_figures_are_those_of_a_hand_count() -> None:
    demanded, optional = frozenset({"A", "B"}), frozenset({"C"})
    one = Answer(("A", "C", "D", "B"), np.array([0.9, 0.8, 0.7, 0.1]), demanded, optional, frozenset({"A"}))
    two = Answer((), np.zeros(0), frozenset({"E"}), frozenset(), frozenset({"E"}))
    three = Answer(("F",), np.array([0.9]), frozenset(), frozenset(), frozenset())
    found = figures([one, two, three], 0.5)
    assert found["precision"] == 1 / 3  # A right, D and F wrong, C neither
    assert found["recall"] == 1 / 3
    assert found["f1"] == pytest.approx(1 / 3)
    assert found["in_15"] == 2 / 3
    assert found["first_listed"] == 1 / 2
    assert found["notes"] == 2


def test_an_answer_is_ordered_by_confidence_unless_it_is_shown_in_order() -> None:
    one = replace(encounter(0), codes=(ReferenceCode("icd10cm", "M10.9", "principal"),))
    assert answer(one, ["B", "A", "C"], [0.5, 0.5, 0.9]).codes == ("C", "A", "B")
    assert answer(one, ["B", "A"], [0.1, 0.5], ordered=True).codes == ("B", "A")
    assert answer(one, [], []).lead == {"M10.9"}


def test_the_line_weighs_sources() -> None:
    low = Answer(("A",), np.array([0.2]), frozenset({"A"}), frozenset(), frozenset())
    high = Answer(("A",), np.array([0.4]), frozenset(), frozenset(), frozenset())
    assert choose_line({"a": [low], "b": []}, {"a": 1.0, "b": 1.0}) <= 0.2
    assert choose_line({"a": [low, *[high] * 9]}, {"a": 1.0}) <= 0.2


def test_the_first_code_is_told_by_words_too(ranker: Ranker, rows: Rows) -> None:
    """What a model shows is what was learned: trees, words and confidence, all three."""
    assert ranker.first is not None
    bare = DictionaryModel("bare", replace(ranker, first=replace(ranker.first, words=None)))
    whole, table = DictionaryModel("whole", ranker), rows.tables[0]
    confidence = whole.rank(table)
    with_words, without = whole.first_scores(table, confidence), bare.first_scores(table, confidence)
    assert with_words is not None
    assert without is not None
    told = np.isfinite(without)
    assert told.sum() > 1
    assert (np.isfinite(with_words) == told).all()
    assert (with_words[told] != without[told]).any()


def test_the_words_of_the_first_code_tell_its_place_and_the_stay(engine: DictionaryModel) -> None:
    cough, asthma = (
        Mention("n1", (EvidenceSpan("n1", at, at + len(word), word),), section=section)
        for at, word, section in ((5, "cough", "hpi"), (24, "asthma", "assessment"))
    )
    features = np.zeros((2, len(FEATURES)), np.float32)
    features[:, FEATURES.index("inpatient")] = 1
    found = first_words(["R05.9", "J45.909"], [[cough], [asthma]], features, engine.system)
    assert {"order first", "diagnosis none", "section hpi", "chapter R", "stay chapter R"} <= set(found[0])
    assert {"order second", "diagnosis first", "stay diagnosis first", "title asthma"} <= set(found[1])
    assert first_words([], [], features[:0], engine.system) == []


def test_first_columns_count_places_among_the_suggested() -> None:
    features = np.zeros((3, len(FEATURES)), np.float32)
    features[:, FEATURES.index("order")] = (2, 0, 1)
    features[:, FEATURES.index("diagnosis_order")] = (-1, 1, 0)
    made = first_columns(("R07.9", "W19.XXXA", "I20.9"), features, np.array([0.9, 0.1, 0.5]), 0.4)
    at = {name: made[:, FIRST_FEATURES.index(name)].tolist() for name in FIRST_FEATURES[len(FEATURES) :]}
    assert at["sure_rank"] == [0, 2, 1]
    assert at["suggested"] == [2, 2, 2]
    assert at["order_rank"] == [1, 0, 0]
    assert at["diagnosis_rank"] == [1, 1, 0]
    assert at["lead_order_rank"] == [1, 0, 0]
    assert at["lead_complaint"] == [1, 0, 0]
    assert at["lead_disease"] == [0.5, 0.5, 0.5]


def test_the_card_leaves_out_what_was_not_scored() -> None:
    report = {f"reference.{key}": 0.5 for key in ("notes", "f1", "precision", "recall", "in_15")}
    meta = {"sources": {"reference": 3, "layouts": 3}, "releases": {"icd10cm": "2026"}, "leadterm": "0"}
    card = shipped_card.write_card(meta, {**report, "reference.first_listed": 0.0, "ece": 0.01}, 0.3, 9)
    assert "| reference | 0 | 0.500 | 0.500 | 0.500 | 0.500 | – |" in card
    assert "| layouts" not in card


def test_the_shipped_model_has_learned_from_every_reference_note(engine: DictionaryModel) -> None:
    reference = read_split("corpora/reference", "train")
    changed = [encounter.encounter_id for encounter in reference if not engine.has_seen(encounter)]
    assert not changed, f"the text of {len(changed)} reference notes changed since the last fit: run 'make train'"
