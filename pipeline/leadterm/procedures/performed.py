"""Whether a procedure that a note names was done in this encounter: by the words around it, section and context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from leadterm.procedures.note_phrases import Page, Phrases
from leadterm.schema import Mention
from leadterm.storage.tsv import package_table
from leadterm.text.layout.note_kind import find_kind

__all__ = ["NAMED", "WORTH", "Status", "heads_of", "standing_of", "title_of"]

Status = Literal["done", "named", "said", "planned", "refused", "past", "not", "elsewhere"]

WORTH: Mapping[Status, int] = {
    "named": 0, "done": 1, "said": 2, "planned": 3, "past": 4, "elsewhere": 5, "not": 6, "refused": 7,
}  # fmt: skip
PAST = frozenset({"past_surgical_history", "past_medical_history", "family_history", "social_history"})
PLAN = frozenset({"plan", "instructions", "follow_up", "disposition", "indication", "reason_for_visit"})
NAMED = re.compile(
    r"(?:^|\b)(?:operations?|procedures?|surgery|surgeries|surgical procedures?|operative procedures?|"
    r"title of (?:the )?(?:operation|procedure)s?|name of (?:the )?(?:operation|procedure)s?|exam(?:ination)?)s?"
    r"(?: ?/ ?procedures?)?(?: ?\(s\))?(?: and treatments?)?(?: performed| done| during (?:stay|hospitalization))?\s*$"
)
PLANNED_TITLE = re.compile(r"(?:planned|proposed|anticipated|scheduled) (?:operation|procedure)|indications?|consent")
REPORTS = re.compile(r"operati|procedur|endoscop|catheteri|deliver|cesarean")
OPENING = re.compile(
    r"\W*(?!post|pre)(?:\w+ ){0,2}?(?:operati|procedur|surgery|cesarean|endoscop|delivery|gi lab|ep lab|interventional)"
    r"[\w ]{0,24}[:\n]"
)
HEADS = 5  # lines at the top of a report that may name what it is about
CLAUSE = re.compile(r"\b(?:was|were|is|are|has|had|have|will|would|could|he|she|we|they|who|i|not|no|if|should|may)\b")
HEADING = re.compile(r"[^\W\d][^:.,;]{0,40}:")
NAMES = re.compile(
    r"(?:op|title|proc|done today|today|performed|intervention|(?:icu|bedside) procedure"
    r"|(?:[a-z]+ ){0,2}(?:procedure|procedural|operative|operation|op|surgery|surgical|cesarean|endoscopy"
    r"|colonoscopy|bronchoscopy|catheterization) (?:note|report)|(?:gi|ep|cath|endoscopy) (?:lab|suite))s?\s*:"
)
BY_ASSERTION: Mapping[str, Status] = {
    "absent": "not", "hypothetical": "planned", "conditional": "planned", "family": "elsewhere", "history": "past",
    "possible": "planned",
}  # fmt: skip
# within the words of a procedure: the tube was placed
PASSIVE = re.compile(r"\b(?:was|were)\b(?! not)|(?:ed|given|taken)$")
AGO = re.compile(r"\b(?:days|weeks|months|years) ago\b")
NEAR, STEP = 90, 12  # characters within which a cue is heard; those that make it farther than another
ORDER = ("refused", "not", "elsewhere", "earlier", "past", "planned", "done", "now")
TURN = re.compile(r";|\b(?:but|however|although|though|whereas)\b")


@lru_cache(maxsize=2)
def _cues(before: bool) -> Phrases[str]:
    """What words before or after a procedure say of it."""
    rows = package_table("leadterm.procedures", "performed_words.tsv")
    own = [row for row in rows if (row["side"] == "before") is before]
    return Phrases((phrase, row["status"]) for row in own for phrase in row["words"].split("|"))


def title_of(page: Page, at: int) -> str:
    """Give the title of the section or labelled line that a position stands in, in lower case."""
    found = [s for s in page.note.sections if s.start <= at < s.end and s.title_end > s.title_start]
    best = max(found, key=lambda s: s.start, default=None)
    return " ".join(page.text[best.title_start : best.title_end].split()).rstrip(" :") if best else ""


def heads_of(page: Page) -> list[tuple[int, int]]:
    """Where the top of an operative report names things without a clause: its titles, with or without a heading.

    Sentences of the first lines, as offsets; none where the note is no report of a procedure.
    """
    given = (page.note.note.kind or "").lower()
    if not REPORTS.search(f"{given} {find_kind(page.note.note.text, given).name}") and not OPENING.match(page.text):
        return []
    found: list[tuple[int, int]] = []
    lines = [m for m in re.finditer(r"[^\n]+", page.note.note.text) if m.group().strip()]
    for line in lines[:HEADS]:
        for part in re.finditer(r"(?:[^.]|\.(?!\s))+", line.group()):
            text = part.group().lower().strip()
            if not CLAUSE.search(text) and (NAMES.match(text) or not HEADING.match(text)):
                found.append((line.start() + part.start(), line.start() + part.end()))
            elif CLAUSE.search(text):
                break
    return found


def standing_of(page: Page, mention: Mention, heads: Sequence[tuple[int, int]] = ()) -> Status:
    """Tell how a procedure stands: ``named`` in the title of an operation, ``done``, only ``said``, or not done.

    The nearest cue of the sentence counts; then the section, then what the context stage says of the words.
    """
    title = title_of(page, mention.start)
    if mention.section in PAST or "history" in title:
        return "past"
    if PLANNED_TITLE.search(title):
        return "planned"
    if NAMED.search(title):
        return "named"
    if AGO.search(mention.text.lower()):
        return "past"
    told = _told(page, mention)
    if told is not None and not (told == "done" and mention.assertion in ("absent", "family")):
        return told
    if mention.assertion in BY_ASSERTION:
        return BY_ASSERTION[mention.assertion]
    if any(start <= mention.start < end for start, end in heads):
        return "named"
    if mention.section in PLAN:
        return "planned"
    return "done" if PASSIVE.search(mention.text.lower()) else "said"


@dataclass(frozen=True, slots=True)
class _Heard:
    """A cue in the words beside a procedure, ``far`` characters from it."""

    far: int
    before: bool
    status: str

    @property
    def key(self) -> tuple[int, int]:
        return 0 if self.status == "elsewhere" else self.far // STEP, ORDER.index(self.status)


def _told(page: Page, mention: Mention) -> Status | None:
    """What the words of the clause say: the nearest cue, unless others tell when or where what was done was done."""
    low, high = page.sentence(mention.start)
    before = page.text[max(low, mention.start - NEAR) : mention.start]
    turn = max((match.end() for match in TURN.finditer(before)), default=0)
    heard = [*_heard(before[turn:], True), *_heard(page.text[mention.end : min(high, mention.end + NEAR)], False)]
    if not heard:
        return None
    nearest: Any = min(heard, key=lambda one: one.key).status
    now = any(one.status == "now" for one in heard)
    if nearest in ("past", "earlier"):
        return "done" if now else "past"
    if nearest not in ("done", "now"):
        return nearest  # type: ignore[no-any-return]
    if any(one.status == "elsewhere" for one in heard):
        return "elsewhere"
    once = any(one.status == "earlier" or (one.status == "past" and not one.before) for one in heard)
    return "past" if once and not now else "done"


def _heard(words: str, before: bool) -> list[_Heard]:
    """The cues of one side; those within longer ones left out."""
    found = [(match.start(), match.end(), status) for match, status in _cues(before).all(words)]
    whole = [one for one in found if not any(a <= one[0] and one[1] <= b and (a, b) != one[:2] for a, b, _ in found)]
    return [_Heard(len(words) - end if before else start, before, status) for start, end, status in whole]
