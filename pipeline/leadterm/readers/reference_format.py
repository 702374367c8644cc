"""The source format of the reference corpus: header, codes with quotes, then the note.

One file holds one encounter, or several separated by a line ``=====``::

    encounter: x-001
    setting: outpatient
    kind: progress note
    sex: F
    birth_year: 1961
    date_of_service: 2026-05-04
    codes:
    - J01.90 first-listed | Acute sinusitis
    ---
    ASSESSMENT: Acute sinusitis.

A code of another system has its system before it and no role; a service may have units and modifiers. Such codes stand
behind those of ICD-10-CM::

    - hcpcs:J0696 x4 -RT | ceftriaxone 1 g

After the bar stand the words of the note that support the code, letter for letter: `` ; `` separates
independent evidences, `` ... `` joins the pieces of one mention with gaps, and ``@2`` at the end of a
piece means its second occurrence. The optional field ``excludes1_allowed: CODE CODE; CODE CODE`` names
pairs the coder keeps although an Excludes1 note parts them, because the conditions are unrelated;
``patient`` names a patient who has several encounters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from leadterm.errors import LeadtermError, unknown_name

__all__ = ["OPTIONAL", "REQUIRED", "CodeLine", "SourceEncounter", "locate", "parse"]

REQUIRED = ("encounter", "setting", "kind", "sex", "birth_year", "date_of_service")
OPTIONAL = ("patient", "excludes1_allowed")
CODE_LINE = re.compile(r"-\s+([^\s:]+)\s+(\S+)\s+\|\s+(.+)")
OTHER_LINE = re.compile(r"-\s+([a-z][a-z0-9]+):(\S+)(?:\s+x(\d+(?:\.\d+)?))?((?:\s+-[0-9A-Z]{2})*)\s+\|\s+(.+)")
DIAGNOSES = "icd10cm"


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code of a source, with its evidence as written.

    ``line``: line of the source file, from 1. ``code``, ``role``: the ICD-10-CM code and ``first-listed``,
    ``principal`` or ``secondary``; empty for the codes of another ``system``. ``units``, ``modifiers``: of a service.
    """

    line: int
    code: str
    role: str
    quotes: str
    system: str = DIAGNOSES
    units: float | None = None
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceEncounter:
    """One encounter as its source gives it, before the checks.

    ``place``: file name and line, for error messages. ``fields``: the ``name: value`` lines of the header.
    """

    place: str
    fields: dict[str, str] = field(hash=False)
    codes: tuple[CodeLine, ...]
    text: str

    @property
    def encounter_id(self) -> str:
        """Identifier of the encounter, or ``?`` where the header has none."""
        return self.fields.get("encounter", "?")


def parse(text: str, name: str) -> list[SourceEncounter]:
    r"""Split a source file into encounters.

    In the order of the file. ``LeadtermError`` if a header line or a code line cannot be read.

    >>> [e] = parse("encounter: x-1\ncodes:\n- J01.90 first-listed | sinusitis\n---\nHas sinusitis.\n", "x.md")
    >>> (e.codes[0].code, e.text)
    ('J01.90', 'Has sinusitis.\n')
    """
    blocks: list[tuple[int, list[str]]] = [(1, [])]
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() == "=====":
            blocks.append((number + 1, []))
        else:
            blocks[-1][1].append(line)
    return [_parse_block(lines, first, name) for first, lines in blocks if any(line.strip() for line in lines)]


def _parse_block(lines: list[str], first: int, name: str) -> SourceEncounter:
    if "---" not in lines:
        raise LeadtermError(f"{name}:{first}: no line '---' between the header and the note.", hint="Add it.")
    cut = lines.index("---")
    fields: dict[str, str] = {}
    codes: list[CodeLine] = []
    for number, line in enumerate(lines[:cut], start=first):
        if line.startswith("-"):
            codes.append(_parse_code(line, number, name))
        elif line.strip() and line.strip() != "codes:":
            key, colon, value = line.partition(":")
            if not colon or key.strip() not in REQUIRED + OPTIONAL:
                raise unknown_name(f"header field at {name}:{number}", key.strip()[:40], REQUIRED + OPTIONAL)
            fields[key.strip()] = value.strip()
    body = "\n".join(line.rstrip() for line in lines[cut + 1 :]).strip("\n") + "\n"
    return SourceEncounter(f"{name}:{first}", fields, tuple(codes), body)


def _parse_code(line: str, number: int, name: str) -> CodeLine:
    if other := OTHER_LINE.fullmatch(line.strip()):
        system, code, units, modifiers, quotes = other.groups()
        named = tuple(one.removeprefix("-") for one in modifiers.split())
        return CodeLine(number, code, "", quotes.strip(), system, float(units) if units else None, named)
    match = CODE_LINE.fullmatch(line.strip())
    if match is None:
        hint = "Write '- CODE role | quote ; quote' or '- SYSTEM:CODE x2 -RT | quote'."
        raise LeadtermError(f"{name}:{number}: not a code line.", hint=hint)
    return CodeLine(number, match[1], match[2], match[3].strip())


def locate(mention: str, text: str) -> list[list[int]] | None:
    """Find the pieces of one mention in a note, whole words only.

    ``[start, end)`` of each piece, in order; None when a piece is not there. ``mention``: pieces joined by `` ... ``;
    a piece may end in ``@2`` for its second occurrence.

    >>> locate("tear ... left knee", "Wear and tear of the left knee.")
    [[9, 13], [21, 30]]
    >>> locate("knee@2", "knee, knee")
    [[6, 10]]
    >>> locate("ear", "A tear.") is None
    True
    """
    spans: list[list[int]] = []
    position = 0
    for piece in mention.split(" ... "):
        match = re.fullmatch(r"(.+?)(?:@(\d+))?", piece.strip())
        words, nth = (match[1], int(match[2] or 1)) if match else ("", 1)
        found = [m.span() for m in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text) if m.start() >= position]
        if not words or len(found) < nth:
            return None
        spans.append(list(found[nth - 1]))
        position = spans[-1][1]
    return spans
