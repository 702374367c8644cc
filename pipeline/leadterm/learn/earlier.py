"""What an earlier model says of an encounter, as columns beside those of the model being trained.

The earlier model is the dictionary's (``--from default``) or one learned from a corpus (``--continue``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.learn.table import CandidateTable
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from leadterm.learn.model import CorpusModel
    from leadterm.suggester import Suggester

__all__ = ["earlier_systems", "earlier_table"]


def earlier_systems(earlier: Suggester | CorpusModel) -> frozenset[str]:
    """Give the code systems an earlier model knows.

    Parameters
    ----------
    earlier : Suggester or CorpusModel
        The model.

    Returns
    -------
    frozenset of str
        Their names.
    """
    from leadterm.learn.model import CorpusModel

    return frozenset(earlier.systems if isinstance(earlier, CorpusModel) else [earlier.system.name])


def earlier_table(earlier: Suggester | CorpusModel, encounter: Encounter, system: str) -> CandidateTable:
    """Ask an earlier model for its candidates.

    Parameters
    ----------
    earlier : Suggester or CorpusModel
        The model.
    encounter : Encounter
        Any encounter; one that a corpus model did not learn from.
    system : str
        A code system it knows.

    Returns
    -------
    CandidateTable
        Its log-odds and rank of each candidate; for the dictionary's model, all its features too.
    """
    from leadterm.learn.model import CorpusModel

    if isinstance(earlier, CorpusModel):
        table = earlier.score(encounter, system)
        sure = np.clip(earlier.systems[system].confidence(table.codes, table.features), 1e-6, 1 - 1e-6)
        return _table(table.encounter_id, system, table.codes, (), np.log(sure / (1 - sure)), None, table)
    return _dictionary(earlier, encounter)


def _dictionary(earlier: Suggester, encounter: Encounter) -> CandidateTable:
    from leadterm.explain import explain
    from leadterm.features import FEATURES

    candidates, features = earlier.candidates(encounter)
    score = earlier.ranker.raw_score(features, FEATURES)
    said = [explain(candidate, 1, 0.0, earlier.system) for candidate in candidates]
    codes = tuple(candidate.code for candidate in candidates)
    names = tuple(f"dictionary_{name}" for name in FEATURES)
    return _table(encounter.encounter_id, earlier.system.name, codes, names, score, features, said)


def _table(
    encounter_id: str, system: str, codes: tuple[str, ...], names: tuple[str, ...], score: Any, features: Any, said: Any
) -> CandidateTable:
    """Put score and rank before the features; evidence and terms come from a table or from suggestions."""
    rank = np.empty(len(codes))
    rank[np.argsort(-score, kind="stable")] = np.arange(len(codes))
    own = np.zeros((len(codes), 0)) if features is None else features
    whole = isinstance(said, CandidateTable)
    return CandidateTable(
        encounter_id, system, codes, ("earlier_score", "earlier_rank", *names),
        np.column_stack([score, rank, own]).astype(np.float32).reshape(len(codes), 2 + len(names)),
        said.evidence if whole else tuple(s.evidence for s in said),
        said.terms if whole else tuple(s.term for s in said),
    )  # fmt: skip
