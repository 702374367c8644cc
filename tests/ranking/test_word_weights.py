"""Weights of the words around a mention."""

from __future__ import annotations

import numpy as np
import pytest

from leadterm.errors import LeadtermError
from leadterm.ranking.word_weights import WordWeights, learn_words

TOLD = [("<for", "<admitted"), ("<of", "<history")] * 30
EVERY = np.ones(60, bool)
HIT = np.array([True, False] * 30)


def test_words_of_reported_codes_rise_and_others_fall() -> None:
    learned = learn_words(TOLD, list(range(60)), ((EVERY, HIT), (EVERY, ~HIT)))
    reported, first = learned.columns([("<for",), ("<history",)]).T.tolist()
    assert reported[0] > 0 > reported[1]
    assert first[0] < 0 < first[1]


def test_words_of_few_encounters_are_not_kept() -> None:
    assert learn_words(TOLD, [0, 1, 2] * 20, ((EVERY, HIT), (EVERY, HIT))).columns(TOLD[:1]).tolist() == [[0.0, 0.0]]


def test_a_question_without_answers_has_no_weights() -> None:
    learned = learn_words(TOLD, list(range(60)), ((EVERY, HIT), (~EVERY, HIT)))
    assert not learned.weights[:, 1].any()
    assert learn_words([], [], ((HIT[:0], HIT[:0]), (HIT[:0], HIT[:0]))).columns([("<for",)]).shape == (1, 2)


def test_unsound_arrays_are_refused() -> None:
    for weights in (np.zeros((1, 3), np.float32), np.full((1, 2), np.nan, np.float32)):
        with pytest.raises(LeadtermError, match="not sound"):
            WordWeights(np.array([b"for"]), weights)
