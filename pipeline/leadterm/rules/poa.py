"""Present on admission: what is exempt, and what the timing in a note speaks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from leadterm.rules.code_sets import code_sets
from leadterm.schema import Mention, Note
from leadterm.storage.tsv import package_table

__all__ = ["LETTERS", "is_poa_exempt", "propose_poa"]

LETTERS = ("Y", "N", "U", "W")
BEFORE = frozenset({
    "admission_diagnosis", "chief_complaint", "family_history", "history", "hpi", "past_medical_history",
    "past_surgical_history", "reason_for_visit", "subjective", "medications", "emergency_course",
})  # fmt: skip
END = re.compile(r"[.;!?](?=\s)|\n")
AT_BIRTH = ("P", "Q")
LONG = 60  # characters of a name that is looked for elsewhere
OTHERWISE = re.compile(
    r"on (?:arrival|admission|presentation)|came|brought|presented|at baseline|was admitted|home |resolved|cleared"
    r"|converted|stopped|off in|excluded|gone|afebrile|settled|now over",
    re.IGNORECASE,
)


def is_poa_exempt(code: str) -> bool:
    """Tell whether a diagnosis takes no indicator.

    >>> is_poa_exempt("Z79.4"), is_poa_exempt("S72.001A")
    (True, False)
    """
    return code_sets("poa_exempt.tsv").holds("exempt", code)


def propose_poa(
    code: str, evidence: Iterable[Mention], notes: Sequence[Note] = (), *, leads: bool = False
) -> tuple[str, str]:
    """Propose the indicator of a diagnosis of a stay from where and how its words stand.

    Gives ``Y N U W``, empty for an exempt code; and why, without words of the note. ``leads``: whether it is the
    principal diagnosis: what brought the patient in was there.

    >>> from leadterm.schema import EvidenceSpan
    >>> note = Note("n1", "Pneumonia developed on hospital day 4.")
    >>> propose_poa("J18.9", [Mention.of(EvidenceSpan("n1", 0, 9, "Pneumonia"))], [note])
    ('N', 'its sentence says so')
    """
    if is_poa_exempt(code):
        return "", "exempt from present on admission"
    if leads:
        return "Y", "the reason for the stay"
    given = tuple(evidence)
    later = _began_later(code, given, notes)
    if code.startswith(AT_BIRTH) and not later:
        return "Y", "there at birth"
    texts = {note.note_id: note.text for note in notes}
    said: set[str] = set()
    places: set[str] = set()
    for mention in given:
        said.add(_cue(_sentence(texts.get(mention.note_id, ""), mention)))
        places.add(mention.section)
    for letter in ("W", "U"):
        if letter in said:
            return letter, "its sentence says so"
    if "N" in said and not places & BEFORE:
        return "N", "its sentence says so"
    if later:
        return "N", later
    if "Y" in said:
        return "Y", "its sentence says so"
    return "Y", "among what brought the patient in" if places & BEFORE else "nothing says that it began after admission"


def _began_later(code: str, evidence: Sequence[Mention], notes: Sequence[Note]) -> str:
    """Why a condition is one that began after admission: by its code, or by words close to those for it."""
    for letter, codes, near, cue in _timing():
        if not code.startswith(codes):
            continue
        if near < 0:
            return "such conditions begin during a stay" if letter == "N" else ""
        if near == 0:
            found = any(cue.search(note.text) for note in notes)
        else:
            found = any(_stands_near(cue, note.text, _names(code, evidence), near) for note in notes)
        if found:
            return "the words around it say that it began later" if near else "such conditions begin during such a stay"
    return ""


def _stands_near(cue: re.Pattern[str], text: str, names: re.Pattern[str] | None, near: int) -> bool:
    """Whether a cue stands close to a name of the condition, in its sentence, and nothing says it is over or old."""
    for match in names.finditer(text) if names else ():
        low, high = max(0, match.start() - near), min(len(text), match.end() + near)
        start = max((end.end() for end in END.finditer(text, low, match.start())), default=low)
        after = END.search(text, match.end(), high)
        piece = text[start : after.start() if after else high]
        if cue.search(piece) and not OTHERWISE.search(piece):
            return True
    return False


def _names(code: str, evidence: Sequence[Mention]) -> re.Pattern[str] | None:
    """The words by which a note may speak of a condition: those of its evidence, and others for the same."""
    said = [re.escape(text) for mention in evidence for text in (mention.text, *(span.text for span in mention.spans))]
    found = [words for codes, words in _words() if code.startswith(codes)] + [one for one in said if len(one) < LONG]
    return re.compile("|".join(found), re.IGNORECASE) if found else None


@cache
def _timing() -> tuple[tuple[str, tuple[str, ...], int, re.Pattern[str]], ...]:
    rows = package_table("leadterm.rules", "poa_timing.tsv")
    return tuple(
        (row["poa"], ("",) if row["codes"] == "-" else tuple(row["codes"].split(";")), int(row["near"]),
         re.compile(row["cue"], re.IGNORECASE))
        for row in rows
    )  # fmt: skip


@cache
def _words() -> tuple[tuple[tuple[str, ...], str], ...]:
    rows = package_table("leadterm.rules", "poa_words.tsv")
    return tuple((tuple(row["codes"].split(";")), row["words"]) for row in rows)


def _sentence(text: str, mention: Mention) -> str:
    """The sentence that a mention stands in."""
    start = max((match.end() for match in END.finditer(text, 0, mention.start)), default=0)
    after = END.search(text, mention.end)
    return text[start : after.start() if after else len(text)]


def _cue(sentence: str) -> str:
    return next((letter for letter, cue in _cues() if cue.search(sentence)), "")


@cache
def _cues() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = package_table("leadterm.rules", "poa_cues.tsv")
    return tuple((row["poa"], re.compile(row["cue"], re.IGNORECASE)) for row in rows)
