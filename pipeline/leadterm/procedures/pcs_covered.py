"""What of the codes found another code says already: steps, ways in, anaesthesia, parts within a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from leadterm.procedures.pcs_build import Support
from leadterm.procedures.performed import WORTH

__all__ = ["covered", "narrow"]

Found = Mapping[str, Sequence[Support]]
BIRTH = "10E0XZZ"
MEANS, EMPTIED = "10D0", ("10D1", "10A0")
PERINEUM, SPHINCTER = "0KQM", ("0DQP", "0DQR")  # a tear of the third degree is one of the second as well
DONE = ("named", "done", "said")
PARTS_OF: Mapping[str, Mapping[str, str]] = {"0D": {"E": "FGHKLMN", "8": "9AB"}}  # of organs
TAKEN = "B5"  # operations that take away or destroy a part of what they name
GUT = {"0DJ0": "123456789", "0DJD": "ABCEFGHKLMNPQR"}  # parts that an upper and a lower endoscopy see
SEEN = {
    "0WJG": ("0D", "0F", "0T", "0U", "0V", "0W", "07", "0G", "0Y", "04", "06"), "0TJB": ("0T", "0V"),
    "0WJ9": ("0B", "0W", "02", "07"), "0WJB": ("0B", "0W", "02", "07"), "0BJQ": ("0B", "0W", "07"),
    "0SJC": ("0S", "0M", "0L", "0Q"), "0SJD": ("0S", "0M", "0L", "0Q"), "0RJJ": ("0R", "0M", "0L", "0P"),
    "0RJK": ("0R", "0M", "0L", "0P"), "09JK": ("09",), "0CJS": ("0C",), "0UJD": ("0U",),
}  # fmt: skip
"""Where an inspection looks → body systems of operations that it leads to."""
CHEST = re.compile(r"0(?:B[BTNLQUVX]|2|W[BJQUC]|7[BT]7)..?[04]|02")
CHEST_DRAIN = re.compile(r"0W9[9AB].0Z")
LEADS = ("02HK3K", "02HK3J", "02H63J")  # that stay where only the generator is changed
GENERATOR = re.compile("0JPT0P")
TOLD = re.compile(r"\b(?:was|were)\b")  # in the narrative, not in a title
SKULL = re.compile(r"0NB[0134567]0ZZ|00NC0ZZ")
WITHIN_SKULL = re.compile(r"00[BTCDVN5][0-9A-E]|03[BCLV]G")


def covered(found: Found) -> list[str]:
    """Give the codes that another one covers.

    A repair of a part that the same words say was supplemented or replaced; a closed reduction of a bone that was then
    fixed; an inspection by the way that an operation was done by (guideline B3.11a); a delivery by forceps, vacuum or
    cesarean; a curettage that removed what a pregnancy left; steps of an operation (B3.1b).
    """
    done = [code for code, places in found.items() if _is_done(places)]
    means = any(code.startswith(MEANS) and _is_done(places, DONE) for code, places in found.items())
    emptied = any(code.startswith(EMPTIED) for code in done)
    better = list(_supplemented(found))
    return [
        code for code, places in found.items()
        if (code == BIRTH and means) or (code[:3] == "0UD" and emptied) or _is_step(code, places, found)
        or (code[0] == "0" and (
            (code[2] == "Q" and any(
                (code[:2], code[3]) == (system, part) and s.mention.start < end and start < s.mention.end
                for s in places for start, end, system, part in better))
            or (code[2] == "S" and code[4] == "X" and any(one[:4] == code[:4] and one[4] != "X" for one in done))
            or (code[:4] == PERINEUM and any(one[:4] in SPHINCTER for one in done))
            or (code[2] == "J" and any(_on_the_way(code, other, found) for other in done))))
    ]  # fmt: skip


def _is_done(places: Sequence[Support], standings: tuple[str, ...] = DONE[:2]) -> bool:
    return any(not s.built.other and s.standing in standings for s in places)


def _supplemented(found: Found) -> Iterator[tuple[int, int, str, str]]:
    """Where words tell a supplement or a replacement: start, end, body system and part."""
    for code in found:
        if code[0] == "0" and code[2] in "UR":
            yield from ((s.mention.start, s.mention.end, code[:2], code[3]) for s in found[code])


def _is_step(code: str, places: Sequence[Support], found: Found) -> bool:
    """Whether it is only a step of an operation in the same report: a drain of the chest, an opened skull."""
    if code[:4] == "0B11" and _beside(places, found, re.compile("0B21")):
        return True  # a tube that was changed
    if CHEST_DRAIN.match(code):
        return _beside(places, found, CHEST)
    if code[:6] in LEADS or code[:4] == "02PA":
        leads = not any("lead" in s.way.words and s.standing == "named" for s in places)
        return leads and _beside(places, found, GENERATOR)
    if code[:5] == "0W9G3" and _beside(places, found, re.compile("08")):
        return True  # a puncture of the cornea
    if code[:4] in ("3E0U", "3E0T") and all(s.standing != "named" for s in places):
        return _beside(places, found, re.compile("0[RSLMPQ]"))
    if all(s.way.part == "freed" and (s.standing != "named" or TOLD.search(s.mention.text)) for s in places):
        return _beside(places, found, re.compile(code[:2]))
    if _otherwise(code, places, found) or (code[:3] == "08B" and _beside(places, found, re.compile("080"))):
        return True
    return bool(SKULL.match(code)) and _beside(places, found, WITHIN_SKULL)


def _otherwise(code: str, places: Sequence[Support], found: Found) -> bool:
    """Whether better words tell the same operation of the same part, done by another approach."""
    own = max(_rank(s) for s in places)
    return own[0] and any(
        other[:4] == code[:4] and other[5:] == code[5:] and other != code and max(map(_rank, there)) > own
        for other, there in found.items() if code[0] == "0" and _is_done(there)
    )  # fmt: skip


def _rank(support: Support) -> tuple[bool, bool, bool]:
    way = support.way
    return not support.built.other, way.source != "operation", support.standing == "named"


def _beside(places: Sequence[Support], found: Found, pattern: re.Pattern[str]) -> bool:
    """Whether the reports that places stand in tell an operation whose code fits a pattern."""
    notes = {s.item[0] for s in places}
    return any(
        pattern.match(other) and any(
            s.item[0] in notes and not s.built.other and s.standing in DONE[:2] and s.way.sure >= 2 for s in there)
        for other, there in found.items() if there is not places and other[2] != "J"
    )  # fmt: skip


def _on_the_way(inspection: str, other: str, found: Found) -> bool:
    """Whether an inspection only led to another operation: by the same way, where it looks or in its sentence."""
    if other[0] != "0" or other[2] == "J" or other[4] != inspection[4]:
        return False
    if inspection[:4] in GUT and other[:2] == inspection[:2]:
        return other[3] in GUT[inspection[:4]]
    same = other[:2] in SEEN.get(inspection[:4], (inspection[:2],))
    return same or bool({s.item for s in found[inspection]} & {s.item for s in found[other]})


def narrow(found: dict[str, list[Support]]) -> None:
    """Give an operation whose title leaves its part open, or names the whole organ, the parts that the text names.

    A polypectomy, and below it a polyp of the sigmoid colon that was removed; a small bowel resection of the ileum.
    """
    for code, places in list(found.items()):
        best = min(places, key=lambda s: WORTH[s.standing])
        parts = PARTS_OF.get(code[:2], {}).get(code[3], "")
        if best.standing != "named" or best.built.other or code[2] not in TAKEN or not parts:
            continue
        told = [
            other for other, there in found.items()
            if other[:3] == code[:3] and other[3] in parts and other[4:6] == code[4:6] and _is_done(there, DONE)
        ]  # fmt: skip
        for other in told:
            found[other] = [
                s if s.standing not in DONE
                else replace(s, standing="named", way=max(s.way, best.way, key=lambda way: way.sure))
                for s in found[other]
            ]
        if told:
            del found[code]
