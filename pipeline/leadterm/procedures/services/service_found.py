"""What a reader of services finds at one place of a note, before it is put together by code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.procedures.services.context import Place
    from leadterm.service_line import Modifier

__all__ = ["ServiceFound"]


@dataclass(frozen=True, slots=True)
class ServiceFound:
    """A code that words at one place of a note stand for.

    ``units``: None where they cannot be told, for the reason that ``notes`` give. ``traits``: what kind of thing it is
    and how sure the code is, for the score. ``adds``: whether its units come on top of those found elsewhere.
    """

    code: str
    term: str
    place: Place
    kind: str
    pieces: tuple[tuple[int, int], ...]
    units: float | None = None
    notes: tuple[str, ...] = ()
    traits: frozenset[str] = field(default_factory=frozenset)
    modifiers: tuple[Modifier, ...] = ()
    adds: bool = False
