"""Figures of suggestions for coded notes, and the line between suggested and further codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from leadterm.codes.systems import dictionary_system
from leadterm.schema import Encounter

__all__ = ["Answer", "answer", "choose_line", "figures"]

ROWS = 15
"""Rows that a person sees of a note."""
LEADS = ("principal", "first-listed")
AS_GOOD = 0.008
STEPS = np.round(np.arange(0.1, 0.7, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was suggested for a coded note.

    ``codes``: candidates, in the order shown. ``confidence``: of each, shape (n_codes,). ``must``, ``may``, ``lead``:
    codes demanded, codes neither right nor wrong, and those that may stand first.

    >>> answer = Answer(("I10",), np.array([0.9]), frozenset({"I10"}), frozenset(), frozenset({"I10"}))
    >>> answer.above(0.5)
    ('I10',)
    """

    codes: tuple[str, ...]
    confidence: NDArray[np.float64]
    must: frozenset[str]
    may: frozenset[str]
    lead: frozenset[str]

    def above(self, line: float) -> tuple[str, ...]:
        """Give the codes at or above a line, in order."""
        return tuple(code for code, sure in zip(self.codes, self.confidence.tolist(), strict=True) if sure >= line)


def answer(encounter: Encounter, codes: Sequence[str], confidence: ArrayLike, *, ordered: bool = False) -> Answer:
    """Lay suggestions beside the reference codes of ICD-10-CM.

    With the reference codes by need. ``confidence``: of each, shape (n_codes,). ``ordered``: whether they stand in the
    order shown; else the highest confidence comes first, then the order of codes.
    """
    sure = np.asarray(confidence, dtype=np.float64)
    order = list(range(len(codes))) if ordered else sorted(range(len(codes)), key=lambda i: (-sure[i], codes[i]))
    given = [code for code in encounter.codes if code.system == dictionary_system()]
    must = frozenset(code.code for code in given if code.need == "must")
    may = frozenset(code.code for code in given) - must
    lead = frozenset(code.code for code in given if code.role in LEADS)
    return Answer(tuple(codes[i] for i in order), sure[order], must, may, lead)


def figures(answers: Iterable[Answer], line: float) -> dict[str, float]:
    """Score answers: optional codes neither help nor hurt.

    ``f1 precision recall`` over all codes; ``in_15``: share of the demanded codes among the first 15 rows;
    ``first_listed``: share of the notes with a demanded code whose first suggested code may stand first; ``notes``.
    ``line``: confidence from which on a code is suggested.

    >>> demanded, optional = frozenset({"I10"}), frozenset({"R05.9"})
    >>> one = Answer(("I10", "R05.9"), np.array([0.9, 0.6]), demanded, optional, demanded)
    >>> figures([one], 0.5)["f1"]
    1.0
    """
    right = wrong = missed = shown = first = notes = 0
    for one in answers:
        above = one.above(line)
        right += len(one.must.intersection(above))
        wrong += len(set(above) - one.must - one.may)
        missed += len(one.must.difference(above))
        shown += len(one.must.intersection(one.codes[:ROWS]))
        notes += bool(one.must)
        first += bool(above and above[0] in one.lead)
    demanded = max(right + missed, 1)
    return {
        "f1": 2 * right / max(2 * right + wrong + missed, 1), "precision": right / max(right + wrong, 1),
        "recall": right / demanded, "in_15": shown / demanded, "first_listed": first / max(notes, 1),
        "notes": float(notes),
    }  # fmt: skip


def choose_line(answers: Mapping[str, Sequence[Answer]], shares: Mapping[str, float]) -> float:
    """Choose the surest line whose F1 is as good as the best, averaged over sources by their shares.

    The curve is flat near its top; of coders elsewhere, more report less than ours than the other way round.
    Sources without answers are left out.

    >>> one = Answer(("I10", "R05.9"), np.array([0.9, 0.3]), frozenset({"I10"}), frozenset(), frozenset())
    >>> choose_line({"a": [one], "b": []}, {"a": 1.0, "b": 1.0})
    0.69
    """

    def worth(line: float) -> float:
        return sum(share * figures(answers[name], line)["f1"] for name, share in shares.items() if answers.get(name))

    worths = {float(line): worth(line) for line in STEPS}
    return max(line for line, found in worths.items() if found >= max(worths.values()) - AS_GOOD)
