"""Entity recognition: finds the terms of a `Lexicon` in a spaCy ``Doc``, in any word order and with small gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leadterm.text.knowledge import load_table
from leadterm.text.matching.lexicon import SHIFT, Lexicon
from leadterm.text.matching.overlaps import Cover, Match, Reading, Scan
from leadterm.text.matching.terms import SOURCES
from leadterm.text.words.languages import Translator, words_of
from leadterm.text.words.normalise import LETTER_A, ROMAN_AFTER, STOPWORDS, WORD, Normaliser, fold
from leadterm.text.words.spelling import SpellingCorrector
from leadterm.text.words.translated_spelling import TranslatedSpelling

if TYPE_CHECKING:
    from spacy.strings import StringStore
    from spacy.tokens import Doc

__all__ = ["Cover", "Match", "Reading", "Scan", "TermMatcher"]

WINDOW = 8
GAPS = 4
MOST_KEPT = 500_000
NUMERAL = 3
GLUED = re.compile(r"(?<=[a-z]{4})(?=[A-Z][a-z]{3})")  # "locationColon": cells of a table run together
BREAKS = frozenset({".", ";", ":", "!", "?", "•", "|", "*", "·", "–", "—"})
PAUSES = frozenset({",", "and", "or", "/", "&", "(", ")", "+", "-"})
NEGATORS = frozenset({"without", "w/o", "no", "not", "denies", "negative"})
PAUSE, BREAK, NEGATE, UNKNOWN = -1, -2, -3, -4


class TermMatcher:
    """Finds the terms of a lexicon.

    Parameters
    ----------
    lexicon : Lexicon
        Compiled terms.
    normaliser : Normaliser
        The one the lexicon's words were made with.
    abbreviations : sequence of mapping
        Rows ``short``, ``expansion``, ``case`` of ``abbreviations.tsv``.
    correct : callable, optional
        Gives the word that a misspelled normal word stands for, or None. It is asked once for each lower-case word;
        capitals are taken for names except where a clause begins.
    translator : Translator, optional
        Reads the words of notes in another language.

    Examples
    --------
    >>> import spacy
    >>> from leadterm.text.matching.terms import WordSet
    >>> lex = Lexicon.build([WordSet(("lumbar", "strain"), "S39.012", "index", 0, "Strain, lumbar")])
    >>> doc = spacy.blank("en")("Strain of the back, lumbar.")
    >>> [m.tokens for m in TermMatcher(lex, Normaliser({}), []).match(doc)]
    [(0, 5)]
    """

    def __init__(
        self, lexicon: Lexicon, normaliser: Normaliser, abbreviations: Sequence[Mapping[str, str]],
        correct: Callable[[str], str | None] | None = None, translator: Translator | None = None,
    ) -> None:  # fmt: skip
        self.lexicon = lexicon
        self.normaliser = normaliser
        self._reader: Normaliser = translator or normaliser
        self._letter = lexicon.words.get(LETTER_A)
        self._pauses, self._negators = PAUSES, NEGATORS
        if translator is not None:
            self._pauses = PAUSES | words_of(translator.language, "pause")
            self._negators = words_of(translator.language, "negation")
        self._any = {r["short"].lower(): r["expansion"] for r in abbreviations if r["case"] == "any"}
        self._upper = {r["short"]: r["expansion"] for r in abbreviations if r["case"] == "upper"}
        self.vocabulary = tuple(lexicon.words)
        self._numerals = frozenset(i for word, i in lexicon.words.items() if word[0].isdigit() and len(word) <= NUMERAL)
        self._heads = frozenset(lexicon.words[word] for word in ROMAN_AFTER if word in lexicon.words)
        self._by_orth: dict[int, tuple[int, ...]] = {}
        self._correct = correct
        self._opening = lru_cache(maxsize=MOST_KEPT)(self._look_up)
        self._facts = lru_cache(maxsize=100_000)(self._term_facts)

    @classmethod
    def default(cls, lexicon: Lexicon, normaliser: Normaliser) -> TermMatcher:
        """Make a matcher with the shipped abbreviations.

        Parameters
        ----------
        lexicon : Lexicon
            Compiled terms.
        normaliser : Normaliser
            The one the lexicon's words were made with.

        Returns
        -------
        TermMatcher
            The matcher.
        """
        spelling = SpellingCorrector.of_lexicon(lexicon, normaliser)
        return cls(lexicon, normaliser, load_table("abbreviations.tsv"), spelling.correct)

    @classmethod
    def translating(cls, lexicon: Lexicon, normaliser: Normaliser, language: str) -> TermMatcher:
        """Make a matcher for notes in another language, read through its table of words.

        Parameters
        ----------
        lexicon : Lexicon
            Compiled terms.
        normaliser : Normaliser
            The one the lexicon's words were made with.
        language : str
            One of `leadterm.text.words.languages.TRANSLATED`.

        Returns
        -------
        TermMatcher
            The matcher; abbreviations are words of the table.
        """
        terms = np.bincount(lexicon.word_ids, minlength=len(lexicon.words)).tolist()
        counts = {word: terms[number] for word, number in lexicon.words.items()}
        translator = Translator(language, normaliser, counts)
        return cls(lexicon, normaliser, [], TranslatedSpelling(translator).correct, translator)

    def _ids(self, orth: int, strings: StringStore) -> tuple[int, ...]:
        """Word ids of a token, from memory where it was seen before; the memory never grows beyond bounds."""
        if len(self._by_orth) >= MOST_KEPT:
            self._by_orth.clear()
        ids = self._by_orth[orth] = self._look_up(strings[orth])
        return ids

    def _words_of(self, text: str) -> list[int]:
        """Word ids of a long form; UNKNOWN for words that no term holds."""
        return [self.lexicon.words.get(w, UNKNOWN) for w in self._reader.content(text)]

    def _look_up(self, surface: str) -> tuple[int, ...]:
        """Word ids of a token; or one of PAUSE, BREAK, NEGATE; UNKNOWN for a word no term holds."""
        low = surface.lower()
        if surface in ("A", "A.") and self._reader is self.normaliser:  # in other languages "A" is a preposition
            return () if self._letter is None else (self._letter,)
        if surface in BREAKS or "\n" in surface or "\r" in surface:
            return (BREAK,)
        if low in self._pauses:
            return (PAUSE,)
        if low in self._negators:
            return (NEGATE,)
        words = [w for m in WORD.finditer(GLUED.sub(" ", surface)) for w in self._reader.word(m.group())]
        expansion = self._upper.get(surface) or self._any.get(low)
        if expansion:
            words += self.normaliser.words(expansion)
        content = [w for w in words if w not in STOPWORDS]
        if len(content) == 1 and (meant := self._meant(surface, content[0])):
            content += self._reader.word(meant)
        if not content:
            return ()
        ids = dict.fromkeys(self.lexicon.words.get(w, UNKNOWN) for w in content)
        if "i" in words and len(content) == 1:
            return (self.lexicon.words.get("1", UNKNOWN),)
        if len(ids) > 1:
            ids.pop(UNKNOWN, None)
        return tuple(ids)

    def _meant(self, surface: str, normal: str) -> str | None:
        """The word that a misspelled one stands for. English capitals are taken for names."""
        if self._correct is None:
            return None
        if self._reader is self.normaliser:
            return self._correct(normal) if surface == surface.lower() else None
        unread = normal not in self.lexicon.words and normal == fold(surface)
        return self._correct(surface) if unread else None

    def scan(self, doc: Doc) -> Scan:
        """Read the content words of a doc.

        Parameters
        ----------
        doc : Doc
            With sentence starts set.

        Returns
        -------
        Scan
            Arrays of words, tokens, positions, segments.
        """
        expansions = _note_abbreviations(doc)
        word: list[int] = []
        token: list[int] = []
        position: list[int] = []
        segment: list[int] = []
        negated: list[bool] = []
        here, clause, no, begun = 0, 0, False, -1
        known, strings = self._by_orth, doc.vocab.strings
        for i, (orth, start) in enumerate(doc.to_array(["ORTH", "SENT_START"]).tolist()):
            if start == 1:
                clause += 1
                no = False
            ids = known.get(orth)
            if ids is None:
                ids = self._ids(orth, strings)
            if expansions and orth in expansions:
                ids = tuple(dict.fromkeys((*ids, *(n for n in self._words_of(expansions[orth]) if n >= 0))))
            if not ids:
                continue
            first = ids[0]
            if first >= 0 or first == UNKNOWN:
                if first == self._letter and begun != clause:
                    continue  # it opens a sentence or a list: the article, or the number of a line
                here += 1
                if first == UNKNOWN and begun != clause and not strings[orth].islower():
                    ids = self._opening(strings[orth].lower()) or ids
                begun = clause
                for number in ids:
                    word.append(number)
                    token.append(i)
                    position.append(here)
                    segment.append(clause)
                    negated.append(no)
            elif first == PAUSE:
                here += 1
            elif first == BREAK:
                clause += 1
                no = False
            else:
                no = True
        as_int = [np.array(column, dtype=np.int32) for column in (word, token, position, segment)]
        return Scan(as_int[0], as_int[1], as_int[2], as_int[3], np.array(negated, dtype=np.bool_))

    def match(self, doc: Doc) -> list[Match]:
        """Find all terms.

        Parameters
        ----------
        doc : Doc
            A document.

        Returns
        -------
        list of Match
            In order of segment, tokens and term.
        """
        return self.match_scan(self.scan(doc))

    def match_scan(self, scan: Scan) -> list[Match]:
        """Find all terms in scanned words.

        Parameters
        ----------
        scan : Scan
            Words of a doc, or words put together from several places of it.

        Returns
        -------
        list of Match
            In order of segment, tokens and term.
        """
        found = {**self._singles(scan), **self._multiples(scan)}
        return [found[key] for key in sorted(found)]

    def _singles(self, scan: Scan) -> dict[tuple[Any, ...], Match]:
        lex = self.lexicon
        found: dict[tuple[Any, ...], Match] = {}
        known = np.flatnonzero(scan.word >= 0)
        ids = scan.word[known]
        starts, ends = lex.single_ptr[ids], lex.single_ptr[ids + 1]
        hits = np.flatnonzero(ends > starts)
        at = known[hits]
        columns = (scan.token[at], scan.segment[at], starts[hits], ends[hits])
        for token, segment, first, last in zip(*(column.tolist() for column in columns), strict=True):
            tokens = (token,)
            for term in lex.single_terms[first:last].tolist():
                found[segment, tokens, term] = Match(term, tokens, segment, 0)
        return found

    def _pairs(self, scan: Scan) -> Iterator[tuple[int, int, int]]:
        """Yield (i, j, term) where a term's two rarest words stand near each other and the note holds the rest."""
        lex = self.lexicon
        n = len(scan.word)
        if n < 2 or not len(lex.pair_keys):
            return
        left, step = np.arange(n), np.arange(1, min(WINDOW + 4, n))[:, None]
        right = left + step
        near = right < n
        right = np.minimum(right, n - 1)
        near &= (scan.word != scan.word[right]) & (scan.word >= 0) & (scan.word[right] >= 0)
        near &= (scan.segment == scan.segment[right]) & (scan.position[right] - scan.position <= WINDOW)
        near &= scan.negated == scan.negated[right]
        which, i = np.nonzero(near)
        j = i + which + 1
        a, b = scan.word[i].astype(np.int64), scan.word[j].astype(np.int64)
        keys = (np.minimum(a, b) << SHIFT) | np.maximum(a, b)
        at = np.minimum(np.searchsorted(lex.pair_keys, keys), len(lex.pair_keys) - 1)
        hit = np.flatnonzero(lex.pair_keys[at] == keys)
        at, i, j = at[hit], i[hit], j[hit]
        counts = lex.pair_ptr[at + 1] - lex.pair_ptr[at]
        offsets = np.repeat(lex.pair_ptr[at] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        terms = lex.pair_terms[offsets]
        i, j = np.repeat(i, counts), np.repeat(j, counts)
        here = np.zeros(len(lex.weight), dtype=np.bool_)
        here[scan.word[scan.word >= 0]] = True
        whole = self._all_here(terms, here)
        yield from zip(i[whole].tolist(), j[whole].tolist(), terms[whole].tolist(), strict=True)

    def _all_here(self, terms: npt.NDArray[Any], here: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        lex = self.lexicon
        starts = lex.word_ptr[terms]
        sizes = lex.word_ptr[terms + 1] - starts
        whole = np.ones(len(terms), dtype=np.bool_)
        for k in range(int(sizes.max(initial=0))):
            more = sizes > k
            whole[more] &= here[lex.word_ids[starts[more] + k]]
        return whole

    def _multiples(self, scan: Scan) -> dict[tuple[Any, ...], Match]:
        lex = self.lexicon
        pairs = list(self._pairs(scan))
        if not pairs:
            return {}
        places: dict[tuple[int, int], list[int]] = {}
        for i, place in enumerate(zip(scan.segment.tolist(), scan.word.tolist(), strict=True)):
            places.setdefault(place, []).append(i)
        position, token = scan.position.tolist(), scan.token.tolist()
        segments, words, negated = scan.segment.tolist(), scan.word.tolist(), scan.negated.tolist()
        best: dict[tuple[int, int, int], tuple[int, list[int]]] = {}
        for i, j, term in pairs:
            chosen = [i, j]
            low, high = position[i], position[j]
            needed = lex.word_ids[lex.word_ptr[term] : lex.word_ptr[term + 1]].tolist()
            limit = len(needed) + GAPS
            for word in needed:
                if word == words[i] or word == words[j]:
                    continue
                options = [
                    k for k in places.get((segments[i], word), ())
                    if negated[k] == negated[i] and max(high, position[k]) - min(low, position[k]) < limit
                ]  # fmt: skip
                if not options:
                    break
                k = min(options, key=lambda k: (max(low - position[k], position[k] - high, 0), k))
                low, high = min(low, position[k]), max(high, position[k])
                chosen.append(k)
            else:
                if high - low >= limit or not self._grades_hold(chosen, words, position):
                    continue
                key = (segments[i], term, token[i])
                width = high - low
                if key not in best or width < best[key][0]:
                    best[key] = (width, chosen)
        return self._tightest(best, token)

    def _grades_hold(self, chosen: Sequence[int], words: Sequence[int], position: Sequence[int]) -> bool:
        """Whether each numeral of a term stands right behind its "type" or "stage", or beside another of its words."""
        numerals = [k for k in chosen if words[k] in self._numerals]
        if not numerals:
            return True
        heads = [position[k] for k in chosen if words[k] in self._heads]
        others = [position[k] for k in chosen if words[k] not in self._numerals]
        near = [range(head, head + 2) for head in heads] or [range(other - 1, other + 2) for other in others]
        return all(any(position[k] in reach for reach in near) for k in numerals)

    def covers(self, matches: Sequence[Match], *, joined: bool = False) -> list[Cover]:
        """Group matches by the tokens they cover and mark those that a longer match holds.

        A cover is dropped when another one of its clause holds all its tokens and more, without a gap; with a
        gap it is kept and marked as subsumed. The result does not depend on the order of the matches.

        Parameters
        ----------
        matches : sequence of Match
            Matches of one doc.
        joined : bool
            Marks the covers made from a heading and the text below it.

        Returns
        -------
        list of Cover
            In order of segment and tokens.
        """
        groups: dict[tuple[int, tuple[int, ...]], list[Match]] = {}
        for match in matches:
            groups.setdefault((match.segment, match.tokens), []).append(match)
        longer: dict[int, list[tuple[frozenset[int], int]]] = {}
        for (segment, tokens), group in groups.items():
            if len(tokens) > 1:
                longer.setdefault(segment, []).append((frozenset(tokens), min(m.gap for m in group)))
        result = []
        for (segment, tokens), group in sorted(groups.items()):
            own = frozenset(tokens)
            gaps = [gap for others, gap in longer.get(segment, ()) if own < others]
            if not gaps or min(gaps) > 0:
                result.append(Cover(tokens, segment, self._readings(group), bool(gaps), joined))
        return result

    def _readings(self, matches: Sequence[Match]) -> tuple[Reading, ...]:
        best: dict[str, Reading] = {}
        for match in sorted(matches, key=_term_of):
            code, text, source, words, missing, weight = self._facts(match.term)
            if code not in best or best[code].missing > missing:
                best[code] = Reading(code, text, source, words, missing, match.gap, weight)
        if len(best) == 1:
            return tuple(best.values())
        ranked = sorted(best.values(), key=lambda r: (r.missing, r.code))
        limit = ranked[0].missing + (ranked[0].source != "synonym")
        return tuple(r for r in ranked if r.missing <= limit)

    def _term_facts(self, term: int) -> tuple[str, str, str, int, int, float]:
        """Code, text, source, number of words, words left out and weight of a term."""
        lex = self.lexicon
        words = lex.word_ids[lex.word_ptr[term] : lex.word_ptr[term + 1]]
        code, source = lex.codes[lex.code[term]], SOURCES[lex.source[term]]
        return code, lex.text(term), source, len(words), int(lex.missing[term]), float(lex.weight[words].sum())

    @staticmethod
    def _tightest(
        best: dict[tuple[int, int, int], tuple[int, list[int]]], token: list[int]
    ) -> dict[tuple[Any, ...], Match]:
        found: dict[tuple[Any, ...], Match] = {}
        for (segment, term, _), (width, chosen) in best.items():
            tokens = tuple(sorted({token[k] for k in chosen}))
            found[segment, tokens, term] = Match(term, tokens, segment, max(width + 1 - len(tokens), 0))
        return found


_term_of = attrgetter("term")


def _note_abbreviations(doc: Doc) -> dict[int, str]:
    """Short forms that the note itself explains, with their long forms."""
    if not doc.has_extension("abbreviations"):
        return {}
    return {short[0].orth: short._.long_form.text for short in doc._.abbreviations if len(short) == 1}


