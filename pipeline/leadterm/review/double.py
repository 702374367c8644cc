"""Several people code the same: where they agree the case closes by itself, where they differ somebody decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from leadterm.decisions.changes import Change, Entry, key_of, mark_of
from leadterm.decisions.verdicts import Standing, Verdict, standing
from leadterm.review.workbench import Workbench

__all__ = ["agreed_codes", "close_agreed", "finished_lanes", "overlap", "with_agreed"]

AGREEMENT = "agreement"
"""Who decides where all say the same."""
LEAST = 2
Code = tuple[str, str]


def finished_lanes(bench: Workbench, number: int) -> dict[str, Standing]:
    """Give the coders who finished an encounter, each with where it stands for them."""
    key = key_of(bench.encounter(number))
    made = {lane: bench.standing(number, lane) for lane in bench.store.lanes(key) if lane}
    return {lane: state for lane, state in made.items() if state.finished}


def agreed_codes(versions: Mapping[str, Standing]) -> dict[Code, Verdict]:
    """Give the codes that all coders have, as the first of them has them."""
    if len(versions) < LEAST:
        return {}
    finals = [state.final for state in versions.values()]
    return {code: verdict for code, verdict in finals[0].items() if all(code in final for final in finals[1:])}


def overlap(versions: Mapping[str, Standing]) -> float | None:
    """Tell how far coders agree on an encounter: twice the shared codes by all of both, averaged over the pairs."""
    pairs = list(combinations([set(state.final) for state in versions.values()], 2))
    if not pairs:
        return None
    shares = [2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0 for one, other in pairs]
    return sum(shares) / len(shares)


def close_agreed(bench: Workbench, number: int) -> bool:
    """Close an encounter on which all finished coders say the same, its sequence and indicators included."""
    versions = finished_lanes(bench, number)
    told = [[(code, one.poa, one.line) for code, one in state.final.items()] for state in versions.values()]
    if len(told) < LEAST or any(one != told[0] for one in told[1:]) or bench.standing(number).finished:
        return False
    encounter = bench.encounter(number)
    result = bench.suggestions(number)
    changes = (*_accepted(next(iter(versions.values()))), Change("finish"))
    name = f"agreed-{mark_of(encounter)}"
    bench.store.append(
        Entry(name, "", AGREEMENT, *key_of(encounter), changes, result.model, dict(result.releases))
    )
    return True


def with_agreed(bench: Workbench, number: int, changes: Sequence[Change]) -> list[Change]:
    """Add the codes that all agree on to changes that finish the deciding between coders, so that they stand alone."""
    if not any(change.action == "finish" for change in changes):
        return list(changes)
    decided = standing(bench.entries(number)).verdicts
    versions = finished_lanes(bench, number)
    agreed = agreed_codes(versions)
    missing = {code: replace(one, poa=decided.get(code, Verdict()).poa or one.poa) for code, one in agreed.items()
               if decided.get(code, Verdict()).status == "open"}  # fmt: skip
    added = _accepted(Standing(verdicts=_as_added(missing)))
    return [*added, *_in_their_order(bench, number, [*missing], versions), *changes]


def _in_their_order(
    bench: Workbench, number: int, missing: Sequence[Code], versions: Mapping[str, Standing]
) -> list[Change]:
    """Put the codes in the coders' order, by their mean place; nothing where somebody has put them in one already."""
    entries = bench.entries(number)
    if any(change.action == "sequence" for entry in entries for change in entry.changes):
        return []
    orders = [list(state.final) for state in versions.values()]

    def place(code: Code) -> float:
        places = [order.index(code) for order in orders if code in order]
        return sum(places) / len(places) if places else len(orders) + sum(map(len, orders))

    codes = sorted(dict.fromkeys([*standing(entries).final, *missing]), key=place)
    return [Change("sequence", value=" ".join(f"{system}:{code}" for system, code in codes))] if codes else []


def _as_added(codes: Mapping[Code, Verdict]) -> dict[Code, Verdict]:
    return {code: Verdict("added", poa=one.poa, evidence=one.evidence, line=one.line) for code, one in codes.items()}


def _accepted(state: Standing) -> list[Change]:
    """The final codes of a version as changes that bring them about, in its sequence."""
    made = []
    for (system, code), one in state.final.items():
        made.append(Change("add", system, code, evidence=one.evidence, line=one.line))
        if one.poa:
            made.append(Change("poa", system, code, value=one.poa))
    return made
