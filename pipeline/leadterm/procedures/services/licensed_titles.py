"""Codes of a list that only its user has (CPT): found by the words of their titles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import log
from typing import TYPE_CHECKING, NamedTuple

from leadterm.procedures.services.service_found import ServiceFound

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem
    from leadterm.procedures.services.context import NoteWords

__all__ = ["TitleMatcher"]

WORD = re.compile(r"[a-z0-9]+")
EMPTY = frozenset({
    "a", "an", "and", "any", "area", "at", "by", "each", "eg", "exam", "examination", "for", "from", "in", "including",
    "minimum", "of", "on", "or", "other", "per", "procedure", "the", "to", "type", "when", "performed", "study",
})  # fmt: skip
SAME = {
    "xray": "radiograph", "xrays": "radiograph", "x": "", "ray": "radiograph", "rays": "radiograph",
    "radiologic": "radiograph", "radiographs": "radiograph", "cat": "ct", "tomography": "ct", "computed": "",
    "magnetic": "", "resonance": "mri", "mr": "mri", "ultrasonography": "ultrasound", "sonogram": "ultrasound",
    "echography": "ultrasound", "mammogram": "mammography", "one": "1", "single": "1", "two": "2", "three": "3",
    "four": "4", "injected": "injection", "injections": "injection", "dye": "contrast", "material": "",
    "materials": "", "unilateral": "", "views": "view", "imaging": "",
}  # fmt: skip
ENDINGS = ("ings", "ing", "ies", "es", "s")
LEAST = 0.75  # share of the weight of a title's words that a sentence must have
NEGATED = frozenset({"with", "without"})  # they tell two codes apart, so they must agree


class _Title(NamedTuple):
    code: str
    words: frozenset[str]


@dataclass(frozen=True)
class TitleMatcher:
    """Finds the codes whose titles a sentence has nearly all the words of, the best at each sentence."""

    codes: CodeSystem

    @cached_property
    def _titles(self) -> tuple[_Title, ...]:
        made = (_Title(code, frozenset(_plain(self.codes.title(code)))) for code in self.codes)
        return tuple(title for title in made if len(title.words) > 1 and self.codes.is_billable(title.code))

    @cached_property
    def _weight(self) -> dict[str, float]:
        count: dict[str, int] = {}
        for title in self._titles:
            for word in title.words:
                count[word] = count.get(word, 0) + 1
        return {word: log(1 + len(self._titles) / n) for word, n in count.items()}

    @cached_property
    def _holding(self) -> dict[str, list[_Title]]:
        """Rarest word of a title → titles: no title fits a sentence without it."""
        held: dict[str, list[_Title]] = {}
        for title in self._titles:
            held.setdefault(max(sorted(title.words), key=self._weight.__getitem__), []).append(title)
        return held

    def find(self, words: NoteWords) -> Iterator[ServiceFound]:
        """Give the best title of each sentence, and those as good."""
        for start, end in words.sentences:
            said = _plain(words.text[start:end])
            scores = {title: self._share(title, said) for word in said for title in self._holding.get(word, ())}
            best = max(scores.values(), default=0.0)
            for title in sorted(scores):
                if best >= LEAST and scores[title] >= best - 1e-9:
                    yield self._found(title, words, start, end)

    def _share(self, title: _Title, said: frozenset[str]) -> float:
        """Share of the title's weight in the sentence, a little more for a longer title."""
        if title.words & NEGATED and not title.words & NEGATED <= said:
            return 0.0
        total = sum(self._weight[word] for word in title.words)
        return sum(self._weight[word] for word in title.words & said) / total + 0.001 * len(title.words & said)

    def _found(self, title: _Title, words: NoteWords, start: int, end: int) -> ServiceFound:
        place = words.place(start, end)
        at = [match.span() for match in WORD.finditer(words.text[start:end].lower()) if _same(match[0]) in title.words]
        pieces = ((start + min(at)[0], start + max(at)[1]),) if at else ((start, end),)
        return ServiceFound(title.code, self.codes.title(title.code), place, "service", pieces, 1,
                            traits=frozenset({"service", "single"}))  # fmt: skip


def _same(word: str) -> str:
    """Give a word in the form in which words are compared."""
    known = SAME.get(word)
    if known is not None:
        return known
    ending = next((ending for ending in ENDINGS if word.endswith(ending) and len(word) - len(ending) > 3), "")
    stem = word.removesuffix(ending)
    return SAME.get(stem, stem)


def _plain(text: str) -> frozenset[str]:
    """Give the words of a text that count."""
    return frozenset(same for word in WORD.findall(text.lower()) if word not in EMPTY and (same := _same(word)))
