"""How sure a service is to be coded: a sum of weights of what is said of it, as a probability."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from leadterm.procedures.services.context import FLAGS
from leadterm.storage.tsv import package_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from leadterm.procedures.services.service_found import ServiceFound

__all__ = ["FEATURES", "confidence", "describe"]

ASSERTIONS = ("absent", "possible", "conditional", "hypothetical", "family", "history")
TRAITS = (
    "drug", "dme", "supply", "orthosis", "service", "screening", "vaccine", "blood", "transport", "implant", "packaged",
    "device", "wound", "dose", "no_dose", "route_injected", "route_oral", "route_topical", "route_inhaled",
    "route_spinal", "route_joint", "route_eye", "route_none", "local", "sedation", "fluid", "unlisted", "tracer",
    "alternative", "form_oral", "form_inhaled", "form_implant", "letter_C", "letter_S", "counted", "ended",
)  # fmt: skip
PAIRS = (
    ("dme", "handed"), ("orthosis", "handed"), ("supply", "handed"),
    ("drug", "given"), ("drug", "given_title"), ("drug", "take"), ("drug", "rx"), ("drug", "home"), ("drug", "past"),
    ("drug", "planned"), ("drug", "order"), ("no_dose", "given"), ("no_dose", "given_title"), ("drug", "history"),
    ("route_injected", "given"), ("route_oral", "given"), ("dose", "take"), ("dme", "order"), ("dme", "home"),
    ("dme", "given"), ("dme", "planned"), ("orthosis", "given"), ("orthosis", "planned"), ("supply", "order"),
    ("supply", "given"), ("screening", "planned"), ("screening", "past"), ("screening", "given"), ("vaccine", "given"),
    ("vaccine", "today"), ("vaccine", "planned"), ("vaccine", "past"), ("route_none", "no_dose"), ("fluid", "no_dose"),
    ("implant", "given"), ("implant", "past"), ("service", "planned"), ("dme", "rx"), ("dme", "plan"),
)  # fmt: skip
ORDERED = frozenset({"dme", "orthosis", "supply"})
NOT_HERE, GIVEN = frozenset({"refused", "elsewhere", "ago"}), frozenset({"given", "given_title", "handed", "today"})
TAKEN = frozenset({"drug", "vaccine", "blood"})
FEATURES = ("bias", *FLAGS, *TRAITS, *ASSERTIONS, *(f"{a}+{b}" for a, b in PAIRS))


def describe(found: ServiceFound, assertion: str) -> NDArray[np.float32]:
    """Give the features of what was found at one place, shape (n_features,)."""
    said = found.place.flags | found.traits | {found.kind, "bias", assertion}
    if "today" in said:
        said -= {"ago"}
    if said & NOT_HERE or ("past" in said and "today" not in said):
        said -= GIVEN  # given, but not in this visit
        if said & NOT_HERE:
            said -= {"dose", "order"}
    elif found.kind in TAKEN and "planned" in said and not said & GIVEN:
        said -= {"dose", "order"}  # what will be given is no order of equipment
    if {"given", "today", "route_injected"} <= said:
        said -= {"take"}  # a dose of a course, given here
    if found.kind in ORDERED and "handed" in said:
        said -= {"home"}  # brought to the home
    if found.kind in ORDERED and "rx" in said:
        said = (said - {"rx"}) | {"order"}  # what is prescribed of these is ordered here
    said |= {f"{a}+{b}" for a, b in PAIRS if a in said and b in said}
    if found.kind == "orthosis" and "order" in said:
        said |= {"dme+order"}  # a brace that is ordered is supplied like other equipment
    return np.array([name in said for name in FEATURES], dtype=np.float32)


@lru_cache(maxsize=1)
def _weights() -> NDArray[np.float64]:
    stated = {
        row["feature"]: float(row["weight"]) for row in package_table("leadterm.procedures.services", "weights.tsv")
    }
    return np.array([stated.get(name, 0.0) for name in FEATURES])


def confidence(features: NDArray[np.float32], names: Sequence[str] = FEATURES) -> NDArray[np.float64]:
    """Turn features into the probability that a coder reports the code, shape (n_codes,)."""
    if names is not FEATURES:
        at = {name: column for column, name in enumerate(names)}
        features = features[:, [at[name] for name in FEATURES]]
    scores = features.astype(np.float64, order="F") @ _weights()
    return np.asarray(1 / (1 + np.exp(-scores)))
