"""From the entries of an encounter to where it stands: a pure fold, so that what is kept is all there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from leadterm.decisions.changes import Change, Entry, Line, Place

__all__ = ["Remark", "Standing", "Verdict", "old_value", "redoable", "standing", "undoable"]

CodeKey = tuple[str, str]
REVERSE = ("undo", "redo")
LASTING = (*REVERSE, "reveal")  # who has seen the suggestions cannot unsee them


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of a code. ``status``: ``open accepted rejected replaced`` or ``added``."""

    status: str = "open"
    reason: str = ""
    to: str = ""
    poa: str = ""
    flagged: bool = False
    evidence: tuple[Place, ...] = ()
    line: Line | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it for the page, without the evidence of suggestions, which the page has."""
        return {"status": self.status, "reason": self.reason, "to": self.to, "poa": self.poa, "flagged": self.flagged,
                "evidence": [list(place) for place in self.evidence],
                "line": asdict(self.line) if self.line else None}  # fmt: skip

    @property
    def said(self) -> str:
        """What it says, in a word or two: what an entry keeps of the verdict that it changes."""
        return ":".join(filter(None, (self.status, self.to or self.reason)))


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, a question to the provider or its answer; on a code or on the encounter. ``to``: the question's id."""

    who: str
    at: str
    text: str
    system: str = ""
    code: str = ""
    kind: str = "comment"
    id: str = ""
    to: str = ""


@dataclass(frozen=True)
class Standing:
    """Where an encounter stands. ``final``: the codes it is to have, the leading one first, each with its verdict."""

    verdicts: dict[CodeKey, Verdict] = field(default_factory=dict)
    sequence: tuple[CodeKey, ...] = ()
    remarks: tuple[Remark, ...] = ()
    flagged: bool = False
    finished: bool = False
    begun: bool = False
    revealed: bool = False

    @property
    def status(self) -> str:
        """``open``, ``begun`` or ``finished``."""
        return "finished" if self.finished else "begun" if self.begun else "open"

    @property
    def questions(self) -> tuple[Remark, ...]:
        """Questions to the provider that have no answer yet."""
        answered = {one.to for one in self.remarks if one.kind == "answer"}
        return tuple(one for one in self.remarks if one.kind == "query" and one.id not in answered)

    @property
    def final(self) -> dict[CodeKey, Verdict]:
        """The codes decided for, in their sequence; those without a place in it follow as they were decided."""
        made: dict[CodeKey, Verdict] = {}
        for (system, code), verdict in self.verdicts.items():
            if verdict.status in ("accepted", "added"):
                made[system, code] = verdict
            elif verdict.status == "replaced":
                own = self.verdicts.get((system, verdict.to), verdict)
                made.setdefault((system, verdict.to), replace(verdict, poa=own.poa, line=own.line))
        return {key: made[key] for key in (*(key for key in self.sequence if key in made), *made)}


def standing(entries: Iterable[Entry]) -> Standing:
    """Put the entries of an encounter together.

    >>> add = Entry("1", "", "ana", "e1", "0f", (Change("add", "icd10cm", "I10"),))
    >>> undo = Entry("2", "", "ana", "e1", "0f", (Change("undo", value="1"),))
    >>> list(standing([add]).final), list(standing([add, undo]).final)
    ([('icd10cm', 'I10')], [])
    """
    given = list(entries)
    gone = _undone(given)
    now = Standing()
    for entry in given:
        if entry.id not in gone:
            for change in entry.changes:
                now = _apply(now, entry, change)
    return now


def undoable(entries: Sequence[Entry], who: str) -> str:
    """Name the last entry of a person that stands; empty if there is none."""
    gone = _undone(entries)
    mine = (entry for entry in reversed(entries) if entry.who == who and not _reverses(entry))
    return next((entry.id for entry in mine if entry.id not in gone), "")


def redoable(entries: Sequence[Entry], who: str) -> str:
    """Name the entry that a person undid last and may bring back; empty once something new was decided."""
    stack: list[str] = []
    for entry in entries:
        if entry.who != who:
            continue
        for change in entry.changes:
            if change.action == "undo":
                stack.append(change.value)
            elif change.action == "redo":
                stack = [one for one in stack if one != change.value]
            else:
                stack = []
    return stack[-1] if stack else ""


def old_value(now: Standing, change: Change) -> str:
    """Say what a change is about to replace."""
    verdict = now.verdicts.get((change.system, change.code), Verdict())
    if change.action == "sequence":
        return " ".join(f"{system}:{code}" for system, code in now.sequence)
    if change.action == "poa":
        return verdict.poa
    if change.action == "line":
        said = verdict.line or Line()
        return " ".join([*([] if said.units is None else [f"x{said.units:g}"]), *said.modifiers, *said.pointers])
    return verdict.said if change.code else ""


def _reverses(entry: Entry) -> bool:
    return any(change.action in LASTING for change in entry.changes)


def _undone(entries: Iterable[Entry]) -> set[str]:
    gone: set[str] = set()
    for entry in entries:
        for change in entry.changes:
            if change.action == "undo":
                gone.add(change.value)
            elif change.action == "redo":
                gone.discard(change.value)
    return gone


def _apply(now: Standing, entry: Entry, change: Change) -> Standing:
    action, key = change.action, (change.system, change.code)
    if action in REVERSE:
        return now
    if action == "reveal":
        return replace(now, revealed=True)
    now = replace(now, begun=True)
    if action in ("finish", "reopen"):
        return replace(now, finished=action == "finish")
    if action in ("comment", "query", "answer"):
        made = Remark(entry.who, entry.at, change.value, *key, action, entry.id, change.to)
        return replace(now, remarks=(*now.remarks, made))
    if action == "sequence":
        places = [tuple(word.split(":", 1)) for word in change.value.split()]
        return replace(now, sequence=tuple((place[0], place[-1]) for place in places))
    if action in ("flag", "unflag") and not change.code:
        return replace(now, flagged=action == "flag")
    known = now.verdicts.get(key, Verdict())
    keeps_place = action in ("poa", "line", "flag", "unflag")
    verdicts = {name: verdict for name, verdict in now.verdicts.items() if name != key or keeps_place}
    return replace(now, verdicts={**verdicts, key: _decided(known, change)})


def _decided(known: Verdict, change: Change) -> Verdict:
    if change.action == "poa":
        return replace(known, poa=change.value)
    if change.action == "line":
        return replace(known, line=change.line)
    if change.action in ("flag", "unflag"):
        return replace(known, flagged=change.action == "flag")
    status = {"accept": "accepted", "reject": "rejected", "replace": "replaced", "add": "added", "clear": "open"}
    return replace(known, status=status[change.action], reason=change.reason, to=change.to, evidence=change.evidence,
                   line=change.line or known.line)  # fmt: skip
