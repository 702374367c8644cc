"""The shipped model on a fifth of the reference corpus: a change that breaks the coding shows here.

The model was fitted on this corpus, so the figures are no measure of accuracy; they only must not fall.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from leadterm.codes import load_system
from leadterm.corpus import read_split
from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.evaluation import Qrels, Report, Run, evaluate
from leadterm.schema import SuggestionSet

REFERENCE = Path(__file__).parents[2] / "corpora" / "reference"
EVERY = 5


@pytest.fixture(scope="module")
def answers(engine: DictionaryModel) -> list[SuggestionSet]:
    return [engine.suggest(encounter) for encounter in read_split(REFERENCE, "train")[::EVERY]]


@pytest.fixture(scope="module")
def report(answers: list[SuggestionSet]) -> Report:
    qrels = Qrels.from_encounters(read_split(REFERENCE, "train")[::EVERY])
    return evaluate(Run.from_suggestions(answers), qrels, n_bootstrap=0)


LEAST = {"micro_f1": 0.58, "map": 0.58, "recall_at_15": 0.62, "precision_at_1": 0.75}


@pytest.mark.parametrize(("metric", "least"), LEAST.items())
def test_figures_do_not_fall(report: Report, metric: str, least: float) -> None:
    assert report[metric] >= least


def test_every_suggestion_is_billable_and_has_exact_evidence(answers: list[SuggestionSet]) -> None:
    texts = {e.encounter_id: {n.note_id: n.text for n in e.notes} for e in read_split(REFERENCE, "train")}
    for answer in answers:
        for suggestion in answer.suggestions:
            assert load_system(suggestion.system).is_billable(suggestion.code)
            assert suggestion.evidence
            for span in suggestion.spans:
                assert texts[answer.encounter_id][span.note_id][span.start : span.end] == span.text
