from __future__ import annotations

from collections import Counter

import pytest
from spacy.tokens import Span
from text_helpers import Case, annotate, pipeline, read_cases

from leadterm.errors import LeadtermError
from leadterm.text.context.cues import TABLES, read_cues
from leadterm.text.knowledge import load_table

CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case.text[:40]}" for i, case in enumerate(CASES)])
def test_annotated_sentence(case: Case) -> None:
    doc = annotate(case.text, [(a, b) for a, b, _ in case.mentions], case.language)
    got = [(m.text, m._.assertion) for m in doc.spans["mentions"]]
    assert got == [(case.text[a:b], assertion) for a, b, assertion in case.mentions]
    for mention in doc.spans["mentions"]:
        found = [case.text[a:b] for a, b in mention._.cues]
        assert bool(found) == (mention._.assertion != "present")
        assert all(any(cue in marked or marked in cue for marked in case.cues) for cue in found if case.cues)


def test_there_are_enough_cases_of_every_assertion() -> None:
    counts = Counter(assertion for case in CASES for _, _, assertion in case.mentions)
    assert len(CASES) >= 150
    assert set(counts) == {"present", "absent", "possible", "conditional", "hypothetical", "family", "history"}


@pytest.mark.parametrize(("language", "least"), [("en", 350), ("es", 120)])
def test_cue_tables(language: str, least: int) -> None:
    cues, sets = read_cues(load_table(TABLES[language]))
    assert len(cues) >= least
    keys = Counter((cue.text, cue.direction) for cue in cues if cue.category != "talk")
    assert [key for key, n in keys.items() if n > 1] == []
    for cue in cues:
        assert cue.text == cue.text.lower().strip()
        assert all(word[1:-1] in sets for word in cue.text.split() if word.startswith("{"))


def test_an_unknown_category_is_refused() -> None:
    row = {"cue": "no", "category": "absnt", "direction": "forward", "scope": "-", "closes": "-"}
    with pytest.raises(LeadtermError, match="bad cue 'no'"):
        read_cues([row])


def test_section_and_label_of_a_mention() -> None:
    text = "PHYSICAL EXAM\n- Heart: murmur\nPLAN\nRest."
    doc = annotate(text, [(text.index(word), text.index(word) + len(word)) for word in ("murmur", "Rest")])
    assert [(m._.section, m._.label) for m in doc.spans["mentions"]] == [("physical_exam", "exam_system"), ("plan", "")]


def test_a_cue_inside_the_mention_does_not_count() -> None:
    doc = annotate("Family history of colon cancer.", [(0, 30), (18, 30)])
    assert [m._.assertion for m in doc.spans["mentions"]] == ["present", "family"]


def test_scope_ends_with_the_sentence_and_the_section() -> None:
    text = "FAMILY HISTORY\nAsthma.\nASSESSMENT\nNo fever.\nCough"
    doc = annotate(text, [(15, 21), (text.index("fever"), text.index("fever") + 5), (text.index("Cough"), len(text))])
    assert [m._.assertion for m in doc.spans["mentions"]] == ["family", "absent", "present"]


def test_at_least_as_accurate_as_negspacy_on_negation() -> None:
    pytest.importorskip("negspacy")
    from negspacy.negation import Negex
    from negspacy.termsets import termset

    nlp = pipeline("en")
    negex = Negex(nlp, "negex", termset("en_clinical").get_patterns())
    ours = theirs = agree = total = 0
    for case in CASES:
        if case.language != "en" or any(a not in ("present", "absent") for _, _, a in case.mentions):
            continue
        doc = annotate(case.text, [(a, b) for a, b, _ in case.mentions])
        doc.ents = [Span(doc, span.start, span.end, label="PROBLEM") for span in doc.spans["mentions"]]
        negex(doc)
        for (_, _, assertion), span, ent in zip(case.mentions, doc.spans["mentions"], doc.ents, strict=True):
            truth = assertion == "absent"
            one, two = span._.assertion == "absent", bool(ent._.negex)
            ours, theirs, agree, total = ours + (one == truth), theirs + (two == truth), agree + (one == two), total + 1
    print(f"negation on {total} mentions: ours {ours}, negspacy {theirs}, agreement {agree}")
    assert total >= 60
    assert ours >= theirs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ROS\nDenies fever.\n- cough", ["absent", "present"]),
        ("Denies:\n- fever\n- cough", ["absent", "absent"]),
        ("He denies the following:\n• fever\n• cough", ["absent", "absent"]),
        ("Denies:\n- fever\n\nShe has a cough.", ["absent", "present"]),
        ("Family history of:\n* fever\n* cough", ["family", "family"]),
        ("Symptoms:\n- fever\n- no cough", ["present", "absent"]),
    ],
)
def test_a_line_with_a_colon_opens_the_bullets_below(text: str, expected: list[str]) -> None:
    doc = annotate(text, [(text.index(word), text.index(word) + len(word)) for word in ("fever", "cough")])
    assert [m._.assertion for m in doc.spans["mentions"]] == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("No acute hepatitis.", "acute hepatitis", "absent"),
        ("No h/o asthma.", "h/o asthma", "absent"),
        ("Aunt has leprosy.", "Aunt has leprosy", "family"),
        ("He has a history of gout.", "history of gout", "present"),
        ("Allergic to codeine.", "Allergic to codeine", "present"),
        ("Suspected glaucoma.", "Suspected glaucoma", "present"),
    ],
)
def test_a_mention_may_begin_or_end_within_a_cue(text: str, words: str, expected: str) -> None:
    at = text.index(words)
    doc = annotate(text, [(at, at + len(words))])
    (mention,) = doc.spans["mentions"]
    assert mention._.assertion == expected


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Wound Check:", "present"), ("WOUND CHECK:", "present"), ("Dietary Habits and Foods Avoided:", "present"),
        ("· Mood Today:", "present"), ("Q:", "present"), ("Paternal Grandmother:", "family"), ("wound check", "family"),
    ],
)  # fmt: skip
def test_any_heading_ends_the_family_history(heading: str, expected: str) -> None:
    text = f"Family History:\nFather had a stroke.\n\n{heading}\nGout."
    at = text.index("Gout")
    doc = annotate(text, [(at, at + 4)])
    (mention,) = doc.spans["mentions"]
    assert mention._.assertion == expected


def test_a_question_mark_behind_a_problem_counts() -> None:
    text = "Assessment:\n1. Fatigue.\n2. Gout?\n3. Asthma? Test."
    places = [(text.index(word), text.index(word) + len(word)) for word in ("Fatigue", "Gout", "Asthma")]
    doc = annotate(text, places)
    assert [m._.assertion for m in doc.spans["mentions"]] == ["present", "possible", "possible"]
