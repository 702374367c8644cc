"""How each code system writes its codes: where the dot stands and how long a category is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STYLES", "Style", "bare", "bare_rows", "style_of"]


@dataclass(frozen=True, slots=True)
class Style:
    """Spelling of the codes of a system.

    Parameters
    ----------
    title : str
        Full name of the system.
    dot : int
        Characters before the dot; 0 for no dot.
    category : int
        Characters of a category; 0 where a category is simply the topmost code.
    codes : str
        ``"diagnosis"``, ``"procedure"`` or ``"other"``.

    Examples
    --------
    >>> STYLES["icd10cm"].spell("E119"), STYLES["icd9cm"].spell("E8120"), STYLES["hcpcs"].spell("A0425")
    ('E11.9', 'E812.0', 'A0425')
    """

    title: str
    dot: int = 0
    category: int = 0
    codes: str = "other"

    def spell(self, code: str) -> str:
        """Write a code without dots the way the system does."""
        dot = self._shift(code, self.dot)
        return f"{code[:dot]}.{code[dot:]}" if self.dot and len(code) > dot else code

    def category_of(self, code: str) -> str | None:
        """Give the category that a code (with or without dot) belongs to; None where the style has none."""
        plain = code.replace(".", "")
        return plain[: self._shift(plain, self.category)] if self.category else None

    def _shift(self, code: str, length: int) -> int:
        """Count one more character before the dot of the ICD-9-CM external causes (E812.0)."""
        return length + 1 if self.title.startswith("ICD-9") and code.startswith("E") else length


STYLES = {
    "icd10cm": Style("ICD-10-CM diagnoses", dot=3, category=3, codes="diagnosis"),
    "icd10pcs": Style("ICD-10-PCS procedures", category=3, codes="procedure"),
    "icd9cm": Style("ICD-9-CM diagnoses", dot=3, category=3, codes="diagnosis"),
    "icd9pcs": Style("ICD-9-CM procedures", dot=2, category=2, codes="procedure"),
    "hcpcs": Style("HCPCS Level II", codes="procedure"),
    "hcpcs_modifiers": Style("HCPCS Level II modifiers"),
    "cpt": Style("CPT", codes="procedure"),
}


def style_of(system: str) -> Style:
    """Give the spelling of a system; a system of a corpus's own has no dot and no fixed categories.

    Parameters
    ----------
    system : str
        Name of the system.

    Returns
    -------
    Style
        Its spelling.

    Examples
    --------
    >>> style_of("icd9pcs").dot, style_of("injury codes").dot
    (2, 0)
    """
    return STYLES.get(system) or Style(system)


def bare(code: str) -> str:
    """Reduce a code to upper-case letters and digits, for comparing spellings.

    Parameters
    ----------
    code : str
        A code in any spelling.

    Returns
    -------
    str
        Its letters and digits.

    Examples
    --------
    >>> bare(" e11.9 "), bare("8500/3")
    ('E119', '85003')
    """
    return "".join(char for char in code.upper() if char.isalnum())


def bare_rows(codes: Sequence[str]) -> dict[str, int]:
    """Map letters and digits of each code to its row; -1 where two codes share them.

    Parameters
    ----------
    codes : sequence of str
        All codes of a system.

    Returns
    -------
    dict of str to int
        As ``bare`` gives them → row.

    Examples
    --------
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
