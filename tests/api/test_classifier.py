"""The estimator works where scikit-learn's do."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import (
    check_estimator_cloneable,
    check_estimator_repr,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
)

from leadterm import Encounter, LeadtermClassifier, LeadtermError
from leadterm.training.recipe import Recipe

CODES = ["I10", "J45.909", "M10.9", "N20.0"]


@pytest.fixture(scope="module")
def texts(marked: list[Encounter]) -> list[str]:
    return [one.notes[0].text for one in marked]


@pytest.fixture(scope="module")
def lists(marked: list[Encounter]) -> list[list[str]]:
    return [[code.code for code in one.codes] for one in marked]


@pytest.fixture(scope="module")
def matrix(lists: list[list[str]]) -> pd.DataFrame:
    return pd.DataFrame([[int(code in row) for code in CODES] for row in lists], columns=CODES)


@pytest.fixture(scope="module")
def fitted(texts: list[str], lists: list[list[str]], quick: Recipe) -> LeadtermClassifier:
    return LeadtermClassifier(recipe=quick, earlier=None).fit(texts, lists)


def test_conventions_of_estimators() -> None:
    name, estimator = "LeadtermClassifier", LeadtermClassifier()
    check_parameters_default_constructible(name, estimator)
    check_no_attributes_set_in_init(name, estimator)
    check_estimator_cloneable(name, estimator)
    check_estimator_repr(name, estimator)
    assert clone(LeadtermClassifier(threshold=0.3)).threshold == 0.3
    with pytest.raises(NotFittedError):
        estimator.predict(["Cough."])


def test_lists_of_codes(fitted: LeadtermClassifier, texts: list[str], lists: list[list[str]]) -> None:
    assert fitted.classes_.tolist() == CODES
    chances = fitted.predict_proba(texts)
    assert chances.shape == (len(texts), 4)
    assert ((chances >= 0) & (chances <= 1)).all()
    found = fitted.predict(texts)
    assert np.mean([set(one) == set(other) for one, other in zip(found, lists, strict=True)]) > 0.8
    assert fitted.score(texts, lists) > 0.9


def test_a_pickle_takes_the_model_along(fitted: LeadtermClassifier, texts: list[str]) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert again.home_ != fitted.home_
    assert (again.predict_proba(texts[:5]) == fitted.predict_proba(texts[:5])).all()


def test_matrices_in_a_pipeline_and_a_search(texts: list[str], matrix: pd.DataFrame, quick: Recipe) -> None:
    texts, matrix = texts[:40], matrix[:40]
    steps = make_pipeline(
        FunctionTransformer(lambda rows: [row.strip() for row in rows]), LeadtermClassifier(recipe=quick, earlier=None)
    )
    search = GridSearchCV(steps, {"leadtermclassifier__threshold": [0.99999, 0.4]}, cv=2, error_score="raise")
    search.fit(texts, matrix)
    assert search.best_params_["leadtermclassifier__threshold"] == 0.4
    assert search.best_estimator_[-1].classes_.tolist() == CODES
    alone = LeadtermClassifier(recipe=quick, earlier=None)
    found = cross_val_predict(alone, np.array(texts), matrix.to_numpy(), cv=KFold(2))
    assert found.shape == matrix.shape
    assert np.mean(found == matrix.to_numpy()) > 0.8


def test_one_code_a_text(texts: list[str], lists: list[list[str]], quick: Recipe) -> None:
    kept = [(text, codes[0]) for text, codes in zip(texts, lists, strict=True) if len(codes) == 1]
    X, y = zip(*kept, strict=True)
    made = LeadtermClassifier(recipe=quick, earlier=None).fit(pd.Series(X), pd.Series(y))
    assert made.predict(pd.DataFrame({"text": X})).shape == (len(y),)
    assert made.score(list(X), list(y)) > 0.6


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (["a", "b"], [["I10"]], "2 texts and 1 row of"),
        ([1, 2], [["I10"], []], "row 0 of X is int"),
        ("one text", [["I10"]], "X is one text"),
        (["a"], np.array([[2, 0]]), "only zeros and ones"),
        (np.array([["a", "b"]]), [["I10"]], "X has 2 columns"),
    ],
)
def test_what_cannot_be_learned_from_is_named(X: object, y: object, said: str) -> None:
    with pytest.raises(LeadtermError, match=said):
        LeadtermClassifier().fit(X, y)
