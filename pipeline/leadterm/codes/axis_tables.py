"""The official tables of a system whose codes are built: which values go together, and what each stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from operator import contains

from leadterm.errors import LeadtermError

__all__ = ["AxisTables", "Character", "TableRow", "axis_tables_of"]

HEAD, SIZE = 3, 7
NONE = frozenset({"No Device", "No Qualifier", "None", "No Substance"})


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table: the characters that each of the last four axes may have, in the official order."""

    table: str
    values: tuple[str, str, str, str]

    def __contains__(self, rest: object) -> bool:
        return isinstance(rest, str) and len(rest) == len(self.values) and all(map(contains, self.values, rest))

    def codes(self) -> Iterator[str]:
        """Give every code of the row."""
        yield from (self.table + "".join(rest) for rest in product(*self.values))


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a code: its axis, what it stands for, and its official definition where there is one."""

    axis: str
    code: str
    label: str
    definition: str = ""


@dataclass(frozen=True, eq=False)
class AxisTables:
    """Tables, labels, definitions and index of one release; `leadterm.codes.registry.load_axis_tables` gives one."""

    release: str
    tables: Mapping[str, tuple[TableRow, ...]]
    index: tuple[tuple[str, str, str, str], ...]
    _axes: Mapping[tuple[str, int], str]
    _labels: Mapping[str, Mapping[str, str]]
    _definitions: Mapping[tuple[str, str], str]

    def __contains__(self, code: object) -> bool:
        """Whether the tables build a code."""
        return isinstance(code, str) and any(code[HEAD:] in row for row in self.tables.get(code[:HEAD], ()))

    def codes(self) -> Iterator[str]:
        """Give every code that the tables build, in their order."""
        return (code for rows in self.tables.values() for row in rows for code in row.codes())

    def label(self, code: str, at: int) -> str:
        """Give what the character at a position, from 1, of a code or of its beginning stands for."""
        held = self._labels.get(f"{at}{code[at - 1]}", {})
        number = self._row_number(code) if at > HEAD else ""
        wheres = [code[:HEAD] + number, *(code[:size] for size in range(min(at - 1, HEAD), -1, -1))]
        return next((held[where] for where in wheres if where in held), "")

    def characters(self, code: str) -> tuple[Character, ...]:
        """Lay out a code or the beginning of one.

        >>> from leadterm.codes.registry import load_axis_tables
        >>> [c.label for c in load_axis_tables("icd10pcs").characters("0DTJ4ZZ")][2:5]
        ['Resection', 'Appendix', 'Percutaneous Endoscopic']
        """
        made = []
        for at in range(1, len(code) + 1):
            label = self.label(code, at)
            definition = self._definitions.get((f"{code[0]}{at}", label), "")
            made.append(Character(self._axes.get((code[0], at), ""), code[at - 1], label, definition))
        return tuple(made)

    def title(self, code: str) -> str:
        """Name a code after its characters, for one that no official list gives a title.

        >>> from leadterm.codes.registry import load_axis_tables
        >>> load_axis_tables("icd10pcs").title("0DTJ4ZZ")
        'Resection of Appendix, Percutaneous Endoscopic'
        """
        body, operation, part, *rest = (self.label(code, at) for at in range(2, len(code) + 1))
        kept = [label for label in rest if label and label not in NONE]
        return ", ".join([f"{operation} of {part}", *dict.fromkeys(kept)]) if part else f"{body}, {operation}"

    def options(self, code: str, at: int) -> tuple[str, ...]:
        """Give the characters that could stand at a position of a code, the others kept.

        >>> from leadterm.codes.registry import load_axis_tables
        >>> load_axis_tables("icd10pcs").options("0DTJ4ZZ", 5)
        ('0', '4', '7', '8')
        """
        found: dict[str, None] = {}
        for row in self.tables.get(code[:HEAD], ()):
            if all(char in row.values[i] for i, char in enumerate(code[HEAD:]) if i != at - HEAD - 1):
                found |= dict.fromkeys(row.values[at - HEAD - 1])
        return tuple(sorted(found))

    def _row_number(self, code: str) -> str:
        rows = self.tables.get(code[:HEAD], ())
        rest = code[HEAD:]
        return next((str(n) for n, row in enumerate(rows) if all(map(contains, row.values, rest))), "")


def axis_tables_of(
    release: str,
    rows: Iterable[Sequence[str]],
    definitions: Iterable[Sequence[str]] = (),
    index: Iterable[Sequence[str]] = (),
) -> AxisTables:
    """Put together the parts of a release: rows as `leadterm.codes.official.axis_files` makes them."""
    tables: dict[str, list[TableRow]] = defaultdict(list)
    axes: dict[tuple[str, int], str] = {}
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for what, where, code, text in rows:
        if what == "row":
            a, b, c, d = text.split(" ")
            tables[where].append(TableRow(where, (a, b, c, d)))
        elif what == "axis":
            axes[where, int(code)] = text
        else:
            labels[code][where] = text
    if not tables:
        raise LeadtermError(f"the tables of release {release} hold no row.", hint="Install them again.")
    told = {(where, title): text for what, where, title, text in definitions if what == "definition"}
    kept = tuple((path, way, text, codes) for path, way, text, codes in index)
    return AxisTables(release, {t: tuple(found) for t, found in tables.items()}, kept, axes, labels, told)
