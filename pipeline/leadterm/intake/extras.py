"""Packages that only some formats need: asked for when such a file comes, and named where they are missing."""

from __future__ import annotations

import zipfile
from importlib import import_module
from typing import IO, Any

from leadterm.errors import LeadtermError

__all__ = ["check_swelling", "require"]

LARGEST_ARCHIVE, SWELLING = 500_000_000, 100  # bytes when unpacked, of which text is a tenth when packed


def require(module: str, extra: str, what: str) -> Any:
    """Import a module of an extra.

    ``LeadtermError`` if it is not installed; the message names the extra.

    >>> require("no_such_module", "tables", "'a.xlsx' is an Excel workbook")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: 'a.xlsx' is an Excel workbook; for that the extra 'tables' is needed. ...
    """
    try:
        return import_module(module)
    except ImportError:
        message = f"{what}; for that the extra '{extra}' is needed."
        raise LeadtermError(message, hint=f"Install it with: pip install 'leadterm[{extra}]'") from None


def check_swelling(file: IO[bytes], name: str) -> None:
    """Refuse an office document that unpacks to far more than a document would; closes the file."""
    try:
        with file, zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except Exception:  # noqa: BLE001  a damaged archive fails in many ways; who reads it says what is wrong
        return
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > LARGEST_ARCHIVE and unpacked > SWELLING * packed:
        raise LeadtermError(f"{name} unpacks to more than {LARGEST_ARCHIVE:,} bytes.", hint="Save its text.")
