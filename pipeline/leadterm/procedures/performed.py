"""Whether a procedure that a note names was done in this encounter: by the words around it, section and context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from leadterm.procedures.note_phrases import Page, compile_phrase, needed_word
from leadterm.schema import Mention
from leadterm.storage.tsv import package_table

__all__ = ["NAMED", "Status", "standing_of", "title_of"]

Status = Literal["done", "named", "said", "planned", "refused", "past", "not", "elsewhere"]

PAST = frozenset({"past_surgical_history", "past_medical_history", "family_history", "social_history"})
PLAN = frozenset({"plan", "instructions", "follow_up", "disposition", "indication", "reason_for_visit"})
NAMED = re.compile(
    r"(?:^|\b)(?:operations?|procedures?|surgery|surgeries|surgical procedures?|operative procedures?|"
    r"title of (?:the )?(?:operation|procedure)s?|name of (?:the )?(?:operation|procedure)s?|exam(?:ination)?)s?"
    r"(?: ?/ ?procedures?)?(?: ?\(s\))?(?: and treatments?)?(?: performed| done| during (?:stay|hospitalization))?\s*$"
)
PLANNED_TITLE = re.compile(r"(?:planned|proposed|anticipated|scheduled) (?:operation|procedure)|indications?|consent")
BY_ASSERTION: Mapping[str, Status] = {
    "absent": "not", "hypothetical": "planned", "conditional": "planned", "family": "elsewhere", "history": "past",
    "possible": "planned",
}  # fmt: skip
NEAR, STEP = 70, 12  # characters within which a cue is heard; those that make it farther than another
ORDER: tuple[Status, ...] = ("refused", "not", "elsewhere", "past", "planned", "done")


@dataclass(frozen=True, slots=True)
class _Cue:
    """``word``: the beginning of one that its pattern needs, to be looked for first."""

    word: str
    pattern: re.Pattern[str]
    before: bool
    status: Status


@lru_cache(maxsize=1)
def _cues() -> tuple[_Cue, ...]:
    rows = package_table("leadterm.procedures", "performed_words.tsv")
    return tuple(
        _Cue(needed_word(phrase), compile_phrase(phrase), row["side"] == "before", row["status"])  # type: ignore[arg-type]
        for row in rows for phrase in row["words"].split("|")
    )  # fmt: skip


def title_of(page: Page, at: int) -> str:
    """Give the title of the section or labelled line that a position stands in, in lower case."""
    found = [s for s in page.note.sections if s.start <= at < s.end and s.title_end > s.title_start]
    best = max(found, key=lambda s: s.start, default=None)
    return " ".join(page.text[best.title_start : best.title_end].split()).rstrip(" :") if best else ""


def standing_of(page: Page, mention: Mention) -> Status:
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
    best: tuple[int, int, Status] | None = None
    for cue in _cues():
        around = before if cue.before else after
        for match in cue.pattern.finditer(around) if cue.word in around else ():
            far = len(before) - match.end() if cue.before else match.start()
            key = (0 if cue.status == "elsewhere" else far // STEP, ORDER.index(cue.status), cue.status)
            best = key if best is None or key < best else best
    if best is not None and not (best[2] == "done" and mention.assertion in ("absent", "family")):
        return best[2]
    if mention.assertion in BY_ASSERTION:
        return BY_ASSERTION[mention.assertion]
    return "planned" if mention.section in PLAN else "said"
