"""Packages that only some formats need: asked for when such a file comes, and named where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from leadterm.errors import LeadtermError

__all__ = ["require"]


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
