"""Whether a place or an activity is that of an injury."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.text.reading import FoundMention

__all__ = ["tells_how"]

SCENE = ("Y92", "Y93", "Y99")
_HAPPENED = (
    "while when during injury fall fell hurt accident hit struck strike twist twisted cut burn "
    "fracture sprain strain laceration wound bite crash collision slip slipped trip tripped landed dislocation after "
    "pain onset started began"
)
HAPPENED = frozenset(_HAPPENED.split())
WHEN = frozenset(["today", "yesterday", "tonight", "morning", "afternoon", "evening", "ago", "last"])


def tells_how(found: FoundMention) -> bool:
    """Tell whether a place or activity stands where its sentence tells of an injury, or when it happened."""
    if not found.readings[0].code.startswith(SCENE):
        return True
    dated = "playing" in found.sentence and not WHEN.isdisjoint(found.sentence)
    return (dated or not HAPPENED.isdisjoint(found.sentence)) and found.mention.section != "social_history"
