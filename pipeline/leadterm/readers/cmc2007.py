"""CMC 2007: radiology reports with ICD-9-CM codes by three companies and their majority (Pestian et al. 2007).

One XML file of ``doc`` elements with ``codes/code`` (attributes ``origin`` and ``type``) and ``texts/text``
(attribute ``type``: ``CLINICAL_HISTORY`` and ``IMPRESSION``).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from leadterm.corpus import Card
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError, unknown_name
from leadterm.readers.base import Imported
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.text_files import read_text

__all__ = ["CODERS", "codings", "read"]

MAJORITY = "CMC_MAJORITY"
CODERS = (MAJORITY, "COMPANY1", "COMPANY2", "COMPANY3")
HEADINGS = {"CLINICAL_HISTORY": "CLINICAL HISTORY", "IMPRESSION": "IMPRESSION"}


def read(source: Path, *, coder: str = MAJORITY, split: str = "train") -> Imported:
    """Read CMC 2007.

    System ``icd9cm``; history and impression joined into one note under their headings. ``source``: the XML file, or
    a folder with a single one. ``coder``: ``CMC_MAJORITY`` (the reference), ``COMPANY1``, ``COMPANY2`` or
    ``COMPANY3``. ``split``: name of the split to make of the file. ``LeadtermError`` if the coder is unknown or the
    file is not of this kind.

    >>> read(Path("x.xml"), coder="COMPANY4")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown coder 'COMPANY4'; did you mean 'COMPANY3'? ...
    """
    card = Card(
        name="cmc2007",
        source="Computational Medicine Center 2007 challenge, Pestian et al.; radiology reports."
        + ("" if coder == MAJORITY else f" Codes of {coder} alone."),
        licence="Non-commercial use.",
        languages=("en",),
        systems={"icd9cm": "2007"},
        split_method=f"The whole file is {split}.",
        phi_status="Anonymised.",
        partial_codes=("icd9cm",),
    )
    encounters = codings(source, (coder,))[coder]
    return Imported(card, ((split, encounter) for encounter in encounters))


def codings(source: str | Path, coders: Iterable[str] = CODERS) -> dict[str, list[Encounter]]:
    """Read the same reports as each coder coded them, for measuring agreement.

    Coder → all encounters, in the order of the file. ``source``: the XML file, or a folder with a single one.
    ``LeadtermError`` if a coder is unknown or the file is not of this kind.

    >>> codings("nowhere.xml", ["NOBODY"])
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown coder 'NOBODY'. ...
    """
    chosen = tuple(coders)
    for coder in chosen:
        if coder not in CODERS:
            raise unknown_name("coder", coder, CODERS)
    documents = _documents(Path(source))
    return {coder: [_encounter(document, coder) for document in documents] for coder in chosen}


def _documents(source: Path) -> list[ElementTree.Element]:
    if source.is_dir():
        found = sorted(source.glob("*.xml"))
        if len(found) != 1:
            raise LeadtermError(f"'{source}' holds {len(found)} XML files, not one.", hint="Name the file.")
        source = found[0]
    text = read_text(source)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise LeadtermError(f"{source} has a DOCTYPE or entities, which are not read.", hint="Remove them.")
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise LeadtermError(f"{source} is not well-formed XML: {error}.", hint="Is the file whole?") from None
    documents = root.findall("doc")
    if not documents:
        raise LeadtermError(
            f"{source} has no 'doc' elements; its root is '{root.tag}'.", hint="Expected <docs><doc …>."
        )
    return documents


def _encounter(document: ElementTree.Element, coder: str) -> Encounter:
    name = document.get("id", "")
    given = [(code.get("origin"), (code.text or "").strip()) for code in document.findall("codes/code")]
    texts = {text.get("type", ""): (text.text or "").strip() for text in document.findall("texts/text")}
    parts = [f"{HEADINGS[kind]}:\n{texts[kind]}" for kind in HEADINGS if texts.get(kind)]
    if not name or not parts:
        raise LeadtermError(f"a 'doc' lacks its id or its texts (id '{name}').", hint=f"Texts: {', '.join(HEADINGS)}.")
    codes = dict.fromkeys(canonical("icd9cm", code) for origin, code in given if origin == coder and code)
    note = Note("n1", "\n\n".join(parts), "radiology report")
    return Encounter(name, (note,), tuple(ReferenceCode("icd9cm", code) for code in codes))
