"""Made-up runs and reference codes, small enough to check against a dense oracle."""

from __future__ import annotations

import numpy as np

from leadterm.evaluation import Qrels, Run

CODES = [f"{chr(65 + i % 5)}{i:02d}.{i % 10}" for i in range(12)]

Scores = dict[str, dict[str, float]]
Codes = dict[str, list[str]]


def random_data(seed: int, n: int = 30, *, ties: bool = False) -> tuple[Scores, Codes]:
    """Draw scores and reference codes; with ties the scores have one decimal."""
    rng = np.random.default_rng(seed)
    scores: Scores = {}
    gold: Codes = {}
    for i in range(n):
        name = f"e{i}"
        gold[name] = sorted(rng.choice(CODES, rng.integers(1, 5), replace=False).tolist())
        said = rng.choice(CODES, rng.integers(0, 9), replace=False).tolist()
        drawn = {c: float(rng.beta(3, 2) if c in gold[name] else rng.beta(2, 3)) for c in said}
        scores[name] = {c: round(s, 1) if ties else s for c, s in drawn.items()}
    return scores, gold


def dense(scores: Scores, gold: Codes) -> tuple[np.ndarray, np.ndarray]:
    """Lay both out as arrays of shape (encounters, codes); what was not suggested scores -1."""
    truth = np.array([[c in gold[e] for c in CODES] for e in gold], dtype=int)
    value = np.array([[scores.get(e, {}).get(c, -1.0) for c in CODES] for e in gold])
    return truth, value


def tables(scores: Scores, gold: Codes) -> tuple[Run, Qrels]:
    """Build both tables in ICD-10-CM."""
    return Run.from_mapping(scores, system="icd10cm"), Qrels.from_mapping(gold, system="icd10cm")
