"""A release of a code system: codes, titles, hierarchy, instructions and terms, read-only and compact."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import final

from leadterm.codes.release import as_day
from leadterm.codes.systems import SystemSpec, spec_of
from leadterm.codes.systems.bare_codes import bare, bare_rows
from leadterm.codes.terms import Sevenths, entry_terms, note_terms
from leadterm.codes.types import INSTRUCTIONS, TERM_SOURCES, Heading, Instruction, InstructionKind, Term
from leadterm.errors import LeadtermError, unknown_name
from leadterm.storage.columns import Array, Strings, numbers

__all__ = ["CodeSystem"]


@final
class CodeSystem:
    """One release of a code system. Nothing in it ever changes.

    Codes stand in the order of the tabular list, each before its descendants; chapters and blocks are no
    codes (ask ``chapter`` and ``block``). Methods that take a code raise ``LeadtermError`` if there is none such.

    Parameters
    ----------
    name : str
        For instance ``"icd10cm"``.
    release : str
        For instance ``"2026.04"``.
    effective : tuple of (date or None, date or None)
        First and last day of service for which the release holds; None where not known.
    arrays : mapping of str to ndarray
        The columns, as made by ``leadterm.codes.official.draft.Draft.arrays``.
    key : str
        Fingerprint of the data it was made from; empty for a system made in memory.
    installed : bool
        Whether the user installed the release; errors then say how to remove it.

    Examples
    --------
    >>> from leadterm.codes import from_pairs
    >>> system = from_pairs("injuries", [("S1", "Injury of arm"), ("S1A", "Fracture of arm")])
    >>> system.title("S1A"), system.parent("S1A"), system.is_billable("S1"), "S2" in system
    ('Fracture of arm', 'S1', False, False)
    """

    __slots__ = (
        "_arrays", "_bare", "_billable", "_block", "_chapter", "_codes", "_effective", "_end", "_extended", "_headings",
        "_installed", "_key", "_name", "_note_kind", "_note_owner", "_note_text", "_parent", "_release", "_rows",
        "_sevenths", "_spec", "_titles",
    )  # fmt: skip

    def __init__(
        self, name: str, release: str, effective: tuple[date | None, date | None], arrays: Mapping[str, Array],
        key: str = "", *, installed: bool = False,
    ) -> None:  # fmt: skip
        self._name, self._release, self._effective, self._key = name, release, effective, key
        self._installed = installed
        self._spec = spec_of(name)
        self._arrays = dict(arrays)
        for array in self._arrays.values():
            array.flags.writeable = False
        text = arrays["codes"].tobytes().decode("utf-8")
        self._codes: tuple[str, ...] = tuple(text.split("\n")) if text else ()
        self._rows = {code: row for row, code in enumerate(self._codes)}
        self._bare: dict[str, int] | None = None
        self._titles = Strings.named(arrays, "title")
        self._parent = numbers(arrays["parent"])
        self._end = numbers(arrays["end"])
        self._billable = numbers(arrays["billable"])
        self._extended = numbers(arrays["extended"])
        self._block = numbers(arrays["block"])
        self._chapter = numbers(arrays["chapter"])
        parts = (Strings.named(arrays, f"heading_{part}") for part in ("kind", "name", "title"))
        self._headings = tuple(Heading(*texts) for texts in zip(*parts, strict=True))
        self._sevenths = Sevenths(arrays)
        self._note_owner = numbers(arrays["note_owner"])
        self._note_kind = numbers(arrays["note_kind"])
        self._note_text = Strings.named(arrays, "note_text")

    @property
    def name(self) -> str:
        """Name of the system, for instance ``"icd10cm"``."""
        return self._name

    @property
    def release(self) -> str:
        """Name of the release, for instance ``"2026.04"``."""
        return self._release

    @property
    def key(self) -> str:
        """Fingerprint of the data, for caches built on top; empty for a system made in memory."""
        return self._key

    @property
    def spec(self) -> SystemSpec:
        """What is known of the system: its spelling, kind and full name."""
        return self._spec

    @property
    def effective_from(self) -> date | None:
        """First day of service on which the release holds, where known."""
        return self._effective[0]

    @property
    def effective_to(self) -> date | None:
        """Last day of service on which the release holds, where known."""
        return self._effective[1]

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, headings of codes included, in the order of the tabular list."""
        return self._codes

    def __repr__(self) -> str:
        return f"CodeSystem({self._name!r}, {self._release!r}, {len(self)} codes)"

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __contains__(self, code: object) -> bool:
        return code in self._rows

    def normalise(self, text: str) -> str | None:
        """Give the system's own spelling of a code written with other case, dots or spaces.

        None if the system does not have it, or two codes could be meant.
        """
        if text in self._rows:
            return text
        if self._bare is None:
            self._bare = bare_rows(self._codes)
        row = self._bare.get(bare(text), -1)
        return self._codes[row] if row >= 0 else None

    def title(self, code: str) -> str:
        """Give what a code stands for; empty where a corpus's own list has no title."""
        row = self._rows.get(code)
        return self._titles[self._row(code) if row is None else row]

    def parent(self, code: str) -> str | None:
        """Give the code one level up; None for a category."""
        row = self._parent[self._row(code)]
        return self._codes[row] if row >= 0 else None

    def children(self, code: str) -> tuple[str, ...]:
        """Give the codes one level down, in order, 7th-character codes included."""
        row = self._row(code)
        found, child = [], row + 1
        while child < self._end[row]:
            found.append(self._codes[child])
            child = self._end[child]
        return tuple(found)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Give the codes above, nearest first, up to the category."""
        return tuple(self._codes[row] for row in self._line(self._row(code))[1:])

    def descendants(self, code: str) -> tuple[str, ...]:
        """Give all codes below, in the order of the tabular list."""
        row = self._row(code)
        return self._codes[row + 1 : self._end[row]]

    def category(self, code: str) -> str:
        """Give the category (3 characters in ICD-10-CM); the topmost code where a system has none.

        A code the system does not have is accepted where its category follows from its spelling.
        """
        return self._spec.category_of(code) or self._codes[self._line(self._row(code))[-1]]

    def block(self, code: str) -> Heading | None:
        """Give the block of categories, such as E08-E13; None where a system has none."""
        return self._heading(self._block[self._row(code)])

    def chapter(self, code: str) -> Heading | None:
        """Give the chapter; None where a system has none."""
        return self._heading(self._chapter[self._row(code)])

    def is_billable(self, code: str) -> bool:
        """Tell whether a code is complete, so that it may stand on a claim."""
        return bool(self._billable[self._row(code)])

    def is_extended(self, code: str) -> bool:
        """Tell whether a code ends in a 7th character that was added to a shorter one."""
        return bool(self._extended[self._row(code)])

    def billable_descendants(self, code: str) -> tuple[str, ...]:
        """Give the billable codes at or below a code, in order; the code itself if it is billable."""
        row = self._row(code)
        return tuple(self._codes[at] for at in range(row, self._end[row]) if self._billable[at])

    def instructions(
        self, code: str, kind: InstructionKind | None = None, *, inherited: bool = True
    ) -> tuple[Instruction, ...]:
        """Give the notes that hold for a code: its own first, then those of codes and headings above.

        In the order of the tabular list, nearest owner first. ``code``: a code of the system. ``kind``: one kind of
        note; all by default. ``inherited``: whether to include the notes from above. ``LeadtermError`` if the code or
        the kind is unknown.
        """
        if kind is not None and kind not in INSTRUCTIONS:
            raise unknown_name("kind of note", kind, INSTRUCTIONS)
        row = self._row(code)
        found: list[Instruction] = []
        for owner, name in self._owners(row) if inherited else [(row, code)]:
            first = bisect_left(self._note_owner, owner)
            found += [
                Instruction(of, self._note_text[at], name, owner != row)
                for at in range(first, bisect_left(self._note_owner, owner + 1, first))
                if kind in (None, of := INSTRUCTIONS[self._note_kind[at]])
            ]
        return tuple(found)

    def inclusion_terms(self, code: str) -> tuple[str, ...]:
        """Give the conditions listed under a code as belonging to it."""
        return self._texts(code, "inclusion", inherited=False)

    def includes(self, code: str, *, inherited: bool = False) -> tuple[str, ...]:
        """Give the "Includes" notes of a code, with those from above on request."""
        return self._texts(code, "includes", inherited=inherited)

    def excludes1(self, code: str, *, inherited: bool = False) -> tuple[str, ...]:
        """Give the Excludes1 notes (never coded together) of a code, with those from above on request."""
        return self._texts(code, "excludes1", inherited=inherited)

    def excludes2(self, code: str, *, inherited: bool = False) -> tuple[str, ...]:
        """Give the Excludes2 notes (not included here) of a code, with those from above on request."""
        return self._texts(code, "excludes2", inherited=inherited)

    def code_first(self, code: str, *, inherited: bool = True) -> tuple[str, ...]:
        """Give the "Code first" notes that hold for a code."""
        return self._texts(code, "code first", inherited=inherited)

    def use_additional(self, code: str, *, inherited: bool = True) -> tuple[str, ...]:
        """Give the "Use additional code" notes that hold for a code."""
        return self._texts(code, "use additional", inherited=inherited)

    def code_also(self, code: str, *, inherited: bool = True) -> tuple[str, ...]:
        """Give the "Code also" notes that hold for a code."""
        return self._texts(code, "code also", inherited=inherited)

    def seventh_characters(self, code: str) -> dict[str, str]:
        """Give the 7th characters a code takes and what each means.

        For instance ``{"A": "initial encounter", …}``; for a code that lacks (or has) the character only those valid
        there; empty if the code takes none.
        """
        row = self._row(code)
        base = self._parent[row] if self._extended[row] else row
        first = base + 1
        longer = first < self._end[base] and self._extended[first]
        if self._billable[base] and not longer:
            return {}
        meanings = self._sevenths.nearest(self._line(base))
        if longer:
            used = [self._codes[at][-1] for at in range(first, self._end[base])]
            return {char: meanings.get(char, "") for char in used}
        return meanings

    def expand(self, code: str, seventh: str = "A") -> str | None:
        """Complete a code with a 7th character, filling the gap with the placeholder X.

        ``W00.0`` gives ``W00.0XXA``; a code that is complete and takes none gives itself; None if the system has no
        such code (a heading, or a character that is not allowed here).
        """
        row = self._row(code)
        base = self._parent[row] if self._extended[row] else row
        for at in range(base + 1, self._end[base]):
            if self._extended[at] and self._parent[at] == base and self._codes[at][-1] == seventh.upper():
                return self._codes[at]
        return code if self._billable[row] and not self._extended[row] else None

    def valid_on(self, day: date | str, code: str | None = None) -> bool:
        """Tell whether the release, or one code of it, holds for a day of service.

        Parameters
        ----------
        day : date or str
            Day of service, ``YYYY-MM-DD`` if a string.
        code : str, optional
            A code; where the system gives codes days of their own, they count too.

        Returns
        -------
        bool
            True when the day lies within the known limits (an unknown limit excludes nothing).

        Raises
        ------
        LeadtermError
            If the day is not a date or the code is unknown.
        """
        when = as_day(day)
        first, last = self._effective
        if (first and when < first) or (last and when > last):
            return False
        if code is None:
            return True
        since, until = self.days(code)
        return (since is None or when >= since) and (until is None or when <= until)

    def days(self, code: str) -> tuple[date | None, date | None]:
        """Give the first and last day of a code of its own, where the list tells them; None for what it leaves open."""
        row = self._row(code)
        if "since" not in self._arrays:
            return None, None
        since, until = (int(self._arrays[name][row]) for name in ("since", "until"))
        return _as_date(since), _as_date(until)

    def terms(self, sources: Iterable[str] = TERM_SOURCES, *, extended: bool = False) -> Iterator[Term]:
        """Give every term with the code it leads to.

        Titles first, then notes, then index terms, each in order. ``sources``: which of ``title inclusion includes
        index neoplasm drug`` and ``external cause``. ``extended``: whether to give titles of codes that only add a 7th
        character to another. ``LeadtermError`` if a source is unknown.
        """
        wanted = set(sources)
        if wrong := sorted(wanted - set(TERM_SOURCES)):
            raise unknown_name("term source", wrong[0], TERM_SOURCES)
        if "title" in wanted:
            for row, code in enumerate(self._codes):
                if (extended or not self._extended[row]) and (title := self._titles[row]):
                    yield Term(title, code, "title")
        yield from note_terms(self._arrays, self._codes, wanted)
        yield from entry_terms(self._arrays, self._codes, wanted)

    def _row(self, code: str) -> int:
        row = self._rows.get(code)
        if row is None:
            near = self.normalise(code)
            hint = f"It is written {near}." if near else "Find codes with: leadterm codes search TEXT"
            if self._installed and not near:
                undo = f"leadterm codes remove {self._name} {self._release}"
                hint += f". The release was installed, with {len(self):,} codes; to take it back: {undo}"
            raise LeadtermError(f"no code '{code}' in {self._name} {self._release}.", hint=hint)
        return row

    def _line(self, row: int) -> list[int]:
        """Give the row and the rows above it, nearest first."""
        line = [row]
        while (row := self._parent[row]) >= 0:
            line.append(row)
        return line

    def _owners(self, row: int) -> Iterator[tuple[int, str]]:
        """Give everything whose notes hold for a row, nearest first: owner number and name."""
        for at in self._line(row):
            yield at, self._codes[at]
        for heading in (self._block[row], self._chapter[row]):
            if heading >= 0:
                yield len(self._codes) + heading, self._headings[heading].name

    def _heading(self, at: int) -> Heading | None:
        return self._headings[at] if at >= 0 else None

    def _texts(self, code: str, kind: InstructionKind, *, inherited: bool) -> tuple[str, ...]:
        return tuple(note.text for note in self.instructions(code, kind, inherited=inherited))


def _as_date(number: int) -> date | None:
    return date(number // 10000, number // 100 % 100, number % 100) if number else None
