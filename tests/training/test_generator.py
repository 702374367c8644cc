"""Generated notes and layouts: codes follow from the rules, the same seed gives the same notes."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from leadterm.codes import load_system
from leadterm.codes.system import CodeSystem
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.text.words.characters import plain
from leadterm.training.generator import notes
from leadterm.training.generator.known_terms import KnownTerm, known_terms
from leadterm.training.generator.layouts import LAYOUTS, vary
from leadterm.training.generator.notes import generate_notes


@pytest.fixture(scope="module")
def system() -> CodeSystem:
    return load_system("icd10cm")


@pytest.fixture(scope="module")
def made(system: CodeSystem) -> list[Encounter]:
    return list(generate_notes(system, 300, seed=5))


def test_terms_stand_for_one_billable_code_each(system: CodeSystem) -> None:
    terms = [term for letter in known_terms(system) for term in letter]
    assert len(terms) > 30_000
    assert all(system.is_billable(term.code) for term in terms)
    codes = Counter(text for text, _ in {(term.text.lower(), term.code) for term in terms})
    assert max(codes.values()) == 1
    assert len({term.code[0] for term in terms}) == 22


def test_the_same_seed_gives_the_same_notes(system: CodeSystem, made: list[Encounter]) -> None:
    assert list(generate_notes(system, 300, seed=5)) == made
    assert next(generate_notes(system, 1, seed=6)).notes != made[0].notes
    assert len({one.encounter_id for one in made}) == len(made)


def test_notes_are_of_both_settings_and_of_many_lengths(made: list[Encounter]) -> None:
    assert {one.setting for one in made} == {"inpatient", "outpatient"}
    lengths = [len(one.notes[0].text.split()) for one in made]
    assert min(lengths) < 5
    assert max(lengths) > 60
    assert sum(bool(one.codes) for one in made) > 250


TERM = KnownTerm("acute cholangitis", "K83.09")


@pytest.mark.parametrize(
    ("truth", "place", "inpatient", "final", "must", "may"),
    [
        ("present", "item", False, False, ["K83.09"], []),
        ("possible", "item", False, True, [], []),
        ("possible", "item", True, True, ["K83.09"], []),
        ("possible", "item", True, False, [], ["K83.09"]),
        ("absent", "ros", True, True, [], []),
        ("family", "relatives", True, True, [], []),
        ("planned", "plan", False, True, [], []),
        ("history", "past", False, False, [], ["Z87.19"]),
    ],
)
def test_a_frame_gives_the_code_that_the_rules_give(
    system: CodeSystem, truth: str, place: str, inpatient: bool, final: bool, must: list[str], may: list[str]
) -> None:
    draft = notes._Draft(Random(1), [TERM], system, inpatient)
    assert "acute cholangitis" in draft.say(truth, place, final=final).lower()
    assert (list(draft.must), list(draft.may)) == (must, may)


def test_what_must_be_confirmed_is_never_coded_while_uncertain(system: CodeSystem) -> None:
    draft = notes._Draft(Random(1), [KnownTerm("COVID-19", "U07.1")], system, True)
    draft.say("possible", "item", final=True)
    assert not draft.must
    assert not draft.may


def test_every_frame_holds_its_term_once() -> None:
    frames = [text for texts in notes._frames().values() for text in texts]
    assert all((text.count("{d}") + text.count("{D}")) == 1 for text in frames)
    assert len(set(frames)) > 50
    assert {place for _, place in notes._frames()} >= {"item", "prose", "ros", "past", "relatives", "plan"}


NOTE = """EXAM
The right great toe is red. She can't bear the sheet on it. The wheezing of last week is gone and the chest is clear.

ASSESSMENT:
- Gout of the right foot
- Asthma

Plan for today:
1. Colchicine
2. Return in two weeks"""


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_keeps_every_word(name: str) -> None:
    changed = LAYOUTS[name](NOTE)
    assert changed != NOTE

    def words(text: str) -> list[str]:
        return sorted("".join(c if c.isalpha() else " " for c in plain(text)).lower().split())

    assert words(changed) == words(NOTE)


def test_layouts_put_headings_bullets_and_sentences_elsewhere() -> None:
    assert LAYOUTS["assessment last"](NOTE).index("Plan for") < LAYOUTS["assessment last"](NOTE).index("ASSESSMENT")
    assert "\n- She can't bear the sheet on it\n- The wheezing" in LAYOUTS["telegraphic"](NOTE)
    assert "EXAM: The right" in LAYOUTS["headings inline"](NOTE)
    assert "Exam:\nThe right" in LAYOUTS["headings in title case"](NOTE)
    assert "\n1. Gout of the right foot\n2. Asthma" in LAYOUTS["numbered"](NOTE)
    assert "can’t" in LAYOUTS["typeset"](NOTE)


def test_another_layout_has_the_same_codes_and_no_evidence() -> None:
    one = Encounter("e1", (Note("n1", NOTE),), (ReferenceCode("icd10cm", "M10.9", need="may"),))
    other = vary(one, seed=3)
    assert other == vary(one, seed=3)
    assert other is not None
    assert other.notes != one.notes
    assert [(code.code, code.need) for code in other.codes] == [("M10.9", "may")]
    assert vary(Encounter("e2", (Note("n1", "GOUT"),))) is None
