"""The simulated coder: what is counted, and that the orders differ in nothing but the order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leadterm.decisions.worth import decisions_needed, expected_changes
from leadterm.experiments.flywheel import ORDERS, Point, needed, spin
from leadterm.schema import Encounter, Note, ReferenceCode, Suggestion, SuggestionSet
from leadterm.suggester import Suggester

CM = "icd10cm"


def answer(name: str, *codes: tuple[str, float]) -> SuggestionSet:
    given = tuple(Suggestion(i, CM, code, "", share, ()) for i, (code, share) in enumerate(codes, 1))
    return SuggestionSet(name, "made-up", {}, given, threshold=0.5)


def test_what_a_coder_does_is_counted() -> None:
    told = answer("e", ("I10", 0.9), ("E11.9", 0.6), ("J18.9", 0.2))
    assert expected_changes(told) == pytest.approx(0.1 + 0.4 + 0.2)
    assert decisions_needed(told, {(CM, "I10"), (CM, "J18.9")}) == 3


class Memory:
    """Knows the codes of the encounters that it learned from, by their first word."""

    def __init__(self, coded: Sequence[Encounter]) -> None:
        self.known = {one.notes[0].text.split()[0]: one.codes[0].code for one in coded}

    def suggest(self, encounter: Encounter) -> SuggestionSet:
        word = encounter.notes[0].text.split()[0]
        return answer(encounter.encounter_id, (self.known.get(word, "R69"), 0.95 if word in self.known else 0.5))


def made_up() -> list[Encounter]:
    """Many encounters are alike; some words come seldom, and a coder is needed for them most."""
    words = ["gout"] * 40 + [f"rare{i % 12}" for i in range(24)]
    codes = {word: f"A{i:02d}.0" for i, word in enumerate(sorted(set(words)))}
    return [Encounter(f"e{i}", (Note("n", f"{word} again."),), (ReferenceCode(CM, codes[word]),))
            for i, word in enumerate(words)]  # fmt: skip


def test_coding_first_where_a_coder_is_needed_most_pays() -> None:
    def learn(coded: Sequence[Encounter]) -> Suggester:
        return Memory(coded)  # type: ignore[return-value]

    ahead = []
    for seed in range(5):
        runs = {name: spin(made_up(), name, seed=seed, rounds=4, learn=learn) for name in ORDERS}
        random, chosen = runs["random"], runs["expected changes"]
        assert [one.encounters for one in random] == [one.encounters for one in chosen]
        assert random[0] == chosen[0]
        assert (random[-1].encounters, random[-1].f1) == (chosen[-1].encounters, chosen[-1].f1)
        ahead.append(chosen[1].f1 - random[1].f1)
    assert sum(ahead) > 0


def test_an_f1_that_is_never_reached_takes_forever() -> None:
    points = [Point(0, 2, 0.2), Point(10, 4, 0.5), Point(30, 8, 0.6)]
    assert needed(points, 0.55) == pytest.approx(20)
    assert needed(points, 0.1) == 0
    assert needed(points, 0.7) == float("inf")
