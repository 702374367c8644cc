"""What a coder decides, as it is kept: entries of one or more changes, each a line that is never altered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter, EvidenceSpan, Mention
from leadterm.storage.tsv import package_table

__all__ = ["ACTIONS", "Change", "Entry", "Line", "Place", "entry_of", "key_of", "mark_of", "mentions_of", "places_of",
           "reasons"]  # fmt: skip

Place = tuple[str, tuple[tuple[int, int], ...]]
ACTIONS = ("accept", "reject", "replace", "add", "clear", "sequence", "poa", "line", "flag", "unflag", "comment",
           "query", "answer", "reveal", "finish", "reopen", "undo", "redo")  # fmt: skip
ABOUT_A_CODE = ("accept", "reject", "replace", "add", "clear", "poa", "line")
INDICATORS = ("", "Y", "N", "U", "W")
LONGEST = 4000
MODIFIER = re.compile(r"[A-Z0-9]{2}")
MOST_OF_A_LINE, MOST_UNITS = 4, 99_999


@dataclass(frozen=True, slots=True)
class Line:
    """What a coder says of a service line: units, modifiers, and the diagnoses that justify it, the weightiest first.

    ``units`` None and ``pointers`` empty leave them to what the note says.

    >>> Line(2, ("RT",), ("M17.11",)).check().units
    2
    """

    units: float | None = None
    modifiers: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()

    def check(self) -> Line:
        """Give the line itself; raises LeadtermError if no claim could carry it."""
        if self.units is not None and not 0 < self.units <= MOST_UNITS:
            raise LeadtermError(f"{self.units:g} units are none.", hint=f"More than 0, at most {MOST_UNITS}.")
        for name in ("modifiers", "pointers"):
            if len(getattr(self, name)) > MOST_OF_A_LINE:
                raise LeadtermError(f"a line has at most {MOST_OF_A_LINE} {name}.", hint="Leave some out.")
        for one in self.modifiers:
            if not MODIFIER.fullmatch(one):
                raise LeadtermError(f"'{one[:10]}' is no modifier.", hint="Two capital letters or digits: RT, 59.")
        return self


@dataclass(frozen=True, slots=True)
class Change:
    """One thing decided.

    ``system``, ``code``: what it is about; empty where it is the encounter. ``to``: the code that replaces it.
    ``value``: the indicator, the comment, question or answer, the codes in their sequence, or the entry that is undone.
    ``reason``: a name of ``reasons.tsv``. ``evidence``: notes with pieces ``[start, end)``, never the words.
    ``confidence``: what the model gave. ``line``: of a service. ``old``: what stood before, which the store tells.

    >>> Change("accept", "icd10cm", "E11.9").check().action
    'accept'
    """

    action: str
    system: str = ""
    code: str = ""
    to: str = ""
    value: str = ""
    reason: str = ""
    evidence: tuple[Place, ...] = ()
    confidence: float | None = None
    line: Line | None = None
    old: str = ""

    def check(self) -> Change:
        """Give the change itself; raises LeadtermError if it says too little or too much."""
        if self.action not in ACTIONS:
            raise unknown_name("action", self.action, ACTIONS)
        if self.action in ABOUT_A_CODE and not (self.system and self.code):
            raise LeadtermError(f"'{self.action}' names no code.", hint="Give system and code.")
        if self.action == "replace" and not self.to:
            raise LeadtermError("'replace' names no new code.", hint="Give it as 'to'.")
        if self.reason and self.reason not in (known := [name for _, name, _ in reasons()]):
            raise unknown_name("reason", self.reason, known)
        if self.action == "poa" and self.value not in INDICATORS:
            raise unknown_name("indicator", self.value[:10], INDICATORS[1:])
        if self.action == "line" and self.line is None:
            raise LeadtermError("'line' comes without a line.", hint="Give units, modifiers, pointers.")
        if self.line is not None:
            self.line.check()
        if len(self.value) > LONGEST:
            raise LeadtermError(f"a comment of {len(self.value)} characters is too long.", hint=f"Most: {LONGEST}.")
        return self


@dataclass(frozen=True, slots=True)
class Entry:
    """Changes made with one key, by whom and when, with the model and release whose suggestions were seen.

    ``id`` comes from the client, so that a save that is sent twice counts once. ``text`` is the digest of the notes:
    what was decided over other words is not taken for a decision over these. ``lane``: whose version of the encounter
    it belongs to, where several people code the same; empty for the version that counts.
    """

    id: str
    at: str
    who: str
    encounter: str
    text: str
    changes: tuple[Change, ...]
    model: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)
    lane: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it belongs to."""
        return self.encounter, self.text, self.lane

    def to_json(self) -> dict[str, Any]:
        """Give the line that is kept; what is empty is left out."""
        whole = asdict(self)
        whole["changes"] = [{name: value for name, value in change.items() if value not in ("", (), None)}
                            for change in whole["changes"]]  # fmt: skip
        return whole


def entry_of(given: Mapping[str, Any]) -> Entry:
    """Read a line that was kept.

    >>> add = Change("add", "icd10cm", "M10.9", evidence=(("n1", ((0, 4),)),))
    >>> entry = Entry("1", "2026-03-02T10:00:00Z", "ana", "e1", "0f", (add,))
    >>> entry_of(entry.to_json()) == entry
    True
    """
    return Entry(**{**given, "changes": tuple(_change_of(one) for one in given["changes"])})


def _change_of(given: Mapping[str, Any]) -> Change:
    evidence = tuple((note, tuple((int(a), int(b)) for a, b in pieces)) for note, pieces in given.get("evidence", ()))
    line = given.get("line")
    said = Line(line["units"], tuple(line["modifiers"]), tuple(line["pointers"])) if line else None
    return Change(**{**given, "evidence": evidence, "line": said}).check()


def key_of(encounter: Encounter) -> tuple[str, str]:
    """Give what decisions belong to: the encounter, and a digest of its words."""
    return encounter.encounter_id, f"{encounter.digest:016x}"


def mark_of(encounter: Encounter) -> str:
    """Give a name for an encounter and its words that tells nothing of a patient."""
    return hashlib.sha256("\n".join(key_of(encounter)).encode()).hexdigest()[:24]


def places_of(evidence: Iterable[Mention]) -> tuple[Place, ...]:
    """Give the places of mentions, without their words.

    >>> places_of([Mention.of(EvidenceSpan("n1", 0, 4, "Gout"))])
    (('n1', ((0, 4),)),)
    """
    return tuple((one.note_id, tuple((span.start, span.end) for span in one.spans)) for one in evidence)


def mentions_of(encounter: Encounter, places: Sequence[Place]) -> tuple[Mention, ...]:
    """Give places their words again; raises LeadtermError for one that is not in the notes."""
    texts = {note.note_id: note.text for note in encounter.notes}
    made = []
    for note_id, pieces in places:
        text = texts.get(note_id, "")
        if not pieces or not all(0 <= start < end <= len(text) for start, end in pieces):
            raise LeadtermError("evidence lies outside the notes.", hint="Offsets are characters of the raw note.")
        made.append(Mention.of(*(EvidenceSpan(note_id, start, end, text[start:end]) for start, end in pieces)))
    return tuple(made)


@cache
def reasons() -> tuple[tuple[str, str, str], ...]:
    """Give the reasons to reject a code: key, name, and how it is said."""
    return tuple((row["key"], row["name"], row["said"]) for row in package_table("leadterm.decisions", "reasons.tsv"))
