r"""HL7 v2 messages (ORU, MDM …): the texts of OBX and NTE segments as notes, grouped by visit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from leadterm.errors import LeadtermError
from leadterm.intake.decode import read_note_text
from leadterm.intake.markup import readable
from leadterm.schema import Encounter, Note

__all__ = ["hl7_encounters"]

SETTING = {"I": "inpatient"}
BREAKS = {".br", ".sp", ".ce"}
CHARACTERS = {"8859/1": "latin-1", "8859/15": "iso-8859-15", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8"}
Found = tuple[Encounter | None, LeadtermError | None, str, bool]
Embedded = Callable[..., str]


@dataclass
class _Part:
    """A document of a message: lines under the labels of their segments."""

    kind: str = ""
    name: str = ""
    lines: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The lines; where there are several labels each stands as a heading before its own."""
        labels = list(dict.fromkeys(label for kind, label, _ in self.lines if kind in ("TX", "FT")))
        made, last = list[str](), ""
        for kind, label, line in self.lines:
            if kind not in ("TX", "FT", "ED", ""):
                made.append(f"{label}: {line}" if label else line)
                continue
            if len(labels) > 1 and label and label != last:
                made.append(f"{label}:" if label[-1].isalnum() else label)
            last = label or last
            made.append(line)
        return "\n".join(made) + "\n" if any(line.strip() for line in made) else ""


@dataclass
class _Message:
    """A message: its separators and segments."""

    segments: list[list[str]]
    marks: str

    def get(self, segment: str, at: int, part: int = 0) -> str:
        """The first value of a field, or one of its components."""
        found = next((fields for fields in self.segments if fields[0] == segment and len(fields) > at), None)
        return self.component(found[at], part) if found else ""

    def component(self, value: str, part: int) -> str:
        """A component of the first repetition, without escapes."""
        pieces = value.split(self.marks[1])[0].split(self.marks[0])
        return self.plain(pieces[part]).strip() if len(pieces) > part else ""

    def plain(self, text: str) -> str:
        r"""Undo the escapes: ``\F\`` is the separator of fields, ``\.br\`` the end of a line."""
        escape = re.escape(self.marks[2])
        return re.sub(f"{escape}([^{escape}]{{0,60}}){escape}", self._escaped, text)

    def _escaped(self, found: re.Match[str]) -> str:
        given = found[1]
        named = {"F": "|", "S": self.marks[0], "R": self.marks[1], "E": self.marks[2], "T": self.marks[3]}
        if given in named:
            return named[given]
        if re.split(r"[\s+\d]", given)[0].lower() in BREAKS:
            return "\n"
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", given):
            return bytes.fromhex(given[1:]).decode("cp1252", "replace").replace("\r\n", "\n").replace("\r", "\n")
        return "" if re.fullmatch(r"[HN]|\.\w+[+\d -]*|Z.*|C.*|M.*", given) else found[0]


def hl7_encounters(content: bytes, name: str, ident: str, embedded: Embedded) -> Iterator[Found]:
    """Yield the visits of a file of messages as (encounter, problem, warning, setting stated?).

    Messages without a text are counted.
    ``embedded`` reads a document within a message: it gets data, media type, a name for messages, and ``packed``.
    """
    character = re.search(rb"MSH(?:\|[^|\r\n]*){16}\|([^|~\r\n]*)", content)
    stated = CHARACTERS.get(character[1].decode("latin-1").strip().upper(), "") if character else ""
    text, warning = read_note_text(content.decode(stated, "replace").encode() if stated else content, name)
    pieces = re.split(r"(?m)^(?=\x0b?MSH)", re.sub(r"\r\n?", "\n", text))
    messages = [_message(piece) for piece in pieces if "MSH" in piece[:5]]
    visits: dict[str, list[tuple[_Message, list[_Part]]]] = {}
    without = 0
    for number, message in enumerate(messages, 1):
        parts = [part for part in _parts(message, name, embedded) if part.text() or part.faults]
        without += not parts
        unnamed = ident if len(messages) == 1 else f"{ident}-{number}"
        places = (("PV1", 19), ("TXA", 12), ("OBR", 3), ("MSH", 9))
        visit = next((found for segment, at in places if (found := message.get(segment, at))), unnamed)
        if parts:
            visits.setdefault(visit, []).append((message, parts))
    told = f"{name}: {without} of {len(messages)} messages have no text and are passed over." if without else ""
    if warning or told:
        yield None, None, " ".join(filter(None, [warning, told])), False
    if not visits:
        problem = LeadtermError(f"{name} has no HL7 message with a text.", hint="OBX and NTE segments are read.")
        yield None, problem, "", False
    for visit, group in visits.items():
        for fault in (fault for _, parts in group for part in parts for fault in part.faults):
            yield None, LeadtermError(f"{name}: {fault}"), "", False
        if encounter := _encounter(visit, group):
            yield encounter, None, "", bool(group[0][0].get("PV1", 2))


def _message(text: str) -> _Message:
    lines = [line.strip("\x0b\x1c") for line in text.split("\n")]
    head = lines[0]
    between, marks = head[3:4] or "|", (head[4:8] + "^~\\&"[len(head[4:8]) :])
    known = re.compile(r"[A-Z][A-Z0-9]{2}" + re.escape(between))
    joined: list[str] = []
    for line in lines:  # a text with line ends of its own goes on until the next segment
        if known.match(line) or not joined:
            joined.append(line)
        elif line.strip():
            joined[-1] += f"{marks[2]}.br{marks[2]}{line}"
    return _Message([line.split(between) for line in joined], marks)


def _parts(message: _Message, name: str, embedded: Embedded) -> list[_Part]:
    """Divide a message at its orders: each is a document."""
    parts = [_Part(message.get("TXA", 2, 1) or message.get("TXA", 2), message.get("TXA", 12))]
    for fields in message.segments:
        if fields[0] == "OBR":
            parts.append(_Part(message.component(fields[4], 1) if len(fields) > 4 else ""))
        elif fields[0] == "OBX" and len(fields) > 5:
            _add(parts[-1], message, fields, name, embedded)
        elif fields[0] == "NTE" and len(fields) > 3:
            parts[-1].lines.append(("", "", message.plain(fields[3].replace(message.marks[1], "\n"))))
    return parts


def _add(part: _Part, message: _Message, fields: list[str], name: str, embedded: Embedded) -> None:
    """Add an observation: a line of text, a value with its label and unit, or a document in base64."""
    kind, value = fields[2].strip(), fields[5]
    label = message.component(fields[3], 1) or message.component(fields[3], 0)
    if kind == "ED":
        try:
            part.lines.append((kind, label, _document(value.split(message.marks[0]), label or name, embedded)))
        except LeadtermError as error:
            part.faults.append(str(error))
    elif kind in ("TX", "FT", "ST", ""):
        said = readable(message.plain(value.replace(message.marks[1], "\n")))
        part.lines.append((kind or "TX", label, said))
    elif value.strip():
        said = message.component(value, 1) or message.component(value, 0)
        unit = message.component(fields[6], 0) if len(fields) > 6 else ""
        part.lines.append((kind, label, f"{said} {unit}".strip()))


def _document(pieces: list[str], name: str, embedded: Embedded) -> str:
    _, kind, subtype, coding, data = (*pieces, "", "", "", "", "")[:5]
    media = f"{kind or 'text'}/{subtype or 'plain'}".lower()
    return embedded(data, media, f"the document '{name[:40]}'", packed=coding.lower() in ("base64", "", "b64"))


def _encounter(visit: str, group: list[tuple[_Message, list[_Part]]]) -> Encounter | None:
    notes: dict[str, Note] = {}
    for part in (part for _, parts in group for part in parts if part.text()):
        ident = part.name if part.name and part.name not in notes else f"n{len(notes) + 1}"
        notes[ident] = Note(ident, part.text(), part.kind.lower())
    if not notes:
        return None
    message = group[0][0]
    day = re.match(r"(\d{4})(\d{2})(\d{2})", message.get("PV1", 44) or message.get("TXA", 4) or message.get("OBR", 7))
    born = message.get("PID", 7)[:4]
    return Encounter(
        visit,
        tuple(notes.values()),
        patient_id=message.get("PID", 3) or None,
        setting=SETTING.get(message.get("PV1", 2), "outpatient"),
        sex={"F": "F", "M": "M"}.get(message.get("PID", 8)),
        birth_year=int(born) if re.fullmatch(r"\d{4}", born) else None,
        date_of_service="-".join(day.groups()) if day else None,
    )
