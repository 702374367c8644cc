"""A made-up corpus small enough to train on in a second, with wordings that differ a little."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

QUICK = "folds = 2\nranker = { iterations = 5, folds = 2, min_samples_leaf = 5 }\n"
WORDINGS = {
    "D1": ("gouty arthritis of the left toe", "acute gouty arthritis of toe", "arthritis of the toe, gouty type"),
    "D2": ("asthma with wheezing at night", "wheezing asthma worse at night", "bronchial asthma with wheezing"),
    "D3": ("itchy eczema of both hands", "eczema of the hands, itchy", "chronic hand eczema with itching"),
    "D4": ("middle ear infection with pus", "infection of the middle ear", "purulent middle ear infection"),
    "D5": ("iron deficiency with low ferritin", "deficiency of iron, ferritin low", "low iron and low ferritin"),
}


def write_split(path: Path, n: int, seed: int) -> None:
    """Write encounters of two conditions each, with evidence."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(n):
        codes = rng.choice(list(WORDINGS), 2, replace=False).tolist()
        said = [WORDINGS[c][int(rng.integers(3))] for c in codes]
        text = f"The patient comes for a visit in the clinic. Assessment: {said[0]}. There is also {said[1]} since May."
        marks = [
            {
                "system": "demo",
                "code": code,
                "evidence": [{"note_id": "n", "spans": [[text.index(words), text.index(words) + len(words)]]}],
            }
            for code, words in zip(codes, said, strict=True)
        ]
        note = [{"note_id": "n", "text": text}]
        lines.append(json.dumps({"encounter_id": f"{path.stem}{i}", "notes": note, "codes": marks}))
    path.write_text("\n".join(lines), encoding="utf-8")
