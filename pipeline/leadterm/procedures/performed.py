"""Whether a procedure that a note names was done in this encounter: by the words around it, section and context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

from leadterm.procedures.note_phrases import Page, Phrases
from leadterm.schema import Mention
from leadterm.storage.tsv import package_table
from leadterm.text.layout.note_kind import find_kind

__all__ = ["NAMED", "Status", "heads_of", "standing_of", "title_of"]

Status = Literal["done", "named", "said", "planned", "refused", "past", "not", "elsewhere"]

PAST = frozenset({"past_surgical_history", "past_medical_history", "family_history", "social_history"})
PLAN = frozenset({"plan", "instructions", "follow_up", "disposition", "indication", "reason_for_visit"})
NAMED = re.compile(
    r"(?:^|\b)(?:operations?|procedures?|surgery|surgeries|surgical procedures?|operative procedures?|"
    r"title of (?:the )?(?:operation|procedure)s?|name of (?:the )?(?:operation|procedure)s?|exam(?:ination)?)s?"
    r"(?: ?/ ?procedures?)?(?: ?\(s\))?(?: and treatments?)?(?: performed| done| during (?:stay|hospitalization))?\s*$"
)
PLANNED_TITLE = re.compile(r"(?:planned|proposed|anticipated|scheduled) (?:operation|procedure)|indications?|consent")
REPORTS = re.compile(r"operati|procedur|endoscop|catheteri|deliver")
HEADS = 5  # lines at the top of a report that may name what it is about
CLAUSE = re.compile(r"\b(?:was|were|is|are|has|had|have|will|would|could|he|she|we|they|who|i|not|no|if|should|may)\b")
HEADING = re.compile(r"[^\W\d][^:.,;]{0,40}:")
NAMES = re.compile(r"(?:op|title|proc|done today|today|performed|intervention)s?\s*:")
BY_ASSERTION: Mapping[str, Status] = {
    "absent": "not", "hypothetical": "planned", "conditional": "planned", "family": "elsewhere", "history": "past",
    "possible": "planned",
}  # fmt: skip
NEAR, STEP = 70, 12  # characters within which a cue is heard; those that make it farther than another
ORDER: tuple[Status, ...] = ("refused", "not", "elsewhere", "past", "planned", "done")


@lru_cache(maxsize=2)
def _cues(side: str) -> Phrases[Status]:
    """What words before or after a procedure say of it."""
    rows = [row for row in package_table("leadterm.procedures", "performed_words.tsv") if row["side"] == side]
    return Phrases((phrase, row["status"]) for row in rows for phrase in row["words"].split("|"))  # type: ignore[misc]


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
    if not REPORTS.search(f"{given} {find_kind(page.note.note.text, given).name}"):
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
    low, high = page.sentence(mention.start)
    before = page.text[max(low, mention.start - NEAR) : mention.start]
    after = page.text[mention.end : min(high, mention.end + NEAR)]
    told = [(len(before) - match.end(), status) for match, status in _cues("before").all(before)]
    told += [(match.start(), status) for match, status in _cues("after").all(after)]
    best = min(((0 if of == "elsewhere" else far // STEP, ORDER.index(of), of) for far, of in told), default=None)
    if best is not None and not (best[2] == "done" and mention.assertion in ("absent", "family")):
        return best[2]
    if mention.assertion in BY_ASSERTION:
        return BY_ASSERTION[mention.assertion]
    if any(start <= mention.start < end for start, end in heads):
        return "named"
    return "planned" if mention.section in PLAN else "said"
