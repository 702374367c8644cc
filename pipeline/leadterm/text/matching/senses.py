"""Word sense: short forms and ordinary words that mean no disease beside the words they stand next to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.knowledge import load_table
from leadterm.text.light_spacy import get_string_id

if TYPE_CHECKING:
    from spacy.strings import StringStore

__all__ = ["Senses"]

NUMBER, POSTCODE, NAME, NOTHING, SHOUTED = "#", "##", "@", "^", "A"
_SMALL = "a an at by he if in is it of on so to we his her the was"
SMALL = frozenset(_SMALL.upper().split())
LONG = 4


class _Row(NamedTuple):
    before: frozenset[str]
    after: frozenset[str]


class Senses:
    """Tells by ``senses.tsv`` which tokens of a note are not to be read."""

    def __init__(self) -> None:
        self._exact: dict[str, list[_Row]] = {}
        self._any_case: dict[str, list[_Row]] = {}
        for row in load_table("senses.tsv"):
            short = row["short"]
            table = self._any_case if short.startswith("*") else self._exact
            before, after = (frozenset(row[side].split("|")) - {"-"} for side in ("before", "after"))
            table.setdefault(short.removeprefix("*"), []).append(_Row(before, after))
        self._by_orth: dict[int, list[_Row]] = {}
        cases = {form for word in self._any_case for form in (word, word.title(), word.upper())}
        self.judged = frozenset(map(get_string_id, cases | self._exact.keys()))

    def rows_of(self, orth: int, strings: StringStore) -> list[_Row]:
        """The rows about a token, from memory where it was seen before."""
        rows = self._by_orth.get(orth)
        if rows is None:
            word = strings[orth]
            rows = self._by_orth[orth] = self._exact.get(word, []) + self._any_case.get(word.lower(), [])
        return rows

    @staticmethod
    def silent(rows: Sequence[_Row], words: Sequence[str], at: int, is_name: Callable[[str], bool]) -> bool:
        """Whether the word at a place of its sentence is not to be read."""

        def fits(options: frozenset[str], step: int) -> bool:
            if not options:
                return True
            near = words[at + step] if 0 <= at + step < len(words) else ""
            if not near or near in ".;\n":
                return NOTHING in options
            low = near.lower()  # of "ten-year" the last part counts as well
            if low in options or low.rpartition("-")[2] in options or (NUMBER in options and near[0].isdigit()):
                return True
            if SHOUTED in options and _is_shouted(near, words):
                return True
            if POSTCODE in options and len(near) == 5 and near.isdigit():
                return True
            if near == "," and 0 <= at + 2 * step < len(words):
                near = words[at + 2 * step]
            return NAME in options and near[:1].isupper() and not near.isupper() and is_name(near)

        return any(fits(row.before, -1) and fits(row.after, 1) for row in rows)


def _is_shouted(near: str, words: Sequence[str]) -> bool:
    """Whether a neighbour is a plain word in a text all in capitals, which tell no short form from a word there."""
    plain = near in SMALL or (len(near) >= LONG and near.isupper() and near.isalpha())
    return plain and not any(word.islower() for word in words)
