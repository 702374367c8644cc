"""Entity recognition: finds the terms of a `Lexicon` in a spaCy ``Doc``, in any word order and with small gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from leadterm.text.knowledge import load_table
from leadterm.text.matching.lexicon import SHIFT, Lexicon
from leadterm.text.matching.overlaps import Cover, Match, Reading, Scan
from leadterm.text.matching.scanner import Scanner
from leadterm.text.matching.statements import find_quiet, keep_apart, keep_order, naming_words
from leadterm.text.matching.strays import drop_strays
from leadterm.text.matching.word_sets import MAX_WORDS, SOURCES
from leadterm.text.words.languages import Translator
from leadterm.text.words.normalise import ROMAN_AFTER, Normaliser
from leadterm.text.words.spelling import SpellingCorrector
from leadterm.text.words.translated_spelling import TranslatedSpelling

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["Cover", "Match", "Reading", "Scan", "TermMatcher"]

WINDOW = 8
REACH = WINDOW + 4  # words of the note; a token may stand for several
FOLD = 1 << 19
GAPS = 4
NUMERAL, WHOLE = 3, 3
NEOPLASM, PAIR = "neoplasm", 2
HURT, SECONDARY, LEADING = frozenset({"hurt", "hurts"}), "secondary", "to"


class TermMatcher:
    """Finds the terms of a lexicon.

    - ``normaliser``: the one the lexicon's words were made with.
    - ``abbreviations``: rows ``short``, ``expansion``, ``case`` of ``abbreviations.tsv``.
    - ``correct``: gives the word that a misspelled normal word stands for, or None. It is asked once for each
      lower-case word; capitals are taken for names except where a clause begins.
    - ``translator``: reads the words of notes in another language.

    >>> import spacy
    >>> from leadterm.text.matching.word_sets import WordSet
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
        self._scanner = Scanner(lexicon.words, normaliser, abbreviations, correct, translator)
        self.vocabulary = tuple(lexicon.words)
        self._numerals = frozenset(i for word, i in lexicon.words.items() if word[0].isdigit() and len(word) <= NUMERAL)
        self._heads = frozenset(lexicon.words[word] for word in ROMAN_AFTER if word in lexicon.words)
        self._facts = lru_cache(maxsize=4096)(self._term_facts)
        self._words_of = lru_cache(maxsize=4096)(self._term_words)
        self._readings_of = lru_cache(maxsize=4096)(self._read_terms)
        self._parts_of = lru_cache(maxsize=4096)(self._divide)

    @classmethod
    def default(cls, lexicon: Lexicon, normaliser: Normaliser) -> TermMatcher:
        """Make a matcher with the shipped abbreviations.

        ``normaliser``: the one the lexicon's words were made with.
        """
        spelling = SpellingCorrector.of_lexicon(lexicon, normaliser)
        return cls(lexicon, normaliser, load_table("abbreviations.tsv"), spelling.correct)

    @classmethod
    def translating(cls, lexicon: Lexicon, normaliser: Normaliser, language: str) -> TermMatcher:
        """Make a matcher for notes in another language, read through its table of words.

        The matcher; abbreviations are words of the table. ``normaliser``: the one the lexicon's words were made with.
        ``language``: one of `leadterm.text.words.languages.TRANSLATED`.
        """
        terms = np.bincount(lexicon.word_ids, minlength=len(lexicon.words)).tolist()
        counts = {word: terms[number] for word, number in lexicon.words.items()}
        translator = Translator(language, normaliser, counts)
        return cls(lexicon, normaliser, [], TranslatedSpelling(translator).correct, translator)

    def scan(self, doc: Doc) -> Scan:
        """Read the content words of a doc whose sentence starts are set."""
        return self._scanner.scan(doc)

    def match(self, doc: Doc) -> list[Match]:
        """Find all terms.

        In order of segment, tokens and term.
        """
        return self.match_scan(self.scan(doc))

    def match_scan(self, scan: Scan) -> list[Match]:
        """Find all terms in scanned words.

        In order of segment, tokens and term. ``scan``: words of a doc, or words put together from several places of it.
        """
        found = {**self._singles(scan), **self._multiples(scan)}
        return [found[key] for key in sorted(found)]

    def apart(self, doc: Doc, scan: Scan, matches: Sequence[Match], quiet: set[int]) -> list[Match]:
        """Drop matches put together from two statements; `quiet` gives the tokens that name no diagnosis."""

        def words_of(match: Match) -> set[int]:
            return set(self._words_of(match.term))

        def text_of(match: Match) -> tuple[str, str]:
            return self._facts(match.term)[1:3]

        kept = keep_apart(doc, scan, matches, text_of, words_of, self.vocabulary, quiet)
        kept = keep_order(doc, scan, kept, lambda match: self._parts_of(match.term))
        kept = [m for m in kept if not (self._is_guessed(m) or self._is_turned(doc, m))]
        return drop_strays(doc, scan, kept, self.vocabulary, quiet)

    def _is_guessed(self, match: Match) -> bool:
        """Whether one word of a neoplasm's site stands away from it: "neck" alone is none of the bladder."""
        _, _, source, words, missing, _ = self._facts(match.term)
        return source == NEOPLASM and bool(missing and match.gap) and words <= PAIR

    def _is_turned(self, doc: Doc, match: Match) -> bool:
        """Whether a term turns the note round: "my knee hurts" is no injury, "secondary to" leads to a cause."""
        text, said = self._facts(match.term)[1], [doc[t].lower_ for t in match.tokens]
        if SECONDARY in said and LEADING not in text and doc[match.tokens[said.index(SECONDARY)] + 1].lower_ == LEADING:
            return True
        words = text.split()
        if len(words) < PAIR or HURT.isdisjoint((words[0], words[-1])):
            return False
        return "hurt" in said[0] if words[-1] in HURT else said[0] != "hurt"

    def quiet(self, scan: Scan) -> set[int]:
        """Tokens that name no diagnosis."""
        return find_quiet(scan, self._naming)

    @cached_property
    def _naming(self) -> npt.NDArray[np.bool_]:
        return naming_words(self.vocabulary)

    def code_of(self, match: Match) -> str:
        """The code, or the family, that a term leads to."""
        return self._facts(match.term)[0]

    def _singles(self, scan: Scan) -> dict[tuple[Any, ...], Match]:
        lex = self.lexicon
        found: dict[tuple[Any, ...], Match] = {}
        known = (scan.word >= 0).nonzero()[0]
        ids = scan.word[known]
        starts, ends = lex.single_ptr[ids], lex.single_ptr[ids + 1]
        hits = (ends > starts).nonzero()[0]
        at = known[hits]
        columns = (scan.token[at], scan.segment[at], starts[hits], ends[hits])
        for token, segment, first, last in zip(*(column.tolist() for column in columns), strict=True):
            tokens = (token,)
            for term in lex.single_terms[first:last].tolist():
                found[segment, tokens, term] = Match(term, tokens, segment, 0)
        return found

    def _pairs(self, scan: Scan) -> Iterator[tuple[int, int, int]]:
        """Yield (i, j, term) where a term's two rarest words stand near each other and the note holds the rest."""
        lex, (paired, likely) = self.lexicon, self._paired
        held = paired[np.maximum(scan.word, -1)].nonzero()[0]
        n = len(held)
        if n < 2 or not len(lex.pair_keys):
            return
        word, segment, position = scan.word[held], scan.segment[held], scan.position[held]
        left, step = np.arange(n), np.arange(1, min(REACH, n))[:, None]
        right = np.minimum(left + step, n - 1)
        near = (segment == segment[right]) & (position[right] - position <= WINDOW) & (word != word[right])
        which, i = (near & (left + step < n)).nonzero()
        j = i + which + 1
        a, b = word[i].astype(np.int64), word[j].astype(np.int64)
        keys = (np.minimum(a, b) << SHIFT) | np.maximum(a, b)
        hit = likely[_fold(keys)].nonzero()[0]
        keys, i, j = keys[hit], held[i[hit]], held[j[hit]]
        at = np.minimum(lex.pair_keys.searchsorted(keys), len(lex.pair_keys) - 1)
        near = (lex.pair_keys[at] == keys) & (j - i < REACH) & (scan.negated[i] == scan.negated[j])
        hit = near.nonzero()[0]
        hit = hit[np.lexsort((i[hit], j[hit] - i[hit]))]
        at, i, j = at[hit], i[hit], j[hit]
        counts = lex.pair_ptr[at + 1] - lex.pair_ptr[at]
        offsets = (lex.pair_ptr[at] - counts.cumsum() + counts).repeat(counts) + np.arange(counts.sum())
        terms = lex.pair_terms[offsets]
        i, j = i.repeat(counts), j.repeat(counts)
        here = np.zeros(len(lex.weight), dtype=np.bool_)
        here[scan.word[scan.word >= 0]] = True
        whole = self._all_here(terms, here)
        yield from zip(i[whole].tolist(), j[whole].tolist(), terms[whole].tolist(), strict=True)

    def _all_here(self, terms: npt.NDArray[Any], here: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        lex = self.lexicon
        starts = lex.word_ptr[terms]
        sizes = lex.word_ptr[terms + 1] - starts
        begins = sizes.cumsum() - sizes
        words = lex.word_ids[(starts - begins).repeat(sizes) + np.arange(sizes.sum())]
        whole: npt.NDArray[np.bool_] = np.logical_and.reduceat(here[words], begins)
        return whole

    @cached_property
    def _paired(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whether each word stands in a key of two words, the last entry for unknown ones; which folded keys there are.

        Both are small: to look there first is quicker than to search among all keys.
        """
        keys = self.lexicon.pair_keys
        paired, likely = np.zeros(len(self.vocabulary) + 1, dtype=np.bool_), np.zeros(FOLD, dtype=np.bool_)
        paired[keys >> SHIFT] = paired[keys & ((1 << SHIFT) - 1)] = True
        likely[_fold(keys)] = True
        return paired, likely

    def _term_words(self, term: int) -> tuple[int, ...]:
        lex = self.lexicon
        return tuple(lex.word_ids[lex.word_ptr[term] : lex.word_ptr[term + 1]].tolist())

    def _multiples(self, scan: Scan) -> dict[tuple[Any, ...], Match]:
        pairs = list(self._pairs(scan))
        if not pairs:
            return {}
        position, token = scan.position.tolist(), scan.token.tolist()
        segments, words, negated = scan.segment.tolist(), scan.word.tolist(), scan.negated.tolist()
        needed_by = {term: self._words_of(term) for _, _, term in pairs}
        wanted = frozenset(word for needed in needed_by.values() if len(needed) > 2 for word in needed)
        places: dict[tuple[int, int], list[int]] = {}
        for i, word in enumerate(words):
            if word in wanted:
                places.setdefault((segments[i], word), []).append(i)
        best: dict[tuple[int, int, int], tuple[int, list[int]]] = {}
        for i, j, term in pairs:
            chosen = [i, j]
            low, high = position[i], position[j]
            needed = needed_by[term]
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
                if high - low >= limit or not (
                    self._numerals.isdisjoint(needed) or self._grades_hold(chosen, words, position)
                ):
                    continue
                key = (segments[i], term, token[i])
                width = high - low
                if key not in best or width < best[key][0]:
                    best[key] = (width, chosen)
        return self._tightest(best, token)

    def _grades_hold(self, chosen: Sequence[int], words: Sequence[int], position: Sequence[int]) -> bool:
        """Whether each numeral of a term stands right behind its "type" or "stage", or beside another of its words."""
        numerals = [k for k in chosen if words[k] in self._numerals]
        heads = [position[k] for k in chosen if words[k] in self._heads]
        others = [position[k] for k in chosen if words[k] not in self._numerals]
        near = [range(head, head + 2) for head in heads] or [range(other - 1, other + 2) for other in others]
        return all(any(position[k] in reach for reach in near) for k in numerals)

    def _divide(self, term: int) -> tuple[frozenset[int], frozenset[int]]:
        """Words of a term before and behind its "due to" or "in"; both empty where it has none, or the same twice."""
        text = self.lexicon.text(term).replace("secondary to", "due to").replace(", in, ", "due to")
        said, due, why = text.partition("due to")
        effect, cause = (
            frozenset(self.lexicon.words.get(w, -1) for w in self.normaliser.content(part)) for part in (said, why)
        )
        return (effect, cause) if due and effect.isdisjoint(cause) else (frozenset(), frozenset())

    def covers(self, matches: Sequence[Match], *, joined: bool = False) -> list[Cover]:
        """Group matches by the tokens they cover and mark those that a longer match holds.

        A cover is dropped when another one of its clause holds all its tokens and more, without a gap; with a
        gap it is kept and marked as subsumed. The result does not depend on the order of the matches.

        In order of segment and tokens. ``joined``: marks the covers made from a heading and the text below it.
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
        ordered = sorted([(match.term, match.gap) for match in matches])
        return self._readings_of(tuple(ordered), len(matches[0].tokens))

    def _read_terms(self, matches: tuple[tuple[int, int], ...], tokens: int) -> tuple[Reading, ...]:
        """The readings of some tokens by the terms that they match, with the gap of each."""
        best: dict[str, Reading] = {}
        for term, gap in self._fullest(matches, tokens):
            code, text, source, words, missing, weight = self._facts(term)
            if code not in best or best[code].missing > missing:
                best[code] = Reading(code, text, source, words, missing, gap, weight)
        if len(best) == 1:
            return tuple(best.values())
        ranked = sorted(best.values(), key=lambda r: (r.missing, r.code))
        first = ranked[0]
        limit = first.missing + (first.source != "synonym" and (first.missing > 0 or first.words < WHOLE))
        kept = [r for r in ranked if r.missing <= limit]
        best_of = {r.words: r.missing for r in reversed(kept) if not _is_rest(r)}  # "unspecified" goes before "other"
        return tuple(r for r in kept if not _is_rest(r) or r.missing < best_of.get(r.words, MAX_WORDS))

    def _fullest(self, matches: Sequence[tuple[int, int]], tokens: int) -> Sequence[tuple[int, int]]:
        """Drop the terms that leave words of a long form out: "COPD" is no chronic lung disease."""
        sizes = {self._facts(term)[3] for term, _ in matches}
        if len(sizes) < 2 or max(sizes) <= tokens:
            return matches
        words = [frozenset(self._words_of(term)) for term, _ in matches]
        whole = [w for w, (term, _) in zip(words, matches, strict=True) if not self.lexicon.missing[term]]
        return [match for w, match in zip(words, matches, strict=True) if not any(w < other for other in whole)]

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
        places: dict[tuple[int, int], list[frozenset[int]]] = {}
        for (segment, term, _), (width, chosen) in best.items():
            tokens = tuple(sorted({token[k] for k in chosen}))
            found[segment, tokens, term] = Match(term, tokens, segment, max(width + 1 - len(tokens), 0))
            places.setdefault((segment, term), []).append(frozenset(tokens))
        twice = {key: sets for key, sets in places.items() if len(sets) > 1}
        return {
            (segment, tokens, term): match for (segment, tokens, term), match in found.items()
            if not any(other < frozenset(tokens) for other in twice.get((segment, term), ()))
        }  # fmt: skip


def _fold(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A small number for each key of two words."""
    folded: npt.NDArray[np.int64] = (keys ^ (keys >> (SHIFT - 8))) & (FOLD - 1)
    return folded


def _is_rest(reading: Reading) -> bool:
    """Whether a term is that of the codes left over: "Other fracture of shaft of tibia"."""
    return reading.term.startswith(("Other ", "other "))
