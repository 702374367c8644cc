"""Neoplasms whose site stands apart from their histology: in a specimen's name, a heading, the sentence before.

The terms of the classification name site and behaviour together ("carcinoma of sigmoid colon"). Pathology reports and
clinic letters often do not: the specimen line says "sigmoid colon, resection", the diagnosis line "adenocarcinoma".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from leadterm.text.knowledge import load_table
from leadterm.text.layout.note_kind import find_kind
from leadterm.text.matching.overlaps import Cover, Reading, Scan
from leadterm.text.matching.told_sites import told_sites
from leadterm.text.words.normalise import Normaliser

__all__ = ["NeoplasmFinder"]

HISTOLOGIES = frozenset({"carcinoma", "adenocarcinoma", "cystadenocarcinoma", "malignancy"})
MALIGNANT = HISTOLOGIES | {"cancer"}
TUMOR = frozenset({"tumor", "neoplasm", "neoplasia"})
BENIGN = frozenset({"benign", "adenoma", "papilloma", "fibroma", "hemangioma"})
SPREAD = frozenset({"metastasis", "secondary"})
REPORT = frozenset({
    "specimen", "biopsy", "gross", "histology", "microscopic", "resection", "pathology", "margin", "resected",
    "invasion", "infiltration", "differentiated", "staging", "grading", "grade",
})  # fmt: skip
CLEAR = frozenset({"free"})
CLUES = frozenset({"site", "location", "located", "primary", "origin", "arising", "involving"})
NO_CODE = "-"
RECEIVING = (NO_CODE, "C22.9", "C41", "C48", "C71")  # a metastatic cancer has come there
VAGUE_SITES = ("C76", "C41", "C40", "C38", "C48", "C69", "C96", "C26", "C77", NO_CODE)
FAR_COLUMNS = frozenset({"primary", "in_situ", "unspecified"})
NEAR, APART, REACH, REPORT_REACH = 3, 8, 50, 200
MOST_CLOSE, MOST_SITES, REPORT_WORDS = 2, 3, 3
IN_A_ROW, SEVERAL = 3, 2  # positions from site to site; sites
LEAST_SHARE, TOLD = 0.2, 5.0
FAR_MISSING, DOUBT_MISSING = 2, 1
WEIGHT = 5.0

Row = Mapping[str, str]


class _Site(NamedTuple):
    """A site found in a note: its words' places in the scan and its row of the table."""

    places: tuple[int, ...]
    row: Row


class _Head(NamedTuple):
    """Words of a histology found in a note and the column of the table they lead to."""

    places: tuple[int, ...]
    column: str
    doubtful: bool
    histology: bool
    spread: bool = False


def _known(row: Row, known: Container[str]) -> Row:
    return {column: value if column == "site" or value in known else NO_CODE for column, value in row.items()}


class NeoplasmFinder:
    """Puts histologies and sites together.

    ``vocabulary``: words by their number in a scan. ``normaliser``: the one the vocabulary was made with. ``known``:
    codes of the release at hand; a site has no code of its own where it lacks the one of the table.
    """

    def __init__(self, vocabulary: Sequence[str], normaliser: Normaliser, known: Container[str]) -> None:
        self.vocabulary = vocabulary
        numbers = {word: i for i, word in enumerate(vocabulary)}
        named = [
            (tuple(sorted({numbers[w] for w in words})), row)
            for row in (_known(row, known) for row in load_table("neoplasm_sites.tsv"))
            for words in map(normaliser.content, row["site"].split("|"))
            if words and all(w in numbers for w in words)
        ]
        counts = Counter(word for words, _ in named for word in words)
        self._by_key: dict[int, list[tuple[tuple[int, ...], Row]]] = {}
        for words, row in named:
            self._by_key.setdefault(min(words, key=lambda w: (counts[w], w)), []).append((words, row))
        heads = MALIGNANT | TUMOR | BENIGN | SPREAD
        self._is_head = np.array([word in heads for word in vocabulary], dtype=np.bool_)

    def covers(self, scan: Scan, known: Iterable[Cover], text: str) -> list[Cover]:
        """Find neoplasms that no term of the dictionary names.

        In order of the text. ``known``: what the dictionary found; the same code at the same words is not found
        again. ``text``: the note, in which a report may call a site the tumor's.
        """
        at = np.flatnonzero((scan.word >= 0) & ~scan.negated)
        at = at[self._is_head[scan.word[at]]]
        if not len(at):
            return []
        note = _Note(scan, self.vocabulary, text)
        heads = list(note.heads(at.tolist()))
        sites = self._sites(scan, note) if heads else []
        if not sites:
            return []
        found = {(token, r.code[:5]) for c in known for r in c.readings for token in c.tokens if r.code[0] in "CD"}
        reached = list(note.reached(heads, sites))
        listed = {site.places for _, site, _, _ in reached}
        own = [site for site in sites if site.places not in listed]
        links = [*reached, *note.close(heads, own)]
        said = {site.row[column] for _, site, column, _ in links}
        told = told_sites(text) if note.is_report else {}
        links += [link for link in note.far(heads, own, told) if link[1].row[link[2]] not in said]
        covers = [note.cover(*link) for link in links if link[1].row[link[2]] != NO_CODE]
        return [c for c in covers if not any((token, c.readings[0].code[:5]) in found for token in c.tokens)]

    def _sites(self, scan: Scan, note: _Note) -> list[_Site]:
        """Sites named in a note; of several that share words, the one of most words."""
        found: list[_Site] = []
        for i, word in enumerate(scan.word.tolist()):
            for words, row in self._by_key.get(word, ()):
                places = note.together(i, words)
                if places:
                    found.append(_Site(places, row))
        found.sort(key=lambda site: (-len(site.places), site.places))
        kept: list[_Site] = []
        taken: set[int] = set()
        for site in found:
            if taken.isdisjoint(site.places) and not note.is_cleared(site.places[0]):
                kept.append(site)
                taken.update(site.places)
        return sorted(kept, key=lambda site: site.places)


class _Note:
    """A scan as lists."""

    def __init__(self, scan: Scan, vocabulary: Sequence[str], text: str) -> None:
        self.number: list[int] = scan.word.tolist()
        self.position: list[int] = scan.position.tolist()
        self.segment: list[int] = scan.segment.tolist()
        self.token: list[int] = scan.token.tolist()
        self.word = [vocabulary[n] if n >= 0 else "" for n in self.number]
        self.is_report = len(REPORT.intersection(self.word)) >= REPORT_WORDS or find_kind(text).name == "pathology"

    @cached_property
    def places(self) -> dict[tuple[int, int], list[int]]:
        """Where each word stands in each clause."""
        places: dict[tuple[int, int], list[int]] = {}
        for i, key in enumerate(zip(self.segment, self.number, strict=True)):
            places.setdefault(key, []).append(i)
        return places

    def together(self, place: int, words: Sequence[int]) -> tuple[int, ...]:
        """Places of words that stand near one of them in its clause; empty if one is not there."""
        chosen = []
        for word in words:
            near = [
                k for k in self.places.get((self.segment[place], word), ())
                if abs(self.position[k] - self.position[place]) <= NEAR
            ]  # fmt: skip
            if not near:
                return ()
            chosen.append(min(near, key=lambda k: (abs(self.position[k] - self.position[place]), k)))
        return tuple(sorted(chosen))

    def heads(self, at: Sequence[int]) -> Iterator[_Head]:
        """Histologies with the behaviour that their words tell together."""
        group: list[int] = []
        for i in [*at, -1]:
            if i >= 0 and (not group or self._follows(group[-1], i)):
                group.append(i)
                continue
            head = self._head(group)
            if head is not None and not self._is_free(group[-1] + 1, group[-1]):
                yield head
            group = [i]

    def _follows(self, before: int, i: int) -> bool:
        return self.segment[before] == self.segment[i] and self.position[i] - self.position[before] <= NEAR

    def _is_free(self, i: int, before: int) -> bool:
        """Whether what stands behind a tumor says that there is none: "tumor-free appendix", not "free of"."""
        return i < len(self.word) and self.word[i] in CLEAR and self.segment[i] == self.segment[before]

    def is_cleared(self, i: int) -> bool:
        """Whether a site is said to be free: "tumor-free appendix"."""
        same = i > 0 and self.segment[i - 1] == self.segment[i]
        return same and self.word[i - 1] in CLEAR and not TUMOR.isdisjoint(self.word[max(i - NEAR, 0) : i])

    def _head(self, group: Sequence[int]) -> _Head | None:
        words = {self.word[i] for i in group}
        cancer, place = words & MALIGNANT, tuple(group)
        situ = self._near(group, "situ")
        if situ is not None and "carcinoma" in words:
            return _Head((*place, situ), "in_situ", doubtful=False, histology=True)
        if words & BENIGN and not cancer:
            return _Head(place, "benign", doubtful=False, histology=True)
        if words & SPREAD and not cancer - {"malignancy"}:
            return _Head(place, "secondary", doubtful=False, histology=False) if "metastasis" in words else None
        if cancer:
            spread = "metastasis" in words
            return _Head(place, "primary", doubtful=False, histology=bool(words & HISTOLOGIES), spread=spread)
        return _Head(place, "unspecified", doubtful=True, histology=False)

    def _near(self, group: Sequence[int], word: str) -> int | None:
        around = range(max(group[0] - NEAR, 0), min(group[-1] + NEAR + 1, len(self.word)))
        return next((i for i in around if self.word[i] == word and self.segment[i] == self.segment[group[0]]), None)

    def _apart(self, head: _Head, site: _Site) -> int:
        return min(abs(self.position[a] - self.position[b]) for a in head.places for b in site.places)

    def _by_clause(self, sites: Sequence[_Site]) -> dict[int, list[_Site]]:
        found: dict[int, list[_Site]] = {}
        for site in sites:
            found.setdefault(self.segment[site.places[0]], []).append(site)
        return found

    def reached(self, heads: Sequence[_Head], sites: Sequence[_Site]) -> Iterator[tuple[_Head, _Site, str, int]]:
        """The sites that stand in a row behind metastases: "metastases to liver, lungs and brain"."""
        by_clause = self._by_clause(sites)
        for head in heads:
            last = head.places[-1]
            if self.word[last] != "metastasis":
                continue
            spread = _Head((last,), "secondary", doubtful=False, histology=False)
            row: list[_Site] = []
            for site in by_clause.get(self.segment[last], ()):
                before = row[-1].places[-1] if row else last
                if site.places[0] > last and self.position[site.places[0]] - self.position[before] <= IN_A_ROW:
                    row.append(site)
            if len(row) >= SEVERAL:
                yield from ((spread, site, "secondary", 0) for site in row)

    def close(self, heads: Sequence[_Head], sites: Sequence[_Site]) -> Iterator[tuple[_Head, _Site, str, int]]:
        """Histologies and sites of one clause; an unspecified tumor may also be a malignant one."""
        by_clause = self._by_clause(sites)
        for head in heads:
            inside = by_clause.get(self.segment[head.places[0]], ())
            near = [(self._apart(head, site), site.places, site) for site in inside]
            for apart, _, site in sorted(near, key=itemgetter(0, 1))[:MOST_CLOSE]:
                if apart > APART:
                    continue
                to = site.row[head.column].startswith(RECEIVING)  # "metastatic adenocarcinoma, axillary node"
                yield head, site, "secondary" if head.spread and to else head.column, 0
                if head.doubtful:
                    yield head, site, "primary", DOUBT_MISSING

    def far(
        self, heads: Sequence[_Head], sites: Sequence[_Site], plainly: Container[str]
    ) -> Iterator[tuple[_Head, _Site, str, int]]:
        """The sites of a note that stand nearest to its carcinomas, and oftenest, with the nearest carcinoma.

        ``plainly``: codes of sites that the note calls the tumor's, which need not be near.
        """
        reach = REPORT_REACH if self.is_report else REACH
        cancers = [head for head in heads if head.column in FAR_COLUMNS and (head.histology or self.is_report)]
        votes: dict[str, float] = {}
        best: dict[str, tuple[int, int, int]] = {}
        for s, site in enumerate(sites):
            code = site.row["primary"]
            if code.startswith(VAGUE_SITES):
                continue
            told = not CLUES.isdisjoint(self.word[max(site.places[0] - NEAR, 0) : site.places[-1] + NEAR + 1])
            for h, head in enumerate(cancers):
                apart = self._apart(head, site)
                if apart <= reach:
                    votes[code] = votes.get(code, 0.0) + (1.0 + TOLD * told) / (10.0 + apart)
                    best[code] = min(best.get(code, (apart, h, s)), (apart, h, s))
        least = LEAST_SHARE * max(votes.values(), default=0.0)
        for rank, code in enumerate(sorted(votes, key=lambda c: (-votes[c], c))):
            if (rank >= MOST_SITES or votes[code] < least) and code not in plainly:
                continue
            _, h, s = best[code]
            column = "primary" if cancers[h].doubtful else cancers[h].column
            yield cancers[h], sites[s], column, FAR_MISSING + cancers[h].doubtful

    def cover(self, head: _Head, site: _Site, column: str, missing: int) -> Cover:
        """The words that name a neoplasm; not those of a far site, lest its context be read for theirs."""
        code = site.row[column]
        places = head.places if missing >= FAR_MISSING else (*head.places, *site.places)
        tokens = tuple(sorted({self.token[i] for i in places}))
        name = f"Neoplasm, {site.row['site'].split('|')[0]} [{column.replace('_', ' ')}]"
        size = len({*head.places, *site.places})
        gap = self._apart(head, site)
        return Cover(
            tokens, self.segment[head.places[0]],
            (Reading(code, name, "neoplasm", size, missing, gap, WEIGHT * size),),
        )  # fmt: skip
