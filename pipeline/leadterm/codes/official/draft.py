"""A code system while it is being made: plain lists that are then frozen into a ``CodeSystem``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from leadterm.codes.system import CodeSystem
from leadterm.codes.systems import SYSTEMS, spec_of
from leadterm.codes.systems.bare_codes import bare
from leadterm.codes.terms import SEPARATOR
from leadterm.codes.types import INSTRUCTIONS, TERM_SOURCES, Heading, Term
from leadterm.storage.columns import Array, pack_strings

__all__ = ["Draft", "Row", "from_pairs", "rows_from_list", "term_arrays"]


@dataclass(slots=True)
class Row:
    """One code of a draft.

    ``code``, ``title``: the code in the system's spelling and what it stands for. ``parent``: row of the code one
    level up, -1 for none. ``billable``, ``extended``: whether it is complete; whether it only adds a 7th character to
    its parent. ``block``, ``chapter``: numbers of its headings, -1 for none. ``since``, ``until``: first and last day
    of the code itself as YYYYMMDD, 0 for unknown.
    """

    code: str
    title: str
    parent: int = -1
    billable: bool = True
    extended: bool = False
    block: int = -1
    chapter: int = -1
    since: int = 0
    until: int = 0


@dataclass(slots=True)
class Draft:
    """Everything of a code system, in lists.

    ``rows``: codes in tabular order: each directly before its descendants. ``notes``: owner (row, or ``len(rows)`` +
    number of the heading when frozen; headings are given as ``-1 - number`` here), kind and text. ``terms``: index
    and table terms; those whose code the system lacks are left out.
    """

    rows: list[Row] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    notes: list[tuple[int, str, str]] = field(default_factory=list)
    sevenths: list[tuple[int, str, str]] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)

    def freeze(
        self, name: str, release: str, effective: tuple[date | None, date | None] = (None, None), key: str = ""
    ) -> CodeSystem:
        """Make the immutable system."""
        return CodeSystem(name, release, effective, self.arrays(), key)

    def arrays(self) -> dict[str, Array]:
        """Pack the lists into the columns that ``CodeSystem`` takes."""
        rows = self.rows
        codes = "\n".join(row.code for row in rows).encode("utf-8")
        arrays: dict[str, Array] = {
            "codes": np.frombuffer(codes, dtype=np.uint8),
            "parent": np.array([row.parent for row in rows], dtype=np.int32),
            "end": _ends([row.parent for row in rows]),
            "billable": np.array([row.billable for row in rows], dtype=np.uint8),
            "extended": np.array([row.extended for row in rows], dtype=np.uint8),
            "block": np.array([row.block for row in rows], dtype=np.int32),
            "chapter": np.array([row.chapter for row in rows], dtype=np.int32),
            **pack_strings("title", [row.title for row in rows]),
            **pack_strings("heading_kind", [heading.kind for heading in self.headings]),
            **pack_strings("heading_name", [heading.name for heading in self.headings]),
            **pack_strings("heading_title", [heading.title for heading in self.headings]),
        }
        if any(row.since or row.until for row in rows):
            arrays["since"] = np.array([row.since for row in rows], dtype=np.int32)
            arrays["until"] = np.array([row.until for row in rows], dtype=np.int32)
        return arrays | self._note_arrays() | term_arrays([row.code for row in rows], self.terms)

    def _note_arrays(self) -> dict[str, Array]:
        size = len(self.rows)
        placed = ((owner if owner >= 0 else size - 1 - owner, kind, text) for owner, kind, text in self.notes)
        notes = sorted(placed, key=lambda note: note[0])
        sevenths = sorted(self.sevenths, key=lambda seventh: seventh[0])
        return {
            "note_owner": np.array([owner for owner, _, _ in notes], dtype=np.int32),
            "note_kind": np.array([INSTRUCTIONS.index(kind) for _, kind, _ in notes], dtype=np.uint8),
            **pack_strings("note_text", [text for _, _, text in notes]),
            "seventh_owner": np.array([owner for owner, _, _ in sevenths], dtype=np.int32),
            **pack_strings("seventh_char", [char for _, char, _ in sevenths]),
            **pack_strings("seventh_text", [text for _, _, text in sevenths]),
        }


def term_arrays(codes: Iterable[str], terms: Iterable[Term]) -> dict[str, Array]:
    """Pack index and table terms into the columns that ``CodeSystem`` takes.

    >>> term_arrays(["M10"], [Term("Gout", "M10", "index", ("Gout",))])["term_row"].tolist()
    [0]
    """
    number = {code: at for at, code in enumerate(codes)}
    kept = [term for term in terms if term.code in number]
    return {
        "term_row": np.array([number[term.code] for term in kept], dtype=np.int32),
        "term_source": np.array([TERM_SOURCES.index(term.source) for term in kept], dtype=np.uint8),
        "term_dash": np.array([term.dash for term in kept], dtype=np.uint8),
        **pack_strings("term_path", [SEPARATOR.join(term.path) for term in kept]),
        **pack_strings("term_optional", [SEPARATOR.join(term.optional) for term in kept]),
        **pack_strings("term_column", [term.column for term in kept]),
        **pack_strings("term_second", [term.manifestation or "" for term in kept]),
    }


def _ends(parents: Sequence[int]) -> Array:
    """Give one past the last descendant of each row."""
    ends = np.arange(1, len(parents) + 1, dtype=np.int32)
    for row in range(len(parents) - 1, -1, -1):
        if (parent := parents[row]) >= 0 and ends[row] > ends[parent]:
            ends[parent] = ends[row]
    return ends


def rows_from_list(system: str, listed: Iterable[Row]) -> list[Row]:
    """Order a flat list of codes and find the parent of each: the longest code that it begins with.

    >>> [row.parent for row in rows_from_list("icd10cm", [Row("W00.0XXA", "Fall"), Row("W00", "Falls")])]
    [-1, 0]
    """
    unique: dict[str, Row] = {}
    for row in listed:
        unique.setdefault(row.code, row)
    sevenths = spec_of(system).seventh
    ordered = sorted(unique.values(), key=lambda row: (bare(row.code), row.code))
    above: list[tuple[str, int]] = []
    for at, row in enumerate(ordered):
        plain = bare(row.code)
        while above and (above[-1][0] == plain or not plain.startswith(above[-1][0])):
            above.pop()
        row.parent = above[-1][1] if above else -1
        row.extended = sevenths and len(plain) == 7 and row.parent >= 0
        above.append((plain, at))
    return ordered


def from_pairs(
    name: str,
    pairs: Iterable[tuple[str, str]],
    *,
    release: str = "1",
    effective: tuple[date | None, date | None] = (None, None),
) -> CodeSystem:
    """Make a code system from a corpus's own list.

    A code that begins with another code of the list stands below it. Every code is billable unless codes stand below
    it.

    ``pairs``: code and title; a title may be empty. ``effective``: first and last day on which it holds.

    >>> own = from_pairs("causes of death", [("V01", "Pedestrian hurt"), ("V01.1", "in traffic"), ("X9", "")])
    >>> own.children("V01"), own.normalise("v011"), own.title("X9")
    (('V01.1',), 'V01.1', '')
    """
    official = name in SYSTEMS
    spell = spec_of(name).spell
    cleaned = ((" ".join(code.split()), " ".join(title.split())) for code, title in pairs)
    listed = [Row(spell(bare(code)) if official else code, title) for code, title in cleaned if code]
    rows = rows_from_list(name, listed)
    for row in rows:
        if row.parent >= 0:
            rows[row.parent].billable = False
    return Draft(rows).freeze(name, release, effective)
