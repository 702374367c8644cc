"""The same facts in another layout give the same codes."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm import load
from leadterm.corpus import read_split
from leadterm.experiments.metamorphic import Change, compare, main, sample, share_same
from leadterm.schema import Encounter, Note
from leadterm.text.layout.lines import unwrapped
from leadterm.training.generator.layouts import LAYOUTS

REFERENCE = Path(__file__).parents[2] / "corpora" / "reference"
FLOOR = 0.95


def codes(text: str) -> set[str]:
    """Codes above the line."""
    model = load("default")
    found = model.suggest(Encounter("e", (Note("n", text),)))
    return {s.code for s in found.suggestions if s.confidence >= found.threshold}


def test_codes_stay_over_layouts() -> None:
    changes = list(compare(load("default"), sample(read_split(REFERENCE, "train"), 14, seed=1)))
    assert len({change.layout for change in changes}) >= 12
    assert share_same(changes) >= FLOOR, [change for change in changes if not change.same]


def test_what_differs_is_told_with_its_cause() -> None:
    note = Encounter("e1", (Note("n1", "ASSESSMENT:\n- Gout of the right foot.\n- Asthma, mild intermittent.\n"),))
    assert all(change.same for change in compare(load("default"), [note], ["numbered"]))
    assert share_same([]) == 1.0
    assert not Change("e1", "numbered", "M10.9", "section").same


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(REFERENCE), "--notes", "2", "--codes"]) == 0
    printed = capsys.readouterr().out
    assert "flattened" in printed
    assert "what differs" in printed


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Wound clean, no more antibiotics. hypertension on amlodipine, good.", "I10"),
        ("New to the clinic, prior appendectomy. hypothyroidism on levothyroxine.", "E03.9"),
        ("No polyp seen (2019). gout of the left big toe, on allopurinol.", "M10.9"),
    ],
)
def test_a_sentence_may_begin_small(text: str, code: str) -> None:
    assert {found[:3] for found in codes(text)} >= {code[:3]}


def test_short_words_cut_by_a_full_stop_end_no_sentence() -> None:
    assert "J18.9" not in codes("No susp. pneumonia on the film.")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("THE PATIENT IS HERE AS BEFORE FOR HER GOUT.", "I35.0"),
        ("HE HIT THE DASHBOARD AND HAS A BRUISE OF THE CHEST.", "D75.829"),
        ("MR JONES HAS GOUT AND FEELS WELL.", "I34.0"),
    ],
)
def test_a_word_in_capitals_is_no_short_form(text: str, code: str) -> None:
    assert code not in codes(text)


def test_a_short_form_beside_others_stays_one() -> None:
    assert "I35.0" in codes("Echo: severe AS, EF 60 %.")


def test_soft_hyphens_divide_no_drug() -> None:
    assert "Z79.84" in codes("Type 2 diabetes on glime\u00adpiride daily.")


def test_narrow_lines_are_joined_and_lists_are_not() -> None:
    prose = (
        "He has had a dry cough for the past three weeks and takes no pill against pain, fever or hypertension. " * 2
    )
    narrow = LAYOUTS["wrapped at 40"](prose)
    assert unwrapped(narrow).replace(" ", "") == narrow.replace("\n", "").replace(" ", "")
    listed = "Hypertension, well controlled\nHypothyroidism\nGout of the left foot\nAsthma, mild intermittent\nAnemia"
    assert unwrapped(listed) == listed
