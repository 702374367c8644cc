"""From the files of a release to the columns of a ``CodeSystem``."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from leadterm.codes.axis_tables import AxisTables, axis_tables_of
from leadterm.codes.official.component import TERM_KINDS, Component, read_component, read_part
from leadterm.codes.official.draft import Draft, Row, rows_from_list
from leadterm.codes.official.entry import Entry
from leadterm.codes.official.index import terms_of
from leadterm.codes.official.packaged import packaged_facts, packaged_rows, stated_release
from leadterm.codes.official.tabular import Event, draft_from_events, expansions, tabular_events
from leadterm.codes.official.xml import line, parse_xml
from leadterm.codes.release import release_from_label
from leadterm.codes.systems import SYSTEMS, spec_of
from leadterm.codes.systems.spec import Packaged
from leadterm.codes.types import Term
from leadterm.errors import LeadtermError

__all__ = ["compile_draft", "compile_terms", "confirmed_expansions", "package_folder", "packaged_components"]

def package_folder(package: str) -> Path | None:
    """Find the folder of an installed package without importing it.

    >>> package_folder("no_such_package_at_all") is None
    True
    """
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def packaged_components(system: str | None = None) -> list[Component]:
    """List the code data that came with installed packages.

    >>> [part.kind for part in packaged_components("icd10cm")]
    ['tabular']
    """
    specs = SYSTEMS.values() if system is None else [spec_of(system)]
    return [part for spec in specs for packaged in spec.all_packaged for part in _packaged_parts(spec.name, packaged)]


@lru_cache(maxsize=64)
def _packaged_parts(system: str, packaged: Packaged) -> tuple[Component, ...]:
    """The newest file of a package, looked for once: while we run, no package changes."""
    files = _packaged_files(packaged, packaged.pattern)
    if not files:
        return ()
    release = stated_release(files[-1]) or release_from_label(files[-1].name) or "unknown"
    return (Component(system, release, packaged.kind, files[-1], 0, "", packaged=True),)


def _packaged_files(packaged: Packaged, pattern: str) -> list[Path]:
    root = package_folder(packaged.package)
    return sorted((root / packaged.folder).glob(pattern)) if root and pattern else []


def compile_draft(system: str, base: Component, notes: Component | None, codes: Component | None) -> Draft:
    """Read the chosen parts of a release and put them together.

    ``base`` says which codes there are; a tabular list lends its ``notes`` and headings to a base that is a plain list,
    or an official list its facts; a list of ``codes`` of the same release says which 7th characters a tabular base has.

    >>> part = packaged_components("icd9pcs")[0]
    >>> compile_draft("icd9pcs", part, None, None).rows[0].code
    '00.01'
    """
    if base.kind == "tables":
        return draft_from_tables(axis_tables_of(base.release, read_part(base)), read_codes(codes) if codes else [])
    if base.kind == "tabular":
        listed = read_codes(codes) if codes else []
        confirmed = expansions(row.code for row in listed) if listed else confirmed_expansions(system)
        draft = draft_from_events(read_events(base), confirmed)
    else:
        draft = Draft(rows_from_list(system, read_codes(base)))
        _set_billable(draft.rows, base)
        if facts := _read_facts(base, notes):
            draft.notes += _fact_notes(draft.rows, facts, spec_of(system).facts)
        elif notes is not None:
            draft = _overlay(draft, draft_from_events(read_events(notes), confirmed_expansions(system)))
    return draft


def compile_terms(parts: Iterable[Component]) -> list[Term]:
    """Read an index and tables together, so that one may refer to the other.

    >>> compile_terms([])
    []
    """
    entries = {part.kind: [Entry.from_fields(fields) for fields in read_component(part.path)] for part in parts}
    return terms_of({kind: entries[kind] for kind in TERM_KINDS if kind in entries})


def confirmed_expansions(system: str) -> Mapping[str, frozenset[str]]:
    """Read which 7th characters exist from the list of codes beside a packaged tabular list; empty if there is none.

    >>> sorted(confirmed_expansions("icd10cm")["W000XX"])
    ['A', 'D', 'S']
    """
    packaged = spec_of(system).packaged
    files = _packaged_files(packaged, packaged.complete) if packaged else []
    lines = files[-1].read_text(encoding="utf-8").splitlines() if files else []
    return expansions(entry.split()[0] for entry in lines if entry.strip()) if files else {}


def draft_from_tables(tables: AxisTables, listed: Iterable[Row]) -> Draft:
    """Build every code of the tables below a heading for each table; titles are those of a list where it has them."""
    titles = {row.code: row.title for row in listed}
    rows: list[Row] = []
    for table in sorted(tables.tables):
        parent = len(rows)
        rows.append(Row(table, f"{tables.label(table, 2)}, {tables.label(table, 3)}", billable=False))
        codes = sorted({code for row in tables.tables[table] for code in row.codes()})
        rows += [Row(code, titles.get(code) or tables.title(code), parent) for code in codes]
    return Draft(rows)


def read_events(part: Component) -> list[Event]:
    """Read a tabular list.

    >>> len(read_events(packaged_components("icd10cm")[0])) > 70_000
    True
    """
    if part.packaged:
        return list(tabular_events(parse_xml(part.path.read_bytes(), part.path.name)))
    return [Event(kind, int(depth), name, text) for kind, depth, name, text in read_component(part.path)]


def read_codes(part: Component) -> list[Row]:
    """Read a list of codes.

    >>> read_codes(packaged_components("icd9cm")[0])[0].code
    '001.0'
    """
    if not part.packaged:
        return [
            Row(code, title, billable=billable == "1", since=int(since or 0), until=int(until or 0))
            for code, title, billable, since, until in read_component(part.path)
        ]
    if part.path.suffix == ".tsv":
        return packaged_rows(part.path)
    spell = spec_of(part.system).spell
    rows = []
    for entry in part.path.read_text(encoding="latin-1").splitlines():
        code, _, title = entry.strip().partition(" ")
        if code:
            rows.append(Row(spell(code), line(title)))
    if not rows:
        raise LeadtermError(f"the file '{part.path.name}' of a package is empty.", hint="Install the package again.")
    return rows


def _set_billable(rows: Sequence[Row], base: Component) -> None:
    """In a list that does not say which codes are headings, those with codes below are."""
    if base.packaged:
        for row in rows:
            if row.parent >= 0:
                rows[row.parent].billable = False


def _read_facts(base: Component, lender: Component | None) -> list[tuple[str, str, str]]:
    """Read what the official list tells of its codes: from a part of its own, or from the table that came with us."""
    if lender is not None and lender.kind == "facts":
        return [(code, fact, value) for code, fact, value in read_component(lender.path)]
    names = tuple(spec_of(base.system).facts)
    return packaged_facts(base.path, names) if names and base.packaged and base.path.suffix == ".tsv" else []


def _fact_notes(
    rows: Sequence[Row], facts: Iterable[tuple[str, str, str]], meanings: Mapping[str, Mapping[str, str]]
) -> list[tuple[int, str, str]]:
    """Turn facts into notes at their codes, values with their meaning."""
    number = {row.code: at for at, row in enumerate(rows)}
    told = [(number.get(code, -1), fact, value, meanings.get(fact, {}).get(value, "")) for code, fact, value in facts]
    return [(at, fact, f"{value}: {meaning}" if meaning else value) for at, fact, value, meaning in told if at >= 0]


def _overlay(draft: Draft, lender: Draft) -> Draft:
    """Give the codes of a newer list the notes and headings of a tabular list."""
    number = {row.code: at for at, row in enumerate(draft.rows)}
    moved = {at: number[row.code] for at, row in enumerate(lender.rows) if row.code in number}
    home = {row.code: row for row in lender.rows}
    placed: list[Row] = []
    for row in draft.rows:
        near = home.get(row.code) or (placed[row.parent] if row.parent >= 0 else _neighbour(placed, row))
        placed.append(replace(row, block=near.block, chapter=near.chapter) if near else row)
    notes = [
        (moved.get(owner, 0) if owner >= 0 else owner, kind, text)
        for owner, kind, text in lender.notes
        if owner < 0 or owner in moved
    ]
    sevenths = [(moved[owner], char, text) for owner, char, text in lender.sevenths if owner in moved]
    return Draft(placed, lender.headings, notes, sevenths)


def _neighbour(placed: Sequence[Row], row: Row) -> Row | None:
    """For a new category: the code before it, if it begins with the same two characters."""
    return placed[-1] if placed and placed[-1].code[:2] == row.code[:2] else None
