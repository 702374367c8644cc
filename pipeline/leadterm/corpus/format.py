"""One encounter as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.service_line import shown_units
from leadterm.storage.validation import validated

if TYPE_CHECKING:
    from leadterm.corpus.forms import CodeForm, EvidenceForm

__all__ = ["arrange_mentions", "decode", "decode_codes", "decode_shell", "encode"]

MUST = "must"


def arrange_mentions(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Put mentions into reading order: note by note, as the notes come first, then by place.

    >>> cough = Mention.of(EvidenceSpan("n1", 0, 5, "cough"))
    >>> knee = Mention.of(EvidenceSpan("n1", 9, 13, "pain"), EvidenceSpan("n1", 20, 24, "knee"))
    >>> [mention.text for mention in arrange_mentions([knee, cough])]
    ['cough', 'pain knee']
    """
    given = list(mentions)
    if len(given) < 2:
        return tuple(given)
    place = {mention.note_id: i for i, mention in reversed(list(enumerate(given)))}
    return tuple(sorted(given, key=lambda mention: (place[mention.note_id], mention.spans)))


def encode(encounter: Encounter) -> dict[str, Any]:
    """Give an encounter as the JSON object of one line, keys in a fixed order; what is unknown or empty is left out.

    >>> encode(Encounter("e1", (Note("n1", "Cough."),)))["notes"]
    [{'note_id': 'n1', 'text': 'Cough.'}]
    """
    patient = {"sex": encounter.sex, "birth_year": encounter.birth_year}
    given: dict[str, Any] = {
        "encounter_id": encounter.encounter_id,
        "patient_id": encounter.patient_id,
        "setting": encounter.setting,
        "language": encounter.language,
        "patient": {key: value for key, value in patient.items() if value is not None} or None,
        "date_of_service": encounter.date_of_service,
        "notes": [
            {"note_id": note.note_id, **({"kind": note.kind} if note.kind else {}), "text": note.text}
            for note in encounter.notes
        ],
        "codes": [_encode_code(code) for code in encounter.codes],
    }
    return {key: value for key, value in given.items() if value is not None}


def _encode_code(code: ReferenceCode) -> dict[str, Any]:
    made: dict[str, Any] = {"system": code.system, "code": code.code}
    if code.role:
        made["role"] = code.role
    if code.need != MUST:
        made["need"] = code.need
    if code.units is not None:
        made["units"] = shown_units(code.units)
    if code.modifiers:
        made["modifiers"] = list(code.modifiers)
    if code.evidence:
        made["evidence"] = [
            {"note_id": mention.note_id, "spans": [[span.start, span.end] for span in mention.spans]}
            for mention in code.evidence
        ]
    return made


def decode(given: object) -> Encounter:
    """Make an encounter from the JSON object of one line.

    - ``given``: what ``json.loads`` gave.

    Gives the encounter with its codes; evidence words are taken from the notes. ``LeadtermError`` if a field is
    missing, unknown or of the wrong type, or evidence lies outside its note. The message names the field, never the
    text.

    >>> line = {"encounter_id": "e1", "notes": [{"note_id": "n1", "text": "Acute sinusitis."}],
    ...         "codes": [{"system": "icd10cm", "code": "J01.90",
    ...                    "evidence": [{"note_id": "n1", "spans": [[6, 15]]}]}]}
    >>> decode(line).codes[0].evidence[0].text
    'sinusitis'
    >>> encode(decode(line))["codes"] == line["codes"]
    True
    """
    shell, codes = decode_shell(given)
    notes = {note.note_id: note.text for note in shell.notes}
    return replace_codes(shell, decode_codes(codes, notes))


def replace_codes(encounter: Encounter, codes: tuple[ReferenceCode, ...]) -> Encounter:
    """Give the encounter with other codes."""
    return replace(encounter, codes=codes)


def decode_shell(given: object) -> tuple[Encounter, list[Any]]:
    """Make an encounter without its codes, and give the codes as they stand in the JSON object."""
    from leadterm.corpus.forms import EncounterForm

    form = validated(EncounterForm, given, "the encounter")
    patient = form.get("patient") or {}
    shell = Encounter(
        encounter_id=form["encounter_id"],
        notes=tuple(Note(note["note_id"], note["text"], note.get("kind") or "") for note in form["notes"]),
        patient_id=form.get("patient_id"),
        setting=form.get("setting") or "outpatient",
        language=form.get("language") or "en",
        sex=patient.get("sex"),
        birth_year=patient.get("birth_year"),
        date_of_service=form.get("date_of_service"),
    )
    return shell, form.get("codes") or []


def decode_codes(given: Iterable[object], notes: Mapping[str, str]) -> tuple[ReferenceCode, ...]:
    """Make reference codes; `notes` maps note ids to texts."""
    from leadterm.corpus.forms import CodeForm

    return tuple(_decode_code(validated(CodeForm, each, "the code"), notes) for each in given)


def _decode_code(form: CodeForm, notes: Mapping[str, str]) -> ReferenceCode:
    evidence = arrange_mentions([_decode_mention(each, notes) for each in form.get("evidence") or ()])
    return ReferenceCode(
        form["system"], form["code"], form.get("role") or "", evidence, form.get("need") or MUST,
        form.get("units"), tuple(form.get("modifiers") or ()),
    )  # fmt: skip


def _decode_mention(form: EvidenceForm, notes: Mapping[str, str]) -> Mention:
    """Make a mention, with its words."""
    note_id, words = form["note_id"], form.get("text")
    if note_id not in notes:
        raise unknown_name("note_id in evidence", note_id, notes)
    mention = Mention.of(*(_decode_span(start, end, note_id, notes[note_id]) for start, end in form["spans"]))
    if words is not None and words.split() != mention.text.split():
        raise LeadtermError("the words of an evidence differ from the note at its offsets.", hint="Check the offsets.")
    return mention


def _decode_span(start: int, end: int, note_id: str, text: str) -> EvidenceSpan:
    if not 0 <= start < end <= len(text):
        raise LeadtermError(
            f"evidence offsets [{start}, {end}) lie outside note '{note_id}' of {len(text)} characters.",
            hint="Offsets are [start, end) characters of the raw note.",
        )
    return EvidenceSpan(note_id, start, end, text[start:end])
