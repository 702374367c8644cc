"""Words of notes and of terms in one normal form, so that they can meet.

A *word* is a maximal run of letters and digits. Its normal form is lower case, without accents, singular, in
American spelling and, where ``word_variants.tsv`` says so, the noun of its adjective (``renal`` → ``kidney``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from leadterm.text.knowledge import load_table
from leadterm.text.words.characters import GREEK

__all__ = ["Normaliser", "american", "default_normaliser", "fold", "singular"]

VOWEL = re.compile(r"[aeiouy]")
WORD = re.compile(r"[^\W_]+(?:['’][st]\b)?")
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7"}
ROMAN_AFTER = frozenset({"type", "stage", "grade", "class", "degree", "phase", "level"})
_STOPWORDS = (
    "a an the of in on at to for by and or as is are was were be been being am has have had his her hers their its my "
    "our your this that these those from into with within due caused cause involving including related associated "
    "via per which who whom there here also s t"
)
STOPWORDS = frozenset(_STOPWORDS.split())
_LETTERED = "hepatitis influenza vitamin type group hemophilia streptococcus syndrome virus immunoglobulin"
LETTERED = frozenset(_LETTERED.split())
LETTER_A = "a_"
MOST_KEPT = 20_000  # words
# British spelling → American, within a word.
BRITISH = {
    "haem": "hem", "aemi": "emi", "aesth": "esth", "caesar": "cesar", "paed": "ped", "oedem": "edem",
    "oestr": "estr", "rrhoe": "rrhe", "pnoe": "pne", "foet": "fet", "coeli": "celi", "faec": "fec", "caec": "cec",
    "gynaec": "gynec", "aetio": "etio", "paenia": "penia", "naev": "nev", "leuco": "leuko", "sulph": "sulf",
    "umour": "umor", "colour": "color", "labour": "labor", "behaviour": "behavior",
}  # fmt: skip
SPELLING = re.compile("|".join(BRITISH))
GULLET = re.compile(r"(?:^|(?<=o))oesoph")  # not in "tracheoesophageal"
_KEEP_S = (
    "pus lupus virus fetus uterus sinus abscess illness stress pelvis thymus humerus calculus meniscus stenosis plus "
    "gas bus pons process loss mass press access recess excess distress diabetes herpes scabies rabies tabes measles "
    "ascites series species caries facies pancreas biceps triceps quadriceps forceps lens always does gross pes cross"
)
KEEP_S = frozenset(_KEEP_S.split())


def fold(text: str) -> str:
    """Lower-case a word and strip its accents.

    >>> fold("Ménière")
    'meniere'
    """
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))


def american(word: str) -> str:
    """Give the American spelling of a folded word that is written in the British way.

    >>> [american(word) for word in ("haemorrhoids", "oesophagus", "anaemic", "aerobic")]
    ['hemorrhoids', 'esophagus', 'anemic', 'aerobic']
    """
    return GULLET.sub("esoph", SPELLING.sub(lambda match: BRITISH[match.group()], word))


def singular(word: str) -> str:
    """Give the singular of a folded English word, by rule.

    Its singular, or the word itself.

    >>> [singular(w) for w in ("stones", "allergies", "abscesses", "diabetes", "diagnosis", "bursae")]
    ['stone', 'allergy', 'abscess', 'diabetes', 'diagnosis', 'bursa']
    """
    if len(word) < 4 or word in KEEP_S:
        return word
    if word.endswith("ae") and len(word) > 4:
        return word[:-1]
    if not word.endswith("s") or word.endswith(("ss", "us", "is")) or not VOWEL.search(word[:-1]):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


class Normaliser:
    """Turns text into normal words.

    ``variants``: folded singular word to the normal word or words it stands for.

    >>> n = Normaliser({"renal": ("kidney",), "gastroesophageal": ("gastro", "esophageal")})
    >>> n.words("Renal calculi, type II")
    ['kidney', 'calculi', 'type', '2']
    >>> n.words("gastroesophageal reflux")
    ['gastro', 'esophageal', 'reflux']
    """

    def __init__(self, variants: Mapping[str, tuple[str, ...]]) -> None:
        self.variants = dict(variants)
        self._cache: dict[str, tuple[str, ...]] = {}

    def word(self, surface: str) -> tuple[str, ...]:
        """Give the normal words of one surface word; most often one.

        ``surface``: a run of letters and digits.
        """
        known = self._cache.get(surface)
        if known is None:
            if len(self._cache) >= MOST_KEPT:
                self._cache.clear()
            known = self._cache[surface] = self._normal(surface)
        return known

    def _normal(self, surface: str) -> tuple[str, ...]:
        word = american(fold(surface))
        if word.endswith(("'s", "’s", "'t", "’t")):
            word = word[:-2]
        if len(word) == 1:
            word = GREEK.get(word, word)
        if word in self.variants:
            return self.variants[word]
        base = singular(word)
        if base in self.variants:
            return self.variants[base]
        return (ROMAN.get(base, base),)

    def words(self, text: str) -> list[str]:
        """Give the normal words of a text, in order, stop words included.

        ``text``: any text, for instance a title of a code.
        """
        found: list[str] = []
        for match in WORD.finditer(text):
            surface = match.group()
            letter = surface == "A" or (surface == "a" and match.end() == len(text))
            if letter and found and found[-1] in LETTERED:
                found.append(LETTER_A)
                continue
            for word in self.word(surface):
                found.append("1" if word == "i" and found and found[-1] in ROMAN_AFTER else word)
        return found

    def content(self, text: str) -> list[str]:
        """Give the normal words of a text without its stop words."""
        return [word for word in self.words(text) if word not in STOPWORDS]


@lru_cache(maxsize=1)
def default_normaliser() -> Normaliser:
    """Make the normaliser for English from ``word_variants.tsv``.

    >>> default_normaliser().words("kidneys")
    ['kidney']
    """
    table = {row["word"]: tuple(row["base"].split()) for row in load_table("word_variants.tsv")}
    return Normaliser(table)
