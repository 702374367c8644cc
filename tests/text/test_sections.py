from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from text_helpers import pipeline

from leadterm.text.knowledge import load_table
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.problems import find_problems
from leadterm.text.layout.section_titles import find_title
from leadterm.text.layout.sections import find_marks


def sections(text: str) -> list[tuple[str, str]]:
    """Category and content of each section, labels left out."""
    return [
        (s.category, text[s.title_end : s.end].strip()) for s in pipeline()(text)._.sections if s.kind == "section"
    ]  # fmt: skip


def labels(text: str) -> list[tuple[str, str]]:
    """Category and content of each labelled line."""
    return [(s.category, text[s.title_end : s.end].strip()) for s in pipeline()(text)._.sections if s.kind == "label"]


def problems(text: str) -> list[tuple[str, str]]:
    """Heading and body of each problem."""
    lines = split_lines(text)
    found = find_problems(text, lines, find_marks(text, lines))
    return [(text[p.start : p.end], text[p.body_start : p.body_end]) for p in found]


def test_title_table() -> None:
    rows = load_table("section_titles.tsv")
    assert sum(r["kind"] == "section" for r in rows) >= 150
    assert len({r["title"] for r in rows}) == len(rows)
    assert {r["kind"] for r in rows} == {"section", "label"}
    categories = {r["category"] for r in rows}
    for row in rows:
        assert row["title"] == row["title"].lower()
        assert row["label_in"] == "-" or set(row["label_in"].split()) <= categories
    assert {"chief_complaint", "hpi", "family_history", "assessment_plan", "postoperative_diagnosis"} <= categories


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PLAN\n\nRest.", [("plan", "Rest.")]),
        ("Plan:\nRest.", [("plan", "Rest.")]),
        ("Plan: Rest.", [("plan", "Rest.")]),
        ("PLAN - Rest.", [("plan", "- Rest.")]),
        ("## Plan\nRest.", [("plan", "Rest.")]),
        ("**Plan:** Rest.", [("plan", "Rest.")]),
        ("**Plan**\nRest.", [("plan", "Rest.")]),
        ("3. Plan\nRest.", [("plan", "Rest.")]),
        ("A/P: Gout.", [("assessment_plan", "Gout.")]),
        ("S: Tired.\nO: Pale.\nA: Anemia.\nP: Iron.", [
            ("subjective", "Tired."), ("objective", "Pale."), ("assessment", "Anemia."), ("plan", "Iron."),
        ]),
        ("Seen today.\nHPI: Tired.", [("", "Seen today."), ("hpi", "Tired.")]),
        ("SUBJECTIVE:, Tired., MEDICATIONS:, None., ASSESSMENT:, Anemia.", [
            ("subjective", ", Tired.,"), ("medications", ", None.,"), ("assessment", ", Anemia."),
        ]),
        ("PRE-OP DIAGNOSIS: Hernia.\nPROCEDURE IN DETAIL: Done.", [
            ("preoperative_diagnosis", "Hernia."), ("procedure", "Done."),
        ]),
        ("FAMILY HISTORY: Gout.\nGOALS OF CARE: Discussed.", [("family_history", "Gout."), ("other", "Discussed.")]),
        ("Motivo de consulta: Tos.\nJuicio diagnóstico: Asma.", [("chief_complaint", "Tos."), ("diagnosis", "Asma.")]),
        ("He has a plan: to rest.", [("", "He has a plan: to rest.")]),
        ("", []),
    ],
)  # fmt: skip
def test_sections(text: str, expected: list[tuple[str, str]]) -> None:
    assert sections(text) == expected


def test_labels_belong_to_their_section() -> None:
    text = "ROS\n• Skin: Itchy.\n\nPHYSICAL EXAM\n• Skin: Clear.\nHEENT: Normal. NECK: Supple.\n\nPLAN\n- Labs: CBC.\n"
    assert labels(text) == [
        ("ros_system", "Itchy."), ("exam_system", "Clear."), ("exam_system", "Normal."), ("exam_system", "Supple."),
        ("labs", "CBC."),
    ]  # fmt: skip


def test_an_exam_after_vitals_is_an_exam_again() -> None:
    text = "Vitals:\nBP: 120/80\nHeart: Regular."
    assert [s[0] for s in sections(text)] == ["vitals", "physical_exam"]


def test_titles_forgive_their_form() -> None:
    for raw in ("Past Medical History", "PAST_MEDICAL_HISTORY", "** PMH **", "2) PMH", "Past medical history (old)"):
        title = find_title(raw)
        assert title is not None
        assert title.category == "past_medical_history"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASSESSMENT AND PLAN\n\nGout.\n• Medical Reasoning: Flare.\n\nObesity.\n• Medical Treatment: Diet.", [
            ("Gout", "• Medical Reasoning: Flare."), ("Obesity", "• Medical Treatment: Diet."),
        ]),
        ("Assessment:\n1. Gout, acute - start colchicine\n2. HTN: continue pills", [
            ("Gout, acute", "start colchicine"), ("HTN", "continue pills"),
        ]),
        ("A/P:\n# T2DM -\nIncrease metformin.\n# CKD 3\nAvoid NSAIDs.", [
            ("T2DM", "Increase metformin."), ("CKD 3", "Avoid NSAIDs."),
        ]),
        ("IMPRESSION: 1. Pneumonia. 2. Small effusion.", [("Pneumonia", ""), ("Small effusion", "")]),
        ("POSTOPERATIVE DIAGNOSIS: Acute cholecystitis.", [("Acute cholecystitis", "")]),
        ("ASSESSMENT\n\n• Acne\n• Rosacea.\n\nPLAN\n\nAcne\nUse the gel nightly.\n", [
            ("Acne", ""), ("Rosacea", ""), ("Acne", "Use the gel nightly."),
        ]),
        ("PLAN:\n1. Start iron.\n2. Return in two weeks.\n3. We will call her.", []),
        ("ASSESSMENT\n\nThe patient is a young man who is seen for a cough.", []),
        ("HPI\n\n1. Gout.", []),
    ],
)  # fmt: skip
def test_problems(text: str, expected: list[tuple[str, str]]) -> None:
    assert problems(text) == expected


def test_problems_are_numbered_within_their_section() -> None:
    doc = pipeline()("ASSESSMENT:\n1. Gout.\n2. Acne.\nPLAN:\n1. Gout: rest")
    assert [p.number for p in doc._.problems] == [1, 2, 1]


def test_real_visit_notes_have_their_sections_and_problems(data: Path) -> None:
    with (data / "aci-bench" / "train.csv").open(encoding="utf-8", newline="") as file:
        notes = [row["note"] for row in csv.DictReader(file)]
    nlp = pipeline()
    docs = [nlp(note) for note in notes]
    assert sum(bool(doc._.problems) for doc in docs) >= 0.97 * len(docs)
    assert sum(len(doc._.sections) >= 4 for doc in docs) >= 0.97 * len(docs)


def test_transcriptions_have_sections(data: Path) -> None:
    lines = (data / "mtsamples" / "notes.jsonl").read_text(encoding="utf-8").split("\n")
    notes = [json.loads(line)["text"] for line in lines if line]
    nlp = pipeline()
    known = sum(any(s.category not in ("", "other") for s in nlp(note)._.sections) for note in notes[:200])
    assert known >= 170


def test_titles_within_a_line_open_sections_where_a_sentence_ends() -> None:
    text = "Subjective: Feels well. Objective: BP 120/70. Labs: none. Assessment: Gout. Plan: Rest, then recheck: soon."
    marks = find_marks(text, split_lines(text))
    found = [(m.category, m.label) for m in marks]
    assert found == [
        ("subjective", False), ("objective", False), ("labs", True), ("assessment", False), ("plan", False),
    ]  # fmt: skip
