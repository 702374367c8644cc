"""RTF and Word documents as text; the libraries that read them come with the extra ``documents``."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

from leadterm.errors import LeadtermError
from leadterm.intake.extras import check_swelling, require

__all__ = ["docx_text", "rtf_text"]

EXTRA = "documents"
CODE_PAGE = re.compile(rb"\\ansicpg(\d+)")


def rtf_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of an RTF document, and what the user should know."""
    striprtf = require("striprtf.striprtf", EXTRA, f"{name} is an RTF document")
    content = content.removeprefix(BOM_UTF8)
    page = CODE_PAGE.search(content[:2000])
    encoding = f"cp{page[1].decode()}" if page else "cp1252"
    try:
        found = str(striprtf.rtf_to_text(content.decode("latin-1"), encoding=encoding, errors="replace"))
    except Exception:  # noqa: BLE001  what the library raises on damaged files is not documented
        raise LeadtermError(f"{name} is a damaged RTF document.", hint="Save it anew.") from None
    whole = content.rstrip(b"\0\r\n\t ").endswith(b"}")
    return found.replace("\xa0", " "), "" if whole else f"{name} ends within a group of RTF. Is the file whole?"


def docx_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text of a Word document: paragraphs and tables in their order, lists numbered as they are seen."""
    docx = require("docx", EXTRA, f"{name} is a Word document")
    try:
        check_swelling(io.BytesIO(content), name)
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
