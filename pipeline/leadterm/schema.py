"""The border types: frozen dataclasses that pass from stage to stage.

Offsets are ``[start, end)`` characters of the raw text of a note, everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from leadterm.errors import LeadtermError, unknown_name
from leadterm.rows import SuggestionRows
from leadterm.service_line import Modifier, line_json
from leadterm.version import __version__

__all__ = [
    "Assertion", "Encounter", "EvidenceSpan", "Finding", "Mention", "Modifier", "Note", "ReferenceCode", "Severity",
    "Suggestion", "SuggestionSet", "spans_of",
]  # fmt: skip

Assertion = Literal["present", "absent", "possible", "conditional", "hypothetical", "family", "history"]
Severity = Literal["error", "warning", "advice"]
SETTINGS = ("outpatient", "inpatient")


@dataclass(frozen=True, slots=True)
class Note:
    """One document of an encounter.

    ``note_id`` is unique within the encounter; ``text`` is the raw text, which nothing in leadterm ever alters;
    ``kind`` is for instance ``"progress note"`` or ``"radiology report"``, or empty.

    >>> Note("n1", "Acute sinusitis.").text[0:5]
    'Acute'
    """

    note_id: str
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True, order=True)
class EvidenceSpan:
    """Words of a note that support a code.

    ``text`` is ``note.text[start:end]`` of the raw note. ``LeadtermError`` if the offsets are negative, empty or
    disagree with its length.

    >>> EvidenceSpan("n1", 6, 15, "sinusitis").end
    15
    """

    note_id: str
    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if self.start < 0 or self.end <= self.start or len(self.text) != self.end - self.start:
            raise LeadtermError(
                f"bad evidence offsets [{self.start}, {self.end}) for a text of {len(self.text)} characters.",
                hint="Offsets are [start, end) characters of the raw note.",
            )


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a note that support a code, with the context they stand in. Evidence is a tuple of mentions.

    - ``spans``: one, or several for a mention with gaps; in order.
    - ``cues``: the words that set the assertion; empty when it is ``present``.
    - ``section``: category of the section, for instance ``"assessment_plan"``.
    - ``term``: the term that matched; empty in what a coder marked.
    - ``source``: where the term comes from, for instance ``"index"``, ``"title"``, ``"synonym"`` or ``"learned"``.

    >>> m = Mention("n1", (EvidenceSpan("n1", 6, 15, "sinusitis"),))
    >>> (m.start, m.end, m.text, m.assertion)
    (6, 15, 'sinusitis', 'present')
    """

    note_id: str
    spans: tuple[EvidenceSpan, ...]
    assertion: Assertion = "present"
    cues: tuple[EvidenceSpan, ...] = ()
    section: str = ""
    term: str = ""
    source: str = ""

    @classmethod
    def of(cls, *spans: EvidenceSpan) -> Mention:
        """Make a mention of the spans of one note, whatever their order.

        >>> Mention.of(EvidenceSpan("n1", 16, 20, "knee"), EvidenceSpan("n1", 0, 4, "pain")).text
        'pain knee'
        """
        return cls(spans[0].note_id, tuple(sorted(spans)))

    @property
    def start(self) -> int:
        """First character of the mention."""
        return self.spans[0].start

    @property
    def end(self) -> int:
        """One past the last character of the mention."""
        return self.spans[-1].end

    @property
    def text(self) -> str:
        """The words of the mention, pieces joined by a space."""
        return " ".join(span.text for span in self.spans)


NOWHERE = Mention("", ())


def spans_of(evidence: Iterable[Mention]) -> tuple[EvidenceSpan, ...]:
    """Give the spans of the mentions of a code one after the other, each once.

    >>> cough = Mention.of(EvidenceSpan("n1", 0, 5, "cough"))
    >>> [span.text for span in spans_of([cough, cough])]
    ['cough']
    """
    return tuple(dict.fromkeys(span for mention in evidence for span in mention.spans))


def _span_rows(spans: Iterable[EvidenceSpan]) -> list[dict[str, Any]]:
    return [{"note_id": one.note_id, "start": one.start, "end": one.end, "text": one.text} for one in spans]


@dataclass(frozen=True, slots=True)
class ReferenceCode:
    """A code a person gave to an encounter.

    - ``system``: ``icd10cm icd10pcs hcpcs cpt icd9cm icd9pcs`` or a name the corpus declares.
    - ``code``: as the system writes it, for instance ``E11.9``.
    - ``role``: ``principal``, ``first-listed``, ``secondary`` or empty when unknown.
    - ``evidence``: the supporting words, in reading order; empty where a corpus has none.
    - ``need``: ``must`` where the code is demanded, ``may`` where it is optional: neither right nor wrong.

    >>> ReferenceCode("icd10cm", "E11.9").need
    'must'
    """

    system: str
    code: str
    role: str = ""
    evidence: tuple[Mention, ...] = ()
    need: str = "must"
    units: float | None = None  # of a service
    modifiers: tuple[str, ...] = ()

    @property
    def spans(self) -> tuple[EvidenceSpan, ...]:
        """The spans of all its evidence."""
        return spans_of(self.evidence)


@dataclass(frozen=True, slots=True)
class Encounter:
    """One stay or visit: the unit that is coded. Splits never divide a patient.

    - ``encounter_id``: unique within a corpus.
    - ``notes``: at least one document.
    - ``codes``: the reference codes; empty for notes not coded yet.
    - ``setting``: ``"outpatient"`` (clinic, emergency, observation) or ``"inpatient"``.
    - ``language``: ISO 639-1 code.
    - ``sex``: ``"F"``, ``"M"`` or None.
    - ``date_of_service``: ISO date; decides which release of a code system is valid.
    - ``setting_detected``: whether the setting is what the notes read like, not what a file or a person says.

    ``LeadtermError`` if there is no note, note ids repeat, or the setting is unknown.

    >>> Encounter("e1", (Note("n1", "Acute sinusitis."),)).setting
    'outpatient'
    """

    encounter_id: str
    notes: tuple[Note, ...]
    codes: tuple[ReferenceCode, ...] = ()
    patient_id: str | None = None
    setting: str = "outpatient"
    language: str = "en"
    sex: str | None = None
    birth_year: int | None = None
    date_of_service: str | None = None
    setting_detected: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.notes, tuple) or not all(
            isinstance(note, Note) and isinstance(note.text, str) for note in self.notes
        ):
            raise LeadtermError("the notes of an encounter are a tuple of Note.", hint='As in (Note("n1", text),).')
        if not self.notes:
            raise LeadtermError(f"encounter '{self.encounter_id}' has no note.", hint="Give at least one.")
        if len({note.note_id for note in self.notes}) < len(self.notes):
            raise LeadtermError(f"encounter '{self.encounter_id}' repeats a note_id.", hint="Make them unique.")
        if self.setting not in SETTINGS:
            raise unknown_name("setting", self.setting, SETTINGS)

    @property
    def digest(self) -> int:
        """A 64-bit number of the text of its notes, by which a model knows an encounter again without keeping it."""
        whole = hashlib.sha256("\0".join(note.text for note in self.notes).encode("utf-8"))
        return int.from_bytes(whole.digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a rule has to say of the codes of an encounter, whoever proposed them.

    - ``rule``: its name, for instance ``"excludes1"``; ``leadterm check --list-rules`` lists all.
    - ``severity``: ``"error"`` (a claim would be refused, or a guideline says never), ``"warning"`` or ``"advice"``.
    - ``codes``: the codes it is about; where one of them should go, that one first.
    - ``message``, ``fix``: what is wrong, never text of a note; what would be right.
    - ``source``, ``section``, ``sentence``: who says so, where, and the words.
    - ``evidence``: words of the notes it rests on.
    - ``level``: a site's own word for the severity, for instance ``"critical"``.
    - ``override``: why a person let it stand; a finding that was overridden blocks nothing and is still shown.
    - ``effect``: what it did to a suggestion: ``"left out"``, ``"brought in"`` or nothing.

    >>> Finding("incomplete", "error", "icd10cm", ("E11",), "E11 is not complete.").blocks
    True
    """

    rule: str
    severity: Severity
    system: str
    codes: tuple[str, ...]
    message: str
    fix: str = ""
    source: str = ""
    section: str = ""
    sentence: str = ""
    evidence: tuple[Mention, ...] = ()
    level: str = ""
    override: str = ""
    effect: str = ""

    @property
    def blocks(self) -> bool:
        """Whether no claim may be written with it."""
        return self.severity == "error" and not self.override

    @property
    def hint(self) -> str:
        """It in one line, as a suggestion shows it."""
        message, fix = self.message.removesuffix("."), self.fix.removesuffix(".")
        if self.effect:
            return f"{self.effect}: {message}{f' ({self.section})' if self.section else ''}"
        return f"{message}: {fix[0].lower()}{fix[1:]}" if fix else message

    def to_json(self) -> dict[str, Any]:
        """Give the finding as a JSON object; empty fields are left out."""
        whole = {
            "rule": self.rule, "severity": self.severity, "level": self.level, "system": self.system,
            "codes": list(self.codes), "message": self.message, "fix": self.fix, "source": self.source,
            "section": self.section, "sentence": self.sentence, "evidence": _span_rows(spans_of(self.evidence)),
            "override": self.override, "effect": self.effect,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value or name in ("codes", "system")}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code suggested for an encounter, never "assigned": a person confirms it.

    - ``rank``: 1 is best.
    - ``confidence``: calibrated probability in ``[0, 1]`` that a coder would assign the code.
    - ``evidence``: at least one, the best first; term, source, assertion, section and cues of the suggestion are its.
    - ``findings``: what the rules say of it, and what the note leaves open.

    >>> best = Mention("n1", (EvidenceSpan("n1", 0, 9, "Sinusitis"),), section="hpi")
    >>> s = Suggestion(1, "icd10cm", "J01.90", "Acute sinusitis, unspecified", 0.9, (best,))
    >>> s.to_json()["section"]
    'hpi'
    """

    rank: int
    system: str
    code: str
    title: str
    confidence: float
    evidence: tuple[Mention, ...]
    findings: tuple[Finding, ...] = ()
    units: float | None = None  # of a service, where the documentation tells
    modifiers: tuple[Modifier, ...] = ()

    @property
    def hints(self) -> tuple[str, ...]:
        """Its findings, a line each, as ``"side not documented: M25.561 right, M25.562 left"``."""
        return tuple(one.hint for one in self.findings)

    @property
    def spans(self) -> tuple[EvidenceSpan, ...]:
        """The spans of all its evidence, those of the best first."""
        return spans_of(self.evidence)

    @property
    def best(self) -> Mention:
        """Its best evidence; an empty mention where another program gave none."""
        return self.evidence[0] if self.evidence else NOWHERE

    @property
    def term(self) -> str:
        """The term that matched best."""
        return self.best.term

    @property
    def source(self) -> str:
        """Where that term comes from."""
        return self.best.source

    @property
    def assertion(self) -> Assertion:
        """How the best evidence is meant."""
        return self.best.assertion

    @property
    def section(self) -> str:
        """Where the best evidence stands."""
        return self.best.section

    @property
    def cues(self) -> tuple[EvidenceSpan, ...]:
        """The words that set the assertion."""
        return self.best.cues

    def to_json(self) -> dict[str, Any]:
        """Give the suggestion as the JSON object of the documented format."""
        return {
            "rank": self.rank,
            "system": self.system,
            "code": self.code,
            "title": self.title,
            "confidence": round(self.confidence, 4),
            "evidence": _span_rows(self.spans),
            "term": self.term,
            "source": self.source,
            "assertion": self.assertion,
            "section": self.section,
            "cues": _span_rows(self.cues),
            "hints": list(self.hints),
            "rules": [one.rule for one in self.findings],
            **line_json(self.units, self.modifiers),
        }


@dataclass(frozen=True, slots=True)
class SuggestionSet(SuggestionRows):
    """All suggestions for one encounter, best first.

    - ``model``: name of the model that made them.
    - ``releases``: release of each code system used.
    - ``threshold``: suggestions at or above this confidence make up the model's own proposed set of codes; those below
      it are further candidates.
    - ``encounter``: what they were made from, to show the evidence in its words; of it only the setting is written.
    - ``kinds``: what kind of document each note reads like, by note id: ``clinic``, ``discharge summary`` …

    >>> SuggestionSet("e1", "default", {"icd10cm": "2026"}, ()).to_json()["suggestions"]
    []
    """

    encounter_id: str
    model: str
    releases: Mapping[str, str] = field(default_factory=dict)
    suggestions: tuple[Suggestion, ...] = ()
    threshold: float = 0.5
    encounter: Encounter | None = field(default=None, repr=False, compare=False)
    kinds: Mapping[str, str] = field(default_factory=dict, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Give the set as the JSON object of the documented format (one line of a jsonl file)."""
        return {
            "encounter_id": self.encounter_id,
            "model": self.model,
            "leadterm": __version__,
            "releases": dict(self.releases),
            "threshold": round(self.threshold, 4),
            **self._read_as(),
            "suggestions": [s.to_json() for s in self.suggestions],
        }

    def _read_as(self) -> dict[str, Any]:
        """What the notes were taken for, where that is known."""
        if (one := self.encounter) is None:
            return {}
        told = {"setting": one.setting, "setting_detected": one.setting_detected}
        return {"read_as": {**told, "kinds": dict(self.kinds)}}
