"""RTF, Word and PDF documents as text; the libraries that read them come with the extra ``documents``."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.intake.extras import require

__all__ = ["docx_text", "pdf_text", "rtf_text"]

EXTRA = "documents"
LARGEST_ARCHIVE = 500_000_000  # bytes when unpacked
CODE_PAGE = re.compile(rb"\\ansicpg(\d+)")


def rtf_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of an RTF document, and what the user should know."""
    striprtf = require("striprtf.striprtf", EXTRA, f"{name} is an RTF document")
    page = CODE_PAGE.search(content[:2000])
    encoding = f"cp{page[1].decode()}" if page else "cp1252"
    try:
        found = str(striprtf.rtf_to_text(content.decode("latin-1"), encoding=encoding, errors="replace"))
    except Exception:  # noqa: BLE001  what the library raises on damaged files is not documented
        raise LeadtermError(f"{name} is a damaged RTF document.", hint="Save it anew.") from None
    return found.replace("\xa0", " "), ""


def docx_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of a Word document: paragraphs and tables in their order, lists numbered as they are seen."""
    docx = require("docx", EXTRA, f"{name} is a Word document")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_ARCHIVE:
                raise LeadtermError(f"{name} unpacks to more than {LARGEST_ARCHIVE:,} bytes.", hint="Save its text.")
        document = docx.Document(io.BytesIO(content))
    except LeadtermError:
        raise
    except Exception:  # noqa: BLE001
        raise LeadtermError(f"{name} is a damaged Word document.", hint="Save it anew as .docx or .txt.") from None
    return "\n".join(_blocks(document)) + "\n", ""


def _blocks(document: Any) -> Iterator[str]:
    number = 0
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            yield from ("  ".join(_once(row.cells)) for row in block.rows)
            continue
        style = (block.style.name if block.style is not None else "") or ""
        number = number + 1 if style.startswith("List Number") else 0
        text = block.text
        if text.strip() and style.startswith(("Heading", "Title")) and text.rstrip()[-1].isalnum():
            text = f"{text.rstrip()}:"
        yield f"{number}. {text}" if number else f"- {text}" if style.startswith("List Bullet") else text


def _once(cells: Any) -> Iterator[str]:
    """The texts of the cells of a row; one that spans several columns is given for each of them."""
    before = None
    for cell in cells:
        if cell._tc is not before:
            yield cell.text
        before = cell._tc


def pdf_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text layer of a PDF; one whose pages are pictures is refused, single ones are named."""
    pypdf = require("pypdf", EXTRA, f"{name} is a PDF")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is amiss is said in our words
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [(page.extract_text() or "", page) for page in reader.pages]
        pictures = [number for number, (text, page) in enumerate(pages, 1) if not text.strip() and _has_picture(page)]
    except Exception:  # noqa: BLE001  the library raises many kinds on damaged files
        raise LeadtermError(f"{name} is a PDF that is damaged.", hint="Save it anew, or give its text.") from None
    if locked:
        raise LeadtermError(f"{name} is a PDF with a password.", hint="Save it without one.")
    if not any(text.strip() for text, _ in pages):
        what = "its pages are scanned pictures" if pictures else "it has no text layer"
        raise LeadtermError(f"{name} is a PDF that cannot be read: {what}.", hint="Run text recognition on it first.")
    listed = ", ".join(map(str, pictures[:10])) + (" …" if len(pictures) > 10 else "")
    warning = f"{name}: the scanned pages {listed} have no text and are not read." if pictures else ""
    return "\n".join(text for text, _ in pages) + "\n", warning


def _has_picture(page: Any) -> bool:
    resources = page.get("/Resources")
    objects = (resources.get_object() if resources is not None else {}).get("/XObject")
    found = objects.get_object().values() if objects else ()
    return any(one.get_object().get("/Subtype") == "/Image" for one in found)
