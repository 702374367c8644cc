"""The words that stand around the mention of a candidate, each marked by its side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadterm.text.layout.lines import unwrapped

if TYPE_CHECKING:
    from leadterm.schema import Encounter, Mention

__all__ = ["words_around"]

REACH, WORDS, NEAREST = 60, 6, 2
"""Characters and words on each side; so many of the words are also marked by their distance."""
_WORD = re.compile(r"[^\W\d_]+|\d+|[:;,.\n()]")
_ASCII = re.compile(r"[a-z]+|[0-9]+|[:;,.\n()]")  # the same of plain lower-case text, faster


def words_around(mentions: Sequence[Mention | None], encounter: Encounter) -> list[tuple[str, ...]]:
    """Give the marked words around the best mention of each candidate, and its section; nothing where it has none.

    >>> from leadterm.schema import Encounter, EvidenceSpan, Mention, Note
    >>> note = Note("n1", "Admitted for gout.")
    >>> gout = Mention("n1", (EvidenceSpan("n1", 13, 17, "gout"),), section="hpi")
    >>> words_around([gout], Encounter("e", (note,)))
    [('<1 for', '<2 admitted', '<admitted', '<admitted for', '<for', '>.', '>1 .', 'in hpi')]
    """
    texts = {note.note_id: unwrapped(note.text) for note in encounter.notes}
    known: dict[tuple[str, int, int, str], tuple[str, ...]] = {}
    made: list[tuple[str, ...]] = []
    for one in mentions:
        if one is None:
            made.append(())
            continue
        place = (one.note_id, one.start, one.end, one.section)
        if place not in known:
            known[place] = _marked(texts[one.note_id], *place[1:])
        made.append(known[place])
    return made


def _marked(text: str, first: int, last: int, section: str) -> tuple[str, ...]:
    before = _plain(text[max(0, first - REACH) : first])[-WORDS:]
    behind = _plain(text[last : last + REACH])[:WORDS]
    marked = [f"in {section}", *[f"<{word}" for word in before], *[f">{word}" for word in behind]]
    marked += [f"<{i} {word}" for i, word in enumerate(before[: -NEAREST - 1 : -1], 1)]
    marked += [f">{i} {word}" for i, word in enumerate(behind[:NEAREST], 1)]
    if len(before) >= NEAREST:
        marked.append(f"<{' '.join(before[-NEAREST:])}")
    return tuple(sorted({*marked}))


def _plain(text: str) -> list[str]:
    """Words in lower case; a number is only a number."""
    low = text.lower()
    return ["0" if word.isdigit() else word for word in (_ASCII if low.isascii() else _WORD).findall(low)]
