"""Context cues: read from the tables, compiled into a trie over the tokens of a language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from leadterm.errors import LeadtermError
from leadterm.text.knowledge import load_table

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["CATEGORIES", "SENTENCE_MARK", "TABLES", "Cue", "CueTrie", "Hit", "compile_cues", "read_cues"]

TABLES = {"en": "context_cues.tsv", "es": "context_cues_es.tsv"}
CATEGORIES = frozenset({
    "absent", "denied", "possible", "hypothetical", "conditional", "family", "history",
    "planned", "screening", "allergy", "status", "topic",
})  # fmt: skip
OTHERS = frozenset(("pseudo", "affirm", "close", "weak", "clause", "onset", "talk", "causes"))
SPEAKING = CATEGORIES | {"pseudo"}
SENTENCE_MARK = 1
MARKS = (".", ",", ";", "(", ")", "!", "•", "|")
CLAUSE_ENDS: Mapping[str, tuple[str, ...]] = {
    "en": (*MARKS, "but", "and", "however", "by", "on", "at", "per"), "es": (*MARKS, "pero", "y", "por", "en"),
}  # fmt: skip
NOWHERE: frozenset[int] = frozenset()
ANY = 2  # no token has such a number
MOST_PASSED = 2
ADVERBS = "adverbs"  # the set of words that may stand between the words of any cue
DIRECTIONS = frozenset({"forward", "backward", "end", "-"})


class Cue(NamedTuple):
    """A cue of a table.

    ``text``: its words; ``*`` is any word, and adverbs may stand between any two. ``category``: what it says, one of
    `CATEGORIES`, or ``pseudo affirm close weak clause onset causes``. ``direction``: ``forward``, ``backward``, ``end``
    (backward, where a clause ends after it) or ``-``. ``scope``: most tokens it reaches; 0 for the whole clause.
    """

    text: str
    category: str
    direction: str
    scope: int
    closes: frozenset[str]


class Hit(NamedTuple):
    """Cues found at tokens ``[start, end)`` of a sequence."""

    start: int
    end: int
    cues: tuple[Cue, ...]


def read_cues(rows: Sequence[Mapping[str, str]]) -> tuple[list[Cue], dict[str, list[str]]]:
    """Turn the rows of a cue table into cues, and its ``set`` rows into word lists.

    Cues as written, with ``{name}`` in them; and the members of each name. ``LeadtermError`` if a category or
    direction is unknown.

    >>> row = {"cue": "no", "category": "absent", "direction": "forward", "scope": "-", "closes": "-"}
    >>> read_cues([row])[0][0].category
    'absent'
    """
    cues: list[Cue] = []
    sets: dict[str, list[str]] = {}
    for row in rows:
        if row["category"] == "set":
            sets[row["cue"]] = row["closes"].split("|")
            continue
        closes = frozenset() if row["closes"] == "-" else frozenset(row["closes"].split("|"))
        if "history" in closes:
            closes |= {"status"}
        scope = 0 if row["scope"] == "-" else int(row["scope"])
        cue = Cue(row["cue"], row["category"], row["direction"], scope, closes)
        if cue.category not in CATEGORIES | OTHERS or cue.direction not in DIRECTIONS or not cue.closes <= CATEGORIES:
            raise LeadtermError(
                f"bad cue '{cue.text}': {cue.category} {cue.direction} {row['closes']}.",
                hint=f"Categories: {', '.join(sorted(CATEGORIES | OTHERS))}.",
            )
        cues.append(cue)
    return cues, sets


Way = tuple[int, ...]
Ways = Mapping[int, Sequence[Way]]
Ahead = tuple[Ways, "Cue", tuple[Ways, ...]]


class _Node:
    """Where some words lead. Made when a text first comes here: the ways to fill all names are a hundred thousand.

    ``cues``: those whose last word is the one before; ``anywhere``: those of them that need no end of a clause behind.
    ``known``: the words that lead on from here. What goes on here is kept as the ways of the next word, the cue, and
    the ways of its further words.
    """

    __slots__ = ("_ahead", "_following", "anywhere", "cues", "known")

    def __init__(self, coming: Iterable[Ahead], number: int) -> None:
        cues: list[Cue] = []
        self._ahead: list[Ahead] = []
        for ways, cue, further in coming:
            for left in ways.get(number, ()):
                if left:
                    self._ahead.append(({left[0]: (left[1:],)}, cue, further))
                elif further:
                    self._ahead.append((further[0], cue, further[1:]))
                else:
                    cues.append(cue)
        self.cues = tuple(cues)
        self.anywhere = tuple(cue for cue in cues if cue.direction != "end")
        self.known = frozenset().union(*[ways for ways, _, _ in self._ahead]) if self._ahead else NOWHERE
        self._following: dict[int, _Node] = {}

    def step(self, number: int) -> _Node | None:
        """Where a word leads from here."""
        node = self._following.get(number)
        if node is None and number in self.known:
            node = self._following[number] = _Node(self._ahead, number)
        return node


class CueTrie:
    """Finds the longest cues in a sequence of token numbers.

    ``number``: gives the token numbers of one word.

    >>> trie = CueTrie(lambda word: [hash(word)])
    >>> trie.add(Cue("no evidence of", "absent", "forward", 0, frozenset()), {})
    >>> [(h.start, h.end) for h in trie.find([hash(w) for w in "there is no evidence of gout".split()])]
    [(2, 5)]
    """

    def __init__(self, number: Callable[[str], Sequence[int]], language: str = "en") -> None:
        self._number = number
        self._ways: dict[tuple[str, ...], dict[int, list[Way]]] = {}
        self._starts: dict[int, list[Ahead]] = {}
        self._nodes: dict[int, _Node] = {}
        self._passed: frozenset[int] = NOWHERE
        self.sets: Mapping[str, Sequence[str]] = {}
        self._enders = frozenset((SENTENCE_MARK, *(n for mark in CLAUSE_ENDS[language] for n in number(mark))))

    def skip(self, words: Iterable[str]) -> None:
        """Read over these words within cues: "may well turn into" holds the cue "may turn into"."""
        self._passed = frozenset(n for word in words for n in self._number(word)[:1])

    def add(self, cue: Cue, sets: Mapping[str, Sequence[str]]) -> None:
        """Add a cue, with each way to fill the names in it."""
        parts = []
        for word in cue.text.split():
            options = tuple(sets[word[1:-1]]) if word.startswith("{") else (word,)
            if word == "*":
                self._ways.setdefault(options, {ANY: [()]})
            elif options not in self._ways:
                ways = self._ways[options] = {}
                for spelled in [one for option in options for one in _spellings(option)]:
                    first, *left = [n for word in spelled.split() for n in self._number(word)]
                    ways.setdefault(first, []).append(tuple(left))
            parts.append(self._ways[options])
        ahead = (parts[0], cue, tuple(parts[1:]))
        for first in parts[0]:
            self._starts.setdefault(first, []).append(ahead)

    def find(self, numbers: Sequence[int]) -> Iterator[Hit]:
        """Yield the longest cues from left to right; they neither overlap nor cross a `SENTENCE_MARK`.

        Of two that overlap, the one that begins later wins when it is the longer.
        """
        places, free = [], 0
        starts = self._starts
        nodes = self._nodes
        for i in [i for i, number in enumerate(numbers) if number in starts]:
            node = nodes.get(numbers[i]) or self._start(numbers[i])
            following = numbers[i + 1 : i + 2 + MOST_PASSED]
            if node.cues or ANY in node.known or not node.known.isdisjoint(following):
                places.append(i)
        hopeful = frozenset(places)
        for i in places:
            hit = self._longest(numbers, i) if i >= free else None
            if hit is None:
                continue
            for k in range(i + 1, hit.end):
                later = self._longest(numbers, k) if k in hopeful else None
                if later and later.end > hit.end and later.end - k > hit.end - hit.start:
                    hit = later
                    break
            yield hit
            free = hit.end

    def _longest(self, numbers: Sequence[int], i: int) -> Hit | None:
        """The longest cues that begin at ``i``."""
        end, best = self._onward(self._start(numbers[i]), numbers, i + 1)
        return Hit(i, end, best) if best else None

    def _onward(self, node: _Node | None, numbers: Sequence[int], j: int) -> tuple[int, tuple[Cue, ...]]:
        """Where the longest cues end that go on from a node with the word at ``j``, and which they are."""
        end, n = j, len(numbers)
        best: tuple[Cue, ...] = ()
        while node is not None:
            if node.cues:
                every = len(node.cues) == len(node.anywhere) or self._ends(numbers, j)
                usable = node.cues if every else node.anywhere
                if usable:
                    end, best = j, usable
            if j >= n or not node.known:
                break
            k = j
            while k < min(n, j + MOST_PASSED) and numbers[k] in self._passed:
                k += 1
            ways = [(numbers[k], k)] if j < k < n and numbers[k] in node.known else []
            if ANY in node.known and not self._ends(numbers, j):
                ways.append((ANY, j))
            for number, at in ways:
                further = self._onward(node.step(number), numbers, at + 1)
                if further[0] > end and any(cue.category in SPEAKING for cue in further[1]):
                    end, best = further
            node = node.step(numbers[j])
            j += 1
        return end, best

    def _start(self, number: int) -> _Node:
        """Where a word leads that cues begin with."""
        node = self._nodes.get(number)
        if node is None:
            node = self._nodes[number] = _Node(self._starts[number], number)
        return node

    def _ends(self, numbers: Sequence[int], j: int) -> bool:
        return j >= len(numbers) or numbers[j] in self._enders


def _spellings(phrase: str) -> tuple[str, ...]:
    """A phrase with a typed apostrophe, and with a typographic one."""
    return (phrase, phrase.replace("'", "’")) if "'" in phrase else (phrase,)


def compile_cues(nlp: Language) -> CueTrie:
    """Compile the cues of the pipeline's language; English for a language without a table of its own.

    Over the numbers of lower-cased tokens. ``nlp``: gives the tokenizer and the numbers of its words.

    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> numbers = nlp.make_doc("She denies fever.").to_array("LOWER").tolist()
    >>> [hit.cues[0].text for hit in compile_cues(nlp).find(numbers)]
    ['she denies']
    """
    language = nlp.lang if nlp.lang in TABLES else "en"
    cues, sets = read_cues(load_table(TABLES[language]))
    phrases = chain((cue.text for cue in cues), CLAUSE_ENDS[language], *sets.values())
    words = dict.fromkeys(word for phrase in phrases for spelled in _spellings(phrase) for word in spelled.split())
    numbers: dict[str, list[int]] = {word: [] for word in words}
    waiting = iter(numbers.values())
    here = next(waiting)
    for token in nlp.tokenizer("\n\n".join(words)):  # one text of all words: each alone would take many times as long
        if token.is_space:
            here = next(waiting)
        else:
            here.append(token.lower)
    trie = CueTrie(numbers.__getitem__, language)
    trie.skip(sets.get(ADVERBS, ()))
    trie.sets = sets
    for cue in cues:
        trie.add(cue, sets)
    return trie
