"""Words that a note implies without writing them: the region of a vertebra, the trimester of a week of gestation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from leadterm.dictionary.injuries import CLAUSE_REACH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leadterm.text.reading import FoundMention, NoteReading, Reading

__all__ = ["at_level", "at_levels", "at_term", "implied", "is_type_one", "of_type_one", "regions"]

WEIGHT = 2.0
SPINE = ("M4", "M5", "M99", "S12", "S13", "S22", "S23", "S32", "S33", "G95", "G99")
PREGNANCY = ("O", "Z34", "Z36")
VERTEBRA = re.compile(r"([ctl])(\d{1,2})$")
REGIONS = {"c": "cervical", "t": "thoracic", "l": "lumbar"}
NECK, BACK = "M50", "M51"  # discs; the fourth character tells of either what is wrong
OF_DISCS = {
    NECK: frozenset({"cervical", "cervicothoracic"}),
    BACK: frozenset({"thoracic", "thoracolumbar", "lumbar", "lumbosacral"}),
}  # fmt: skip
BOTH_HAVE = "123"
JUNCTIONS = (({"l5", "s1"}, "lumbosacral"), ({"c7", "t1"}, "cervicothoracic"), ({"t12", "l1"}, "thoracolumbar"))
HIGH_CERVICAL = frozenset({"c2", "c3"})
OF_LIMBS = (
    "C43", "C44", "C47", "C49", "C77", "D03", "D04", "D17.2", "D21", "D22", "D23", "G56", "G57", "G83", "G90.5",
    "L02.4", "L03.1", "R22", "R60",
)  # fmt: skip
LIMBS: Mapping[str, frozenset[str]] = {
    "lower": frozenset({"thigh", "leg", "calf", "shin", "knee", "ankle", "hip"}),
    "upper": frozenset({"arm", "forearm", "elbow", "wrist", "shoulder"}),
}
PAIN_OF_LIMBS, EXTREMITIES = "M79.6", {"lower": "leg", "upper": "arm", "thumb": "finger"}
SEVERAL = 3  # vertebrae: levels of their own between each two
OF_LEVELS = ("M47", "M48.0", "M50", "M51")
LAST = {"t1": "c7", "l1": "t12", "s1": "l5"}  # what stands above the first vertebra of a region
LISFRANC, SUBLUXATION = "S93.32", "subluxation"  # a fracture there puts the joint out of place
OF_SPINE, FAR = ("cervical", "thoracic", "lumbar"), 1.0
# How deep a pressure ulcer is told to be, where its stage is not.
SORES, DEPTHS = "L89", {"3": frozenset({"full", "thickness"}), "2": frozenset({"partial", "thickness"})}
PARALYSIS = ("G81", "G83", "I69")
# A side whose dominance is not told: the right one is taken for dominant, the left one for not (guideline I.C.6.a).
DOMINANCE: Mapping[str, Mapping[str, float]] = {
    "right": {"dominant": WEIGHT}, "left": {"nondominant": WEIGHT, "non": WEIGHT, "dominant": WEIGHT / 4}, "": {},
}  # fmt: skip
SECOND_TRIMESTER, THIRD_TRIMESTER, TERM = 14, 28, 37
# What weeks of gestation tell of a disorder that is named without its time: before 37 weeks, and from then on.
BY_TERM = {
    "O42.90": ("O42.91", "O42.92"), "O42.00": ("O42.01", "O42.02"), "O42.10": ("O42.11", "O42.12"),
    "O47.9": ("O47.0", "O47.1"), "O15.9": ("O15.0", "O15.0"),
}  # fmt: skip
WEEKS, FIRST = "Z3A.", ("Z34.0", "Z34.00")
TYPE_1, TYPE_2, OF_MANY_CODES = "E10", "E11", ("E11.1", "E11.3")  # others stand in combinations.tsv
TYPED = re.compile(r"type (?:[12]|ii?)\b|\bt[12]dm|\bdm ?(?:[12]|ii?)\b|juvenile", re.IGNORECASE)


def implied(
    code: str, said: Mapping[str, float], found: FoundMention, note: NoteReading, period: str
) -> dict[str, float]:
    """Give the words that count as said near a mention, for the family of one of its codes.

    Normal word to weight; empty for most families. ``said``: words that the note writes, with their weights.
    ``period``: the part of maternity that the record is of, or empty.
    """
    if code.startswith(SPINE):
        told = regions(found.near[:CLAUSE_REACH]) or regions(found.sentence)
        return dict.fromkeys(told, WEIGHT) or _only_region(note)
    if code.startswith(SORES):
        near = frozenset(found.near)
        return {word: WEIGHT for stage, deep in DEPTHS.items() if deep <= near for word in ("stage", stage)}
    if code.startswith(PREGNANCY):
        return dict.fromkeys((*_trimester(note), period) if period else _trimester(note), WEIGHT)
    if code.startswith(OF_LIMBS):
        near = frozenset(found.near[:CLAUSE_REACH])
        limb = ("limb",) if "extremity" in near else ()
        parts = (w for part, sites in LIMBS.items() if sites & near for w in (part, "limb"))
        return dict.fromkeys((*limb, *parts), WEIGHT)
    if code.startswith(PAIN_OF_LIMBS) and not {"extremity", "thumb"}.isdisjoint(found.near):
        return {EXTREMITIES[part]: WEIGHT for part in found.near[:CLAUSE_REACH] if part in EXTREMITIES}
    if code.startswith(LISFRANC):
        return {} if SUBLUXATION in said else {"dislocation": WEIGHT}
    if code.startswith(PARALYSIS):
        return dict(DOMINANCE[next((side for side in DOMINANCE if side in said), "")])
    return {}


def _only_region(note: NoteReading) -> dict[str, float]:
    """The region of the spine that a note is about, where it names one alone: "MRI of the lumbar spine"."""
    named = [region for region in OF_SPINE if region in note.words]
    return dict.fromkeys(named, FAR) if len(named) == 1 and "spine" in note.words else {}


def at_level(reading: Reading, found: FoundMention) -> Reading:
    """Give a reading of a disc where its level is told: what stands for a disc of the back may be one of the neck."""
    own, other = (NECK, BACK) if reading.code.startswith(NECK) else (BACK, NECK)
    if not reading.code.startswith(own) or reading.code[4:5] not in BOTH_HAVE or len(reading.code) < len("M50.1"):
        return reading
    told = frozenset(regions(found.near[:CLAUSE_REACH]))
    if not told.isdisjoint(OF_DISCS[own]) or told.isdisjoint(OF_DISCS[other]):
        return reading
    return replace(reading, code=f"{other}.{reading.code[4]}")


def is_type_one(notes: Iterable[NoteReading]) -> bool:
    """Tell whether the diabetes of the notes is of type 1, and of no other."""
    told = {
        found.readings[0].code[:3]
        for note in notes for found in note.mentions
        if found.readings[0].code.startswith((TYPE_1, TYPE_2)) and found.mention.assertion in ("present", "history")
        and TYPED.search(found.readings[0].term)
    }  # fmt: skip
    return told == {TYPE_1}


def of_type_one(reading: Reading) -> Reading:
    """Give a complication that is named without its type, and has several codes, as one of type 1 diabetes."""
    untyped = reading.code.startswith(OF_MANY_CODES) and not TYPED.search(reading.term)
    return replace(reading, code=TYPE_1 + reading.code[3:]) if untyped else reading


def at_levels(code: str, said: Mapping[str, float], found: FoundMention) -> list[dict[str, float]]:
    """Give what is said of each level where several are told: "L3-L4, L4-L5 and L5-S1"; nothing where one or none is.

    ``said``: words that the note writes near the mention, with their weights.
    """
    if not code.startswith(OF_LEVELS):
        return []
    near = found.near[:CLAUSE_REACH]
    bones = {word for word in regions(near) if VERTEBRA.match(word)} | {"s1"} & set(near)
    pairs = [(above, word) for word in sorted(bones) if (above := _above(word)) in bones]
    ways = {regions(pair): None for pair in pairs} if len(bones) >= SEVERAL else {}
    rest = {word: weight for word, weight in said.items() if word not in bones}
    return [dict.fromkeys(way, WEIGHT) | rest for way in ways] if len(ways) > 1 else []


def _above(vertebra: str) -> str:
    """The vertebra above one."""
    letter, number = vertebra[0], int(vertebra[1:])
    return LAST.get(vertebra, f"{letter}{number - 1}")


def regions(words: Iterable[str]) -> tuple[str, ...]:
    """Give the vertebrae that words name, and their regions.

    Sorted. Of "L5-S1" the junction, not the lumbar region. ``words``: normal words of a clause.

    >>> regions(["disc", "c5", "6"]), regions(["l5", "s1"])
    (('c5', 'c6', 'cervical'), ('l5', 'lumbosacral'))
    """
    said = frozenset(words)
    found: set[str] = set()
    for word in said:
        match = VERTEBRA.match(word)
        if match:
            letter, number = match.group(1), int(match.group(2))
            found.add(word)
            if str(number + 1) in said:
                found.add(f"{letter}{number + 1}")
    junction = next((name for both, name in JUNCTIONS if both <= said | found), "")
    names = {junction} if junction else {REGIONS[word[0]] for word in found}
    if found >= HIGH_CERVICAL:
        names.add("high")
    return tuple(sorted(found | names))


def at_term(reading: Reading, note: NoteReading) -> Reading:
    """Give a reading of pregnancy with what the weeks of gestation tell of it: preterm, at term."""
    if reading.code not in (*BY_TERM, *FIRST) or not (latest := _weeks(note)):
        return reading
    if reading.code in FIRST:  # of it "first" tells no trimester
        return replace(reading, code=f"Z34.0{1 + (latest >= SECOND_TRIMESTER) + (latest >= THIRD_TRIMESTER)}")
    before, after = BY_TERM[reading.code]
    return replace(reading, code=after if latest >= TERM else before)


def _weeks(note: NoteReading) -> int:
    """The latest weeks of gestation that a note tells, or 0."""
    weeks = (
        int(reading.code.removeprefix(WEEKS))
        for found in note.mentions for reading in found.readings
        if reading.code.startswith(WEEKS) and found.mention.assertion == "present"
    )  # fmt: skip
    return max(weeks, default=0)


def _trimester(note: NoteReading) -> tuple[str, ...]:
    """Give the words of the trimester that the weeks of gestation told in a note fall in; none where none is told."""
    latest = _weeks(note)
    if not latest:
        return ()
    return ("trimester", "third" if latest >= THIRD_TRIMESTER else "second" if latest >= SECOND_TRIMESTER else "first")
