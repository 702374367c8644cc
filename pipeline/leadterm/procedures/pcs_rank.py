"""How sure a procedure code is: a logistic score over named facts, its weights in ``pcs_weights.tsv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from leadterm.procedures.pcs_build import Support

__all__ = ["FEATURES", "confidence_of", "features_of"]

STANDINGS = ("named", "done", "said", "planned", "past", "elsewhere", "not", "refused")
SECTIONS = ("0", "1", "2", "3", "4", "5", "B", "other")
SURE = 3
STEP, FAINT = 0.1, 0.1
FEATURES = (
    *(f"standing_{name}" for name in STANDINGS),
    "sure_2", "sure_3", "from_index", "from_operation", "is_other", "second_other", "said", "open", "mentions",
    "done_mentions", "operative", "operative_said", "operative_sure_3", "same_stem_chosen", "lead", "rivals",
    "named_chosen", "named_sure", "done_chosen", "done_sure", "said_chosen", "planned_operative", "biopsy",
    "inspection_beside", "drain_beside", "step_beside", "done_best",
    *(f"section_{name}" for name in SECTIONS),
)  # fmt: skip


def features_of(found: Sequence[tuple[str, Sequence[Support]]]) -> NDArray[np.float32]:
    """Describe candidates: shape (n_codes, n_features); of each code all places that lead to it, the best first."""
    chosen = {code[:4] for code, places in found if any(not s.built.other for s in places)}
    main = {code for code, places in found if _is_main(code, places)}
    rivals: dict[str, int] = {}
    best: dict[tuple[str, int], tuple[int, bool]] = {}
    for one in (s for _, places in found for s in places if not s.built.other):
        best[one.item] = max(best.get(one.item, one.strength), one.strength)
    for code, places in found:
        if not places[0].built.other:
            rivals[code[:3]] = rivals.get(code[:3], 0) + 1
    rows = [
        [*_row(code, places, chosen, rivals), *_beside(code, places, main), _best(places, best), *_sections(code)]
        for code, places in found
    ]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES))


def _row(code: str, places: Sequence[Support], chosen: set[str], rivals: dict[str, int]) -> list[float]:
    best = places[0]
    starts = {s.mention.start for s in places}
    done = {s.mention.start for s in places if s.standing in ("named", "done")}
    other = min(s.built.other for s in places)
    sure = max(s.way.sure for s in places)
    named, did, chosen_one = best.standing == "named", best.standing == "done", not other
    return [
        *(float(best.standing == name) for name in STANDINGS),
        float(sure == 2), float(sure == 3), float(best.way.source == "index"),
        float(all(s.way.source == "operation" for s in places)), float(other > 0), float(other > 1),
        float(best.built.said), float(best.built.open), float(np.log1p(len(starts))), float(np.log1p(len(done))),
        float(best.operative), float(best.operative and best.standing == "said"), float(best.operative and sure == 3),
        float(other > 0 and code[:4] in chosen), 1.0 - best.place, float(np.log1p(rivals.get(code[:3], 0))),
        float(named and chosen_one), float(named and chosen_one and sure == 3), float(did and chosen_one),
        float(did and chosen_one and sure == 3), float(best.standing == "said" and chosen_one),
        float(best.standing == "planned" and best.operative), float(code[0] == "0" and code[6] == "X"),
    ]  # fmt: skip


def _best(places: Sequence[Support], best: Mapping[tuple[str, int], tuple[int, bool]]) -> float:
    """Whether it was done, and nothing in its sentence is better known."""
    return float(any(s.standing == "done" and not s.built.other and s.strength == best[s.item] for s in places))


def _sections(code: str) -> list[float]:
    section = code[0] if code[0] in SECTIONS else "other"
    return [float(section == name) for name in SECTIONS]


def _is_main(code: str, places: Sequence[Support]) -> bool:
    """Whether a code is an operation of its own that the title of the report names, or the text says was done."""
    best = places[0]
    done = best.standing in ("named", "done") and not best.built.other
    return code[0] == "0" and code[2] not in "J9" and best.way.sure >= SURE and done


def _beside(code: str, places: Sequence[Support], main: set[str]) -> list[float]:
    """Steps of another operation: an inspection (B3.11a), a drain left behind, what the title does not name."""
    others = [other for other in main if other != code]
    near = any(other[:2] == code[:2] for other in others)
    named = any(s.standing == "named" for s in places)
    return [
        float(code[0] == "0" and code[2] == "J" and near), float(code[0] == "0" and code[2] == "9" and bool(others)),
        float(not named and bool(others)),
    ]  # fmt: skip


@lru_cache(maxsize=1)
def _weights() -> tuple[float, NDArray[np.float64]]:
    held = {row["feature"]: float(row["weight"]) for row in package_table("leadterm.procedures", "pcs_weights.tsv")}
    return held["intercept"], np.array([held.get(name, 0.0) for name in FEATURES])


def confidence_of(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the probability that a coder assigns each candidate, shape (n_codes,).

    What no title names and hardly speaks for itself is a step of something else, or of another time: coders report
    next to none of these.
    """
    intercept, weights = _weights()
    sure = np.asarray(1 / (1 + np.exp(-(features @ weights + intercept))), dtype=np.float64)
    told = features[:, FEATURES.index("standing_named")] > 0
    return np.where(told | (sure >= STEP), sure, sure * FAINT)
