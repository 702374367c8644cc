"""What a claim says beside codes: of a service its units and modifiers, of the leading diagnosis its role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LEADING", "Modifier", "line_json", "line_text", "shown_units"]

LEADING = {"inpatient": "principal", "outpatient": "first-listed"}
"""How the leading diagnosis is called in each setting."""


@dataclass(frozen=True, slots=True)
class Modifier:
    """A modifier of a service, with the reason that the documentation gives for it.

    ``units``: of the line of its own that it asks for, beside the service's; None where it stands on that.

    >>> Modifier("RT", "right side documented").code
    'RT'
    """

    code: str
    reason: str = ""
    units: float | None = None


def shown_units(units: float) -> int | float:
    """Give units as they are written: whole ones without a point.

    >>> shown_units(4.0), shown_units(12.4)
    (4, 12.4)
    """
    return int(units) if units == int(units) else round(units, 1)


def line_text(units: float | None, modifiers: Sequence[Modifier]) -> str:
    """Give units and modifiers as they stand behind a code; nothing where there are none.

    >>> line_text(4.0, (Modifier("RT", "right side documented"),)), line_text(None, ())
    ('× 4 -RT', '')
    """
    parts = [] if units is None else [f"× {shown_units(units)}"]
    return " ".join([*parts, *(f"-{one.code}" for one in modifiers)])


def line_json(units: float | None, modifiers: Sequence[Modifier]) -> dict[str, Any]:
    """Give units and modifiers as JSON; nothing where there are none.

    >>> line_json(2.0, ()), line_json(None, ())
    ({'units': 2}, {})
    """
    made: dict[str, Any] = {} if units is None else {"units": shown_units(units)}
    return made | ({"modifiers": [{"code": one.code, "reason": one.reason} for one in modifiers]} if modifiers else {})
