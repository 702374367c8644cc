"""Where code data and caches are kept: the XDG folders."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "data_folder"]


def data_folder() -> Path:
    """Give the folder of installed releases.

    Returns
    -------
    Path
        ``$XDG_DATA_HOME/leadterm/codes``, by default under ``~/.local/share``; it may not exist yet.

    Examples
    --------
    >>> data_folder().name
    'codes'
    """
    return _home("XDG_DATA_HOME", ".local/share") / "codes"


def cache_folder() -> Path:
    """Give the folder of compiled code systems; what is in it may be deleted at any time.

    Returns
    -------
    Path
        ``$XDG_CACHE_HOME/leadterm/codes``, by default under ``~/.cache``; it may not exist yet.

    Examples
    --------
    >>> cache_folder().name
    'codes'
    """
    return _home("XDG_CACHE_HOME", ".cache") / "codes"


def _home(variable: str, default: str) -> Path:
    """Read an XDG variable; a relative value counts as unset, as the standard says."""
    given = os.environ.get(variable, "")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / default
    return base / "leadterm"
