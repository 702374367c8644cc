"""The evidence of a suggestion in its words: how much of the note to show around it, and where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadterm.schema import Encounter, EvidenceSpan, Suggestion, SuggestionSet

__all__ = ["Quote", "made_with", "place_of", "quote", "read_as", "section_name"]

TOGETHER, NEARLY = 60, 10
MOST_KINDS = 3
KINDS = {
    **{kind: f"{kind} note" for kind in ("clinic", "consult", "emergency", "operative", "progress", "psychiatric")},
    **{kind: f"{kind} report" for kind in ("pathology", "radiology")},
}
SECTIONS = {
    "hpi": "HPI", "assessment_plan": "assessment & plan", "patient_info": "header", "exam_system": "physical exam",
    "ros_system": "review of systems",
}  # fmt: skip
STATED = {"present": "", "family": "family member", "history": "history of"}


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a note around the evidence for a code.

    `pieces`: Stretches of one line of text in order, and whether each is evidence; `others`: How many more pieces of
    evidence there are elsewhere.

    >>> Quote((("Acute ", False), ("sinusitis", True))).others
    0
    """

    pieces: tuple[tuple[str, bool], ...]
    others: int = 0


def quote(suggestion: Suggestion, texts: Mapping[str, str], *, width: int) -> Quote:
    """Quote the best evidence with the words around it.

    Gives white space is drawn together; whole words only, within the line of the note where it is not too short.

    >>> from leadterm.schema import Mention
    >>> best = Mention.of(EvidenceSpan("n", 6, 15, "sinusitis"))
    >>> s = Suggestion(1, "icd10cm", "J01.90", "Acute sinusitis", 0.9, (best,))
    >>> quote(s, {"n": "Acute sinusitis.\\nRest."}, width=40).pieces
    (('Acute ', False), ('sinusitis', True), ('.', False))
    """
    spans = _together(suggestion.spans)
    text = texts[spans[0].note_id]
    first, last = spans[0].start, spans[-1].end
    cued = [c.start for c in suggestion.cues if c.note_id == spans[0].note_id and first - TOGETHER < c.start < first]
    first = min([first, *(start for start in cued if start >= _line_start(text, first))])
    room = max(width - (last - first), 16)
    start, end = _bounds(text, first, last, room)
    pieces: list[tuple[str, bool]] = [] if start == _line_start(text, first) else [("… ", False)]
    at = start
    for span in spans:
        pieces += [(_flat(text[at : span.start]), False), (_flat(span.text), True)]
        at = span.end
    pieces.append((_flat(text[at:end]), False))
    if end < _line_end(text, last):
        pieces.append((" …", False))
    return Quote(tuple((words, marked) for words, marked in pieces if words), len(suggestion.spans) - len(spans))


def place_of(suggestion: Suggestion) -> str:
    """Say where the best evidence stands and how it is meant.

    Gives for instance ``"assessment & plan · possible (rule out)"``.

    >>> from leadterm.schema import Mention
    >>> cue = EvidenceSpan("n", 0, 8, "Rule out")
    >>> span = EvidenceSpan("n", 9, 13, "gout")
    >>> place_of(Suggestion(1, "icd10cm", "M10.9", "Gout", 0.1, (Mention("n", (span,), "possible", (cue,), "hpi"),)))
    'HPI · possible (rule out)'
    """
    section = section_name(suggestion.section)
    stated = STATED.get(suggestion.assertion, suggestion.assertion)
    cues = list(dict.fromkeys(_flat(cue.text).strip().lower() for cue in suggestion.cues))
    cue = f" ({', '.join(cues[:2])})" if stated and cues else ""
    return " · ".join(part for part in (section, stated + cue) if part)


def section_name(section: str) -> str:
    """Name a section for readers.

    >>> section_name("hpi"), section_name("hospital_course")
    ('HPI', 'hospital course')
    """
    return SECTIONS.get(section, section.replace("_", " "))


def made_with(result: SuggestionSet) -> str:
    """Say which model and releases suggestions come from.

    Gives for instance ``"model default · ICD-10-CM 2026"``.

    >>> made_with(SuggestionSet("e1", "default", {"icd10cm": "2026"}))
    'model default · ICD-10-CM 2026'
    """
    from leadterm.codes.systems import spec_of

    releases = [f"{spec_of(name).short_title} {release}" for name, release in result.releases.items()]
    return " · ".join([f"model {result.model}", *releases])


def read_as(encounter: Encounter, result: SuggestionSet) -> str:
    """Say what the notes were taken for: their setting, and the kinds they read like.

    >>> from leadterm.schema import Note
    >>> encounter = Encounter("e1", (Note("n1", "…"),), setting="inpatient", setting_detected=True)
    >>> read_as(encounter, SuggestionSet("e1", "default", kinds={"n1": "discharge summary"}))
    'inpatient (detected) · discharge summary'
    """
    kinds = dict.fromkeys(KINDS.get(kind, kind) for kind in result.kinds.values() if kind != "other")
    told = ", ".join([*kinds][:MOST_KINDS] + ["…"] * (len(kinds) > MOST_KINDS))
    return " · ".join(filter(None, (encounter.setting + " (detected)" * encounter.setting_detected, told)))


def _together(evidence: Sequence[EvidenceSpan]) -> list[EvidenceSpan]:
    """The first span and those after it that stand close by in the same note."""
    first, *rest = evidence
    near = [first]
    for span in rest:
        if span.note_id == first.note_id and 0 <= span.start - near[-1].end <= TOGETHER:
            near.append(span)
        else:
            break
    return near


def _bounds(text: str, first: int, last: int, room: int) -> tuple[int, int]:
    """Where to cut: a third of the room before the evidence, the rest after it, at white space, within the line."""
    line_start, line_end = _line_start(text, first), _line_end(text, last)
    start = max(line_start, first - room // 3, min(first, line_end - (last - first) - room))
    end = min(line_end, last + room - (first - start))
    start = max(line_start, min(start, end - (last - first) - room))
    if start - line_start < NEARLY:
        start = line_start
    if start > line_start:
        gap = next((i for i in range(start, first) if text[i].isspace()), first)
        start = gap + 1 if gap < first else first
    if line_end - end < NEARLY:
        end = line_end
    if end < line_end:
        gap = next((i for i in range(end - 1, last - 1, -1) if text[i].isspace()), last)
        end = gap
    return start, end


def _line_start(text: str, at: int) -> int:
    """Start of the paragraph: a line end within a wrapped paragraph is as good as a space."""
    start = _rfind_break(text, at)
    while start < at and text[start].isspace():
        start += 1
    return start


def _rfind_break(text: str, at: int) -> int:
    while at > 0 and not _breaks(text, at - 1):
        at -= 1
    return at


def _line_end(text: str, at: int) -> int:
    while at < len(text) and not _breaks(text, at):
        at += 1
    return at


def _breaks(text: str, at: int) -> bool:
    """Whether a line ends here and the next one begins something new rather than going on."""
    if text[at] not in "\r\n":
        return False
    following = text[at + 1 : at + 2]
    return not following.islower()


def _flat(text: str) -> str:
    """One line, single spaces; control characters become spaces."""
    spaced = "".join(" " if char.isspace() or not char.isprintable() else char for char in text)
    words = " ".join(spaced.split())
    if not words:
        return " " if text else ""
    return f"{' ' if spaced[0] == ' ' else ''}{words}{' ' if spaced[-1] == ' ' else ''}"
