"""Candidates of one encounter with the columns of all parts: what was learned, and what the dictionary knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.parts import FEATURES, BaseModel, score_base
from leadterm.learned.tokens import Tokens
from leadterm.ranking.candidate_table import CandidateTable, Mentions
from leadterm.ranking.ranker import Ranker

__all__ = ["Described", "SystemModel", "describe", "known_names"]


@dataclass(frozen=True)
class SystemModel:
    """What was learned for one code system.

    ``ranker``: from the features of a candidate to the confidence that is shown.
    """

    base: BaseModel
    ranker: Ranker


@dataclass(frozen=True)
class Described:
    """Candidates with features and learned mentions.

    ``codes``: one row each: codes of the parts first, then those only the dictionary knows. ``features``: NaN where a
    part knows nothing of a code. ``where``: word positions; empty for what only the dictionary found, or where they
    were not asked for.
    """

    codes: tuple[str, ...]
    features: NDArray[np.float32]
    where: tuple[Mentions, ...]


def describe(
    base: BaseModel, tokens: Tokens, known: CandidateTable | None = None, *, explain: bool = False
) -> Described:
    """Describe the candidates of a text.

    Columns: :data:`leadterm.learned.parts.FEATURES`, then those of ``known``.
    """
    block = score_base(base, tokens, explain=explain)
    codes = [base.codes[c] for c in block.codes.tolist()]
    if known is None:
        return Described(tuple(codes), block.features, block.where)
    row = {code: i for i, code in enumerate(codes)}
    more = [code for code in known.codes if code not in row]
    row.update({code: len(codes) + i for i, code in enumerate(more)})
    own = len(FEATURES)
    features = np.full((len(row), own + len(known.feature_names)), np.nan, np.float32)
    features[: len(codes), :own] = block.features
    features[[row[code] for code in known.codes], own:] = known.features
    return Described((*codes, *more), features, (*block.where, *([()] * len(more))))


def known_names(known: Sequence[CandidateTable | None]) -> tuple[str, ...]:
    """Give the columns that the dictionary adds; none if it was not asked."""
    return next((table.feature_names for table in known if table is not None), ())
