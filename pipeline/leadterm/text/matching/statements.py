"""Keeps apart what a note says apart: "COPD, sleep apnea" are two diagnoses and make no third."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from leadterm.text.extensions import text_of, token_column, word_places
from leadterm.text.knowledge import load_table
from leadterm.text.light_spacy import get_string_id
from leadterm.text.words.normalise import fold, singular

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from leadterm.text.matching.overlaps import Cover, Match, Scan

__all__ = ["find_quiet", "keep_apart", "keep_order", "keep_telling", "naming_words"]

STATUS_POST = frozenset(map(get_string_id, ("s/p", "S/P")))
SEPARATORS = frozenset(map(get_string_id, (",", "/", "and", "&", "+", "y", "e"))) | STATUS_POST
INDEX = "index"
MARKS = frozenset(",/+")
LINKED = re.compile(r"\b(?:with|and)\b|\binfluenzal?\b", re.IGNORECASE)
CAUSE = frozenset(map(get_string_id, ("due", "from", "caused", "because")))
SECONDLY, TO = get_string_id("secondary"), get_string_id("to")
TOLD = re.compile(r"\b(?:with|and|due|in|from|secondary|induced|related|caused|by)\b", re.IGNORECASE)
LONG_FORM, FAR = 3, 2
STEM = 5
BESIDE = frozenset(map(get_string_id, ("with", "including")))
RIGHT, LEFT = get_string_id("right"), get_string_id("left")
PARTING = SEPARATORS | CAUSE | BESIDE
LISTING = frozenset(map(get_string_id, ("and", "or", "/", ",", "&")))
AGENTS = ("B95", "B96", "B97")
_DETAILS = (
    "stage type grade class acute chronic subacute mild moderate severe recurrent persistent unspecified i ii iii iv "
    "left right bilateral primary secondary initial subsequent active stable"
)
DETAILS = frozenset(_DETAILS.split())
SOFT_HEADS = frozenset({"disease", "disorder", "syndrome", "mellitus", "unspecified", "infection"})


def keep_apart(
    doc: Doc, scan: Scan, matches: Sequence[Match], text_of: Callable[[Match], tuple[str, str]],
    words_of: Callable[[Match], set[int]], vocabulary: tuple[str, ...], quiet: set[int],
) -> list[Match]:  # fmt: skip
    """Drop the terms put together from two statements, of a cause and a piece, or of a piece of a short form's words.

    A term over a comma, slash or "and" stays where one side names no diagnosis of its own, where the words stand in
    the term as in the note, or where the classification links them ("with").
    """
    heads, telling = _long_forms(doc, scan, vocabulary)
    opposite = {token for token in heads if doc[token].lower_.startswith("non-")}
    every = dict.fromkeys([match.tokens for match in matches])
    parting = [(i, number) for i, number in enumerate(token_column(doc, "ORTH")) if number in PARTING]
    _, crossing = _over(parting, SEPARATORS, every)
    _, further = _over(parting, BESIDE, every)
    _, caused = _over(parting, CAUSE, every)
    by_token: dict[int, list[tuple[int, ...]]] = {}
    for tokens in every if crossing or further or caused else ():
        for token in tokens:
            by_token.setdefault(token, []).append(tokens)
    apart = {tokens: cut for tokens, cut in crossing.items() if _are_two(tokens, cut, by_token, quiet)}
    stray = {tokens for tokens, cut in further.items() if _has_site(tokens, cut, by_token, quiet)}
    stray |= _crossed(every, token_column(doc, "LOWER"), word_places(doc))
    torn = {tokens for tokens, cut in caused.items() if _tears(tokens, cut, by_token, quiet)}
    whole = _whole_terms(scan, matches, words_of)

    after = {i for i, number in parting if number in STATUS_POST}

    def holds(match: Match) -> bool:
        if match.tokens in stray or (after and match.tokens[-1] in after):
            return False
        if whole and len(match.tokens) == 1 and _is_told(match.tokens[0], words_of(match), whole):
            return False
        if match.tokens in torn and not TOLD.search(text_of(match)[0]):
            return False
        taken = heads.keys() & set(match.tokens) if len(match.tokens) > 1 else opposite & set(match.tokens)
        if taken:
            words = words_of(match)
            if any(heads[token].isdisjoint(words) or telling[token].isdisjoint(words) for token in taken):
                return False
            if any(not _denies(text_of(match)[0], doc[token].lower_) for token in taken & opposite):
                return False
        cut = apart.get(match.tokens, -1)
        return cut < 0 or _is_one_term(doc, match.tokens, cut, *text_of(match), by_token)

    return [match for match in matches if holds(match)]


def _over(
    parting: Sequence[tuple[int, int]], separators: frozenset[int], every: Iterable[tuple[int, ...]]
) -> tuple[list[int], dict[tuple[int, ...], int]]:
    """Places of some separators, and the first of them within each row of tokens that has one."""
    cuts = [i for i, number in parting if number in separators]
    return cuts, {tokens: cut for tokens in every if (cut := _cut(tokens, cuts)) >= 0} if cuts else {}


def _whole_terms(
    scan: Scan, matches: Sequence[Match], words_of: Callable[[Match], set[int]]
) -> dict[int, list[set[int]]]:
    """Words of the terms of several words that one token names by itself: "zoster" is herpes zoster."""
    many = frozenset(np.flatnonzero(np.bincount(scan.token) > 1).tolist()) if len(scan.token) else frozenset()
    found: dict[int, list[set[int]]] = {}
    for match in matches if many else ():
        if len(match.tokens) == 1 and match.tokens[0] in many and len(words := words_of(match)) > 1:
            found.setdefault(match.tokens[0], []).append(words)
    return found


def _is_told(token: int, words: set[int], whole: Mapping[int, list[set[int]]]) -> bool:
    """Whether a token says but a piece of what one beside it says: the herpes of "herpes zoster"."""
    beside = range(token - FAR, token + FAR + 1)
    return any(words < other for near in beside if near != token for other in whole.get(near, ()))


def keep_order(
    doc: Doc, scan: Scan, matches: Sequence[Match], parts_of: Callable[[Match], tuple[frozenset[int], frozenset[int]]]
) -> list[Match]:
    """Drop the terms that take the effect for the cause: "renal failure due to hypertension" is no renal hypertension.

    ``parts_of``: words of a term before and behind its own "due to", both empty where it has none.
    """
    places, to = word_places(doc), word_places(doc).get(TO, ())
    cuts = [i for word in CAUSE & places.keys() for i in places[word]]
    cuts = sorted(cuts + [i for i in places.get(SECONDLY, ()) if i + 1 in to])
    if not cuts:
        return list(matches)
    first, last = cuts[0], cuts[-1]
    asked = {
        match for match in matches
        if match.tokens[0] < last and match.tokens[-1] > first and _cut(match.tokens, cuts) >= 0 and parts_of(match)[1]
    }  # fmt: skip
    if not asked:
        return list(matches)
    held: dict[int, set[int]] = {}
    for token, word in zip(scan.token.tolist(), scan.word.tolist(), strict=True):
        held.setdefault(token, set()).add(word)

    def is_turned(match: Match) -> bool:
        effect, cause = parts_of(match)
        cut = _cut(match.tokens, cuts)
        before = set[int]().union(*(held[t] for t in match.tokens if t < cut))
        behind = set[int]().union(*(held[t] for t in match.tokens if t > cut))
        return effect.isdisjoint(before) and cause.isdisjoint(behind)

    return [match for match in matches if match not in asked or not is_turned(match)]


def _cut(tokens: tuple[int, ...], cuts: Sequence[int]) -> int:
    """The first separator between the first and the last of some tokens, or -1."""
    at = bisect_right(cuts, tokens[0])
    return cuts[at] if at < len(cuts) and cuts[at] < tokens[-1] else -1


def keep_telling(covers: Sequence[Cover], quiet: set[int]) -> list[Cover]:
    """Drop parts of the body that stand alone, and single words that are but a piece of a longer term."""
    return [
        c for c in covers
        if any(not r.missing for r in c.readings)
        or not (quiet.issuperset(c.tokens) or all(r.words == 1 and r.missing >= FAR for r in c.readings))
        or c.readings[0].code.startswith(AGENTS)
    ]  # fmt: skip


def _long_forms(
    doc: Doc, scan: Scan, vocabulary: tuple[str, ...]
) -> tuple[dict[int, frozenset[int]], dict[int, frozenset[int]]]:
    """Of each token that stands for three words or more: words of which a term that uses it must hold one.

    The short form itself or the noun; and one that names no organ: "transplant for ESRD" is none of a kidney.
    """
    found: dict[int, list[int]] = {}
    many = np.bincount(scan.token)[scan.token] >= LONG_FORM if len(scan.token) else np.zeros(0, dtype=np.bool_)
    for word, token in zip(scan.word[many].tolist(), scan.token[many].tolist(), strict=True):
        found.setdefault(token, []).append(word)
    heads, telling = {}, {}
    for token, words in found.items():
        hard = [w for w in words if w >= 0 and vocabulary[w] not in SOFT_HEADS] or words
        own = [w for w in words if w >= 0 and vocabulary[w] == fold(doc[token].text)]
        heads[token] = frozenset([*own, hard[-1]])
        named = [w for w in words if w >= 0 and w not in own and vocabulary[w] not in _sites()]
        telling[token] = frozenset([*own, *named]) if named else heads[token]
    opposite = {token: _of_opposite(words, vocabulary) for token, words in _opposites(doc, scan).items()}
    return heads | opposite, telling | opposite


def _opposites(doc: Doc, scan: Scan) -> dict[int, list[int]]:
    """Words of the tokens written with "non-"."""
    found: dict[int, list[int]] = {}
    if "non-" in text_of(doc).lower():
        strings = doc.vocab.strings
        tokens = {i for word, places in word_places(doc).items() if strings[word].startswith("non-") for i in places}
        for word, token in zip(scan.word.tolist(), scan.token.tolist(), strict=True):
            if token in tokens:
                found.setdefault(token, []).append(word)
    return found


def _of_opposite(words: Sequence[int], vocabulary: tuple[str, ...]) -> frozenset[int]:
    """Those that say "non": a term that holds none of them says the opposite."""
    return frozenset(w for w in words if w >= 0 and vocabulary[w].startswith("non"))


def _denies(text: str, word: str) -> bool:
    """Whether a term says "non" of the same: "non-proliferative" is not "non-diabetic proliferative"."""
    return "non" + word[4 : 4 + STEM] in text.lower().replace("non-", "non").replace("non ", "non")


def find_quiet(scan: Scan, naming: npt.NDArray[np.bool_]) -> set[int]:
    """Tokens that name a part of the body, a number or a detail, and no diagnosis; ``naming`` as of `naming_words`."""
    return set(scan.token.tolist()) - set(scan.token[naming[np.maximum(scan.word, -1)]].tolist())


@lru_cache(maxsize=1)
def _sites() -> frozenset[str]:
    return frozenset(row["word"] for row in load_table("site_words.tsv"))


def naming_words(vocabulary: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Whether each word can name a diagnosis; the last entry stands for words no term holds, which can."""
    naming = [w not in _sites() and w not in DETAILS and not w[0].isdigit() for w in vocabulary]
    return np.array([*naming, True], dtype=np.bool_)


def _are_two(
    tokens: tuple[int, ...], cut: int, by_token: dict[int, list[tuple[int, ...]]], quiet: set[int]
) -> bool:
    """Whether the words on each side of a separator belong to a mention that stands on that side alone.

    A site that begins the mention behind the separator is that one's: "edema / pulmonary hypertension".
    """
    left, right = [t for t in tokens if t < cut], [t for t in tokens if t > cut]
    begins = any(other[0] == right[0] and len(other) > len(right) and other[-1] == other[0] + len(other) - 1
                 for other in by_token[right[0]])  # fmt: skip
    named = (not quiet.issuperset(left), begins or not quiet.issuperset(right))
    return all(named) and all(
        any(set(side) <= set(other) and (other[-1] < cut if before else other[0] > cut) for other in by_token[side[0]])
        for side, before in ((left, True), (right, False))
    )


def _has_site(
    tokens: tuple[int, ...], cut: int, by_token: dict[int, list[tuple[int, ...]]], quiet: set[int]
) -> bool:
    """Whether what stands before a "with" has a site of its own: "neck pain with arm weakness" is no pain of an arm."""
    left = {t for t in tokens if t < cut}
    if quiet.issuperset(left) or not quiet.issuperset(t for t in tokens if t > cut):
        return False
    longer = (set(other) - left for other in by_token[min(left)] if left < set(other) and other[-1] < cut)
    return any(not quiet.isdisjoint(site) for site in longer)


def _tears(
    tokens: tuple[int, ...], cut: int, by_token: dict[int, list[tuple[int, ...]]], quiet: set[int]
) -> bool:
    """Whether a term takes a piece of what stands on one side of a cause: "pain due to bone metastases", bone pain."""
    for side in ({t for t in tokens if t < cut}, {t for t in tokens if t > cut}):
        within = (set(other) for other in by_token[min(side)] if other[-1] < cut or other[0] > cut)
        if any(side < other and not quiet.issuperset(other - side) for other in within):
            return True
    return False


def _crossed(
    every: Iterable[tuple[int, ...]], words: Sequence[int], places: Mapping[int, Sequence[int]]
) -> set[tuple[int, ...]]:
    """Terms whose side stands before the other side of their own words: "left meningioma due to right weakness"."""
    if RIGHT not in places or LEFT not in places:
        return set()
    sides = sorted((*places[RIGHT], *places[LEFT]))
    found = set()
    for tokens in every:
        if len(tokens) > 1 and tokens[-1] - tokens[0] >= len(tokens):
            own = {words[t] for t in tokens} & {RIGHT, LEFT}
            between = [i for i in sides if tokens[0] < i < tokens[-1] and words[i] not in own]
            both = any(words[i - 1] in LISTING and words[i - 2] in own for i in between)  # "right and left hip"
            if len(own) == 1 and between and not both:
                found.add(tokens)
    return found


def _is_one_term(
    doc: Doc, tokens: tuple[int, ...], cut: int, text: str, source: str, by_token: dict[int, list[tuple[int, ...]]]
) -> bool:
    """Whether the note writes a term the way the classification does, or turned round: "anemia, iron deficiency".

    The Alphabetic Index writes its own terms so, noun first.
    """
    if LINKED.search(text):
        return True
    if "caused by" in text and not any(t.orth in CAUSE or t.orth == SECONDLY for t in doc[tokens[0] : tokens[-1]]):
        return False  # "diabetes and hyperlipidemia" names no cause
    said, written = [singular(fold(doc[t].text)) for t in tokens], _words(text)
    if not set(said) <= set(written):
        return False
    if doc[cut].text not in MARKS:
        return source != INDEX
    if MARKS.intersection(text):
        return True
    left = [written.index(word) for word, t in zip(said, tokens, strict=True) if t < cut]
    right = [written.index(word) for word, t in zip(said, tokens, strict=True) if t > cut]
    behind = {t for t in tokens if t > cut}
    part = any(behind < set(other) and other[0] > cut for other in by_token[min(behind)])
    turned = (min(right) < min(left)) != (source == INDEX) or "due" in written
    return turned and not part


def _words(text: str) -> list[str]:
    return [singular(word) for word in re.findall(r"[^\W_]+", fold(text))]
