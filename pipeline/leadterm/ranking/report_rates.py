"""How often coders report a code, beside what its evidence would let one expect, in each kind of document."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import LeadtermError

__all__ = ["RATE_FEATURES", "ReportRates", "learn_rates"]

RATE_FEATURES = (
    "reported_chapter", "reported_category", "reported_code", "reported_code_here", "reported_category_here",
    "reported_seen",
)  # fmt: skip
RATE_ARRAYS = ("codes", "kinds", "observed", "expected")
EVERYWHERE = ""
LEVELS = (1, 3, 8)
"""Characters of a code that make up its chapter, its category and, up to eight, itself."""
WEIGHTS = (10.0, 6.0, 4.0)
"""How many expected reports the coarser level counts for, by level."""
LEAST = 0.5
MOST_KEPT = 4096  # codes in a kind of document
_Counts = Mapping[tuple[str, str], tuple[float, float]]


@dataclass(frozen=True)
class ReportRates:
    """Counts of candidates that were reported, and that were expected to be, by code, category and chapter.

    ``codes``: a code or the beginning of one, shape (n,). ``kinds``: kind of document; empty for all together, shape
    (n,). ``observed``, ``expected``: candidates that coders reported, and the sum of the probabilities that a ranker
    without knowledge of codes gave, shape (n,).

    >>> rates = learn_rates(["I10"] * 9, [True] * 9, [0.4] * 9, ["clinic"] * 9)
    >>> [f"{value:.2f}" for value in rates.columns(["I10", "E11.9"], "clinic")[:, 2]]
    ['0.76', '0.00']
    """

    codes: NDArray[np.bytes_]
    kinds: NDArray[np.bytes_]
    observed: NDArray[np.float32]
    expected: NDArray[np.float32]
    _known: dict[tuple[str, str], tuple[float, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        arrays = (self.codes, self.kinds, self.observed, self.expected)
        sound = {array.shape for array in arrays} == {(len(self.codes),)} and self.codes.dtype.kind == "S"
        numbers = all(np.isfinite(array).all() and (array >= 0).all() for array in arrays[2:])
        if not sound or self.kinds.dtype.kind != "S" or not numbers:
            raise LeadtermError("the rates of reported codes are not sound.", hint="Train the model again.")

    @cached_property
    def _counts(self) -> _Counts:
        names = zip(self.codes.astype(str).tolist(), self.kinds.astype(str).tolist(), strict=True)
        counts = zip(self.observed.tolist(), self.expected.tolist(), strict=True)
        return dict(zip(names, counts, strict=True))

    def columns(self, codes: Sequence[str], kind: str) -> NDArray[np.float32]:
        """Describe codes in a kind of document, one column a name of `RATE_FEATURES`.

        All but the last are the logarithm of observed over expected, each shrunken towards the level above.
        """
        rows = [self._of(code, kind) for code in codes]
        return np.array(rows, dtype=np.float32).reshape(len(rows), len(RATE_FEATURES))

    def _of(self, code: str, kind: str) -> tuple[float, ...]:
        key = (code, kind)
        if key not in self._known:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[key] = self._describe(code, kind)
        return self._known[key]

    def _describe(self, code: str, kind: str) -> tuple[float, ...]:
        every: list[float] = [1.0]
        here: list[float] = [1.0]
        for length, weight in zip(LEVELS, WEIGHTS, strict=True):
            before = every[-1]
            every.append(self._ratio(code[:length], EVERYWHERE, before, weight))
            # what holds here beyond what holds everywhere is carried down from the level above
            here.append(self._ratio(code[:length], kind, here[-1] * every[-1] / before, weight))
        seen = self._counts.get((code[: LEVELS[-1]], EVERYWHERE), (0.0, 0.0))[1]
        return (*map(math.log, (every[1], every[2], every[3], here[3], here[2])), math.log1p(seen))

    def _ratio(self, part: str, kind: str, prior: float, weight: float) -> float:
        observed, expected = self._counts.get((part, kind), (0.0, 0.0))
        return (observed + weight * prior) / (expected + weight)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Give the arrays by name."""
        return {name: getattr(self, name) for name in RATE_ARRAYS}


def learn_rates(
    codes: Iterable[str], reported: Iterable[bool], expected: Iterable[float], kinds: Iterable[str]
) -> ReportRates:
    """Count candidates.

    Without what was hardly seen. ``codes``: code of each candidate. ``reported``: whether a coder gave it.
    ``expected``: probability by a ranker that knows no code and has not learned from the encounter. ``kinds``: kind of
    the document.
    """
    counts: dict[tuple[str, str], list[float]] = {}
    for code, hit, chance, kind in zip(codes, reported, expected, kinds, strict=True):
        for part in {code[:length] for length in LEVELS}:  # a category may be a code
            for place in (EVERYWHERE, kind):
                one = counts.setdefault((part, place), [0.0, 0.0])
                one[0] += hit
                one[1] += chance
    kept = sorted((key, found) for key, found in counts.items() if sum(found) >= LEAST)
    return ReportRates(
        np.array([code for (code, _), _ in kept], dtype="S8"), np.array([kind for (_, kind), _ in kept], dtype="S40"),
        np.array([found[0] for _, found in kept], np.float32), np.array([found[1] for _, found in kept], np.float32),
    )  # fmt: skip
