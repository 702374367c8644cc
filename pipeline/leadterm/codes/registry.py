"""Find, choose and load code systems."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from leadterm.codes.axis_tables import AxisTables, axis_tables_of
from leadterm.codes.official.compile import compile_draft, compile_terms, packaged_components
from leadterm.codes.official.component import AXIS_KINDS, TERM_KINDS, Component, list_components, read_part
from leadterm.codes.official.draft import term_arrays
from leadterm.codes.release import as_day, effective_dates
from leadterm.codes.system import CodeSystem
from leadterm.codes.systems import SYSTEMS, spec_of
from leadterm.errors import LeadtermError, unknown_name
from leadterm.paths import code_data
from leadterm.storage.array_cache import FORMAT, cached

__all__ = ["Available", "available", "is_at_hand", "load_axis_tables", "load_system", "release_on", "use_releases"]

_WANTED: dict[str, str] = {}

BASES = ("tabular", "codes", "tables")  # kinds of part that say which codes there are


@dataclass(frozen=True, slots=True)
class Available:
    """A part of a release that is at hand.

    - ``system``, ``title``: name and full name of the system.
    - ``release``: name of the release.
    - ``kind``: ``tabular codes facts index neoplasm drug`` or ``external cause``.
    - ``effective_from``, ``effective_to``: days of service for which the release holds.
    - ``packaged``: whether it is default data (from a package) or was installed.
    - ``rows``: lines of data of an installed part.

    >>> any(part.system == "icd10cm" for part in available())
    True
    """

    system: str
    title: str
    release: str
    kind: str
    effective_from: date | None
    effective_to: date | None
    packaged: bool
    rows: int


def available() -> list[Available]:
    """List every part of every release that can be loaded.

    Sorted by system, release and kind. ``LeadtermError`` if an installed file is damaged.

    >>> {"icd10cm", "icd10pcs", "hcpcs", "revenue_codes"} <= {part.system for part in available() if part.packaged}
    True
    """
    parts = sorted(packaged_components() + list_components(code_data()), key=lambda part: (part.system, part.release))
    return [
        Available(
            part.system, spec_of(part.system).title, part.release, part.kind,
            *effective_dates(part.system, part.release), part.packaged, part.rows,
        )
        for part in parts
    ]  # fmt: skip


def load_system(name: str, date: date | str | None = None) -> CodeSystem:
    """Load a code system.

    Installed releases and the default data are put together: the newest list of codes holds, and the
    newest index and tables add their terms.

    Parameters
    ----------
    name : str
        ``icd10cm icd10pcs icd9cm icd9pcs`` (default data), or any system with an installed release.
    date : date or str, optional
        Day of service: the release that held then, or the nearest there is (ask ``valid_on``). By
        default the newest.

    Returns
    -------
    CodeSystem
        Loaded once for each combination of files, then shared.

    Raises
    ------
    LeadtermError
        If the name is unknown, no release of it is at hand, or a file is damaged.

    Examples
    --------
    >>> load_system("icd10cm").title("E11.9")
    'Type 2 diabetes mellitus without complications'
    """
    parts = packaged_components(name) + list_components(code_data(), name)
    bases = [part for part in parts if part.kind in BASES]
    if not bases:
        if name in SYSTEMS:
            raise LeadtermError(
                f"no release of {SYSTEMS[name].title} is installed.",
                hint="Install its official files with: leadterm codes install SOURCE",
            )
        raise unknown_name("code system", name, {part.system for part in available()} | set(SYSTEMS))
    day = _day(name, date)
    base, lender, codes = choose(name, bases, day)
    if base.kind == "codes" and lender is None:
        lender = next((part for part in parts if (part.kind, part.release) == ("facts", base.release)), None)
    terms = [best for kind in TERM_KINDS if (best := _best(name, [p for p in parts if p.kind == kind], day))]
    return _load(name, base, lender, codes, tuple(terms))


def load_axis_tables(name: str, date: date | str | None = None) -> AxisTables:
    """Load the tables of a system whose codes are built, those that held on a day of service; by default the newest.

    ``LeadtermError`` if the system has none, or a file is damaged.

    >>> len(set(load_axis_tables("icd10pcs").codes()))
    78948
    """
    day = _day(name, date)
    parts = packaged_components(name) + list_components(code_data(), name)
    best = [_best(name, [part for part in parts if part.kind == kind], day) for kind in AXIS_KINDS]
    if best[0] is None:
        raise LeadtermError(
            f"no tables of {spec_of(name).title} are at hand.",
            hint="Install the official XML files with: leadterm codes install SOURCE",
        )
    return _tables_once(tuple(best), _fingerprint(best))


@lru_cache(maxsize=4)
def _tables_once(parts: tuple[Component | None, ...], _print: str) -> AxisTables:
    """Read tables, definitions and index."""
    assert parts[0] is not None
    return axis_tables_of(parts[0].release, *(read_part(part) if part else [] for part in parts))


def use_releases(wanted: Mapping[str, str]) -> None:
    """Take these releases (system → release) in the place of the newest, wherever no day of service decides."""
    _WANTED.clear()
    _WANTED.update(wanted)


def _day(name: str, date: date | str | None) -> date | None:
    """The day that decides: the one given, else the first of the release that was chosen."""
    if date is not None:
        return as_day(date)
    if name not in _WANTED:
        return None
    held = sorted({part.release for part in _bases(name)})
    if _WANTED[name] not in held:
        raise LeadtermError(
            f"{spec_of(name).title} {_WANTED[name]} is not at hand; there is {', '.join(held) or 'none'}.",
            hint="It was chosen with 'leadterm config set releases'; install it, or 'leadterm config unset releases'.",
        )
    return effective_dates(name, _WANTED[name])[0]


def is_at_hand(name: str) -> bool:
    """Tell whether any release of a system can be loaded."""
    return _has_base(name, installed(name))


@lru_cache(maxsize=64)
def _has_base(name: str, _installed: tuple[tuple[str, int], ...]) -> bool:
    return bool(_bases(name))


def installed(system: str) -> tuple[tuple[str, int], ...]:
    """Name the installed releases of a system and when each was last changed, without reading them.

    >>> installed("no such system")
    ()
    """
    folder = _data_folder(os.environ.get("XDG_DATA_HOME"), os.environ.get("HOME"))
    try:
        with os.scandir(f"{folder}/{system}") as releases:
            return tuple(sorted((one.name, one.stat().st_mtime_ns) for one in releases))
    except OSError:
        return ()


@lru_cache(maxsize=8)
def _data_folder(*_where: str | None) -> str:
    """Give the folder of installed releases; it is asked for at every check, and only these variables move it."""
    return str(code_data())


def release_on(name: str, date: date | str | None = None) -> str:
    """Name the release that `load_system` would load, without loading it.

    >>> release_on("icd10cm", "2001-01-01") == load_system("icd10cm").release
    True
    """
    bases = _bases(name)
    if not bases:
        return load_system(name, date).release  # raises what there is to say
    return choose(name, bases, _day(name, date))[0].release


def _bases(name: str) -> list[Component]:
    parts = packaged_components(name) + list_components(code_data(), name)
    return [part for part in parts if part.kind in BASES]


def choose(
    name: str, bases: Sequence[Component], day: date | None
) -> tuple[Component, Component | None, Component | None]:
    """Choose the base, the tabular list that lends notes to a plain list, the list of codes beside a tabular list.

    >>> choose("icd10cm", packaged_components("icd10cm"), None)[0].kind
    'tabular'
    """
    best = _best(name, bases, day)
    assert best is not None  # bases is not empty
    same = [part for part in bases if part.release == best.release]
    if tables := _best(name, [part for part in same if part.kind == "tables"], day):
        return tables, None, _best(name, [part for part in bases if part.kind == "codes"], day)
    tabular = _best(name, [part for part in same if part.kind == "tabular"], day)
    codes = _best(name, [part for part in same if part.kind == "codes"], day)
    if tabular:
        return tabular, None, codes
    lender = _best(name, [part for part in bases if part.kind == "tabular"], day)
    return best, lender, None


def _best(name: str, parts: Sequence[Component], day: date | None) -> Component | None:
    """Choose the newest part that held on a day, or the oldest if all are newer; installed before packaged."""

    def start(part: Component) -> date:
        return effective_dates(name, part.release)[0] or date.min

    ordered = sorted(parts, key=lambda part: (start(part), part.release, not part.packaged))
    if not ordered:
        return None
    begun = [part for part in ordered if day is None or start(part) <= day]
    return begun[-1] if begun else [part for part in ordered if start(part) == start(ordered[0])][-1]


def _load(
    name: str, base: Component, notes: Component | None, codes: Component | None, terms: tuple[Component, ...]
) -> CodeSystem:
    prints = _fingerprint([base, notes, codes]), _fingerprint(terms)
    return _load_once(name, base, notes, codes, terms, prints)


@lru_cache(maxsize=8)
def _load_once(
    name: str,
    base: Component,
    notes: Component | None,
    codes: Component | None,
    terms: tuple[Component, ...],
    prints: tuple[str, str],
) -> CodeSystem:
    """Load the codes and, where an index is installed, its terms, from the cache or from the files."""
    arrays = dict(
        cached(f"{name}-{base.release}-{prints[0]}", lambda: compile_draft(name, base, notes, codes).arrays())
    )
    key = "-".join(prints)
    if terms:
        listed = arrays["codes"].tobytes().decode("utf-8").split("\n")
        arrays |= cached(f"{name}-{base.release}-terms-{key}", lambda: term_arrays(listed, compile_terms(terms)))
    return CodeSystem(name, base.release, effective_dates(name, base.release), arrays, key, installed=not base.packaged)


def _fingerprint(parts: Sequence[Component | None]) -> str:
    """Digest what the columns depend on: installed parts carry a checksum, files of packages are read."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    for part in parts:
        digest.update(f"{part.kind} {part.release} {part.sha256}\n".encode() if part else b"none\n")
        if part and part.packaged:
            also = part.path.parent.glob("*.txt") if part.kind == "tabular" else ()
            for path in (part.path, *sorted(also)):
                seen = path.stat()
                digest.update(_file_digest(path, seen.st_size, seen.st_mtime_ns))
    return digest.hexdigest()[:16]


@lru_cache(maxsize=32)
def _file_digest(path: Path, _size: int, _changed: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()
