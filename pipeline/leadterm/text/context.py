"""ConText: who and whether a mention is about, from the cues around it and the section it stands in.

The algorithm follows Harkema et al. (2009), https://doi.org/10.1016/j.jbi.2009.05.002: cues with a direction and
a scope that other cues and punctuation end. Added here: scopes know lists, clauses, labelled values and sections.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from leadterm.schema import Assertion
from leadterm.text.components import token_starts
from leadterm.text.cues import Cue, CueTrie, Hit, compile_cues
from leadterm.text.extensions import Section, set_on_span

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

__all__ = ["ContextTagger", "Scope"]

ASSERTIONS: dict[str, Assertion] = {
    "family": "family", "absent": "absent", "hypothetical": "hypothetical", "planned": "hypothetical", "screening": "hypothetical",
    "conditional": "conditional", "allergy": "conditional", "possible": "possible", "history": "history",
}  # fmt: skip
PRIORITY: dict[Assertion, int] = {"family": 0, "absent": 1, "hypothetical": 2, "conditional": 3, "possible": 4, "history": 5}
SECTION_ASSERTIONS: dict[str, Assertion] = {
    "family_history": "family", "family_member": "family", "allergies": "absent", "differential_diagnosis": "possible",
}  # fmt: skip
ENDS_AT_COMMA = frozenset({"possible", "screening", "conditional", "allergy"})
HARD = frozenset({";", "•", "|", "!"})
OR_WORDS = frozenset({"or", "nor", "and/or", "vs", "vs.", "versus", "ni", "o", "u"})
AND_WORDS = OR_WORDS | {"and", "y", "e", "&"}
ALLERGY_WORDS = re.compile(r"allerg|anaphyl|hypersens|alérg|alerg", re.IGNORECASE)
DURATION = re.compile(r"(?:hour|hr|day|week|wk|month|mo|year|yr|día|dia|semana|mes|año)(?:es|s)?['’]?s?[\s-]*$", re.IGNORECASE)


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
        start, words = self.hits[number].end, self.words
        high = min(len(words), start + cue.scope) if cue.scope else len(words)
        free = start
        for hit in self.hits[number + 1 :]:
            if hit.start >= high:
                break
            closer = next((c for c in hit.cues if cue.category in c.closes), None)
            if closer is None:
                continue
            if closer.category == "weak" and hit.start <= free + 1:
                free = hit.end
                continue
            if closer.category == "clause":
                cut = self._comma_before(hit.start, start)
                if cut < 0 or not OR_WORDS.isdisjoint(words[cut : hit.start]):
                    continue
                high = cut
                break
            high = hit.start
            break
        return self._stop(start, high, cue)

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

    def _comma_before(self, position: int, low: int) -> int:
        at = bisect_right(self.commas, position) - 1
        return self.commas[at] if at >= 0 and self.commas[at] > low else -1

    def _backward(self, number: int, cue: Cue) -> int:
        """First position a backward cue reaches."""
        end, words = self.hits[number].start, self.words
        low = max(0, end - cue.scope) if cue.scope else 0
        for hit in self.hits[:number]:
            if hit.end > low and any(cue.category in c.closes and c.category in ("close", "affirm") for c in hit.cues):
                low = hit.end
        labelled = words[end] in (":", "-", "=", "(")
        for i in range(end - 1, low - 1, -1):
            word = words[i]
            if word in HARD or (word == ":" and i < end - 1):
                return i + 1
            if word == "," and not labelled and AND_WORDS.isdisjoint(words[i + 1 : end]):
                return i + 1
        return low


class ContextTagger:
    """Component ``leadterm_context``: sets assertion, cues, section and label of each span in ``doc.spans["mentions"]``.

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
    """The tagging of one doc: its tokens as lists."""

    def __init__(self, doc: Doc, trie: CueTrie) -> None:
        from spacy.attrs import IS_SPACE, LENGTH, LOWER, SENT_START

        self.doc, self.trie, self.text = doc, trie, doc.text
        columns = doc.to_array([LOWER, IS_SPACE, SENT_START, LENGTH])
        self.lower: list[int] = columns[:, 0].tolist()
        self.space: list[int] = columns[:, 1].tolist()
        self.length: list[int] = columns[:, 3].tolist()
        self.start: list[int] = token_starts(doc).tolist()
        self.sentences: list[int] = (columns[:, 2] == 1).nonzero()[0].tolist() or [0]
        self.heads = [s for s in doc._.sections if s.kind == "section"]
        self.labels = [s for s in doc._.sections if s.kind == "label"]
        self.head_starts = [s.start for s in self.heads]
        self.label_starts = [s.start for s in self.labels]
        self._done: dict[int, tuple[list[int], list[Scope]]] = {}

    def tag(self, mentions: Sequence[Span]) -> None:
        """Set the attributes of all mentions."""
        for span in mentions:
            first, last = span.start, span.end
            a = self.start[first]
            b = self.start[last - 1] + self.length[last - 1]
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

    def _assert(
        self, first: int, last: int, a: int, b: int, head: Section | None, label: Section | None
    ) -> tuple[Assertion, tuple[tuple[int, int], ...]]:
        number = bisect_right(self.sentences, first) - 1
        positions, scopes = self._done[number] if number in self._done else self._read(number)
        best: tuple[int, int, Scope] | None = None
        if scopes:
            low = bisect_right(positions, first) - 1
            high = bisect_right(positions, last - 1)
            for scope in scopes:
                inside = scope.start >= low and scope.end <= high
                ahead = scope.low <= low < scope.high if scope.end <= scope.low else scope.low < high <= scope.high
                if ahead and not inside:
                    distance = low - scope.end if scope.end <= low else scope.start - high
                    key = (PRIORITY[scope.assertion], abs(distance), scope)
                    best = key if best is None or key < best else best
        found = self._from_section(a, b, head, label)
        if found and (best is None or PRIORITY[found[0]] < best[0]):
            return found
        if best is None:
            return "present", ()
        scope = best[2]
        start, stop = positions[scope.start], positions[scope.end - 1]
        return scope.assertion, ((self.start[start], self.start[stop] + self.length[stop]),)

    def _from_section(
        self, a: int, b: int, head: Section | None, label: Section | None
    ) -> tuple[Assertion, tuple[tuple[int, int], ...]] | None:
        for section in (label, head):
            assertion = SECTION_ASSERTIONS.get(section.category) if section else None
            if section is None or assertion is None or a < section.title_end:
                continue
            if section.category == "allergies" and ALLERGY_WORDS.search(self.text, a, b):
                continue
            title = ((section.title_start, section.title_end),) if section.title_end > section.title_start else ()
            return assertion, title
        return None

    def _read(self, number: int) -> tuple[list[int], list[Scope]]:
        """Words and scopes of a sentence, kept for its other mentions."""
        begin = self.sentences[number]
        end = self.sentences[number + 1] if number + 1 < len(self.sentences) else len(self.lower)
        positions = [i for i in range(begin, end) if not self.space[i]]
        hits = [hit for hit in self.trie.find([self.lower[i] for i in positions]) if not self._lasting(hit, positions)]
        scopes: list[Scope] = []
        if hits:
            text, start, length = self.text, self.start, self.length
            words = [text[start[i] : start[i] + length[i]].lower() for i in positions]
            scopes = _Sentence(words, hits).scopes()
        self._done[number] = (positions, scopes)
        return positions, scopes

    def _lasting(self, hit: Hit, positions: Sequence[int]) -> bool:
        """Whether "history of" only says how long: "a 3-day history of cough"."""
        if hit.cues[0].category != "history":
            return False
        at = self.start[positions[hit.start]]
        return DURATION.search(self.text, max(0, at - 12), at) is not None
