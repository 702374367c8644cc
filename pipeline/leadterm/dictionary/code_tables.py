"""The reviewed tables that add codes to a candidate, as far as the release at hand has these codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.schema import Mention

__all__ = ["CodeTables", "code_tables"]

Companion = tuple[frozenset[str], frozenset[str], str, str]
FAR, SHORTEST = "~", 3
NOTHING: frozenset[str] = frozenset()
MOST_KEPT = 4096  # codes
Combination = tuple[tuple[tuple[str, ...], ...], str]


@dataclass(frozen=True)
class CodeTables:
    """Codes that stand beside another, in its place, or for several together; and where a code does not stand.

    ``companions``: prefix of a code, words of which its clause must hold one ("*": none) or the note, the code beside
    it, and why.
    ``history``: prefix of a disease → the code that says it is over; ``family``: that a relative has it.
    ``combinations``: parts, each the prefixes that
    will do, and the code they make together. ``barred``: prefixes of a code → sections it does not stand in, words it
    does not stand beside, words of its own that let it stand.
    """

    companions: tuple[tuple[str, Companion], ...]
    history: Mapping[str, str]
    family: Mapping[str, str]
    combinations: tuple[Combination, ...]
    barred: Mapping[str, tuple[frozenset[str], frozenset[str], frozenset[str]]]

    def is_barred(self, code: str, mention: Mention, near: Sequence[str]) -> bool:
        """Whether a code does not stand for a mention, because of its section, the words near it or its own."""
        if code[:SHORTEST] not in self._barred_categories:
            return False
        for prefix in (code[:n] for n in range(SHORTEST, len(code) + 1)):
            row = self.barred.get(prefix)
            if row is not None:
                sections, words, needed = row
                here = not sections or mention.section in sections
                beside = not words or not words.isdisjoint(near)
                return here and beside and not any(word in mention.text.lower() for word in needed)
        return False

    @cached_property
    def _barred_categories(self) -> frozenset[str]:
        return frozenset(prefix[:SHORTEST] for prefix in self.barred)

    def companions_of(self, code: str) -> tuple[Companion, ...]:
        """Give what may stand beside a code."""
        known = self._known.get(code)
        if known is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            rows = self._by_letter.get(code[:1], ())
            known = self._known[code] = tuple(row for prefix, row in rows if code.startswith(prefix))
        return known

    @cached_property
    def _known(self) -> dict[str, tuple[Companion, ...]]:
        """Companions of the codes that were asked for."""
        return {}

    @cached_property
    def _by_letter(self) -> Mapping[str, list[tuple[str, Companion]]]:
        return {letter: list(rows) for letter, rows in groupby(sorted(self.companions, key=_letter), key=_letter)}

    def history_of(self, code: str) -> str | None:
        """Give the personal-history code that takes the place of a disease: of the longest prefix listed."""
        if code not in self._over:
            self._over[code] = _longest(code, self.history)
        return self._over[code]

    def family_of(self, code: str) -> str | None:
        """Give the code of family history for a disease of a relative: of the longest prefix listed."""
        return _longest(code, self.family)

    @cached_property
    def _over(self) -> dict[str, str | None]:
        """Codes of history of the codes that were asked for."""
        return {}


def _longest(code: str, table: Mapping[str, str]) -> str | None:
    """What a table has for the longest prefix of a code."""
    return next((table[prefix] for n in range(len(code), 0, -1) if (prefix := code[:n]) in table), None)


def _near_and_far(words: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a row that the clause must hold, and those that the note may hold anywhere."""
    told = words.split("|")
    far = frozenset(word.removeprefix(FAR) for word in told if word.startswith(FAR))
    return frozenset(word for word in told if not word.startswith(FAR)), far


def _listed(cell: str) -> frozenset[str]:
    return NOTHING if cell == "-" else frozenset(cell.split("|"))


def _letter(row: tuple[str, Companion]) -> str:
    return row[0][:1]


@lru_cache(maxsize=8)
def code_tables(system: CodeSystem) -> CodeTables:
    """Read the tables once for a release; rows whose code it lacks are left out: an older release has fewer codes."""
    companions = (
        (row["code"], (*_near_and_far(row["words"]), row["companion"], row["note"]))
        for row in load_table("companions.tsv") if row["companion"] in system
    )  # fmt: skip
    history, family = (
        {row["prefix"]: row["code"] for row in load_table(name) if row["code"] in system}
        for name in ("history_codes.tsv", "family_codes.tsv")
    )
    combinations = (
        (tuple(tuple(part.split("|")) for part in row["parts"].split("+")), row["code"])
        for row in load_table("combinations.tsv") if row["code"] in system and system.is_billable(row["code"])
    )  # fmt: skip
    barred = {
        row["code"]: (_listed(row["sections"]), _listed(row["words"]), _listed(row["needs"]))
        for row in load_table("barred.tsv")
    }
    return CodeTables(tuple(companions), history, family, tuple(combinations), barred)
