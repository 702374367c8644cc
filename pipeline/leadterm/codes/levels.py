"""Where codes stand in their system: category, block and chapter. What ``leadterm.evaluation`` takes as hierarchy."""

from __future__ import annotations

from leadterm.codes.systems import spec_of
from leadterm.codes.systems.bare_codes import bare

__all__ = ["ancestor", "title"]


def ancestor(code: str, system: str, level: str) -> str:
    """Name the category, block or chapter of a code; what a system does not define is the narrower group's name.

    >>> [ancestor("E11.9", "icd10cm", level) for level in ("category", "block", "chapter")]
    ['E11', 'E08-E13', 'E00-E89']
    >>> ancestor("0DTJ4ZZ", "icd10pcs", "block"), ancestor("XYZ1", "own", "chapter")
    ('0D', 'XYZ')
    """
    return spec_of(system).ancestor(bare(code), level)


def title(system: str, level: str, name: str) -> str:
    """Give the title of a block or chapter; empty where there is none.

    >>> title("icd10cm", "block", "E08-E13")
    'Diabetes mellitus'
    """
    levels = spec_of(system).levels
    return levels.title(level, name) if levels else ""
