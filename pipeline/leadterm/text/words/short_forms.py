"""Short forms that a note explains itself, found by scispaCy's algorithm in time linear in the note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadterm.text.extensions import token_column

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span
    from spacy.vocab import Vocab

__all__ = ["ShortFormFinder"]

MOST_TOKENS = 8


class ShortFormFinder:
    """Component ``leadterm_abbreviations``: sets ``doc._.abbreviations`` and ``span._.long_form``.

    The candidates are judged by the functions of ``scispacy.abbreviation`` (Schwartz and Hearst, 2003). Its component
    pairs every opening bracket of a text with every closing one; this one looks only as far as the longest form
    scispaCy accepts.

    >>> import spacy
    >>> from leadterm.text.extensions import declare
    >>> declare()
    >>> nlp = spacy.blank("en")
    >>> doc = ShortFormFinder(nlp.vocab)(nlp("He has spinal muscular atrophy (SMA). SMA is rare."))
    >>> [(a.text, a._.long_form.text) for a in doc._.abbreviations]
    [('SMA', 'spinal muscular atrophy'), ('SMA', 'spinal muscular atrophy')]
    """

    def __init__(self, vocab: Vocab) -> None:
        self.opening, self.closing = vocab.strings.add("("), vocab.strings.add(")")

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        from scispacy.abbreviation import filter_matches, find_abbreviation

        orth = token_column(doc, "ORTH")
        matches = self._brackets(orth)
        if not matches:
            return doc
        long_forms: dict[tuple[int, ...], Span] = {}
        seen: set[str] = set()
        for long_candidate, short_candidate in filter_matches(matches, doc):
            short, long = find_abbreviation(long_candidate, short_candidate)
            key = tuple(orth[short.start : short.end])
            if long is None or not len(long) or long.text in seen or key in long_forms:
                continue
            seen.add(long.text)
            long_forms[key] = long
        if long_forms:
            self._mark(doc, orth, long_forms)
        return doc

    def _brackets(self, orth: list[int]) -> list[tuple[int, int, int]]:
        """Pairs of brackets near each other, as (0, first token inside, token that closes)."""
        found = []
        if self.opening not in orth:
            return []
        for i, number in enumerate(orth):
            if number == self.opening:
                last = min(i + MOST_TOKENS + 2, len(orth))
                found += [(0, i + 1, j) for j in range(i + 2, last) if orth[j] == self.closing]
        return found

    @staticmethod
    def _mark(doc: Doc, orth: list[int], long_forms: dict[tuple[int, ...], Any]) -> None:
        by_first: dict[int, list[tuple[int, ...]]] = {}
        for key in long_forms:
            by_first.setdefault(key[0], []).append(key)
        found = []
        for i, number in enumerate(orth):
            for key in by_first.get(number, ()):
                if tuple(orth[i : i + len(key)]) == key:
                    span = doc[i : i + len(key)]
                    span._.long_form = long_forms[key]
                    found.append(span)
        doc._.abbreviations = found
