"""One line of an official index or table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LIST", "Entry"]

LIST = "|"  # between the items of one field; official titles never hold it


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an index or table.

    ``level``: 0 for a main term, 1 for a subterm …. ``title``: the words, without nonessential modifiers and
    bracketed synonyms. ``manifestation``: second code of a pair, or empty. ``cells``: ``"2=C76.2"``: column and code
    of a table.
    """

    level: int
    title: str
    optional: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    manifestation: str = ""
    see: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    def to_fields(self) -> list[str]:
        """Write the entry as the fields of a component file."""
        lists = (self.see, self.see_also, self.cells)
        first = [str(self.level), self.title, LIST.join(self.optional), LIST.join(self.codes), self.manifestation]
        return first + [LIST.join(items) for items in lists]

    @classmethod
    def from_fields(cls, fields: Sequence[str]) -> Entry:
        """Read the fields of a component file."""
        level, title, optional, codes, manifestation, *lists = fields
        see, see_also, cells = (_split(field) for field in lists)
        return cls(int(level), title, _split(optional), _split(codes), manifestation, see, see_also, cells)


def _split(field: str) -> tuple[str, ...]:
    return tuple(field.split(LIST)) if field else ()
