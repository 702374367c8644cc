"""Codes built of characters with a meaning each: which words stand for an operation, which for a body part.

A procedure code says what was done in one character and to which part in another. So a code that no
training text has can be suggested where a text says an operation and, near it, a part. What words stand for is
learned from evidence (a word of it stands for the operation, the part or neither), and from the official titles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadterm.learn.axis_titles import AXES, AxisTitles, axis_titles, keys_of
from leadterm.learn.flat import FlatTexts
from leadterm.learn.matching import Evidence
from leadterm.learn.table import Block
from leadterm.learn.tokens import Tokens
from leadterm.text.languages import sense

__all__ = ["FEATURES", "Axes", "axes_block", "learn_axes"]

FEATURES = (
    "axes_score", "axes_said", "axes_operation", "axes_part", "axes_titles", "axes_gap", "axes_rest", "axes_texts",
    "axes_table", "axes_rank",
)  # fmt: skip
_ROUNDS = 8
_BACKGROUND = 0.3
_FROM_TITLES = 20.0
_TITLE_WEIGHT = 0.5
_SHRINK = 0.5
_LEAST, _LEAST_OPERATION, _LEAST_SHARE, _LEAST_SAID = 0.03, 0.08, 0.45, 0.02
_REACH = 7
_NEAR, _NEAR_TITLES = 0.9, 0.95
_TITLES_COUNT = 0.6
_RESTS, _MOST = 2, 40
_Links = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True)
class Axes:
    """What words say about the characters of a code.

    Parameters
    ----------
    language : str
        Of the words.
    units : tuple of str
        Words, and English senses (``~kidney``).
    start : ndarray of shape (n_units + 1,)
        Where the links of each unit begin.
    kinds : tuple of str
        For each link ``operation``, ``part`` (both learned) or ``title`` (a part, by its official name).
    keys : tuple of str
        Characters that the link leads to.
    values : ndarray of shape (n_links,)
        Share of the unit's mentions that mean it, or of the title that the unit is.
    stems : tuple of str
        The first four characters of codes that can be.
    texts, tables : ndarray of shape (n_stems,)
        Training texts with each; training codes of its table.
    rest : ndarray of shape (n_stems + 1,)
        Where the codes of each stem begin.
    code, share : ndarray of shape (n,)
        Number of each code; how usual its last characters are with the operation.
    """

    language: str
    units: tuple[str, ...]
    start: NDArray[Any]
    kinds: tuple[str, ...]
    keys: tuple[str, ...]
    values: NDArray[Any]
    stems: tuple[str, ...]
    texts: NDArray[Any]
    tables: NDArray[Any]
    rest: NDArray[Any]
    code: NDArray[Any]
    share: NDArray[Any]

    @cached_property
    def links(self) -> Mapping[str, _Links]:
        """Keys and values by unit, of each kind."""
        found: dict[str, _Links] = {"operation": {}, "part": {}, "title": {}}
        rows = list(zip(self.kinds, self.keys, self.values.tolist(), strict=True))
        for unit, a, b in zip(self.units, self.start[:-1].tolist(), self.start[1:].tolist(), strict=True):
            for kind, key, value in rows[a:b]:
                found[kind].setdefault(unit, []).append((key, value))
        return found

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Number by stem."""
        return {stem: i for i, stem in enumerate(self.stems)}


@lru_cache(maxsize=200_000)
def _units(word: str, language: str) -> tuple[str, ...]:
    """A word, and what it means in English."""
    return (word, *(f"~{other}" for other in sense(word, language) or (word,)))


def learn_axes(
    system: str, codes: Sequence[str], texts: FlatTexts, given: Sequence[frozenset[int]], evidence: Sequence[Evidence]
) -> tuple[Axes, tuple[str, ...]]:
    """Learn what words say about the characters of codes.

    Parameters
    ----------
    system : str
        The code system; one whose characters have no meaning of their own has nothing to learn.
    codes : sequence of str
        Codes seen in training.
    texts : FlatTexts
        Training texts.
    given : sequence of frozenset of int
        Codes of each text, as numbers.
    evidence : sequence of sequence of (code, positions)
        Word positions that support a code.

    Returns
    -------
    Axes
        What was learned.
    tuple of str
        Codes that were not seen but can be put together, to be numbered after those that were.

    Notes
    -----
    Words are aligned with characters by expectation maximisation (IBM model 1; Brown et al., 1993), with the
    share of texts that hold a word as background.

    Examples
    --------
    >>> from leadterm.learn.flat import flatten
    >>> learn_axes("icd10cm", ["I10"], flatten([]), [], [])[1]
    ()
    """
    titles = axis_titles(system) if system in AXES else None
    if titles is None:
        return _nothing(texts.language), ()
    language, long = texts.language, {i for i, code in enumerate(codes) if len(code) >= 4}
    words, owners = _instances(texts, evidence, long)
    linked = _aligned(words, owners, codes, texts, titles)
    links = _links(linked, texts, titles)
    operations = {keys_of(codes[i])[0] for i in long}
    stems = [stem for stem in titles.rests if keys_of(stem)[0] in operations]
    seen = Counter(code for row in given for code in row)
    rests = _rests(stems, codes, seen, titles)
    more = tuple(sorted({code for row in rests for code, _ in row} - set(codes)))
    number = {code: i for i, code in enumerate((*codes, *more))}
    flat = [(number[code], share) for row in rests for code, share in row]
    units = sorted(links)
    rows = [link for unit in units for link in links[unit]]
    of_stem, of_table = Counter[str](), Counter(codes[i][:3] for i in long)
    for i in long:
        of_stem[codes[i][:4]] += seen[i]
    return Axes(
        language, tuple(units), np.cumsum([0, *(len(links[unit]) for unit in units)]),
        tuple(kind for kind, _, _ in rows), tuple(key for _, key, _ in rows),
        np.array([value for _, _, value in rows], dtype=np.float32), tuple(stems),
        np.array([of_stem[stem] for stem in stems], dtype=np.float32),
        np.array([of_table[stem[:3]] for stem in stems], dtype=np.float32),
        np.cumsum([0, *map(len, rests)]), np.array([i for i, _ in flat], dtype=np.int32),
        np.array([share for _, share in flat], dtype=np.float32),
    ), more  # fmt: skip


def _nothing(language: str) -> Axes:
    none, zero = np.zeros(0, np.float32), np.zeros(1, np.int64)
    return Axes(language, (), zero, (), (), none, (), none, none, zero, none.astype(np.int32), none)


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
    keys = [keys_of(code) if len(code) >= 4 else ("", "") for code in codes]
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
    return [(texts.vocabulary[w], *names[k], n) for w, k, n in rows if n > _SHRINK / 10]


def _in_title(texts: FlatTexts, titles: AxisTitles, word: int, kind: str, key: str) -> float:
    """Largest share of a title that a word makes up."""
    own, units = titles.words[kind].get(key, {}), _units(texts.vocabulary[word], texts.language)
    return max((own.get(unit[1:], 0.0) for unit in units[1:]), default=0.0)


def _links(
    linked: Sequence[tuple[str, str, str, float]], texts: FlatTexts, titles: AxisTitles
) -> dict[str, list[tuple[str, str, float]]]:
    """For each unit what it says."""
    mentions: dict[str, dict[tuple[str, str], float]] = defaultdict(lambda: defaultdict(float))
    for word, kind, key, n in linked:
        for unit in _units(word, texts.language):
            mentions[unit][kind, key] += n
    seen: Counter[str] = Counter()
    for word, n in zip(texts.vocabulary, texts.frequency.tolist(), strict=True):
        for unit in _units(word, texts.language):
            seen[unit] += n
    out: dict[str, list[tuple[str, str, float]]] = defaultdict(list)
    for kind, named in (("operation", titles.words["operation"]), ("title", titles.words["part"])):
        for key, own in named.items():
            for unit, share in ((f"~{word}", share) for word, share in own.items()):
                if kind == "title":
                    out[unit].append((kind, key, share))
                elif unit in seen and share > _LEAST_SHARE / 2:
                    mentions[unit][kind, key] += _TITLE_WEIGHT * share
    for unit, counts in mentions.items():
        out[unit] += _shares(counts, seen[unit])
    return out


def _shares(counts: Mapping[tuple[str, str], float], seen: int) -> Iterator[tuple[str, str, float]]:
    """Of the mentions of a unit in one section of the codes, the share that means each key."""
    of_section: dict[tuple[str, str], float] = defaultdict(float)
    for (kind, key), n in counts.items():
        of_section[kind, key[:1]] += n
    operations = sum(n for (kind, _), n in counts.items() if kind == "operation")
    telling = min(1.0, (operations + _SHRINK) / (seen + 1)) ** 0.5
    for (kind, key), n in counts.items():
        value = n / (of_section[kind, key[:1]] + _SHRINK) * (telling if kind == "operation" else 1.0)
        if value > _LEAST:
            yield kind, key, value


def _rests(
    stems: Sequence[str], codes: Sequence[str], seen: Mapping[int, int], titles: AxisTitles
) -> list[list[tuple[str, float]]]:
    """For each stem the codes that end as codes of its operation mostly do, and how usual that is."""
    own: dict[str, Counter[str]] = defaultdict(Counter)
    every: dict[str, Counter[str]] = defaultdict(Counter)
    for i, code in enumerate(codes):
        if len(code) >= 4:
            own[keys_of(code)[0]][code[4:]] += seen[i]
            every[code[0]][code[4:]] += seen[i]
    usual: dict[str, list[tuple[str, float]]] = {}
    for operation, counts in own.items():
        all_ = every[operation[0]]
        total, n = all_.total(), counts.total()
        ends = {*counts, *(end for end, _ in all_.most_common(3))}
        shares = [(end, (counts[end] + 2 * all_[end] / total) / (n + 2)) for end in sorted(ends)]
        usual[operation] = sorted(shares, key=lambda row: -row[1])
    out = []
    for stem in stems:
        can = [(stem + end, share) for end, share in usual[keys_of(stem)[0]] if not end or end in titles.rests[stem]]
        out.append(can[:_RESTS])
    return out


def axes_block(axes: Axes, tokens: Tokens) -> Block:
    """Describe the codes whose operation and part a text says near to each other.

    Parameters
    ----------
    axes : Axes
        What was learned.
    tokens : Tokens
        The text.

    Returns
    -------
    Block
        With the columns :data:`FEATURES`; the one mention is the word of the operation and that of the part.

    Examples
    --------
    >>> from leadterm.learn.flat import flatten
    >>> from leadterm.learn.tokens import tokenise
    >>> from leadterm.schema import Encounter, Note
    >>> said = [tokenise(Encounter("e", (Note("n", t),))) for t in ("kidney ultrasound", "brain ultrasound")]
    >>> codes, given = ["B040ZZZ", "BT43ZZZ"], [frozenset({1}), frozenset({0})]
    >>> axes, more = learn_axes("icd10pcs", codes, flatten(said), given, [[(1, (0, 1))], [(0, (0, 1))]])
    >>> new = tokenise(Encounter("e", (Note("n", "ultrasound of the bladder"),)))
    >>> block = axes_block(axes, new)
    >>> (*codes, *more)[block.codes[block.features[:, -1].argmin()]]
    'BT40ZZZ'
    """
    found = _said(axes, tokens) if axes.stems else {}
    best = sorted(found.items(), key=lambda row: (-row[1][0], row[0]))[:_MOST]
    codes, rows, where = [], [], []
    for stem, (said, operation, part, title, i, j) in best:
        n = axes.number[stem]
        for at in range(int(axes.rest[n]), int(axes.rest[n + 1])):
            share = float(axes.share[at])
            codes.append(int(axes.code[at]))
            rows.append((
                said * share, said, operation, part, title, abs(i - j), share, axes.texts[n], axes.tables[n],
            ))  # fmt: skip
            where.append((tuple(sorted({i, j})),))
    if not codes:
        return Block.empty(FEATURES)
    values = np.array(rows, dtype=np.float32)
    rank = np.empty(len(codes), dtype=np.float32)
    rank[np.argsort(-values[:, 0], kind="stable")] = np.arange(len(codes))
    order = np.argsort(codes)
    columns = np.column_stack([values, rank])[order]
    return Block(FEATURES, np.array(codes, dtype=np.int64)[order], columns, tuple(where[k] for k in order.tolist()))


_Said = tuple[float, float, float, float, int, int]


def _said(axes: Axes, tokens: Tokens) -> dict[str, _Said]:
    """For each stem how plainly a text says it; then the operation's value, the part's, the title's, both places."""
    units = [_units(word, axes.language) for word in tokens.words]
    best: dict[str, _Said] = {}
    operations = axes.links["operation"]
    for i, own in enumerate(units):
        named: dict[str, float] = {}
        for key, value in (link for unit in own for link in operations.get(unit, ())):
            if value >= _LEAST_OPERATION:
                named[key] = max(value, named.get(key, 0.0))
        if named:
            sections = {key[0] for key in named}
            for part, (learned, title, j) in _parts_near(axes, tokens, units, i, sections).items():
                strength = max(learned, _TITLES_COUNT * title)
                for key, value in named.items():
                    stem = part[:2] + key[1] + part[2]
                    said = value * strength
                    known = key[0] == part[0] and stem in axes.number
                    if known and said > max(_LEAST_SAID, best.get(stem, (0.0,))[0]):
                        best[stem] = (said, value, learned, title, i, j)
    return best


def _parts_near(
    axes: Axes, tokens: Tokens, units: Sequence[tuple[str, ...]], i: int, sections: set[str]
) -> dict[str, tuple[float, float, int]]:
    """Parts said around a word: the learned value, the share of the title that is said, and the place."""
    parts, titles = axes.links["part"], axes.links["title"]
    learned: dict[str, tuple[float, int]] = {}
    said: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
    for j in range(max(0, i - _REACH), min(len(units), i + _REACH + 1)):
        if tokens.sentence[j] != tokens.sentence[i]:
            continue
        for unit in units[j]:
            for key, value in parts.get(unit, ()):
                if key[0] in sections:
                    learned[key] = max((value * _NEAR ** abs(i - j), j), learned.get(key, (0.0, j)))
            for key, share in titles.get(unit, ()):
                if key[0] in sections:
                    row = said[key]
                    row[unit] = max((share * _NEAR_TITLES ** abs(i - j), j), row.get(unit, (0.0, j)))
    out = {key: (value, 0.0, j) for key, (value, j) in learned.items()}
    for key, found in said.items():
        total = sum(value for value, _ in found.values())
        value, _, place = out.get(key, (0.0, 0.0, -1))
        if value or total >= _LEAST_SHARE:
            place = place if value >= _TITLES_COUNT * total else max(found.values())[1]
            out[key] = (value, total, place)
    return out
