"""The lists that claims use, asked by name: places of service, revenue codes, statuses at discharge."""

from __future__ import annotations

from leadterm.codes import load_system

__all__ = ["is_listed", "name_in"]


def is_listed(name: str, code: str) -> bool:
    """Tell whether a list has a code that is in use.

    >>> is_listed("place_of_service", "11"), is_listed("place_of_service", "28")
    (True, False)
    """
    return code in load_system(name)


def name_in(name: str, code: str) -> str:
    """Name a code in a few words.

    >>> name_in("place_of_service", "23")
    'emergency room-hospital'
    """
    return load_system(name).title(code).partition(":")[0].strip().lower()
