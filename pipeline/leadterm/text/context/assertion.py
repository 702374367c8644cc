"""ConText: who and whether a mention is about, from the cues around it and the section it stands in.

The algorithm follows Harkema et al. (2009), https://doi.org/10.1016/j.jbi.2009.05.002: cues with a direction and
a scope that other cues and punctuation end. Added here: scopes know lists, clauses, labelled values and sections;
a term may begin or end within a cue.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadterm.schema import Assertion
from leadterm.text.context.clauses import Grammar
from leadterm.text.context.cues import SENTENCE_MARK, CueTrie, Hit, compile_cues
from leadterm.text.context.scopes import Scope, Sentence
from leadterm.text.extensions import Section, sentence_flags, set_on_span, text_of, token_column, token_starts
from leadterm.text.layout.boxes import find_boxes
from leadterm.text.layout.handout import find_advice

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

__all__ = ["ContextTagger"]

TAGGING = "leadterm_tagging"
Found = tuple[Assertion, tuple[tuple[int, int], ...]]
BULLETS = frozenset("-•*–·▪●○+")
MOST_BULLETS = 40
PRIORITY: dict[Assertion, int] = {
    "family": 0, "absent": 1, "hypothetical": 2, "conditional": 3, "possible": 4, "history": 5,
}  # fmt: skip
SECTION_ASSERTIONS: dict[str, Assertion] = {
    "family_history": "family", "family_member": "family", "allergies": "absent", "differential_diagnosis": "possible",
    "precautions": "hypothetical", "resolved_problems": "history",
}  # fmt: skip
_FUNCTION_WORDS = "a an any the of to for with in has had have is was are were be been his her not"
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_OTHER_THINGS = (
    "relief control improvement reduction medication medications meds treatment therapy management follow-up "
    "counseling education exacerbation exacerbations flare flares flare-up flare-ups"
)
DENYING = frozenset({"no", "without"})
OTHER_THINGS = frozenset(_OTHER_THINGS.split())
SOUGHT = frozenset({"r/o", "rule", "suspicious", "concerning", "worrisome", "suspect", "suspected"})  # behind a finding
NOT_KIN = frozenset({"family", "history", "hx", "h/o", "fh", "fhx", "f/h", "famhx", "exposed", "exposure", "contact"})
EXPOSED = frozenset({"exposed", "exposure", "contact"})
ALLERGY_WORDS = re.compile(r"allerg|anaphyl|hypersens|alérg|alerg", re.IGNORECASE)
DURATION = re.compile(
    r"(?:hour|hr|day|week|wk|month|mo|year|yr|día|dia|semana|mes|año)(?:es|s)?['’]?s?(?:\s+or\s+so)?[\s-]*$",
    re.IGNORECASE,
)
FARTHEST = 100
MINUS = re.compile(r" ?-(?=\s*(?:[,;.]|$))", re.MULTILINE)
PLUS_AHEAD = re.compile(r"(?:^|(?<=[\s,;:]))\+[^\W\d_]", re.MULTILINE)
PLUS_BEHIND = re.compile(r"[^\W\d_] ?\+(?=\s*(?:[,;.]|$))", re.MULTILINE)
LASTING = re.compile(  # what was done or given up in some year is so today, and what does not end lasts since then
    r"s/p|status|histor|h/o|\bhx|\bold\b|previous|\bprior|transplant|plast[yi]|ectom|ostom|bypass|stent|replace|repair|fusion|amput|graft|implant|surg|quit|stop|ceas|smok"
    r"|tobac|alcohol|pacemaker|sober|ablat|ligat|diabet|hypertens|hipertens|asthma|asma|copd|epilep|schizo|bipolar|autis|menopau|menarch|onset",
    re.IGNORECASE,
)


class ContextTagger:
    """Component ``leadterm_context``: sets assertion, cues, section and label of the mentions.

    When several cues apply, family goes before absent (whose cue is then its second one), then hypothetical,
    conditional, possible and history; among cues of one kind the nearest is kept. A cue inside a mention does not
    count: "family history of cancer" as a mention is present.

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
        self.trie, self.grammar = trie, Grammar.of(trie.sets)

    @classmethod
    def for_language(cls, nlp: Language) -> ContextTagger:
        """Make the tagger for a pipeline's language."""
        return cls(compile_cues(nlp))

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        mentions: Sequence[Span] = doc.spans.get("mentions", ())
        if len(mentions):
            tagging = doc.user_data.get(TAGGING)
            if tagging is None:  # whoever asks again of other mentions finds the cues of the doc found
                tagging = doc.user_data[TAGGING] = _Tagging(doc, self.trie, self.grammar)
            tagging.tag(doc, mentions)
        return doc


class _Tagging:
    """The tagging of one doc: its tokens as lists, white space left out, a mark at the start of each sentence."""

    def __init__(self, doc: Doc, trie: CueTrie, grammar: Grammar) -> None:
        self.text = text_of(doc)
        self.trie, self.grammar = trie, grammar
        self.length = token_column(doc, "LENGTH")
        self.start: list[int] = token_starts(doc).tolist()
        self.tokens: list[int] = []
        self.bounds: list[int] = []
        self.numbers: list[int] = []
        numbers = self.numbers
        columns = sentence_flags(doc), token_column(doc, "IS_SPACE"), token_column(doc, "LOWER")
        for i, (begins, space, number) in enumerate(zip(*columns, strict=True)):
            if begins or not i:
                self.bounds.append(len(numbers))
                self.tokens.append(i)
                numbers.append(SENTENCE_MARK)
            if not space:
                self.tokens.append(i)
                numbers.append(number)
        self.bounds.append(len(numbers))
        self._found: dict[int, list[Hit]] = {}
        self.heads = [s for s in doc._.sections if s.kind == "section"]
        self.labels = [s for s in doc._.sections if s.kind == "label"]
        self.head_starts = [s.start for s in self.heads]
        self.label_starts = [s.start for s in self.labels]
        self.advice = find_advice(self.text)
        self.unticked = [box for box in find_boxes(self.text) if not box.ticked]
        self.inside: frozenset[int] = frozenset()
        self.loose: set[tuple[int, ...]] = set()
        self._done: dict[int, list[Scope]] = {}

    def tag(self, doc: Doc, mentions: Sequence[Span]) -> None:
        """Set the attributes of all mentions."""
        covers = doc._.covers
        bounds = [(span.start, span.end) for span in mentions]
        known = [(c.tokens[0], c.tokens[-1] + 1) for c in covers] == bounds
        own = [c.tokens for c in covers] if known else [tuple(range(first, end)) for first, end in bounds]
        inside = frozenset(token for tokens in own for token in tokens)
        if inside != self.inside:
            self.inside, self._done = inside, {}
        self.loose = {c.tokens for c in covers if c.readings[0].missing}
        for (first, end), tokens in zip(bounds, own, strict=True):
            a, b = self.start[first], self.start[end - 1] + self.length[end - 1]
            head = self._at(self.heads, self.head_starts, a)
            label = self._at(self.labels, self.label_starts, a)
            assertion, cues = self._assert(tokens, a, b, head, label)
            values = {
                "assertion": assertion, "cues": cues, "section": head.category if head else "",
                "label": label.category if label else "",
            }  # fmt: skip
            set_on_span(doc.user_data, a, b, values)

    @staticmethod
    def _at(sections: Sequence[Section], starts: Sequence[int], position: int) -> Section | None:
        at = bisect_right(starts, position) - 1
        return sections[at] if at >= 0 and position < sections[at].end else None

    def _hits(self, number: int) -> list[Hit]:
        """The cues of a sentence, but not words of terms that seem to end a scope: "mental states: absent"."""
        if number not in self._found:
            begin = self.bounds[number]
            hits = [
                Hit(hit.start + begin, hit.end + begin, hit.cues)
                for hit in self.trie.find(self.numbers[begin : self.bounds[number + 1]])
            ]
            self._found[number] = [hit for hit in hits if not self._lasting(hit)]
        return [
            hit for hit in self._found[number]
            if hit.end - hit.start > 1 or self.tokens[hit.start] not in self.inside
            or not all(cue.category in ("affirm", "close") for cue in hit.cues)
        ]  # fmt: skip

    def _sentence(self, position: int) -> int:
        """The number of the sentence of a position."""
        return bisect_right(self.bounds, position) - 1

    def _assert(self, tokens: tuple[int, ...], a: int, b: int, head: Section | None, label: Section | None) -> Found:
        low = bisect_right(self.tokens, tokens[0]) - 1
        high = bisect_right(self.tokens, tokens[-1], low)
        if self.text[b - 5 : b].lower() == "-free":
            return "absent", ((b - 4, b),)
        if minus := self._minus(a, b):
            return "absent", (minus,)
        for box in self.unticked:
            if box.low <= a < box.high:
                return "absent", ((box.start, box.end),)
        scopes = self._reaching(low, high, tokens)
        scope = scopes[0] if scopes else None
        denied = next((self._span(one) for one in scopes if one.assertion == "absent"), None)
        found = self._from_section(a, b, head, label)
        if found and found[0] == "family" and self._of_patient(low):
            found = None
        if found and (scope is None or PRIORITY[found[0]] < PRIORITY[scope.assertion]):
            return (found[0], (*found[1], denied)) if found[0] == "family" and denied else found
        if scope is None:
            said = self._denied_itself(low, high, tokens)
            return ("hypothetical", (self.advice,)) if self.advice and said[0] == "present" else said
        own = self._span(scope)
        return scope.assertion, (own, denied) if scope.assertion == "family" and denied else (own,)

    def _span(self, scope: Scope) -> tuple[int, int]:
        """Where the cue of a scope stands."""
        start, stop = self.tokens[scope.start], self.tokens[scope.end - 1]
        return self.start[start], self.start[stop] + self.length[stop]

    def _minus(self, a: int, b: int) -> tuple[int, int] | None:
        """The minus at a term, on a line that has a plus, too: "+cough, -fever", "cough +, fever -"."""
        text = self.text
        before = a if text[a] == "-" else a - 1
        ahead = before > 0 and text[before] == "-" and text[before - 1] in " \t,;:"
        sign = MINUS.match(text, b)
        if not ahead and sign is None:
            return None
        low, high = text.rfind("\n", 0, a) + 1, text.find("\n", b)
        if not (PLUS_AHEAD if ahead else PLUS_BEHIND).search(text, low, high if high >= 0 else len(text)):
            return None
        return (before, before + 1) if ahead else sign and (sign.end() - 1, sign.end())

    def _reaching(self, low: int, high: int, own: tuple[int, ...]) -> list[Scope]:
        """The scopes that reach the words ``[low, high)``, some of them a mention's own; the first decides."""
        number = self._sentence(low)
        if number not in self._done:
            self._done[number] = self._scopes(number) + self._announced(number)
        reaching: list[tuple[int, int, Scope]] = []
        for scope in self._done[number]:
            forward = scope.end <= scope.low
            if self._reaches(scope, low, high, own):
                away = abs(low - scope.end if forward else scope.start - high)
                if scope.assertion == "history" and not forward and self._is_year(scope):
                    if LASTING.search(self._said(low, high)):
                        continue
                    away += FARTHEST  # "h/o stroke in 2012": the other cue says more
                reaching.append((PRIORITY[scope.assertion], away, scope))
        return [scope for _, _, scope in sorted(reaching)]

    def _denied_itself(self, low: int, high: int, own: tuple[int, ...]) -> Found:
        """Deny a term whose own words a denial that denies nothing else ends in: "no change in bowel habits"."""
        numbers = range(self._sentence(low), self._sentence(high - 1) + 1)
        for hit in (one for number in numbers for one in self._hits(number) if low - 1 <= one.start < high):
            said = [i for i in range(hit.start + 1, hit.end) if self._word(i) not in FUNCTION_WORDS]
            denies = hit.cues[0].category == "pseudo" and self._word(hit.start) in DENYING
            if denies and said and all(self.tokens[i] in own for i in said):
                start = self.tokens[hit.start]
                return "absent", ((self.start[start], self.start[start] + self.length[start]),)
        return "present", ()

    def _is_year(self, scope: Scope) -> bool:
        return any(self._word(i).isdigit() for i in range(scope.start, scope.end))

    def _said(self, low: int, high: int) -> str:
        """The text from the word at ``low`` to the one at ``high``, with it."""
        last = self.tokens[min(high, len(self.tokens) - 1)]
        return self.text[self.start[self.tokens[low]] : self.start[last] + self.length[last]]

    def _reaches(self, scope: Scope, low: int, high: int, own: tuple[int, ...]) -> bool:
        forward = scope.end <= scope.low
        if scope.end <= low or scope.start >= high:
            inside = scope.low <= low < scope.high if forward else scope.low < high <= scope.high
            return inside and not (forward and scope.assertion == "absent" and self._word(high) in OTHER_THINGS)
        if (scope.start < low or scope.end > high) and not self._is_own(scope, own):  # "no [acute hepatitis]"
            if scope.assertion in ("history", "conditional"):
                return False
            sticks_out = scope.start < low and scope.end < high if forward else scope.end > high and scope.start > low
            return sticks_out or scope.assertion == "absent"
        return self._acts_within(scope, low, high, own)

    def _is_own(self, scope: Scope, own: tuple[int, ...]) -> bool:
        """Whether the words of a cue, but for function words, are a mention's own."""
        places = range(scope.start, scope.end)
        return all(self.tokens[i] in own or self._word(i) in FUNCTION_WORDS for i in places)

    def _acts_within(self, scope: Scope, low: int, high: int, own: tuple[int, ...]) -> bool:
        """Whether a cue between the words of a mention, or made of them, still says something about it."""
        forward = scope.end <= scope.low
        if scope.assertion in ("history", "conditional") or (scope.end == high if forward else scope.start == low):
            return False
        if scope.assertion == "family" and any(self._word(i) in EXPOSED for i in range(low, scope.start)):
            return False  # "close contact of a coworker with": the contact is the patient's
        words = {i: self._word(i) for i in range(scope.start, scope.end)}
        held = {self.tokens[i] for i in words} & set(own)
        foreign = [i for i, w in words.items() if w not in FUNCTION_WORDS and self.tokens[i] not in held]
        if foreign:
            sought = scope.assertion == "possible" and forward and not SOUGHT.isdisjoint(words.values())
            return sought or bool(held) or scope.assertion in ("absent", "hypothetical", "family")
        if scope.assertion == "family":
            return NOT_KIN.isdisjoint(words.values())
        beside = self._beside(scope.end, 1) if forward else self._beside(scope.start - 1, -1)
        apart = beside >= 0 and self.tokens[beside] not in own
        unsaid = forward and own in self.loose
        says = "possible" if forward else "absent"
        return (apart or unsaid) and scope.assertion in ("possible", says)

    def _beside(self, position: int, step: int) -> int:
        """The next position whose word is no function word, or -1."""
        while 0 <= position < len(self.tokens) and self._word(position) in FUNCTION_WORDS:
            position += step
        return position if position < len(self.tokens) else -1

    def _scopes(self, number: int) -> list[Scope]:
        """Scopes of the cues of one sentence, in positions of the doc."""
        base, end = self.bounds[number] + 1, self.bounds[number + 1]
        text, start, length = self.text, self.start, self.length
        words = [text[start[i] : start[i] + length[i]].lower() for i in self.tokens[base:end]]
        hits = [Hit(hit.start - base, hit.end - base, hit.cues) for hit in self._hits(number)]
        found = Sentence(words, hits, self.grammar).scopes()
        return [Scope(s.low + base, s.high + base, s.assertion, s.start + base, s.end + base) for s in found]

    def _announced(self, number: int) -> list[Scope]:
        """Scopes that a line such as "Denies:" opens for the bullets below it."""
        first = number
        while first > 0 and number - first < MOST_BULLETS and self._is_item(self.bounds[first] + 1):
            first -= 1
        last = self.bounds[first + 1] - 1
        if first == number or self._word(last) != ":":
            return []
        low, high = self.bounds[number] + 1, self.bounds[number + 1]
        opened = self._scopes(first)
        return [s._replace(low=low, high=high) for s in opened if s.low == last and s.high == last + 1]

    def _is_item(self, position: int) -> bool:
        """Whether a sentence begins there with a bullet or a number, or goes on in the line of another."""
        word = self._word(position)
        if word in BULLETS or (word.isdigit() and self._word(position + 1) in (".", ")")):
            return True
        at = self.start[self.tokens[position]] if position < len(self.tokens) else 0
        return self.text[:at].rstrip(" ")[-1:] not in ("", "\n", ":")

    def _word(self, position: int) -> str:
        """The word at a position, empty behind the last one."""
        if position >= len(self.tokens):
            return ""
        start = self.start[self.tokens[position]]
        return self.text[start : start + self.length[self.tokens[position]]].lower()

    def _of_patient(self, low: int) -> bool:
        """Whether a sentence names the patient as its subject: he is not meant by the family history it stands in."""
        first = self.bounds[self._sentence(low)] + 1
        first += self._word(first) == "the"
        return self._word(first) in ("patient", "pt") and self._word(first + 1) in ("has", "had", "is", "was")

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
        """Whether "history of" only says how long ("a 3-day history of cough"), or "free" is said of margins."""
        if hit.cues[0].text.startswith("free") and self._word(hit.start - 1).endswith(("margin", "margins")):
            return True
        if hit.cues[0].category != "history" or hit.cues[0].direction != "forward":
            return False
        at = self.start[self.tokens[hit.start]]
        return DURATION.search(self.text, max(0, at - 20), at) is not None
