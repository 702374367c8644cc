"""The body part that words name, among those a table has, and its side."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from leadterm.codes.axis_tables import AxisTables
from leadterm.procedures.note_phrases import Phrases
from leadterm.storage.tsv import package_table

__all__ = ["Part", "PartFinder", "side_in"]

SIDES = {"right": "R", "rt": "R", "left": "L", "lt": "L", "bilateral": "B", "bilaterally": "B", "both": "B",
         "derecho": "R", "derecha": "R", "izquierdo": "L", "izquierda": "L", "ambos": "B", "ambas": "B"}  # fmt: skip
_SIDE = re.compile(rf"\b(?:{'|'.join(SIDES)})\b(?! bones?\b)")
_LABEL_SIDE = re.compile(r",? \b(Right|Left|Bilateral)\b|^(Right|Left) ")
PLAIN = frozenset({"and", "of", "the", "structure", "region", "tissue", "lymphatic"})
IMAGED = "BC"  # sections where both sides are usual if none is told
_WORD = re.compile(r"[a-z]{2,}")


def stems(text: str) -> frozenset[str]:
    """Words without the ending of a plural."""
    return frozenset(w[:-1] if w.endswith("s") and len(w) > 4 else w for w in _WORD.findall(text.lower()))


def side_in(text: str, at: int = 0) -> str:
    """Tell the side named nearest to a position: R, L, B, or nothing; R and L both near are B only where joined."""
    found = [(abs(m.start() - at), SIDES[m.group()]) for m in _SIDE.finditer(text)]
    return min(found)[1] if found else ""


@dataclass(frozen=True)
class Part:
    """A body part of a table: label without the side, a character for each side it has, its place in the table."""

    core: str
    chars: Mapping[str, str]
    both_first: bool = False
    rank: int = 0

    def of_side(self, side: str) -> tuple[str, ...]:
        """Characters for a side: two where both sides have their own only; all that may be meant where none is told."""
        if "" in self.chars:
            return (self.chars[""],)
        if side in self.chars:
            return (self.chars[side],)
        order = ("B", "R", "L") if not side and self.both_first else ("R", "L")
        return tuple(self.chars[s] for s in order if s in self.chars) or tuple(self.chars.values())


class PartFinder:
    """Finds body parts of tables by their labels, the official key and a table of other names."""

    def __init__(self, tables: AxisTables) -> None:
        self._tables = tables
        self._parts: dict[str, dict[str, Part]] = {}
        cores = {core for table in tables.tables for core in self.parts(table)}
        self._terms: dict[str, list[tuple[frozenset[str], str]]] = defaultdict(list)
        for core in sorted(cores):
            self._learn(stems(core) - PLAIN, core)
        for path, way, text, _ in tables.index:
            if way == "use" and " | " not in path:
                for core in sorted({core_of(label) for label in text.split(" | ")} & cores):
                    self._learn(stems(path) - PLAIN, core)
        own: list[tuple[str, tuple[str, ...]]] = []
        for row in package_table("leadterm.procedures", "pcs_parts.tsv"):
            meant = tuple(core for core in sorted(cores) if re.search(row["label"], core))
            own += [(phrase, meant) for phrase in row["words"].split("|")]
        self._own = Phrases(own)
        self.named = lru_cache(maxsize=256)(self._named)
        self._tables_of = lru_cache(maxsize=64)(self._holding)

    def _learn(self, words: frozenset[str], core: str) -> None:
        if words:
            self._terms[min(words)].append((words, core))

    def parts(self, table: str) -> dict[str, Part]:
        """Give the body parts of a table, by their label without side."""
        if table not in self._parts:
            chars: dict[str, dict[str, str]] = defaultdict(dict)
            for char in sorted({c for row in self._tables.tables.get(table, ()) for c in row.values[0]}):
                label = self._tables.label(table + char, 4)
                side = _LABEL_SIDE.search(label)
                chars[core_of(label)][(side[1] or side[2])[0] if side else ""] = char
            self._parts[table] = {
                core: Part(core, held, table[0] in IMAGED, rank) for rank, (core, held) in enumerate(chars.items())
            }
        return self._parts[table]

    def _named(self, text: str) -> dict[str, int]:
        """The parts that a text names, and how well: by how many words."""
        found: dict[str, int] = {}
        said = stems(text)
        for stem in said & self._terms.keys():
            for words, core in self._terms[stem]:
                if words <= said:
                    found[core] = max(found.get(core, 0), 2 * len(words))
        for match, cores in self._own.first(text):
            size = 2 * len(match.group().split()) - 1
            found |= {core: max(found.get(core, 0), size) for core in cores}
        return found

    def find(self, table: str, texts: Sequence[str]) -> Part | None:
        """Find the part that the first of some texts to name one names best: with the most words, then first."""
        return next((best[1] for text in texts if (best := self.best(table, text))), None)

    def only(self, table: str, text: str) -> Part | None:
        """Find the part that a text names, if it names no other of the table as well."""
        best = self.best(table, text)
        named, parts = self.named(text), self.parts(table)
        return best[1] if best and sum(named[core] == best[0] for core in named if core in parts) == 1 else None

    def best(self, table: str, text: str) -> tuple[int, Part] | None:
        """Find the part of a table that a text names best, and how well."""
        named, parts = self.named(text), self.parts(table)
        there = [parts[core] for core in named if core in parts]
        part = max(there, key=lambda one: (named[one.core], -one.rank), default=None)
        return (named[part.core], part) if part is not None else None

    def any(self, operation: str, text: str, systems: tuple[str, ...] = ("",)) -> tuple[str, Part] | None:
        """Find the table of an operation, such as 0?B, and its part, that a text names best; of some body systems."""
        named = self.named(text)
        if not named:
            return None
        holding = self._tables_of(operation[0] + operation[2], systems)
        found = [(named[core], table, part) for core in named for table, part in holding.get(core, ())]
        _, table, part = max(found, key=lambda one: (*one[:2], -one[2].rank), default=(0, "", None))
        return (table, part) if part else None

    def _holding(self, ends: str, systems: tuple[str, ...]) -> dict[str, list[tuple[str, Part]]]:
        """The tables of an operation in which each body part stands."""
        held: dict[str, list[tuple[str, Part]]] = defaultdict(list)
        for table in self._tables.tables:
            if table[0] + table[2] == ends and table.startswith(systems):
                for core, part in self.parts(table).items():
                    held[core].append((table, part))
        return held


def core_of(label: str) -> str:
    """A label without its side, in the singular where it is of both sides."""
    core = _LABEL_SIDE.sub("", label).strip()
    if "Bilateral" in label and core.endswith("s"):
        return re.sub(r"ies$", "y", core) if core.endswith("ies") else core[:-1]
    return core
