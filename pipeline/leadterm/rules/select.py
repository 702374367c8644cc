"""From scores to a set: which candidates are suggested, in which order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

__all__ = ["Scored", "select"]


class Scored(Protocol):
    """A code of a system with its calibrated confidence."""

    @property
    def system(self) -> str:
        """The code system."""

    @property
    def code(self) -> str:
        """The code."""

    @property
    def confidence(self) -> float:
        """Probability in ``[0, 1]`` that a coder would assign it."""


Candidate = TypeVar("Candidate", bound=Scored)


def select(candidates: Iterable[Candidate], *, least: float = 0.0, top: int | None = None) -> list[Candidate]:
    """Order the candidates of an encounter and keep those wanted.

    Confidence descending, then code system and code ascending: the place of each is its rank less one.
    ``candidates``: of one or more code systems, in any order.

    >>> from collections import namedtuple
    >>> Code = namedtuple("Code", "system code confidence")
    >>> found = select([Code("icd10cm", "J45.909", 0.2), Code("icd10cm", "I10", 0.9), Code("icd10cm", "E11.9", 0.9)])
    >>> [one.code for one in found]
    ['E11.9', 'I10', 'J45.909']
    """
    kept = [one for one in candidates if one.confidence >= least]
    return sorted(kept, key=lambda one: (-one.confidence, one.system, one.code))[:top]
