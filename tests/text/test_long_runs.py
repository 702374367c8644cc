"""Long runs need no more memory: what grows is bounded or built anew, and answers stay as they are."""

from __future__ import annotations

import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.intake.table_columns import map_columns
from leadterm.intake.table_encounters import last_rows
from leadterm.intake.table_rows import Row
from leadterm.schema import Encounter, Note
from leadterm.text.matching import mentions


def test_a_pipeline_that_has_met_many_words_is_built_anew(
    engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = Encounter("e1", (Note("n1", "No asthma. Gout of the left knee, MRN 5 and type 2 diabetes."),))
    before = engine.suggest(note)
    readers = mentions.NoteReaders("icd10cm")
    monkeypatch.setattr(mentions, "MOST_WORDS", 50)
    first, _ = readers.of("en")
    readers.read(Note("n1", "Gout."), "en")
    assert readers.of("en")[0] is first
    numbers = " ".join(f"A{number}x" for number in range(60))
    readers.read(Note("n2", f"Gout. {numbers}"), "en")
    assert readers.of("en")[0] is not first
    monkeypatch.setattr(engine.readers, "_full", {"en": 0})
    assert engine.suggest(note) == before


def test_only_encounters_of_several_rows_are_remembered() -> None:
    rows = [Row(number, {"id": name, "text": "Gout."}) for number, name in enumerate("abcadb", 1)]
    assert last_rows(rows, map_columns(["id", "text"])) == {"a": 4, "b": 6}
