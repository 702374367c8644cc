"""Columns of strings and numbers as flat arrays: quick to load, small in memory, never pickled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Strings", "numbers", "pack_strings"]

Array = npt.NDArray[np.generic]


class Strings:
    """A read-only column of strings held as one UTF-8 blob and its offsets.

    >>> column = Strings.of(["gout", "", "épine"])
    >>> (len(column), column[2], list(column)[0])
    (3, 'épine', 'gout')
    """

    __slots__ = ("_blob", "_offsets")

    def __init__(self, blob: Array, offsets: Array) -> None:
        self._blob = blob.tobytes()
        self._offsets = numbers(np.ascontiguousarray(offsets, dtype=np.int32))
        if len(self._offsets) == 0 or self._offsets[-1] != len(self._blob):
            raise ValueError("offsets do not fit the blob")

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """Pack strings into a column."""
        packed = pack_strings("x", texts)
        return cls(packed["x.blob"], packed["x.offsets"])

    @classmethod
    def named(cls, arrays: Mapping[str, Array], name: str) -> Strings:
        """Take the column ``name`` out of a set of arrays made by ``pack_strings``."""
        return cls(arrays[f"{name}.blob"], arrays[f"{name}.offsets"])

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> str:
        return self._blob[self._offsets[row] : self._offsets[row + 1]].decode("utf-8")


def pack_strings(name: str, texts: Iterable[str]) -> dict[str, Array]:
    """Pack strings into the two arrays of a ``Strings`` column.

    >>> sorted(pack_strings("title", ["Gout"]))
    ['title.blob', 'title.offsets']
    """
    encoded = [text.encode("utf-8") for text in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
    np.cumsum([len(piece) for piece in encoded], out=offsets[1:])
    blob = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return {f"{name}.blob": blob, f"{name}.offsets": offsets}


def numbers(array: Array) -> memoryview:
    """View an array of whole numbers so that single values come out as Python numbers, quickly.

    >>> numbers(np.array([3, 5]))[1]
    5
    """
    buffer: Any = array
    return memoryview(buffer)
