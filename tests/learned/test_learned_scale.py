"""What large corpora are read with gives what the plain definitions give; what is left out for speed does no harm."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadterm.experiments import bench_training as bench
from leadterm.experiments.made_up import Shape, made_up_encounters, made_up_matrix
from leadterm.learned.linear import LinearSettings, fit_linear
from leadterm.learned.mining import mine_evidence
from leadterm.learned.ngrams import flatten
from leadterm.learned.one_vs_rest import OneVsRestSettings, fit_one_vs_rest
from leadterm.learned.parts import BaseSettings
from leadterm.learned.phrase_matching import SLACK
from leadterm.learned.phrases import build_lexicon, find_matches, lexicon_block
from leadterm.learned.similar_phrases import build_index, find_similar
from leadterm.learned.store import load_model
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.schema import Encounter, Note
from leadterm.training.recipe import Recipe
from leadterm.training.stacking import examples_of, out_of_fold
from leadterm.training.train_model import train

SMALL = Shape(notes=80, words=60, codes=30, given=3, vocabulary=200)
WORDS = ["ara", "bero", "cilo", "dumu"]
TEXT = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), min_size=1, max_size=4)


def read(sentences: list[list[str]]) -> Tokens:
    return tokenise(Encounter("e", (Note("n", ". ".join(" ".join(s) for s in sentences) + "."),)))


def plainly_found(phrase: tuple[str, ...], anchor: str, tokens: Tokens) -> set[tuple[int, ...]]:
    """The definition of a match, word by word."""
    out = set()
    for i in (i for i, word in enumerate(tokens.words) if word == anchor):
        chosen = []
        for word in phrase:
            at = [j for j, other in enumerate(tokens.words) if other == word]
            near = min(at, key=lambda j: (abs(j - i), j)) if at else None
            if near is None or abs(near - i) >= len(phrase) + SLACK or tokens.sentence[near] != tokens.sentence[i]:
                break
            chosen.append(near)
        else:
            if max(chosen) - min(chosen) + 1 - len(chosen) <= SLACK:
                out.add(tuple(sorted(chosen)))
    return out


@given(TEXT, TEXT)
def test_phrases_are_found_as_defined(said: list[list[str]], more: list[list[str]]) -> None:
    first, text = read([said[0]]), read(more)
    lexicon = build_lexicon(flatten([first]), [frozenset({0})], [[(0, tuple(range(len(first.words))))]])
    found = {match.positions for match in find_matches(lexicon, text)}
    assert found == plainly_found(lexicon.phrases[0], lexicon.anchor[0], text)


@given(TEXT)
def test_counts_do_not_depend_on_the_texts_around(said: list[list[str]]) -> None:
    texts = [read([sentence]) for sentence in said]
    codes, evidence = [frozenset({0})] * len(texts), [[(0, (0,))] for _ in texts]
    lexicon = build_lexicon(flatten(texts), codes, evidence)
    for number in range(len(lexicon.phrases)):
        holding = sum(any(m.phrase == number for m in find_matches(lexicon, text)) for text in texts)
        assert lexicon.texts[number] == holding


@given(TEXT)
def test_similar_windows_are_those_of_the_definition(said: list[list[str]]) -> None:
    phrases = [("ara",), ("bero", "cilos"), ("dumu", "ara", "xeno")]
    counts = Counter(word for phrase in phrases for word in phrase)
    index = build_index(phrases, counts, 20)
    found = find_similar(index, read(said))
    tokens = read(said)
    at = {(int(found.first[w]), int(found.size[w]), int(p)) for w, p in zip(found.window, found.phrase, strict=True)}
    for first, size in zip(found.first.tolist(), found.size.tolist(), strict=True):
        bag = tuple(dict.fromkeys(tokens.words[first : first + size]))
        joint = build_index([*phrases, bag], counts, 20)
        rows = joint.rows.toarray()
        cosine = rows[:-1] @ rows[-1]
        for phrase, value in enumerate(cosine.tolist()):
            if abs(value - 0.5) > 0.02:
                assert ((first, size, phrase) in at) == (value > 0.5)


def test_mining_with_few_ngrams_for_each_code_finds_nearly_the_same() -> None:
    encounters = list(made_up_encounters(SMALL))
    texts, names = [tokenise(e) for e in encounters], sorted({c.code for e in encounters for c in e.codes})
    codes = [frozenset(names.index(c.code) for c in e.codes) for e in encounters]
    whole, part = (mine_evidence(flatten(texts), codes, len(names), most=most) for most in (10**9, 0))
    both = sum(len(set(a) & set(b)) for a, b in zip(whole, part, strict=True))
    assert both > 0.8 * sum(map(len, whole))


def test_one_classifier_for_each_label_ranks_the_right_ones_first() -> None:
    matrix, given_ = made_up_matrix(1200, 60, terms=2000)
    one, two = (fit_one_vs_rest(matrix[:1000], given_[:1000], OneVsRestSettings(), 0, jobs=j) for j in (1, 2))
    np.testing.assert_array_equal(one.weights.data, two.weights.data)
    scores = (matrix[1000:] @ one.weights).toarray() + one.offset
    assert bench.precision_at(scores, given_[1000:].toarray() > 0)[0] > 0.95


def test_a_label_of_all_texts_or_of_none_has_no_classifier() -> None:
    matrix, _ = made_up_matrix(30, 5, terms=100)
    target = np.zeros((30, 2), dtype=np.float32)
    target[:, 1] = 1
    from scipy.sparse import csr_matrix

    found = fit_one_vs_rest(matrix, csr_matrix(target), OneVsRestSettings(), 0)
    assert found.offset.tolist() == [-1.0, 1.0]


def test_words_are_responsible_in_the_sparse_model_too() -> None:
    texts = [read([["ara" if i % 2 else "bero", "cilo"]]) for i in range(30)]
    model = fit_linear(flatten(texts), [[i % 2] for i in range(30)], 2, LinearSettings(landmarks=10), 0)
    assert not len(model.weights)
    assert model.responsible(texts[1], np.array([1]))[0][0] == 0


def test_a_large_corpus_holds_out_one_fold_and_keeps_its_parts(quick: Recipe, tmp_path: Path) -> None:
    encounters = list(made_up_encounters(replace(SMALL, notes=120)))
    recipe = replace(quick, ranked_encounters=20, base=BaseSettings(linear=LinearSettings(landmarks=30)))
    examples = examples_of(encounters, [tokenise(e) for e in encounters], "made-up")
    rows = out_of_fold(examples, [e.encounter_id for e in encounters], recipe)
    assert rows.base is not None
    assert len(np.unique(rows.owner)) == 20
    result = train(encounters, tmp_path / "model", recipe, earlier=None)
    again = load_model(result.path)
    assert set(result.model.learned["made-up"].base.codes) == set(rows.base.codes)
    assert [again.suggest(e) for e in encounters[:5]] == [result.model.suggest(e) for e in encounters[:5]]


def test_more_folds_are_held_out_where_one_is_too_small(quick: Recipe) -> None:
    encounters = list(made_up_encounters(SMALL))
    examples = examples_of(encounters, [tokenise(e) for e in encounters], "made-up")
    rows = out_of_fold(examples, [e.encounter_id for e in encounters], replace(quick, folds=10, ranked_encounters=20))
    assert rows.base is None
    assert len(np.unique(rows.owner)) == 16  # two folds of eight: about as many as wanted


def test_the_first_notes_of_a_larger_corpus_are_those_of_a_smaller_one() -> None:
    assert list(made_up_encounters(replace(SMALL, notes=7))) == list(made_up_encounters(SMALL))[:7]


def test_the_benchmark_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--notes", "40", "--words", "40", "--codes", "20", "--jobs", "1"]
    assert bench.main([*sizes, "--texts", "60", "--labels", "8", "--svc-labels", "4", "--output", str(tmp_path)]) == 0
    assert "LinearSVC" in capsys.readouterr().out
    figures = json.loads((tmp_path / "bench-train.json").read_text())
    assert figures["sizes"][0]["notes"] == 40
    assert figures["many_labels"][0]["labels"] == 8


def test_memory_for_a_long_note_grows_with_its_length() -> None:
    note = tokenise(Encounter("e", (Note("n", "gout of the knee. " * 3000),)))
    lexicon = build_lexicon(flatten([note]), [frozenset({0})], [[(0, (0,))]])
    matches = find_matches(lexicon, note)
    assert len(matches) == 3000
    tracemalloc.start()
    block = lexicon_block(lexicon, note, matches)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(places) for places in block.where] == [3000]
    assert peak < 20e6  # matches by words take 72 MB
