"""What an earlier model says of an encounter, as columns beside those of the model being trained.

The earlier model is the dictionary's (``--from default``) or one learned from a corpus (``--continue``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from leadterm.codes.crosswalk import snap
from leadterm.codes.systems import dictionary_system, spec_of
from leadterm.ranking.candidate_table import CandidateTable
from leadterm.ranking.ranker import Ranker
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.learned.model import CorpusModel
    from leadterm.suggester import Suggester

_CLEAR = 5
__all__ = ["earlier_systems", "earlier_table", "fitting_dictionary", "unseen"]


def fitting_dictionary(encounters: Sequence[Encounter], systems: Iterable[str]) -> Suggester | None:
    """Load the shipped model if it knows a code system, reads the language and has not learned from the notes.

    Parameters
    ----------
    encounters : sequence of Encounter
        To learn from.
    systems : iterable of str
        Code systems to learn.

    Returns
    -------
    Suggester or None
        None where it would be of no help.

    Examples
    --------
    >>> fitting_dictionary([], ["icd10pcs"]) is None
    True
    """
    from leadterm.suggester import Suggester, load_suggester
    from leadterm.text.words.languages import TRANSLATED

    read = sum(encounter.language in ("en", *TRANSLATED) for encounter in encounters)
    if not _of_dictionary(dictionary_system()) & set(systems) or 2 * read <= len(encounters):
        return None
    model = load_suggester()
    fits = isinstance(model, Suggester) and len(unseen(encounters, model)) == len(encounters)
    return model if isinstance(model, Suggester) and fits else None


def unseen(encounters: Sequence[Encounter], earlier: Suggester | CorpusModel) -> list[Encounter]:
    """Give the encounters that an earlier model has not learned from: it would seem too good on the others.

    Parameters
    ----------
    encounters : sequence of Encounter
        Any encounters.
    earlier : Suggester or CorpusModel
        The model.

    Returns
    -------
    list of Encounter
        In the same order; what the models before it have seen counts too.
    """
    from leadterm.learned.model import CorpusModel

    seen: set[int] = set()
    model: Suggester | CorpusModel | Ranker | None = earlier
    while isinstance(model, CorpusModel):
        seen.update(model.seen.tolist())
        model = model.earlier
    if model is not None:
        seen.update((model if isinstance(model, Ranker) else model.ranker).seen.tolist())
    return [encounter for encounter in encounters if encounter.digest not in seen]


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
    from leadterm.learned.model import CorpusModel

    return frozenset(earlier.systems) if isinstance(earlier, CorpusModel) else _of_dictionary(earlier.system.name)


def _of_dictionary(own: str) -> frozenset[str]:
    """The dictionary's code system, and those its codes can be mapped to."""
    return frozenset({own, *spec_of(own).crosswalks})


def earlier_table(
    earlier: Suggester | CorpusModel, encounter: Encounter, system: str, codes: frozenset[str] = frozenset()
) -> CandidateTable:
    """Ask an earlier model for its candidates.

    Parameters
    ----------
    earlier : Suggester or CorpusModel
        The model.
    encounter : Encounter
        Any encounter; one that a corpus model did not learn from.
    system : str
        A code system it knows, or one that its codes can be mapped to.
    codes : frozenset of str
        Codes of the corpus: the dictionary's codes are given the form that they have.

    Returns
    -------
    CandidateTable
        Its log-odds and rank of each candidate; for the dictionary's model, all its features too.
    """
    from leadterm.learned.model import CorpusModel

    if isinstance(earlier, CorpusModel):
        table = earlier.score(encounter, system)
        sure = np.clip(earlier.systems[system].ranker.confidence(table.features, table.feature_names), 1e-6, 1 - 1e-6)
        return _table(table.encounter_id, system, table.codes, (), np.log(sure / (1 - sure)), None, table)
    table = _dictionary(earlier, encounter)
    if system != table.system:
        crosswalk = spec_of(table.system).crosswalks[system]
        mapped = (crosswalk(code) for code in table.codes)
        return _renamed(table, system, [code and snap(code, codes) for code in mapped])
    short = _shortened(earlier.system, codes)
    return _renamed(table, system, [short.get(code, code) for code in table.codes]) if short else table


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


def _renamed(table: CandidateTable, system: str, names: Sequence[str | None]) -> CandidateTable:
    """The candidates under other codes, or without one; of several that become one, the best."""
    best: dict[str, int] = {}
    for row in np.argsort(-table.column("earlier_score"), kind="stable").tolist():
        if code := names[row]:
            best.setdefault(code, row)
    codes = tuple(sorted(best))
    rows = [best[code] for code in codes]
    features = table.features[np.array(rows, dtype=np.int64)]
    evidence, terms = tuple(table.evidence[row] for row in rows), tuple(table.terms[row] for row in rows)
    return CandidateTable(table.encounter_id, system, codes, table.feature_names, features, evidence, terms)


def _dictionary(earlier: Suggester, encounter: Encounter) -> CandidateTable:
    from leadterm.dictionary.explain import explain
    from leadterm.dictionary.features import FEATURES

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
