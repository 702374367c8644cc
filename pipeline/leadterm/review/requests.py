"""What requests may hold, and nothing else; pydantic checks it before anything is done."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from leadterm.decisions.changes import LONGEST, Change, Line

__all__ = [
    "AccountForm", "BranchForm", "BulkForm", "ChangeForm", "CheckForm", "ClaimForm", "ClaimFormat", "CodeForm",
    "DecisionForm", "FindForm", "NumbersForm", "PreviewForm", "SearchForm", "ShowForm", "SuggestForm", "UndoForm",
]  # fmt: skip

Short = Annotated[str, Field(max_length=100)]
ClaimFormat = Literal["json", "csv", "fhir", "x12"]


class Form(BaseModel):
    """What a request may hold."""

    model_config = ConfigDict(extra="forbid")


class LineForm(Form):
    """Units, modifiers and pointers of a service."""

    units: Annotated[float, Field(allow_inf_nan=False)] | None = None
    modifiers: Annotated[list[Short], Field(max_length=9)] = []
    pointers: Annotated[list[Short], Field(max_length=9)] = []


class ChangeForm(Form):
    """A change, as `Change` describes it."""

    action: Short
    system: Short = ""
    code: Short = ""
    to: Short = ""
    value: Annotated[str, Field(max_length=4 * LONGEST)] = ""
    reason: Short = ""
    evidence: Annotated[list[tuple[str, list[tuple[int, int]]]], Field(max_length=50)] = []
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    line: LineForm | None = None

    def change(self) -> Change:
        """Give it as it is kept."""
        places = tuple((note, tuple(pieces)) for note, pieces in self.evidence)
        said = self.line
        line = Line(said.units, tuple(said.modifiers), tuple(said.pointers)) if said else None
        return Change(**{**self.model_dump(), "evidence": places, "line": line})


class DecisionForm(Form):
    """Changes made with one key: an id made by the client, and how many entries it knew."""

    id: Annotated[str, Field(pattern=r"^[\w-]{8,64}$")]
    seen: Annotated[int, Field(ge=0)]
    changes: Annotated[list[ChangeForm], Field(min_length=1, max_length=2000)]


class SearchForm(Form):
    """Words to find codes by; they may be words of a note, so they come in the body."""

    text: Annotated[str, Field(max_length=400)]


class CodeForm(Form):
    """A code."""

    system: Short
    code: Short


class BranchForm(Form):
    """A place of a classification: a code, a block, a chapter, or empty for its root."""

    system: Short
    node: Short = ""


Given = dict[str, Any]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
MOST_AT_ONCE = 200


class SuggestForm(Form):
    """What is to be coded: one of the four."""

    text: str | None = None
    encounter: Given | None = None
    encounters: Annotated[list[Given], Field(max_length=MOST_AT_ONCE)] | None = None
    fhir: Given | None = None
    systems: Annotated[list[Short], Field(max_length=9)] | None = None
    top: Annotated[int, Field(ge=1, le=1000)] | None = None
    format: Literal["json", "fhir"] = "json"


class FindForm(Form):
    """Words to find codes by."""

    text: Annotated[str, Field(max_length=400)]
    system: Short = "icd10cm"
    date: Day | None = None
    top: Annotated[int, Field(ge=1, le=50)] = 12


class ShowForm(Form):
    """A code to be shown."""

    code: Short
    system: Short = "icd10cm"
    date: Day | None = None


class CheckForm(Form):
    """A note and a coder's codes for it."""

    text: str | None = None
    encounter: Given | None = None
    codes: Annotated[list[Short], Field(max_length=500)]


class ClaimForm(Form):
    """An encounter with its codes."""

    encounter: Given
    format: ClaimFormat = "json"


class AccountForm(Form):
    """Somebody to be let in."""

    name: Short
    role: Literal["coder", "auditor", "admin"] = "coder"


Numbers = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=100_000)]


class NumbersForm(Form):
    """Encounters by their numbers."""

    numbers: Numbers


class PreviewForm(CodeForm):
    """A code, and the encounters where it may be undecided."""

    numbers: Numbers


class BulkForm(PreviewForm):
    """One decision on a code in many encounters: an id made by the client."""

    id: Annotated[str, Field(pattern=r"^[\w-]{8,64}$")]
    action: Literal["accept", "reject"]
    reason: Short = ""


class UndoForm(NumbersForm):
    """Taking back such a decision."""

    id: Annotated[str, Field(pattern=r"^[\w-]{8,64}$")]
