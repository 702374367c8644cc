"""Learning curves: accuracy against the number of coded encounters, and what more of them would buy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.errors import LeadtermError
from leadterm.evaluation.metrics.resample import intervals
from leadterm.evaluation.protocol import Trainer
from leadterm.evaluation.tables.labels import Floats, Ints
from leadterm.experiments.curve_steps import Plan, Step, measured, plan_curve
from leadterm.schema import Encounter

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CurvePoint", "Gain", "LearningCurve", "PowerLaw", "curve_of", "fit_power_law", "learning_curve"]

RATES = np.geomspace(0.05, 2.0, 60)
WORTH = 0.005


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy at one size.

    `n`: Encounters trained on; `value`: Mean over the repeats; `low, high`: 95 % interval, over repeats and encounters
    of the test part; `repeats`: The value of each repeat.

    >>> CurvePoint(100, 0.5, 0.45, 0.55, (0.49, 0.51)).n
    100
    """

    n: int
    value: float
    low: float
    high: float
    repeats: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``accuracy(n) = limit - loss * n ** -rate``.

    `limit, loss, rate`: Limit at most 1, loss not negative.

    >>> round(PowerLaw(0.9, 1.0, 0.5).at(100), 3)
    0.8
    """

    limit: float
    loss: float
    rate: float

    def at(self, n: float) -> float:
        """Give the accuracy at a size."""
        return float(self.limit - self.loss * n**-self.rate)


@dataclass(frozen=True, slots=True)
class Gain:
    """What more coded encounters would buy, by extrapolation.

    `gain, low, high`: Rise of the metric with its 95 % interval.

    >>> Gain(100, 0.02, 0.01, 0.03).more
    100
    """

    more: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class LearningCurve:
    """A learning curve.

    - ``law``: fitted to the points.
    - ``gains``: extrapolations from the largest size.
    - ``n_test``: encounters it is measured on.
    - ``seed``: of samples, splits and intervals.

    >>> LearningCurve("map", (), PowerLaw(0.6, 1.0, 0.5), (Gain(100, 0.02, 0.01, 0.03),), 50, 0).verdict()
    'Another 100 encounters would buy about +0.020 (95 % interval +0.010 to +0.030): more coding pays.'
    """

    metric: str
    points: tuple[CurvePoint, ...]
    law: PowerLaw
    gains: tuple[Gain, ...]
    n_test: int
    seed: int

    def verdict(self) -> str:
        """Say in a sentence what more coding would buy; an extrapolation, not a measurement."""
        g = self.gains[0]
        end = "the data do not tell whether more coding pays."
        if g.low > 0 and g.gain >= WORTH:
            end = "more coding pays."
        elif g.high < 2 * WORTH:
            end = "more notes of the same kind add little."
        return (
            f"Another {g.more} encounters would buy about {g.gain:+.3f} "
            f"(95 % interval {g.low:+.3f} to {g.high:+.3f}): {end}"
        )

    def to_json(self) -> dict[str, Any]:
        """Give the curve as a JSON object."""
        return {
            "schema_version": 1,
            "metric": self.metric,
            "points": [asdict(point) for point in self.points],
            "power_law": asdict(self.law),
            "gains": [asdict(gain) for gain in self.gains],
            "n_test": self.n_test,
            "seed": self.seed,
            "verdict": self.verdict(),
        }

    def to_frame(self) -> pd.DataFrame:
        """Give the points as a frame with columns ``n, value, low, high``."""
        import pandas as pd

        return pd.DataFrame([(p.n, p.value, p.low, p.high) for p in self.points], columns=["n", "value", "low", "high"])


def learning_curve(
    trainer: Trainer,
    encounters: Sequence[Encounter],
    test: Sequence[Encounter] | None = None,
    *,
    metric: str = "micro_f1",
    points: int = 5,
    repeats: int = 3,
    more: Sequence[int] = (100,),
    systems: Sequence[str] | None = None,
    n_bootstrap: int = 500,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> LearningCurve:
    """Train on nested samples of growing size and measure each on the same encounters.

    - ``trainer``: learns from encounters; see `leadterm.evaluation.protocol`.
    - ``test``: encounters to measure on; without them a quarter of the patients is held out.
    - ``metric``: a ratio metric of the report or ``macro_f1``.
    - ``points``: number of sizes, from an eighth of the encounters to all, in equal ratios.
    - ``repeats``: orders in which patients are added; all encounters are trained on once.
    - ``more``: numbers of further encounters to extrapolate to, beside twice as many.

    ``LeadtermError`` if there are too few encounters or points, or the metric is unknown.
    """
    plan = plan_curve(encounters, test, points=points, repeats=repeats, seed=seed)
    steps = measured(trainer, plan, metric=metric, systems=systems, n_bootstrap=n_bootstrap, progress=progress)
    return curve_of(list(steps), plan, metric, more)


def curve_of(steps: Sequence[Step], plan: Plan, metric: str, more: Sequence[int] = (100,)) -> LearningCurve:
    """Draw the curve of what was measured, be it all of the plan or a part.

    `more`: Numbers of further encounters to extrapolate to, beside twice as many.
    """
    by_size: dict[int, list[Step]] = {}
    for step in steps:
        by_size.setdefault(step.n, []).append(step)
    if len(by_size) < 3:
        raise LeadtermError(f"a curve needs 3 sizes or more; {len(by_size)} were measured.", hint="Let it go on.")
    sizes = sorted(by_size)
    mean = np.array([np.mean([s.value for s in by_size[n]]) for n in sizes])
    drawn = np.stack([_over_repeats(np.array([s.samples for s in by_size[n]]), plan.seed) for n in sizes], axis=1)
    drawn = drawn - drawn.mean(axis=0) + mean
    ends = intervals({str(n): drawn[:, i] for i, n in enumerate(sizes)}, {str(n): mean[i] for i, n in enumerate(sizes)})
    points = tuple(
        CurvePoint(n, float(mean[i]), ends[str(n)][0], ends[str(n)][1], tuple(s.value for s in by_size[n]))
        for i, n in enumerate(sizes)
    )
    law, gains = _foretell(sizes, mean, drawn, more)
    return LearningCurve(metric, points, law, gains, len(plan.asked), plan.seed)


def _foretell(
    sizes: Sequence[int], mean: Floats, drawn: Floats, more: Sequence[int]
) -> tuple[PowerLaw, tuple[Gain, ...]]:
    weights = 1.0 / np.maximum(drawn.var(axis=0), 1e-8)
    limit, loss, rate = fit_power_law(sizes, np.vstack([mean, drawn]), weights)
    last, gains = float(sizes[-1]), []
    for extra in dict.fromkeys((*more, sizes[-1])):
        rise = loss * (last**-rate - (last + extra) ** -rate)
        low, high = np.quantile(rise[1:], [0.025, 0.975])
        gains.append(Gain(int(extra), float(rise[0]), float(min(low, rise[0])), float(max(high, rise[0]))))
    return PowerLaw(float(limit[0]), float(loss[0]), float(rate[0])), tuple(gains)


def fit_power_law(n: Sequence[int] | Ints, values: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit ``limit - loss * n ** -rate`` by weighted least squares: every rate of a grid, the best one kept.

    `weights`: Of the points, for instance one over the variance.
    Gives limit (at most 1), loss (not negative) and rate.

    >>> sizes = np.array([10, 40, 160, 640])
    >>> limit, loss, rate = fit_power_law(sizes, (0.8 - 1.5 * sizes**-0.5)[None], np.ones(4))
    >>> round(float(limit[0]), 2), round(float(rate[0]), 1)
    (0.8, 0.5)
    """
    share = weights / weights.sum()
    best = np.full((4, len(values)), np.inf)
    middle = values @ share
    for rate in RATES:
        x = np.asarray(n, dtype=np.float64) ** -rate
        centred = x - x @ share
        loss = np.maximum(-(values @ (share * centred)) / (share @ centred**2), 0.0)
        limit = middle + loss * (x @ share)
        over = limit > 1.0
        tight = ((1.0 - values) @ (share * x)) / (share @ x**2)
        loss, limit = np.where(over, tight, loss), np.where(over, 1.0, limit)
        error = ((values - limit[:, None] + loss[:, None] * x) ** 2) @ share
        better = error < best[0]
        best[:, better] = np.array([error, limit, loss, np.full(len(values), rate)])[:, better]
    return best[1], best[2], best[3]


def _over_repeats(samples: Floats, seed: int) -> Floats:
    """Average, in each sample, over repeats drawn with replacement; shape (repeats, b) gives (b,)."""
    n, b = samples.shape
    drawn = np.random.default_rng(seed).integers(0, n, (n, b))
    return np.asarray(np.take_along_axis(samples, drawn, axis=0).mean(axis=0))
