"""The ICD-10-CM tabular list: official XML → events → draft."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from leadterm.codes.official.draft import Draft, Row
from leadterm.codes.official.xml import line
from leadterm.codes.types import Heading

__all__ = ["Event", "draft_from_events", "expansions", "tabular_events"]

NOTE_TAGS = {
    "inclusionTerm": "inclusion",
    "includes": "includes",
    "excludes1": "excludes1",
    "excludes2": "excludes2",
    "codeFirst": "code first",
    "useAdditionalCode": "use additional",
    "codeAlso": "code also",
    "notes": "note",
    "sevenChrNote": "seventh character note",
}


class Event(NamedTuple):
    """One line of a tabular list in reading order.

    ``kind``: ``chapter block code seventh`` or a kind of note. ``depth``: levels below the chapter for codes (a
    category has 1); 0 for the rest. ``name``: code, name of the heading or 7th character.
    """

    kind: str
    depth: int
    name: str
    text: str


def tabular_events(root: Element) -> Iterator[Event]:
    """Walk the tabular XML.

    >>> from leadterm.codes.official.xml import parse_xml
    >>> root = parse_xml(b"<t><chapter><name>1</name><desc>Infections (A00-B99)</desc></chapter></t>", "x.xml")
    >>> next(tabular_events(root)).text
    'Infections'
    """
    for chapter in root.iter("chapter"):
        title = re.sub(r" *\([A-Z]\w\w-[A-Z]\w\w\)$", "", line(chapter.findtext("desc")))
        yield Event("chapter", 0, line(chapter.findtext("name")), title)
        yield from _notes(chapter)
        for section in chapter.iter("section"):
            title = line(section.findtext("desc"))
            yield Event("block", 0, line(section.get("id")), title.removesuffix(f"({section.get('id')})").strip())
            yield from _notes(section)
            for diag in section.findall("diag"):
                yield from _diag(diag, 1)


def _diag(diag: Element, depth: int) -> Iterator[Event]:
    """Give the events of a code and of all codes below it."""
    yield Event("code", depth, line(diag.findtext("name")), line(diag.findtext("desc")))
    yield from _notes(diag)
    for definition in diag.findall("sevenChrDef"):
        for extension in definition.findall("extension"):
            yield Event("seventh", 0, extension.get("char", ""), line(extension.text))
    for child in diag.findall("diag"):
        yield from _diag(child, depth + 1)


def _notes(element: Element) -> Iterator[Event]:
    for child in element:
        if kind := NOTE_TAGS.get(child.tag):
            for note in child.iter("note"):
                if text := line("".join(note.itertext())):
                    yield Event(kind, 0, "", text)


def draft_from_events(events: Iterable[Event], confirmed: Mapping[str, frozenset[str]]) -> Draft:
    """Build the draft of a system from the events of its tabular list.

    >>> events = [Event("code", 1, "W00", "Fall"), Event("seventh", 0, "A", "initial encounter")]
    >>> [row.code for row in draft_from_events(events, {}).rows]
    ['W00', 'W00.XXXA']
    """
    builder = _Builder(confirmed)
    for event in events:
        builder.take(event)
    builder.close(0)
    return builder.draft


def expansions(codes: Iterable[str]) -> dict[str, frozenset[str]]:
    """Group full codes by what stands before their 7th character.

    >>> found = expansions(["W000XXA", "W00.0XXD", "I10"])
    >>> sorted(found["W000XX"]), found["I10XXX"]
    (['A', 'D'], frozenset())
    """
    found: dict[str, set[str]] = {}
    for code in codes:
        plain = code.replace(".", "")
        if plain[:1].isalpha() and "-" not in plain:
            found.setdefault(plain[:6].ljust(6, "X"), set()).update(plain[6:7])
    return {base: frozenset(chars) for base, chars in found.items()}


class _Builder:
    """Takes the events in order and keeps the open codes on a stack."""

    def __init__(self, confirmed: Mapping[str, frozenset[str]]) -> None:
        self.draft = Draft()
        self._confirmed = confirmed
        self._open: list[int] = []  # rows from category to the code being read
        self._sevenths: dict[int, dict[str, str]] = {}
        self._owner = 0  # of notes: a row, or -1 - number of a heading
        self._chapter = self._block = -1

    def take(self, event: Event) -> None:
        """Add one event."""
        if event.kind in ("chapter", "block"):
            self.close(0)
            self.draft.headings.append(Heading(event.kind, event.name, event.text))
            number = len(self.draft.headings) - 1
            self._owner = -1 - number
            self._block = number if event.kind == "block" else -1
            self._chapter = number if event.kind == "chapter" else self._chapter
        elif event.kind == "code":
            self.close(event.depth - 1)
            self._open.append(self._add(event.name, event.text))
            self._owner = self._open[-1]
        elif event.kind == "seventh":
            self._sevenths.setdefault(self._open[-1], {})[event.name] = event.text
            self.draft.sevenths.append((self._open[-1], event.name, event.text))
        else:
            self.draft.notes.append((self._owner, event.kind, event.text))

    def close(self, depth: int) -> None:
        """Finish the codes deeper than ``depth``; a leaf gets its 7th-character codes."""
        while len(self._open) > depth:
            at = self._open[-1]
            if at == len(self.draft.rows) - 1:
                self._extend(at)
            self._open.pop()

    def _add(self, code: str, title: str, *, extended: bool = False) -> int:
        parent = self._open[-1] if self._open else -1
        if parent >= 0:
            self.draft.rows[parent].billable = False
        row = Row(code, title, parent, extended=extended, block=self._block, chapter=self._chapter)
        self.draft.rows.append(row)
        return len(self.draft.rows) - 1

    def _extend(self, at: int) -> None:
        """Add the codes that complete row ``at`` with a 7th character."""
        meanings = next((self._sevenths[row] for row in reversed(self._open) if row in self._sevenths), {})
        leaf = self.draft.rows[at]
        stem = leaf.code.replace(".", "").ljust(6, "X")
        allowed = self._confirmed.get(stem) or frozenset(meanings)
        for char, meaning in meanings.items():
            if char in allowed:
                self._add(f"{stem[:3]}.{stem[3:]}{char}", f"{leaf.title}, {meaning}", extended=True)
