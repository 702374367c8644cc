"""A long run needs no more memory than a short one, time grows with the length, letters may be in two parts."""

from __future__ import annotations

import time
import unicodedata

import pytest

from leadterm.batch.worker import resident
from leadterm.codes.registry import load_system
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.schema import Encounter, Note
from leadterm.training.generator.notes import generate_notes

WARM, ROUNDS, EACH = 900, 3, 200
GROWTH = 1.06  # caches with a limit still fill


def test_memory_stays_as_notes_go_by(engine: DictionaryModel) -> None:
    made = generate_notes(load_system("icd10cm"), WARM + ROUNDS * EACH, seed=7)
    held = []
    for number in range(WARM + ROUNDS * EACH):
        engine.suggest(f"Visit w{number:x}q.\n\n{next(made).notes[0].text}")  # a word that nobody has seen
        if number >= WARM and number % EACH == 0:
            held.append(resident())
    assert len(held) == ROUNDS
    assert held[-1] <= held[0] * GROWTH


@pytest.mark.parametrize(
    "line",
    [
        "Gout of the knee:\nStable.\n",
        "- Essential hypertension, stable.\n",
        "- Pain due to arthritis, breast cancer metastatic to bone, back and knee pain.\n",
    ],
)
def test_headings_and_lists_take_linear_time(engine: DictionaryModel, line: str) -> None:
    def seconds(count: int) -> float:
        begin = time.process_time()
        engine.suggest("ASSESSMENT:\n" + line * count)
        return time.process_time() - begin

    seconds(200)
    small, large = max(seconds(1000), seconds(1000)), seconds(8000)
    assert large < 8 * 3 * small  # eight times the lines; by the square it would be 64 times the time


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Assessment: Ménière's disease. Guillain-Barré syndrome."), ("es", "Diagnóstico: hipertensión. Neumonía.")],
)
def test_letters_in_two_parts_give_the_same_codes(engine: DictionaryModel, language: str, text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    assert apart != text
    answers = [engine.suggest(Encounter("e", (Note("n", one),), language=language)) for one in (text, apart)]
    whole, parts = ([found.code for found in answer.suggestions] for answer in answers)
    assert whole
    assert parts == whole
    for found in answers[1].suggestions:
        assert all(apart[span.start : span.end] == span.text for span in found.spans)
