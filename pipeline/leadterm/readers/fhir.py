"""FHIR (R4, R5): DocumentReference texts with the Condition and Procedure codes of their encounters.

A Bundle or resource (``.json``), NDJSON of a bulk export (``.ndjson``), or a folder of such files.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadterm.codes.systems import systems_by_uri
from leadterm.corpus import Card
from leadterm.corpus.spelling import canonical
from leadterm.errors import LeadtermError
from leadterm.readers.base import Imported, read_text
from leadterm.schema import Encounter, Note, ReferenceCode

__all__ = ["read"]

KINDS = ("Encounter", "Patient", "DocumentReference", "Binary", "Condition", "Procedure")
INPATIENT = {"IMP", "ACUTE", "NONAC"}
NOT_CODED = {"refuted", "entered-in-error", "not-done"}

Resource = Mapping[str, Any]


@dataclass
class _Store:
    """Resources by kind and key; `names` leads from a full URL, or a kind and an identifier, to a key."""

    kinds: dict[str, dict[str, Resource]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    names: dict[str, str] = field(default_factory=dict)

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


def read(source: Path, *, split: str = "train") -> Imported:
    """Read FHIR resources.

    One encounter for each Encounter that documents refer to; a document without one stands alone. Only plain-text
    attachments are read; codings in other systems (SNOMED CT …) are passed over. ``source``: a ``.json`` or
    ``.ndjson`` file, or a folder of them. ``LeadtermError`` if a file is not FHIR JSON, or there is no readable
    document.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(Path(folder))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no .json or .ndjson file in ...
    """
    store = _load(source)
    made = list(_encounters(store))
    if not made:
        raise LeadtermError(
            f"no DocumentReference with a plain-text attachment in '{source}'.",
            hint="Attachments need contentType text/plain with data, or a url of a Binary.",
        )
    systems = sorted({code.system for encounter in made for code in encounter.codes})
    card = Card(
        name=source.name.partition(".")[0] or "fhir",
        source="Imported from FHIR resources.",
        licence="Not stated.",
        languages=tuple(sorted({encounter.language for encounter in made})),
        systems=dict.fromkeys(systems, "not stated"),
        split_method=f"Everything is {split}.",
        phi_status="Not stated: treat as patient data.",
    )
    return Imported(card, ((split, encounter) for encounter in made))


def _load(source: Path) -> _Store:
    paths = [source]
    if source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix in (".json", ".ndjson"))
        if not paths:
            raise LeadtermError(f"no .json or .ndjson file in '{source}'.", hint="Give a Bundle or a bulk export.")
    store = _Store()
    for path in paths:
        for url, resource in _resources(path):
            store.add(url, resource)
    return store


def _resources(path: Path) -> Iterator[tuple[str, Resource]]:
    """Yield the resources of a file with their full URLs."""
    text = read_text(path)
    pieces = text.split("\n") if path.suffix == ".ndjson" else [text]
    for number, piece in enumerate(pieces, 1):
        if not piece.strip():
            continue
        try:
            given = json.loads(piece)
        except (ValueError, RecursionError):
            raise LeadtermError(f"{path} line {number} is not JSON.", hint="NDJSON files end in .ndjson.") from None
        bundle = isinstance(given, dict) and given.get("resourceType") == "Bundle"
        for entry in _list(given.get("entry")) if bundle else [{"resource": given}]:
            whole: dict[str, Any] = entry if isinstance(entry, dict) else {}
            resource = whole.get("resource")
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                raise LeadtermError(f"{path} line {number} is not FHIR: no resourceType.", hint="Expected a Bundle.")
            yield _word(whole.get("fullUrl")), resource


def _encounters(store: _Store) -> Iterator[Encounter]:
    documents: dict[str, dict[str, Resource]] = {}
    for key, document in store.kinds["DocumentReference"].items():
        if document.get("status") != "entered-in-error":
            documents.setdefault(_encounter_key(document, store) or key, {})[key] = document
    coded = _coded(store)
    for key, group in documents.items():
        notes = [note for name, document in group.items() for note in _notes(name.partition("/")[2], document, store)]
        if notes:  # a document that stands alone is an encounter of the same name
            codes = coded.get(key) or coded.get(f"Encounter/{key.partition('/')[2]}", [])
            yield _encounter(key, notes, next(iter(group.values())), codes, store)


def _encounter_key(document: Resource, store: _Store) -> str:
    """Find the encounter of a document: ``context.encounter`` in R4, ``context`` in R5."""
    context: object = document.get("context")
    references = context.get("encounter") if isinstance(context, Mapping) else context
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
    for kind in ("Condition", "Procedure"):
        for key, resource in store.kinds[kind].items():
            said = {*_codes(resource.get("verificationStatus")), _word(resource.get("status"))}
            if said & NOT_CODED:
                continue
            role = "secondary" if kind == "Condition" else ""
            for coding in _codings(resource.get("code")):
                system = systems.get(_word(coding.get("system")))
                given = canonical(system, _word(coding.get("code"))) if system else ""
                if system and given:
                    visit = store.key(resource.get("encounter"), "Encounter")
                    coded.setdefault(visit, []).append((key, ReferenceCode(system, given, role)))
    return coded


def _notes(name: str, document: Resource, store: _Store) -> Iterator[Note]:
    kind = document.get("type")
    titles = [kind.get("text")] if isinstance(kind, Mapping) else [kind]
    titles += [*(coding.get("display") for coding in _codings(kind)), document.get("description")]
    title = next((_word(title).lower() for title in titles if _word(title)), "")
    for number, content in enumerate(_list(document.get("content")), 1):
        attachment = content.get("attachment") if isinstance(content, Mapping) else None
        text = _text(attachment, name, store) if isinstance(attachment, Mapping) else None
        if text is not None:
            yield Note(name if number == 1 else f"{name}-{number}", text, title)


def _text(attachment: Resource, name: str, store: _Store) -> str | None:
    """Read a plain-text attachment: base64 as the standard wants it, or text as some systems write it."""
    kind, _, parameters = (_word(attachment.get("contentType")) or "text/plain").partition(";")
    data = attachment.get("data")
    if data is None:
        binary = store.kinds["Binary"].get(store.key({"reference": attachment.get("url")}), {})
        data = binary.get("data")
    if kind.strip().lower() != "text/plain" or not isinstance(data, str):
        return None
    charset = re.search(r"charset=\"?([\w-]+)", parameters, re.IGNORECASE)
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except ValueError:  # no base64
        return data
    try:
        return content.decode(charset[1] if charset else "utf-8")
    except (UnicodeError, LookupError):
        message = f"document '{name}' is not in the character set it states (UTF-8 if none)."
        raise LeadtermError(message, hint="State it as contentType 'text/plain; charset=…'.") from None


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
