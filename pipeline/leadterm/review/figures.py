"""What decisions tell: how suggestions fare by code and month, the time an encounter takes, agreement, bias, drift."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from leadterm.corpus.baseline import Baseline, category_of, divergence, gather_baseline, words_of
from leadterm.decisions.changes import Entry, key_of
from leadterm.decisions.verdicts import Standing, standing
from leadterm.review.double import AGREEMENT, finished_lanes, overlap
from leadterm.review.workbench import Workbench
from leadterm.schema import Encounter, ReferenceCode

__all__ = ["figures"]

PAUSE = 300.0  # seconds without a key after which somebody was away
MOST_CODES = 40
BELOW = "below-line"
Code = tuple[str, str]


@dataclass
class Tally:
    """What became of a code. ``missed``: coded though it was not proposed."""

    accepted: int = 0
    rejected: int = 0
    replaced: int = 0
    missed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give it with the share that was accepted."""
        proposed = self.accepted + self.rejected + self.replaced
        return {"accepted": self.accepted, "rejected": self.rejected, "replaced": self.replaced, "missed": self.missed,
                "share": self.accepted / proposed if proposed else None}  # fmt: skip


def figures(bench: Workbench, baseline: Baseline | None = None) -> dict[str, Any]:
    """Give all figures as plain JSON."""
    versions = _versions(bench)
    codes, months, reasons = _tallies(versions)
    rows = [{"system": system, "code": code, **tally.to_json()} for (system, code), tally in codes.items()]
    wrong = [row for row in rows if row["rejected"] + row["replaced"]]
    return {
        "encounters": len({entries[0].key[:2] for entries, _ in versions}),
        "finished": sum(state.finished for _, state in versions),
        "codes": sorted(rows, key=lambda row: -(row["accepted"] + row["rejected"] + row["replaced"]))[:MOST_CODES],
        "missed": sorted((row for row in rows if row["missed"]), key=lambda row: -row["missed"])[:MOST_CODES],
        "over": sorted(wrong, key=lambda row: -(row["rejected"] + row["replaced"]))[:MOST_CODES],
        "months": [{"month": month, **tally.to_json()} for month, tally in sorted(months.items())],
        "reasons": dict(reasons.most_common()), "time": _time(bench, versions), "agreement": _agreement(bench),
        "bias": _bias(bench), "drift": _drift(bench, versions, baseline or Baseline()),
    }  # fmt: skip


def _versions(bench: Workbench) -> list[tuple[list[Entry], Standing]]:
    """Each coder's version of each encounter, and the one that counts, but not that which agreement closed."""
    found: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for entry in bench.store.everything():
        if entry.who != AGREEMENT:
            found[entry.key].append(entry)
    return [(entries, standing(entries)) for entries in found.values()]


def _tallies(
    versions: Iterable[tuple[list[Entry], Standing]],
) -> tuple[dict[Code, Tally], dict[str, Tally], Counter[str]]:
    codes: dict[Code, Tally] = defaultdict(Tally)
    months: dict[str, Tally] = defaultdict(Tally)
    reasons: Counter[str] = Counter()
    for entries, state in versions:
        month = months[entries[-1].at[:7]]
        for code, name, reason in _outcomes(state):
            for tally in (codes[code], month):
                setattr(tally, name, getattr(tally, name) + 1)
            reasons.update([reason] if reason else [])
    return codes, months, reasons


def _outcomes(state: Standing) -> Iterator[tuple[Code, str, str]]:
    """What became of each code, with the reason; what was rejected with the rest below the line was never proposed."""
    for code, verdict in state.verdicts.items():
        if verdict.status == "added":
            yield code, "missed", ""
        elif verdict.status in ("accepted", "rejected", "replaced") and verdict.reason != BELOW:
            yield code, verdict.status, verdict.reason
        if verdict.status == "replaced":
            yield (code[0], verdict.to), "missed", ""


def _time(bench: Workbench, versions: Sequence[tuple[list[Entry], Standing]]) -> dict[str, Any]:
    """Minutes that finished encounters took, pauses left out, from the first look to the last key."""
    looks: dict[tuple[str, str], list[float]] = defaultdict(list)
    for look in bench.store.looks(100_000):
        looks[look["who"], look["encounter"]].append(_seconds(look["at"]))
    taken: dict[str, list[float]] = defaultdict(list)
    for entries, state in versions:
        if state.finished:
            who = entries[-1].who
            times = sorted([_seconds(one.at) for one in entries if one.who == who] + looks[who, entries[0].encounter])
            gaps = (later - earlier for earlier, later in pairwise(times))
            taken[entries[-1].at[:7]].append(sum(gap for gap in gaps if gap <= PAUSE) / 60)
    every = [minutes for some in taken.values() for minutes in some]
    months = [{"month": month, "median": median(some), "n": len(some)} for month, some in sorted(taken.items())]
    return {"median": median(every) if every else None, "encounters": len(every), "months": months}


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _agreement(bench: Workbench) -> dict[str, Any]:
    """How far coders agree: pairs, each code, and each encounter that two finished."""
    from leadterm.errors import LeadtermError
    from leadterm.evaluation.agreement import agreement

    coded: dict[str, dict[str, list[str]]] = defaultdict(dict)
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    rows = []
    for number, encounter in enumerate(bench.encounters):
        versions = finished_lanes(bench, number)
        if len(versions) < 2:
            continue
        rows.append({"n": number, "id": encounter.encounter_id, "share": overlap(versions)})
        for who, state in versions.items():
            coded[who][encounter.encounter_id] = [code for _, code in state.final]
        for code in {code for state in versions.values() for _, code in state.final}:
            have = sum(any(code == other for _, other in state.final) for state in versions.values())
            codes[code]["all" if have == len(versions) else "some"] += 1
    try:
        found = agreement(coded, n_bootstrap=200) if len(coded) > 1 else None
    except LeadtermError:  # two who share no encounter
        found = None
    told = sorted(codes.items(), key=lambda pair: (-pair[1]["some"], -pair[1]["all"], pair[0]))[:MOST_CODES]
    return {
        "pairs": [{"a": one.a, "b": one.b, "encounters": one.n_encounters, "f1": one.micro_f1, "low": one.low,
                   "high": one.high, "exact": one.exact_match, "alpha": one.alpha}
                  for one in (found.pairs if found else ())],
        "codes": [{"code": code, "all": count["all"], "some": count["some"]} for code, count in told],
        "encounters": sorted(rows, key=lambda row: row["share"] or 0.0),
    }  # fmt: skip


def _bias(bench: Workbench) -> dict[str, Any]:
    """What seeing the suggestions changed, of those who coded first without them.

    ``followed``: of the codes in which a coder and the model differed, how many went the model's way. ``wrong`` and
    ``right``: of these, as the version that counts has it, where there is one.
    """
    count: Counter[str] = Counter()
    for number, encounter in enumerate(bench.encounters):
        for lane in bench.store.lanes(key_of(encounter)):
            entries = bench.entries(number, lane)
            at = next((i for i, one in enumerate(entries) if any(c.action == "reveal" for c in one.changes)), None)
            state = bench.standing(number, lane)
            if at is None or not state.finished:
                continue
            own, final = set(standing(entries[:at]).final), set(state.final)
            result = bench.suggestions(number)
            offered = {(one.system, one.code) for one in result.suggestions if one.confidence >= result.threshold}
            counts = bench.standing(number)
            _count(count, own, final, offered, set(counts.final) if lane and counts.finished else None)
    differed = count["offered"] + count["alone"]
    went = count["adopted"] + count["dropped"]
    return {**count, "followed": went / differed if differed else None, "encounters": count["encounters"]}


def _count(count: Counter[str], own: set[Code], final: set[Code], offered: set[Code], truth: set[Code] | None) -> None:
    """Count one encounter coded blind, then seen."""
    adopted, dropped = (final - own) & offered, (own - offered) - final
    count.update(encounters=1, offered=len(offered - own), alone=len(own - offered), adopted=len(adopted),
                 dropped=len(dropped), agreed=len(own & offered))  # fmt: skip
    if truth is not None:
        wrong = len(adopted - truth) + len(dropped & truth)
        count.update(judged=1, wrong=wrong, right=len(adopted) + len(dropped) - wrong)


def _drift(
    bench: Workbench, versions: Sequence[tuple[list[Entry], Standing]], baseline: Baseline
) -> dict[str, Any]:
    """Month by month, how far words and codes are from where the model learned; if that is not known, from the first.

    ``new_words``: share of the running words that are not common there, ``usual`` the same share there. ``code_shift``:
    how far the mix of categories moved, ``chance`` how far it moves by chance alone with so few codes.
    """
    by_key = {key_of(one): one for one in bench.encounters}
    months: dict[str, list[Encounter]] = defaultdict(list)
    for entries, state in versions:
        encounter = by_key.get(entries[0].key[:2])
        if encounter is not None and state.finished:
            codes = tuple(ReferenceCode(system, code) for system, code in state.final)
            months[entries[-1].at[:7]].append(replace(encounter, codes=codes))
    if months and not baseline.name:
        first = min(months)
        baseline = gather_baseline(first, months[first], least=1)
    rows = []
    for month, encounters in sorted(months.items()):
        words = [word for one in encounters for word in words_of(one)]
        mix = Counter(category_of(code.code) for one in encounters for code in one.codes)
        rows.append({"month": month, "new_words": baseline.count_new(words) / (len(words) or 1), "words": len(words),
                     "code_shift": divergence(mix, baseline.categories), "codes": mix.total(),
                     "chance": baseline.by_chance(mix.total())})  # fmt: skip
    return {"against": baseline.name, "usual": baseline.new, "months": rows}
