"""Drops the terms put together from words that belong to others: "back pain" is no pain of the leg raised before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from leadterm.text.extensions import token_column
from leadterm.text.knowledge import load_table
from leadterm.text.light_spacy import get_string_id
from leadterm.text.matching.statements import DETAILS

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from leadterm.text.matching.overlaps import Match, Scan

__all__ = ["drop_strays"]

SIDES = frozenset({"left", "right", "bilateral"})
_POSITIONS = (
    "anterior posterior lateral medial upper lower distal proximal superior inferior inner outer both bone joint "
    "muscle tendon ligament artery vein nerve body soft tissue horn side aspect surface skin wall disc spine small "
    "large multiple great little ring index"
)
POSITIONS, QUALITIES = frozenset(_POSITIONS.split()), DETAILS - SIDES
_SPREADING = "radiating radiates radiate radiated radiation extending extends extend spreading spreads involving into"
SPREADING = frozenset(map(get_string_id, _SPREADING.split()))
_COMPARED = "greater more worse larger side sided less than problem problems condition process issue issues"
COMPARED = frozenset(map(get_string_id, _COMPARED.split()))
_BONES = "metatarsal humeral femoral radial fibular metacarpal phalangeal ulnar tibial condylar humerus femur proximal"
BONES, ENDS = (frozenset(map(get_string_id, words.split())) for words in (_BONES, "head heads neck necks"))
PARTING = frozenset(map(get_string_id, ("due", "from", "caused", "secondary", "with", "history", "hx", "prior")))
COMMA, SECONDARY, TO = map(get_string_id, (",", "secondary", "to"))
Taken = Mapping[int, Sequence[tuple[int, ...]]]


class _Words:
    """What the words of a doc are: parts of the body, or words that name something."""

    def __init__(self, doc: Doc, scan: Scan, vocabulary: Sequence[str], quiet: set[int]) -> None:
        tokens = scan.token.tolist()
        self._vocabulary, self._number = vocabulary, dict(zip(tokens, scan.word.tolist(), strict=True))
        self.telling = self._number.keys() - quiet
        organs = _organs()
        self.sites = {t for t in quiet if self.normal(t) in organs}
        self.lower = token_column(doc, "LOWER")
        self.content = set(scan.token.tolist())

    def together(self, tokens: tuple[int, ...]) -> bool:
        """Whether nothing but function words stands within a term: "cancer of the breast"."""
        return self.content.isdisjoint(set(range(tokens[0], tokens[-1])) - set(tokens))

    def normal(self, token: int) -> str:
        """The normal word of a token; empty where no term holds it."""
        number = self._number.get(token, -1)
        return self._vocabulary[number] if number >= 0 else ""

    def foreign(self, one: int, other: int, own: Iterable[int]) -> bool:
        """Whether a word that names something else stands between two words of a term; "radiating" leads on."""
        between = set(range(min(one, other) + 1, max(one, other))) - set(own)
        return not self.telling.isdisjoint(between) and SPREADING.isdisjoint(self.lower[t] for t in between)


@lru_cache(maxsize=1)
def _organs() -> frozenset[str]:
    """Words for parts of the body that a disease can be of, and nothing that only says where on them."""
    return frozenset(row["word"] for row in load_table("site_words.tsv")) - POSITIONS - DETAILS - SIDES


def drop_strays(
    doc: Doc, scan: Scan, matches: Sequence[Match], vocabulary: Sequence[str], quiet: set[int]
) -> list[Match]:
    """Drop the terms whose disease has a site of its own, whose detail or side is that of the word behind it.

    And those that end in a part of the body with which the next term begins: "small [uterine fibroids]".
    """
    every = {match.tokens for match in matches if len(match.tokens) > 1}
    if not every:
        return list(matches)
    words = _Words(doc, scan, vocabulary, quiet)
    tight = [tokens for tokens in every if _is_tight(tokens) and not quiet.issuperset(tokens)]
    begun = {tokens[0] for tokens in tight}
    taken: dict[int, list[tuple[int, ...]]] = {}
    for tokens in (one for one in every if words.together(one) and not quiet.issuperset(one)):
        for token in tokens:
            taken.setdefault(token, []).append(tokens)
    stray = {tokens for tokens in every if _is_stray(tokens, words, begun, taken)}
    return [match for match in matches if match.tokens not in stray] if stray else list(matches)


def _is_tight(tokens: tuple[int, ...]) -> bool:
    return tokens[-1] - tokens[0] + 1 == len(tokens)


def _is_stray(tokens: tuple[int, ...], words: _Words, begun: set[int], taken: Taken) -> bool:
    if words.lower[tokens[0]] == SECONDARY and words.lower[tokens[0] + 1] == TO:
        return True  # "secondary to hypertension" is its cause
    if any(words.lower[t] in ENDS and t - 1 not in tokens and words.lower[max(t - 1, 0)] in BONES for t in tokens):
        return True  # the head of a bone
    if _is_tight(tokens):
        return tokens[-1] in begun and tokens[-1] in words.sites and words.sites.isdisjoint(tokens[:-1])
    return _has_own_site(tokens, words, taken) or _takes_detail(tokens, words) or _borrows(tokens, words, taken)


def _has_own_site(tokens: tuple[int, ...], words: _Words, taken: Taken) -> bool:
    """Whether a word that names the disease stands beside another site than the term's, which stands away from it.

    Or is the site of another disease: "nasal congestion and ear pain".
    """
    sites = [t for t in tokens if t in words.sites]
    said = {words.normal(t) for t in sites}
    for name in (t for t in tokens if t in words.telling):
        beside = {s for s in (name - 1, name + 1) if s in words.sites and s not in tokens}
        other = any(words.normal(s) not in said for s in beside)
        listed = any(min(name, site) < s < max(name, site) for s in beside for site in sites)  # "knee and hip pain"
        if sites and other and all(_is_away(site, name, tokens, words, {} if listed else taken) for site in sites):
            return True
    return False


def _borrows(tokens: tuple[int, ...], words: _Words, taken: Taken) -> bool:
    """Whether a site is that of another disease: "renal colic from a ureteral stone", "goiter, history of lung cancer".

    A disease shares the site of its symptom: "knee pain due to arthritis".
    """
    sites = [t for t in tokens if t in words.sites]
    names = [t for t in tokens if t in words.telling and t not in sites]
    for site in sites:
        for other in taken.get(site, ()):
            if not names or not _is_tight(other) or words.telling.isdisjoint(set(other) - set(tokens)):
                continue
            shared = len(sites) == 1 and names[0] > site
            between = words.lower[min(site, names[-1]) : max(site, names[-1])]
            if not shared and not PARTING.isdisjoint(between):
                return True
    return False


def _is_away(site: int, name: int, own: tuple[int, ...], words: _Words, taken: Taken) -> bool:
    """Whether something else stands between a site and the disease, or the site is that of another disease."""
    others = any(name not in tokens for tokens in taken.get(site, ()))
    return others or words.foreign(site, name, own)


def _takes_detail(tokens: tuple[int, ...], words: _Words) -> bool:
    """Whether a detail behind the disease belongs to the word it precedes: "anticoagulation issues of chronic Afib"."""
    telling = [t for t in tokens if t in words.telling]
    for detail in tokens[1:]:
        kind = words.normal(detail)
        apart = kind in SIDES and COMMA in (words.lower[t] for t in range(tokens[0], detail))
        next_word = detail + 1
        if not (apart or (kind in QUALITIES and kind.isalpha())) or next_word in tokens or not telling:
            continue
        if next_word in words.telling and words.lower[next_word] not in COMPARED and telling[-1] < detail:
            return True
    return False
