"""Generated notes of visits that speak of drugs and items: given, planned, refused, past, at home; with codes."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.tsv import package_table

__all__ = ["generate_visits"]

SYSTEM = "hcpcs"
DRUGS = (
    ("ceftriaxone 500 mg", "IM", "J0696"),
    ("ketorolac 60 mg", "IM", "J1885"),
    ("medroxyprogesterone 150 mg", "IM", "J1050"),
    ("cyanocobalamin 1000 mcg", "IM", "J3420"),
    ("denosumab 60 mg", "subcutaneously", "J0897"),
    ("promethazine 25 mg", "IM", "J2550"),
    ("diphenhydramine 50 mg", "IV", "J1200"),
    ("ondansetron 4 mg", "IV", "J2405"),
    ("morphine 4 mg", "IV", "J2270"),
    ("dexamethasone 8 mg", "IM", "J1100"),
    ("infliximab 500 mg", "IV", "J1745"),
    ("omalizumab 300 mg", "subcutaneously", "J2357"),
    ("zoledronic acid 5 mg", "IV", "J3489"),
)
ITEMS = (
    ("a quad cane", "E0105"), ("a rolling walker", "E0143"), ("crutches", "E0114"), ("a knee immobilizer", "L1830"),
    ("a cock-up wrist splint", "L3908"), ("a hospital bed", "E0260"), ("a bedside commode", "E0163"),
    ("a knee brace", "L1812"), ("a TENS unit", "E0730"), ("a lace-up ankle brace", "L1902"),
    ("a soft cervical collar", "L0120"), ("a sling", "A4565"), ("a breast pump", "E0603"), ("a wheelchair", "K0001"),
    ("a home nebulizer", "E0570"), ("a CAM boot", "L4387"),
)  # fmt: skip
FILLERS = (
    "Blood pressure 128/76.", "Lungs are clear.", "Return in a month.", "Labs were reviewed.", "No new complaints.",
)  # fmt: skip
TITLES = ("PLAN: ", "Assessment and plan:\n", "", "TREATMENT: ", "Visit note. ")


def generate_visits(count: int, *, seed: int = 0) -> Iterator[Encounter]:
    """Make coded visits; the same count and seed give the same ones. What was given here has its code.

    >>> [one.encounter_id for one in generate_visits(2)]
    ['visit-0-0', 'visit-0-1']
    """
    frames = [(row["truth"], row["kind"], row["text"]) for row in package_table(__package__, "service_frames.tsv")]
    for number in range(count):
        random = Random(f"{seed} {number}")
        said, codes = random.sample(FILLERS, 2), dict[str, None]()
        for truth, kind, text in random.sample(frames, random.randint(1, 3)):
            words, route, code = random.choice(DRUGS if kind == "drug" else [(item, "", one) for item, one in ITEMS])
            said.append(text.format(x=words, X=words[:1].upper() + words[1:], r=route))
            codes |= {code: None} if truth == "given" else {}
        random.shuffle(said)
        known = tuple(ReferenceCode(SYSTEM, code) for code in codes)
        yield Encounter(f"visit-{seed}-{number}", (Note("n1", random.choice(TITLES) + " ".join(said)),), known,
                        setting="outpatient")  # fmt: skip
