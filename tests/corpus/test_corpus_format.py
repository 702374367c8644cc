"""Encounters as JSON and back; mentions in flat evidence; cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadterm.corpus import Card, arrange_mentions, decode, encode, read_card, read_code_list
from leadterm.corpus.card import card_text
from leadterm.errors import LeadtermError
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

TEXT = "Left knee pain for weeks. Knee swollen. No fever."
LINE = {
    "encounter_id": "e1",
    "patient_id": "p1",
    "setting": "inpatient",
    "language": "en",
    "patient": {"sex": "F", "birth_year": 1961},
    "date_of_service": "2026-05-04",
    "notes": [{"note_id": "n1", "kind": "progress note", "text": TEXT}],
    "codes": [
        {
            "system": "icd10cm",
            "code": "M25.562",
            "role": "principal",
            "evidence": [
                {"note_id": "n1", "spans": [[0, 4], [5, 14]]},
                {"note_id": "n1", "spans": [[26, 30]]},
            ],
        }
    ],
}


def span(start: int, end: int) -> EvidenceSpan:
    return EvidenceSpan("n1", start, end, TEXT[start:end])


def changed(**fields: object) -> dict[str, object]:
    return {**LINE, **fields}


def test_round_trip_keeps_every_field_and_the_mentions() -> None:
    assert encode(decode(LINE)) == LINE
    mentions = decode(LINE).codes[0].evidence
    assert [[s.text for s in mention.spans] for mention in mentions] == [["Left", "knee pain"], ["Knee"]]


@st.composite
def mention(draw: st.DrawFn) -> Mention:
    """A mention with gaps: ascending spans that do not overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, 48), min_size=2, max_size=6)))
    return Mention.of(*(span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False)))


@given(st.lists(mention(), max_size=5))
def test_mentions_are_told_apart_again(mentions: list[Mention]) -> None:
    code = ReferenceCode("icd10cm", "M25.561", "", arrange_mentions(mentions))
    one = Encounter("e", (Note("n1", TEXT),), (code,))
    assert decode(encode(one)) == one
    assert sorted(m.spans for m in code.evidence) == sorted(m.spans for m in mentions)


def test_mentions_of_two_notes_keep_the_order_of_the_notes() -> None:
    other = EvidenceSpan("n2", 0, 4, "Left")
    evidence = arrange_mentions([Mention.of(span(26, 30)), Mention.of(other), Mention.of(span(0, 4))])
    assert [m.spans for m in evidence] == [(span(0, 4),), (span(26, 30),), (other,)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives(text: str) -> None:
    one = Encounter("e", (Note("n", text),))
    assert decode(json.loads(json.dumps(encode(one), ensure_ascii=False))) == one


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ([], "the encounter is no object of names and values. Its names: encounter_id, notes"),
        ({"encounter_id": "e1"}, "the encounter lacks notes"),
        (changed(encounter_id=" "), "'encounter_id' in the encounter is empty"),
        (changed(encounter_id=7), "'encounter_id' in the encounter has the wrong type. It must be a string."),
        (changed(notes=[]), "'notes' in the encounter is empty"),
        (changed(notes={}), "It must be a list of objects."),
        (changed(notes=[{"note_id": "n1"}]), "lacks notes.0.text"),
        (
            changed(notes=[{"note_id": "n1", "text": "\ud800"}]),
            "'notes.0.text' in the encounter has half a",
        ),
        (changed(notes=[{"note_id": "\ud800", "text": ""}]), "half a surrogate pair"),
        (changed(notes=[*LINE["notes"], *LINE["notes"]]), "repeats a note_id"),  # type: ignore[misc]
        (changed(setting="outpatent"), "did you mean 'outpatient'"),
        (changed(code=[]), "unknown field in the encounter: 'code'; did you mean 'codes'"),
        (changed(patient={"birth_year": "1961"}), "'patient.birth_year' in the encounter has the wrong type."),
        (changed(patient={"birth_year": True}), "It must be a whole number."),
        (changed(codes=[{"code": "I10"}]), "the code lacks system"),
        (changed(codes=[{"system": "icd10cm", "code": "I10", "need": "mast"}]), "It must be one of must, may."),
        (changed(codes={}), "'codes' in the encounter has the wrong type. It must be a list"),
    ],
)
def test_faults_are_named(line: object, said: str) -> None:
    with pytest.raises(LeadtermError) as error:
        decode(line)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        ({"note_id": "n2", "spans": [[0, 4]]}, "unknown note_id in evidence 'n2'"),
        ({"note_id": "n1", "spans": [[0, 400]]}, "lie outside note 'n1'"),
        ({"note_id": "n1", "spans": [[4, 4]]}, "lie outside note 'n1'"),
        ({"note_id": "n1", "spans": [[-4, 4]]}, "lie outside note 'n1'"),
        ({"note_id": "n1", "spans": [[0, 4.5]]}, "It must be a list of pairs of whole numbers."),
        ({"note_id": "n1", "spans": [[0, 4, 5]]}, "It must be a list of pairs of whole numbers."),
        ({"note_id": "n1", "spans": []}, "'evidence.0.spans' in the code is empty"),
        ({"note_id": "n1", "spans": [[0, 4]], "left knee pain since": 1}, "20 characters that are no name"),
        ({"note_id": "n1", "spans": [[0, 4]], "text": "Right"}, "the words of an evidence differ"),
    ],
)
def test_evidence_faults_are_named_without_the_text(evidence: dict[str, object], said: str) -> None:
    with pytest.raises(LeadtermError) as error:
        decode(changed(codes=[{"system": "icd10cm", "code": "I10", "evidence": [evidence]}]))
    assert said in str(error.value)
    assert "knee" not in str(error.value)


def test_a_card_survives_with_odd_strings(tmp_path: Path) -> None:
    card = Card(
        'a "b"\\\n\x7f', "ü", "CC0-1.0", ("en", "es"), {"icd10cm": "2026", "own codes": "1"}, "all", "none",
        partial_codes=("icd10cm",), code_lists={"own codes": "codes.tsv"}, counts={"codes": 3}, splits={"dev": 1},
    )  # fmt: skip
    (tmp_path / "corpus.toml").write_bytes(card_text(card).encode())
    assert read_card(tmp_path) == card


GOOD = card_text(Card("demo", "", "", ("en",), {}, "", ""))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name = ", "is not TOML"),
        (b"\xff", "is not UTF-8"),
        (b'name = "x"', "lacks source, licence"),
        (GOOD.replace('["en"]', '"en"').encode(), "'languages' in"),
        (("lizence = 1\n" + GOOD).encode(), "did you mean 'licence'"),
        ((GOOD + "\n[counts]\nwords = 1.5\n").encode(), "a table of whole numbers"),
        ((GOOD + "\n[counts]\nencunters = 1\n").encode(), "did you mean 'encounters'"),
    ],
)
def test_faults_of_cards_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "corpus.toml").write_bytes(content)
    with pytest.raises(LeadtermError, match=r"corpus\.toml") as error:
        read_card(tmp_path)
    assert said in str(error.value)


def test_code_lists(tmp_path: Path) -> None:
    card = Card("demo", "", "", ("en",), {"own": "1"}, "", "", code_lists={"own": "codes-own.tsv"})
    (tmp_path / "corpus.toml").write_bytes(card_text(card).encode())
    with pytest.raises(LeadtermError, match="cannot read the code list"):
        read_code_list(tmp_path, "own")
    (tmp_path / "codes-own.tsv").write_text("\ufeff42\tFalls\n43\n", encoding="utf-8")
    assert read_code_list(tmp_path, "own") == [("42", "Falls"), ("43", "")]
    with pytest.raises(LeadtermError, match="unknown code list 'owm'; did you mean 'own'"):
        read_code_list(tmp_path, "owm")


def test_reference_code_without_evidence_stays_so() -> None:
    one = Encounter("e", (Note("n", "x"),), (ReferenceCode("icd10cm", "I10"),))
    assert encode(one)["codes"] == [{"system": "icd10cm", "code": "I10"}]
