"""What was learned for a code system, taken apart into arrays and what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.cooccurrence import Company
from leadterm.learned.describe import SystemModel
from leadterm.learned.linear import LinearModel
from leadterm.learned.pcs_axes import Axes
from leadterm.learned.phrases import Lexicon
from leadterm.learned.similar_phrases import PhraseIndex

__all__ = ["PARTS", "pack_system"]

PARTS: Mapping[str, Any] = {
    "lexicon": Lexicon, "index": PhraseIndex, "linear": LinearModel, "axes": Axes, "company": Company,
}  # fmt: skip


def pack_system(system: SystemModel, prefix: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Give the arrays of one code system, under names that begin with a prefix, and the rest."""
    base = system.base
    arrays: dict[str, NDArray[Any]] = {f"{prefix}.texts": base.texts, f"{prefix}.categories": base.categories}
    header: dict[str, Any] = {"codes": base.codes, "shortlist": base.shortlist, "ranker": system.ranker.header()}
    arrays |= system.ranker.arrays(f"{prefix}.ranker")
    for name in PARTS:
        numbers, header[name] = _taken_apart(getattr(base, name))
        arrays |= {f"{prefix}.{name}.{key}": value for key, value in numbers.items()}
    return arrays, header


def _taken_apart(part: Any) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays of a part, and the rest of it."""
    values = {f.name: getattr(part, f.name) for f in fields(part)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in values.items() if name not in arrays}
