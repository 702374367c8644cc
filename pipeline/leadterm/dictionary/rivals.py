"""Features: how a candidate stands beside those of its category, its words and its mentions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from leadterm.dictionary.candidates import Candidate

__all__ = ["BESIDE", "WITHIN", "describe_company", "lead_in_category"]

WITHIN = (
    "detail_score", "detail_found", "detail_unsaid", "term_missing", "term_weight", "coverage", "mentions", "present",
    "in_heading", "in_assessment", "in_diagnosis", "code_length",
)  # fmt: skip
"""Columns that are also compared with the best other candidate of the category."""
BESIDE = (
    "episode", "episode_rivals", "words_within", "words_around", "sharers", *(f"category_{name}" for name in WITHIN)
)  # fmt: skip
EPISODES = {**dict.fromkeys("ABC", 1.0), **dict.fromkeys("DEF", 2.0), **dict.fromkeys("GHJKMNPQR", 3.0), "S": 4.0}
EXTENDED = 8  # characters of a code with its seventh, and the point


def lead_in_category(codes: Sequence[str], columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give by how much each value is above the best other one of the same category; 0 where there is no other.

    ``codes``: in order, so that those of a category stand together. ``columns``: shape (n_codes, n_columns).

    >>> lead_in_category(["E11.65", "E11.9", "I10"], np.array([[2.0], [1.0], [5.0]], np.float32)).ravel().tolist()
    [1.0, -1.0, 0.0]
    """
    out = np.zeros_like(columns)
    start = 0
    for end in range(1, len(codes) + 1):
        if end < len(codes) and codes[end][:3] == codes[start][:3]:
            continue
        if end - start > 1:
            block = columns[start:end]
            best, second = np.sort(block, axis=0)[: -3 : -1]
            out[start:end] = block - np.where(block == best, second, best)
        start = end
    return out


def describe_company(candidates: Sequence[Candidate]) -> NDArray[np.float32]:
    """Describe the seventh character, words and mentions of candidates beside those of the others.

    ``episode``: where another is a candidate: initial, later, a fracture that heals badly, sequela. ``episode_rivals``:
    other episodes of the same code. ``words_within``: candidates whose words hold all of these and more;
    ``words_around``: candidates whose words these hold. ``sharers``: candidates that rest on one of the same mentions.
    Shape (n_codes, 5).
    """
    episode = [EPISODES.get(one.code[-1], 0.0) if len(one.code) == EXTENDED else 0.0 for one in candidates]
    stems: dict[str, int] = {}
    at: dict[tuple[int, int], set[int]] = {}
    for i, one in enumerate(candidates):
        if episode[i]:
            stems[one.code[:-1]] = stems.get(one.code[:-1], 0) + 1
        for support in one.supports:
            at.setdefault((support.note, support.found.mention.start), set()).add(i)
    words = [frozenset(one.supports[0].found.mention.text.lower().split()) for one in candidates]
    counts: dict[frozenset[str], list[int]] = {}  # many candidates have the same words: how many, how many present
    for own, one in zip(words, candidates, strict=True):
        count = counts.setdefault(own, [0, 0])
        count[0] += 1
        count[1] += any(s.found.mention.assertion == "present" for s in one.supports)
    beside = {own: [0, 0] for own in counts}
    for fewer, more in combinations(sorted(counts, key=len), 2):
        if fewer < more:
            beside[fewer][0] += counts[more][1]
            beside[more][1] += counts[fewer][0]
    rows = []
    for i, one in enumerate(candidates):
        within, around = beside[words[i]]
        sharers = set().union(*(at[s.note, s.found.mention.start] for s in one.supports))
        same = stems[one.code[:-1]] - 1 if episode[i] else 0
        told = episode[i] if same else min(episode[i], 1.0)  # without a rival the note says which it is
        rows.append((told, same, within, around, len(sharers) - 1))
    return np.array(rows, dtype=np.float32).reshape(len(rows), 5)
