"""Which of the suggested codes stands first: what a code is, and where it stands among those that may, as words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leadterm.dictionary.features import FEATURES, Feature
from leadterm.rules.lead_pages import DIAGNOSES, GROUPS

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Mention

__all__ = ["SURE_WEIGHT", "first_words", "log_odds"]

SURE_WEIGHT = 0.5
"""What the log-odds of the confidence count for beside the words; in fits of it 0.44 to 0.52."""
_HEADING, _STAY = FEATURES.index(Feature.HEADING_NUMBER), FEATURES.index(Feature.INPATIENT)
_WORD = re.compile(r"[a-z]{3,}")
LATEST, MOST = 6, 4


def log_odds(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the log-odds of confidence, kept finite, of the same shape."""
    clipped = np.minimum(np.maximum(confidence, 1e-6), 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)), dtype=np.float64)


def first_words(
    codes: Sequence[str], mentions: Sequence[Sequence[Mention]], features: NDArray[np.float32], system: CodeSystem
) -> list[tuple[str, ...]]:
    """Give words that tell of each code of one encounter that may stand first.

    Its chapter, block, category and title; the sections that mention it; whether it is the first, the second or the
    last of them in the notes, among the diagnoses and among the problems. ``features``: shape
    (n_codes, len(FEATURES)). In a stay each word but those of the title stands there once more, as "stay …".

    >>> from leadterm.codes import load_system
    >>> from leadterm.schema import EvidenceSpan, Mention
    >>> said = Mention("n1", (EvidenceSpan("n1", 9, 13, "gout"),), section="impression")
    >>> first_words(["M10.9"], [[said]], np.zeros((1, len(FEATURES)), np.float32), load_system("icd10cm"))[0][:5]
    ('chapter M', 'block M1', 'category M10', 'title gout', 'title unspecified')
    """
    first = [min(((one.note_id, one.start) for one in own), default=None) for own in mentions]
    groups = [[(GROUPS.get(one.section, "other") if one.section else "none", one) for one in own] for own in mentions]
    told = [min(((one.note_id, one.start) for name, one in own if name in DIAGNOSES), default=None) for own in groups]
    number = [value if value > 0 else None for value in features[:, _HEADING].tolist()]
    ranked = (_places("order", first), _places("diagnosis", told), _places("problem", number))
    stay = bool(len(codes)) and bool(features[0, _STAY] > 0)
    made = []
    for code, own, *places in zip(codes, groups, *ranked, strict=True):
        facts, title = _facts(code, system.title(code) if code in system else "")
        words = [*facts, *(f"section {name}" for name in sorted({name for name, _ in own})), *sum(places, ())]
        twice = [f"stay {word}" for word in words] if stay else []
        made.append((*facts, *title, *words[len(facts) :], f"mentions {min(len(own), MOST)}", *twice))
    return made


@lru_cache(maxsize=8192)
def _facts(code: str, title: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own = sorted(set(_WORD.findall(title.lower())))
    return (f"chapter {code[0]}", f"block {code[:2]}", f"category {code[:3]}"), tuple(f"title {word}" for word in own)


def _places(name: str, keys: Sequence[object]) -> list[tuple[str, ...]]:
    """Name the place of each key among all; none where no key is known."""
    known = sorted({key for key in keys if key is not None})  # type: ignore[type-var]
    at: Mapping[object, int] = {key: place for place, key in enumerate(known)}
    ends = {0: "first", 1: "second"}
    made: list[tuple[str, ...]] = []
    for key in keys:
        if key is None:
            made.append((f"{name} none",) if known else ())
            continue
        words = [ends[at[key]]] if at[key] in ends else []
        words += ["last"] if at[key] == len(known) - 1 > 1 else []
        made.append((*(f"{name} {word}" for word in words), f"{name} {min(at[key], LATEST) // 2}"))
    return made
