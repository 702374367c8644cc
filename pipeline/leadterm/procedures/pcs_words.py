"""The reviewed words of surgeons (``pcs_words.tsv``), and what a text says of approach, device and qualifier."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from leadterm.codes.axis_tables import AxisTables
from leadterm.procedures.note_phrases import PhraseFinder, Phrases
from leadterm.storage.tsv import package_table

__all__ = ["Way", "procedure_finder", "said", "ways"]

ROOM = "leadterm.procedures"
GREEK = re.compile(r"\w+(?:ectom|otom|ostom|oscop|plast|graph|pex|centes|rrhaph|lys)\w*\*")
SPELLING = (
    ("appendectom", "apendicectom"), ("ph", "f"), ("th", "t"), ("ch(?=[ei])", "qu"), ("ch", "c"), ("^pn", "n"),
    ("y", "i"), ("rrh", "rr"), (r"([bcdfgmpst])\1", r"\1"), ("^s(?=[cptlmn])", "es"), ("oe", "e"),
)  # fmt: skip
LEAST, PART = 6, 4  # letters of an index term; characters of a code that name the body part
# values that only words beside the procedure itself tell
LOCAL = re.compile(r"Diagnostic|Multiple|Other Contrast|Via Natural|\^Percutaneous\$|External")


@dataclass(frozen=True, slots=True)
class Way:
    """From words to a code: table, body part, approach, device and qualifier as the table of words writes them."""

    words: str
    table: str
    part: str
    approach: str
    device: str
    qualifier: str
    sure: int
    source: str = "surgeons' words"

    @property
    def rest(self) -> tuple[str, str, str]:
        return self.approach, self.device, self.qualifier

    @property
    def settled(self) -> str:
        """The characters that the words settle, ``*`` where the text may choose."""
        return "".join(spec if len(spec) == 1 else "*" for spec in self.rest)


@lru_cache(maxsize=2)
def ways(language: str = "en") -> tuple[Way, ...]:
    """Read the table of a language.

    >>> next(way.table for way in ways() if way.words.startswith("appendectom"))
    '0DT'
    """
    rows = package_table(ROOM, "pcs_words.tsv" if language == "en" else f"pcs_words_{language}.tsv")
    made = []
    for row in rows:
        table, part, approach, device, qualifier = row["code"].split(" ") if row["code"] != "-" else [""] * 5
        made.append(Way(row["words"], table, part, approach, device, qualifier, int(row["sure"])))
    return tuple(made)


@lru_cache(maxsize=2)
def procedure_finder(tables: AxisTables, language: str = "en") -> PhraseFinder[Way]:
    """Give what finds the words of all rows; in English terms of the official index and words of root operations, too.

    In Spanish words of Greek that are only spelled otherwise are found as well.
    """
    entries = [(way.words, way) for way in ways(language)]
    if language == "en":
        return PhraseFinder([*entries, *_index_terms(tables), *_operations()])
    known = {phrase.rstrip("*") for words, _ in entries for phrase in words.split("|")}
    for way in ways():
        greek = (hispanic(word) for word in way.words.split("|") if GREEK.fullmatch(word))
        phrases = [word for word in greek if not any(word.startswith(other) for other in known)]
        entries += [("|".join(phrases), way)] if phrases else []
    return PhraseFinder(entries)


def hispanic(word: str) -> str:
    """Spell a word of Greek the Spanish way.

    >>> hispanic("cholecystectom*"), hispanic("nephrectom*"), hispanic("splenectom*"), hispanic("appendectom*")
    ('colecistectom*', 'nefrectom*', 'esplenectom*', 'apendicectom*')
    """
    for pattern, other in SPELLING:
        word = re.sub(pattern, other, word)
    return word


@lru_cache(maxsize=1)
def _attributes() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], Phrases[int]]:
    """Axis and label of each row of the table of attributes, and its words."""
    rows = package_table(ROOM, "pcs_attributes.tsv")
    words = Phrases((phrase, number) for number, row in enumerate(rows) for phrase in row["words"].split("|"))
    return tuple((row["axis"], re.compile(row["label"])) for row in rows), words


def said(axis: str, labels: Mapping[str, str], texts: Sequence[str]) -> str:
    """Tell which value of an axis the first text with a word for one names; empty where none does.

    >>> said("approach", {"0": "Open", "4": "Percutaneous Endoscopic"}, ["laparoscopic appendectomy"])
    '4'
    """
    rows = _attributes()[0]
    for number, text in enumerate(texts):
        for row in _heard(text):
            name, label = rows[row]
            if name == axis and not (number and LOCAL.search(label.pattern)):
                char = next((c for c, text_of in labels.items() if label.search(text_of)), "")
                if char:
                    return char
    return ""


@lru_cache(maxsize=256)
def _heard(text: str) -> tuple[int, ...]:
    """Rows of the table of attributes that have a word in a text."""
    return tuple(dict.fromkeys(row for _, row in _attributes()[1].first(text)))


def _index_terms(tables: AxisTables) -> Iterator[tuple[str, Way]]:
    """Terms of the official index that lead to codes and stand in no row of the table."""
    known = {phrase.strip("*") for way in ways() for phrase in way.words.split("|")}
    for path, _, _, codes in tables.index:
        term = " ".join(re.findall(r"[a-z]+", path.lower()))
        if not codes or " | " in path or len(term) < LEAST or any(term.startswith(word) for word in known):
            continue
        beginning = codes.split()[0]
        if len(beginning) < PART:
            continue
        given = beginning[PART:]
        usual = [given[i] if i < len(given) else free for i, free in enumerate(("0*", "Z*", "Z*"))]
        yield term, Way(term, beginning[:3], beginning[3], usual[0], usual[1], usual[2], 2, "index")


def _operations() -> Iterator[tuple[str, Way]]:
    """Words of root operations."""
    for row in package_table(ROOM, "pcs_operations.tsv"):
        approach, device, qualifier = row["code"].split(" ")
        table, sure = row["table"], int(row["sure"])
        yield row["words"], Way(row["words"], table, "any", approach, device, qualifier, sure, "operation")
