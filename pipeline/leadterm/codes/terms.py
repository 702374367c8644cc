"""Terms as they lie in the columns of a code system."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

from leadterm.codes.types import INSTRUCTIONS, TERM_SOURCES, Term, TermSource
from leadterm.storage.columns import Array, Strings, numbers

__all__ = ["SEPARATOR", "Sevenths", "entry_terms", "note_terms"]

SEPARATOR = "\x1f"  # between the parts of a path or of the optional words
NOTES: Mapping[str, TermSource] = {"inclusion": "inclusion", "includes": "includes"}


def note_terms(arrays: Mapping[str, Array], codes: Sequence[str], wanted: Collection[str]) -> Iterator[Term]:
    """Give the inclusion terms and "Includes" notes of codes.

    >>> from leadterm.codes.official.draft import Draft, Row
    >>> columns = Draft([Row("M10", "Gout")], notes=[(0, "inclusion", "Gouty arthritis")]).arrays()
    >>> [term.text for term in note_terms(columns, ["M10"], {"inclusion"})]
    ['Gouty arthritis']
    """
    texts, kinds = Strings.named(arrays, "note_text"), numbers(arrays["note_kind"])
    for at, owner in enumerate(numbers(arrays["note_owner"])):
        source = NOTES.get(INSTRUCTIONS[kinds[at]])
        if source and source in wanted and owner < len(codes):
            yield Term(texts[at], codes[owner], source)


def entry_terms(arrays: Mapping[str, Array], codes: Sequence[str], wanted: Collection[str]) -> Iterator[Term]:
    """Give the terms that come from an index or table.

    >>> from leadterm.codes.official.draft import Draft, Row
    >>> columns = Draft([Row("M10", "Gout")], terms=[Term("Gout", "M10", "index", ("Gout",))]).arrays()
    >>> [term.path for term in entry_terms(columns, ["M10"], {"index"})]
    [('Gout',)]
    """
    paths, optional = Strings.named(arrays, "term_path"), Strings.named(arrays, "term_optional")
    columns, second = Strings.named(arrays, "term_column"), Strings.named(arrays, "term_second")
    sources, dashes = numbers(arrays["term_source"]), numbers(arrays["term_dash"])
    for at, row in enumerate(numbers(arrays["term_row"])):
        source = TERM_SOURCES[sources[at]]
        if source in wanted:
            path, column = tuple(paths[at].split(SEPARATOR)), columns[at]
            text = ", ".join((*path, column) if source in ("neoplasm", "drug") else path)
            extra = tuple(optional[at].split(SEPARATOR)) if optional[at] else ()
            yield Term(text, codes[row], source, path, extra, second[at] or None, bool(dashes[at]), column)


class Sevenths:
    """The definitions of 7th characters in the columns of a code system.

    >>> from leadterm.codes.official.draft import Draft, Row
    >>> columns = Draft([Row("W00", "Fall")], sevenths=[(0, "A", "initial encounter")]).arrays()
    >>> Sevenths(columns).nearest([0])
    {'A': 'initial encounter'}
    """

    __slots__ = ("_chars", "_owners", "_texts")

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._owners = numbers(arrays["seventh_owner"])
        self._chars, self._texts = Strings.named(arrays, "seventh_char"), Strings.named(arrays, "seventh_text")

    def nearest(self, line: Sequence[int]) -> dict[str, str]:
        """Give the first definition along a line of rows."""
        owners = self._owners
        for row in line:
            first = bisect_left(owners, row)
            if first < len(owners) and owners[first] == row:
                return {self._chars[at]: self._texts[at] for at in range(first, bisect_left(owners, row + 1, first))}
        return {}
