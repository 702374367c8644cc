"""FHIR (R4, R5): DocumentReference texts with the Condition and Procedure codes of their encounters.

A Bundle or resource (``.json``), NDJSON of a bulk export (``.ndjson``), or a folder of such files.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
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
    """Resources by kind and key; `names` leads from a full URL to a key such as ``Encounter/1``."""

    kinds: dict[str, dict[str, Resource]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    names: dict[str, str] = field(default_factory=dict)

    def key(self, reference: object) -> str:
        """Reduce a reference to the key of its resource."""
        text = str(reference.get("reference", "")) if isinstance(reference, Mapping) else ""
        text = text.partition("/_history/")[0]
        return self.names.get(text) or "/".join(text.split("/")[-2:])


def read(source: Path, *, split: str = "train") -> Imported:
    """Read FHIR resources.

    Parameters
    ----------
    source : Path
        A ``.json`` or ``.ndjson`` file, or a folder of them.
    split : str
        Name of the split to make.

    Returns
    -------
    Imported
        One encounter for each Encounter that documents refer to; a document without one stands alone.
        Only plain-text attachments are read; codings in other systems (SNOMED CT …) are passed over.

    Raises
    ------
    LeadtermError
        If a file is not FHIR JSON, or there is no readable document.

    Examples
    --------
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
            kind = resource["resourceType"]
            if kind in store.kinds:
                key = f"{kind}/{resource.get('id') or url or len(store.kinds[kind])}"
                store.kinds[kind][key] = resource
                if url:
                    store.names[url] = key
    return store


def _resources(path: Path) -> Iterator[tuple[str, Resource]]:
    """Yield the resources of a file with their full URLs."""
    text = read_text(path)
    pieces = text.splitlines() if path.suffix == ".ndjson" else [text]
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
            yield str(whole.get("fullUrl", "")), resource


def _encounters(store: _Store) -> Iterator[Encounter]:
    documents: dict[str, list[Resource]] = {}
    for key, document in store.kinds["DocumentReference"].items():
        if document.get("status") != "entered-in-error":
            documents.setdefault(_encounter_key(document, store) or key, []).append(document)
    coded = _coded(store)
    for key, group in documents.items():
        notes = [note for document in group for note in _notes(document, store)]
        if notes:
            yield _encounter(key, notes, group[0], coded.get(key, []), store)


def _encounter_key(document: Resource, store: _Store) -> str:
    """Find the encounter of a document: ``context.encounter`` in R4, ``context`` in R5."""
    context: object = document.get("context")
    references = context.get("encounter") if isinstance(context, Mapping) else context
    keys = [store.key(reference) for reference in _list(references)]
    return next((key for key in keys if key.startswith("Encounter/")), "")


def _encounter(
    key: str, notes: list[Note], document: Resource, coded: list[tuple[str, ReferenceCode]], store: _Store
) -> Encounter:
    visit = store.kinds["Encounter"].get(key, {})
    setting = "inpatient" if INPATIENT & set(_codes(visit.get("class"))) else "outpatient"
    subject = store.key(visit.get("subject") or document.get("subject"))
    person = store.kinds["Patient"].get(subject, {})
    first = {store.key(part["condition"]) for part in _diagnoses(visit) if part.get("rank") == 1}
    top = "principal" if setting == "inpatient" else "first-listed"
    codes: dict[tuple[str, str], ReferenceCode] = {}
    for origin, code in coded:
        role = top if origin in first else code.role
        codes.setdefault((code.system, code.code), ReferenceCode(code.system, code.code, role))
    year = str(person.get("birthDate", ""))[:4]
    period = visit.get("period") or visit.get("actualPeriod")
    start = str(period.get("start", ""))[:10] if isinstance(period, Mapping) else ""
    return Encounter(
        encounter_id=key.partition("/")[2],
        notes=tuple(notes),
        codes=tuple(codes.values()),
        patient_id=subject.partition("/")[2] or None,
        setting=setting,
        language=str(document.get("language") or "en")[:2].lower(),
        sex={"female": "F", "male": "M"}.get(str(person.get("gender"))),
        birth_year=int(year) if year.isdigit() else None,
        date_of_service=start if re.fullmatch(r"\d{4}-\d\d-\d\d", start) else None,
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
            said = {*_codes(resource.get("verificationStatus")), str(resource.get("status"))}
            if said & NOT_CODED:
                continue
            role = "secondary" if kind == "Condition" else ""
            for coding in _codings(resource.get("code")):
                system = systems.get(str(coding.get("system", "")).strip())
                if system and coding.get("code"):
                    code = ReferenceCode(system, canonical(system, str(coding["code"])), role)
                    coded.setdefault(store.key(resource.get("encounter")), []).append((key, code))
    return coded


def _notes(document: Resource, store: _Store) -> Iterator[Note]:
    name = str(document.get("id") or "document")
    kind = document.get("type") or {}
    titles = [kind.get("text"), *(coding.get("display") for coding in _codings(kind)), document.get("description")]
    title = next((str(title).lower() for title in titles if title), "")
    for number, content in enumerate(_list(document.get("content")), 1):
        text = _text(content.get("attachment") or {}, name, store)
        if text is not None:
            yield Note(name if number == 1 else f"{name}-{number}", text, title)


def _text(attachment: Resource, name: str, store: _Store) -> str | None:
    """Read a plain-text attachment: base64 as the standard wants it, or text as some systems write it."""
    kind, _, parameters = str(attachment.get("contentType") or "text/plain").partition(";")
    data = attachment.get("data")
    if data is None:
        binary = store.kinds["Binary"].get(store.key({"reference": attachment.get("url", "")}), {})
        data = binary.get("data")
    if kind.strip().lower() != "text/plain" or not isinstance(data, str):
        return None
    charset = re.search(r"charset=\"?([\w-]+)", parameters, re.IGNORECASE)
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode(charset[1] if charset else "utf-8")
    except binascii.Error:
        return data
    except (UnicodeDecodeError, LookupError):
        message = f"document '{name}' is not in the character set it states (UTF-8 if none)."
        raise LeadtermError(message, hint="State it as contentType 'text/plain; charset=…'.") from None


def _codings(concept: object) -> list[Resource]:
    """Give the codings of a CodeableConcept, of several, or of a bare Coding."""
    made: list[Resource] = []
    for one in _list(concept):
        if isinstance(one, Mapping):
            made += [coding for coding in _list(one.get("coding", one)) if isinstance(coding, Mapping)]
    return made


def _codes(concept: object) -> list[str]:
    return [str(coding.get("code", "")) for coding in _codings(concept)]


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else [value]
