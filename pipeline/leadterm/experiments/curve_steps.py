"""The trainings behind a learning curve, one after the other, so that they can be stopped and taken up again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from leadterm.errors import LeadtermError, unknown_name
from leadterm.evaluation.metrics.by_code import label_counts, macro_metrics
from leadterm.evaluation.metrics.ratios import all_ratios
from leadterm.evaluation.metrics.resample import bootstrap
from leadterm.evaluation.metrics.thresholds import set_threshold
from leadterm.evaluation.protocol import Trainer, patients_of
from leadterm.evaluation.tables.align import align
from leadterm.evaluation.tables.labels import Ints
from leadterm.evaluation.tables.qrels import Qrels
from leadterm.evaluation.tables.run import Run
from leadterm.schema import Encounter

__all__ = ["Plan", "Step", "load_steps", "measured", "plan_curve", "steps_text"]

LEAST, MOST_TEST = 8, 500


@dataclass(frozen=True, slots=True)
class Step:
    """One training of a curve, measured.

    `n`: Encounters trained on; `repeat`: Which order of the encounters, from 0; `samples`: The metric in bootstrap
    samples of the test encounters.

    >>> Step(100, 0, 0.5, (0.49, 0.51), 3.0).n
    100
    """

    n: int
    repeat: int
    value: float
    samples: Sequence[float]
    seconds: float


@dataclass(frozen=True)
class Plan:
    """What is trained on and measured on.

    `learn, asked`: To learn from, to measure on; `sizes`: Training sizes, ascending; `repeats`: Orders in which
    patients are added; `seed`: Of everything random.

    >>> Plan([], [], (10, 20, 40), 2, 0).todo()
    [(0, 10), (0, 20), (0, 40), (1, 10), (1, 20)]
    """

    learn: Sequence[Encounter]
    asked: Sequence[Encounter]
    sizes: tuple[int, ...]
    repeats: int
    seed: int

    def todo(self) -> list[tuple[int, int]]:
        """List repeat and size of each training; all encounters are trained on once only."""
        return [(r, n) for r in range(self.repeats) for n in (self.sizes if r == 0 else self.sizes[:-1])]

    def mark(self, *settings: object) -> str:
        """Give a digest of the data and settings that every step depends on; of the number of repeats none does."""
        parts = [[(e.encounter_id, [c.code for c in e.codes]) for e in part] for part in (self.learn, self.asked)]
        whole = json.dumps([parts, self.sizes, self.seed, [str(s) for s in settings]])
        return hashlib.sha256(whole.encode("utf-8")).hexdigest()


def plan_curve(
    encounters: Sequence[Encounter],
    test: Sequence[Encounter] | None = None,
    *,
    points: int = 5,
    repeats: int = 3,
    seed: int = 0,
) -> Plan:
    """Part the encounters and choose the training sizes.

    `test`: Encounters to measure on; without them a quarter of the patients is held out; `points`: Number of sizes,
    from an eighth of the encounters to all, in equal ratios.
    """
    if points < 3 or repeats < 1:
        raise LeadtermError(
            f"a curve needs 3 points and 1 repeat or more; got {points} and {repeats}.", hint="Raise them."
        )
    learn, asked = _parts([e for e in encounters if e.codes], test, seed)
    return Plan(learn, asked, tuple(_sizes(len(learn), points)), repeats, seed)


def measured(
    trainer: Trainer,
    plan: Plan,
    *,
    metric: str = "micro_f1",
    systems: Sequence[str] | None = None,
    n_bootstrap: int = 500,
    done: Sequence[Step] = (),
    progress: Callable[[str], None] | None = None,
) -> Iterator[Step]:
    """Train and measure, one size after the other; the first repeat alone makes a whole curve.

    `done`: What was measured earlier; given again, not trained again.
    """
    known, qrels = {(step.repeat, step.n): step for step in done}, Qrels.from_encounters(plan.asked)
    names = [*all_ratios(align(Run.from_mapping({}), qrels, systems=systems)).names, "macro_f1"]
    if metric not in names:
        raise unknown_name("metric", metric, names)
    todo = plan.todo()
    for i, (r, n) in enumerate(todo, start=1):
        if (r, n) in known:
            yield known[r, n]
            continue
        if progress:
            progress(f"{i} of {len(todo)}: {n} encounters, repeat {r + 1} of {plan.repeats}")
        start = time.perf_counter()
        order = _order(patients_of(plan.learn), plan.seed + r)
        run = trainer([plan.learn[k] for k in order[:n]])(plan.asked)
        value, samples = _measure(run, qrels, metric, systems, n_bootstrap, plan.seed)
        yield Step(n, r, value, samples, time.perf_counter() - start)


def steps_text(steps: Sequence[Step], mark: str) -> str:
    """Write steps so that `load_steps` takes them up; they hold figures only.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "steps.json"
    ...     _ = file.write_text(steps_text([Step(10, 0, 0.5, [0.4], 1.0)], "m"), encoding="utf-8")
    ...     load_steps(file, "m")[0].value
    0.5
    """
    return json.dumps({"schema_version": 1, "mark": mark, "steps": [asdict(step) for step in steps]})


def load_steps(path: str | Path, mark: str) -> list[Step]:
    """Read the steps of an earlier call.

    `path`: The file; if there is none yet, nothing was measured.
    """
    place = Path(path)
    if not place.exists():
        return []
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        known, steps = found["mark"], [Step(**step) for step in found["steps"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise LeadtermError(f"'{path}' holds no steps of a curve.", hint="Name another file, or delete it.") from None
    if known != mark:
        raise LeadtermError(
            f"the steps in '{path}' are of other encounters or settings.", hint="Name another file, or delete it."
        )
    return steps


def _parts(
    encounters: Sequence[Encounter], test: Sequence[Encounter] | None, seed: int
) -> tuple[list[Encounter], list[Encounter]]:
    """Give what is learned from and what is measured on."""
    learn, asked = list(encounters), [e for e in test or () if e.codes]
    if test is None:
        group = patients_of(learn)
        dealt = np.random.default_rng(seed).permutation(int(group.max(initial=-1)) + 1)
        held = np.isin(group, dealt[: min(len(dealt) // 4, MOST_TEST)])
        learn, asked = (
            [e for e, h in zip(learn, held, strict=True) if not h],
            [e for e, h in zip(learn, held, strict=True) if h],
        )
    if len(learn) < 3 * LEAST or not asked:
        raise LeadtermError(
            f"a curve needs {3 * LEAST} coded encounters to learn from and some to measure on; "
            f"got {len(learn)} and {len(asked)}.",
            hint="Code more encounters.",
        )
    return learn, asked


def _sizes(n: int, points: int) -> list[int]:
    first = max(n // 8, LEAST)
    return sorted({round(size) for size in np.geomspace(first, n, points)})


def _order(group: Ints, seed: int) -> list[int]:
    """Order encounters by patient, patients at random."""
    place = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    return [int(i) for i in np.argsort(place[group], kind="stable")]


def _measure(
    run: Run, qrels: Qrels, metric: str, systems: Sequence[str] | None, n_bootstrap: int, seed: int
) -> tuple[float, list[float]]:
    table, _, _ = set_threshold(align(run, qrels, systems=systems), run, None, None, seed)
    ratios = all_ratios(table)
    known = {**ratios.values(), "macro_f1": macro_metrics(label_counts(table))["macro_f1"]}
    picked = ratios.pick([metric]) if metric != "macro_f1" else ratios
    return known[metric], bootstrap(table, picked, n_bootstrap, seed)[metric].tolist()
