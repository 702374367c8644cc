"""Compiled columns on disk: written whole or not at all, checked when read, never needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from leadterm.paths import code_cache
from leadterm.storage.columns import Array
from leadterm.storage.writer import open_file

__all__ = ["FORMAT", "cached", "read_arrays", "write_arrays"]

FORMAT = 2  # raise it whenever the columns or what is read from the files change
log = logging.getLogger("leadterm.codes")


def cached(name: str, make: Callable[[], Mapping[str, Array]]) -> Mapping[str, Array]:
    """Read columns from the cache, or make them and leave them there.

    A file that is corrupt is made anew. Where the cache folder cannot be written (read-only, full), the result is the
    same and one warning is logged. `name` must hold a fingerprint of everything the columns depend on.

    >>> from leadterm.storage.array_cache import cached
    >>> callable(cached)
    True
    """
    path = code_cache() / f"{name}-v{FORMAT}.npz"
    arrays = read_arrays(path)
    if arrays is not None:
        return arrays
    made = make()
    try:
        write_arrays(path, made)
    except OSError as error:
        log.warning(
            "the compiled codes cannot be kept in %s (%s); starting will be slower.", path.parent, error.strerror
        )
    return made


def read_arrays(path: Path) -> dict[str, Array] | None:
    """Read an archive of arrays.

    >>> read_arrays(Path("no such file.npz")) is None
    True
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # noqa: BLE001 a damaged archive fails in many ways, and what it held can be made again
        return None


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an archive of arrays so that other processes see all of it or none.

    ``OSError`` if the folder cannot be made or written; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_arrays(Path(folder, "a.npz"), {"x": np.arange(3)})
    ...     read_arrays(Path(folder, "a.npz"))["x"].tolist()
    [0, 1, 2]
    """
    with open_file(path) as file:
        np.savez(file, **arrays)
