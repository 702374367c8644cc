"""What another model says of an encounter, as columns beside those of the model that is trained on top of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from leadterm.ranking.candidate_table import CandidateTable
from leadterm.schema import Encounter
from leadterm.suggester import Stages

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Prior"]


class Prior(Stages, Protocol):
    """A model that another can be trained on top of: the dictionary's, or one learned from a corpus."""

    @property
    def prior_systems(self) -> frozenset[str]:
        """Code systems that it knows, or that its codes can be mapped to."""

    @property
    def fingerprint(self) -> list[Any]:
        """What sets it apart from another of its name; JSON can hold it."""

    def prior_table(self, encounter: Encounter, system: str, codes: frozenset[str] = frozenset()) -> CandidateTable:
        """Give its log-odds and rank of each candidate, and perhaps features; `codes` are those of the corpus."""

    def pack(self, place: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any], Any]:
        """Give arrays, JSON parts and a header, to be kept within the model trained on top of it."""
