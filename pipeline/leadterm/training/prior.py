"""Whether the shipped model is of help to a model that is to be trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from leadterm.models import load_prior

if TYPE_CHECKING:
    from leadterm.learned.prior_model import Prior
    from leadterm.schema import Encounter

__all__ = ["fitting_prior"]


def fitting_prior(encounters: Sequence[Encounter], systems: Iterable[str]) -> Prior | None:
    """Load the shipped model if it knows a code system, reads the language and has not learned from the notes.

    None where it would be of no help.

    >>> fitting_prior([], ["icd10pcs"]) is None
    True
    """
    model = load_prior("default")
    read = sum(encounter.language in model.languages for encounter in encounters)
    if not model.prior_systems & set(systems) or 2 * read <= len(encounters):
        return None
    return None if any(model.has_seen(encounter) for encounter in encounters) else model
