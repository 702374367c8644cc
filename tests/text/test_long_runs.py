"""Long runs need no more memory: what grows is bounded or built anew, and answers stay as they are."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace

import pytest

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.intake.table_columns import map_columns
from leadterm.intake.table_encounters import last_rows
from leadterm.intake.table_rows import Row
from leadterm.procedures.services import held_words
from leadterm.schema import Encounter, Note
from leadterm.text import pipeline
from leadterm.text.matching import mentions, scanner
from leadterm.text.words import normalise


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


def test_new_words_leave_nothing_behind(engine: DictionaryModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """With small bounds: the blocks of memory that 1,500 new words leave when as many came before."""
    monkeypatch.setattr(mentions, "MOST_WORDS", 300)
    for module in (scanner, normalise, pipeline, held_words):
        monkeypatch.setattr(module, "MOST_KEPT", 200)
    fresh = replace(engine)

    def code(first: int) -> int:
        for number in range(first, first + 30):
            words = " ".join(f"wq{number}x{part}b seen" for part in range(50))
            text = f"Visit {number}: {words}.\nAssessment: Gout of the left knee. Type 2 diabetes."
            assert fresh.suggest(Encounter(f"e{number}", (Note("n", text),))).suggestions
        gc.collect()
        return sys.getallocatedblocks()

    code(0)
    before = code(30)
    assert code(60) - before < 4000  # 5,000 more where the normal forms of words have no bound
