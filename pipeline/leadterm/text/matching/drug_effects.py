"""What a drug did: its adverse effects, poisoning by it, too little of it taken, an allergy to it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from leadterm.text.extensions import sentence_flags, token_column, token_starts, word_places
from leadterm.text.knowledge import load_table
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.overlaps import Cover, Reading

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["DrugEffectFinder"]

ADVERSE, UNDERDOSING, ACCIDENT, SELF_HARM = "5", "6", "1", "2"
WEIGHT = 8.0
LONGEST_NAME = 2
BEFORE, AFTER, LISTED, LEFT = 6, 2, 12, 4
_CUES = {
    "poisoned": "overdose overdosed overdosing ingestion ingested poisoning misuse swallowed intoxication",
    "under": "noncompliant noncompliance nonadherent nonadherence stopped missed skipped skipping underdosing",
    "adverse": "due secondary induced caused attributed reaction adverse toxicity hypersensitivity effect effects",
    "adverse_after": "induced related toxicity associated intolerance effect effects reaction",
    "poisoned_after": "overdose poisoning ingestion intoxication",
    "take": "take takes taking taken took",
    "not": "not never n't without",
    "harm": "suicide suicidal intentional intentionally harm",
    "resisted": "resistant resistance sensitive sensitivity -resistant -sensitive deficiency deficit level levels",
    "linking": "due secondary caused attributed induced",
    "linked": "to by from",
    "begun": "recommended started given prescribed continued begun treated placed received added cleared resolved "
    "responded responding improved improving completed",
    "parted": ", ; . and & then",
    "leaving": "switch switched switching change changed changing wean weaned weaning off transition transitioned "
    "relief benefit benefits improvement improved convert converted taper tapered tapering away help helped",
    "deny": "no not denies denied denying deny never without",
}
CUES = {kind: frozenset(map(get_string_id, words.split())) for kind, words in _CUES.items()}
JOINED = ("induced", "related", "associated")
FROM, COMMA = get_string_id("from"), get_string_id(",")
ALLERGY_CODES = (
    ("T36.0", "Z88.0"), ("T36", "Z88.1"), ("T37.0", "Z88.2"), ("T37", "Z88.3"), ("T41", "Z88.4"), ("T40", "Z88.5"),
    ("T39", "Z88.6"), ("T50.Z", "Z88.7"), ("T", "Z88.8"),
)  # fmt: skip


class DrugEffectFinder:
    """Finds drugs named as the cause of a problem, as taken in excess or not at all, and in a list of allergies.

    ``codes``: the codes of a release; others are not found.

    >>> from leadterm.text.pipeline import build_nlp
    >>> doc = build_nlp("en")("Cough due to lisinopril. She stopped taking metformin.")
    >>> known = {"T46.4X5", "T38.3X6"}
    >>> [c.readings[0].code for c in DrugEffectFinder(known).covers(doc)]
    ['T46.4X5', 'T38.3X6']
    """

    def __init__(self, codes: Container[str]) -> None:
        self._codes = codes
        self._names: dict[tuple[int, ...], tuple[str, str]] = {}
        for row in load_table("drug_codes.tsv"):
            name = tuple(map(get_string_id, row["drug"].split()))
            self._names[name] = row["drug"], row["code"]
        self._allergens = {
            tuple(map(get_string_id, row["allergen"].split())): (row["allergen"], row["code"])
            for row in load_table("allergens.tsv")
        }
        self._joined = {
            get_string_id(f"{row['drug']}-{word}"): (row["drug"], row["code"])
            for row in load_table("drug_codes.tsv") for word in JOINED
        }  # fmt: skip
        self._first = frozenset(name[0] for name in (*self._names, *self._allergens)) | self._joined.keys()

    def covers(self, doc: Doc) -> list[Cover]:
        """Find all effects of drugs.

        In order of the text; clause -1. ``doc``: with sentence starts and sections set.
        """
        places = word_places(doc)
        present = self._first.intersection(places)
        if not present:
            return []
        words = token_column(doc, "LOWER")
        starts = sentence_flags(doc)
        harmed = SELF_HARM if _is_harm_meant(words, places) else ACCIDENT
        allergies = _allergy_titles(doc)
        found: list[Cover] = []
        for i in sorted([i for name in present for i in places[name]]):
            found += self._at(i, words, starts, harmed, allergies)
        return found

    def _at(
        self, i: int, words: Sequence[int], starts: Sequence[bool], harmed: str, allergies: Sequence[tuple[int, int]]
    ) -> Iterator[Cover]:
        """What the words around a drug say of it."""
        if words[i] in self._joined:
            name, family = self._joined[words[i]]
            yield from self._effect((i,), family, ADVERSE, name)
            return
        named = [tuple(words[i : i + n]) for n in range(LONGEST_NAME, 0, -1)]
        known = next((words for words in named if words in self._names or words in self._allergens), ())
        if not known:
            return
        title = next((first for first, last in allergies if first < i < last), -1)
        if known in self._allergens and title >= 0:
            name, code = self._allergens[known]
            yield _cover((title, *range(i, i + len(known))), code, f"allergy to {name}")
            return
        if known not in self._names:
            return
        size, (name, family) = len(known), self._names[known]
        own = tuple(range(i, i + size))
        if size + i < len(words) and words[i + size] in CUES["resisted"]:
            return
        cue, intent = _intent(i, i + size, words, starts, harmed)
        if intent:
            yield from self._effect((*own, cue), family, intent, name)
        allergy = next(code for start, code in ALLERGY_CODES if family.startswith(start))
        if title >= 0 and allergy in self._codes:
            yield _cover((title, *own), allergy, f"allergy to {name}")


    def _effect(self, tokens: tuple[int, ...], family: str, intent: str, name: str) -> Iterator[Cover]:
        if family + intent in self._codes:
            term = {ADVERSE: "adverse effect", UNDERDOSING: "underdosing"}.get(intent, "poisoning")
            yield _cover(tokens, family + intent, f"{term} of {name}")


def _cover(tokens: tuple[int, ...], code: str, term: str) -> Cover:
    size = len(tokens)
    return Cover(tuple(sorted(set(tokens))), -1, (Reading(code, term, "drug", size, 0, 0, WEIGHT * size),))


def _allergy_titles(doc: Doc) -> list[tuple[int, int]]:
    """First token and end of each list of allergies."""
    sections = [s for s in doc._.sections if s.category == "allergies" and s.title_end > s.title_start]
    if not sections:
        return []
    edges = token_starts(doc).searchsorted([(s.title_start, s.end) for s in sections]).tolist()
    return [(first, last) for first, last in edges]


def _intent(first: int, last: int, words: Sequence[int], starts: Sequence[bool], harmed: str) -> tuple[int, str]:
    """The word that tells what a drug did, and the character it stands for; empty if nothing does."""
    for k in range(last, min(last + AFTER, len(words))):
        if starts[k] or words[k] == COMMA:
            break
        if words[k] in CUES["poisoned_after"]:
            return k, harmed
        if words[k] in CUES["adverse_after"]:
            return k, ADVERSE
    for k in range(first - 1, max(first - LISTED, 0) - 1, -1):
        if starts[k + 1]:
            break
        if words[k] in CUES["poisoned"]:
            return k, harmed
        if first - k > BEFORE:
            continue
        missed = words[k] in CUES["under"] and words[k + 1] not in CUES["parted"]  # "that stopped, this drug begun"
        if missed or (words[k] in CUES["take"] and _denied(k, words)):
            return k, UNDERDOSING
        by = words[k] == FROM and first - k == 1 and CUES["leaving"].isdisjoint(words[max(k - LEFT, 0) : k])
        if by or (words[k] in CUES["adverse"] and _links(k, first, words)):
            return k, ADVERSE
    return -1, ""


def _links(k: int, first: int, words: Sequence[int]) -> bool:
    """Whether a word of cause leads to the drug: not "secondary anemia", nor "due to pain, started on" a drug."""
    linked = words[k] not in CUES["linking"] or words[k + 1] in CUES["linked"]
    return linked and CUES["begun"].isdisjoint(words[k:first])


def _is_harm_meant(words: Sequence[int], places: Mapping[int, Sequence[int]]) -> bool:
    """Whether a word of self-harm stands in a doc that no word before it denies."""
    said = (k for word in CUES["harm"] & places.keys() for k in places[word])
    return any(CUES["deny"].isdisjoint(words[max(k - BEFORE, 0) : k]) for k in said)


def _denied(k: int, words: Sequence[int]) -> bool:
    return not CUES["not"].isdisjoint(words[max(k - 3, 0) : k])
