"""One decision on a code over many encounters: what it would do, doing it, and taking it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from leadterm.decisions.changes import Change
from leadterm.decisions.decision_store import Conflict
from leadterm.decisions.verdicts import Verdict
from leadterm.errors import LeadtermError
from leadterm.review.desk import Desk
from leadterm.schema import Suggestion

__all__ = ["decide_all", "open_codes", "preview", "undo_all"]

MOST_CODES, AROUND = 60, 40
Code = tuple[str, str]


def open_codes(desk: Desk, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """List the codes that are suggested above the line and undecided in these encounters, the commonest first."""
    found: dict[Code, list[Suggestion]] = defaultdict(list)
    for number in numbers:
        for one in _open(desk, number):
            if one.confidence >= desk.bench.suggestions(number).threshold:
                found[one.system, one.code].append(one)
    ordered = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MOST_CODES]
    return [{"system": system, "code": code, "title": some[0].title, "encounters": len(some),
             "least": min(one.confidence for one in some)} for (system, code), some in ordered]  # fmt: skip


def preview(desk: Desk, code: Code, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Show where a code is undecided, with the words that support it."""
    return [{"n": number, "id": desk.bench.encounter(number).encounter_id, "confidence": round(one.confidence, 4),
             "words": _words(desk, number, one)} for number in numbers for one in _open(desk, number)
            if (one.system, one.code) == code]  # fmt: skip


def decide_all(desk: Desk, id: str, action: str, code: Code, numbers: Sequence[int], reason: str = "") -> list[int]:
    """Accept or reject a code in these encounters, an entry each; gives those where it was still open."""
    if action not in ("accept", "reject"):
        raise LeadtermError("only accepting and rejecting is done to many.", hint="Open the encounter for the rest.")
    done = []
    for number in numbers:
        told = next((one for one in _open(desk, number) if (one.system, one.code) == code), None)
        if told is None:
            continue
        change = Change(action, *code, reason=reason, confidence=round(told.confidence, 4))
        try:
            desk.decide(number, f"{id}.{number}", len(desk.entries(number)), [change])
        except Conflict:  # somebody is at it just now: theirs
            continue
        done.append(number)
    return done


def undo_all(desk: Desk, id: str, numbers: Sequence[int]) -> list[int]:
    """Take back what `decide_all` did with this id."""
    done = []
    for number in numbers:
        if any(one.id == f"{id}.{number}" for one in desk.entries(number)):
            change = Change("undo", value=f"{id}.{number}")
            desk.decide(number, f"{id}.{number}.undo", len(desk.entries(number)), [change])
            done.append(number)
    return done


def _open(desk: Desk, number: int) -> Iterator[Suggestion]:
    state = desk.standing(number)
    if state.finished or desk.is_hidden(number) or desk.bench.proposed(number) is None:  # not read yet
        return
    for one in desk.bench.suggestions(number).suggestions:
        if state.verdicts.get((one.system, one.code), Verdict()).status == "open":
            yield one


def _words(desk: Desk, number: int, one: Suggestion) -> list[str]:
    """The best evidence with what stands around it: before, itself, after."""
    if not one.evidence:
        return ["", "", ""]
    best = one.evidence[0]
    text = next(note.text for note in desk.bench.encounter(number).notes if note.note_id == best.note_id)
    start, end = best.spans[0].start, best.spans[-1].end
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    while 0 < first < start and not text[first - 1].isspace():  # whole words
        first += 1
    while end < last < len(text) and not text[last].isspace():
        last -= 1
    return [" ".join(part.split()) for part in (text[first:start], text[start:end], text[end:last])]
