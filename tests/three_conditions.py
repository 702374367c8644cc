"""A small made-up corpus: three conditions, each said in its own words, among filler."""

from __future__ import annotations

import numpy as np

from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

SAID = {
    "M10.9": ("gouty arthritis", "acute gout"),
    "J45.909": ("bronchial asthma", "asthma flare"),
    "N20.0": ("kidney stone", "renal calculus"),
    "I10": ("high blood pressure", "hypertension"),
}
FILLER = ["walks daily", "sleeps well", "works nights", "eats little salt", "lives alone", "reads a lot", "plays chess"]


def make(n: int, *, evidence: bool, seed: int = 0) -> list[Encounter]:
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        text, codes = "", []
        for code, phrases in SAID.items():
            text += f"Patient {FILLER[rng.integers(len(FILLER))]}. "
            if rng.random() < 0.45:
                phrase = phrases[rng.integers(len(phrases))]
                span = EvidenceSpan("n", len(text) + 4, len(text) + 4 + len(phrase), phrase)
                spans = (Mention.of(span),) if evidence else ()
                text += f"Has {phrase}. "
                codes.append(ReferenceCode("icd10cm", code, "", spans))
        out.append(Encounter(f"e{i}", (Note("n", text),), tuple(codes)))
    return out
