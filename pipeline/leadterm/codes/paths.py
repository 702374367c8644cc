"""Where code data and caches are kept: the XDG folders."""

from __future__ import annotations

from pathlib import Path

from leadterm.paths import cache_home, data_home

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
    return data_home() / "codes"


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
    return cache_home() / "codes"
