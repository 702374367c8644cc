"""Context cues: read from the tables, compiled into a trie over the tokens of a language."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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
OTHERS = frozenset(("pseudo", "affirm", "close", "weak", "clause", "onset", "talk"))
SENTENCE_MARK = 1
MARKS = (".", ",", ";", ")", "!", "•", "|")
CLAUSE_ENDS: Mapping[str, tuple[str, ...]] = {
    "en": (*MARKS, "but", "and", "however", "by", "on", "at", "per"), "es": (*MARKS, "pero", "y", "por", "en"),
}  # fmt: skip
DIRECTIONS = frozenset({"forward", "backward", "end", "-"})


class Cue(NamedTuple):
    """A cue of a table.

    ``category``: what it says, one of `CATEGORIES`, or ``pseudo affirm close weak clause onset``. ``direction``:
    ``forward``, ``backward``, ``end`` (backward, where a clause ends after it) or ``-``. ``scope``: most tokens it
    reaches; 0 for the whole clause.
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
        self._words: dict[str, Sequence[int]] = {}
        self._ways: dict[tuple[str, ...], list[list[int]]] = {}
        self._root: dict[int, Any] = {}
        self._enders = frozenset((SENTENCE_MARK, *(n for mark in CLAUSE_ENDS[language] for n in number(mark))))

    def _numbers(self, phrase: str) -> list[int]:
        found: list[int] = []
        for word in phrase.split():
            if word not in self._words:
                self._words[word] = self._number(word)
            found += self._words[word]
        return found

    def add(self, cue: Cue, sets: Mapping[str, Sequence[str]]) -> None:
        """Add a cue, once for each way to fill the names in it."""
        nodes = [self._root]
        for word in cue.text.split():
            options = sets[word[1:-1]] if word.startswith("{") else (word,)
            key = tuple(options)
            if key not in self._ways:
                curly = [option.replace("'", "’") for option in options if "'" in option]
                self._ways[key] = [self._numbers(option) for option in (*options, *curly)]
            ways = self._ways[key]
            nodes = [self._step(node, numbers) for node in nodes for numbers in ways]
        for node in nodes:
            cues = (*node[0][0], cue) if 0 in node else (cue,)
            node[0] = cues, tuple(c for c in cues if c.direction != "end")

    @staticmethod
    def _step(node: dict[int, Any], numbers: Sequence[int]) -> dict[int, Any]:
        for number in numbers:
            node = node.setdefault(number, {})
        return node

    def find(self, numbers: Sequence[int]) -> Iterator[Hit]:
        """Yield the longest cues from left to right; they neither overlap nor cross a `SENTENCE_MARK`.

        Of two that overlap, the one that begins later wins when it is the longer.
        """
        root, free = self._root, 0
        places = [
            i
            for i, (number, after) in enumerate(zip(numbers, [*numbers[1:], SENTENCE_MARK], strict=True))
            if number in root and (0 in root[number] or after in root[number])
        ]
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
        node, j, n = self._root.get(numbers[i]), i + 1, len(numbers)
        end = i
        best: tuple[Cue, ...] = ()
        while node is not None:
            if 0 in node:
                cues, anywhere = node[0]
                usable = cues if len(cues) == len(anywhere) or self._ends(numbers, j) else anywhere
                if usable:
                    end, best = j, usable
            node = node.get(numbers[j]) if j < n else None
            j += 1
        return Hit(i, end, best) if best else None

    def _ends(self, numbers: Sequence[int], j: int) -> bool:
        return j >= len(numbers) or numbers[j] in self._enders


def compile_cues(nlp: Language) -> CueTrie:
    """Compile the cues of the pipeline's language; English for a language without a table of its own.

    Over the numbers of lower-cased tokens. ``nlp``: gives the tokenizer and the numbers of its words.

    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> numbers = nlp.make_doc("She denies fever.").to_array("LOWER").tolist()
    >>> [hit.cues[0].text for hit in compile_cues(nlp).find(numbers)]
    ['she denies']
    """
    strings = nlp.vocab.strings
    tokenizer = nlp.tokenizer
    language = nlp.lang if nlp.lang in TABLES else "en"
    trie = CueTrie(lambda word: [strings.add(token.lower_) for token in tokenizer(word)], language)
    cues, sets = read_cues(load_table(TABLES[language]))
    for cue in cues:
        trie.add(cue, sets)
    return trie
