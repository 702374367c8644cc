"""Patterns of plain words in order: how and where an injury happened, drugs taken."""

from __future__ import annotations

from collections.abc import Container, Iterable, KeysView, Mapping, Sequence
from typing import TYPE_CHECKING

from leadterm.text.extensions import sentence_flags, token_column, word_places
from leadterm.text.knowledge import load_table
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.term_matcher import Cover, Reading

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["PatternMatcher"]

GAP = 4
WEIGHT = 6.0
FILLER_WORDS = "a an the his her their my our your its own of on in into to some"
FILLERS = frozenset(map(get_string_id, FILLER_WORDS.split()))
Steps = tuple[frozenset[int] | None, ...]


class PatternMatcher:
    """Finds patterns such as ``slip|slipped * ice`` in sentences.

    ``rows``: ``pattern``, ``code`` and ``kind``. In a pattern, words stand in order; ``a|b`` are alternatives; ``*``
    allows up to four words between.

    >>> import spacy
    >>> m = PatternMatcher([{"pattern": "fell * ice", "code": "W00.0", "kind": "mechanism"}], "external cause")
    >>> [c.tokens for c in m.covers(spacy.blank("en")("She fell on the ice."))]
    [(1, 4)]
    """

    def __init__(self, rows: Iterable[Mapping[str, str]], source: str) -> None:
        self.source = source
        self._by_first: dict[int, list[tuple[Steps, Mapping[str, str]]]] = {}
        for row in rows:
            steps = tuple(None if part == "*" else _hashes(part.split("|")) for part in row["pattern"].split())
            for word in sorted(steps[0] or ()):
                self._by_first.setdefault(word, []).append((steps, row))
        self._first = frozenset(self._by_first)

    @classmethod
    def external_causes(cls, known: Container[str]) -> PatternMatcher:
        """Make the matcher of the shipped external causes whose codes the release has (``known``)."""
        rows = (row for row in load_table("external_causes.tsv") if row["code"] in known)
        return cls(rows, "external cause")

    @classmethod
    def denials(cls, known: Container[str]) -> PatternMatcher:
        """Make the matcher of what notes say by denying, whose codes the release has (``known``)."""
        return cls((row for row in load_table("denials.tsv") if row["code"] in known), "title")

    @classmethod
    def drugs(cls, known: Container[str]) -> PatternMatcher:
        """Make the matcher of drugs whose long-term use has a code in the release (``known``)."""
        rows = [
            {"pattern": row["drug"], "code": row["supports"].split(";")[0], "kind": row["class"]}
            for row in load_table("drug_evidence.tsv") if row["supports"].startswith("Z79")
        ]  # fmt: skip
        return cls((row for row in rows if row["code"] in known), "drug")

    def covers(self, doc: Doc) -> list[Cover]:
        """Find all patterns; of several that start at one word, the longest.

        In order of the text; clause -1.
        """
        places = word_places(doc)
        rows = {first: self._possible(first, places.keys()) for first in self._first.intersection(places)}
        possible = {first: patterns for first, patterns in rows.items() if patterns}
        if not possible:
            return []
        words, starts = token_column(doc, "LOWER"), sentence_flags(doc)
        found: list[Cover] = []
        for i in sorted([i for first in possible for i in places[first]]):
            best: dict[str, tuple[tuple[int, ...], Mapping[str, str]]] = {}
            for steps, row in possible[words[i]]:
                tokens = _follow(steps, words, starts, i)
                if tokens and (row["kind"] not in best or len(tokens) > len(best[row["kind"]][0])):
                    best[row["kind"]] = (tokens, row)
            for tokens, row in best.values():
                size = len(tokens)
                gap = tokens[-1] - tokens[0] + 1 - size
                reading = Reading(row["code"], row["pattern"], self.source, size, 0, gap, WEIGHT * size)
                found.append(Cover(tokens, -1, (reading,)))
        return found

    def _possible(self, first: int, present: KeysView[int]) -> list[tuple[Steps, Mapping[str, str]]]:
        """Patterns with a first word whose every other word the doc holds too."""
        found = []
        for steps, row in self._by_first[first]:
            for step in steps[1:]:
                if step is not None and present.isdisjoint(step):
                    break
            else:
                found.append((steps, row))
        return found


def _hashes(words: Iterable[str]) -> frozenset[int]:
    """Numbers by which spaCy knows words."""
    return frozenset(map(get_string_id, words))


def _follow(steps: Steps, words: Sequence[int], starts: Sequence[bool], at: int) -> tuple[int, ...]:
    """Tokens of a pattern that starts at a word; empty where it does not hold. Never crosses a sentence."""
    tokens = [at]
    loose = False
    for step in steps[1:]:
        if step is None:
            loose = True
            continue
        room, place = (GAP if loose else 0), None
        for k in range(tokens[-1] + 1, min(tokens[-1] + 2 * GAP + 2, len(words))):
            if words[k] in step:
                place = k
                break
            room -= words[k] not in FILLERS
            if room < 0:
                break
        if place is None or any(starts[k] for k in range(tokens[-1] + 1, place + 1)):
            return ()
        tokens.append(place)
        loose = False
    return tuple(tokens)
