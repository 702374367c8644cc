"""Which words of the evidence stand for which characters of a code, by aligning them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learned.ngrams import FlatTexts
from leadterm.learned.pcs_axes import Axes, units_of
from leadterm.learned.pcs_axis_titles import AxisTitles, axis_titles
from leadterm.learned.phrase_matching import Evidence

__all__ = ["learn_axes"]

_STEM = 4
_ROUNDS = 8
_BACKGROUND = 0.3
_FROM_TITLES, _TITLE_WEIGHT = 20.0, 0.5
_SHRINK = 0.5
_LEAST_MENTIONS, _LEAST_VALUE, _LEAST_SHARE = 0.05, 0.03, 0.225
_RESTS = 2
_Link = tuple[str, str, float]


def learn_axes(
    system: str, codes: Sequence[str], texts: FlatTexts, given: Sequence[frozenset[int]], evidence: Sequence[Evidence]
) -> tuple[Axes, tuple[str, ...]]:
    """Learn what words say about the characters of codes.

    Codes that were not seen but can be put together, to be numbered after those that were. ``system``: the code
    system; one whose characters have no meaning of their own has nothing to learn.

    Words are aligned with characters by expectation maximisation (IBM model 1; Brown et al., 1993), with the share of
    texts that hold a word as background.

    >>> from leadterm.learned.ngrams import flatten
    >>> learn_axes("icd10cm", ["I10"], flatten([]), [], [])[1]
    ()
    """
    titles = axis_titles(system)
    long = {i for i, code in enumerate(codes) if len(code) >= _STEM}
    if titles is None or not long:
        return Axes(texts.language, **_laid_out({}), **_endings({}, {}, {}, {})), ()
    words, owners = _instances(texts, evidence, long)
    links = _links(_aligned(words, owners, codes, texts, titles), texts, titles)
    seen = Counter(code for row in given for code in row)
    rests = _rests(codes, long, seen, titles)
    more = tuple(sorted({code for row in rests.values() for code, _ in row} - set(codes)))
    number = {code: i for i, code in enumerate((*codes, *more))}
    stems = Counter[str]()
    for i in long:
        stems[codes[i][:_STEM]] += seen[i]
    tables = Counter(codes[i][: _STEM - 1] for i in long)
    return Axes(texts.language, **_laid_out(links), **_endings(rests, number, stems, tables)), more


def _laid_out(links: Mapping[str, Sequence[_Link]]) -> dict[str, Any]:
    """Links as columns."""
    units = tuple(sorted(links))
    rows = [link for unit in units for link in links[unit]]
    return {
        "units": units,
        "start": np.cumsum([0, *(len(links[unit]) for unit in units)]),
        "kinds": tuple(kind for kind, _, _ in rows),
        "keys": tuple(key for _, key, _ in rows),
        "values": np.array([value for _, _, value in rows], dtype=np.float32),
    }


def _endings(
    rests: Mapping[str, Sequence[tuple[str, float]]], number: Mapping[str, int],
    stems: Mapping[str, int], tables: Mapping[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Stems and the codes that begin with them, as columns."""
    rows = [row for found in rests.values() for row in found]
    return {
        "stems": tuple(rests),
        "texts": np.array([stems.get(stem, 0) for stem in rests], dtype=np.float32),
        "tables": np.array([tables.get(stem[: _STEM - 1], 0) for stem in rests], dtype=np.float32),
        "rest": np.cumsum([0, *map(len, rests.values())]),
        "code": np.array([number[code] for code, _ in rows], dtype=np.int32),
        "share": np.array([share for _, share in rows], dtype=np.float32),
    }


def _instances(
    texts: FlatTexts, evidence: Sequence[Evidence], long: set[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each word of each mention, and the code the mention stands for."""
    words, owners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start, rows in zip(texts.start.tolist(), evidence, strict=False):
        for code, positions in rows:
            if code in long and positions:
                some = np.unique(texts.words[start + np.array(positions, dtype=np.int64)])
                words.append(some.astype(np.int64))
                owners.append(np.full(len(some), code))
    return np.concatenate(words), np.concatenate(owners)


def _aligned(
    words: NDArray[np.int64], owners: NDArray[np.int64], codes: Sequence[str], texts: FlatTexts, titles: AxisTitles
) -> list[tuple[str, str, str, float]]:
    """Word, kind, key, and how many mentions of the word stand for the key."""
    keys = [titles.axes.keys(code) if len(code) >= _STEM else ("", "") for code in codes]
    names = sorted({(kind, key[i]) for key in keys for i, kind in enumerate(("operation", "part"))})
    place = {name: i for i, name in enumerate(names)}
    of_code = np.array([[place["operation", a], place["part", b]] for a, b in keys], dtype=np.int64).reshape(-1, 2)
    pairs, inverse = np.unique(words[:, None] * len(names) + of_code[owners], return_inverse=True)
    inverse = inverse.reshape(-1, 2)
    word, key = pairs // max(1, len(names)), pairs % max(1, len(names))
    guesses = zip(word.tolist(), key.tolist(), strict=True)
    count = np.array([1 + _FROM_TITLES * _in_title(texts, titles, w, *names[k]) for w, k in guesses])
    share = texts.frequency / max(1, len(texts.start) - 1)
    for _ in range(_ROUNDS):
        said = (count / np.bincount(key, count, len(names))[key])[inverse]
        total = said.sum(axis=1) + _BACKGROUND * share[words]
        count = np.bincount(inverse.ravel(), (said / total[:, None]).ravel(), len(pairs))
    rows = zip(word.tolist(), key.tolist(), count.tolist(), strict=True)
    return [(texts.vocabulary[w], *names[k], n) for w, k, n in rows if n > _LEAST_MENTIONS]


def _in_title(texts: FlatTexts, titles: AxisTitles, word: int, kind: str, key: str) -> float:
    """Largest share of a title that a word makes up."""
    own, units = titles.words[kind].get(key, {}), units_of(texts.vocabulary[word], texts.language)
    return max((own.get(unit[1:], 0.0) for unit in units[1:]), default=0.0)


def _links(
    linked: Sequence[tuple[str, str, str, float]], texts: FlatTexts, titles: AxisTitles
) -> dict[str, list[_Link]]:
    """For each unit what it says."""
    mentions: dict[str, dict[tuple[str, str], float]] = defaultdict(lambda: defaultdict(float))
    for word, kind, key, n in linked:
        for unit in units_of(word, texts.language):
            mentions[unit][kind, key] += n
    seen: Counter[str] = Counter()
    for word, n in zip(texts.vocabulary, texts.frequency.tolist(), strict=True):
        for unit in units_of(word, texts.language):
            seen[unit] += n
    out: dict[str, list[_Link]] = defaultdict(list)
    for kind, named in (("operation", titles.words["operation"]), ("title", titles.words["part"])):
        for key, own in named.items():
            for unit, share in ((f"~{word}", share) for word, share in own.items()):
                if kind == "title":
                    out[unit].append((kind, key, share))
                elif unit in seen and share > _LEAST_SHARE:
                    mentions[unit][kind, key] += _TITLE_WEIGHT * share
    for unit, counts in mentions.items():
        out[unit] += _shares(counts, seen[unit])
    return out


def _shares(counts: Mapping[tuple[str, str], float], seen: int) -> Iterator[_Link]:
    """Of the mentions of a unit in one section of the codes, the share that means each key."""
    of_section: dict[tuple[str, str], float] = defaultdict(float)
    for (kind, key), n in counts.items():
        of_section[kind, key[:1]] += n
    operations = sum(n for (kind, _), n in counts.items() if kind == "operation")
    telling = min(1.0, (operations + _SHRINK) / (seen + 1)) ** 0.5
    for (kind, key), n in counts.items():
        value = n / (of_section[kind, key[:1]] + _SHRINK) * (telling if kind == "operation" else 1.0)
        if value > _LEAST_VALUE:
            yield kind, key, value


def _rests(
    codes: Sequence[str], long: set[int], seen: Mapping[int, int], titles: AxisTitles
) -> dict[str, list[tuple[str, float]]]:
    """For each stem of a known operation the codes that end as those of the operation mostly do; how usual that is."""
    own: dict[str, Counter[str]] = defaultdict(Counter)
    every: dict[str, Counter[str]] = defaultdict(Counter)
    for i in long:
        own[titles.axes.keys(codes[i])[0]][codes[i][_STEM:]] += seen[i]
        every[codes[i][0]][codes[i][_STEM:]] += seen[i]
    usual: dict[str, list[tuple[str, float]]] = {}
    for operation, counts in own.items():
        alike = every[operation[0]]
        ends = {*counts, *(end for end, _ in alike.most_common(3))}
        total, n = alike.total(), counts.total()
        shares = [(end, (counts[end] + 2 * alike[end] / total) / (n + 2)) for end in sorted(ends)]
        usual[operation] = sorted(shares, key=lambda row: -row[1])
    out = {}
    for stem, ends_of_stem in titles.rests.items():
        likely = usual.get(titles.axes.keys(stem)[0], [])
        can = [(stem + end, share) for end, share in likely if not end or end in ends_of_stem]
        if can:
            out[stem] = can[:_RESTS]
    return out
