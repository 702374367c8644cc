"""From a code system's terms to the sets of normal words that a note must hold to mention them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.text.knowledge import load_table
from leadterm.text.words.normalise import STOPWORDS, Normaliser, default_normaliser

if TYPE_CHECKING:
    from leadterm.codes import Term

__all__ = ["SOURCES", "WordSet", "word_sets"]

CAUSE = frozenset({"traumatic"})  # outside the chapter of injuries nothing is taken to come of one
INJURY = ("S", "T")
UNTOLD = frozenset({"nondisplaced"})  # a fracture not said to be so counts as displaced (I.C.19.c)
SOURCES = ("synonym", "index", "title", "inclusion", "neoplasm", "mesh", "external cause", "drug", "learned")
MAX_WORDS = 9
NUMBERED = ("Z68", "T31", "R40.24")  # a number decides: see leadterm.text.matching.numbers
# What a title denies: to the next comma, to the end where commas list what is denied, or the foreign body of a wound.
NEGATED = re.compile(
    r"[,;]?\s*(?:\bwithout\b|\bnot (?!elsewhere)|\bw/o\b|\bno\b )"
    r"(?:\s*foreign body\b|[^;]*,\s*(?:and|or)\b.*$"
    r"|(?:(?! (?:of )?(?:lower end of )?(?:right|left|bilateral|unspecified)\b)[^,;])*)",  # no side is denied
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r",?\s*(?:not elsewhere classified|(?:in diseases )?classified elsewhere|\bNEC\b|\bNOS\b|\bunspecified\b)",
    re.IGNORECASE,
)
LEADING = re.compile(
    r"^(?:displaced )?unspecified (?=fracture|injury|open wound|burn|dislocation|sprain)", re.IGNORECASE
)
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
MALIGNANT = re.compile(r"\bmalignant (?:neoplasms?|tumou?rs?)\b", re.IGNORECASE)
SECONDARY = re.compile(r"\bsecondary (?:malignant neoplasm|cancer)\b", re.IGNORECASE)
ACRONYM = re.compile(r"[A-Z][A-Za-z]*[A-Z]")
# The short form of all that stands before: "[AV] block" is none of a block.
SHORT_FORM = re.compile(
    r"\[([^\[\]]{2,60})\](?=\s*(?:\([^()]*\)\s*)?(?:$|[,;]|with|due|in\b|and\b|disease|virus|infection))"
)
WHICHEVER = re.compile(r" unspecified (?:eye|ear)$")  # which, is not said: "OU" names none
SIGNED = re.compile(r"[A-Z0-9][+-]$")  # "[ER+]": as a word it is "er", which says neither
MEASURED = (
    "Abnormal", "Elevated", "Elevation", "Nonspecific elevation", "Encounter", "Decreased", "Raised",
    "Selective deficiency of immunoglobulin", "Immunodeficiency with increased",
)  # fmt: skip
OF_SHAFTS = ("S", "M80", "M84")
LIMB = re.compile(r"(, (?:right|left)) (?:arm|hand|leg|foot)\b")  # "shaft of humerus, right arm"
BONE = re.compile(r"\b(metacarpal|metatarsal|carpal|tarsal|navicular) bones?\b", re.IGNORECASE)
TELLING = frozenset({
    "birth", "stress", "pathological", "pathologic", "congenital", "newborn", "neonatal", "pregnancy", "alcohol",
    "drug", "reflex", "hormone", "sleep",
})  # fmt: skip
_PLACES = (
    "left right bilateral both anterior posterior upper lower low middle medial lateral proximal distal great small "
    "digit joint multiple skin limb bone"
)
PLACES = frozenset(_PLACES.split())  # where on a part of the body, or what is the same as not said
DUE = "due to"
REMAINDER = frozenset({"other", "specified"})
BEHAVIOUR = {
    "malignant primary": ("cancer",),
    "malignant secondary": ("metastasis",),
    "in situ": ("carcinoma", "situ"),
    "benign": ("benign", "neoplasm"),
    "uncertain behavior": ("neoplasm", "uncertain"),
    "unspecified behavior": ("neoplasm",),
}


@dataclass(frozen=True, slots=True)
class WordSet:
    """Words which together, in any order, mention a code.

    - ``words``: distinct normal words, sorted.
    - ``code``: the code, billable or a family.
    - ``source``: one of `SOURCES`.
    - ``missing``: words of the official term that are left out.
    - ``text``: the term as its source writes it.
    - ``optional``: normal words that may stand beside it without changing the code.
    """

    words: tuple[str, ...]
    code: str
    source: str
    missing: int
    text: str
    optional: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _soft() -> tuple[frozenset[str], frozenset[str]]:
    rows = load_table("soft_words.tsv")
    drop = frozenset(row["word"] for row in rows if row["kind"] == "drop")
    return drop, frozenset(row["word"] for row in rows if row["kind"] == "detail")


def _alternatives(level: str) -> list[str]:
    """Split ``"Diabetes, diabetic"`` into its forms; an inverted ``"kidney, polycystic"`` stays whole."""
    parts = [part.strip() for part in level.split(",") if part.strip()]
    if len(parts) > 1 and all(" " not in p and p[:4].lower() == parts[0][:4].lower() for p in parts):
        return parts
    return [level.replace(",", " ")]


@lru_cache(maxsize=1)
def _organs() -> frozenset[str]:
    """Words of parts of the body that a term means only where they are said: a hematoma is not one of the brain."""
    listed = frozenset(row["word"] for name in ("site_words.tsv", "part_words.tsv") for row in load_table(name))
    return _cancer_sites() | listed - PLACES


@lru_cache(maxsize=1)
def _cancer_sites() -> frozenset[str]:
    return frozenset(w for row in load_table("neoplasm_sites.tsv") for w in default_normaliser().content(row["site"]))


@lru_cache(maxsize=1)
def _vague() -> frozenset[str]:
    """Words that alone or among themselves name no disease: sites, soft words, ordinary words."""
    drop, detail = _soft()
    tables = ("site_words.tsv", "part_words.tsv", "ordinary_words.tsv")
    listed = {row["word"] for name in tables for row in load_table(name)}
    return drop | detail | listed | _cancer_sites()


def _sets(
    words: Iterable[str], *, base_missing: int, code: str, source: str, text: str, optional: tuple[str, ...]
) -> Iterator[WordSet]:
    """Yield the whole set of words and, where it has soft words, the set without them.

    A set that leaves words out must keep one that names a disease; a set of one word must be such a word. A cause in
    the index is named whole: of one by a "disorder of the eye" an eye says nothing.
    """
    drop, detail = _soft()
    every = {word for word in words if word not in STOPWORDS}
    whole = every - drop
    hard = whole - (detail - (UNTOLD if code.startswith(INJURY) else UNTOLD | CAUSE))
    unsaid = base_missing + len(every & REMAINDER)
    entire = source == "index" and DUE in text
    for chosen in [whole] if entire or hard == whole or not hard else [whole, hard]:
        missing = unsaid + len(whole) - len(chosen)
        bare = source == "index" and chosen != whole and len(chosen) == 1
        if 0 < len(chosen) <= MAX_WORDS and not bare and (not chosen <= _vague() or (missing == 0 and len(chosen) > 1)):
            yield WordSet(tuple(sorted(chosen)), code, source, missing, text, optional)


def _title_sets(term: Term, normaliser: Normaliser) -> Iterator[WordSet]:
    source = "inclusion" if term.source != "title" else "title"
    told = LEADING.sub("", term.text)  # a fracture that is not said to be displaced counts as such (I.C.19.c)
    told = WHICHEVER.sub(" unspecified", told)
    text = ELSEWHERE.sub("", told)
    missing = len(ELSEWHERE.findall(told)) + len(NEGATED.findall(text))
    text = NEGATED.sub("", text)
    optional = tuple(w for bracket in BRACKETS.findall(text) for w in normaliser.content(bracket))
    plain = shorter = BRACKETS.sub(" ", text)
    if not plain.startswith("Nondisplaced"):  # what is not said to be so counts as displaced (I.C.19.c)
        plain = BONE.sub(r"\1", plain)
        named = term.code.startswith(OF_SHAFTS) and (" of " in plain or " at " in plain)  # else the limb is the site
        shorter = LIMB.sub(r"\1", plain) if named else plain
    forms = [MALIGNANT.sub("cancer", SECONDARY.sub("metastasis", plain))]
    forms += dict.fromkeys(form for form in (plain, shorter) if form != forms[0])
    measured = term.text.startswith(MEASURED)
    if not (measured or "T36" <= term.code < "T51"):  # a drug's or test's short name is no poisoning or finding
        forms += [one for one in SHORT_FORM.findall(term.text) if ACRONYM.search(one) and not SIGNED.search(one)]
    for form in forms:
        yield from _sets(
            normaliser.words(form),
            base_missing=missing,
            code=term.code,
            source=source,
            text=term.text,
            optional=optional,
        )


def _index_sets(term: Term, normaliser: Normaliser) -> Iterator[WordSet]:
    if any(re.search(r"\b(NEC|specified)\b", level) for level in term.path[1:]):
        return
    optional = tuple(w for o in term.optional for w in normaliser.content(o))
    path = [
        MALIGNANT.sub("cancer", NEGATED.sub("", ELSEWHERE.sub("", BRACKETS.sub(" ", level)))) for level in term.path
    ]
    unsaid = sum(len(NEGATED.findall(level)) for level in term.path)
    levels = [[normaliser.words(a) for a in _alternatives(level)] for level in path if level.strip()]
    if not levels:
        return
    shown = ", ".join(term.path)
    skippable = tuple(
        i for i in range(1, len(levels) - 1)
        if all(w in STOPWORDS or w in _vague() for w in levels[i][0]) and TELLING.isdisjoint(levels[i][0])
        and _organs().isdisjoint(levels[i][0])
    )
    dropped: list[tuple[int, ...]] = [(), *((i,) for i in skippable)]
    if len(skippable) > 1:
        dropped.append(skippable)
    for gone in dropped:
        kept = [alternatives for i, alternatives in enumerate(levels) if i not in gone]
        missing = unsaid + sum(len([w for w in levels[i][0] if w not in STOPWORDS]) for i in gone)
        for combination in _combine(kept):
            yield from _sets(
                combination, base_missing=missing, code=term.code, source="index", text=shown, optional=optional
            )


def _combine(levels: list[list[list[str]]]) -> Iterator[list[str]]:
    """All ways of taking one form a level (at most 12)."""
    ways: list[list[str]] = [[]]
    for alternatives in levels:
        ways = [way + form for way in ways for form in alternatives][:12]
    yield from ways


def _neoplasm_sets(term: Term, normaliser: Normaliser) -> Iterator[WordSet]:
    behaviour = BEHAVIOUR.get(term.column.lower())
    if behaviour is None:
        return
    site = [normaliser.words(BRACKETS.sub(" ", a)) for level in term.path[-1:] for a in _alternatives(level)]
    whole = [normaliser.words(BRACKETS.sub(" ", level)) for level in term.path[1:]]
    shown = f"{', '.join(term.path)} [{term.column}]"
    missing = sum(len(level) for level in whole[:-1])
    for form in site if len(term.path) > 1 else [[]]:
        yield from _sets(
            [*behaviour, *form], base_missing=missing, code=term.code, source="neoplasm", text=shown, optional=()
        )
    if len(whole) > 1:
        yield from _sets(
            [*behaviour, *(w for level in whole for w in level)],
            base_missing=0,
            code=term.code,
            source="neoplasm",
            text=shown,
            optional=(),
        )


def word_sets(terms: Iterable[Term], normaliser: Normaliser) -> Iterator[WordSet]:
    """Turn terms of a code system into sets of normal words.

    One or more for each term: with and without the words that notes seldom write. ``terms``: titles, inclusion terms,
    index paths and table cells. ``normaliser``: brings words into their normal form.

    >>> from leadterm.codes import Term
    >>> from leadterm.text.words.normalise import Normaliser
    >>> [s.words for s in word_sets([Term("Essential (primary) hypertension", "I10", "title")], Normaliser({}))]
    [('essential', 'hypertension'), ('hypertension',)]
    """
    for term in terms:
        if term.code.startswith(NUMBERED):
            continue
        if term.source in {"title", "inclusion", "includes"} and not SIGNED.search(term.text):
            yield from _title_sets(term, normaliser)
        elif term.source == "index":
            yield from _index_sets(term, normaliser)
        elif term.source == "neoplasm":
            yield from _neoplasm_sets(term, normaliser)
