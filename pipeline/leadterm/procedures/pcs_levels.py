"""Levels of the spine, coronary arteries and grafts, hours: values of ICD-10-PCS that are counted, not named."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

__all__ = [
    "brain_part", "cabg_codes", "dura_part", "hours_value", "joints_in", "root_parts", "spine_parts", "vessels_in",
]  # fmt: skip

_PAIR = re.compile(r"\b([ctls])\s?(\d{1,2})\s*(?:to|through|thru|,|and)?\s*([ctls])?\s?(\d{1,2})\b")
_OFFSET = {"c": 0, "t": 7, "l": 19, "s": 24}
_MOST = {"c": 7, "t": 12, "l": 5, "s": 1}
CERVICAL, CERVICOTHORACIC, THORACIC, THORACOLUMBAR, LUMBAR, LUMBOSACRAL = range(6)
WORDS = ((CERVICAL, "cervical"), (THORACIC, "thoracic"), (LUMBAR, "lumbar"), (LUMBOSACRAL, "lumbosacral"))
FUSION = {CERVICAL: ("0RG1", "0RG2"), CERVICOTHORACIC: ("0RG4",), THORACIC: ("0RG6", "0RG7", "0RG8"),
          THORACOLUMBAR: ("0RGA",), LUMBAR: ("0SG0", "0SG1"), LUMBOSACRAL: ("0SG3",)}  # fmt: skip
DISC = {CERVICAL: "R{}3", CERVICOTHORACIC: "R{}5", THORACIC: "R{}9", THORACOLUMBAR: "R{}B", LUMBAR: "S{}2",
        LUMBOSACRAL: "S{}4"}  # fmt: skip
CORD = {CERVICAL: "W", CERVICOTHORACIC: "W", THORACIC: "X", THORACOLUMBAR: "X", LUMBAR: "Y", LUMBOSACRAL: "Y"}
ROOT = {CERVICAL: "1", CERVICOTHORACIC: "1", THORACIC: "8", THORACOLUMBAR: "8", LUMBAR: "B", LUMBOSACRAL: "R"}
ARTERIES = (
    ("lad", r"\blad\b|anterior descending|diagonal"),
    ("lcx", r"circumflex|\blcx\b|obtuse marginal|\bom ?\d?\b|ramus"),
    ("rca", r"\brca\b|right coronary|posterior descending|\bpda\b"),
    ("lm", r"left main"),
)
NUMBERS = {"one": 1, "single": 1, "two": 2, "double": 2, "three": 3, "triple": 3, "four": 4, "quadruple": 4, "five": 5,
           "quintuple": 5}  # fmt: skip
_TIMES = re.compile(r"(?:\bx ?|times )(\d|one|two|three|four|five)\b|\b(single|double|triple|quadruple|quintuple)\b")


_BRAIN = re.compile(
    r"(?P<partC>cerebell|posterior fossa|vermis|suboccipital)|(?P<part1>meningioma)|(?P<partB>\bpon(?:s|tine))"
    r"|(?P<part6>intraventricular (?:tumor|mass)|ependymoma)|(?P<part9>thalam)"
    r"|(?P<part7>frontal|temporal|parietal|occipital)"
)
_DURA = re.compile(
    r"(?P<spine>laminect|laminot|d[ei]s[ck]{1,2}ect|\bspin(?:e|al)|lumbar (?!drain|punct|subarach)|thoracic|\b[ctls]\d)"
    r"|crani|brain|skull|occip|pituit|sella|burr"
)


def joints_in(text: str) -> dict[int, int]:
    """Count the joints between vertebrae that a text names, by region.

    >>> joints_in("fusion of c5 c6, c6 c7"), joints_in("l4 s1")
    ({0: 2}, {4: 1, 5: 1})
    """
    found: set[int] = set()
    for first, low, second, high in _PAIR.findall(text):
        other = second or first
        if int(low) > _MOST[first] or int(high) > _MOST[other]:
            continue
        start, end = _OFFSET[first] + int(low), _OFFSET[other] + int(high)
        found.update(range(start, end) if 0 < end - start < 20 else ())
    count: dict[int, int] = defaultdict(int)
    for joint in sorted(found):
        count[_region(joint)] += 1
    return dict(count)


def _region(joint: int) -> int:
    """Region of the joint below the vertebra of a number, counted from C1."""
    edges = ((7, CERVICAL), (8, CERVICOTHORACIC), (19, THORACIC), (20, THORACOLUMBAR), (24, LUMBAR))
    return next((region for edge, region in edges if joint < edge), LUMBOSACRAL)


def _regions(texts: Sequence[str]) -> dict[int, int]:
    """Joints by region in the first text that names some; by words such as lumbar where none does."""
    for text in texts:
        if found := joints_in(text):
            return found
    for text in texts:
        for region, word in WORDS:
            if re.search(rf"\b{word}\b", text):
                return {region: 1}
    return {}


def spine_parts(texts: Sequence[str], operation: str) -> list[str]:
    """Give the beginnings of codes for an operation on the spine: ``spine`` (fusion), ``disc:B`` or ``cord``."""
    regions = _regions(texts)
    if operation == "spine":
        return [FUSION[r][_size(r, n)] for r, n in regions.items()]
    if operation.startswith("disc"):
        return ["0" + DISC[r].format(operation[-1]) for r in regions]
    return list(dict.fromkeys(f"00N{CORD[r]}" for r in regions))


def _size(region: int, joints: int) -> int:
    if region == THORACIC:
        return 0 if joints == 1 else 1 if joints < 8 else 2
    return min(joints, len(FUSION[region])) - 1


def root_parts(texts: Sequence[str]) -> list[str]:
    """Give the beginnings of codes for the nerves of the levels named."""
    return list(dict.fromkeys(f"01N{ROOT[r]}" for r in _regions(texts)))


def vertebra_parts(texts: Sequence[str], table: str) -> list[str]:
    """Give the beginnings of codes for vertebrae: thoracic, else lumbar."""
    text = " ".join(texts)
    thoracic = bool(re.search(r"\bt\s?\d{1,2}\b|thoracic", text))
    lumbar = bool(re.search(r"\bl\s?[1-5]\b|lumbar", text))
    return [f"{table}4"] * thoracic + [f"0Q{table[2]}0"] * lumbar


def dura_part(texts: Iterable[str]) -> str:
    """Give the part for a tear of the dura: around the cord, or the brain.

    >>> dura_part(["repair of csf leak", "laminectomy l3 l4"]), dura_part(["csf leak repair after craniotomy"])
    ('T', '2')
    """
    for text in texts:
        if found := _DURA.search(text):
            return "T" if found["spine"] else "2"
    return "2"


def brain_part(texts: Iterable[str]) -> str:
    """Give the part of the brain that a tumour is in; the hemisphere where nothing else is told.

    >>> brain_part(["resection of cerebellar metastasis"]), brain_part(["craniotomy for meningioma"])
    ('C', '1')
    """
    found = next((match for text in texts if (match := _BRAIN.search(text))), None)
    return next(part for part, held in found.groupdict().items() if held)[-1] if found else "7"


def vessels_in(texts: Iterable[str]) -> int:
    """Count the coronary arteries that the first text with any names."""
    for text in texts:
        if count := sum(bool(re.search(pattern, text)) for _, pattern in ARTERIES):
            return count
    return 0


def stents_in(text: str) -> int:
    """Count the stents a text speaks of: a number before the word; where none is told two if they are several.

    >>> stents_in("three stents"), stents_in("stents to the lad and rca"), stents_in("a stent")
    (3, 2, 1)
    """
    found = re.search(r"\b(\d|one|two|three|four)\b(?:\W+\w+){0,4}?\W+stents\b", text)
    if found is None:
        return 2 if re.search(r"\bstents\b", text) else 1
    return NUMBERS.get(found[1]) or int(found[1])


def cabg_codes(text: str) -> list[str]:
    """Give the codes of a coronary bypass: the internal mammary artery, and the vein grafts.

    >>> cabg_codes("cabg x 3: lima to lad, vein to rca and om")
    ['02100Z9', '021109W']
    """
    times = _TIMES.search(text)
    total = 0 if times is None else NUMBERS.get(times[1] or times[2]) or int(times[1])
    left = bool(re.search(r"\blima\b|left internal (?:mammary|thoracic)", text))
    right = bool(re.search(r"\brima\b|right internal (?:mammary|thoracic)", text))
    vein = bool(re.search(r"\bvein|saphenous|\bsvg\b", text)) or not (left or right)
    arteries = left + right
    veins = max(total - arteries, int(vein)) if vein or total > arteries else 0
    return ["02100Z9"] * left + ["02100Z8"] * right + ([f"021{min(veins, 4) - 1}09W"] if veins else [])


def hours_value(text: str) -> tuple[str, bool]:
    """Give the value for how long a machine breathed for a patient, and whether the text tells.

    >>> hours_value("extubated after three days"), hours_value("intubated")
    (('4', True), ('3', False))
    """
    found = re.search(r"\b(\d{1,3}|one|two|three|four|five)\s*(?:full )?(hour|hr|day)s?\b", text)
    if found is None:
        return ("5", True) if re.search(r"unable to be weaned|ventilator dependen|prolonged", text) else ("3", False)
    number = NUMBERS.get(found[1]) or int(found[1])
    hours = number * (24 if found[2] == "day" else 1)
    return ("3" if hours < 24 else "4" if hours <= 96 else "5"), True
