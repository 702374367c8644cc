"""Keeps apart what a note says apart: "COPD, sleep apnea" are two diagnoses and make no third."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from spacy.strings import get_string_id

from leadterm.text.knowledge import load_table
from leadterm.text.words.normalise import fold, singular

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from leadterm.text.matching.overlaps import Match, Scan

__all__ = ["keep_apart"]

SEPARATORS = frozenset(map(get_string_id, (",", "/", "and", "&", "+", "y", "e")))
LINKED = re.compile(r"\b(?:with|and)\b|\binfluenzal?\b", re.IGNORECASE)
LONG_FORM = 3
_DETAILS = (
    "stage type grade class acute chronic subacute mild moderate severe recurrent persistent unspecified i ii iii iv "
    "left right bilateral primary secondary initial subsequent active stable"
)
DETAILS = frozenset(_DETAILS.split())
SOFT_HEADS = frozenset({"disease", "disorder", "syndrome", "mellitus", "unspecified"})


def keep_apart(
    doc: Doc, scan: Scan, matches: Sequence[Match], text_of: Callable[[Match], str],
    words_of: Callable[[Match], set[int]], vocabulary: Sequence[str],
) -> list[Match]:  # fmt: skip
    """Drop the terms put together from two statements, or from a piece of an abbreviation's long form.

    A term over a comma, slash or "and" stays where one side names no diagnosis of its own, where the words stand in
    the term as in the note, or where the classification links them ("with").
    """
    orth: list[int] = doc.to_array(["ORTH"]).ravel().tolist()
    cuts = {i for i, number in enumerate(orth) if number in SEPARATORS}
    heads, quiet = _long_forms(doc, scan, vocabulary), _quiet(scan, vocabulary)
    by_token: dict[int, list[tuple[int, ...]]] = {}
    for tokens in {m.tokens for m in matches}:
        for token in tokens:
            by_token.setdefault(token, []).append(tokens)
    kept = []
    for match in matches:
        tokens = match.tokens
        if len(tokens) > 1 and heads and _takes_a_piece(tokens, words_of(match), heads):
            continue
        cut = next((i for i in range(tokens[0], tokens[-1]) if i in cuts), -1) if len(tokens) > 1 else -1
        if cut >= 0 and _are_two(tokens, cut, by_token, quiet) and not _is_one_term(doc, tokens, text_of(match)):
            continue
        kept.append(match)
    return kept


def _long_forms(doc: Doc, scan: Scan, vocabulary: Sequence[str]) -> dict[int, frozenset[int]]:
    """Of each token that stands for three words or more: those of which a term must hold one, itself or the noun."""
    found: dict[int, list[int]] = {}
    for word, token in zip(scan.word.tolist(), scan.token.tolist(), strict=True):
        found.setdefault(token, []).append(word)
    heads = {}
    for token, words in found.items():
        if len(words) >= LONG_FORM:
            hard = [w for w in words if w >= 0 and vocabulary[w] not in SOFT_HEADS] or words
            own = [w for w in words if w >= 0 and vocabulary[w] == fold(doc[token].text)]
            heads[token] = frozenset([*own, hard[-1]])
    return heads


def _takes_a_piece(tokens: tuple[int, ...], words: set[int], heads: dict[int, frozenset[int]]) -> bool:
    return any(token in heads and heads[token].isdisjoint(words) for token in tokens)


def _quiet(scan: Scan, vocabulary: Sequence[str]) -> set[int]:
    """Tokens that name a part of the body, a number or a detail, and no diagnosis."""
    words, tokens = scan.word.tolist(), scan.token.tolist()
    naming = {t for w, t in zip(words, tokens, strict=True) if w < 0 or _names(vocabulary[w])}
    return set(tokens) - naming


@lru_cache(maxsize=20_000)
def _names(word: str) -> bool:
    return word not in _sites() and word not in DETAILS and not word[0].isdigit()


@lru_cache(maxsize=1)
def _sites() -> frozenset[str]:
    return frozenset(row["word"] for row in load_table("site_words.tsv"))


def _are_two(
    tokens: tuple[int, ...], cut: int, by_token: dict[int, list[tuple[int, ...]]], quiet: set[int]
) -> bool:
    """Whether the words on each side of a separator belong to a mention that stands on that side alone."""
    left, right = [t for t in tokens if t < cut], [t for t in tokens if t > cut]
    named = (not quiet.issuperset(side) for side in (left, right))
    return all(named) and all(
        any(set(side) <= set(other) and (other[-1] < cut if before else other[0] > cut) for other in by_token[side[0]])
        for side, before in ((left, True), (right, False))
    )


def _is_one_term(doc: Doc, tokens: tuple[int, ...], text: str) -> bool:
    said = {singular(fold(doc[t].text)) for t in tokens}
    written = {singular(word) for word in re.findall(r"[^\W_]+", fold(text))}
    return said <= written or LINKED.search(text) is not None
