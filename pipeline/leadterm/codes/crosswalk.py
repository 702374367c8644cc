"""The form that a corpus gives to codes: they get more digits over the years."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["snap"]

_SHORTEST = 3


def snap(code: str, known: Collection[str]) -> str:
    """Give the longest beginning of a code that a corpus uses, or the code itself.

    >>> snap("780.60", {"780.6", "786.2"}), snap("401.9", {"780.6"})
    ('780.6', '401.9')
    """
    for size in range(len(code), _SHORTEST - 1, -1):
        if (short := code[:size].rstrip(".")) in known:
            return short
    return code
