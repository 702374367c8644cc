"""Misspelled words find their terms, right words stay as they are, unread headings are looked up by their letters."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from leadterm.codes import load_system
from leadterm.text.knowledge import load_table
from leadterm.text.matching.compile_lexicon import compile_lexicon
from leadterm.text.matching.lexicon import Lexicon
from leadterm.text.matching.linker import SOURCE, ExactIndex, FuzzyLinker, TermIndex
from leadterm.text.matching.mentions import MentionFinder
from leadterm.text.matching.term_matcher import TermMatcher
from leadterm.text.matching.word_sets import WordSet
from leadterm.text.pipeline import build_nlp
from leadterm.text.words.normalise import Normaliser, default_normaliser
from leadterm.text.words.spelling import SpellingCorrector

if TYPE_CHECKING:
    from spacy.tokens import Doc

_PAIRS = """
    diabetis>diabetes hypertention>hypertension pnuemonia>pneumonia astma>asthma arthitis>arthritis siezure>seizure
    difibrillator>defibrillator apendicitis>appendicitis appendicitus>appendicitis tonsilitis>tonsillitis vertgo>vertigo
    bronchitus>bronchitis cirrosis>cirrhosis psorisis>psoriasis epilepsey>epilepsy migrane>migraine anemea>anemia
    hemorrage>hemorrhage hemmorhage>hemorrhage diarhea>diarrhea anxeity>anxiety depresion>depression fracure>fracture
    schizophernia>schizophrenia hyperlipedemia>hyperlipidemia hypothryoidism>hypothyroidism abcess>abscess
    osteoperosis>osteoporosis fibromyalga>fibromyalgia cellulitus>cellulitis sinusitus>sinusitis obesety>obesity
    dermatitus>dermatitis pancreatitus>pancreatitis divertculitis>diverticulitis pyleonephritis>pyelonephritis
    arrythmia>arrhythmia fibrilation>fibrillation dehydraton>dehydration concusion>concussion laceraton>laceration
    carcinmoa>carcinoma lymphona>lymphoma leukimia>leukemia melenoma>melanoma glaucma>glaucoma insomina>insomnia
    conjuctivitis>conjunctivitis neuropahty>neuropathy gastroentritis>gastroenteritis rhuematoid>rheumatoid
    alzhiemer>alzheimer demntia>dementia tachycarida>tachycardia embolisim>embolism thromboisis>thrombosis
"""
MISSPELLED = dict(pair.split(">") for pair in _PAIRS.split())
_RIGHT = """
    better strong performed performing irrigated irrigation palpation suction nothing showing though thorough through
    either overnight indicated sedated sealed consent conclusion influence importance disposition exploration resolution
    prognosis protocol prednisolone cystoscopy gastroscopy ureteroscopy tracheotomy hyperextension atraumatic afebrile
    hemithorax mitosis melatonin lactulose antegrade perioperative seventy switch wishes talking putting maintain
    lisinopril metoprolol atorvastatin gabapentin complained compliant unaffected uninjured evacuation
"""
RIGHT = _RIGHT.split()
TERMS = {
    "kidney stone": ["N20.0"], "pancreatic pseudocyst": ["K86.3"], "lumbar radiculopathy": ["M54.16"],
    "plantar fasciitis": ["M72.2"], "essential tremor": ["G25.0"], "sleep apnea": ["G47.30"],
}  # fmt: skip


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    return compile_lexicon(load_system("icd10cm", None))


@lru_cache(maxsize=1)
def corrector() -> SpellingCorrector:
    return SpellingCorrector.of_lexicon(lexicon(), default_normaliser())


@lru_cache(maxsize=1)
def linker() -> FuzzyLinker:
    """A linker over a few terms, its index made without the cache."""
    made = FuzzyLinker(load_system("icd10cm", None), Normaliser({}), 0.5)
    made.__dict__["_generator"] = TermIndex.build(TERMS).generator()
    return made


def annotate(text: str) -> Doc:
    """Run sections, sentences and problems, then a finder that knows one term and the linker."""
    sets = [WordSet(("gout",), "M10.9", "index", 0, "Gout")]
    finder = MentionFinder(TermMatcher(Lexicon.build(sets), Normaliser({}), []), (), linker())
    nlp = build_nlp("en")
    for name in ("leadterm_mentions", "leadterm_context"):
        nlp.remove_pipe(name)
    return finder(nlp(text))


def meaning(word: str) -> tuple[str, ...]:
    normaliser = default_normaliser()
    parts = [corrector().correct(part) or part for part in normaliser.word(word)]
    return tuple(normal for part in parts for normal in normaliser.word(part))


@pytest.mark.parametrize(("written", "meant"), MISSPELLED.items())
def test_misspelled_words_are_read_as_meant(written: str, meant: str) -> None:
    assert meaning(written) == default_normaliser().word(meant)


@pytest.mark.parametrize("word", RIGHT)
def test_words_spelled_right_are_not_altered(word: str) -> None:
    assert [corrector().correct(part) for part in default_normaliser().word(word)] == [None]


def test_known_words_stay_themselves() -> None:
    common = [word for word, i in lexicon().words.items() if i % 20 == 0 and corrector()._counts[word] > 2]
    assert len(common) > 300
    assert not [word for word in common if corrector().correct(word)]


def test_two_equally_likely_meanings_leave_a_word_unknown() -> None:
    assert SpellingCorrector({"perineal": 30, "peroneal": 30}).correct("perneal") is None
    assert SpellingCorrector({"perineal": 300, "peroneal": 30}).correct("perneal") == "perineal"


@pytest.mark.parametrize("word", ["", "x", "stroke2", "12345678", "naïveté", "ab-cd-ef", "æææææææ", "a" * 5000])
def test_odd_words_are_left_alone(word: str) -> None:
    assert corrector().correct(word) is None


def test_the_list_of_right_words_is_sorted_distinct_and_plain() -> None:
    words = [row["word"] for row in load_table("spelled_right.tsv")]
    assert words == sorted(set(words))
    assert all(word.isalpha() and word.islower() and word.isascii() for word in words)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("She has poorly controlled hypertention.", "I10"), ("ASSESSMENT\n1. Pulmonary hypertention", "I27.20"),
        ("Diabetis is controlled.", "E11.9"), ("Seen by Dr. Hypertnsion.", None),
    ],
)  # fmt: skip
def test_misspelled_words_take_part_in_terms(text: str, code: str | None) -> None:
    matcher = TermMatcher.default(lexicon(), default_normaliser())
    doc = build_nlp("en")(text)
    found = {reading.code for cover in matcher.covers(matcher.match(doc)) for reading in cover.readings}
    assert code in found if code else found == set()


def test_the_matcher_asks_once_for_each_word() -> None:
    asked: list[str] = []
    lex = Lexicon.build([WordSet(("gout",), "M10.9", "index", 0, "Gout")])
    matcher = TermMatcher(lex, Normaliser({}), [], lambda word: asked.append(word))
    doc = build_nlp("en")("some gowt and gowt and Gowt again gowt")
    matcher.match(doc)
    matcher.match(doc)
    assert sorted(asked) == ["again", "gowt", "some"]


def test_exact_index_agrees_with_dense_products() -> None:
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    rows = rng.random((40, 12)) * (rng.random((40, 12)) < 0.4)
    queries = rng.random((5, 12))
    answers = ExactIndex(csr_matrix(rows)).knnQueryBatch(csr_matrix(queries), k=7)
    for (found, distances), query in zip(answers, queries, strict=True):
        likeness = rows @ query
        assert found.tolist() == np.argsort(-likeness, kind="stable")[:7].tolist()
        assert np.allclose(distances, 1.0 - likeness[found])


def test_index_makes_a_round_trip_through_arrays() -> None:
    index = TermIndex.build(TERMS)
    again = TermIndex.from_arrays(index.arrays())
    assert (again.terms, again.codes, again.grams) == (index.terms, index.codes, index.grams)
    one, two = (i.generator()(["kidny stone", "zzz"], k=3) for i in (index, again))
    assert [[(c.concept_id, c.aliases, c.similarities) for c in row] for row in one] == [
        [(c.concept_id, c.aliases, c.similarities) for c in row] for row in two
    ]
    assert one[0][0].concept_id == "N20.0"


def test_unread_headings_are_read_by_their_letters() -> None:
    doc = annotate("ASSESSMENT AND PLAN\n1. Pancreatic pseudocysts. Watch.\n2. Gout. Rest.\n3. Paperwork. Signed.\n")
    fuzzy = [c for c in doc._.covers if c.readings[0].source == SOURCE]
    found = [(doc[c.tokens[0] : c.tokens[-1] + 1].text, c.readings[0].code) for c in fuzzy]
    assert found == [("Pancreatic pseudocysts", "K86.3")]
    assert all(r.missing >= 2 for c in fuzzy for r in c.readings)
    for span in doc.spans["mentions"]:
        assert doc.text[span.start_char : span.end_char] == span.text


def test_terms_that_say_something_else_are_refused() -> None:
    assert linker().alike("stone wall") == ()
    assert linker().alike("") == ()
    assert [a.code for a in linker().alike("lumbar radiculopathic")] == ["M54.16"]


def test_look_up_is_deterministic_and_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    one, two = TermIndex.build(TERMS), TermIndex.build(dict(reversed(TERMS.items())))
    assert one.terms == two.terms
    assert np.array_equal(one.data, two.data)
    text = "ASSESSMENT AND PLAN\n1. Plantar fascitis. Stretching.\n"
    assert [c.readings for c in annotate(text)._.covers] == [c.readings for c in annotate(text)._.covers]
