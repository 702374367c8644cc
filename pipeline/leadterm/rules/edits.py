"""Edits of services from a user's official files: pairs, units, and which diagnoses an article covers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from leadterm.codes.release import Period
from leadterm.rules.edit_files import LOCAL, EditTable, read_edit_files

__all__ = ["Article", "Edits", "Pair", "Units"]

DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)|(\d{1,2})/(\d{1,2})/(\d{4})")
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Pair(Period):
    """A pair of services of one day: `modifier` 0 never together, 1 with a modifier, 9 does not apply."""

    first: str = ""
    second: str = ""
    modifier: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Units:
    """Most units of a service: `mai` 1 each line, 2 a day by policy, 3 a day by clinical experience."""

    code: str
    most: int
    mai: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Article(Period):
    """A billing article of a coverage policy: the diagnoses it covers for a service."""

    number: str = ""
    title: str = ""
    covered: frozenset[str] = frozenset()


@dataclass
class Edits:
    """What the user's official files say of services.

    - ``pairs``: place (``practitioner hospital supplier``) and the two codes → pair.
    - ``units``: place and code → most units.
    - ``articles``: service → articles that speak of it.

    >>> edits = Edits(units={("practitioner", "A4206"): Units("A4206", 3, "3")})
    >>> edits.most_units("A4206").most
    3
    """

    pairs: dict[tuple[str, str, str], Pair] = field(default_factory=dict)
    units: dict[tuple[str, str], Units] = field(default_factory=dict)
    articles: dict[str, tuple[Article, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, source: str | Path, *, codes: Iterable[str] | None = None) -> Edits:
        """Read a folder of official files; with `codes`, only what speaks of those services is kept.

        ``LeadtermError`` if the folder is missing or holds no file that is known.
        """
        wanted = None if codes is None else frozenset(codes)
        made, coverage = cls(), _Coverage()
        for table in read_edit_files(source):
            if table.kind == "pairs":
                made._take_pairs(table, wanted)
            elif table.kind == "units":
                made._take_units(table, wanted)
            else:
                coverage.take(table, wanted)
        made.articles = coverage.articles()
        return made

    def _take_pairs(self, table: EditTable, wanted: frozenset[str] | None) -> None:
        for row in table.rows:
            first, second = row["first"], row["second"]
            if wanted is None or (first in wanted and second in wanted):
                pair = Pair(_day(row.get("since", "")), _day(row["deleted"]),
                            first, second, row["modifier"][:1], row.get("why", ""))  # fmt: skip
                held = self.pairs.get((table.place, first, second))
                if held is None or held.until is not None:
                    self.pairs[table.place, first, second] = pair

    def _take_units(self, table: EditTable, wanted: frozenset[str] | None) -> None:
        for row in table.rows:
            number = NUMBER.match(row["most"])
            if number and (wanted is None or row["code"] in wanted):
                found = Units(row["code"], int(number[0]), row["mai"][:1], row.get("why", ""))
                self.units[table.place, row["code"]] = found

    def pair(self, first: str, second: str, day: date | None = None, place: str = "practitioner") -> Pair | None:
        """Give the pair that two services make on a day, whichever is named first."""
        for one, other in ((first, second), (second, first)):
            found = self.pairs.get((place, one, other))
            if found and found.holds(day):
                return found
        return None

    def most_units(self, code: str, place: str = "practitioner") -> Units | None:
        """Give the most units of a service."""
        return self.units.get((place, code))

    def articles_on(self, service: str, day: date | None = None) -> tuple[Article, ...]:
        """Give the articles that speak of a service on a day."""
        return tuple(one for one in self.articles.get(service, ()) if one.holds(day))

    def supports(self, service: str, day: date | None = None) -> frozenset[str]:
        """Give the diagnoses, without dots, that justify a service on a day; empty where no article speaks of it."""
        return frozenset().union(*(one.covered for one in self.articles_on(service, day)))


class _Coverage:
    """Tables of the Medicare Coverage Database, joined by article or LCD, version and group; other lists."""

    def __init__(self) -> None:
        self.policies: dict[tuple[str, str, date | None, date | None], set[str]] = defaultdict(set)
        self.about: dict[tuple[str, str], Mapping[str, str]] = {}
        self.services: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.covered: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def take(self, table: EditTable, wanted: frozenset[str] | None) -> None:
        for row in table.rows:
            if table.kind == "policies":
                if wanted is None or row["service"] in wanted:
                    days = _day(row.get("since", "")), _day(row.get("until", ""))
                    self.policies[row["service"], row["article"], *days].add(row["code"].replace(".", ""))
                continue
            key = f"{'L' if table.place == LOCAL else 'A'}{row['article'].lstrip('AL')}", row["version"]
            if table.kind == "articles":
                self.about[key] = row
            elif table.kind == "covered":
                self.covered[key][row["group"]].add(row["code"].replace(".", ""))
            elif wanted is None or row["code"] in wanted:
                self.services[key][row["code"]].add(row["group"])

    def articles(self) -> dict[str, tuple[Article, ...]]:
        """Articles by service; groups of services and of diagnoses go together by number where both have it."""
        found: dict[str, list[Article]] = defaultdict(list)
        for key, services in self.services.items():
            about, groups = self.about.get(key, {}), self.covered.get(key, {})
            for service, numbers in services.items() if groups else ():
                own = [groups[number] for number in numbers if number in groups] or list(groups.values())
                since, until = _day(about.get("since", "")), _day(about.get("until", ""))
                covered = frozenset(code for codes in own for code in codes)
                found[service].append(Article(since, until, key[0], about.get("title", ""), covered))
        for (service, number, since, until), codes in self.policies.items():
            found[service].append(Article(since, until, number, "", frozenset(codes)))
        return {service: tuple(sorted(them, key=lambda one: one.number)) for service, them in found.items()}


def _day(cell: str) -> date | None:
    found = DAY.search(cell)
    if not found:
        return None
    year, month, day, m, d, y = found.groups()
    return date(int(year or y), int(month or m), int(day or d))
