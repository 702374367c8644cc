"""Generated notes of stays that speak of procedures: done, planned, refused, past, elsewhere; coded by construction."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random

from leadterm.codes.registry import load_axis_tables
from leadterm.procedures.pcs_build import Builder, Place
from leadterm.procedures.pcs_words import Way, ways
from leadterm.schema import Encounter, Note, ReferenceCode
from leadterm.storage.tsv import package_table

__all__ = ["generate_stays"]

SYSTEM = "icd10pcs"
ENDINGS = {"ectom": "ectomy", "otom": "otomy", "ostom": "ostomy", "oscop": "oscopy", "plast": "plasty", "pex": "pexy",
           "gra": "gram", "biops": "biopsy", "transplant": "transplant", "bypass": "bypass"}  # fmt: skip
LEAST = 3  # how sure a row of words is that is put into a note
SIDES = ("right ", "left ", "")
FILLERS = (
    "Vital signs were stable.", "She ate and walked.", "Pain was controlled with tablets.", "Labs were unremarkable.",
    "He was seen by the team each day.", "Diet was advanced.", "The family was kept informed.",
)  # fmt: skip


@lru_cache(maxsize=1)
def _named() -> tuple[tuple[str, Way], ...]:
    """Phrases that stand for one row of words alone, as a note would write them."""
    found: dict[str, list[Way]] = {}
    for way in ways():
        for phrase in way.words.split("|"):
            if written := _written(phrase):
                found.setdefault(written, []).append(way)
    return tuple((text, same[0]) for text, same in sorted(found.items()) if len(same) == 1 and same[0].sure >= LEAST)


def _written(phrase: str) -> str:
    """A phrase with its endings; empty where the table leaves too much open."""
    words = []
    for word in re.sub(r"\[[^\]]*\] ?", "", phrase).split():
        ending = next((full for cut, full in ENDINGS.items() if word.endswith(f"{cut}*")), None)
        if "/" in word or word == ".." or (word.endswith("*") and ending is None):
            return ""
        words.append(re.sub(r"(ectom|otom|ostom|oscop|plast|pex|gra|biops|transplant|bypass)\*$", ending or "", word))
    return " ".join(words)


def generate_stays(count: int, *, seed: int = 0) -> Iterator[Encounter]:
    """Make coded stays; the same count and seed give the same ones.

    Every note speaks of one to three procedures; those it says were done have their code.

    >>> [one.encounter_id for one in generate_stays(2)]
    ['stay-0-0', 'stay-0-1']
    """
    builder = Builder(load_axis_tables(SYSTEM))
    frames = [(row["truth"], row["place"], row["text"]) for row in package_table(__package__, "procedure_frames.tsv")]
    for number in range(count):
        random = Random(f"{seed} {number}")
        parts, codes = [], dict[str, None]()
        for truth, place, frame in _drawn(random, frames):
            name, way = random.choice(_named())
            name = random.choice(SIDES) * ("/" in way.part) + name
            text = frame.replace("\\n", "\n").format(p=name, P=name[:1].upper() + name[1:])
            parts.append((place, text))
            built = builder.build(way, Place(text.lower(), text.lower().find(name)))
            codes |= {one.code: None for one in built if truth == "done" and not one.other}
        text = _note(random, parts)
        known = tuple(ReferenceCode(SYSTEM, code) for code in codes)
        yield Encounter(f"stay-{seed}-{number}", (Note("n1", text),), known, setting="inpatient")


def _drawn(random: Random, frames: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Half of what is said was done, at most one title."""
    drawn: list[tuple[str, str, str]] = []
    for _ in range(random.randint(1, 3)):
        done = random.random() < 0.5
        some = [one for one in frames if (one[0] == "done") == done and not (one[1] == "title" and drawn)]
        drawn.append(random.choice(some))
    return drawn


def _note(random: Random, parts: list[tuple[str, str]]) -> str:
    """Put sentences below their headings, titles first."""
    course = [text for place, text in parts if place == "course"]
    course = [*course, *random.sample(FILLERS, 2)]
    random.shuffle(course)
    plans = [text for place, text in parts if place == "plan"]
    title = random.choice(("HOSPITAL COURSE: ", "Hospital course:\n", "", "Progress note. ", "COURSE: "))
    return "\n".join([
        *(text for place, text in parts if place in ("title", "indication")), title + " ".join(course),
        *(text for place, text in parts if place == "past"), *(f"PLAN: {text}" for text in plans),
    ])  # fmt: skip
