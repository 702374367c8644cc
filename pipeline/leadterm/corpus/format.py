"""One encounter as JSON and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from leadterm.errors import LeadtermError, quote_name, unknown_name
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode

__all__ = ["arrange_mentions", "decode", "decode_code", "decode_shell", "encode"]

ENCOUNTER_KEYS = (
    "encounter_id", "patient_id", "setting", "language", "patient", "date_of_service", "notes", "codes",
)  # fmt: skip
PATIENT_KEYS = ("sex", "birth_year")
NOTE_KEYS = ("note_id", "kind", "text")
CODE_KEYS = ("system", "code", "role", "need", "evidence")
NEEDS = ("must", "may")
EVIDENCE_KEYS = ("note_id", "spans", "text")


def arrange_mentions(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Put mentions into reading order: note by note, as the notes come first, then by place.

    Parameters
    ----------
    mentions : iterable of Mention
        In any order.

    Examples
    --------
    >>> cough = Mention.of(EvidenceSpan("n1", 0, 5, "cough"))
    >>> knee = Mention.of(EvidenceSpan("n1", 9, 13, "pain"), EvidenceSpan("n1", 20, 24, "knee"))
    >>> [mention.text for mention in arrange_mentions([knee, cough])]
    ['cough', 'pain knee']
    """
    given = list(mentions)
    place = {mention.note_id: i for i, mention in reversed(list(enumerate(given)))}
    return tuple(sorted(given, key=lambda mention: (place[mention.note_id], mention.spans)))


def encode(encounter: Encounter) -> dict[str, Any]:
    """Give an encounter as the JSON object of one line; what is unknown or empty is left out.

    Parameters
    ----------
    encounter : Encounter
        The encounter.

    Returns
    -------
    dict
        Keys in a fixed order, ready for ``json.dumps``.

    Examples
    --------
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
        "notes": [_encode_note(note) for note in encounter.notes],
        "codes": [_encode_code(code) for code in encounter.codes],
    }
    return {key: value for key, value in given.items() if value is not None}


def _encode_note(note: Note) -> dict[str, str]:
    kind = {"kind": note.kind} if note.kind else {}
    return {"note_id": note.note_id, **kind, "text": note.text}


def _encode_code(code: ReferenceCode) -> dict[str, Any]:
    made: dict[str, Any] = {"system": code.system, "code": code.code}
    if code.role:
        made["role"] = code.role
    if code.need != NEEDS[0]:
        made["need"] = code.need
    if code.evidence:
        made["evidence"] = [
            {"note_id": mention.note_id, "spans": [[span.start, span.end] for span in mention.spans]}
            for mention in code.evidence
        ]
    return made


def decode(given: object) -> Encounter:
    """Make an encounter from the JSON object of one line.

    Parameters
    ----------
    given : object
        What ``json.loads`` gave.

    Returns
    -------
    Encounter
        The encounter with its codes; evidence words are taken from the notes.

    Raises
    ------
    LeadtermError
        If a field is missing, unknown or of the wrong type, or evidence lies outside its note. The
        message names the field, never the text.

    Examples
    --------
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
    return replace_codes(shell, tuple(decode_code(code, notes) for code in codes))


def replace_codes(encounter: Encounter, codes: tuple[ReferenceCode, ...]) -> Encounter:
    """Give the encounter with other codes."""
    return replace(encounter, codes=codes)


def decode_shell(given: object) -> tuple[Encounter, list[object]]:
    """Make an encounter without its codes, and give the codes as they stand in the JSON object."""
    line = _mapping(given, "an encounter", ENCOUNTER_KEYS)
    patient = _mapping(line.get("patient") or {}, "'patient'", PATIENT_KEYS)
    birth_year = patient.get("birth_year")
    if birth_year is not None and (isinstance(birth_year, bool) or not isinstance(birth_year, int)):
        raise _wrong("patient.birth_year", birth_year, "a whole number")
    shell = Encounter(
        encounter_id=_word(line, "encounter_id"),
        notes=tuple(_decode_note(note) for note in _list(line, "notes", required=True)),
        patient_id=_optional(line, "patient_id"),
        setting=_optional(line, "setting") or "outpatient",
        language=_optional(line, "language") or "en",
        sex=_optional(patient, "sex"),
        birth_year=birth_year,
        date_of_service=_optional(line, "date_of_service"),
    )
    return shell, _list(line, "codes")


def decode_code(given: object, notes: Mapping[str, str]) -> ReferenceCode:
    """Make a reference code; `notes` maps note ids to texts."""
    code = _mapping(given, "a code", CODE_KEYS)
    mentions = [_decode_mention(item, notes) for item in _list(code, "evidence")]
    need = _optional(code, "need") or NEEDS[0]
    if need not in NEEDS:
        raise unknown_name("need of a code", need, NEEDS)
    return ReferenceCode(
        _word(code, "system"), _word(code, "code"), _optional(code, "role") or "", arrange_mentions(mentions), need
    )


def _decode_note(given: object) -> Note:
    note = _mapping(given, "a note", NOTE_KEYS)
    text = note.get("text")
    if not isinstance(text, str):
        raise _wrong("text", text, "a string")
    _check_writable("the text of a note", text)
    return Note(_word(note, "note_id"), text, _optional(note, "kind") or "")


def _decode_mention(given: object, notes: Mapping[str, str]) -> Mention:
    """Make a mention, with its words."""
    item = _mapping(given, "evidence", EVIDENCE_KEYS)
    note_id = _word(item, "note_id")
    if note_id not in notes:
        raise unknown_name("note_id in evidence", note_id, notes)
    spans = [_decode_span(pair, note_id, notes[note_id]) for pair in _list(item, "spans", required=True)]
    words, mention = _optional(item, "text"), Mention.of(*spans)
    if words is not None and words.split() != mention.text.split():
        raise LeadtermError("the words of an evidence differ from the note at its offsets.", hint="Check the offsets.")
    return mention


def _decode_span(pair: object, note_id: str, text: str) -> EvidenceSpan:
    whole = isinstance(pair, list) and len(pair) == 2 and all(type(end) is int for end in pair)
    if not whole:
        raise LeadtermError("a span of evidence is not a pair of whole numbers.", hint="Write [start, end].")
    start, end = cast("list[int]", pair)
    if not 0 <= start < end <= len(text):
        raise LeadtermError(
            f"evidence offsets [{start}, {end}) lie outside note '{note_id}' of {len(text)} characters.",
            hint="Offsets are [start, end) characters of the raw note.",
        )
    return EvidenceSpan(note_id, start, end, text[start:end])


def _mapping(given: object, what: str, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise LeadtermError(f"{what} must be a JSON object, not {_kind(given)}.")
    for key in given:
        if key not in allowed:
            kind = f"field of {what.removeprefix('an ').removeprefix('a ')}"
            if quote_name(key) != f"'{key}'":
                raise LeadtermError(f"unknown {kind}: {quote_name(key)}.", hint=f"Allowed: {', '.join(allowed)}.")
            raise unknown_name(kind, key, allowed)
    return given


def _list(given: Mapping[str, Any], key: str, *, required: bool = False) -> list[object]:
    value = given.get(key)
    if value is None and not required:
        return []
    if not isinstance(value, list) or (required and not value):
        raise _wrong(key, value, "a list" + (" that is not empty" if required else ""))
    return value


def _word(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, value, "a string that is not empty")
    _check_writable(f"'{key}'", value)
    return value


def _optional(given: Mapping[str, Any], key: str) -> str | None:
    value = given.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(key, value, "a string")
    if value is not None:
        _check_writable(f"'{key}'", value)
    return value


def _check_writable(what: str, value: str) -> None:
    """Refuse half a surrogate pair: JSON can spell it, no output can hold it."""
    if value.isascii():  # known without a look at the characters
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        raise LeadtermError(f"{what} has half a surrogate pair.", hint="Export it as UTF-8.") from None


def _wrong(key: str, value: object, allowed: str) -> LeadtermError:
    got = "it is missing" if value is None else f"got {_kind(value)}"
    return LeadtermError(f"'{key}' must be {allowed}; {got}.")


def _kind(value: object) -> str:
    """Name the type of a value as JSON calls it; the value itself may be patient data."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    if value in ("", []):
        return "an empty one"
    return names.get(type(value), "a number")
