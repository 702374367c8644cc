"""Where leadterm keeps data: the XDG folders, and the models that come with it."""

from __future__ import annotations

import os
from pathlib import Path

from leadterm.errors import LeadtermError, unknown_name

__all__ = [
    "cache_home", "code_cache", "code_data", "config_file", "data_home", "decisions_home", "model_dir", "model_names",
    "progress_file",
]  # fmt: skip

MANIFEST = "manifest.json"


def data_home() -> Path:
    """Give the folder of what the user installed or trained.

    ``$XDG_DATA_HOME/leadterm``, by default ``~/.local/share/leadterm``; it may not exist yet.

    >>> data_home().name
    'leadterm'
    """
    return _home("XDG_DATA_HOME", ".local/share")


def cache_home() -> Path:
    """Give the folder of what can be made again; its content may be deleted at any time.

    ``$XDG_CACHE_HOME/leadterm``, by default ``~/.cache/leadterm``; it may not exist yet.

    >>> cache_home().name
    'leadterm'
    """
    return _home("XDG_CACHE_HOME", ".cache")


def config_file() -> Path:
    """Give the file of what the user set with ``leadterm config``; it may not exist yet.

    >>> config_file().name
    'config.toml'
    """
    return _home("XDG_CONFIG_HOME", ".config") / "config.toml"


def progress_file() -> Path:
    """Give the file of what a learner has done with ``leadterm practise``; it may not exist yet.

    >>> progress_file().name
    'practise.jsonl'
    """
    return _home("XDG_STATE_HOME", ".local/state") / "practise.jsonl"


def decisions_home() -> Path:
    """Give the folder of what was decided with ``leadterm review``; it may not exist yet."""
    return data_home() / "decisions"


def code_data() -> Path:
    """Give the folder of installed releases of code systems; it may not exist yet."""
    return data_home() / "codes"


def code_cache() -> Path:
    """Give the folder of compiled code systems; what is in it may be deleted at any time."""
    return cache_home() / "codes"


def _home(variable: str, default: str) -> Path:
    """Read an XDG variable; a relative value counts as unset, as the standard says."""
    given = os.environ.get(variable, "")
    base = Path(given) if given and Path(given).is_absolute() else Path.home() / default
    return base / "leadterm"


def _shelves() -> list[Path]:
    """List the folders that hold models by name: shipped in the package, in the source tree, the user's own."""
    package = Path(__file__).parent
    return [package / "_models", package.parent.parent / "models", data_home() / "models"]


def model_names() -> list[str]:
    """List the models that can be called by name.

    Shipped ones and those in ``models`` of `data_home`, sorted.

    >>> isinstance(model_names(), list)
    True
    """
    return sorted({file.parent.name for shelf in _shelves() for file in shelf.glob(f"*/{MANIFEST}")})


def model_dir(name: str | Path) -> Path:
    """Find the folder of a model.

    A folder with a manifest. ``name``: a folder, or the name of a shipped model (``default``) or of one in ``models``
    of `data_home`. ``LeadtermError`` if there is no such model, or the folder is not one.

    >>> model_dir("defalt-model")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown model 'defalt-model'...
    """
    folder = Path(name)
    for place in [folder, *(shelf / folder for shelf in _shelves() if len(folder.parts) == 1)]:
        if (place / MANIFEST).is_file():
            return place
    if folder.is_dir() or len(folder.parts) > 1:
        what = f"has no {MANIFEST}" if folder.is_dir() else "does not exist"
        raise LeadtermError(f"'{name}' is not a model: it {what}.", hint="Make one with 'leadterm train'.")
    raise unknown_name("model", str(name), model_names(), hint="Or give a folder made with 'leadterm train'.")
