"""Does it pay to code first where a coder is needed most? Coders are simulated from the codes that a corpus has.

``python -m leadterm.experiments.flywheel CORPUS`` begins with a few coded encounters, and lets a coder code the rest in
random order, or by expected changes, with a model trained anew after each round. It prints the F1 on encounters set
aside against the decisions that were made, and how many decisions each order needs for the same F1.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadterm.corpus import iter_split
from leadterm.decisions.worth import decisions_needed, expected_changes
from leadterm.evaluation import Qrels, Run, evaluate
from leadterm.experiments.trainers import LIGHT
from leadterm.schema import Encounter
from leadterm.suggester import Suggester
from leadterm.training.train_model import train

__all__ = ["ORDERS", "Point", "main", "needed", "spin"]

TEST, FIRST = 0.3, 0.2
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
Learn = Callable[[Sequence[Encounter]], Suggester]


@dataclass(frozen=True, slots=True)
class Point:
    """After a round: decisions made so far, encounters coded, and the F1 on those set aside."""

    decisions: int
    encounters: int
    f1: float


def _at_random(_: Suggester, pool: Sequence[Encounter], draw: random.Random) -> list[Encounter]:
    return draw.sample(list(pool), len(pool))


def _by_changes(model: Suggester, pool: Sequence[Encounter], _: random.Random) -> list[Encounter]:
    return sorted(pool, key=lambda one: (-expected_changes(model.suggest(one)), one.encounter_id))


ORDERS = {"random": _at_random, "expected changes": _by_changes}


def spin(encounters: Sequence[Encounter], order: str, *, seed: int, rounds: int, learn: Learn) -> list[Point]:
    """Let a coder code the encounters in an order, round by round; gives a point a round."""
    draw = random.Random(seed)
    mixed = draw.sample(list(encounters), len(encounters))
    test, rest = mixed[: round(TEST * len(mixed))], mixed[round(TEST * len(mixed)) :]
    first = max(2, round(FIRST * len(rest)))
    coded, pool = rest[:first], rest[first:]
    step = -(-len(pool) // rounds)
    points, decisions = [], 0
    while True:
        model = learn(coded)
        points.append(Point(decisions, len(coded), _f1(model, test)))
        if not pool:
            return points
        chosen = ORDERS[order](model, pool, draw)[:step]
        for one in chosen:
            decisions += decisions_needed(model.suggest(one), {(code.system, code.code) for code in one.codes})
        names = {one.encounter_id for one in chosen}
        coded, pool = [*coded, *chosen], [one for one in pool if one.encounter_id not in names]


def _f1(model: Suggester, test: Sequence[Encounter]) -> float:
    answers = {one.encounter_id: model.suggest(one) for one in test}
    run = {name: {f"{one.system} {one.code}": one.confidence for one in result.suggestions}
           for name, result in answers.items()}  # fmt: skip
    wanted = {one.encounter_id: [f"{code.system} {code.code}" for code in one.codes] for one in test}
    threshold = next(iter(answers.values())).threshold
    report = evaluate(Run.from_mapping(run), Qrels.from_mapping(wanted), threshold=threshold, n_bootstrap=0)
    return float(report["micro_f1"])


def needed(points: Sequence[Point], f1: float) -> float:
    """Tell after how many decisions an F1 was reached first, between rounds in proportion; infinite if never.

    >>> needed([Point(0, 2, 0.2), Point(100, 4, 0.4)], 0.3).__round__(6)
    50.0
    """
    last = points[0]
    for point in points:
        if point.f1 >= f1:
            rise = point.f1 - last.f1
            share = (f1 - last.f1) / rise if rise > 0 else 0.0
            return last.decisions + max(0.0, share) * (point.decisions - last.decisions)
        last = point
    return float("inf")


def _interval(values: Sequence[float]) -> str:
    """Mean and the 95 % interval of a few values by Student's t."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.3f}"
    half = T_95.get(len(values), 2.0) * statistics.stdev(values) / len(values) ** 0.5
    return f"{mean:.3f} [{mean - half:.3f}, {mean + half:.3f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it and print."""
    parser = argparse.ArgumentParser(prog="python -m leadterm.experiments.flywheel")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--split", default="train")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the split to use")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=4)
    asked = parser.parse_args(arguments)
    found = [one for one in iter_split(asked.corpus, asked.split) if one.codes]
    found = found[: max(10, round(asked.share * len(found)))]
    with tempfile.TemporaryDirectory() as folder:

        def learn(coded: Sequence[Encounter]) -> Suggester:
            return train(list(coded), Path(folder) / "model", LIGHT, earlier=None).model

        runs = {name: [spin(found, name, seed=seed, rounds=asked.rounds, learn=learn) for seed in range(asked.seeds)]
                for name in ORDERS}  # fmt: skip
    print("\n".join(_told(runs)))


def _told(runs: dict[str, list[list[Point]]]) -> list[str]:
    lines = []
    for name, seeds in runs.items():
        for at, row in enumerate(zip(*seeds, strict=True)):
            mean = statistics.mean(point.decisions for point in row)
            lines.append(f"{name:18} round {at}  {row[0].encounters:4} encounters  {mean:7.0f} decisions  "
                         f"F1 {_interval([point.f1 for point in row])}")  # fmt: skip
    pairs = list(zip(runs["random"], runs["expected changes"], strict=True))
    goals = [0.95 * min(one[-1].f1, other[-1].f1) for one, other in pairs]
    ratios = [needed(other, goal) / max(1.0, needed(one, goal))
              for (one, other), goal in zip(pairs, goals, strict=True)]  # fmt: skip
    ahead = [statistics.mean(b.f1 - a.f1 for a, b in zip(one[1:-1], other[1:-1], strict=True)) for one, other in pairs]
    lines.append(f"decisions for 95 % of the last F1, against random order: {_interval(ratios)}")
    lines.append(f"F1 ahead of random order in the rounds between: {_interval(ahead)}")
    return lines


if __name__ == "__main__":
    main()
