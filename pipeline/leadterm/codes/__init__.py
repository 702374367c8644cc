"""Code systems: codes, titles, hierarchy, instructions and the terms that lead to codes.

``load_system("icd10cm")`` gives the newest release at hand; ``from_pairs`` makes a system from a
corpus's own list of codes; ``install`` adds official releases.
"""

from __future__ import annotations

from leadterm.codes import levels
from leadterm.codes.official.draft import from_pairs
from leadterm.codes.registry import Available, available, load_system
from leadterm.codes.system import CodeSystem
from leadterm.codes.types import INSTRUCTIONS, TERM_SOURCES, Heading, Instruction, Term

__all__ = [
    "INSTRUCTIONS", "TERM_SOURCES", "Available", "CodeSystem", "Heading", "Instruction", "Term", "available",
    "from_pairs", "levels", "load_system",
]  # fmt: skip
