"""Reads misspelled words: the one word of the terms that an unknown word of a note can only mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from leadterm.text.matching.lexicon import Lexicon
    from leadterm.text.words.normalise import Normaliser

__all__ = ["SpellingCorrector"]

SHORTEST, SHORTEST_TARGET = 5, 6
LONG = 9
PARTICIPLE = 10
DOMINANT = 8
KNOWN, RARE, COMMON = 3, 2, 5
STEM = 4
SUFFIXES = (
    "s", "es", "ed", "d", "ing", "er", "ers", "or", "r", "y", "ly", "al", "ally", "ial", "ic", "ical", "ically",
    "ive", "ively", "able", "ible", "ably", "ment", "ness", "ion", "ation", "e", "ate", "ated", "ating", "ates",
    "ator", "ize", "ized", "izing", "ous", "ously", "ful", "less", "ist", "ity", "ies", "ied", "ary", "ory",
    "ant", "ent", "ance", "ence", "ancy", "ency", "a", "um", "us", "i", "ae", "ia", "ium", "ar", "en", "th",
    "ish", "ism", "ine", "in", "ide", "ure", "age", "oid", "logist", "logy", "t", "o", "n", "fully", "ward",
    "hood", "ship", "man", "men", "work", "like", "ility", "ability", "iest", "ier", "est", "ase", "ose", "ata",
    "is", "k", "l", "m", "c",
)  # fmt: skip
BEGINNINGS = (
    "intra", "inter", "infra", "supra", "super", "sub", "hyper", "hypo", "peri", "para", "pre", "pro", "post",
    "ante", "anti", "auto", "endo", "ecto", "epi", "retro", "extra", "exo", "trans", "uni", "un", "re", "mal",
    "mis", "dis", "dys", "de", "non", "im", "in", "con", "com", "ex", "micro", "macro",
)  # fmt: skip
KINDS = (
    "scopy", "stomy", "tomy", "ectomy", "plasty", "graphy", "gram", "graph", "lysis", "rrhaphy", "oma", "omata",
    "itis", "osis", "emia", "uria", "penia", "philia", "pathy", "plasia", "plegia", "megaly", "algia", "genic",
    "genous", "trophy", "trophic", "ectasis", "ptosis", "phagia", "phasia", "statin", "olol", "pril", "sartan",
    "azole", "mycin", "cillin", "lone", "one", "sone", "pine", "mab", "nib", "ase", "ose", "ation", "ition",
    "ution", "sion",
)  # fmt: skip
ENDINGS = frozenset(SUFFIXES)
# As written: as meant.
MISSPELT_ENDINGS = {"us": ("is",), "is": ("es",), "na": ("ma",), "a": ("ia",), "ea": ("ia",), "s": ("t",)}
ALIKE = str.maketrans("czqxm", "sskkn")
SILENT = str.maketrans("", "", "aeiouyh")
DOUBLED = re.compile(r"(.)\1+")


def _no_families(word: str) -> frozenset[str]:  # noqa: ARG001
    return frozenset()


class SpellingCorrector:
    """Finds the one known word that a misspelled word stands for.

    A word may be one edit away from the known word, a word of nine letters two; an edit is a letter left out, put in,
    changed, or swapped with its neighbour (Damerau and Levenshtein's distance, each letter in at most one edit). The
    consonants must agree but for one. Where several known words are equally near, one must be in at least eight times
    as many terms as the next; else the word stays unknown.

    ``counts``: known words (folded, singular) and the number of terms that hold them. ``correct``: words that are
    spelled right though no term holds them. ``families``: gives the categories of the codes that a known word helps
    to name. A rare known word is read as a common one too when it names no other category, for then it is a known
    misspelling.

    >>> corrector = SpellingCorrector({"hypertension": 40, "pneumonia": 90, "diabetes": 300}, ["diabetic"])
    >>> [corrector.correct(w) for w in ("hypertention", "penumonia", "diabetis", "diabetic", "sunshine")]
    ['hypertension', 'pneumonia', 'diabetes', None, None]
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        correct: Iterable[str] = (),
        families: Callable[[str], frozenset[str]] = _no_families,
    ) -> None:
        self._counts = counts
        self._correct = frozenset(correct)
        self._families = families
        self._asked: dict[tuple[str, int], Sequence[str]] = {}

    @classmethod
    def of_lexicon(cls, lexicon: Lexicon, normaliser: Normaliser) -> SpellingCorrector:
        """Make the corrector for the words of a lexicon and the shipped word variants.

        Its index is made when the first word is looked up. ``normaliser``: the one the lexicon's words were made
        with.
        """
        per_word = np.bincount(lexicon.word_ids, minlength=len(lexicon.words)).tolist()
        counts = {word: per_word[number] for word, number in lexicon.words.items()}
        for row in load_table("word_variants.tsv"):
            known = [counts[w] for w in normaliser.content(row["base"]) if w in counts]
            if known:
                counts.setdefault(row["word"], max(KNOWN, min(known) // DOMINANT))

        def families(word: str) -> frozenset[str]:
            number = lexicon.words.get(word)
            if number is None:
                return frozenset()
            terms = np.searchsorted(lexicon.word_ptr, np.flatnonzero(lexicon.word_ids == number), side="right") - 1
            return frozenset(lexicon.codes[code][:3] for code in lexicon.code[terms].tolist())

        return cls(counts, (row["word"] for row in load_table("spelled_right.tsv")), families)

    @cached_property
    def _by_letter(self) -> Mapping[str, list[str]]:
        """Known words that a misspelled one may stand for, by their first letter."""
        index: dict[str, list[str]] = defaultdict(list)
        for word in [word for word, count in self._counts.items() if count >= KNOWN]:
            if len(word) >= SHORTEST_TARGET and word.isalpha():
                index[word[0]].append(word)
        return {letter: [word for word in words if word not in self._correct] for letter, words in index.items()}

    def _targets(self, beginning: str, size: int) -> Sequence[str]:
        """Of these words those with a beginning, of one or two letters, and a number of letters."""
        known = self._asked.get((beginning, size))
        if known is None:
            longer = beginning[1:]
            words = self._targets(beginning[0], size) if longer else self._by_letter.get(beginning, ())
            known = [word for word in words if (word[1] == longer if longer else len(word) == size)]
            self._asked[beginning, size] = known
        return known

    def correct(self, word: str) -> str | None:
        """Find what a word means.

        The known word; None if the word is short, known, spelled right, or could mean several words or none.
        """
        if len(word) < SHORTEST or not (word.isalpha() and word.isascii()) or word in self._correct:
            return None
        if len(word) < PARTICIPLE and word.endswith(("ed", "ing")):
            return None
        count = self._counts.get(word, 0)
        if count > RARE or (not count and self._is_inflected(word)):
            return None
        near = self._near(word, 1 if count or len(word) < LONG else 2)
        least = min((cost for cost, _ in near), default=(0, False))
        best = sorted((-self._counts[other], other) for cost, other in near if cost == least)
        if not best or (len(best) > 1 and best[0][0] > DOMINANT * best[1][0]):
            return None
        found = best[0][1]
        return found if not count or self._same_family(word, found) else None

    def _same_family(self, word: str, other: str) -> bool:
        own = self._families(word)
        return bool(own) and own <= self._families(other) and self._counts[other] >= COMMON

    def _near(self, word: str, most: int) -> list[tuple[tuple[int, bool], str]]:
        """Known words that a word is likely a misspelling of; their distance, and whether the consonants differ."""
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        others: list[str] = []
        for size in range(len(word) - most, len(word) + most + 1):
            others += self._targets(word[0], size)
            if word[0] != word[1]:  # the first two may have changed places
                others += self._targets(word[1::-1], size)
        found = extract(word, others, scorer=OSA.distance, score_cutoff=most, limit=None)
        sound = _sound(word) if found else ""
        near = [(int(d), other) for other, d, _ in found if d and _sounds_near(sound, other)]
        return [((d, _sound(other) != sound), other) for d, other in near if _plausible(word, other, d)]

    def _is_inflected(self, word: str) -> bool:
        """Whether a word is a known or listed word with another ending."""
        for size in range(1, min(6, len(word) - STEM) + 1):
            if word[-size:] in ENDINGS:
                stem = word[:-size]
                forms = (stem, stem + "e", stem + "y", stem[:-1] if stem[-1] == stem[-2] else stem)
                if any(self._counts.get(form, 0) >= KNOWN or form in self._correct for form in forms):
                    return True
        return False


def _plausible(word: str, other: str, distance: int) -> bool:
    """Whether one word is likely a misspelling of the other, not another word of the same build."""
    beginning = _part(word, BEGINNINGS, str.startswith)
    if beginning and beginning != _part(other, BEGINNINGS, str.startswith):
        return False
    kind = _part(word, KINDS, str.endswith)
    if (kind and kind != _part(other, KINDS, str.endswith)) or _inflects(word, other):
        return False
    if word[0] != other[0] and word[1::-1] != other[:2]:
        return False
    if _sound(word) == _sound(other):
        return True
    if distance > 1 or len(word) <= SHORTEST_TARGET:
        return False
    return len(word) != len(other) or sorted(word) == sorted(other) or len(word) >= LONG


def _part(word: str, parts: Sequence[str], holds: Callable[[str, str], bool]) -> str:
    """The longest part that a word begins or ends with; empty for none."""
    return max((part for part in parts if holds(word, part)), key=len, default="")


def _sound(word: str) -> str:
    """Consonants of a word, alike ones as one: what most misspellings keep."""
    plain = word.replace("ph", "f").replace("ck", "k")
    return DOUBLED.sub(r"\1", plain.translate(ALIKE)).translate(SILENT)


def _sounds_near(sound: str, other: str) -> bool:
    """Whether a word sounds the same but for one consonant; a short one must sound the same."""
    own = _sound(other)
    keys = _one_less(own) if len(other) > SHORTEST_TARGET else {own}
    return not keys.isdisjoint(_one_less(sound))


def _one_less(sound: str) -> set[str]:
    """A sound and what it is without one of its letters."""
    return {sound, *(sound[:i] + sound[i + 1 :] for i in range(len(sound)))}


def _inflects(word: str, other: str) -> bool:
    """Whether two words differ in their endings alone: neither then is a misspelling of the other."""
    same = 0
    while same < min(len(word), len(other)) and word[same] == other[same]:
        same += 1
    if other[same:] in MISSPELT_ENDINGS.get(word[same:], ()):
        return False
    starts = range(max(same - 3, STEM), same + 1)
    return any(word[at:] in ENDINGS and (other[at:] in ENDINGS or not other[at:]) for at in starts)
