"""Which of the suggested codes stands first: what its ranker sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leadterm.dictionary.features import FEATURES

__all__ = ["FIRST_FEATURES", "first_columns"]

FIRST_FEATURES = (*FEATURES, "sure", "sure_rank", "suggested", "order_rank", "diagnosis_rank")
_ORDER, _DIAGNOSIS = FEATURES.index("order"), FEATURES.index("diagnosis_order")
_NEVER = 1e4


def first_columns(
    features: NDArray[np.float32], confidence: NDArray[np.float64], line: float
) -> NDArray[np.float32]:
    """Describe the candidates of one encounter beside those that are suggested with them.

    Places are counted among the suggested codes. ``features``: of the candidates, shape (n_codes, len(FEATURES)).
    ``confidence``: that each is reported, shape (n_codes,). ``line``: confidence from which on a code is suggested.
    """
    above = confidence >= line
    told = np.where(features[:, _DIAGNOSIS] < 0, _NEVER, features[:, _DIAGNOSIS])
    ranks = [
        (values[above][None, :] < values[:, None]).sum(axis=1) for values in (-confidence, features[:, _ORDER], told)
    ]
    sure = np.log(np.clip(confidence, 1e-6, 1 - 1e-6) / (1 - np.clip(confidence, 1e-6, 1 - 1e-6)))
    suggested = np.full(len(confidence), above.sum())
    return np.column_stack([features, sure, ranks[0], suggested, ranks[1], ranks[2]]).astype(np.float32)
