"""How far the cues of one sentence reach: until other cues, punctuation or the end of a list stop them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from leadterm.schema import Assertion
from leadterm.text.context.clauses import STOPS, Grammar, answers, begins_clause, cancelled, of_others, queried, unreal
from leadterm.text.context.cues import Cue, Hit

__all__ = ["Scope", "Sentence"]

LONGEST_SCOPE = 100
ASSERTIONS: dict[str, Assertion] = {
    "family": "family", "absent": "absent", "denied": "absent", "hypothetical": "hypothetical",
    "planned": "hypothetical", "screening": "hypothetical", "conditional": "conditional", "allergy": "conditional",
    "possible": "possible", "history": "history", "status": "history", "topic": "hypothetical",
}  # fmt: skip
MODIFIERS = 3
QUERIED = 5
OF_ANOTHER = Cue("", "family", "forward", 12, frozenset())
ITEM = 3
JOINS = frozenset({",", "and", "with", "(", "-", "y", "con"})
OPENERS = frozenset(ASSERTIONS) | {"weak"}
ENDS_AT_COMMA = frozenset({"possible", "screening", "conditional", "allergy", "status"})
HARD = frozenset({";", "•", "|", "!"})
OR_WORDS = frozenset({"or", "nor", "and/or", "vs", "vs.", "versus", "ni", "o", "u"})
AND_WORDS = OR_WORDS | {"and", "y", "e", "&"}
OVER = ("resolved", "gone", "cleared", "subsided", "disappeared", "healed", "went away")
PARTICIPLES, FINITE = frozenset({"seen", "referred"}), frozenset({"is", "was", "were", "are", "been", "being"})
DENIALS = frozenset({"no", "without", "denies", "denied"})
_ANNOUNCING = "include includes including such are is were was would could may might :"
ANNOUNCING = frozenset(_ANNOUNCING.split())
DANGERS = frozenset({"risk", "risks", "complication", "complications"})
TELLING, WARNED = DANGERS | {"discussed", "explained"}, 2
_HARMS = (
    "bleeding hemorrhage infection death perforation injury damage anesthesia scarring paralysis leak leakage reaction "
    "embolism dvt stroke reoperations death"
)
HARMS = frozenset(_HARMS.split())
LISTS = ("differential", "ddx", "dd", "d/d", "considerations", "possibilities")  # whose list goes on behind a comma


class Scope(NamedTuple):
    """Reach of a cue, in positions of the sentence's words.

    ``assertion``: what it makes of the mentions inside.
    """

    low: int
    high: int
    assertion: Assertion
    start: int
    end: int


class Sentence:
    """One sentence as lists, white space left out."""

    def __init__(self, words: list[str], hits: list[Hit], grammar: Grammar) -> None:
        self.words, self.hits, self.grammar = words, hits, grammar
        self.answered = answers(words)
        self.commas = [i for i, word in enumerate(words) if word == ","]

    def scopes(self) -> list[Scope]:
        """Scopes of all cues that set an assertion, and of clauses that do."""
        found = self._of_clauses()
        answered = {at for _, _, at, _ in self.answered}
        ignored = cancelled(self.words, self.hits, self.grammar) if self.hits else frozenset()
        talk = any(cue.category == "talk" for hit in self.hits for cue in hit.cues)
        for number, hit in enumerate(self.hits):
            if number in ignored or hit.start in answered:
                continue
            ended = any(cue.direction == "end" for cue in hit.cues)
            for cue in hit.cues:
                if cue.category == "pseudo" and self.words[hit.start] in DENIALS:
                    found += self._rest_of_list(number)
                if cue.category == "pseudo" and self.words[hit.start] == "never":  # a never smoker does not smoke
                    found.append(Scope(hit.start + 1, hit.end, "absent", hit.start, hit.start + 1))
                if cue.category == "causes":
                    found += self._announced(hit)
                assertion = ASSERTIONS.get(cue.category)
                idle = cue.category == "topic" and not talk
                if assertion is None or idle or (ended and cue.direction == "forward"):
                    continue
                if cue.direction == "forward":
                    low, high = hit.end, self._forward(number, cue)
                    high = max(high, min(low + (assertion == "absent"), len(self.words)))
                else:
                    low, high = self._backward(number, cue), hit.start
                if low < high:
                    found.append(Scope(low, high, assertion, hit.start, hit.end))
        return found + self._warned()

    def _warned(self) -> list[Scope]:
        """What a patient is told before he consents: "risks include infection, stroke, loss of voice and death"."""
        at = next((i for i, word in enumerate(self.words) if word in TELLING), -1)
        behind = self.words[at + 1 :]
        least = WARNED if at >= 0 and self.words[at] in DANGERS else WARNED + 1
        if at < 0 or sum(word in HARMS for word in behind) < least:
            return []
        return [Scope(at + 1, len(self.words), "hypothetical", at, at + 1)]

    def _of_clauses(self) -> list[Scope]:
        """What no cue says but the build of the sentence."""
        words = self.words
        found = [Scope(low, high, "absent", at, at + 1) for low, high, at, yes in self.answered if not yes]
        for at in queried(words):
            end = next((i for i in range(at + 1, len(words)) if words[i] in STOPS), len(words))
            found.append(Scope(at + 1, min(end, at + 1 + QUERIED), "possible", at, at + 1))
        if (at := unreal(words)) >= 0:
            found.append(Scope(at + 1, len(words), "hypothetical", at, at + 1))
        for person, low in of_others(words, self.hits, self.grammar):
            following = next((n for n, hit in enumerate(self.hits) if hit.start >= low), len(self.hits))
            high = self._reach(low, following, OF_ANOTHER)
            high = next((i for i in range(low, high) if words[i] in self.grammar.patients), high)
            if low < high:
                found.append(Scope(low, high, "family", person, person + 1))
        return found

    def _rest_of_list(self, number: int) -> list[Scope]:
        """What "no change in weight, nausea or rash" denies: all but the first."""
        hit = self.hits[number]
        cue = Cue("", "absent", "forward", 0, frozenset())
        comma = next((i for i in self.commas if i >= hit.end), -1)
        if comma < 0:
            return []
        high = self._forward(number, cue)
        listed = not OR_WORDS.isdisjoint(self.words[comma:high])
        return [Scope(comma + 1, high, "absent", hit.start, hit.end)] if listed else []

    def _announced(self, hit: Hit) -> list[Scope]:
        """What "possible causes of her pain are" announces, or what is said to be there "as possible causes"."""
        hard = [i for i, word in enumerate(self.words) if word in HARD]
        if hit.start and self.words[hit.start - 1] == "as":
            low = max([i + 1 for i in hard if i < hit.start], default=0)
            return [Scope(low, hit.start - 1, "possible", hit.start, hit.end)] if low < hit.start - 1 else []
        verb = next((i for i in range(hit.end, len(self.words)) if self.words[i] in ANNOUNCING), len(self.words))
        high = min([i for i in hard if i > verb], default=len(self.words))
        return [Scope(verb + 1, high, "possible", hit.start, hit.end)] if verb + 1 < high else []

    def _forward(self, number: int, cue: Cue) -> int:
        """One past the last position a forward cue reaches."""
        return self._reach(self.hits[number].end, number + 1, cue)

    def _reach(self, start: int, following: int, cue: Cue) -> int:
        """One past the last position reached from ``start``; hits from number ``following`` on may stop it."""
        free = start
        high = min(len(self.words), start + (cue.scope or LONGEST_SCOPE))
        for at in range(following, len(self.hits)):
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
            listed = word == ";" and cue.category == "denied" and self._is_list(start, high)
            if (word in HARD and not listed) or (word == ":" and i > start):
                return i
            if i > start and cue.text.startswith("without") and begins_clause(words, i):
                return i
            if word == "," and i > start and self._ends_at(i, start, high, cue):
                return i
        return high

    def _is_list(self, start: int, high: int) -> bool:
        """Whether what is denied goes on behind each semicolon: "denies headache; dizziness; syncope"."""
        edges = [start - 1, *(i for i in range(start, high) if self.words[i] == ";"), high]
        return len(edges) > ITEM and all(b - a - 1 <= ITEM for a, b in pairwise(edges))

    def _ends_at(self, comma: int, start: int, high: int, cue: Cue) -> bool:
        """Whether a comma ends a forward reach: not within "X, Y or Z", nor in a list that is the whole sentence."""
        if cue.category not in ENDS_AT_COMMA or cue.category == "status":
            return cue.category == "status"
        if not OR_WORDS.isdisjoint(self.words[comma:high]) or cue.text.startswith(LISTS):
            return False
        last = len(self.words) - (self.words[-1] == ".")
        whole = cue.category == "possible" and start - len(cue.text.split()) <= 1 and high >= last
        edges = [start - 1, *(i for i in self.commas if start <= i < high), min(high, last)]
        return not (whole and all(b - a - 1 <= ITEM for a, b in pairwise(edges)))

    def _backward(self, number: int, cue: Cue) -> int:
        """First position a backward cue reaches."""
        end, words = self.hits[number].start, self.words
        low = max(0, end - (cue.scope or LONGEST_SCOPE))
        for at in range(number - 1, -1, -1):
            hit = self.hits[at]
            began = cue.category == "history" and not cue.text.endswith(OVER) and hit.end >= low - MODIFIERS
            if began and any(c.category == "onset" or "diagnos" in c.text for c in hit.cues):
                return end
            if hit.end <= low:
                break
            if any(cue.category in c.closes and c.category in ("close", "affirm") for c in hit.cues):
                if words[hit.end - 1] in PARTICIPLES and FINITE.isdisjoint(words[max(0, hit.start - 1) : hit.end]):
                    continue  # "the rash seen last week is gone"
                low = hit.end
                break
        labelled = words[end] in (":", "-", "=", "(")
        for i in range(end - 1, low - 1, -1):
            word = words[i]
            if word in HARD or (word == ":" and i < end - 1):
                return i + 1
            if word == "," and i < end - 1 and not labelled and AND_WORDS.isdisjoint(words[i + 1 : end]):
                return i + 1
        return low
