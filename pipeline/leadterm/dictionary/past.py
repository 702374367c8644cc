"""Whether what a mention names is over, or of a relative, so that a code of history may take its place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.dictionary.code_tables import CodeTables
    from leadterm.text.reading import FoundMention, NoteReading

__all__ = [
    "COMPANION", "OF_RELATIVES", "PLANNED", "as_told", "given_up", "is_bare_operation", "is_told_of_the_past",
    "may_be_over", "was_before",
]  # fmt: skip

COMPANION = "companion"  # the source of what stands beside a reading, or in its place
OF_HISTORY = ("Z85", "Z86", "Z87", "Z89", "Z90", "Z92.2", "Z92.3", "Z93", "Z94", "Z95", "Z96", "Z97", "Z98")
OF_RELATIVES = ("Z80", "Z81", "Z82", "Z83", "Z84")
SAID_BEFORE = ("history of", "prior", "previous", "status post", "s p ", "h o ")

REMOVED = frozenset({
    "removal", "excision", "excised", "resection", "remission", "resolved", "cured",
})  # fmt: skip
EARLIER = frozenset({"ago", "remote", "earlier", "childhood"})
TREATED = frozenset({
    "survivor", "surveillance", "mastectomy", "lumpectomy", "prostatectomy", "nephrectomy", "colectomy", "orchiectomy",
    "thyroidectomy", "hysterectomy", "cystectomy", "lobectomy", "gastrectomy", "irradiation", "radiation",
    "brachytherapy", "radiotherapy", "seed", "status", "completed", "completion",
})  # fmt: skip
GOING_ON = frozenset({
    "undergoing", "receiving", "current", "currently", "active", "fraction", "cycle", "today", "candidate",
})  # fmt: skip
PLANNED = frozenset({
    "scheduled", "scheduling", "planned", "planning", "candidate", "awaiting", "await", "desire", "considering",
    "offered", "recommended", "discussed", "upcoming", "tomorrow", "pending", "next", "seeking", "advised",
})  # fmt: skip
CANCER, INBORN = "C", "Q"
MENDED = frozenset({"repair", "correction", "corrected", "closure", "closed", "ligation"})
REPORT_WORDS = 2
REPORT = frozenset({
    "specimen", "margin", "microscopic", "gross", "histology", "histologically", "differentiated", "infiltration",
    "infiltrating", "tnm", "staging", "mucosa", "formalin", "cassette", "lymphovascular", "perineural",
})  # fmt: skip
ACUTE = ("C", "I21", "I26", "I6", "I82")
DATED = ("I21", "I22", "I26", "I60", "I61", "I63", "I82", "J18")
PAST = frozenset({"past_medical_history", "past_surgical_history"})
REMOVAL, WAYS_IN = "ectomy", frozenset({"laparoscopic", "lap", "open", "partial", "total", "radical"})
LEAVES_A_STATUS = frozenset({"hysterectomy", "mastectomy"})  # named by themselves they are seldom of today
INFARCTION, RECENT = "I21", frozenset({"hour", "day", "week"})  # acute for four weeks
HABITS, FORMER = ("F17", "Z72.0"), frozenset({"ex", "former", "formerly", "until"})
QUIT, STOPPED = frozenset({"quit", "quitted"}), frozenset({"stopped", "ceased", "gave"})
SMOKING = frozenset({"smoking", "smoke", "smoked", "tobacco", "cigarette"})
WHEN = frozenset({"ago", "since", "prior", "last", "age"})
NOT_YET = frozenset({
    "want", "trying", "try", "attempt", "ready", "willing", "help", "encouraged", "advised", "counseled", "again",
    "resumed", "restarted", "relapsed", "drinking", "alcohol", "drink", "etoh", "drug",
})  # fmt: skip
BLOOD, MARROW = "C81", "C96"  # from lymphoma to leukemia: the code of the disease itself says "in remission"
POLYPS = ("D12", "J33", "J38.1", "K31.7", "K62.0", "K62.1", "K63.5", "N84")
THEN = frozenset({"ago", "earlier", "last", "previous", "prior", "year"})


def may_be_over(code: str, found: FoundMention, note: NoteReading) -> bool:
    """Tell whether a disease may be over: history, removed, long ago, told with its year; or a cancer that was treated.

    Whether its code of history is worth proposing beside it. ``found``: where it is named. ``note``: its note; a
    pathology report tells of what was removed now.
    """
    if found.mention.assertion == "history":
        return True
    if len(REPORT & note.words) >= REPORT_WORDS:
        return False
    solid = code.startswith(CANCER) and not BLOOD <= code[:3] <= MARROW
    own = set[str]() if solid else {"remission"}  # elsewhere it is a state of the disease
    planned = not PLANNED.isdisjoint(found.sentence)
    now = code.startswith(POLYPS) and not found.dated and THEN.isdisjoint(found.near)  # taken out as it is seen
    if not (planned or now or (REMOVED - own).isdisjoint(found.near)):
        return True
    if code.startswith(INFARCTION) and not RECENT.isdisjoint(found.near):
        return False
    if code.startswith(DATED) and (found.dated or found.mention.section in PAST):
        return True
    if code.startswith(ACUTE) and not EARLIER.isdisjoint(found.near) and RECENT.isdisjoint(found.near):
        return True
    if code[0] == INBORN and not MENDED.isdisjoint(found.near):
        return True
    ways = TREATED - {"status"} if BLOOD <= code[:3] <= MARROW else TREATED  # after its first cycles it is still there
    treated = not (planned or ways.isdisjoint(found.sentence)) and GOING_ON.isdisjoint(found.sentence)
    return code.startswith(CANCER) and (found.mention.section in PAST or treated)


def is_bare_operation(term: str) -> bool:
    """Tell whether a term is no more than the name of an operation, which may be one of today.

    >>> [is_bare_operation(term) for term in ("appendectomy", "status post appendectomy", "gallbladder removed")]
    [True, False, False]
    """
    *before, last = term.split()
    return last.endswith(REMOVAL) and last not in LEAVES_A_STATUS and set(before) <= WAYS_IN


def was_before(found: FoundMention, term: str) -> bool:
    """Tell whether a cue, or the term itself, says of a status that it is from before."""
    cued = found.mention.assertion in ("present", "history") and bool(found.mention.cues)
    return cued or term.startswith(SAID_BEFORE)


def is_told_of_the_past(found: FoundMention) -> bool:
    """Tell whether a mention stands among what was done before, or with its year."""
    return was_before(found, "") or found.dated or found.mention.section in PAST


def given_up(code: str, found: FoundMention) -> bool:
    """Tell whether a habit of smoking is over: a former one, or one that was quit at a time that is told."""
    if not code.startswith(HABITS):
        return False
    near = {*found.near, *found.sentence}
    if not FORMER.isdisjoint(near):
        return True
    timed = found.dated or not WHEN.isdisjoint(near)
    over = not QUIT.isdisjoint(near) or not (STOPPED.isdisjoint(near) or SMOKING.isdisjoint(near))
    return timed and over and NOT_YET.isdisjoint(near)


def as_told(found: FoundMention, tables: CodeTables) -> FoundMention:
    """A mention as its codes tell it: history is what a status says, and a relative's disease is one of the family."""
    if found.mention.assertion == "history" and found.readings[0].code.startswith(OF_HISTORY):
        return found._replace(mention=replace(found.mention, assertion="present"))
    return _with_family(found, tables) if found.mention.assertion == "family" else found


def _with_family(found: FoundMention, tables: CodeTables) -> FoundMention:
    """A mention of a relative's disease with what it is in the family history, unless a term of it says that."""
    denied = len(found.mention.cues) > 1
    if denied or any(reading.code.startswith(OF_RELATIVES) for reading in found.readings):
        return found
    made = (
        replace(reading, code=code, term=f"family history of {reading.term}", source=COMPANION)
        for reading in found.readings[:1] if (code := tables.family_of(reading.code))
    )  # fmt: skip
    return found._replace(readings=(*made, *found.readings))
