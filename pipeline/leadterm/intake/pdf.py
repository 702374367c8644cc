"""PDF as text. A PDF knows places, not paragraphs: wide gaps become blank lines, lines cut at the margin are joined."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from leadterm.errors import LeadtermError
from leadterm.intake.extras import require

__all__ = ["pdf_text"]

SMALLEST_STEP = 6.0  # points from a line to the next; less is a raised or lowered sign
FEW_NEAR, APART = 10, 1.4  # one line in ten stands as near as lines of one paragraph do
FULL = 0.95  # of the widest line: what would end there has no room
COLUMN, OVER = 0.6, 1.2  # of the page, for the widest line to be one that was cut; widths are estimates
NARROW, WIDE = frozenset(" !'(),-./:;I[]fijlrt|"), frozenset("ABCDEFGHJKLMNOPQRSTUVWXYZmw%&")
BEGINS = re.compile(r"\W*(?:\(?(?:\d{1,2}|[a-zA-Z])[.)]|[-*•–o])\s|\w[^.:]{0,40}:|[A-Z][A-Z\W\d]{3,}$")


class _Line(NamedTuple):
    """A line, and where it stands in points from the foot and the left of its page."""

    text: str
    height: float = 0.0
    left: float = 0.0
    size: float = 0.0


def _right(line: _Line, more: str = "") -> float:
    """About where a line would end with more text behind it: letters are about as wide in all fonts."""
    units = sum(0.31 if c in NARROW else 0.74 if c in WIDE else 0.51 for c in line.text.strip() + more)
    return line.left + units * line.size


def _length(line: _Line, more: str = "") -> float:
    """The same for letters of one width, and for texts that were cut before they were printed."""
    return float(len(line.text + more))


def pdf_text(content: bytes, name: str) -> tuple[str, str]:
    """Give the text layer of a PDF; one whose pages are pictures is refused, single ones are named."""
    pypdf = require("pypdf", "documents", f"{name} is a PDF")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is amiss is said in our words
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [(_lines(page), page) for page in reader.pages]
        pictures = [number for number, (lines, page) in enumerate(pages, 1) if not lines and _has_picture(page)]
        width = max((float(page.mediabox.width) for _, page in pages), default=0.0)
    except Exception:  # noqa: BLE001  the library raises many kinds on damaged files
        raise LeadtermError(f"{name} is a PDF that is damaged.", hint="Save it anew, or give its text.") from None
    if locked:
        raise LeadtermError(f"{name} is a PDF with a password.", hint="Save it without one.")
    if not any(lines for lines, _ in pages):
        what = "its pages are scanned pictures" if pictures else "it has no text layer"
        raise LeadtermError(f"{name} is a PDF that cannot be read: {what}.", hint="Run text recognition on it first.")
    listed = ", ".join(map(str, pictures[:10])) + (" …" if len(pictures) > 10 else "")
    warning = f"{name}: the scanned pages {listed} have no text and are not read." if pictures else ""
    return _joined([line for lines, _ in pages for line in lines], width), warning


def _lines(page: Any) -> list[_Line]:
    """The lines of a page that have words."""
    lines = [_Line("")]

    def gather(text: str, on_page: list[float], in_text: list[float], _: object, size: float) -> None:
        height = on_page[1] * in_text[4] + on_page[3] * in_text[5] + on_page[5]
        left = on_page[0] * in_text[4] + on_page[2] * in_text[5] + on_page[4]
        for number, piece in enumerate(text.split("\n")):
            before = _Line("") if number else lines.pop()
            new = _Line(piece, height, left, abs(size * in_text[3] * on_page[3]))
            lines.append(before._replace(text=before.text + piece) if before.text.strip() else new)

    page.extract_text(visitor_text=gather)
    return [line._replace(text=line.text.rstrip()) for line in lines if line.text.strip()]


def _joined(lines: list[_Line], width: float) -> str:
    """The text: a blank line where lines stand further apart than the nearest do, and one line of those that were cut
    because the next word had no room, also by the end of a page.
    """
    steps = [above.height - below.height for above, below in pairwise(lines)]
    down = sorted(step for step in steps if step > SMALLEST_STEP)
    usual = down[len(down) // FEW_NEAR] if down else 0.0
    near = [step <= APART * usual for step in steps]
    filled = COLUMN * width < max(map(_right, lines)) < OVER * width
    joins = max((_joins(lines, near, ruler) for ruler in (_right, _length)), key=sum) if filled else [False] * len(near)
    ends = [" " if join else "\n" if close else "\n\n" for join, close in zip(joins, near, strict=True)]
    return "".join(line.text + end for line, end in zip(lines, [*ends, "\n"], strict=True))


def _joins(lines: list[_Line], near: list[bool], ruler: Callable[..., float]) -> list[bool]:
    """Whether each line goes on in the next, whose first word had no room behind it."""
    full = FULL * max(map(ruler, lines))
    return [
        close
        and ruler(above, f" {below.text.split()[0]}") > full
        and above.text[-1] != "-"
        and not BEGINS.match(below.text)
        for (above, below), close in zip(pairwise(lines), near, strict=True)
    ]


def _has_picture(page: Any) -> bool:
    resources = page.get("/Resources")
    objects = (resources.get_object() if resources is not None else {}).get("/XObject")
    found = objects.get_object().values() if objects else ()
    return any(one.get_object().get("/Subtype") == "/Image" for one in found)
