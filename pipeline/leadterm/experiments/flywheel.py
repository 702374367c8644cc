"""Does it pay to code first where a coder is needed most? Coders are simulated from the codes that a corpus has.

``python -m leadterm.experiments.flywheel CORPUS`` begins with a few coded encounters, and lets a coder code the rest in
one order or another, with a model trained anew after each round. It prints the F1 on encounters set aside against the
decisions that were made, and how many decisions each order needs for the same F1 as random order does.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

from leadterm.corpus import iter_split
from leadterm.decisions.worth import decisions_needed, expected_changes, expected_decisions
from leadterm.evaluation import Qrels, Run, evaluate
from leadterm.experiments.trainers import LIGHT
from leadterm.schema import Encounter, SuggestionSet
from leadterm.suggester import Suggester
from leadterm.training.train_model import train

__all__ = ["ORDERS", "Point", "Pool", "main", "needed", "spin"]

TEST, FIRST, GOALS = 0.3, 0.2, (0.90, 0.95)
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262}
WORD = re.compile(r"[^\W\d_]{3,}")
Learn = Callable[[Sequence[Encounter]], Suggester]


@dataclass(frozen=True, slots=True)
class Point:
    """After a round: decisions made so far, encounters coded, and the F1 on those set aside."""

    decisions: int
    encounters: int
    f1: float


@dataclass(frozen=True)
class Pool:
    """What an order may look at: encounters not coded yet, what the model says of each, and those that are coded."""

    waiting: Sequence[Encounter]
    answers: Mapping[str, SuggestionSet]
    coded: Sequence[Encounter]
    draw: random.Random

    def sorted_by(self, worth: Callable[[SuggestionSet], float]) -> list[Encounter]:
        """Put those first that are worth most by what the model says of them."""
        return sorted(self.waiting, key=lambda one: (-worth(self.answers[one.encounter_id]), one.encounter_id))


def _at_random(pool: Pool) -> list[Encounter]:
    return pool.draw.sample(list(pool.waiting), len(pool.waiting))


def _by_changes(pool: Pool) -> list[Encounter]:
    return pool.sorted_by(expected_changes)


def _by_share(pool: Pool) -> list[Encounter]:
    """The most expected changes for each decision that the coder is expected to make."""
    return pool.sorted_by(lambda told: expected_changes(told) / max(1.0, expected_decisions(told)))


def _by_new_words(pool: Pool) -> list[Encounter]:
    """The most words that no coded encounter has and many waiting ones do, those chosen before it counted as coded."""
    words = {one.encounter_id: _words(one) for one in pool.waiting}
    often = Counter(word for some in words.values() for word in some)
    known = {word for one in pool.coded for word in _words(one)}
    new = {name: some - known for name, some in words.items()}
    cost = {name: max(1.0, expected_decisions(pool.answers[name])) for name in words}
    left, chosen = {one.encounter_id: one for one in pool.waiting}, []
    while left:
        best = max(left, key=lambda name: (sum(often[word] - 1 for word in new[name]) / cost[name], name))
        chosen.append(left.pop(best))
        told = new.pop(best)
        new = {name: some - told for name, some in new.items()}
    return chosen


def _words(encounter: Encounter) -> set[str]:
    return {word.lower() for note in encounter.notes for word in WORD.findall(note.text)}


ORDERS = {"random": _at_random, "expected changes": _by_changes, "changes a decision": _by_share,
          "new words": _by_new_words}  # fmt: skip


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
        model = learn(sorted(coded, key=lambda one: one.encounter_id))
        points.append(Point(decisions, len(coded), _f1(model, test)))
        if not pool:
            return points
        answers = {one.encounter_id: model.suggest(one) for one in pool}
        chosen = ORDERS[order](Pool(pool, answers, coded, draw))[:step]
        for one in chosen:
            decisions += decisions_needed(answers[one.encounter_id], {(code.system, code.code) for code in one.codes})
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


def _area(points: Sequence[Point], until: int) -> float:
    """Mean F1 over the decisions up to a number of them."""
    total = 0.0
    for one, other in pairwise(points):
        width = min(other.decisions, until) - one.decisions
        if width > 0:
            slope = (other.f1 - one.f1) / (other.decisions - one.decisions)
            total += width * (one.f1 + slope * width / 2)
    return total / until


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
    parser.add_argument("--system", action="append", help="a code system to learn; all by default")
    parser.add_argument("--order", action="append", choices=ORDERS, help="beside random order; all by default")
    parser.add_argument("--json", type=Path, help="also write every point there")
    asked = parser.parse_args(arguments)
    found = _found(asked.corpus, asked.split, asked.share, asked.system)
    runs: dict[str, list[list[Point]]] = {name: [] for name in ("random", *(asked.order or [*ORDERS][1:]))}
    for seed in range(asked.seeds):
        learn = _learner()  # rounds that several orders share are learned once
        for name, points in runs.items():
            points.append(spin(found, name, seed=seed, rounds=asked.rounds, learn=learn))
        if asked.json:
            whole = {name: [[asdict(point) for point in one] for one in seeds] for name, seeds in runs.items()}
            asked.json.write_text(json.dumps(whole), encoding="utf-8")
    print("\n".join(_told(runs)))


def _found(corpus: Path, split: str, share: float, systems: Sequence[str] | None) -> list[Encounter]:
    """A share of a split, drawn with a seed of its own, with the codes of the systems asked for."""
    whole = [replace(one, codes=tuple(code for code in one.codes if not systems or code.system in systems))
             for one in iter_split(corpus, split)]  # fmt: skip
    whole = [one for one in whole if one.codes]
    return random.Random(0).sample(whole, max(10, round(share * len(whole))))


def _learner() -> Learn:
    known: dict[tuple[str, ...], Suggester] = {}

    def learn(coded: Sequence[Encounter]) -> Suggester:
        key = tuple(one.encounter_id for one in coded)
        if key not in known:
            with tempfile.TemporaryDirectory() as folder:
                known[key] = train(list(coded), Path(folder) / "model", LIGHT, earlier=None).model
        return known[key]

    return learn


def _told(runs: Mapping[str, Sequence[Sequence[Point]]]) -> Iterator[str]:
    for name, seeds in runs.items():
        for at, row in enumerate(zip(*seeds, strict=True)):
            mean = statistics.mean(point.decisions for point in row)
            yield (f"{name:18} round {at}  {row[0].encounters:4} encounters  {mean:7.0f} decisions  "
                   f"F1 {_interval([point.f1 for point in row])}")  # fmt: skip
    for name in runs:
        if name == "random":
            continue
        pairs = list(zip(runs["random"], runs[name], strict=True))
        for share in GOALS:
            goals = [share * min(one[-1].f1, other[-1].f1) for one, other in pairs]
            ratios = [needed(other, goal) / max(1.0, needed(one, goal))
                      for (one, other), goal in zip(pairs, goals, strict=True)]  # fmt: skip
            yield f"{name}: decisions for {share:.0%} of the last F1, against random order: {_interval(ratios)}"
        ends = [min(one[-1].decisions, other[-1].decisions) for one, other in pairs]
        ahead = [_area(other, end) - _area(one, end) for (one, other), end in zip(pairs, ends, strict=True)]
        yield f"{name}: mean F1 over the decisions, ahead of random order: {_interval(ahead)}"


if __name__ == "__main__":
    main()
