"""Diseases of a woman who is pregnant, in labor or in childbed: chapter 15 has a code that stands before theirs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.dictionary.implied import trimester
from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.text.reading import NoteReading

__all__ = ["MOTHERS", "is_mothers", "of_the_stage", "stage"]

CHILDBIRTH, PUERPERIUM, UNTOLD = "childbirth", "puerperium", "unspecified trimester"
DELIVERY = ("O80", "O82", "Z37")
POSTPARTUM = frozenset({"postpartum", "puerperium", "puerperal"})
MOTHERS = ("O", "Z33.1", "Z34", "Z36", "Z37", "Z39", "Z3A")
BABYS = ("P", "Z38")
STAGE = re.compile(
    r",? ?(?:(?:in|complicating) (?:the )?)?(?:pregnancy|childbirth|puerperium)"
    r"|,? ?(?:\w+ trimester)|,? ?not applicable.*"
)


def is_mothers(codes: Collection[str]) -> bool:
    """Whether the codes found are of a pregnant woman and of no newborn."""
    return any(code.startswith(MOTHERS) for code in codes) and not any(code.startswith(BABYS) for code in codes)


def stage(codes: Collection[str], notes: Sequence[NoteReading]) -> str:
    """Give the words by which titles tell the stage: a trimester, childbirth, the puerperium.

    Childbirth goes before the trimester (guideline I.C.15.a.3). ``codes``: found to be there.
    """
    if any(code.startswith(DELIVERY) for code in codes):
        return CHILDBIRTH
    weeks = next((words for note in notes if (words := trimester(note))), ())
    if weeks:
        return f"{weeks[1]} trimester"
    return PUERPERIUM if any(POSTPARTUM & note.words for note in notes) else UNTOLD


def of_the_stage(system: CodeSystem, code: str, told: str) -> str | None:
    """Give the code of chapter 15 for this stage: the one that goes with a disease, or the sibling of one of its own.

    None where there is none. ``told``: what `stage` gave.

    >>> from leadterm.codes import load_system
    >>> system = load_system("icd10cm")
    >>> of_the_stage(system, "K35.80", "third trimester"), of_the_stage(system, "O24.410", "childbirth")
    ('O99.613', 'O24.420')
    """
    if code[0] != "O":
        family = next((_families()[code[:n]] for n in range(len(code), 0, -1) if code[:n] in _families()), "")
        return _with_words(system, family, told) if family in system else None
    return _in_childbirth(system, code) if told == CHILDBIRTH else None


@lru_cache(maxsize=2048)
def _with_words(system: CodeSystem, family: str, told: str) -> str | None:
    titles = {code: system.title(code) for code in system.billable_descendants(family)}
    for words in (told, UNTOLD, "complicating pregnancy"):
        fitting = [code for code, title in titles.items() if words in title]
        if fitting:
            return min(fitting)
    return None


@lru_cache(maxsize=2048)
def _in_childbirth(system: CodeSystem, code: str) -> str | None:
    """The code of childbirth whose title is else the same; None for a code that tells childbirth itself."""
    title = system.title(code)
    if CHILDBIRTH in title:
        return None
    bare = STAGE.sub("", title)
    family = system.billable_descendants(code[: len("O24.4")] if len(code) > len("O13.4") else code[:3])
    births = {other: system.title(other) for other in family if CHILDBIRTH in system.title(other)}
    return next((other for other, told in births.items() if STAGE.sub("", told) == bare), None)


@lru_cache(maxsize=1)
def _families() -> Mapping[str, str]:
    return {row["prefix"]: row["family"] for row in load_table("pregnancy_codes.tsv")}
