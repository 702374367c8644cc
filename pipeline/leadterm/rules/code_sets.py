"""Sets of codes of official tables, held as short lists of tokens with the days on which each holds.

A token ``P`` stands for every code that begins with ``P``, ``P=`` for that code alone, and ``P/DS`` for the codes of
seven characters that begin with ``P`` and end in ``D`` or ``S``. Codes are written without dots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache

from leadterm.codes.release import Period
from leadterm.storage.tsv import package_table, table_text

__all__ = ["CMS", "TOKENS", "CodeSets", "by_prefix", "code_sets", "sets_text", "tokens_of"]

FULL = 7
TOKENS = "# P: all codes below P; P=: that code alone; P/DS: the codes of 7 characters below P that end in D or S.\n"
CMS = "# Source: Centers for Medicare & Medicaid Services, public domain"


class CodeSets:
    """The named sets of a table, asked by code and day."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._tokens: dict[str, list[tuple[str, str, Period]]] = defaultdict(list)
        for row in rows:
            period = Period(_day(row["since"]), _day(row["until"]))
            for token in row["codes"].split():
                prefix, _, ends = token.partition("/")
                self._tokens[prefix].append((row["set"], ends, period))
        self.of = lru_cache(maxsize=4096)(self._of)

    def holds(self, name: str, code: str, day: date | None = None) -> bool:
        """Tell whether a code is in a set on a day."""
        return name in self.of(code, day)

    def _of(self, code: str, day: date | None = None) -> tuple[str, ...]:
        """Give the sets that hold a code on a day, sorted."""
        plain, tokens = code.replace(".", ""), self._tokens
        found = set()
        for prefix in (*(plain[:length] for length in range(1, len(plain) + 1)), f"{plain}="):
            if prefix in tokens:
                for name, ends, period in tokens[prefix]:
                    if (not ends or (len(plain) == FULL and plain[-1] in ends)) and period.holds(day):
                        found.add(name)
        return tuple(sorted(found))


def _day(cell: str) -> date | None:
    return None if cell == "-" else date.fromisoformat(cell)


@cache
def code_sets(name: str) -> CodeSets:
    """Load the sets of a table beside this module, once.

    >>> code_sets("poa_exempt.tsv").holds("exempt", "Z38.00"), code_sets("poa_exempt.tsv").holds("exempt", "I10")
    (True, False)
    """
    return CodeSets(package_table("leadterm.rules", name))


def by_prefix(universe: Iterable[str]) -> dict[str, set[str]]:
    """Give the codes below every beginning of a code; codes without dots, of every year."""
    below: dict[str, set[str]] = defaultdict(set)
    for code in universe:
        for length in range(1, len(code) + 1):
            below[code[:length]].add(code)
    return dict(below)


def tokens_of(codes: Collection[str], below: Mapping[str, set[str]]) -> list[str]:
    """Write a set of codes in as few tokens as tell it from all other codes there are.

    ``below``: all codes there are, by `by_prefix`.

    >>> tokens_of({"A00", "A01", "B1"}, by_prefix({"A00", "A01", "B1", "B2"}))
    ['A', 'B1']
    >>> tokens_of({"S0100XD", "S0109XD"}, by_prefix({"S0100XA", "S0100XD", "S0109XA", "S0109XD"}))
    ['S/D']
    """
    wanted = set(codes)
    return [token for letter in sorted({code[0] for code in wanted}) for token in _tokens(letter, wanted, below)]


def _tokens(prefix: str, wanted: set[str], below: Mapping[str, set[str]]) -> Iterator[str]:
    every, inside = below[prefix], below[prefix] & wanted
    ends = {code[-1] for code in inside if len(code) == FULL}
    if inside == every:
        yield prefix
    elif inside == {code for code in every if len(code) == FULL and code[-1] in ends}:
        if inside:
            yield f"{prefix}/{''.join(sorted(ends))}"
    else:
        if prefix in wanted:
            yield f"{prefix}="
        for longer in sorted({code[: len(prefix) + 1] for code in every if len(code) > len(prefix)}):
            yield from _tokens(longer, wanted, below)


def sets_text(sets: Mapping[tuple[str, str, str], Collection[str]], below: Mapping[str, set[str]]) -> str:
    """Give a table of sets (name, first and last day → codes) as text; an empty set has no row."""
    rows = [(*key, " ".join(tokens_of(codes, below))) for key, codes in sorted(sets.items()) if codes]
    return table_text(("set", "since", "until", "codes"), rows)
