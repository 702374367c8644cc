"""Reads the content words of a doc: normal words, expanded abbreviations, pauses, clauses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from leadterm.text.extensions import sentence_flags, text_of, token_column, token_starts
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.overlaps import Scan
from leadterm.text.matching.senses import Senses
from leadterm.text.words.characters import plain
from leadterm.text.words.languages import Translator, words_of
from leadterm.text.words.normalise import LETTER_A, STOPWORDS, WORD, Normaliser, fold

if TYPE_CHECKING:
    from spacy.strings import StringStore
    from spacy.tokens import Doc

__all__ = ["Scanner"]

MOST_KEPT = 20_000
GLUED = re.compile(r"(?<=[a-z]{4})(?=[A-Z][a-z]{3})")  # "locationColon": cells of a table run together
ITEM = re.compile(r"(?<![\w)])(?:\((\d)\)|(\d)\)|#(\d)(?=[\s:.]))(?=\s*\w)")
SECOND = ("2)", "#2")
SIDED = re.compile(
    r"\b(right|left)(?: ([a-z]+))? (?:and|&)(?: the)? (?!\1)(right|left)\b(?(2) \2\b)"
    r"(?! (?:heart|ventric|atri|bundle|main|coronary|lobe|colon|sided (?:heart|cardiac)))", re.IGNORECASE
)  # fmt: skip
JOINS = (" and ", " & ", " and the ", " & the ")
SIDES_TOLD, BOTH = tuple(f"{join}{side}" for join in JOINS for side in ("right", "left")), "bilateral"
AGE = re.compile(r"\d*-?(?:(?:year|yr|month|mo|week|wk|day)s?-olds?|y/?\.?o\.?)[mf]?", re.IGNORECASE)
CUT = re.compile(r"-[ \t]*\r?\n[ \t]*")
BREAKS = frozenset({".", ";", ":", "!", "?", "•", "|", "*", "·", "–", "—"})
DASHES = frozenset({"–", "—"})
UNSAID = frozenset({"unspecified"})  # it says nothing, and parts no words
PAUSES = frozenset({",", "and", "or", "/", "&", "(", ")", "+", "-"})
NEGATORS = frozenset({"without", "w/o", "no", "not", "denies", "negative"})
PAUSE, BREAK, NEGATE, UNKNOWN, DASH = -1, -2, -3, -4, -5
NEAR = 4  # words
# Of the patient: "AF is a 50-year-old" tells of no fibrillation.
INITIALS = re.compile(r"\b([A-Z]{2,3})(?:,| is| was) an? (?:[a-z]+ )?\d{1,3}[- ]?(?:year|yr|month|y/?o\b)")
FOREIGN_BODY = re.compile(
    r"\b(?:without|w/o)(?: retained)? (?P<foreign>foreign) (?P<body>body)\b"
    r"(?!, (?!left|right|bilateral|initial|subsequent|sequela)| n?or\b)", re.IGNORECASE,
)  # fmt: skip


class Scanner:
    """Reads the words of docs into arrays; remembers every token it has seen. Arguments as of `TermMatcher`."""

    def __init__(
        self, words: Mapping[str, int], normaliser: Normaliser, abbreviations: Sequence[Mapping[str, str]],
        correct: Callable[[str], str | None] | None = None, translator: Translator | None = None,
    ) -> None:  # fmt: skip
        self.words, self.normaliser = words, normaliser
        self._reader: Normaliser = translator or normaliser
        self._letter = words.get(LETTER_A)
        self._one_side = {words.get(side) for side in ("right", "left")} - {None}
        self._pauses, self._negators = PAUSES, NEGATORS
        if translator is not None:
            self._pauses = PAUSES | words_of(translator.language, "pause")
            self._negators = words_of(translator.language, "negation")
        self._nearby = translator.nearby if translator is not None else {}
        self._any = {r["short"].lower(): r["expansion"] for r in abbreviations if r["case"] == "any"}
        self._upper = {r["short"]: r["expansion"] for r in abbreviations if r["case"] == "upper"}
        self._senses = Senses() if translator is None and abbreviations else None
        self._by_orth: dict[int, tuple[int, ...]] = {}
        self._correct = correct
        self._opening = lru_cache(maxsize=MOST_KEPT)(self._look_up)

    def _ids(self, orth: int, strings: StringStore) -> tuple[int, ...]:
        """Word ids of a token, from memory where it was seen before; the memory never grows beyond bounds."""
        if len(self._by_orth) >= MOST_KEPT:
            self._by_orth.clear()
        ids = self._by_orth[orth] = self._look_up(strings[orth])
        return ids

    def _english(self, text: str) -> list[int]:
        """Word ids of English words."""
        return [self.words.get(w, UNKNOWN) for w in self.normaliser.content(text)]

    def _words_of(self, text: str) -> list[int]:
        """Word ids of a long form; UNKNOWN for words that no term holds."""
        return [self.words.get(w, UNKNOWN) for w in self._reader.content(text)]

    def _look_up(self, surface: str) -> tuple[int, ...]:
        """Word ids of a token; or one of PAUSE, BREAK, NEGATE; UNKNOWN for a word no term holds."""
        surface = plain(surface)
        if "\n" in surface and surface.strip():
            whole = CUT.sub("", surface)
            surface = whole if self._reader.word(whole)[0] in self.words else CUT.sub("-", surface)
        low = surface.lower()
        if surface in ("A", "A.") and self._reader is self.normaliser:  # in other languages "A" is a preposition
            return () if self._letter is None else (self._letter,)
        if surface in BREAKS:
            return (DASH,) if surface in DASHES else (BREAK,)
        if surface.isspace() or (self._senses is not None and AGE.fullmatch(surface)):
            return ()
        if low in UNSAID:
            return ()
        if low in self._pauses:
            return (PAUSE,)
        if low in self._negators:
            return (NEGATE,)
        if surface.isalpha() and surface[1:] == low[1:]:
            words = [*self._reader.word(surface)]
        else:
            words = [w for m in WORD.finditer(GLUED.sub(" ", surface)) for w in self._reader.word(m.group())]
        if low.startswith("non-"):
            words += [w for w in self._reader.word(low.replace("-", "", 1)) if w in self.words]
        expansion = self._upper.get(surface) or self._any.get(low)
        if expansion:
            words += self.normaliser.words(expansion)
        content = [w for w in words if w not in STOPWORDS]
        if len(content) == 1 and (meant := self._meant(surface, content[0])):
            content += self._reader.word(meant)
        if not content:
            return ()
        ids = dict.fromkeys(self.words.get(w, UNKNOWN) for w in content)
        if "i" in words and len(content) == 1:
            return (self.words.get("1", UNKNOWN),)
        if len(ids) > 1:
            ids.pop(UNKNOWN, None)
        return tuple(ids)

    def _meant(self, surface: str, normal: str) -> str | None:
        """The word that a misspelled one stands for. English capitals are taken for names."""
        if self._correct is None:
            return None
        if self._reader is self.normaliser:
            return self._correct(normal) if surface == surface.lower() else None
        unread = normal not in self.words and normal == fold(surface)
        return self._correct(surface) if unread else None

    def scan(self, doc: Doc) -> Scan:
        """Read the content words of a doc whose sentence starts are set."""
        expansions = _note_abbreviations(doc)
        word, token, position, segment = (list[int]() for _ in range(4))
        negated: list[bool] = []
        here, clause, no, begun = 0, 0, False, -1
        known, strings, letter, nearby = self._by_orth, doc.vocab.strings, self._letter, self._nearby
        spaces = token_column(doc, "SPACY")
        judged = self._senses.judged if self._senses is not None else frozenset()
        items = _items(doc)
        aside = _set_aside(doc)
        initials = frozenset(map(get_string_id, INITIALS.findall(text_of(doc))))
        for i, (orth, start) in enumerate(zip(token_column(doc, "ORTH"), sentence_flags(doc), strict=True)):
            if start:
                clause, no = clause + 1, False
            elif items and i in items:
                clause += 1
            ids = known.get(orth)
            if ids is None:
                ids = self._ids(orth, strings)
            if expansions and orth in expansions:
                ids = tuple(dict.fromkeys((*ids, *(n for n in self._words_of(expansions[orth]) if n >= 0))))
            ids = self._beside(doc, i) or ids if nearby else ids
            if not ids or orth in initials:
                continue
            first = ids[0]
            if first >= 0 or first == UNKNOWN:
                if (first == letter and begun != clause) or (orth in judged and self._is_silent(doc, i, orth)):
                    continue  # it opens a sentence or a list (the article, the number of a line), or means no disease
                here += i not in aside
                if first == UNKNOWN and begun != clause and not strings[orth].islower():
                    ids = self._opening(strings[orth].lower()) or ids
                begun = clause
                for number in ids:
                    word.append(number)
                    token.append(i)
                    position.append(here)
                    segment.append(clause)
                    negated.append(no)
                no = no and (i not in aside or i + 1 in aside)
            elif first == PAUSE:
                here += 1
            elif first == NEGATE:
                no = True
            elif first != DASH or not i or spaces[i] or spaces[i - 1]:  # a dash within a word parts nothing
                clause += 1
                no = False
        self._join_sides(doc, word, token)
        as_int = [np.array(column, dtype=np.int32) for column in (word, token, position, segment)]
        return Scan(as_int[0], as_int[1], as_int[2], as_int[3], np.array(negated, dtype=np.bool_))

    def _join_sides(self, doc: Doc, word: list[int], token: list[int]) -> None:
        """Read "the right and left ovaries", "right ovary and left ovary" as both; a heart has no two of a kind."""
        both = self.words.get(BOTH, UNKNOWN)
        text = text_of(doc)
        lowered = text.lower()
        if not any(told in lowered for told in SIDES_TOLD):
            return
        found = [match.start(side) for match in SIDED.finditer(text) for side in (1, 3)]
        starts = token_starts(doc).tolist()
        sides = {bisect_right(starts, start) - 1 for start in found}
        for i, at in enumerate(token):
            if at in sides and word[i] in self._one_side:
                word[i] = both

    def _beside(self, doc: Doc, at: int) -> tuple[int, ...]:
        """Word ids of a token of another language that the words near it decide; none for other words."""
        rows = self._nearby.get(fold(doc[at].text))
        if rows is None:
            return ()
        around = {fold(token.text) for token in doc[max(at - NEAR, 0) : at + NEAR + 1]}
        meant = next((english for near, english in rows if any(words <= around for words in near)), "")
        return tuple(number for number in self._english(meant) if number >= 0)

    def _is_silent(self, doc: Doc, at: int, orth: int) -> bool:
        if self._senses is None:
            return False
        strings = doc.vocab.strings
        rows = self._senses.rows_of(orth, strings)
        words = [strings[number] for number in token_column(doc, "ORTH")[max(at - 2, 0) : at + 3]]
        return self._senses.silent(rows, words, min(at, 2), lambda word: self._look_up(word.lower()) == (UNKNOWN,))


def _set_aside(doc: Doc) -> set[int]:
    """Tokens of "without foreign body": what follows goes on with what stands before ("laceration … of the hand")."""
    starts: list[int] = []
    found = set[int]()
    for match in FOREIGN_BODY.finditer(text_of(doc)):
        starts = starts or token_starts(doc).tolist()
        found.update(bisect_right(starts, match.start(word)) - 1 for word in ("foreign", "body"))
    return found


def _items(doc: Doc) -> set[int]:
    """First tokens of what is numbered within a line: "1) sinusitis 2) allergic rhinitis" are two."""
    text = text_of(doc)
    if not any(mark in text for mark in SECOND):
        return set()
    marks, wanted = list[int](), 1
    for match in ITEM.finditer(text):
        number = int(match.group(1) or match.group(2) or match.group(3))
        if number in (1, wanted):
            marks.append(match.start())
            wanted = number + 1
    starts = token_starts(doc).tolist()
    return {bisect_right(starts, start) - 1 for start in marks}


def _note_abbreviations(doc: Doc) -> dict[int, str]:
    """Short forms that the note itself explains, with their long forms."""
    if not doc.has_extension("abbreviations"):
        return {}
    return {short[0].orth: short._.long_form.text for short in doc._.abbreviations if len(short) == 1}
