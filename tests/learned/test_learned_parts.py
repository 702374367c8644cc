"""The parts of the corpus model, each on sentences whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest

from leadterm.learned.linear import LinearSettings, fit_linear
from leadterm.learned.mining import mine_evidence
from leadterm.learned.ngrams import flatten
from leadterm.learned.phrases import build_lexicon, find_matches, lexicon_block
from leadterm.learned.similar_phrases import build_index, find_similar
from leadterm.learned.tokens import Tokens, tokenise
from leadterm.schema import Encounter, Note


def read(text: str, language: str = "en") -> Tokens:
    return tokenise(Encounter("e", (Note("n", text),), language=language))


def test_offsets_are_those_of_the_raw_text() -> None:
    text = "Ñandú:  Neumonía\r\nbilateral 3ª — ﬁebre.\tÄ"
    encounter = Encounter("e", (Note("n", text), Note("m", "otra nota")), language="es")
    tokens = tokenise(encounter)
    for i in range(len(tokens.words)):
        (span,) = tokens.spans(encounter, [i])
        note = encounter.notes[int(tokens.note[i])]
        assert note.text[span.start : span.end] == span.text


@pytest.mark.parametrize(
    ("text", "language", "word", "kind"),
    [
        ("No fever or rash", "en", "rash", 0),
        ("sin fiebre ni disnea", "es", "disnea", 0),
        ("Mother had asthma", "en", "asthma", 1),
        ("antecedentes de asma", "es", "asma", 2),
        ("probable neumonía", "es", "neumoni", 3),
    ],
)
def test_cues_govern_the_words_after_them(text: str, language: str, word: str, kind: int) -> None:
    tokens = read(text, language)
    from leadterm.text.words.languages import stem

    at = tokens.words.index(word if word in tokens.words else stem(word, language))
    assert tokens.context[at, kind] == 1


def test_a_cue_ends_with_its_sentence() -> None:
    tokens = read("No fever. Rash seen")
    assert tokens.context[tokens.words.index("rash"), 0] == 0


@pytest.mark.parametrize("text", ["stone of the left kidney", "kidney stones", "Kidney, with a stone"])
def test_a_phrase_matches_in_other_order_number_and_with_gaps(text: str) -> None:
    lexicon = build_lexicon(flatten([read("kidney stone")]), [frozenset({0})], [[(0, (0, 1))]])
    assert len(find_matches(lexicon, read(text))) == 1


@pytest.mark.parametrize("text", ["kidney. A stone", "kidney one two three four five stone", "kidney"])
def test_a_phrase_does_not_match_over_sentences_or_far_apart(text: str) -> None:
    lexicon = build_lexicon(flatten([read("kidney stone")]), [frozenset({0})], [[(0, (0, 1))]])
    assert find_matches(lexicon, read(text)) == []


def test_a_longer_phrase_covers_the_shorter() -> None:
    texts = [read("septic shock"), read("shock")]
    lexicon = build_lexicon(flatten(texts), [frozenset({0}), frozenset({1})], [[(0, (0, 1))], [(1, (0,))]])
    block = lexicon_block(lexicon, texts[0], find_matches(lexicon, texts[0]))
    covered = block.features[:, block.names.index("phrase_covered")]
    assert covered.tolist() == [0.0, 1.0]


def test_a_misspelt_phrase_is_similar() -> None:
    index = build_index([("acute", "pyelonephriti")], {"acute": 1, "pyelonephriti": 1}, 10)
    found = find_similar(index, read("acute pielonephritis"))
    assert found.cosine.max(initial=0) > 0.5
    assert len(find_similar(index, read("broken wrist")).cosine) == 0


def test_mining_finds_the_word_that_tells_codes_apart() -> None:
    said = ["cough asthma today", "cough today", "gout today", "asthma today", "cough gout", "gout asthma"]
    codes = [{0}, set(), {1}, {0}, {1}, {0, 1}]
    found = mine_evidence(flatten([read(t) for t in said]), [frozenset(c) for c in codes], 2, longest=1)
    words = [{(c, said[d].split()[p[0]]) for c, p in rows} for d, rows in enumerate(found)]
    assert set().union(*words) == {(0, "asthma"), (1, "gout")}


@pytest.mark.parametrize("landmarks", [4000, 20])
def test_the_linear_model_learns_with_and_without_all_landmarks(landmarks: int) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 60)
    texts = [read(f"{'abc'[k]}word {'xyz'[rng.integers(3)]}filler again") for k in labels]
    settings = LinearSettings(landmarks=landmarks)
    model = fit_linear(flatten(texts), [[int(k)] for k in labels], 3, settings, 0)
    assert [int(model.score(t)[0].argmax()) for t in texts] == labels.tolist()


@pytest.mark.parametrize("text", ["", "…", "\x00\x01", "a", "12 34"])
def test_texts_without_words_do_no_harm(text: str) -> None:
    lexicon = build_lexicon(flatten([read("gout")]), [frozenset({0})], [[(0, (0,))]])
    tokens = read(text or " ")
    assert lexicon_block(lexicon, tokens, find_matches(lexicon, tokens)).codes.tolist() == []
    assert len(find_similar(build_index([("gout",)], {"gout": 1}, 2), tokens).cosine) == 0
