"""What codes share: the category they belong to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["categories_of", "category", "more_categories"]


def category(code: str) -> str:
    """Give the category of a code: what stands before the dot, else the first three characters.

    >>> category("E11.9"), category("0DTJ4ZZ"), category("I10")
    ('E11', '0DT', 'I10')
    """
    head, dot, _ = code.partition(".")
    return head if dot else code[:3]


def categories_of(codes: Sequence[str]) -> NDArray[np.int64]:
    """Number the categories of codes.

    Number of each code's category, in alphabetical order of categories.

    >>> categories_of(["E11.9", "I10", "E11.8"]).tolist()
    [0, 1, 0]
    """
    _, number = np.unique([category(code) for code in codes], return_inverse=True)
    return number.reshape(-1).astype(np.int64)


def more_categories(codes: Sequence[str], numbered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the categories of further codes, and keep the numbers there are.

    Number of each code's category; new categories come after the others. ``numbered``: category of each of the first
    codes, from :func:`categories_of`.

    >>> more_categories(["E11.9", "I10", "A01.0", "E11.8"], np.array([0, 1])).tolist()
    [0, 1, 2, 0]
    """
    number = {category(code): n for code, n in zip(codes, numbered.tolist(), strict=False)}
    return np.array([number.setdefault(category(code), len(number)) for code in codes], dtype=np.int64)
