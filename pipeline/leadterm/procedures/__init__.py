"""What was done, given and supplied: readers of notes that make candidates in the systems of procedures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from leadterm.schema import SETTINGS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from leadterm.ranking.candidate_table import CandidateTable
    from leadterm.schema import Encounter
    from leadterm.text.open_note import OpenNote

__all__ = ["MAKERS", "Maker", "ProcedureReader", "procedure_systems", "reader_of"]


class ProcedureReader(Protocol):
    """Finds the procedures of one code system in notes that the text pipeline has read."""

    def candidates(self, encounter: Encounter, notes: Sequence[OpenNote]) -> CandidateTable:
        """Describe the candidates of an encounter, in order of code, with their mentions and hints."""

    def rank(self, table: CandidateTable) -> NDArray[np.float64]:
        """Give the calibrated confidence of each candidate, shape (n_codes,)."""

    def titles(self, codes: Sequence[str]) -> Mapping[str, str]:
        """Give the titles of codes."""


@dataclass(frozen=True, slots=True)
class Maker:
    """How the reader of a system is made.

    ``loader``: ``module:function``, which takes the date of service or None and gives a `ProcedureReader`.
    ``settings``: where the system is used when nobody asks for it by name. ``needs_codes``: whether it can only be
    asked where codes of the system are at hand.
    """

    loader: str
    settings: tuple[str, ...] = SETTINGS
    needs_codes: bool = False


MAKERS: dict[str, Maker] = {
    "icd10pcs": Maker("leadterm.procedures.pcs_reader:make_reader", settings=("inpatient",)),
    "hcpcs": Maker("leadterm.procedures.services.reader:make_reader", settings=("outpatient",), needs_codes=True),
    "cpt": Maker("leadterm.procedures.services.reader:make_licensed_reader", ("outpatient",), needs_codes=True),
}
"""Code system → how its reader is made. A new system is a module and a line here."""


def procedure_systems(setting: str | None = None) -> tuple[str, ...]:
    """Name the systems that have a reader and codes: all, or those used in a setting."""
    from leadterm.codes.registry import is_at_hand

    return tuple(
        system for system, maker in MAKERS.items()
        if (setting is None or setting in maker.settings) and (not maker.needs_codes or is_at_hand(system))
    )  # fmt: skip


@lru_cache(maxsize=16)
def reader_of(system: str, date: str | None = None) -> ProcedureReader:
    """Give the reader of a system for a date of service; made once, when it is first asked for."""
    module, function = MAKERS[system].loader.split(":")
    reader: ProcedureReader = getattr(import_module(module), function)(date)
    return reader
