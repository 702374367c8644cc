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


def is_poa_exempt(code: str) -> bool:
    """Tell whether a diagnosis takes no indicator.

    >>> is_poa_exempt("Z79.4"), is_poa_exempt("S72.001A")
    (True, False)
    """
    return code_sets("poa_exempt.tsv").holds("exempt", code)


def propose_poa(code: str, evidence: Iterable[Mention], notes: Sequence[Note] = ()) -> tuple[str, str]:
    """Propose the indicator of a diagnosis of a stay from where and how its words stand.

    Parameters
    ----------
    code : str
        The diagnosis.
    evidence : iterable of Mention
        Its words.
    notes : sequence of Note
        The notes, to read the sentences of the words.

    Returns
    -------
    tuple of (str, str)
        ``Y N U W``, empty for an exempt code; and why, without words of the note.

    Examples
    --------
    >>> from leadterm.schema import EvidenceSpan
    >>> note = Note("n1", "Pneumonia developed on hospital day 4.")
    >>> propose_poa("J18.9", [Mention.of(EvidenceSpan("n1", 0, 9, "Pneumonia"))], [note])
    ('N', 'its sentence says so')
    """
    if is_poa_exempt(code):
        return "", "exempt from present on admission"
    if code.startswith(AT_BIRTH):
        return "Y", "there at birth"
    texts = {note.note_id: note.text for note in notes}
    said: set[str] = set()
    places: set[str] = set()
    for mention in evidence:
        said.add(_cue(_sentence(texts.get(mention.note_id, ""), mention)))
        places.add(mention.section)
    for letter in ("W", "U"):
        if letter in said:
            return letter, "its sentence says so"
    if "N" in said and not places & BEFORE:
        return "N", "its sentence says so"
    if "Y" in said:
        return "Y", "its sentence says so"
    return "Y", "among what brought the patient in" if places & BEFORE else "nothing says that it began after admission"


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
