"""The words of notes by sentence and problem: where a service is told of, and what stands near it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from leadterm.schema import EvidenceSpan, Mention, Note
from leadterm.storage.tsv import package_table
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.problems import find_problems
from leadterm.text.layout.sections import find_marks
from leadterm.text.layout.sentences import sentence_starts

__all__ = ["NoteWords", "find_service", "key_words"]

WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-'][A-Za-z0-9]+)*|\d+")
STEM, HEAD, SHORT = 6, 2, 4
ENDING = re.compile(r"(?<=\w{4})(?:at(?:ions?|ed|es|ing|e)|ions?|ings?|ages?|ments?|ed|es|e)$")
"""Drained, drainage; excised, excision; aspirated, aspiration."""
MOST, LEAST = 4, 0.4  # sentences kept, and the share of the best one's weight that they need
NUMBERED = re.compile(r"^[ \t]*[(#]?(\d{1,2})[.):]\s", re.MULTILINE)
_EMPTY = (
    "a an and any are as at be by each for from in includes including is it mg ml mcg gram grams not nos of on "
    "one or other per single the this to two three unit units up use used using with without type types level "
    "services service supply procedure procedures prefabricated custom fitted fabricated adjustable standard "
    "minutes minute hour first dose doses administered through only same day patient patients medically necessary "
    "general additional initial code injection simple established new oral intravenous positive negative joint "
    "tablet infusion assay quantitative determination diagnostic model segmental complete timed "
)
EMPTY = frozenset(_EMPTY.split())


@dataclass(frozen=True)
class NoteWords:
    """A note cut into sentences, and its problems: heading and body of each."""

    note: Note

    @cached_property
    def _layout(self) -> tuple[list[int], tuple[tuple[int, int], ...]]:
        text = self.note.text
        lines = split_lines(text)
        marks = find_marks(text, lines)
        problems = find_problems(text, lines, marks)
        forced = [place for one in problems for place in (one.start, one.body_start)] + [mark.start for mark in marks]
        return sentence_starts(text, lines, forced), tuple((one.start, one.body_end) for one in problems)

    def sentence(self, at: int) -> tuple[int, int]:
        """Give the sentence around a place."""
        starts = self._layout[0]
        number = bisect_right(starts, at)
        low = starts[number - 1] if number else 0
        return low, starts[number] if number < len(starts) else len(self.note.text)

    def problem(self, at: int) -> int:
        """Give the number of the problem in whose heading or body a place stands, or -1."""
        return next((i for i, (low, high) in enumerate(self._layout[1]) if low <= at < high), -1)

    def item(self, at: int) -> tuple[int, int]:
        """Give the list and the number of the numbered item that a place stands in; (-1, 0) outside of lists."""
        return next(((which, number) for low, high, which, number in self._items if low <= at < high), (-1, 0))

    @cached_property
    def _items(self) -> list[tuple[int, int, int, int]]:
        """Numbered items: where each begins and ends, which list it is of, its number. A list begins anew with 1."""
        text = self.note.text
        starts = [(match.start(), int(match[1])) for match in NUMBERED.finditer(text)]
        found, which = [], -1
        for at, (start, number) in enumerate(starts):
            which += number == 1
            end = starts[at + 1][0] if at + 1 < len(starts) else len(text)
            gap = text.find("\n\n", start, end)
            found.append((start, gap if gap > 0 else end, which, number))
        return found

    @cached_property
    def words(self) -> dict[str, list[tuple[int, int]]]:
        """Stem → where its words stand."""
        found: dict[str, list[tuple[int, int]]] = {}
        for match in WORD.finditer(self.note.text):
            found.setdefault(_stem(match.group()), []).append(match.span())
        return found


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    word = word.lower()
    word = word[:-1] if len(word) > SHORT and word.endswith("s") and not word.endswith("ss") else word
    return ENDING.sub("", word)[:STEM]


def key_words(text: str) -> tuple[str, ...]:
    """Give the stems of the words that say something, each once.

    >>> key_words("Knee orthosis, double upright, each")
    ('knee', 'orthos', 'doubl', 'uprigh')
    """
    words = (word.lower() for word in WORD.findall(text))
    telling = (word for word in words if word not in EMPTY and len(word) > 1 and not word.isdigit())
    return tuple(dict.fromkeys(map(_stem, telling)))


def find_service(description: str, notes: Sequence[NoteWords]) -> tuple[Mention, ...]:
    """Find the sentences that say most of a description, the best first.

    Rare words weigh more, and so do those before its first comma, of which one must be there; where those say nothing,
    as in "Injection, ketorolac", the part behind it counts.

    >>> note = NoteWords(Note("n1", "Knee sore. Hinged knee brace given."))
    >>> [mention.text for mention in find_service("Knee orthosis, adjustable", [note])]
    ['knee brace', 'Knee']
    """
    heads = (set(_with_same(part)) for part in description.split(","))
    head: set[str] = next(filter(None, heads), set())
    keys = tuple(dict.fromkeys((*head, *_with_same(description))))
    found: list[tuple[float, int, int, Mention]] = []
    for order, words in enumerate(notes):
        places: dict[tuple[int, int], list[tuple[str, int, int]]] = {}
        for key in keys:
            for start, end in words.words.get(key, ()):
                places.setdefault(words.sentence(start), []).append((key, start, end))
        for sentence, said in places.items():
            heard = {key for key, _, _ in said}
            weight = sum((HEAD if key in head else 1) / len(words.words[key]) ** 0.5 for key in heard)
            if heard & head:
                mention = _mention(words.note, [(start, end) for _, start, end in said])
                found.append((-weight, order, sentence[0], mention))
    found.sort(key=lambda one: one[:3])
    return tuple(mention for weight, _, _, mention in found[:MOST] if -weight >= LEAST * -found[0][0])


def _with_same(text: str) -> tuple[str, ...]:
    """The key words of a text, and those of other names of the same services."""
    lower = text.lower()
    found = [(match.span(), others) for pattern, others in _same() for match in pattern.finditer(lower)]
    whole = [one for one in found if not any(_within(one[0], other[0]) for other in found)]
    same = [other for _, others in whole for other in others]
    return tuple(dict.fromkeys((*key_words(text), *(key for other in same for key in key_words(other)))))


def _within(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    """Whether a stretch is a part of a longer one: "hemoglobin" of "hemoglobin a1c"."""
    return outer[0] <= inner[0] and inner[1] <= outer[1] and inner != outer


@cache
def _same() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    rows = [row["words"] for row in package_table("leadterm.claim", "service_same.tsv")]
    return tuple((re.compile(rf"\b(?:{words})\b"), tuple(words.split("|"))) for words in rows)


def _mention(note: Note, places: Iterable[tuple[int, int]]) -> Mention:
    return Mention.of(*(EvidenceSpan(note.note_id, a, b, note.text[a:b]) for a, b in sorted(set(places))))
