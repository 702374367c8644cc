from __future__ import annotations

import pytest
from text_helpers import pipeline


def sentences(text: str) -> list[str]:
    """Sentences of a text, trimmed."""
    return [s.text.strip() for s in pipeline()(text).sents]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No fever. No cough.", ["No fever.", "No cough."]),
        ("Seen by Dr. Ng. She is well.", ["Seen by Dr. Ng.", "She is well."]),
        ("Took 2.5 mg p.o. b.i.d. for pain. Better.", ["Took 2.5 mg p.o. b.i.d. for pain.", "Better."]),
        ("Asthma vs. COPD is likely. Await tests.", ["Asthma vs. COPD is likely.", "Await tests."]),
        ("Nerves II-XII intact; strength 5/5; gait normal.", ["Nerves II-XII intact; strength 5/5; gait normal."]),
        ("• no rash\n• no edema", ["• no rash", "• no edema"]),
        ("1. Gout\n2. Acne", ["1. Gout", "2. Acne"]),
        ("1. Gout. 2. Acne.", ["1. Gout.", "2. Acne."]),
        ("PLAN\nRest and ice", ["PLAN", "Rest and ice"]),
        ("Is it better? Yes! Good.", ["Is it better?", "Yes!", "Good."]),
        (
            "The patient was seen for follow up of her diabetes and for\nhypertension that is controlled.",
            ["The patient was seen for follow up of her diabetes and for\nhypertension that is controlled."],
        ),
        ("aspirin 81 mg\nmetoprolol 25 mg", ["aspirin 81 mg", "metoprolol 25 mg"]),
        ("Dx: irritable bowel\nsyndrome", ["Dx: irritable bowel\nsyndrome"]),
        ("Dx: Primary\nosteoarthritis of the left\nhip", ["Dx: Primary\nosteoarthritis of the left\nhip"]),
        ("Neurological\nalert", ["Neurological", "alert"]),
        ("No fever\r\nNo cough\rNo rash", ["No fever", "No cough", "No rash"]),
        ("  \n No fever.", ["No fever."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_wrapped_lines_are_one_sentence() -> None:
    words = (
        "Mrs Green came in because of a painful left shoulder that began after Easter when she was lifting Boxes in "
        "the garage of Her Sister and since then has Not been able to sleep on that side at all."
    )
    lines, line = [], ""
    for word in words.split():
        if len(line) + len(word) + 1 > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    assert len(sentences("\n".join([*lines, line]))) == 1
