"""What the JSON of an encounter may hold. Imported where one is read: pydantic is heavy."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, Field, Strict, with_config
from typing_extensions import TypedDict  # pydantic wants this one before Python 3.12

from leadterm.storage.validation import STRICT


def refuse_half_pairs(text: str) -> str:
    """Refuse half a surrogate pair: JSON can spell it, no output can hold it."""
    if not text.isascii():
        text.encode()
    return text


Text = Annotated[str, AfterValidator(refuse_half_pairs)]
Word = Annotated[str, Field(pattern=r"\S")]


class PatientForm(TypedDict, total=False):
    """What is known of the patient."""

    sex: Text | None
    birth_year: int | None


class NoteForm(TypedDict):
    """A document."""

    note_id: Word
    text: Text
    kind: NotRequired[Text | None]


@with_config(**STRICT)
class EncounterForm(TypedDict):
    """An encounter; its codes are read one by one, each a `CodeForm`."""

    encounter_id: Word
    notes: Annotated[list[NoteForm], Field(min_length=1)]
    patient_id: NotRequired[Text | None]
    setting: NotRequired[Text | None]
    language: NotRequired[Text | None]
    patient: NotRequired[PatientForm | None]
    date_of_service: NotRequired[Text | None]
    codes: NotRequired[list[Any] | None]


class EvidenceForm(TypedDict):
    """Words that support a code; a span is ``[start, end)``."""

    note_id: Word
    spans: Annotated[list[Annotated[tuple[int, int], Strict(False)]], Field(min_length=1)]  # JSON has lists
    text: NotRequired[Text | None]


@with_config(**STRICT)
class CodeForm(TypedDict):
    """A reference code."""

    system: Word
    code: Word
    role: NotRequired[Text | None]
    need: NotRequired[Literal["must", "may"] | None]
    evidence: NotRequired[list[EvidenceForm] | None]
    units: NotRequired[Annotated[float, Field(gt=0, lt=1_000_000), Strict(False)] | None]
    modifiers: NotRequired[list[Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")]] | None]
