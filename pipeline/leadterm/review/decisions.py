"""What a coder decides, as it is kept: entries of one or more changes, each a line that is never altered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter, EvidenceSpan, Mention
from leadterm.storage.tsv import package_table

__all__ = ["ACTIONS", "Change", "Entry", "Place", "entry_of", "key_of", "mentions_of", "places_of", "reasons"]

Place = tuple[str, tuple[tuple[int, int], ...]]
ACTIONS = ("accept", "reject", "replace", "add", "clear", "sequence", "poa", "flag", "unflag", "comment", "finish",
           "reopen", "undo", "redo")  # fmt: skip
ABOUT_A_CODE = ("accept", "reject", "replace", "add", "clear", "poa")
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Change:
    """One thing decided.

    ``system``, ``code``: what it is about; empty where it is the encounter. ``to``: the code that replaces it.
    ``value``: the indicator, the comment, the codes in their sequence, or the entry that is undone. ``reason``: a name
    of ``reasons.tsv``. ``evidence``: notes with pieces ``[start, end)``, never the words. ``confidence``: what the
    model gave.

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
        if len(self.value) > LONGEST:
            raise LeadtermError(f"a comment of {len(self.value)} characters is too long.", hint=f"Most: {LONGEST}.")
        return self


@dataclass(frozen=True, slots=True)
class Entry:
    """Changes made with one key, by whom and when, with the model and release whose suggestions were seen.

    ``id`` comes from the client, so that a save that is sent twice counts once. ``text`` is the digest of the notes:
    what was decided over other words is not taken for a decision over these.
    """

    id: str
    at: str
    who: str
    encounter: str
    text: str
    changes: tuple[Change, ...]
    model: str = ""
    releases: Mapping[str, str] = field(default_factory=dict)

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
    changes = tuple(
        Change(**{**one, "evidence": tuple((note, tuple((int(a), int(b)) for a, b in pieces))
                                           for note, pieces in one.get("evidence", ()))}).check()
        for one in given["changes"]
    )  # fmt: skip
    return Entry(**{**given, "changes": changes})


def key_of(encounter: Encounter) -> tuple[str, str]:
    """Give what decisions belong to: the encounter, and a digest of its words."""
    return encounter.encounter_id, f"{encounter.digest:016x}"


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
    return tuple((row["key"], row["name"], row["said"]) for row in package_table("leadterm.review", "reasons.tsv"))
