from __future__ import annotations

import subprocess
import sys
import time
import warnings

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from text_helpers import pipeline

from leadterm.errors import LeadtermError
from leadterm.text.components import STAGES
from leadterm.text.extensions import text_of
from leadterm.text.pipeline import build_nlp, check_order

PIECES = [
    "PLAN", "A/P:", "S:", "O:", "FAMILY HISTORY:", "- Skin:", "• ", "1. ", "2) ", "# ", "\n", "\r\n", "\r", "\n\n",
    "\t", " ", "  ", "No", "denies", "fever", "gout", "mother had", "(HTN)", "Hypertension (HTN)", ".", ",", ":", ";",
    "?", "**", "--", "\x00", "\x0b", "\u2028", "\u00a0", "é", "😀", "\ud800", "Dr. ", "5.5", "mg.", "x" * 70, "A" * 70,
    "_" * 20, "(", ")", "ASSESSMENT", "SUBJECTIVE:, ",
]  # fmt: skip
NOTES = st.one_of(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.text(max_size=120))


@given(NOTES)
@settings(max_examples=150, deadline=None)
def test_offsets_are_those_of_the_raw_text(text: str) -> None:
    doc = pipeline()(text)
    assert len(doc.text) == len(text)
    assert doc.text == text_of(doc)
    assert all(a == b or "\ud800" <= b <= "\udfff" for a, b in zip(doc.text, text, strict=True))
    at = token_at = 0
    for section in doc._.sections:
        assert section.start <= section.title_start <= section.title_end <= section.end <= len(text)
        assert 0 <= section.token_start <= section.token_end <= len(doc)
        if section.kind == "section":
            assert (section.start, section.token_start) == (at, token_at)
            at, token_at = section.end, section.token_end
    assert (at, token_at) == (len(text), len(doc))
    last = 0
    for problem in doc._.problems:
        assert last <= problem.start < problem.end <= problem.body_start <= problem.body_end <= len(text)
        last = problem.body_end
    assert [t.i for s in doc.sents for t in s] == list(range(len(doc)))
    assert all(s.text.strip() for s in doc.sents) or not text.strip()


@given(NOTES)
@settings(max_examples=60, deadline=None)
def test_the_same_text_gives_the_same_result(text: str) -> None:
    one, two = pipeline()(text), pipeline()(text)
    assert one._.sections == two._.sections
    assert one._.problems == two._.problems
    assert [s.start for s in one.sents] == [s.start for s in two.sents]


@pytest.mark.parametrize(
    "piece",
    [
        "No fever, no cough. ", "no ", "(", "A:", "PLAN:\n1. Gout.\n", "x", "- ", "\n", "A", "-", ".", "? ", "a-",
        "Hypertension (HTN) ", ", MEDICATIONS:, aspirin", "1. Gout 2. Acne ", "history of ",
    ],
)  # fmt: skip
def test_long_notes_take_linear_time(piece: str) -> None:
    nlp = pipeline()
    text = (piece * 40_000)[:100_000]

    def seconds(note: str) -> float:
        begin = time.process_time()
        doc = nlp(note)
        doc.spans["mentions"] = [doc[i : i + 1] for i in range(0, len(doc), 50)]
        nlp.get_pipe("leadterm_context")(doc)
        return time.process_time() - begin

    small, large = seconds(text[:25_000]), seconds(text)
    assert large < 10 * small + 1.0


def test_five_megabytes() -> None:
    text = "SUBJECTIVE: She denies fever. Cough for 3 days (URI).\n" * 2_000
    assert len(text) < build_nlp().max_length / 50
    assert len(pipeline()(text)._.sections) >= 2_000


def test_wrong_order_is_refused_at_build_time() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("leadterm_sections")
    nlp.add_pipe("leadterm_context")
    with pytest.raises(LeadtermError, match=r"'leadterm_context' needs doc.sents.*'leadterm_sentences'"):
        check_order(nlp)
    assert all(stage.assigns for stage in STAGES.values())


def test_unknown_names_are_refused() -> None:
    with pytest.raises(LeadtermError, match="unknown language 'xx9'"):
        build_nlp("xx9")
    with pytest.raises(LeadtermError, match="unknown entity recogniser 'en_no_such_model'"):
        build_nlp(ner="en_no_such_model")
    with pytest.raises(LeadtermError, match="unknown text component 'leadterm_nothing'"):
        build_nlp(extra=["leadterm_nothing"])


def test_a_model_without_an_entity_recogniser_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacy.util, "is_package", lambda _: True)
    monkeypatch.setattr(spacy, "load", lambda _: spacy.blank("en"))
    with pytest.raises(LeadtermError, match="has no entity recogniser"):
        build_nlp(ner="en_tiny")


def test_the_entities_of_a_model_become_mentions(monkeypatch: pytest.MonkeyPatch) -> None:
    model = spacy.blank("en")
    model.add_pipe("ner").add_label("DISEASE")
    model.initialize()
    monkeypatch.setattr(spacy.util, "is_package", lambda _: True)
    monkeypatch.setattr(spacy, "load", lambda _: model)
    nlp = build_nlp(ner="en_tiny")
    assert nlp.pipe_names.index("ner") < nlp.pipe_names.index("leadterm_mentions")
    assert [s.text for s in nlp("No gout.").spans["mentions"]] == [e.text for e in nlp("No gout.").ents]


def test_short_forms() -> None:
    doc = pipeline()("She has chronic kidney disease (CKD). CKD is stable. (no)")
    assert {(a.text, a.start_char, a._.long_form.text) for a in doc._.abbreviations} == {
        ("CKD", 32, "chronic kidney disease"), ("CKD", 38, "chronic kidney disease"),
    }  # fmt: skip


def test_other_languages_build_and_stay_silent() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for language in ("en", "es", "de"):
            assert build_nlp(language)("Paciente sin fiebre.")._.sections[0].category == ""


def test_start_up_leaves_heavy_packages_alone() -> None:
    code = (
        "import sys; from leadterm.text.pipeline import build_nlp; before = 'spacy' in sys.modules; build_nlp();"
        "print(before, [m for m in ('sklearn', 'pandas', 'torch', 'scispacy.linking', 'nmslib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"
