from __future__ import annotations

import pytest

from leadterm.codes import CodeSystem, from_pairs
from leadterm.codes.search import search, synonyms

QUERIES = {
    "heel ulcer diabetic": "E1", "high blood pressure": "I10", "heart attack": "I21.9", "copd exacerbation": "J44.1",
    "uti": "N39.0", "low back pain": "M54.5", "kidney stone": "N20.0", "pnuemonia": "J18.9", "afib": "I48.91",
    "migraine with aura": "G43.1", "distal radius fracture right": "S52.501", "shortness of breath": "R06.02",
    "gerd": "K21", "depression": "F32", "sore throat": "J0", "chest pain": "R07", "hyperlipidemia": "E78.5",
    "dog bite": "W54", "celulitis leg": "L03.11", "ankle sprain": "S93.4", "hip fracture": "S72.0",
    "carpal tunnel right": "G56.01", "sepsis": "A41.9", "stroke": "I63.9", "diabetic ketoacidosis": "E1",
}  # fmt: skip


def test_common_queries(cm: CodeSystem) -> None:
    first = sum(search(cm, query, 1)[0].code.startswith(code) for query, code in QUERIES.items())
    five = sum(any(hit.code.startswith(code) for hit in search(cm, query, 5)) for query, code in QUERIES.items())
    assert first / len(QUERIES) >= 0.85
    assert five / len(QUERIES) >= 0.95


def test_beginning_of_a_code(cm: CodeSystem) -> None:
    assert [hit.code for hit in search(cm, "e11.6", 3)] == ["E11.6", "E11.61", "E11.610"]
    assert [hit.source for hit in search(cm, "I10")] == ["code"]


@pytest.mark.parametrize("query", ["", "  ", "qqqzzzxxv", "!!!", "Z99.99999"])
def test_nothing_found(cm: CodeSystem, query: str) -> None:
    assert search(cm, query) == []


def test_word_order_and_repetition_do_not_matter(cm: CodeSystem) -> None:
    assert search(cm, "fracture wrist") == search(cm, "wrist fracture")
    assert search(cm, "gout") == search(cm, "gout")


def test_scores_are_ordered_and_within_bounds(cm: CodeSystem) -> None:
    hits = search(cm, "acute kidney failure", 50)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.score <= 1 for hit in hits)
    assert len({hit.code for hit in hits}) == len(hits)


def test_an_own_list_without_titles() -> None:
    assert search(from_pairs("own", [("a", ""), ("b", "")]), "gout") == []
    assert search(from_pairs("own", []), "gout") == []


def test_synonyms_are_no_identities() -> None:
    assert len(synonyms()) > 80
    assert all(typed not in options for typed, options in synonyms().items())
