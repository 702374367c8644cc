"""ConText: who and whether a mention is about, from the cues around it and the section it stands in.

The algorithm follows Harkema et al. (2009), https://doi.org/10.1016/j.jbi.2009.05.002: cues with a direction and
a scope that other cues and punctuation end. Added here: scopes know lists, clauses, labelled values and sections.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from leadterm.schema import Assertion
from leadterm.text.context.cues import SENTENCE_MARK, Cue, CueTrie, Hit, compile_cues
from leadterm.text.extensions import Section, set_on_span, text_of, token_starts

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

__all__ = ["ContextTagger", "Scope"]

LONGEST_SCOPE = 100
Found = tuple[Assertion, tuple[tuple[int, int], ...]]
ASSERTIONS: dict[str, Assertion] = {
    "family": "family", "absent": "absent", "denied": "absent", "hypothetical": "hypothetical",
    "planned": "hypothetical", "screening": "hypothetical", "conditional": "conditional", "allergy": "conditional",
    "possible": "possible", "history": "history",
}  # fmt: skip
BULLETS = frozenset("-•*–·▪●○+")
MOST_BULLETS = 40
MODIFIERS = 3
JOINS = frozenset({",", "and", "with", "(", "-", "y", "con"})
OPENERS = frozenset(ASSERTIONS) | {"weak"}
PRIORITY: dict[Assertion, int] = {
    "family": 0, "absent": 1, "hypothetical": 2, "conditional": 3, "possible": 4, "history": 5,
}  # fmt: skip
SECTION_ASSERTIONS: dict[str, Assertion] = {
    "family_history": "family", "family_member": "family", "allergies": "absent", "differential_diagnosis": "possible",
}  # fmt: skip
ENDS_AT_COMMA = frozenset({"possible", "screening", "conditional", "allergy"})
HARD = frozenset({";", "•", "|", "!"})
OR_WORDS = frozenset({"or", "nor", "and/or", "vs", "vs.", "versus", "ni", "o", "u"})
AND_WORDS = OR_WORDS | {"and", "y", "e", "&"}
ALLERGY_WORDS = re.compile(r"allerg|anaphyl|hypersens|alérg|alerg", re.IGNORECASE)
DURATION = re.compile(
    r"(?:hour|hr|day|week|wk|month|mo|year|yr|día|dia|semana|mes|año)(?:es|s)?['’]?s?(?:\s+or\s+so)?[\s-]*$",
    re.IGNORECASE,
)


class Scope(NamedTuple):
    """Reach of a cue, in positions of the sentence's words.

    Parameters
    ----------
    low, high : int
        Positions ``[low, high)``.
    assertion : str
        What it makes of the mentions inside.
    start, end : int
        Positions of the cue.
    """

    low: int
    high: int
    assertion: Assertion
    start: int
    end: int


class _Sentence:
    """One sentence as lists, white space left out."""

    def __init__(self, words: list[str], hits: list[Hit]) -> None:
        self.words, self.hits = words, hits
        self.commas = [i for i, word in enumerate(words) if word == ","]

    def scopes(self) -> list[Scope]:
        """Scopes of all cues that set an assertion."""
        found = []
        for number, hit in enumerate(self.hits):
            ended = any(cue.direction == "end" for cue in hit.cues)
            for cue in hit.cues:
                assertion = ASSERTIONS.get(cue.category)
                if assertion is None or (ended and cue.direction == "forward"):
                    continue
                if cue.direction == "forward":
                    low, high = hit.end, self._forward(number, cue)
                else:
                    low, high = self._backward(number, cue), hit.start
                if low < high:
                    found.append(Scope(low, high, assertion, hit.start, hit.end))
        return found

    def _forward(self, number: int, cue: Cue) -> int:
        """One past the last position a forward cue reaches."""
        start = free = self.hits[number].end
        high = min(len(self.words), start + (cue.scope or LONGEST_SCOPE))
        for at in range(number + 1, len(self.hits)):
            hit = self.hits[at]
            if hit.start >= high:
                break
            closer = next((c for c in hit.cues if cue.category in c.closes), None)
            if closer is None:
                continue
            if closer.category in OPENERS and self._belongs(free, hit.start, closer):
                free = hit.end
                continue
            cut = self._clause(hit.start, start) if closer.category == "clause" else hit.start
            if cut >= 0:
                high = cut
                break
        return self._stop(start, high, cue)

    def _belongs(self, free: int, start: int, closer: Cue) -> bool:
        """Whether a cue right behind another goes on with it: "denies any recent history of", "denies that he"."""
        near = 1 if closer.category == "weak" else MODIFIERS
        return start - free <= near and JOINS.isdisjoint(self.words[free:start])

    def _clause(self, position: int, low: int) -> int:
        """The comma that begins the clause of a position, or -1 where the clause goes on with a list."""
        at = bisect_right(self.commas, position) - 1
        if at < 0 or self.commas[at] <= low:
            return -1
        comma = self.commas[at]
        return comma if OR_WORDS.isdisjoint(self.words[comma:position]) else -1

    def _stop(self, start: int, high: int, cue: Cue) -> int:
        """Cut a forward reach at punctuation."""
        words = self.words
        for i in range(start, high):
            word = words[i]
            if word in HARD or (word == ":" and i > start):
                return i
            if word == "," and cue.category in ENDS_AT_COMMA and i > start and OR_WORDS.isdisjoint(words[i:high]):
                return i
        return high

    def _backward(self, number: int, cue: Cue) -> int:
        """First position a backward cue reaches."""
        end, words = self.hits[number].start, self.words
        low = max(0, end - (cue.scope or LONGEST_SCOPE))
        for at in range(number - 1, -1, -1):
            hit = self.hits[at]
            if hit.end <= low:
                break
            if any(c.category == "onset" for c in hit.cues) and cue.category == "history":
                return end
            if any(cue.category in c.closes and c.category in ("close", "affirm") for c in hit.cues):
                low = hit.end
                break
        labelled = words[end] in (":", "-", "=", "(")
        for i in range(end - 1, low - 1, -1):
            word = words[i]
            if word in HARD or (word == ":" and i < end - 1):
                return i + 1
            if word == "," and not labelled and AND_WORDS.isdisjoint(words[i + 1 : end]):
                return i + 1
        return low


class ContextTagger:
    """Component ``leadterm_context``: sets assertion, cues, section and label of the mentions.

    When several cues apply, family goes before absent, then hypothetical, conditional, possible and history; among
    cues of one kind the nearest is kept. A cue inside a mention does not count: "family history of cancer" as a
    mention is present.

    Parameters
    ----------
    trie : CueTrie
        Compiled cues.

    Examples
    --------
    >>> import spacy
    >>> from leadterm.text.components import SectionFinder, SentenceSplitter, register
    >>> register()
    >>> nlp = spacy.blank("en")
    >>> doc = SentenceSplitter()(SectionFinder()(nlp("He denies fever or chills but has a cough.")))
    >>> doc.spans["mentions"] = [doc[2:3], doc[4:5], doc[8:9]]
    >>> doc = ContextTagger.for_language(nlp)(doc)
    >>> [(m.text, m._.assertion) for m in doc.spans["mentions"]]
    [('fever', 'absent'), ('chills', 'absent'), ('cough', 'present')]
    """

    def __init__(self, trie: CueTrie) -> None:
        self.trie = trie

    @classmethod
    def for_language(cls, nlp: Language) -> ContextTagger:
        """Make the tagger for a pipeline's language."""
        return cls(compile_cues(nlp))

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        mentions: Sequence[Span] = doc.spans.get("mentions", ())
        if len(mentions):
            _Tagging(doc, self.trie).tag(mentions)
        return doc


class _Tagging:
    """The tagging of one doc: its tokens as lists, white space left out, a mark at the start of each sentence."""

    def __init__(self, doc: Doc, trie: CueTrie) -> None:
        import numpy as np

        self.doc, self.text = doc, text_of(doc)
        columns = doc.to_array(["LOWER", "IS_SPACE", "SENT_START", "LENGTH"])
        self.length: list[int] = columns[:, 3].tolist()
        self.start: list[int] = token_starts(doc).tolist()
        begins = columns[:, 2] == 1
        begins[0] = True
        words, sentences = (columns[:, 1] == 0).nonzero()[0], begins.nonzero()[0]
        marks = words.searchsorted(sentences)
        self.tokens: list[int] = np.insert(words, marks, sentences).tolist()
        self.bounds: list[int] = [*(marks + np.arange(len(marks))).tolist(), len(self.tokens)]
        numbers: list[int] = np.insert(columns[words, 0], marks, SENTENCE_MARK).tolist()
        self.hits = [hit for hit in trie.find(numbers) if not self._lasting(hit)]
        self.hit_starts = [hit.start for hit in self.hits]
        self.heads = [s for s in doc._.sections if s.kind == "section"]
        self.labels = [s for s in doc._.sections if s.kind == "label"]
        self.head_starts = [s.start for s in self.heads]
        self.label_starts = [s.start for s in self.labels]
        self._done: dict[int, list[Scope]] = {}

    def tag(self, mentions: Sequence[Span]) -> None:
        """Set the attributes of all mentions."""
        for span in mentions:
            first, last = span.start, span.end - 1
            a, b = self.start[first], self.start[last] + self.length[last]
            head = self._at(self.heads, self.head_starts, a)
            label = self._at(self.labels, self.label_starts, a)
            assertion, cues = self._assert(first, last, a, b, head, label)
            values = {
                "assertion": assertion, "cues": cues, "section": head.category if head else "",
                "label": label.category if label else "",
            }  # fmt: skip
            set_on_span(self.doc.user_data, a, b, values)

    @staticmethod
    def _at(sections: Sequence[Section], starts: Sequence[int], position: int) -> Section | None:
        at = bisect_right(starts, position) - 1
        return sections[at] if at >= 0 and position < sections[at].end else None

    def _assert(self, first: int, last: int, a: int, b: int, head: Section | None, label: Section | None) -> Found:
        low = bisect_right(self.tokens, first) - 1
        high = bisect_right(self.tokens, last, low)
        scope = self._nearest(low, high)
        found = self._from_section(a, b, head, label)
        if found and (scope is None or PRIORITY[found[0]] < PRIORITY[scope.assertion]):
            return found
        if scope is None:
            return "present", ()
        start, stop = self.tokens[scope.start], self.tokens[scope.end - 1]
        return scope.assertion, ((self.start[start], self.start[stop] + self.length[stop]),)

    def _nearest(self, low: int, high: int) -> Scope | None:
        """The scope that decides about the words ``[low, high)``."""
        number = bisect_right(self.bounds, low) - 1
        if number not in self._done:
            own = self._scopes(self.bounds[number], self.bounds[number + 1])
            self._done[number] = own + self._announced(number)
        best: tuple[int, int, Scope] | None = None
        for scope in self._done[number]:
            if scope.start >= low and scope.end <= high:
                continue
            forward = scope.end <= scope.low
            if scope.low <= low < scope.high if forward else scope.low < high <= scope.high:
                key = (PRIORITY[scope.assertion], abs(low - scope.end if forward else scope.start - high), scope)
                best = key if best is None or key < best else best
        return best[2] if best else None

    def _scopes(self, begin: int, end: int) -> list[Scope]:
        """Scopes of the cues of one sentence, in positions of the doc."""
        first, last = bisect_left(self.hit_starts, begin), bisect_left(self.hit_starts, end)
        if first == last:
            return []
        text, start, length = self.text, self.start, self.length
        words = [text[start[i] : start[i] + length[i]].lower() for i in self.tokens[begin + 1 : end]]
        base = begin + 1
        hits = [Hit(hit.start - base, hit.end - base, hit.cues) for hit in self.hits[first:last]]
        found = _Sentence(words, hits).scopes()
        return [Scope(s.low + base, s.high + base, s.assertion, s.start + base, s.end + base) for s in found]

    def _announced(self, number: int) -> list[Scope]:
        """Scopes that a line such as "Denies:" opens for the bullets below it."""
        first = number
        while first > 0 and number - first < MOST_BULLETS and self._word(self.bounds[first] + 1) in BULLETS:
            first -= 1
        last = self.bounds[first + 1] - 1
        if first == number or self._word(last) != ":":
            return []
        low, high = self.bounds[number] + 1, self.bounds[number + 1]
        opened = self._scopes(self.bounds[first], last + 1)
        return [s._replace(low=low, high=high) for s in opened if s.low == last and s.high == last + 1]

    def _word(self, position: int) -> str:
        """The word at a position, empty behind the last one."""
        if position >= len(self.tokens):
            return ""
        start = self.start[self.tokens[position]]
        return self.text[start : start + self.length[self.tokens[position]]]

    def _from_section(self, a: int, b: int, head: Section | None, label: Section | None) -> Found | None:
        for section in (label, head):
            assertion = SECTION_ASSERTIONS.get(section.category) if section else None
            if section is None or assertion is None or a < section.title_end:
                continue
            if section.category == "allergies" and ALLERGY_WORDS.search(self.text, a, b):
                continue
            title = ((section.title_start, section.title_end),) if section.title_end > section.title_start else ()
            return assertion, title
        return None

    def _lasting(self, hit: Hit) -> bool:
        """Whether "history of" only says how long: "a 3-day history of cough"."""
        if hit.cues[0].category != "history":
            return False
        at = self.start[self.tokens[hit.start]]
        return DURATION.search(self.text, max(0, at - 20), at) is not None
