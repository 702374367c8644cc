"""Codes that a number decides: body mass index, weeks of gestation, burned surface, coma scale, weight at birth."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from itertools import compress, product
from typing import TYPE_CHECKING, NamedTuple

from leadterm.text.extensions import text_of, token_starts
from leadterm.text.matching.overlaps import Cover, Reading

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["NumberFinder", "birth_weight", "body_mass", "burned_surface", "coma_scale", "gestation"]

WEIGHT = 8.0
THIN = 20.0
ADULT_STEPS = ((70.0, "Z68.45"), (60.0, "Z68.44"), (50.0, "Z68.43"), (45.0, "Z68.42"), (40.0, "Z68.41"))
PREMATURE = (
    (22, "P07.21"), (23, "P07.22"), (24, "P07.23"), (25, "P07.24"), (26, "P07.25"), (27, "P07.26"), (28, "P07.31"),
    (29, "P07.32"), (30, "P07.33"), (31, "P07.34"), (32, "P07.35"), (33, "P07.36"), (34, "P07.37"), (35, "P07.38"),
    (36, "P07.39"),
)  # fmt: skip
KILOS = 10  # a smaller number tells no grams
BIRTH_WEIGHT = (
    (500, "P07.01"), (750, "P07.02"), (1000, "P07.03"), (1250, "P07.14"), (1500, "P07.15"), (1750, "P07.16"),
    (2000, "P07.17"), (2500, "P07.18"),
)  # fmt: skip
# In each way the first digit stands before what must not stand in front of it: a search skips to the digits.
WEEKS = (
    r"(?P<n>\d(?<![\d+.].)\d?)(?:\.\d)?(?:\s*(?:and\s+)?(?:\d/\d(?:ths?)?|[-–]\s*\d/\d(?:ths?)?|\+\s*[0-6]))?"
    r"[\s-]*(?:weeks?|wks?|semanas)\b['’]?"
)
SHORT_WEEKS = r"(?P<n>[1-4](?<![\d/].)\d)\s?(?:w(?:ks?|eeks)?\s?[0-6]\s?d(?:ays?)?|\+[0-6])\b"
DATED_WEEKS = r"(?P<n>[1-4](?<![\d/].)\d)w[0-6]d?\b"  # "33w0d" is written of nothing else
BARE_WEEKS = r"(?P<n>\d(?<![\d/].)\d?)[\s-]?(?:w\b(?!\s?[/.-])|weekers?\b)"
WAYS = (WEEKS, SHORT_WEEKS, DATED_WEEKS, BARE_WEEKS)
FETAL_AGE = r"(?:sonographic|menstrual|fetal) age"
PREGNANT = (
    rf"(?:gestation|{FETAL_AGE}|pregnan|intrauterine|\biup\b|\bega\b"
    r"|gestación|gestacion|gestante|igesta\b|embaraz)"
)
SURFACE = r"(?:tbsa|bsa|total body surface|(?:of\s+)?(?:(?:the|his|her)\s+)?(?:total\s+)?body surface)"
CHILDBIRTH = (
    r"(?:gravida|para\b|\bg\d+\s?p\d|labor\b|primigravida|cesarean|c-section|vaginal delivery|\bedc\b|\bedd\b"
    r"|prenatal|antenatal)"
)
GRAVID = r"(?:\bg[1-9](?:\s?p\d\w*)?\b|\bprimip\w*|\bmultip\w*)"
MOTHERS = r"(?! (?:labor|contraction|premature|rupture|delivery))"
BORN = (
    rf"(?:premature{MOTHERS}|preterm{MOTHERS}|prematurity"
    r"|newborn|neonate|infant|preemie|(?<!rotura )prematur|pret[eé]rmino|reci[eé]n nacid[oa])"
)


def body_mass(match: re.Match[str]) -> str:
    """Give the code of an adult's body mass index.

    >>> [body_mass(re.match(r"(?P<n>[.0-9]+)", text)) for text in ("18.2", "27", "41.3", "72")]
    ['Z68.1', 'Z68.27', 'Z68.41', 'Z68.45']
    """
    value = float(match["n"].replace(",", "."))
    return "Z68.1" if value < THIN else next((code for low, code in ADULT_STEPS if value >= low), f"Z68.{int(value)}")


def gestation(match: re.Match[str]) -> str:
    """Give the code of the weeks of a pregnancy.

    >>> [gestation(re.match(r"(?P<n>[0-9]+)", text)) for text in ("6", "12", "38", "43")]
    ['Z3A.01', 'Z3A.12', 'Z3A.38', 'Z3A.49']
    """
    weeks = int(match["n"])
    return "Z3A.01" if weeks < 8 else "Z3A.49" if weeks > 42 else f"Z3A.{weeks:02d}"


def _premature(match: re.Match[str]) -> str:
    return dict(PREMATURE).get(int(match["n"]), "")


def burned_surface(match: re.Match[str]) -> str:
    """Give the code of the share of the body's surface that is burned, and of that burned to the third degree.

    >>> found = re.match(r"(?P<n>[0-9]+) (?P<third>[0-9]+)?", "32 12")
    >>> burned_surface(found)
    'T31.31'
    """
    told = match.groupdict()
    whole = int(match["n"])
    third = whole if told.get("all") else int(told.get("third") or 0)
    if whole > 100 or third > whole:
        return ""
    tens = min(whole // 10, 9)
    return f"T31.{tens}{min(third // 10, tens)}" if tens else "T31.0"


def coma_scale(match: re.Match[str]) -> str:
    """Give the family of a total score of the Glasgow coma scale.

    >>> [coma_scale(re.match(r"(?P<n>[0-9]+)", text)) for text in ("15", "10", "3", "2")]
    ['R40.241', 'R40.242', 'R40.243', '']
    """
    score = int(match["n"])
    return "" if not 3 <= score <= 15 else "R40.241" if score > 12 else "R40.242" if score > 8 else "R40.243"


def birth_weight(match: re.Match[str]) -> str:
    """Give the code of a low weight at birth, in grams or kilograms; none from 2500 g on.

    >>> [birth_weight(re.match(r"(?P<n>[0-9.]+)", text)) for text in ("980", "2.1", "3400")]
    ['P07.03', 'P07.18', '']
    """
    return next((code for below, code in BIRTH_WEIGHT if _grams(match) < below), "")


def _small(match: re.Match[str]) -> str:
    """The code of a newborn small for its age: its last character is that of the low weight."""
    return f"P05.1{birth_weight(match)[-1:] or 9}"


def _grams(match: re.Match[str]) -> float:
    number = float(match["n"].replace(",", "."))
    return number if number > KILOS else 1000 * number


@lru_cache(maxsize=128)  # most notes need none: compiled where one does
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class _Rule(NamedTuple):
    """A pattern with a number ``n``, words of which a note that holds it has one, and what gives its code.

    ``weeks``: the way of writing weeks without which nothing fits, if there is one.
    """

    words: tuple[str, ...]
    pattern: str
    code: Callable[[re.Match[str]], str]
    term: str
    weeks: str


def _rule(words: str, pattern: str, code: Callable[[re.Match[str]], str], term: str) -> _Rule:
    weeks = next((way for way in WAYS if way in pattern), "")
    return _Rule(tuple(words.split("|")), pattern, code, term, weeks)


PREGNANT_WORDS = (
    "gestation|sonographic age|menstrual age|fetal age|pregnan|intrauterine|iup|gestaci|gestante|igesta|embaraz"
)
CHILDBIRTH_WORDS = "gravida|para|labor|cesarean|section|vaginal delivery|edc|edd|prenatal|antenatal|g1p|g2p|g3p|g4p|g5p"
GRAVID_WORDS = "g1|g2|g3|g4|g5|g6|g7|g8|g9|primip|multip"
BORN_WORDS = "prematur|preterm|preemie|newborn|neonate|infant|born |término|termino|recién nacid|recien nacid"
BMI = r"\b(?:bmi|imc|body mass index)\b[^\d\n.;]{0,25}(?P<n>[1-9]\d(?:[.,]\d)?)(?!\d|\s*(?:%|percent|years))"
BURNED = rf"(?P<n>\d{{1,3}})(?:\.\d)?\s*%\s*{SURFACE}"
THIRD_DEGREE = r"(?:[^.\n]{0,80}?(?P<third>\d{1,3})\s*%\s*(?:third|3rd|full)|,? (?P<all>all (?:third|3rd|full)))?"
COMA = r"\b(?:gcs|glasgow(?: coma)?(?: scale| score)*)\b[^\d\n.;]{0,15}(?P<n>\d{1,2})\b"
GRAMS = r"\b(?:birth ?weight|bw)\b[^\d\n]{0,20}(?P<n>\d{3,4}(?=\s*(?:g|gm|gms|grams?)\b)|\d[.,]\d{1,3}(?=\s*kg\b))"
SMALL = r"(?:small for (?:gestational age|dates)|\bsga\b)"
RULES = (
    _rule("bmi|imc|body mass", BMI, body_mass, "Body mass index"),
    _rule(PREGNANT_WORDS, rf"{WEEKS}[^.\n]{{0,25}}?{PREGNANT}\w*", gestation, "Weeks of gestation"),
    _rule(PREGNANT_WORDS, rf"{PREGNANT}\w*[^.\n\d]{{0,35}}{WEEKS}", gestation, "Weeks of gestation"),
    _rule(CHILDBIRTH_WORDS, rf"{CHILDBIRTH}[^.\n]{{0,35}}?{WEEKS}", gestation, "Weeks of gestation"),
    _rule(CHILDBIRTH_WORDS, rf"{WEEKS}[^.\n]{{0,35}}?{CHILDBIRTH}", gestation, "Weeks of gestation"),
    _rule(CHILDBIRTH_WORDS, rf"{CHILDBIRTH}[^.\n]{{0,35}}?{SHORT_WEEKS}", gestation, "Weeks of gestation"),
    _rule(CHILDBIRTH_WORDS + "|" + PREGNANT_WORDS, rf"\bat {SHORT_WEEKS}", gestation, "Weeks of gestation"),
    _rule("w0|w1|w2|w3|w4|w5|w6", DATED_WEEKS, gestation, "Weeks of gestation"),
    *(_rule(GRAVID_WORDS, pattern, gestation, "Weeks of gestation") for way in (WEEKS, BARE_WEEKS)
      for pattern in (rf"{GRAVID},?\s*(?:(?:at|@|now)\s*)?{way}", rf"{way},?\s*{GRAVID}")),
    _rule("weeker", rf"{BARE_WEEKS}(?<=r|s)", gestation, "Weeks of gestation"),
    _rule("weeker", rf"\b(?:born (?:as )?an?|ex[- ]|former|preterm|premature)\s*{BARE_WEEKS}",
          _premature, "Preterm newborn"),
    _rule(BORN_WORDS, rf"\b(?:born at|delivered at|ex[- ]|former\s)\s*{WEEKS}", _premature, "Preterm newborn"),
    _rule(BORN_WORDS, rf"{WEEKS}[^.\n]{{0,15}}?{BORN}\w*", _premature, "Preterm newborn"),
    _rule(BORN_WORDS, rf"{BORN}\w*(?: (?:baby|infant|newborn|girl|boy|male|female))?(?: of| at| de| ?,) ?{WEEKS}",
          _premature, "Preterm newborn"),
    _rule(BORN_WORDS, rf"\bborn\b[^.\n]{{0,40}}?{SHORT_WEEKS}", _premature, "Preterm newborn"),
    _rule("tbsa|bsa|body surface", BURNED + THIRD_DEGREE, burned_surface, "Burned body surface"),
    _rule("gcs|glasgow", COMA, coma_scale, "Glasgow coma scale"),
    _rule("birth|bw", GRAMS, birth_weight, "Low birth weight"),
    _rule("birth|bw", rf"{SMALL}[^\n]{{0,80}}?{GRAMS}", _small, "Small for gestational age"),
    _rule("birth|bw", rf"{GRAMS}[^\n]{{0,80}}?{SMALL}", _small, "Small for gestational age"),
)  # fmt: skip
PIECES = (("week", "wk", "semanas"), ("week", "wk", "w", "+"), ("w",), ("w", "week"))
"""What stands behind the number in each of `WAYS`."""
_PIECE = re.compile(r"\d(?:ths?)?[\s-]*(week|wk|w(?![a-z])|\+|semanas)")


def _weeks_told(text: str, lowered: str) -> tuple[bool, ...]:
    """Whether a text holds each of `WAYS`; looked for only where a piece of it stands behind a number."""
    said = frozenset(_PIECE.findall(lowered))
    ways = zip(PIECES, WAYS, strict=True)
    return tuple(not said.isdisjoint(pieces) and _compiled(way).search(text) is not None for pieces, way in ways)


BY_WAYS = {
    told: [rule for rule in RULES if rule.weeks in ("", *compress(WAYS, told))]
    for told in product((False, True), repeat=len(WAYS))
}
"""The rules that may hold where `_weeks_told` gave so."""


class NumberFinder:
    """Finds numbers that decide a code, with the words that tell what they measure.

    ``codes``: the codes of a release; others are not found.

    >>> import spacy
    >>> known = {"Z68.38", "Z3A.20"}
    >>> doc = spacy.blank("en")("BMI of 38.2, pregnancy at 20 weeks")
    >>> [c.readings[0].code for c in NumberFinder(known).covers(doc)]
    ['Z68.38', 'Z3A.20']
    """

    def __init__(self, codes: Container[str]) -> None:
        self._codes = codes

    def covers(self, doc: Doc) -> list[Cover]:
        """Find all numbers.

        In order of the rules and the text; clause -1.
        """
        text = text_of(doc)
        lowered = text.lower()
        rules = BY_WAYS[_weeks_told(text, lowered)]
        said = {word for word in {word for rule in rules for word in rule.words} if word in lowered}
        rules = [rule for rule in rules if not said.isdisjoint(rule.words)] if said else []
        return list(self._found(rules, text, token_starts(doc).tolist())) if rules else []

    def _found(self, rules: list[_Rule], text: str, starts: list[int]) -> Iterator[Cover]:
        for _, pattern, code_of, term, _ in rules:
            for match in _compiled(pattern).finditer(text):
                code = code_of(match)
                if code and code in self._codes:
                    first = max(bisect_right(starts, match.start()) - 1, 0)
                    tokens = tuple(range(first, bisect_left(starts, match.end())))
                    yield Cover(tokens, -1, (Reading(code, term, "title", 2, 0, 0, WEIGHT),))
