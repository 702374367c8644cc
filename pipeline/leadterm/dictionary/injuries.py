"""What an injury's code tells beside its place: episode of care, healing, open or closed, consciousness."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from leadterm.dictionary.specify import Choice

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.text.reading import FoundMention, NoteReading, Reading

__all__ = [
    "ANY_EPISODE", "CLAUSE_REACH", "EPISODIC", "OF_THE_HEAD", "OF_THE_TRUNK", "as_injury", "bones", "consciousness",
    "episodes", "fitting", "injured", "of_injured_head", "with_consciousness",
]  # fmt: skip

CLAUSE_REACH = 8
HEALING = frozenset({"healing", "healed", "union", "aftercare", "recheck", "callus"})
RETURNING = frozenset({"follow", "followup", "postoperative", "postop", "recheck", "aftercare", "removal"})
REHABILITATION = frozenset({"rehabilitation", "rehab", "therapist", "chiropractic", "impairment", "disability"})
THERAPY = frozenset({"physical", "therapy"})
LATE_EFFECT = frozenset({"late", "effect"})
SEQUELA = frozenset({"sequela", "residual"})
SUBSEQUENT = frozenset({"subsequent", "encounter"})
EARLIER = frozenset({"ago", "status"})
DRUG_EFFECTS = ("T36", "T51")
POISONED, OF_INTENT = ("T36", "T66"), len("T42.4X1")
BY_ACCIDENT, ON_PURPOSE = "1", "2"
ON_PURPOSE_WORDS = frozenset({"intentional", "suicide", "suicidal", "deliberate"})
FRACTURES = ("S", "M48.5", "M80", "M84")
EPISODIC = ("S", "T", "V", "W", "X", "Y", "M48", "M80", "M84", "M97")
"""Where codes with a seventh character for the episode of care stand; no other code asks for one."""
ANY_EPISODE = ("A",)
UNHEALED = {"nonunion": "K", "nonunited": "K", "ununited": "K", "malunion": "P", "malunited": "P"}
RIB, RIBS, FEW = "S22.3", "S22.4", 6
PLURALS = ("ribs", "fractures", "fxs")
SEVERAL = frozenset({"multiple", "several", "many", "two", "three", "four", "five", "six"})
# What is no injury by itself, but is one where the chest was injured: code → code of chapter 19.
BY_INJURY = {"J93.9": "S27.0", "J93.83": "S27.0", "J94.2": "S27.1"}
OF_THE_TRUNK = ("S2", "S36", "S37", "S42.0", "S42.1", "V", "W", "Y03", "Y04", "X95", "X99")
COLLAPSED, BROKEN_BACK = "M48.5", {"cervical": "S12.9", "thoracic": "S22.0", "lumbar": "S32.0"}
WEDGED = re.compile(r"S[23]2\.0\d?0$")
OSTEOPOROSIS, OF_BRITTLE_BACK = ("M80", "M81"), "M80.08"
REGION_OF = {"c": "cervical", "t": "thoracic", "l": "lumbar"}
FALLEN = frozenset({"fall", "fell", "accident", "trauma", "traumatic", "collision", "mva", "mvc", "crash"})
BRITTLE = frozenset({"osteopenia", "pathological", "insufficiency", "metastasis", "myeloma"})
BURNS, UNTOLD, CORROSION = ("T20", "T21", "T22", "T23", "T24", "T25"), "04", "4"
DEGREES = {
    "third": 3, "full": 3, "second": 2, "partial": 2, "blister": 2, "first": 1, "superficial": 1,
}  # fmt: skip
PARTIAL = "partial"  # "superficial partial thickness" is of the second degree
# Bleeding into an injured head, and bruises of the brain by their side: code → code of chapter 19.
OF_HEADS = {"I60.9": "S06.6X", "I61": "S06.36", "I62.0": "S06.5X", "I62.1": "S06.4X"}
CEREBRUM = {"S06.33": {"right": "S06.31", "left": "S06.32"}, "S06.36": {"right": "S06.34", "left": "S06.35"}}
# A fall at home may follow a bleeding, and a subdural one is named alike whatever brought it.
OF_THE_HEAD = ("S00", "S01", "S02", "S06.0", "S06.2", "S06.3", "S06.9", "S09", "V", "W1", "Y03", "Y04")
OPEN = frozenset({"open", "compound", "gunshot"})
CLOSED, REDUCED = frozenset({"closed"}), frozenset({"reduction", "orif"})  # "open reduction" says nothing of the skin
BESIDE = 3
ORDINALS = frozenset({
    "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
})  # fmt: skip
HEAD_INJURY = "S06"
# Fractures named by their joint or limb, and those of its bones, of which one that is named elsewhere is meant.
OF_JOINTS = {
    "S62.10": ("S52.5", "S52.6"), "S72.00": ("S72.1", "S72.2"), "S82.89": ("S82.5", "S82.6", "S82.84", "S82.85"),
    "S42.40": ("S42.41", "S42.42", "S42.43", "S42.44", "S52.02", "S52.12", "S52.13"), "S62.30": ("S62.33", "S62.36"),
    "S92.90": ("S92.0", "S92.1", "S92.2", "S92.3"), "S82.9": ("S82.1", "S82.2", "S82.4", "S72.3"),
    "S52.9": ("S52.0", "S52.1", "S52.2", "S52.3", "S52.5", "S52.6"),
}  # fmt: skip
UNCONSCIOUS = frozenset({"R55", "R40.20"})
STATED = frozenset("12345678")


def episodes(found: FoundMention, note: NoteReading) -> tuple[str, ...]:
    """Tell the episode of care of an injury from the words around it.

    The likely readings, the first the likeliest. Each is a row of 7th characters, of which the first that the code has
    is meant: ``"KD"`` is nonunion of a fracture, and a subsequent encounter for any other injury.
    """
    heading = note.problem_of(found).heading
    close = found.sentence | heading
    if close & SEQUELA or close >= LATE_EFFECT:
        return ("S",)
    unhealed = next((letter for word, letter in UNHEALED.items() if word in close), "")
    if unhealed or {"delayed", "healing"} <= close:
        return ((unhealed or "G") + "D",)
    near = (*found.near[: found.readings[0].words + BESIDE], *(sorted(heading) if found.heading < 0 else ()))
    is_open = next((word in OPEN for word in near if word in OPEN | CLOSED), False) and not close & REDUCED
    first, later = ("BA", "ED") if is_open else ("A", "D")
    if close & HEALING or close >= SUBSEQUENT:
        return (later,)
    if note.complaint & RETURNING:
        return (later, first)
    return (first, later) if close & EARLIER or note.words & REHABILITATION or note.words >= THERAPY else (first,)


def injured(notes: Sequence[NoteReading], codes: tuple[str, ...]) -> bool:
    """Tell whether the notes name an injury of chest and belly, or of the head, or an accident, as present.

    Words that may as well be meant of a disease ("hemopneumothorax") name none.
    """
    return any(
        found.mention.assertion == "present" and found.readings[0].code.startswith(codes)
        for note in notes for found in note.mentions
    )  # fmt: skip


def as_injury(reading: Reading, found: FoundMention, trunk: bool, bones: Mapping[str, str]) -> Reading:
    """Give a reading in the terms of injuries: of air in an injured chest, of ribs, of a burn's degree, of intent.

    ``trunk``: what `injured` gave. ``bones``: what `bones` gave.
    """
    if reading.code in bones:
        return replace(reading, code=bones[reading.code])
    if trunk and reading.code in BY_INJURY:
        return replace(reading, code=BY_INJURY[reading.code])
    if reading.code.startswith(BURNS) and reading.code[4:5] in UNTOLD:
        return replace(reading, code=_with_degree(reading.code, found))
    if reading.code.startswith(COLLAPSED) or WEDGED.match(reading.code):
        return replace(reading, code=bones.get(COLLAPSED) or _by_force(reading.code, found))
    if POISONED[0] <= reading.code < POISONED[1] and reading.code[OF_INTENT - 1 :] == BY_ACCIDENT:
        meant = not ON_PURPOSE_WORDS.isdisjoint(found.near[:CLAUSE_REACH])
        return replace(reading, code=reading.code[:-1] + ON_PURPOSE) if meant else reading
    if reading.code == RIB:
        near = frozenset(found.near[:FEW])
        plural = any(word in found.mention.text.lower() for word in PLURALS)
        if plural or near & SEVERAL or len(near & ORDINALS) > 1:
            return replace(reading, code=RIBS)
    return reading


def bones(notes: Sequence[NoteReading]) -> dict[str, str]:
    """Give for fractures named by a joint or limb the one bone of it that notes name: "wrist fracture", distal radius.

    Nothing for those of which no bone is named, or bones with different codes. Of a vertebra that collapsed, what it is
    where osteoporosis is known (I.C.13.d.2).
    """
    told = {
        reading.code for note in notes for found in note.mentions for reading in found.readings[:1]
        if reading.code[0] == "S" and found.mention.assertion == "present"
    }  # fmt: skip
    named = {joint: [code for code in told if code.startswith(own)] for joint, own in OF_JOINTS.items()}
    porous = any(
        found.mention.assertion in ("present", "history") and found.readings[0].code.startswith(OSTEOPOROSIS)
        for note in notes for found in note.mentions
    )  # fmt: skip
    brittle = {COLLAPSED: OF_BRITTLE_BACK} if porous else {}
    return {joint: codes[0] for joint, codes in named.items() if len(codes) == 1 and joint in told} | brittle


def of_injured_head(readings: Sequence[Reading], found: FoundMention) -> list[Reading]:
    """Give bleeding into the brain, and its bruises, as they are where the head was injured."""
    if any(reading.code.startswith(HEAD_INJURY) and reading.code not in CEREBRUM for reading in readings):
        return list(readings)
    sides = [word for word in found.near[:CLAUSE_REACH] if word in ("right", "left")][:1]
    made = []
    for reading in readings:
        code = next((OF_HEADS[own] for own in OF_HEADS if reading.code.startswith(own)), reading.code)
        code = next((CEREBRUM[code][side] for side in sides if code in CEREBRUM), code)
        made.append(replace(reading, code=code))
    return made


def _by_force(code: str, found: FoundMention) -> str:
    """The code of a collapsed vertebra: of an injury after a fall, but of a brittle bone (I.C.13.d.2)."""
    said = found.sentence.union(found.near)
    if not code.startswith(COLLAPSED) or FALLEN.isdisjoint(said) or not BRITTLE.isdisjoint(said):
        return code
    levels = {REGION_OF[word[0]] for word in said if word[:1] in REGION_OF and word[1:].isdigit()} | said
    return next((own for region, own in BROKEN_BACK.items() if region in levels), code)


def _with_degree(code: str, found: FoundMention) -> str:
    """The code of a burn or corrosion with the degree that its clause tells."""
    told = [word for word in found.near[:CLAUSE_REACH] if word in DEGREES]
    degree = DEGREES[PARTIAL if PARTIAL in told[:2] else told[0]] if told else 0
    shift = int(CORROSION) if code[4] == CORROSION else 0
    return f"{code[:4]}{degree + shift}{code[5:]}" if degree else code


def fitting(code: str, told: tuple[str, ...]) -> tuple[str, ...]:
    """Give the episodes of care that a code may tell: several for an injury or fracture, the first for what caused it.

    An effect of a drug is treated where it is named: initial, unless a sequela is told. ``told``: what `episodes` gave.
    """
    if DRUG_EFFECTS[0] <= code < DRUG_EFFECTS[1]:
        return told if told == ("S",) else ("A",)
    return told if code.startswith(FRACTURES) else told[:1]


def consciousness(notes: Sequence[NoteReading]) -> str:
    """Tell whether a loss of consciousness is documented.

    The 6th character of a head injury's code: ``"9"`` for some time, ``"0"`` denied, ``"A"`` not told.
    """
    said = {
        found.mention.assertion
        for note in notes for found in note.mentions
        if not UNCONSCIOUS.isdisjoint(reading.code for reading in found.readings)
    }  # fmt: skip
    if said & {"present", "history"}:
        return "9"
    return "0" if "absent" in said else "A"


def with_consciousness(choices: Iterable[Choice], told: str, system: CodeSystem) -> tuple[Choice, ...]:
    """Say in codes of head injuries what is documented of consciousness; a stated duration is kept.

    The same, but for the 6th character of head injuries. ``choices``: codes chosen within a family. ``told``: what
    `consciousness` gave. ``system``: tells which codes there are.
    """
    return tuple(_conscious(choice, told, system) for choice in choices)


def _conscious(choice: Choice, told: str, system: CodeSystem) -> Choice:
    code = choice.code
    if not code.startswith(HEAD_INJURY) or len(code) < len("S06.5X0A") or code[6] in STATED:
        return choice
    other = f"{code[:6]}{told}{code[7:]}"
    return replace(choice, code=other) if other in system and system.is_billable(other) else choice
