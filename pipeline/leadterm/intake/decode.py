"""From bytes to the text of a note, every character in its place."""

from __future__ import annotations

import codecs

from leadterm.errors import LeadtermError

__all__ = ["LARGEST", "read_note_text", "refuse_formats", "too_large", "unmarked_wide", "wide_encoding"]

LARGEST = 100_000_000  # bytes of a note; the text pipeline takes as many characters
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
LOOK, CONTROLS, SPACES = 20_000, 20, "\t\n\r\f\v"  # one character in twenty may be a control: reports of old printers
FORMATS = (
    (b"%PDF", "a PDF"), (b"{\\rtf", "an RTF document"), (b"PK\x03\x04", "an office document or zip"),
    (b"\x1f\x8b", "packed with gzip"), (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x89PNG\r\n", "a picture (PNG)"), (b"\xff\xd8\xff", "a picture (JPEG)"), (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a scan (TIFF)"), (b"MM\x00*", "a scan (TIFF)"), (b"SQLite format 3", "a database (SQLite)"),
)  # fmt: skip


def refuse_formats(start: bytes, name: str) -> None:
    """Raise the error for a document of another kind, which its first bytes give away."""
    kind = next((kind for mark, kind in FORMATS if start.startswith(mark)), "")
    if kind:
        raise LeadtermError(f"{name} is {kind}, not plain text.", hint="Save its text as UTF-8 (.txt) and give that.")


def too_large(name: str) -> LeadtermError:
    """Make the error for a note over the limit."""
    return LeadtermError(f"{name} is larger than {LARGEST:,} bytes.", hint="Give each note by itself.")


def wide_encoding(start: bytes) -> str:
    """Name the encoding of a text that begins with the mark of UTF-16 or UTF-32; empty for all others."""
    return next((name for mark, name in MARKS if start.startswith(mark) and name != "utf-8"), "")


def unmarked_wide(start: bytes) -> str:
    """Name UTF-16 that has no byte order mark: in Latin text every other byte is NUL; empty for all others.

    >>> unmarked_wide("Dry cough.".encode("utf-16-le")), unmarked_wide(b"Dry cough.")
    ('utf-16-le', '')
    """
    piece = start[:2000]
    half, even, odd = len(piece) // 2, piece[::2].count(0), piece[1::2].count(0)
    if odd > 0.4 * half and even < odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < even / 10 else ""


def read_note_text(content: bytes, name: str) -> tuple[str, str]:
    """Decode a note; line ends and control characters stay as they are, so that offsets are exact.

    UTF-8, UTF-16 or UTF-32 with a byte order mark (which is no part of the text), else Windows-1252: that is warned
    of in the second string, which is empty otherwise. `name` is what messages call the note.

    ``LeadtermError`` if it is not text, or has no words.

    >>> read_note_text(b"Sore throat.\\r\\n", "a.txt")
    ('Sore throat.\\r\\n', '')
    """
    refuse_formats(content, name)
    if len(content) > LARGEST:
        raise too_large(name)
    mark, encoding = next((pair for pair in MARKS if content.startswith(pair[0])), (b"", ""))
    guess = "" if mark else unmarked_wide(content)
    text, warning = _decode(content[len(mark) :], encoding or guess, name)
    warning = f"{name} has no byte order mark; read as {guess.upper()}." if guess else warning
    if "\x00" in text:
        raise LeadtermError(f"{name} is not text: it has NUL bytes.", hint="Give plain text in UTF-8.")
    controls = sum(char < " " and char not in SPACES for char in text[:LOOK])
    if controls > len(text[:LOOK]) // CONTROLS:
        raise LeadtermError(f"{name} is not text: it is full of control characters.", hint="Give plain text in UTF-8.")
    if not text.strip():
        raise LeadtermError(f"{name} is empty: there is no text to code.", hint="Check the file.")
    return text, warning


def _decode(content: bytes, encoding: str, name: str) -> tuple[str, str]:
    try:
        return content.decode(encoding or "utf-8"), ""
    except UnicodeDecodeError as error:
        place = error.start
    if encoding:
        raise LeadtermError(f"{name} is damaged: it is not {encoding} at byte {place}.", hint="Save it as UTF-8.")
    try:
        return content.decode("cp1252"), f"{name} is not UTF-8; read as Windows-1252. Check its accents."
    except UnicodeDecodeError:
        message = f"{name} is not text: neither UTF-8 (byte {place}) nor Windows-1252."
        raise LeadtermError(message, hint="Give plain text in UTF-8.") from None
