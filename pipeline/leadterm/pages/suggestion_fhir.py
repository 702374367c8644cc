"""Suggestions as FHIR R4 resources: provisional Conditions (and Procedures), each with confidence and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from leadterm import __version__
from leadterm.codes.systems import spec_of
from leadterm.schema import Encounter, EvidenceSpan, Suggestion, SuggestionSet

__all__ = [
    "ABSENT", "CATEGORY", "EMPTY", "EXTENSION", "NAMESPACE", "STATUS", "Json", "concept", "evidence_parts", "logical",
    "source_uri", "span_extension", "suggestion_bundle", "suggestion_entries", "uri_of",
]  # fmt: skip

NAMESPACE = UUID("5a8d2c37-6a1b-4f0e-9d43-1f6c7be0a9d2")
EXTENSION = "urn:leadterm:fhir:"
STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

Json = dict[str, Any]


def suggestion_bundle(pairs: Iterable[tuple[Encounter, SuggestionSet]]) -> Json:
    """Make a Bundle of provisional Conditions; codes of procedures become Procedures of unknown status.

    - ``pairs``: encounters with the suggestions to write.

    Gives a Bundle of type ``collection``. The extension ``confidence`` holds the calibrated probability,
    ``evidence-span`` the words with their offsets ``[start, end)`` in characters of the raw note.

    >>> from leadterm.schema import Mention, Note
    >>> span = EvidenceSpan("n1", 6, 15, "sinusitis")
    >>> s = Suggestion(1, "icd10cm", "J01.90", "Acute sinusitis, unspecified", 0.9, (Mention.of(span),))
    >>> e = Encounter("e1", (Note("n1", "Acute sinusitis."),))
    >>> entry = suggestion_bundle([(e, SuggestionSet("e1", "default", {"icd10cm": "2026"}, (s,)))])["entry"][0]
    >>> entry["resource"]["code"]["coding"][0]["system"], entry["resource"]["verificationStatus"]["coding"][0]["code"]
    ('http://hl7.org/fhir/sid/icd-10-cm', 'provisional')
    """
    entries = list(suggestion_entries(pairs))
    return {**EMPTY, "entry": entries} if entries else {**EMPTY}


def suggestion_entries(pairs: Iterable[tuple[Encounter, SuggestionSet]]) -> Iterator[Json]:
    """Give the entries of the Bundle one by one."""
    for encounter, result in pairs:
        for suggestion in result.suggestions:
            key = "\n".join((encounter.encounter_id, suggestion.system, suggestion.code))
            made = uuid5(NAMESPACE, key)
            resource = _resource(encounter, result, suggestion)
            yield {"fullUrl": f"urn:uuid:{made}", "resource": {**resource, "id": str(made)}}


EMPTY: Json = {"resourceType": "Bundle", "type": "collection"}


def source_uri(model: str = "") -> str:
    """Name what made a resource: this leadterm, and the model.

    >>> source_uri("my model").partition("leadterm:version:")[2].partition(":")[2]
    'model:my%20model'
    """
    return f"urn:leadterm:version:{__version__}" + (f":model:{quote(model, safe='')}" if model else "")


def _resource(encounter: Encounter, result: SuggestionSet, suggestion: Suggestion) -> Json:
    coding = {
        "system": uri_of(suggestion.system), "version": result.releases.get(suggestion.system),
        "code": suggestion.code, "display": suggestion.title or None,
    }  # fmt: skip
    shared: Json = {
        "meta": {"source": source_uri(result.model)},
        "extension": [{"url": f"{EXTENSION}confidence", "valueDecimal": round(suggestion.confidence, 4)}],
        "code": {"coding": [{key: value for key, value in coding.items() if value}]},
        "subject": _patient(encounter),
        "encounter": logical("Encounter", encounter.encounter_id),
    }
    hints = [{"text": hint} for hint in suggestion.hints]
    if spec_of(suggestion.system).is_procedure:
        shared["extension"] += [span_extension(span) for span in suggestion.spans] + _service(suggestion)
        shared = {"resourceType": "Procedure", "status": "unknown", **shared}
    else:
        shared = {
            "resourceType": "Condition", "verificationStatus": concept(STATUS, "provisional"),
            "category": [concept(CATEGORY, "encounter-diagnosis")], **shared,
            "evidence": evidence_parts(suggestion.spans),
        }  # fmt: skip
    return {**shared, **({"note": hints} if hints else {})}


def _service(suggestion: Suggestion) -> list[Json]:
    """Give units and modifiers of a service as extensions: a Procedure has no elements for them."""
    units = [] if suggestion.units is None else [{"url": f"{EXTENSION}units", "valueDecimal": suggestion.units}]
    return units + [
        {"url": f"{EXTENSION}modifier", "valueCoding": {"code": one.code, "display": one.reason}}
        for one in suggestion.modifiers
    ]


def evidence_parts(spans: Iterable[EvidenceSpan]) -> list[Json]:
    """Give evidence, one part a note."""
    found = list(spans)
    return [
        {
            "extension": [span_extension(span) for span in found if span.note_id == note],
            "detail": [logical("DocumentReference", note)],
        }
        for note in dict.fromkeys(span.note_id for span in found)
    ]


def span_extension(span: EvidenceSpan) -> Json:
    """Give the words of a note and their place as an extension."""
    parts = [
        {"url": "note", "valueString": span.note_id}, {"url": "start", "valueUnsignedInt": span.start},
        {"url": "end", "valueUnsignedInt": span.end}, {"url": "text", "valueString": span.text},
    ]  # fmt: skip
    return {"url": f"{EXTENSION}evidence-span", "extension": parts}


def _patient(encounter: Encounter) -> Json:
    if encounter.patient_id:
        return logical("Patient", encounter.patient_id)
    return {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def logical(kind: str, value: str) -> Json:
    """Refer to something by its identifier; ids of encounters and notes need not be FHIR ids."""
    return {"type": kind, "identifier": {"value": value}}


def concept(system: str, code: str) -> Json:
    """Give a code of a system as a CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def uri_of(system: str) -> str:
    """Give the URI by which FHIR knows a code system."""
    return next(iter(spec_of(system).uris), f"urn:leadterm:code-system:{system}")
