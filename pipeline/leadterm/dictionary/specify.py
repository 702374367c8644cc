"""From a family of codes to the billable code that the documentation supports: side, site, type, episode of care."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from leadterm.text.knowledge import load_table
from leadterm.text.matching.word_sets import BRACKETS, ELSEWHERE, NEGATED
from leadterm.text.words.normalise import STOPWORDS, Normaliser

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["SIDES", "Choice", "Specifier"]

SIDES = frozenset({"right", "left", "bilateral"})
UNIMPORTANT = frozenset(
    {"other", "specified", "encounter", "initial", "part", "elsewhere", "classified", "type", "site", "side", "nature"}
    | {"uncomplicated", "level", "affecting"}
)
WITHOUT_WEIGHT = STOPWORDS | UNIMPORTANT
VAGUE_MEANINGS = frozenset({"unspecified", "stage", "stable", "eye", "not", "applicable"})
CAUSE, INJURY = "traumatic", "ST"  # outside the chapter of injuries nothing is taken to come of one
OTHER_COST = 0.6
UNSAID_COST = 1.0
BODY_WEIGHT = 0.9
FAR = 1.0  # a side that only the complaint, the text below a heading or the rest of the note tells
# What a title says of no detail: patterns, words of which a title that holds it has one, and what takes its place.
LEFT_OUT = (
    (BRACKETS, ("(", "["), " "), (ELSEWHERE, ("classified", "nec", "nos", "unspecified"), ""),
    (NEGATED, ("without", "not ", "w/o", "no "), ""),
)  # fmt: skip
NO_SIBLING = ("I44.7",)  # a complete bundle branch block is no complete block of the heart
VAGUE = re.compile(r"unspecified|without complications|\bNOS\b|, uncomplicated", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A code one could bill (before its 7th character) and the words that set it apart within its family.

    Scores are summed over ``ordered``, the same words sorted, so that they do not depend on the order of a set.
    """

    code: str
    words: frozenset[str]
    ordered: tuple[str, ...]
    other: bool
    unspecified: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A billable code chosen for a family, and how well the documentation supports it.

    - ``score``: weight of the details found, less the cost of those not found.
    - ``found``: details of the code that are documented.
    - ``unsaid``: details of the code that are not documented.
    - ``unspecified``, ``other``: whether the code says "unspecified" or "other" where its siblings say more.
    - ``margin``: how far the score is above that of the next best code of the family.
    - ``siblings``: codes of the family that differ in a detail the note does not give.
    - ``upgraded``: whether it stands in for an unspecified code because the note gives the detail.
    - ``paired``: whether the code of the other side stands beside it, because the note says both.
    """

    code: str
    score: float
    found: int
    unsaid: int
    unspecified: bool
    other: bool
    margin: float
    siblings: tuple[str, ...] = ()
    upgraded: bool = False
    paired: bool = False


class Specifier:
    """Chooses billable codes within families.

    ``system``: gives children, titles and 7th characters. ``normaliser``: brings titles into normal words.
    """

    def __init__(self, system: CodeSystem, normaliser: Normaliser) -> None:
        self.system = system
        self.normaliser = normaliser
        self.leaves = lru_cache(maxsize=4096)(self._leaves)
        self.title_words = lru_cache(maxsize=4096)(self._title_words)
        self.telling_words = lru_cache(maxsize=4096)(self._telling_words)
        self._upgradable = lru_cache(maxsize=4096)(self._find_upgradable)
        self._choose = lru_cache(maxsize=4096)(self._make_choice)

    @cached_property
    def _detail_words(self) -> frozenset[str]:
        rows = load_table("soft_words.tsv")  # as normal words, like those of titles: "displaced" is "displacement"
        return frozenset(word for row in rows for word in self.normaliser.words(row["word"]))

    def _title_words(self, code: str) -> frozenset[str]:
        title = self.system.title(code)
        lowered = title.lower()
        for pattern, signs, instead in LEFT_OUT:
            if any(sign in lowered for sign in signs):
                title = pattern.sub(instead, title)
                lowered = title.lower()
        return frozenset(self.normaliser.words(title)) - WITHOUT_WEIGHT

    def _leaves(self, family: str) -> tuple[Leaf, ...]:
        """Codes below a family that are billable but for a 7th character that tells the episode of care."""
        base = self.title_words(family)
        shared = self.system.title(family).lower() if family in self.system else ""
        stems = sorted({self._stem(code) for code in self.system.billable_descendants(family)})
        titles = {code: self.title_words(code) for code in stems if code in self.system}
        everywhere = frozenset.intersection(*titles.values()) if titles else frozenset()
        leaves = []
        for code in stems:
            title = self.system.title(code) if code in self.system else ""
            lowered = _beyond(shared, title.lower())
            own = titles.get(code, frozenset()) - base if title else frozenset()
            # of a family of two sites, one tells them apart
            if title and not own - SIDES - everywhere and not base <= titles[code]:
                own |= titles[code] - everywhere
            unspecified = "unspecified" in lowered or lowered.endswith("nos")
            other = lowered.startswith("other") or " other " in lowered
            leaves.append(Leaf(code, own, tuple(sorted(own)), other, unspecified))
        return tuple(leaves)

    def _stem(self, code: str) -> str:
        parent = self.system.parent(code) if self.system.is_extended(code) else None
        return code if parent is None else parent

    def choose(self, family: str, weights: Mapping[str, float], episode: str) -> tuple[Choice, ...]:
        """Choose among the billable codes of a family.

        Best first; more than one only for both sides of a paired organ without a bilateral code, and
        where the side stands far away: then the code without a side, too. ``family``: a code;
        when it is billable it is the only choice. ``weights``: normal words near the mention and how much each counts
        (3 in the phrase, less further away). ``episode``: 7th characters where one is needed, the wanted one first:
        ``"KD"`` is nonunion, else subsequent.
        """
        near = tuple([(word, weights[word]) for word in self.telling_words(family) if word in weights])
        return self._choose(family, near, episode)

    def _telling_words(self, family: str) -> tuple[str, ...]:
        """The words that can change the choice within a family, sorted."""
        leaves = self._upgradable(family) if self.system.is_billable(family) else self.leaves(family)
        words = {word for leaf in leaves for word in leaf.words}
        words.update(w for leaf in leaves for meant in self._meanings(leaf.code).values() for w in meant)
        return tuple(sorted(words | SIDES if words & SIDES else words))

    def _make_choice(self, family: str, near: tuple[tuple[str, float], ...], episode: str) -> tuple[Choice, ...]:
        weights = dict(near)
        if self.system.is_billable(family):
            return (Choice(family, 0.0, 0, 0, False, False, 9.0), *self._upgrades(family, weights, episode))
        leaves = self.leaves(family)
        if not leaves:
            return ()
        scored = sorted(((self._score(leaf, weights), leaf) for leaf in leaves), key=lambda p: (-p[0][0], p[1].code))
        best = scored[0]
        chosen, both = [best], []
        if weights.get("bilateral", 0.0) > 0 or (weights.get("right", 0.0) >= 2.5 and weights.get("left", 0.0) >= 2.5):
            said = weights | dict.fromkeys(("right", "left"), max(weights.get(side, 0.0) for side in SIDES))
            both = [(self._score(leaf, said), leaf) for _, leaf in _both_sides(scored)]
            chosen = both or chosen
            if weights.get("bilateral", 0.0) <= FAR:
                chosen = [*chosen, *_without_side(chosen[0][1], scored)]
        elif any(0 < weights.get(side, 0.0) <= FAR for side in SIDES & best[1].words):
            chosen = [best, *_without_side(best[1], scored)]
        first, own = chosen[0], [leaf for _, leaf in both or [best]]
        next_best = next((of[0] for of, leaf in scored if leaf not in own), first[0][0] - 9.0)
        siblings, margin = _undecided(first[1], leaves), first[0][0] - next_best
        return tuple(
            Choice(
                self._whole(leaf.code, weights, episode), score, found, unsaid, leaf.unspecified, leaf.other, margin,
                siblings, paired=((score, found, unsaid), leaf) in both,
            )
            for (score, found, unsaid), leaf in chosen
        )  # fmt: skip

    def _upgrades(self, code: str, weights: Mapping[str, float], episode: str) -> list[Choice]:
        """Siblings of an unspecified code whose every detail is documented: the best one, or both sides of it."""
        if not weights:
            return []
        own = self.title_words(code)
        fits = []
        for leaf in self._upgradable(code):
            score, found, unsaid = self._score(leaf, weights)
            close = any(weights.get(word, 0.0) >= BODY_WEIGHT for word in leaf.words - own)
            if unsaid == 0 and found and close and (CAUSE not in leaf.words or CAUSE in weights or code[0] in INJURY):
                fits.append(((score, found, unsaid), leaf))
        fits.sort(key=lambda p: (-p[0][0], p[1].code))
        chosen = (_both_sides(fits) if weights.get("bilateral", 0.0) > 0 else []) or fits[:1]
        return [
            Choice(
                self._whole(leaf.code, weights, episode), score, found, unsaid, False, False, 0.0, upgraded=True,
                paired=len(chosen) > 1,
            )
            for (score, found, unsaid), leaf in chosen
        ]  # fmt: skip

    def _find_upgradable(self, code: str) -> list[Leaf]:
        """Siblings that may stand in for an unspecified code."""
        parent = self.system.parent(code)
        if parent is None or not self._is_vague(code) or code in NO_SIBLING:
            return []
        more = (leaf for leaf in self.leaves(parent) if leaf.code != code)
        return [leaf for leaf in more if leaf.words and not (leaf.other or leaf.unspecified)]

    def _is_vague(self, code: str) -> bool:
        return bool(VAGUE.search(self.system.title(code)))

    def _score(self, leaf: Leaf, weights: Mapping[str, float]) -> tuple[float, int, int]:
        score = -OTHER_COST if leaf.other else 0.0
        found = unsaid = 0
        soft = self._detail_words
        for word in leaf.ordered:
            near = weights.get(word, 0.0)
            if near > 0:
                score += near
                found += 1
            elif word in soft:
                score -= 0.15
            else:
                score -= UNSAID_COST
                unsaid += 1
        if leaf.unspecified:
            score += 0.1
        return score, found, unsaid

    @lru_cache(maxsize=4096)  # noqa: B019  (one specifier a release, kept as long as the program)
    def _meanings(self, code: str) -> dict[str, tuple[str, ...]]:
        """Words of the 7th characters that tell no episode of care, such as the stage of a glaucoma."""
        letters = self.system.seventh_characters(code) if code in self.system else {}
        if "A" in letters:
            return {}
        return {
            letter: tuple(w for w in self.normaliser.words(meant) if w not in STOPWORDS and w not in VAGUE_MEANINGS)
            for letter, meant in letters.items()
        }  # fmt: skip

    def _whole(self, code: str, weights: Mapping[str, float], episode: str) -> str:
        """A code with its 7th character: the one whose every word is documented, else an unspecified one."""
        meanings = self._meanings(code)
        said = [letter for letter, words in meanings.items() if words and all(weights.get(w, 0.0) > 0 for w in words)]
        silent = [letter for letter, words in meanings.items() if not words]
        told = max(said, key=lambda letter: len(meanings[letter])) if said else "".join(silent)
        return self.complete(code, told + episode)

    def complete(self, code: str, episode: str) -> str:
        """Add the 7th character for an episode of care where the code needs one.

        The billable code; the code itself where no 7th character applies. ``code``: a code of up to six characters.
        ``episode``: 7th characters; the first that the code has is taken.
        """
        if self.system.is_billable(code):
            return code
        letters = self.system.seventh_characters(code)
        wanted = next((letter for letter in episode if letter in letters), next(iter(letters), ""))
        return (self.system.expand(code, wanted) if wanted else None) or code


def _beyond(shared: str, title: str) -> str:
    """What a title says beyond the words it begins with like its family's."""
    same = 0
    for own, other in zip(shared, title, strict=False):
        if own != other:
            break
        same += 1
    whole = same == len(shared) and not title[same : same + 1].isalnum()
    return title[same:] if whole else title[title.rfind(" ", 0, same + 1) + 1 :]


def _both_sides(scored: list[tuple[tuple[float, int, int], Leaf]]) -> list[tuple[tuple[float, int, int], Leaf]]:
    """The right and the left code, where the family has no bilateral one."""
    if any("bilateral" in leaf.words for _, leaf in scored):
        return []
    right = [p for p in scored if "right" in p[1].words]
    left = [p for p in scored if "left" in p[1].words]
    if not right or not left:
        return []
    a = right[0]
    twin = [p for p in left if p[1].words - SIDES == a[1].words - SIDES]
    return [a, twin[0]] if twin else []


def _without_side(
    chosen: Leaf, scored: list[tuple[tuple[float, int, int], Leaf]]
) -> list[tuple[tuple[float, int, int], Leaf]]:
    """The code beside a chosen one that leaves the side open."""
    rest = chosen.words - SIDES
    return [p for p in scored if p[1].unspecified and not p[1].words & SIDES and p[1].words == rest][:1]


def _undecided(chosen: Leaf, leaves: tuple[Leaf, ...]) -> tuple[str, ...]:
    """Codes that differ from an unspecified choice only by the side."""
    if not chosen.unspecified:
        return ()
    rest = chosen.words - SIDES
    return tuple(leaf.code for leaf in leaves if leaf.words & SIDES and leaf.words - SIDES == rest)[:4]
