"""The dictionary's candidates under the codes that a corpus uses: of an older system, or without the 7th character."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.codes.crosswalk import snap
from leadterm.codes.systems import dictionary_system, spec_of

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.ranking.candidate_table import CandidateTable

__all__ = ["known_systems", "table_for"]

_CLEAR = 5


def known_systems() -> frozenset[str]:
    """Give the dictionary's code system, and those its codes can be mapped to."""
    own = dictionary_system()
    return frozenset({own, *spec_of(own).crosswalks})


def table_for(table: CandidateTable, system: str, codes: frozenset[str], own: CodeSystem) -> CandidateTable:
    """Give candidates the codes that a corpus would give them.

    Of candidates that become one, the best stands; those without a counterpart are left out. ``codes``: codes of the
    corpus: they show the form that it gives to codes.
    """
    if system != table.system:
        crosswalk = spec_of(table.system).crosswalks[system]
        mapped = (crosswalk(code) for code in table.codes)
        return table.renamed(system, [code and snap(code, codes) for code in mapped], by="earlier_score")
    short = _shortened(own, codes)
    return table.renamed(system, [short.get(c, c) for c in table.codes], by="earlier_score") if short else table


@lru_cache(maxsize=4)
def _shortened(system: CodeSystem, codes: frozenset[str]) -> Mapping[str, str]:
    """What a corpus that mostly leaves the 7th character out writes for codes that end in one, by chapter letter."""
    short = {code: code[:-1] for code in system.codes if system.is_extended(code)}
    without, balance = frozenset(short.values()), Counter[str]()
    for code in codes:
        balance[code[:1]] += (code in without) - (code in short)
    whole = {letter for letter, more in balance.items() if more < 0}
    clear = balance.total() >= _CLEAR
    return {code: bare for code, bare in short.items() if code[0] not in whole} if clear else {}
