"""How far the confidence in a note of few words is to be trusted."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["tempered"]

FEW, ENOUGH = math.log(25), math.log(100)
SLOPE = 0.6
"""Of log-odds above the line. Generated notes say terms as the classification does, so confidence learned from them
is too high for terms as others write them: that of short notes by others was right less often by so much."""


def tempered(confidence: NDArray[np.float64], words: NDArray[np.float32], line: float) -> NDArray[np.float64]:
    """Draw confidence above the line towards it where the note has few words; order and sides of the line stay.

    ``confidence``: of each candidate. ``words``: logarithm of one and the words of its note. ``line``: confidence from
    which on a code is suggested.

    >>> short, long = np.log1p([3.0, 300.0])
    >>> tempered(np.array([0.95, 0.95, 0.1]), np.array([short, long, short], np.float32), 0.4).round(2).tolist()
    [0.83, 0.95, 0.1]
    """
    if not (words < ENOUGH).any():
        return confidence
    few = np.clip((ENOUGH - words) / (ENOUGH - FEW), 0.0, 1.0)
    sure, least = _log_odds(confidence), float(_log_odds(np.array(line)))
    drawn = least + (1 - (1 - SLOPE) * few) * (sure - least)
    return np.where((confidence > line) & (few > 0), 1 / (1 + np.exp(-drawn)), confidence)


def _log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped / (1 - clipped)))
