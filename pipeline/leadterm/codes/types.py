"""The small frozen types that a code system hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["INSTRUCTIONS", "TERM_SOURCES", "Heading", "Instruction", "InstructionKind", "Term", "TermSource"]

TermSource = Literal["title", "inclusion", "includes", "index", "neoplasm", "drug", "external cause"]
TERM_SOURCES: tuple[TermSource, ...] = get_args(TermSource)

InstructionKind = Literal[
    "inclusion", "includes", "excludes1", "excludes2", "code first", "use additional", "code also", "note",
    "seventh character note", "coverage", "pricing", "replaced by",
]  # fmt: skip
INSTRUCTIONS: tuple[InstructionKind, ...] = get_args(InstructionKind)


@dataclass(frozen=True, slots=True)
class Term:
    """Words that lead to a code.

    - ``text``: the term as one line; for an index term its path joined by commas.
    - ``code``: the code it leads to. It may be a heading: ask ``CodeSystem.billable_descendants``.
    - ``source``: one of ``title inclusion includes index neoplasm drug`` and ``external cause``.
    - ``path``: main term, subterm, subsubterm … of an index or table entry; levels such as ``with`` and ``due to`` are
      kept. Empty for the other sources.
    - ``optional``: nonessential modifiers: words that may be present or absent without changing the code. Bracketed
      synonyms and abbreviations of index titles stand here too.
    - ``manifestation``: second code of a pair such as ``E11.621 [L97.-]``, without its dash.
    - ``dash``: the entry gave the code with ``-``: more characters are needed.
    - ``column``: behaviour (``malignant primary`` …) for neoplasms, intent (``adverse effect`` …) for drugs. On an
      index term: the behaviour column of the neoplasm table that it refers to (``Chondroma`` is ``benign``), with the
      site still to be found there.

    >>> Term("Diabetes, with, amyotrophy", "E11.44", "index", ("Diabetes", "with", "amyotrophy")).dash
    False
    """

    text: str
    code: str
    source: TermSource
    path: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    manifestation: str | None = None
    dash: bool = False
    column: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A chapter or block: a range of categories that is not itself a code.

    ``kind``: ``"chapter"`` or ``"block"``. ``name``: ``"4"`` or ``"E08-E13"``.

    >>> Heading("block", "E08-E13", "Diabetes mellitus").name
    'E08-E13'
    """

    kind: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """A note of the tabular list, with the code or heading it stands at.

    ``kind``: ``inclusion includes excludes1 excludes2``, ``code first``, ``use additional``, ``code also``, ``note``,
    ``seventh character note``, ``coverage``, ``pricing`` or ``replaced by``. ``owner``: code, block or chapter where
    the note is printed. ``inherited``: whether the note stands above the code that was asked for.

    >>> Instruction("excludes1", "newborn (P83.88)", "L53", True).inherited
    True
    """

    kind: InstructionKind
    text: str
    owner: str
    inherited: bool
