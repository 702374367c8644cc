"""Where a cancer comes from, and where it has spread to: "breast cancer metastatic to bone"."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from leadterm.text.extensions import text_of, token_column, word_places
from leadterm.text.light_spacy import get_string_id

if TYPE_CHECKING:
    from spacy.tokens import Doc

    from leadterm.text.matching.overlaps import Cover

__all__ = ["keep_spread", "keep_there"]


def _ids(words: str) -> frozenset[int]:
    return frozenset(map(get_string_id, words.split()))


TO, FULL_STOP, HYPHEN = map(get_string_id, ("to", ".", "-"))
FREE_WORD = get_string_id("free")
FREE = FREE_WORD, get_string_id("-free")
SPREADING = _ids("metastatic metastásico metastásica metastasico metastasica")
METASTASES = _ids("metastases metastasis mets met metastasized spread") | SPREADING
CANCERS = _ids(
    "cancer carcinoma adenocarcinoma ca melanoma sarcoma malignancy tumor lymphoma disease cáncer neoplasia linfoma"
)
# Sites of spread rather than of origin: a metastatic cancer of theirs has come from elsewhere.
OF_BLOOD = _ids("lymphoma lymphomas leukemia myeloma linfoma leucemia mieloma")  # they are coded to their own category
RECEIVING = _ids(
    "bone bony brain liver hepatic node nodal nodes lymph mediastinal meningeal peritoneal pleural retroperitoneal "
    "spinal spine heart cardiac"
)
LINKS = _ids("to from in of with and or . , ; : ( )") | {get_string_id("\n")}
NO_SITES = _ids(
    "multiple several numerous extensive diffuse bilateral active stable recurrent persistent primary secondary left "
    "right"
)
JOINING = _ids("and , / &")
BETWEEN, AHEAD, BEHIND, ASIDE = 7, 6, 12, 3  # tokens
SECONDARY, MALIGNANT, ANYWHERE = ("C77", "C78", "C79"), "C", "C80"
NEOPLASMS = "CD"


def keep_spread(doc: Doc, covers: Sequence[Cover], quiet: set[int]) -> list[Cover]:
    """Drop the terms that take a site of spread for one of origin, or the other way round.

    ``quiet``: tokens that name a part of the body and no disease.
    """
    if word_places(doc).keys().isdisjoint(METASTASES):
        return list(covers)
    words = token_column(doc, "LOWER")
    origins, received = _named(words, quiet)
    told, ways, of_blood = dict[int, set[int]](), list[tuple[int, int]](), set[int]()
    for i, word in enumerate(words):
        if word not in METASTASES:
            continue
        if not OF_BLOOD.isdisjoint(words[i : i + AHEAD + 1]):
            of_blood.add(i)
        to = i + 2 if words[i + 1 : i + 2] and words[i + 1] in CANCERS else i + 1
        if words[to : to + 1] == [TO]:
            ways.append((i, to))
        elif i - 1 in quiet and i - 1 not in origins and words[i - 1] not in NO_SITES:
            listed = i > 2 and words[i - 2] in JOINING and i - 3 in quiet  # "bone and liver metastases"
            told[i] = {i - 1, i - 3} if listed else {i - 1}
    spreads, starts = list(told), [i for i, _ in ways]
    return [
        c for c in covers
        if ((origins | of_blood).isdisjoint(c.tokens) or not c.readings[0].code.startswith(SECONDARY))
        and (received.isdisjoint(c.tokens) or not _is_primary(c))
        and not any(_misplaces(c, i, told[i], quiet) for i in spreads[_about(c, spreads)])
        and not any(_turns(c, i, to, quiet) for i, to in ways[_about(c, starts)])
    ]  # fmt: skip


def _about(cover: Cover, tokens: Sequence[int]) -> slice:
    """Which of some tokens in order stand within a cover or beside it."""
    return slice(bisect_left(tokens, cover.tokens[0] - ASIDE), bisect_right(tokens, cover.tokens[-1] + ASIDE))


def _named(words: Sequence[int], quiet: set[int]) -> tuple[set[int], set[int]]:
    """Tokens of the sites beside "metastatic" and "cancer": those it comes from, those it has spread to."""
    origins, received = set[int](), set[int]()
    for i, word in enumerate(words):
        if word in SPREADING:
            origins |= quiet.intersection(_behind(words, i))
            end = next((k for k in range(i + 1, min(i + BETWEEN, len(words))) if words[k] in CANCERS), i)
            between = words[i + 1 : end]
            if LINKS.isdisjoint(between) and TO not in words[end + 1 : end + 2]:
                (origins if RECEIVING.isdisjoint(between) else received).update(range(i + 1, end))
    return origins, received


def _behind(words: Sequence[int], spread: int) -> range:
    """Tokens about the cancer that "metastatic" stands behind: "breast cancer, metastatic", "cancer of the breast"."""
    near = range(spread - 1, max(spread - 1 - AHEAD, -1), -1)
    cancer = next((k for k in near if words[k] in CANCERS), -1)
    about = range(max(cancer - 2, 0), spread)
    told = cancer >= 0 and FULL_STOP not in words[about.start : spread]
    return about if told and RECEIVING.isdisjoint(words[about.start : spread]) else range(0)


def _is_primary(cover: Cover) -> bool:
    """Whether a cover names a cancer of a site, or of none that is told, as the one it began with."""
    code = cover.readings[0].code
    return code.startswith(MALIGNANT) and not code.startswith((*SECONDARY, ANYWHERE))


def _misplaces(cover: Cover, spread: int, sites: set[int], quiet: set[int]) -> bool:
    """Whether a cover reads the metastases at ``spread``, whose sites stand right before them, as of another site."""
    code, own = cover.readings[0].code, cover.tokens
    if own[0] < spread < own[-1] and spread not in own:  # "bladder metastatic disease" is no disease of the bladder
        return True
    if code.startswith(SECONDARY):
        return spread in own and sites.isdisjoint(own) and not quiet.isdisjoint(own)
    return _is_primary(cover) and len(own) > 1 and not sites.isdisjoint(own)


def _turns(cover: Cover, spread: int, to: int, quiet: set[int]) -> bool:
    """Whether a cover takes the origin of "breast cancer metastatic to lung" for a site of spread, or the reverse."""
    code, own = cover.readings[0].code, cover.tokens
    if code.startswith(SECONDARY):
        return spread in own and any(t < spread and t in quiet for t in own)
    return _is_primary(cover) and own[0] <= to and any(to < t <= to + BEHIND for t in own)


def keep_there(doc: Doc, covers: Sequence[Cover]) -> list[Cover]:
    """Drop the neoplasms of what is free of them: "tumor-free colon"."""
    if "free" not in text_of(doc).lower():
        return list(covers)
    places = word_places(doc)
    free = {i for word in places if doc.vocab.strings[word].endswith("-free") for i in places[word]}
    free |= {i - 1 for word in FREE for i in places.get(word, ())}
    free |= {i - 2 for i in places.get(FREE_WORD, ()) if i - 1 in places.get(HYPHEN, ())}
    return [c for c in covers if c.readings[0].code[0] not in NEOPLASMS or free.isdisjoint(c.tokens)]
