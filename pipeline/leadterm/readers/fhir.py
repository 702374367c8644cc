"""FHIR (R4, R5): a Bundle or resource (``.json``), NDJSON of a bulk export (``.ndjson``), or a folder of such files."""

from __future__ import annotations

from pathlib import Path

from leadterm.errors import LeadtermError
from leadterm.intake.fhir_documents import fhir_encounters
from leadterm.readers.base import Imported, plain_card

__all__ = ["read"]


def read(source: Path, *, split: str = "train") -> Imported:
    """Read FHIR resources.

    One encounter for each Encounter that documents refer to; a document without one stands alone. Codings in other
    systems (SNOMED CT …) and attachments that cannot be read are passed over and told. ``source``: a ``.json`` or
    ``.ndjson`` file, or a folder of them. ``LeadtermError`` if a file is not FHIR JSON, or there is no readable
    document.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read(Path(folder))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no .json or .ndjson file in ...
    """
    paths = [source]
    if source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix in (".json", ".ndjson"))
        if not paths:
            raise LeadtermError(f"no .json or .ndjson file in '{source}'.", hint="Give a Bundle or a bulk export.")
    found, passed = fhir_encounters(paths)
    made = [encounter for encounter, _ in found]
    if not made:
        told = " ".join(f"{one}." for one in passed)
        hint = f"DocumentReference, DiagnosticReport and Composition are read. {told}".strip()
        raise LeadtermError(f"no document with a text in '{source}'.", hint=hint)
    name = source.name.partition(".")[0] or "fhir"
    card = plain_card(name, "Imported from FHIR resources.", made, f"Everything is {split}.")
    return Imported(card, ((split, encounter) for encounter in made), remarks=tuple(passed))
