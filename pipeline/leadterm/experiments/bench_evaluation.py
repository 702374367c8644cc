"""Time the harness on made-up data: ``python -m leadterm.experiments.bench_evaluation``."""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from leadterm.codes import levels
from leadterm.evaluation.report import evaluate
from leadterm.evaluation.tables.qrels import Qrels
from leadterm.evaluation.tables.run import Run

__all__ = ["made_up", "main"]


def made_up(n: int, m: int, *, seed: int = 0) -> tuple[Run, Qrels]:
    """Make a run and reference codes of the shape of hospital data: 15 codes and 30 suggestions an encounter.

    Gives frequencies fall as in real coding: some codes are very common, most are rare.

    >>> run, qrels = made_up(10, 50)
    >>> len(qrels.encounters)
    10
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, m + 1) ** 0.9
    codes = np.array([f"{chr(65 + i % 26)}{i // 26 % 100:02d}.{i // 2600}" for i in range(m)], dtype=object)
    gold_row, gold = np.repeat(np.arange(n), 15), rng.choice(m, n * 15, p=share / share.sum())
    kept = rng.random(n * 15) < 0.7
    extra = rng.choice(m, n * 20, p=share / share.sum())
    row = np.concatenate([gold_row[kept], np.repeat(np.arange(n), 20)])
    score = np.concatenate([rng.beta(5, 2, int(kept.sum())), rng.beta(1, 5, n * 20)])
    reference = pd.DataFrame({"encounter_id": gold_row.astype(str), "system": "icd10cm", "code": codes[gold]})
    said = pd.DataFrame(
        {"encounter_id": row.astype(str), "system": "icd10cm", "code": codes[np.append(gold[kept], extra)]}
    )
    return Run.from_frame(said.assign(score=score), name="made up"), Qrels.from_frame(reference)


def main() -> None:
    """Print how long a full evaluation takes, and the most memory used."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("encounters", 20_000), ("codes", 8_000), ("bootstrap", 1_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    start = time.perf_counter()
    run, qrels = made_up(given.encounters, given.codes)
    made = time.perf_counter()
    report = evaluate(run, qrels, threshold=0.4, n_bootstrap=given.bootstrap, hierarchy=levels)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.encounters} encounters x {given.codes} codes, {report['n_suggestions']} suggestions")
    print(
        f"data {made - start:.1f} s, evaluation with {given.bootstrap} samples {done - made:.1f} s, peak {peak:.0f} MB"
    )


if __name__ == "__main__":
    main()
