"""FHIR (R4, R5): the texts of documents and reports with the Condition and Procedure codes of their encounters.

DocumentReference and DiagnosticReport with attachments of any format, Composition with its narratives; in a Bundle, as
single resources, or one a line (NDJSON).
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leadterm.codes.systems import systems_by_uri
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError
from leadterm.intake.decode import read_note_text
from leadterm.intake.files import read_bytes, shown
from leadterm.intake.formats import attached_text
from leadterm.intake.markup import html_text
from leadterm.schema import Encounter, Note, ReferenceCode

__all__ = ["fhir_encounters", "is_fhir"]

DOCUMENTS = ("DocumentReference", "DiagnosticReport", "Composition")
KINDS = ("Encounter", "Patient", *DOCUMENTS, "Binary", "Condition", "Procedure")
INPATIENT = {"IMP", "ACUTE", "NONAC"}
NOT_CODED = {"refuted", "entered-in-error", "not-done"}

Resource = Mapping[str, Any]


@dataclass
class _Store:
    """Resources by kind and key; `names` leads from a full URL, or a kind and an identifier, to a key."""

    kinds: dict[str, dict[str, Resource]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    names: dict[str, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)

    def add(self, url: str, resource: Resource) -> None:
        """Keep a resource, to be found under its id, its full URL and its identifiers."""
        kind = resource["resourceType"]
        if kind not in self.kinds:
            return
        key = f"{kind}/{_word(resource.get('id')) or url or len(self.kinds[kind]) + 1}"
        self.kinds[kind][key] = resource
        given = [_word(one.get("value")) for one in _list(resource.get("identifier")) if isinstance(one, Mapping)]
        for name in (*filter(None, [url]), *(f"{kind}#{value}" for value in given if value)):
            self.names.setdefault(name, key)

    def key(self, reference: object, kind: str = "") -> str:
        """Reduce a reference to the key of its resource; one by identifier alone names the resource that has it."""
        if not isinstance(reference, Mapping):
            return ""
        text = _word(reference.get("reference")).partition("/_history/")[0]
        identifier = reference.get("identifier")
        if text or not isinstance(identifier, Mapping):
            return self.names.get(text) or "/".join(text.split("/")[-2:])
        kind, value = _word(reference.get("type")).split("/")[-1] or kind, _word(identifier.get("value"))
        return self.names.get(f"{kind}#{value}") or (f"{kind}/{value}" if value else "")


def fhir_encounters(paths: Iterable[Path]) -> tuple[list[tuple[Encounter, bool]], list[str]]:
    """Read the resources of files; gives the encounters that have a text, each with whether the
    setting is stated, and what was passed over.

    One encounter for each Encounter that documents refer to; a document without one stands alone. ``LeadtermError`` if
    a file is no FHIR JSON.
    """
    store = _Store()
    for path in paths:
        for url, resource in _resources(path, store):
            store.add(url, resource)
    made = list(_encounters(store))
    return made, [f"{what} × {count}: passed over" for what, count in store.passed.most_common()]


def is_fhir(start: bytes) -> bool:
    """Tell whether a file of JSON holds FHIR resources, by its beginning.

    >>> is_fhir(b'{"resourceType": "Bundle"'), is_fhir(b'{"encounter_id": "e1"')
    (True, False)
    """
    return bool(re.search(rb'"resourceType"\s*:\s*"', start))


def _resources(path: Path, store: _Store) -> Iterator[tuple[str, Resource]]:
    """Yield the resources of a file with their full URLs; in NDJSON, lines that hold none are counted."""
    text, _ = read_note_text(read_bytes(path), shown(path))
    try:
        pieces, lines = [json.loads(text)], False
    except (ValueError, RecursionError):
        pieces, lines = list(_lines(text, store)), True
        if not pieces:
            raise LeadtermError(f"{shown(path)} is not JSON.", hint="Give a Bundle, or one resource a line.") from None
    for given in pieces:
        bundle = isinstance(given, dict) and given.get("resourceType") == "Bundle"
        for entry in _list(given.get("entry")) if bundle else [{"resource": given}]:
            whole: dict[str, Any] = entry if isinstance(entry, dict) else {}
            resource = whole.get("resource")
            if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
                yield from _with_contained(_word(whole.get("fullUrl")), resource)
            elif lines:
                store.passed["lines that are no FHIR resource"] += 1
            else:
                raise LeadtermError(f"{shown(path)} is not FHIR: no resourceType.", hint="Expected a Bundle.")


def _with_contained(url: str, resource: Resource) -> Iterator[tuple[str, Resource]]:
    """Yield a resource and those within it, which it refers to as ``#id``: under names that no other has."""
    own = f"{resource['resourceType']}-{_word(resource.get('id')) or url}"
    held = {
        f"#{_word(one.get('id'))}": f"{one['resourceType']}/{own}.{_word(one.get('id'))}"
        for one in _list(resource.get("contained"))
        if isinstance(one, dict) and isinstance(one.get("resourceType"), str)
    }
    for one in _list(resource.get("contained")) if held else ():
        if (name := held.get(f"#{_word(one.get('id'))}" if isinstance(one, dict) else "")) is not None:
            yield "", one | {"id": name.partition("/")[2]}
    yield url, _renamed(resource, held) if held else resource


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {
            key: names[value] if isinstance(value, str) and value in names else _renamed(value, names)
            for key, value in part.items()
        }
    return [_renamed(one, names) for one in part] if isinstance(part, list) else part


def _lines(text: str, store: _Store) -> Iterator[object]:
    for line in filter(str.strip, text.split("\n")):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            store.passed["lines that are not JSON"] += 1


def _encounters(store: _Store) -> Iterator[tuple[Encounter, bool]]:
    documents: dict[str, dict[str, Resource]] = {}
    found = [pair for kind in DOCUMENTS for pair in store.kinds[kind].items()]
    for key, document in found:
        if document.get("status") != "entered-in-error":
            documents.setdefault(_encounter_key(document, store) or key, {})[key] = document
    coded = _coded(store)
    for key, group in documents.items():
        notes = _unique([note for name, document in group.items() for note in _document(name, document, store)])
        if notes:  # a document that stands alone is an encounter of the same name
            codes = coded.get(key) or coded.get(f"Encounter/{key.partition('/')[2]}", [])
            stated = any(_codes(store.kinds["Encounter"].get(key, {}).get("class")))
            yield _encounter(key, notes, next(iter(group.values())), codes, store), stated


def _encounter_key(document: Resource, store: _Store) -> str:
    """Find the encounter of a document: ``context.encounter`` in R4, ``context`` in R5."""
    context: object = document.get("context")
    references = context.get("encounter") if isinstance(context, Mapping) else context or document.get("encounter")
    keys = [store.key(reference, "Encounter") for reference in _list(references)]
    return next((key for key in keys if key.startswith("Encounter/")), "")


def _encounter(
    key: str, notes: list[Note], document: Resource, coded: list[tuple[str, ReferenceCode]], store: _Store
) -> Encounter:
    visit = store.kinds["Encounter"].get(key, {})
    setting = "inpatient" if INPATIENT & set(_codes(visit.get("class"))) else "outpatient"
    subject = store.key(visit.get("subject") or document.get("subject"), "Patient")
    person = store.kinds["Patient"].get(subject, {})
    first = {store.key(part["condition"], "Condition") for part in _diagnoses(visit) if part.get("rank") == 1}
    top = "principal" if setting == "inpatient" else "first-listed"
    codes: dict[tuple[str, str], ReferenceCode] = {}
    for origin, code in coded:
        role = top if origin in first else code.role
        codes.setdefault((code.system, code.code), ReferenceCode(code.system, code.code, role))
    year = _word(person.get("birthDate"))[:4]
    period = visit.get("period") or visit.get("actualPeriod")
    start = _word(period.get("start"))[:10] if isinstance(period, Mapping) else ""
    language = _word(document.get("language"))[:2].lower()
    return Encounter(
        encounter_id=key.partition("/")[2],
        notes=tuple(notes),
        codes=tuple(codes.values()),
        patient_id=subject.partition("/")[2] or None,
        setting=setting,
        language=language if re.fullmatch("[a-z]{2}", language) else "en",
        sex={"female": "F", "male": "M"}.get(_word(person.get("gender"))),
        birth_year=int(year) if re.fullmatch("[0-9]{4}", year) else None,
        date_of_service=start if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", start) else None,
    )


def _diagnoses(visit: Resource) -> list[Resource]:
    """Give the diagnoses that an Encounter lists, with their ranks (R4; R5 has no ranks)."""
    return [part for part in _list(visit.get("diagnosis")) if isinstance(part, Mapping) and "condition" in part]


def _coded(store: _Store) -> dict[str, list[tuple[str, ReferenceCode]]]:
    """Gather the codes by encounter, each with the key of the resource it comes from."""
    systems = systems_by_uri()
    coded: dict[str, list[tuple[str, ReferenceCode]]] = {}
    listed = {
        store.key(part["condition"], "Condition"): key
        for key, visit in store.kinds["Encounter"].items()
        for part in _diagnoses(visit)
    }
    for kind in ("Condition", "Procedure"):
        for key, resource in store.kinds[kind].items():
            said = {*_codes(resource.get("verificationStatus")), _word(resource.get("status"))}
            if said & NOT_CODED:
                continue
            role = "secondary" if kind == "Condition" else ""
            for coding in _codings(resource.get("code")):
                system = systems.get(_word(coding.get("system")))
                given = canonical(system, _word(coding.get("code"))) if system else ""
                if not system:
                    store.passed[f"codings of {_word(coding.get('system'))[:60] or 'no system'}"] += 1
                if system and given:
                    visit = store.key(resource.get("encounter"), "Encounter") or listed.get(key, "")
                    coded.setdefault(visit, []).append((key, ReferenceCode(system, given, role)))
    return coded


def _document(key: str, document: Resource, store: _Store) -> Iterator[Note]:
    """Give the notes of a document: its attachments; of a Composition or a report without them its narrative."""
    name, title = key.partition("/")[2], _title(document)
    contents = [content.get("attachment") for content in _list(document.get("content")) if isinstance(content, Mapping)]
    attachments = [one for one in (*contents, *_list(document.get("presentedForm"))) if isinstance(one, Mapping)]
    plain = [one for one in attachments if _media(one) == "text/plain"]
    number = 0
    for attachment in plain or attachments:  # others hold the same document in other formats
        text = _text(attachment, name, store)
        if text is not None:
            number += 1
            yield Note(name if number == 1 else f"{name}-{number}", text, title)
            if not plain:
                return
    told = "" if number else "\n\n".join(_narratives(document))
    if told.strip():
        yield Note(name, told + "\n", title)


def _unique(notes: list[Note]) -> list[Note]:
    """Documents of different kinds may have the same id."""
    seen = Counter[str]()
    made = []
    for note in notes:
        seen[note.note_id] += 1
        made.append(note if seen[note.note_id] == 1 else replace(note, note_id=f"{note.note_id}.{seen[note.note_id]}"))
    return made


def _title(document: Resource) -> str:
    kind = document.get("type") or document.get("code")
    titles = [kind.get("text")] if isinstance(kind, Mapping) else [kind]
    titles += [coding.get("display") for coding in _codings(kind)]
    titles += [document.get("title"), document.get("description")]
    return next((_word(title).lower() for title in titles if _word(title)), "")


def _narratives(part: Resource) -> Iterator[str]:
    """Give title and text of the sections of a Composition, or the narrative and conclusion of a report."""
    kind = part.get("resourceType")
    if kind == "DocumentReference":
        return
    narrative = part.get("text")
    markup = _word(narrative.get("div")) if isinstance(narrative, Mapping) and kind != "Composition" else ""
    said = html_text(markup).strip("\n") if markup else ""
    if kind == "DiagnosticReport" and (conclusion := _word(part.get("conclusion"))) and conclusion not in said:
        said = f"{said}\n\nConclusion:\n{conclusion}".strip("\n")
    title = "" if kind else _word(part.get("title"))
    if said.strip():
        yield (f"{title}:\n" if title and title[-1] not in ":." else f"{title}\n" * bool(title)) + said
    for section in _list(part.get("section")):
        if isinstance(section, Mapping):
            yield from _narratives(section)


def _media(attachment: Resource) -> str:
    return (_word(attachment.get("contentType")) or "text/plain").partition(";")[0].strip().lower()


def _text(attachment: Resource, name: str, store: _Store) -> str | None:
    """Read an attachment: base64 as the standard wants it, or text as some systems write it; None for no text."""
    parameters = _word(attachment.get("contentType")).partition(";")[2]
    data = attachment.get("data")
    if data is None:
        binary = store.kinds["Binary"].get(store.key({"reference": attachment.get("url")}), {})
        data = binary.get("data")
    if not isinstance(data, str):
        store.passed["attachments without data"] += 1
        return None
    if _media(attachment) != "text/plain":
        return _other_text(data, _media(attachment), name, store)
    charset = re.search(r"charset=\"?([\w-]+)", parameters, re.IGNORECASE)
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:  # no base64: text has words, what was cut or damaged has none
        if " " in data.strip():
            return data
        store.passed["attachments whose base64 is damaged"] += 1
        return None
    try:
        return content.decode(charset[1] if charset else "utf-8")
    except (UnicodeError, LookupError):
        message = f"document '{name}' is not in the character set it states (UTF-8 if none)."
        raise LeadtermError(message, hint="State it as contentType 'text/plain; charset=…'.") from None


def _other_text(data: str, media: str, name: str, store: _Store) -> str | None:
    """Read an attachment that is a document of another format; one that cannot be read is counted."""
    try:
        return attached_text(data, media, f"document '{name}'")
    except LeadtermError as error:
        store.passed[f"attachment {media}: {error}"] += 1
        return None


def _word(value: object) -> str:
    """Give a string or number as a string without outer spaces; nothing for what should not stand there."""
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _codings(concept: object) -> list[Resource]:
    """Give the codings of a CodeableConcept, of several, or of a bare Coding."""
    made: list[Resource] = []
    for one in _list(concept):
        if isinstance(one, Mapping):
            made += [coding for coding in _list(one.get("coding", one)) if isinstance(coding, Mapping)]
    return made


def _codes(concept: object) -> list[str]:
    return [_word(coding.get("code")) for coding in _codings(concept)]


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
