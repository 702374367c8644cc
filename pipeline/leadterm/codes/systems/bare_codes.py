"""Codes reduced to letters and digits, so that spellings can be compared."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["bare", "bare_rows"]


def bare(code: str) -> str:
    """Reduce a code to upper-case letters and digits, for comparing spellings.

    >>> bare(" e11.9 "), bare("8500/3")
    ('E119', '85003')
    """
    plain = code.upper().replace(".", "")
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def bare_rows(codes: Sequence[str]) -> dict[str, int]:
    """Map letters and digits of each code to its row; -1 where two codes share them.

    >>> bare_rows(["E11.9", "A.1", "A1"])
    {'E119': 0, 'A1': -1}
    """
    rows: dict[str, int] = {}
    for row, code in enumerate(codes):
        plain = code.replace(".", "")
        plain = plain if plain.isalnum() and plain.isupper() else bare(code)
        rows[plain] = row if plain not in rows else -1
    rows.pop("", None)
    return rows
