"""From text to mentions: normal words, sets of words, the lexicon and the matcher."""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from text_helpers import pipeline

from leadterm.codes.types import Term
from leadterm.text.matching.lexicon import Lexicon
from leadterm.text.matching.mentions import MentionFinder, NoteReaders
from leadterm.text.matching.patterns import PatternMatcher
from leadterm.text.matching.term_matcher import TermMatcher
from leadterm.text.matching.word_sets import WordSet, word_sets
from leadterm.text.reading import read_note
from leadterm.text.words.normalise import Normaliser, default_normaliser, fold, singular

PLAIN = Normaliser({})
TERMS = [
    WordSet(("diabetes",), "E11.9", "index", 0, "Diabetes"),
    WordSet(("2", "diabetes", "type"), "E11", "index", 0, "Diabetes, type 2"),
    WordSet(("strain",), "T14.8", "index", 0, "Strain"),
    WordSet(("lumbar", "strain"), "S39.012", "index", 0, "Strain, lumbar"),
    WordSet(("knee", "pain"), "M25.56", "title", 0, "Pain in knee"),
    WordSet(("pain",), "R52", "title", 0, "Pain"),
    WordSet(("fever",), "R50.9", "title", 0, "Fever"),
    WordSet(("hypertension",), "I10", "index", 0, "Hypertension"),
    WordSet(("failure", "heart"), "I50.9", "title", 0, "Heart failure"),
    WordSet(("arthritis",), "M19.90", "index", 0, "Arthritis"),
    WordSet(("arthritis", "knee"), "M17.9", "index", 0, "Arthritis, knee"),
    WordSet(("attack", "ischemic", "transient"), "G45.9", "title", 0, "Transient ischemic attack"),
]  # fmt: skip
ABBREVIATIONS = [
    {"short": "htn", "expansion": "hypertension", "case": "any"},
    {"short": "TIA", "expansion": "transient ischemic attack", "case": "upper"},
]  # fmt: skip
LEXICON = Lexicon.build(TERMS)
MATCHER = TermMatcher(LEXICON, PLAIN, ABBREVIATIONS)
VOCABULARY = [
    "strain",
    "lumbar",
    "knee",
    "pain",
    "fever",
    "diabetes",
    "type",
    "2",
    "of",
    "the",
    "no",
    ",",
    ".",
    "heart",
    "failure",
    "old",
]


def doc_of(text: str) -> spacy.tokens.Doc:
    return pipeline()(text)


def found(text: str, matcher: TermMatcher = MATCHER) -> list[tuple[str, tuple[str, ...]]]:
    """Codes and the words that hold them."""
    doc = doc_of(text)
    covers = matcher.covers(matcher.match(doc))
    return [(r.code, tuple(doc[t].text for t in c.tokens)) for c in covers for r in c.readings]


def codes(text: str, matcher: TermMatcher = MATCHER) -> set[str]:
    return {code for code, _ in found(text, matcher)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kidneys", ["kidney"]), ("ABSCESSES", ["abscess"]), ("Sjögren's", ["sjogren"]), ("type II", ["type", "2"]),
        ("stage I", ["stage", "1"]), ("uterus", ["uterus"]), ("biopsies", ["biopsy"]), ("diabetes", ["diabetes"]),
    ],
)  # fmt: skip
def test_words_have_one_normal_form(text: str, words: list[str]) -> None:
    assert PLAIN.words(text) == words


def test_adjectives_meet_their_nouns_and_british_meets_american() -> None:
    shared = default_normaliser()
    assert shared.words("renal calculi")[0] == shared.words("kidney")[0]
    assert shared.words("anaemia") == shared.words("anemia")


@given(st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_folding_and_singulars_are_stable(word: str) -> None:
    assert fold(fold(word)) == fold(word)
    assert len(singular(word)) <= len(word)
    assert PLAIN.words(word) == Normaliser({}).words(word)


def sets(*terms: Term) -> set[tuple[tuple[str, ...], int]]:
    return {(s.words, s.missing) for s in word_sets(terms, PLAIN)}


def test_a_title_is_found_without_its_brackets_and_soft_words() -> None:
    got = sets(Term("Essential (primary) hypertension", "I10", "title"))
    assert got == {(("essential", "hypertension"), 0), (("hypertension",), 1)}


def test_what_a_title_denies_is_no_word_of_it_but_counts_as_missing() -> None:
    got = sets(Term("Gastritis without bleeding", "K29.70", "title"))
    assert got == {(("gastritis",), 1)}


def test_an_index_path_takes_one_form_a_level() -> None:
    term = Term("Neuralgia, neuralgic, ear", "H92.0", "index", path=("Neuralgia, neuralgic", "ear"))
    words = {w for w, _ in sets(term)}
    assert {("ear", "neuralgia"), ("ear", "neuralgic")} <= words


def test_a_cell_of_the_neoplasm_table_names_site_and_behaviour() -> None:
    term = Term("Neoplasm, pancreas", "C25.9", "neoplasm", path=("Neoplasm", "pancreas"), column="Malignant Primary")
    assert (("cancer", "pancreas"), 0) in sets(term)


def test_an_inclusion_term_leads_to_its_code() -> None:
    got = list(word_sets([Term("Smokers' lung disease", "J44.9", "inclusion")], PLAIN))
    assert {s.source for s in got} == {"inclusion"}
    assert ("disease", "lung", "smoker") in {s.words for s in got} or ("lung", "smoker") in {s.words for s in got}


def test_one_vague_word_is_no_term() -> None:
    assert sets(Term("Knee", "S80", "title")) == set()


def test_a_lexicon_survives_its_arrays() -> None:
    again = Lexicon.from_arrays(LEXICON.arrays())
    assert again.words == LEXICON.words
    assert again.codes == LEXICON.codes
    assert [again.text(i) for i in range(len(again))] == [LEXICON.text(i) for i in range(len(LEXICON))]
    assert all(np.array_equal(a, LEXICON.arrays()[name]) for name, a in again.arrays().items())


@pytest.mark.parametrize("seed", range(5))
def test_a_lexicon_does_not_depend_on_the_order_of_its_terms(seed: int) -> None:
    shuffled = TERMS * 2
    random.Random(seed).shuffle(shuffled)
    other = Lexicon.build(shuffled).arrays()
    assert all(np.array_equal(array, other[name]) for name, array in LEXICON.arrays().items())


@pytest.mark.parametrize(
    "text", ["Lumbar strain.", "Strain, lumbar.", "Strain of the lumbar muscles.", "lumbar, acute strain"]
)
def test_words_may_stand_in_any_order_with_small_gaps(text: str) -> None:
    assert "S39.012" in codes(text)


@pytest.mark.parametrize(
    "text",
    ["Strain. Lumbar spine is normal.", "Strain was seen after one two three four five six seven eight nine ten lumbar",
     "lumbar spine fine; strain"],
)  # fmt: skip
def test_words_of_two_clauses_or_far_apart_make_no_term(text: str) -> None:
    assert "S39.012" not in codes(text)


def test_a_denied_word_does_not_complete_an_affirmed_one() -> None:
    assert codes("Knee is sore without pain.") == {"R52"}
    assert "M25.56" in codes("Denies knee pain.")


def test_a_longer_term_takes_the_place_of_the_shorter_one_within_it() -> None:
    assert codes("Type 2 diabetes.") == {"E11"}
    assert codes("Lumbar strain.") == {"S39.012"}


def test_a_term_with_a_gap_leaves_the_shorter_one_marked() -> None:
    covers = MATCHER.covers(MATCHER.match(doc_of("Strain seen in lumbar spine.")))
    marks = {r.code: c.subsumed for c in covers for r in c.readings}
    assert marks == {"T14.8": True, "S39.012": False}


@given(st.lists(st.sampled_from(VOCABULARY), max_size=18), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_covers_do_not_depend_on_the_order_of_matches(words: list[str], rng: random.Random) -> None:
    matches = MATCHER.match(doc_of(" ".join(words)))
    shuffled = list(matches)
    rng.shuffle(shuffled)
    assert MATCHER.covers(shuffled) == MATCHER.covers(matches)


@given(st.lists(st.sampled_from(VOCABULARY), max_size=18))
@settings(max_examples=80, deadline=None)
def test_a_match_holds_exactly_the_words_of_its_term(words: list[str]) -> None:
    doc = doc_of(" ".join(words))
    for match in MATCHER.match(doc):
        held = {w for t in match.tokens for w in PLAIN.words(doc[t].text)}
        own = slice(LEXICON.word_ptr[match.term], LEXICON.word_ptr[match.term + 1])
        assert held == {MATCHER.vocabulary[i] for i in LEXICON.word_ids[own]}
        assert list(match.tokens) == sorted(set(match.tokens))


def test_abbreviations_keep_to_their_case() -> None:
    assert codes("Htn controlled.") == codes("HTN controlled.") == {"I10"}
    assert codes("Had a TIA.") == {"G45.9"}
    assert codes("tia maria") == set()


def test_abbreviations_that_the_note_explains_are_read() -> None:
    assert found("Heart failure (HF) is stable. Continue HF clinic.")[-1] == ("I50.9", ("HF",))
    assert codes("Continue HF clinic.") == set()


def test_patterns_stay_in_order_and_in_their_sentence() -> None:
    patterns = PatternMatcher(
        [{"pattern": "fell * stairs|steps", "code": "W10.9", "kind": "mechanism"}], "external cause"
    )
    nlp = spacy.blank("en")
    assert [c.tokens for c in patterns.covers(nlp("He fell down the steps"))] == [(1, 4)]
    assert patterns.covers(nlp("The stairs fell")) == []
    assert patterns.covers(pipeline()("He fell. The stairs are new.")) == []


def test_the_longest_pattern_of_a_kind_counts() -> None:
    rows = [{"pattern": p, "code": c, "kind": "mechanism"} for p, c in (("fell", "W19"), ("fell * ice", "W00.0"))]
    covers = PatternMatcher(rows, "external cause").covers(spacy.blank("en")("She fell on the ice."))
    assert [r.code for c in covers for r in c.readings] == ["W00.0"]


def test_a_heading_takes_its_site_from_the_text_below() -> None:
    doc = doc_of("ASSESSMENT:\n1. Arthritis. The knee is swollen and warm.\n2. Fever.")
    doc = MentionFinder(MATCHER)(doc)
    joined = [c for c in doc._.covers if c.joined]
    assert [(r.code, tuple(doc[t].text for t in c.tokens)) for c in joined for r in c.readings] == [
        ("M17.9", ("Arthritis",))
    ]


@given(st.lists(st.sampled_from([*VOCABULARY, "\n", "ASSESSMENT:", "1.", "é", "HTN"]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_mentions_are_words_of_the_raw_text(words: list[str]) -> None:
    text = " ".join(words)
    doc = MentionFinder(MATCHER)(doc_of(text))
    note = read_note(pipeline().get_pipe("leadterm_context")(doc), "n1", MATCHER)
    for mention in note.mentions:
        assert all(text[s.start : s.end] == s.text for s in (*mention.mention.spans, *mention.mention.cues))
        assert 0 <= mention.coverage <= 1.0001
        assert "" not in mention.near


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hepatitis A.", {"Hepatitis A", "Hepatitis"}),
        ("Assessment: hepatitis A", {"Hepatitis A", "Hepatitis"}),
        ("Acute type A hepatitis", {"Hepatitis A", "Hepatitis"}),
        ("A hepatitis of unclear cause", {"Hepatitis"}),
        ("Assessment: A hepatitis panel", {"Hepatitis"}),
        ("A. Hepatitis", {"Hepatitis"}),
        ("Hepatitis. A test was done", {"Hepatitis"}),
    ],
)
def test_a_capital_a_is_a_type_unless_it_opens_what_is_said(text: str, said: set[str]) -> None:
    terms = [
        WordSet(("hepatitis",), "K75.9", "index", 0, "Hepatitis"),
        WordSet(("a_", "hepatitis"), "B15.9", "index", 0, "Hepatitis A"),
    ]
    lexicon = Lexicon.build(terms)
    matcher = TermMatcher(lexicon, PLAIN, [])
    doc = spacy.blank("en")(text)
    for token in doc:
        token.is_sent_start = token.i == 0 or doc[token.i - 1].text == "."
    assert {lexicon.text(match.term) for match in matcher.match(doc)} == said


@lru_cache(maxsize=1)
def _reader() -> Language:
    return NoteReaders("icd10cm").of("en")[0]


def _words(text: str) -> set[tuple[str, str]]:
    """What is mentioned in a text: the words of each mention, and its codes."""
    doc = _reader()(text)
    return {(" ".join(doc[t].text for t in c.tokens), r.code) for c in doc._.covers for r in c.readings}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Anemia, COPD", "D63.8"), ("COPD, sleep apnea", "G47.33"), ("Cirrhosis, alcohol use disorder", "K70.30"),
        ("To do: call her", "Z66"), ("Two shocks of 200 joules", "R57.9"),
        ("1. Do nothing", "Z66"), ("EEG tomorrow", "R94.01"), ("Given two hours PTA", "D68.1"),
        ("Psoriasis, arthritis", "L40.50"),
        ("TIA, hepatitis C", "K72.00"), ("COPD/sleep apnea", "G47.33"), ("COPD and sleep apnea", "G47.33"),
        ("UTI with AKI", "N10"), ("Morbid obesity (HCC)", "C22.0"), ("Sertraline 50 MG", "G70.00"),
        ("Prenatal screen: GBS negative", "G61.0"), ("GBS+ mother", "G61.0"), ("Tussin DM syrup", "E11.9"),
        ("The sigmoid colon was normal", "S36.593A"), ("conjunctival flap", "H11.9"), ("edges overlap", "M35.1"),
        ("He failed therapy", "I50.813"), ("STEMI in a 61-year-old", "I25.2"), ("MI, 70 yo", "I25.2"),
        ("Non-smoker", "F17.200"), ("Non-recurrent sinusitis", "J01.91"), ("bipolar cautery", "F31.9"),
        ("Family History: none", "Z84.89"), ("Pain due to bone metastases", "M89.8X9"),
        ("Abdominal pain due to a kidney stone", "N23"), ("Malignant ascites from ovarian cancer", "C48.2"),
        ("Joint swelling from knee arthritis", "M25.469"),
    ],
)  # fmt: skip
def test_what_stands_apart_or_means_no_disease_is_not_read(text: str, code: str) -> None:
    assert code not in {found for _, found in _words(text)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Anemia, iron deficiency", "D50.9"), ("Nausea/vomiting", "R11.2"), ("Diabetes, neuropathy", "E11.40"),
        ("Pain, knee, left", "M25.562"), ("Asthma, acute exacerbation", "J45.901"), ("CKD 4", "N18.4"),
        ("hypothy\u00adroidism", "E03.9"), ("hypo-\nthyroidism", "E03.9"), ("β-thalassemia", "D56.1"),
        ("Sjo\u0308gren syndrome", "M35.00"), ("\ufeffGout", "M10.9"), ("Type\u00a02\u00a0diabetes", "E11.9"),
        ("Epstein–Barr virus infection", "B27.00"), ("paroxysmal atrial\nfibrillation", "I48.0"),
        ("She has an iron deficiency\nanemia.", "D50.9"), ("Bipolar disorder", "F31.9"),
        ("GBS after Campylobacter", "G61.0"), ("Anemia due to chronic kidney disease", "D63.1"),
        ("Cirrhosis of the liver due to alcohol", "K70.30"), ("Foot ulcer from diabetes", "E11.621"),
    ],
)  # fmt: skip
def test_other_spellings_orders_and_wraps_are_read(text: str, code: str) -> None:
    assert code in {found for _, found in _words(text)}
