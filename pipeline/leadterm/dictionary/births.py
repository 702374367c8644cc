"""Diseases on the record of a mother or of a newborn, which chapters 15 and 16 have codes of their own for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from leadterm.rules.shared import on_record
from leadterm.text.layout.note_kind import MOTHERS
from leadterm.text.reading import Reading

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.dictionary.specify import Choice
    from leadterm.text.reading import NoteReading

__all__ = ["BirthCodes", "birth_codes", "period_of"]

PREGNANCY, CHILDBIRTH, PUERPERIUM = "pregnancy", "childbirth", "puerperium"
MATERNAL = "O"
OUTCOME, OF_PREGNANCY = ("Z37", "Z38", "O70", "O80", "O82"), ("O", "Z3A", "Z33", "Z34", "Z37")
EARLIER = frozenset({"past_medical_history", "past_surgical_history", "obstetric_history", "plan", "instructions"})
AFTER = frozenset({"postpartum", "puerperium", "puerperal"})
TRIMESTER = re.compile(r",? *(?:first|second|third|unspecified) trimester")
PERIOD = re.compile(r",? *(?:in|complicating) (?:the )?(pregnancy|childbirth|puerperium)")


@dataclass(frozen=True)
class BirthCodes:
    """The chapters of pregnancy and of newborns in a release."""

    system: CodeSystem

    def readings(self, record: str, readings: Sequence[Reading]) -> list[Reading]:
        """Give the readings of a mention as they are on a record, with those of its chapter at the end.

        ``record``: `MOTHERS`, `NEWBORNS` or empty.
        """
        rows = ((reading, on_record(record, reading.code)) for reading in readings)
        own = [replace(reading, code=row.becomes) for reading, row in rows if row and row.becomes in self.system]
        return [*readings, *own]

    def at(self, period: str, choice: Choice) -> Choice:
        """Give the choice of the same disorder in another part of maternity, where the chapter tells them apart."""
        if period == PREGNANCY or choice.code[:1] != MATERNAL:
            return choice
        code = self._periods.get((self._disorder(choice.code)[0], period))
        return choice if code is None else replace(choice, code=code)

    @cached_property
    def _periods(self) -> dict[tuple[str, str], str]:
        """Category and disorder, and the part of maternity → the code."""
        told = ((*self._disorder(code), code) for code in self.system.codes if code[:1] == MATERNAL)
        return {(disorder, period): code for disorder, period, code in told if self.system.is_billable(code)}

    def _disorder(self, code: str) -> tuple[str, str]:
        """A code's category with its title less the part of maternity, and that part."""
        title = TRIMESTER.sub("", self.system.title(code).lower())
        told = PERIOD.search(title)
        return f"{code[:3]} {PERIOD.sub('', title)}", told.group(1) if told else PREGNANCY


@lru_cache(maxsize=8)
def birth_codes(system: CodeSystem) -> BirthCodes:
    """Read the chapters once for a release."""
    return BirthCodes(system)


def period_of(record: str, notes: Sequence[NoteReading]) -> str:
    """Tell the part of maternity a mother's record is of: before, at or after the delivery; empty on other records."""
    if record != MOTHERS:
        return ""
    told = [
        reading.code for note in notes for found in note.mentions for reading in found.readings
        if found.mention.assertion == "present" and found.mention.section not in EARLIER
    ]  # fmt: skip
    if any(code.startswith(OUTCOME) for code in told):
        return CHILDBIRTH
    if any(not AFTER.isdisjoint(note.words) for note in notes):
        return PUERPERIUM
    return PREGNANCY if any(code.startswith(OF_PREGNANCY) for code in told) else ""
