"""Bounds that arrays from a file must keep before anything follows the numbers in them.

The hashes of a model lie in the same folder as the model: they tell damage, not malice. SciPy and the walk through
trees follow indices without looking, so each is looked at once, at loading. Every check raises ValueError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.errors import counted

__all__ = ["check_finite", "check_lengths", "check_numbers", "check_pointers", "check_sparse", "require"]

Array = NDArray[Any]


def require(sound: bool, what: str) -> None:
    """Raise ValueError where something is not sound."""
    if not sound:
        raise ValueError(what)


def check_lengths(length: int, **parts: Any) -> None:
    """Check that parts have one entry for each of `length` things.

    >>> check_lengths(2, idf=[0.5, 1.0])
    """
    for name, part in parts.items():
        require(len(part) == length, f"{name} has {counted(len(part), 'entry')}, not {length}")


def check_numbers(array: Array, below: int, what: str, *, least: int = 0) -> None:
    """Check that an array holds whole numbers from `least` on, below a bound."""
    require(array.ndim == 1 and array.dtype.kind in "iu", f"{what} is no row of whole numbers")
    require(not len(array) or (int(array.min()) >= least and int(array.max()) < below), f"{what} is out of range")


def check_pointers(array: Array, rows: int, entries: int, what: str) -> None:
    """Check that an array parts `entries` things into rows: from 0, rising, to the last."""
    check_numbers(array, entries + 1, what)
    require(len(array) == rows + 1 and array[0] == 0 and array[-1] == entries, f"{what} does not fit")
    require(bool((array[1:] >= array[:-1]).all()), f"{what} does not rise")


def check_sparse(data: Array, indices: Array, indptr: Array, shape: tuple[int, int], what: str) -> None:
    """Check compressed sparse rows: bounds of every index, finite values."""
    from scipy.sparse import csr_matrix

    check_pointers(indptr, shape[0], len(indices), what)
    check_numbers(indices, shape[1], what)
    check_finite(data, what)
    csr_matrix((data, indices, indptr), shape=shape).check_format(full_check=True)


def check_finite(array: Array, what: str) -> None:
    """Check that an array holds numbers, none of them infinite or not a number."""
    require(array.dtype.kind in "fiub" and bool(np.isfinite(array).all()), f"{what} is not finite")
