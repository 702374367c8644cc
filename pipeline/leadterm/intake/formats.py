"""The formats of single documents: recognised by what they begin with, then by name; a new one is a line below."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

from leadterm.errors import LeadtermError
from leadterm.intake.decode import read_note_text
from leadterm.intake.markup import html_text, looks_like_html
from leadterm.schema import Encounter, Note

__all__ = ["FORMATS", "DocumentFormat", "attached_text", "document_items", "document_text", "recognise"]

Found = tuple[Encounter | None, LeadtermError | None, str, bool]
CLINICAL = re.compile(rb"<(?:\w+:)?ClinicalDocument[\s/>]")


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    """How a kind of document is recognised and read.

    ``fits`` gets the first bytes and the file's name in small letters. ``text`` and ``items`` are ``module:function``:
    the first gives (text, warning), the second, for what says more, what `document_items` yields.
    """

    name: str
    fits: Callable[[bytes, str], bool]
    text: str
    items: str = ""


def _starts(*marks: bytes) -> Callable[[bytes, str], bool]:
    return lambda start, _: start.lstrip(b"\xef\xbb\xbf \t\r\n\x0b").startswith(marks)


def _is_html(start: bytes, name: str) -> bool:
    return name.endswith((".html", ".htm", ".xhtml")) or looks_like_html(start.decode("utf-8", "replace"))


def _is_mail(start: bytes, name: str) -> bool:
    """A saved message or web archive, which begins with the fields of mail."""
    return name.endswith((".eml", ".mht", ".mhtml")) and bool(re.search(rb"(?im)^(mime-version|from|subject):", start))


FORMATS = (
    DocumentFormat("PDF", _starts(b"%PDF"), "leadterm.intake.pdf:pdf_text"),
    DocumentFormat("RTF", _starts(b"{\\rtf"), "leadterm.intake.office:rtf_text"),
    DocumentFormat("DOCX", _starts(b"PK\x03\x04"), "leadterm.intake.formats:packed_text"),
    DocumentFormat("CDA", lambda start, _: bool(CLINICAL.search(start)), "leadterm.intake.formats:clinical_text",
                   "leadterm.intake.formats:clinical_items"),
    DocumentFormat("HL7 v2", _starts(b"MSH|", b"MSH^", b"FHS|", b"BHS|"), "leadterm.intake.formats:message_text",
                   "leadterm.intake.formats:message_items"),
    DocumentFormat("mail", _is_mail, "leadterm.intake.formats:mail_text"),
    DocumentFormat("HTML", _is_html, "leadterm.intake.formats:page_text"),
    DocumentFormat("XML", _starts(b"<?xml"), "leadterm.intake.formats:element_text"),
)  # fmt: skip
LOOK = 20_000


def recognise(content: bytes, name: str) -> DocumentFormat | None:
    """Find the format of a document; None for plain text, and for what nothing here reads."""
    return next((kind for kind in FORMATS if kind.fits(content[:LOOK], name.lower())), None)


def _function(place: str) -> Callable[..., object]:
    module, _, function = place.partition(":")
    found: Callable[..., object] = getattr(import_module(module), function)
    return found


def document_text(content: bytes, name: str, file_name: str = "") -> tuple[str, str]:
    """Give the text of a document of any format, and what the user should know."""
    kind = recognise(content, file_name)
    if kind is None:
        return read_note_text(content, name)
    found: tuple[str, str] = _function(kind.text)(content, name)  # type: ignore[assignment]
    if not found[0].strip():
        raise LeadtermError(f"{name} is empty: there is no text to code.", hint="Check the file.")
    return found


def document_items(content: bytes, name: str, file_name: str, ident: str) -> Iterator[Found]:
    """Yield what a file of one or more documents holds as (encounter, problem, warning, setting stated?).

    >>> [found[0].encounter_id for found in document_items(b"Dry cough.", "'a.txt'", "a.txt", "a")]
    ['a']
    """
    kind = recognise(content, file_name)
    if kind is not None and kind.items:
        yield from _function(kind.items)(content, name, ident)  # type: ignore[misc]
        return
    text, warning = document_text(content, name, file_name)
    yield Encounter(ident, (Note(ident, text),)), None, warning, False


def attached_text(data: str, media: str, name: str, *, packed: bool = True) -> str:
    """Read a document that stands within another, in base64 or as text."""
    if not packed:
        content = data.encode()
    else:
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except ValueError:
            raise LeadtermError(f"{name} is not base64.", hint="Is the file whole?") from None
    if media.startswith(("image/", "video/", "audio/")):
        raise LeadtermError(f"{name} is a picture or recording ({media}).", hint="Only documents with text are read.")
    return document_text(content, name, ".html" if "html" in media else "")[0]


def page_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of a page of HTML; a character set that it states counts where it is not UTF-8."""
    stated = re.search(rb"charset=[\"']?([\w-]+)", content[:3000])
    text, warning = read_note_text(content, name)
    if warning and stated:
        with suppress(LookupError, UnicodeError):
            text, warning = content.decode(stated[1].decode()), ""
    return html_text(text), warning


def mail_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of a saved message or web archive, without what stands above it; attachments are told of."""
    from email import message_from_bytes, policy

    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body(("plain", "html"))
    if body is None:
        raise LeadtermError(f"{name} is a message without a text.", hint="Save what is attached to it.")
    said = str(body.get_content())
    attached = sum(1 for _ in mail.iter_attachments()) if mail.get_content_type() == "multipart/mixed" else 0
    told = f"{name}: what is attached ({attached}) is not read." if attached else ""
    return (html_text(said) if body.get_content_type() == "text/html" else said), told


def element_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of an XML file that keeps a note in an element called text, as annotation tools write it."""
    from leadterm.intake.ccda import parse

    root = parse(content, name)
    found = ["".join(element.itertext()) for element in root.iter() if element.tag.lower() in ("text", "note", "body")]
    if not found or b'"http://hl7.org/fhir"' in content[:LOOK]:
        raise LeadtermError(
            f"{name} is XML of a kind that is not read (<{root.tag[:40]}>).",
            hint="C-CDA is read, and XML with an element 'text'; give FHIR as JSON.",
        )
    told = f"{name}: the longest of {len(found)} texts is read." if len(found) > 1 else ""
    return max(found, key=len), told


def packed_text(content: bytes, name: str) -> tuple[str, str]:
    """Tell what an archive is: a Word document is read, anything else is refused by what it is."""
    from leadterm.intake.office import docx_text

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        raise LeadtermError(f"{name} is an office document or zip, damaged.", hint="Is the file whole?") from None
    if "word/document.xml" in names:
        return docx_text(content, name)
    kinds = (("xl/workbook.xml", "an Excel workbook", "Give it the ending .xlsx."),
             ("ppt/presentation.xml", "a presentation", "Save its text."),
             ("content.xml", "an OpenDocument file", "Save it as .docx or .txt."))  # fmt: skip
    other = ("", "a zip archive", "Unpack it first.")
    _, what, hint = next((kind for kind in kinds if kind[0] in names), other)
    raise LeadtermError(f"{name} is {what}.", hint=hint)


def clinical_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of a clinical document."""
    from leadterm.intake.ccda import ccda_text

    return ccda_text(content, name, attached_text), ""


def clinical_items(content: bytes, name: str, ident: str) -> Iterator[Found]:
    """Yield the encounter of a clinical document."""
    from leadterm.intake.ccda import ccda_encounter

    encounter, stated = ccda_encounter(content, name, ident, attached_text)
    yield encounter, None, "", stated


def message_items(content: bytes, name: str, ident: str) -> Iterator[Found]:
    """Yield the visits of a file of HL7 messages."""
    from leadterm.intake.hl7 import hl7_encounters

    return hl7_encounters(content, name, ident, attached_text)


def message_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the texts of all notes of a file of messages."""
    found = [encounter for encounter, *_ in message_items(content, name, "m") if encounter]
    return "\n".join(note.text for encounter in found for note in encounter.notes), ""
