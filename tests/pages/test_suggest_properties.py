"""Whatever the text: nothing crashes, offsets are exact, the same comes out twice, every view can be drawn."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from leadterm.dictionary.dictionary_model import DictionaryModel
from leadterm.errors import LeadtermError
from leadterm.intake.decode import read_note_text
from leadterm.intake.encounters import read_items
from leadterm.intake.files import find_files
from leadterm.pages.quotes import quote
from leadterm.pages.suggestion_fhir import suggestion_bundle
from leadterm.pages.suggestion_page import suggestion_page
from leadterm.pages.suggestion_table import suggestion_table
from leadterm.schema import Encounter, Note

PIECES = st.sampled_from([
    "type 2 diabetes", "HTN", "rule out pneumonia", "right knee", "osteoarthritis", "no fever", "mother had gout",
    "Assessment:", "1. ", "- ", "\n", "\r\n", "\r", "\t", "\f", "\x0b", "\x1b[31m", "\x07", "\u2028", "\u200b",
    "\u202e", "é", "e\u0301", "ﬁbrosis", "İ", "ß", "𝛼", "👩\u200d⚕️", "患者", "ألم", "<b>", "&amp;", "[bold]", "%s",
    "{x}", ". ", " ", "/",
])  # fmt: skip
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), min_size=1, max_size=30).map(" ".join)
TEXTS = TEXTS.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text))
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@EXAMPLES
@given(text=TEXTS, inpatient=st.booleans())
def test_any_text_gives_exact_offsets_and_can_be_drawn(text: str, inpatient: bool, engine: DictionaryModel) -> None:
    encounter = Encounter("e", (Note("n", text),), setting="inpatient" if inpatient else "outpatient")
    result = engine.suggest(encounter)
    assert engine.suggest(encounter) == result
    codes = [s.code for s in result.suggestions]
    assert len(set(codes)) == len(codes)
    for suggestion in result.suggestions:
        assert suggestion.evidence
        assert 0 <= suggestion.confidence <= 1
        assert len(suggestion.hints) <= 2
        for span in suggestion.spans + suggestion.cues:
            assert text[span.start : span.end] == span.text
        marked = [words for words, evidence in quote(suggestion, {"n": text}, width=60).pieces if evidence]
        assert marked[0].split() == [word for word in _visible(suggestion.spans[0].text).split() if word]
    for width in (30, 80, 140):
        drawn = StringIO()
        Console(file=drawn, width=width, color_system=None).print(suggestion_table(encounter, result, top=20))
        assert "\x1b" not in drawn.getvalue()
        assert "\x07" not in drawn.getvalue()
    assert suggestion_page([(encounter, result, 20)])
    assert json.loads(json.dumps(suggestion_bundle([(encounter, result)])))["type"] == "collection"


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() and not char.isspace() else " " for char in text)


@settings(max_examples=200, deadline=None)
@given(content=st.one_of(st.binary(max_size=60), TEXTS.map(str.encode), TEXTS.map(lambda text: text.encode("utf-16"))))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        text, warning = read_note_text(content, "a note")
    except LeadtermError as refused:
        text, warning = "refused", str(refused)
        content = text.encode()
    assert text.strip()
    assert "\x00" not in text
    if not warning and content[:2] not in (b"\xff\xfe", b"\xfe\xff") and content[:4] != b"\x00\x00\xfe\xff":
        assert text.encode() == content.removeprefix(b"\xef\xbb\xbf")


def test_a_long_note_keeps_its_offsets(engine: DictionaryModel) -> None:
    line = "He reports cough and right knee pain; type 2 diabetes is stable. "
    text = "HPI:\r\n" + (line * 20 + "\r\n\r\n") * 40
    result = engine.suggest(Encounter("e", (Note("n", text),)))
    assert {"R05.9", "M25.561", "E11.9"} <= {s.code for s in result.suggestions}
    assert all(text[span.start : span.end] == span.text for s in result.suggestions for span in s.spans)


def test_all_of_mtsamples_runs(data: Path, engine: DictionaryModel) -> None:
    folder = data / "mtsamples"
    if not folder.is_dir():
        pytest.skip("LEADTERM_DATA has no mtsamples")
    notes = [json.loads(line) for line in (folder / "notes.jsonl").read_text().splitlines()]
    assert notes
    for number, note in enumerate(notes):
        text = str(note.get("text") or note.get("transcription"))
        encounter = Encounter(f"e{number}", (Note("n", text),))
        result = engine.suggest(encounter)
        assert all(text[span.start : span.end] == span.text for s in result.suggestions for span in s.spans)
        Console(file=StringIO(), width=100).print(suggestion_table(encounter, result, top=15))


def test_reference_corpus_reads_as_items() -> None:
    folder = Path(__file__).parents[2] / "corpora" / "reference"
    items = list(read_items(find_files([str(folder)])))
    assert len(items) > 80
    assert all(item.encounter is not None and not item.warning for item in items)
