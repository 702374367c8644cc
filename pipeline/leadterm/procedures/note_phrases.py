"""Phrases of a reviewed table, found in the text of a note: written once, compiled once, looked for by their words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import repeat
from typing import Generic, NamedTuple, TypeVar

from leadterm.text.open_note import OpenNote

__all__ = ["Page", "PhraseFinder", "Phrases", "compile_phrase", "needed_word"]

T = TypeVar("T")
BORDER = "\x01"  # stands where a sentence begins, so that no phrase goes across
SPACE = rf"[^\w{BORDER}.;:]+"
GAPS = {dots: rf"(?:{SPACE}\w+){{0,{most}}}?{SPACE}" for dots, most in (("..", 7), ("...", 14))}
KEY = 4  # letters by which a phrase is looked up
WORD_START = re.compile(rf"\b\w{{1,{KEY}}}")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
# the vessel by which an instrument came in is not the one operated on
ACCESS = re.compile(
    r"\b(?:(?:via|through|by|from|using) )?(?:(?:a|the) )?(?:(?:right|left) )?(?:common )?"
    r"(?:femoral|radial|brachial|axillary|jugular|groin)(?: (?:artery|vein|arterial|venous))? (?:approach|access)\b"
)
SAME = str.maketrans(dict.fromkeys("-/‐‑–\u00ad", " "))


@dataclass(frozen=True)
class Page:
    """The text of a note in lower case, without accents and hyphens, a mark before each sentence; offsets stay."""

    note: OpenNote

    @cached_property
    def text(self) -> str:
        raw = self.note.note.text
        low = raw.lower() if len(raw.lower()) == len(raw) else "".join(c.lower()[:1] or c for c in raw)
        if not low.isascii():
            low = _FOREIGN.sub(lambda match: unicodedata.normalize("NFD", match[0])[:1] or match[0], low)
        low = low.translate(SAME)
        if "access" in low or "approach" in low:
            low = ACCESS.sub(lambda match: " " * len(match[0]), low)
        chars = list(low)
        for start, _ in self.note.sentences:
            if start and not chars[start - 1].isalnum():
                chars[start - 1] = BORDER
        return "".join(chars)

    @cached_property
    def keys(self) -> frozenset[str]:
        """First letters of the words that it has."""
        return frozenset(WORD_START.findall(self.text))

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        return {}

    def places(self, key: str) -> list[int]:
        """Where words begin that have these first letters."""
        if key not in self._places:
            self._places[key] = list(_starts(self.text, key))
        return self._places[key]

    def sentence(self, at: int) -> tuple[int, int]:
        """Where the sentence that holds a position begins and ends."""
        end = self.text.find(BORDER, at)
        return self.text.rfind(BORDER, 0, at) + 1, len(self.text) if end < 0 else end


def _starts(text: str, key: str) -> Iterator[int]:
    """Where a word begins with letters that are the whole of it if they are few."""
    at = text.find(key)
    while at >= 0:
        end = at + len(key)
        if not (at and _in_word(text[at - 1])) and (len(key) == KEY or end == len(text) or not _in_word(text[end])):
            yield at
        at = text.find(key, at + 1)


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def compile_phrase(phrase: str) -> re.Pattern[str]:
    """Compile one phrase: words by spaces, ``a/b`` either, ``a*`` may go on, ``[a]`` may be missing, ``..`` a gap,
    ``...`` a long one.

    >>> bool(compile_phrase("chest tube .. placed").search("a chest tube was then placed"))
    True
    >>> bool(compile_phrase("total [abdominal] hysterectom*").search("total hysterectomy"))
    True
    """
    made, before = "", ""
    for token in phrase.split():
        if token in GAPS:
            before = GAPS[token]
            continue
        optional = token.startswith("[")
        words = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in token.strip("[]").split("/"))
        if optional:
            made += f"(?:{SPACE}(?:{words}))?"
        else:
            made += f"{before}(?:{words})"
            before = SPACE
    return re.compile(rf"\b{made}(?!\w)")


_compiled = lru_cache(maxsize=4096)(compile_phrase)


def needed_word(phrase: str) -> str:
    """Give the longest word, or beginning of one, that a text must have for a phrase to fit; empty where none must.

    >>> needed_word("was/were [then] not perform*")
    'perform'
    """
    words = (token.rstrip("*") for token in phrase.split() if token not in GAPS and not re.search(r"^\[|/", token))
    return max(words, key=len, default="")


class Phrases(Generic[T]):
    """Phrases and what they stand for, looked for in any text: a pattern is tried where the text has its longest word.

    >>> tubes = Phrases([("chest tube .. placed", "done"), ("no tube", "not")])
    >>> [(match.group(), status) for match, status in tubes.first("a chest tube was then placed")]
    [('chest tube was then placed', 'done')]
    """

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._entries = [(needed_word(phrase), phrase, entry) for phrase, entry in entries]
        self._by_key: dict[str, list[int]] = defaultdict(list)
        self._always = [number for number, (needed, _, _) in enumerate(self._entries) if len(needed) < KEY]
        for number, (needed, _, _) in enumerate(self._entries):
            if len(needed) >= KEY:
                self._by_key[needed[:KEY]].append(number)

    def first(self, text: str) -> Iterator[tuple[re.Match[str], T]]:
        """Give the first place of each phrase that a text has."""
        for phrase, entry in self._likely(text):
            if match := _compiled(phrase).search(text):
                yield match, entry

    def all(self, text: str) -> Iterator[tuple[re.Match[str], T]]:
        """Give all places of each phrase."""
        for phrase, entry in self._likely(text):
            yield from ((match, entry) for match in _compiled(phrase).finditer(text))

    def _likely(self, text: str) -> list[tuple[str, T]]:
        keys = self._by_key.keys() & set(WORD_START.findall(text))
        numbers = sorted([*self._always, *(number for key in keys for number in self._by_key[key])])
        likely = (self._entries[number] for number in numbers)
        return [(phrase, entry) for needed, phrase, entry in likely if needed in text]


def _keys(phrase: str) -> tuple[frozenset[str], ...]:
    """First letters of the words that a text must have: for each word of a phrase those of its alternatives."""
    tokens = [token.split("/") for token in phrase.split() if token not in GAPS and not token.startswith("[")]
    return tuple(frozenset(word.rstrip("*")[:KEY] for word in words) for words in tokens)


class _Sought(NamedTuple, Generic[T]):
    """A phrase, first letters of its first word, of all words it must have, of words one of which it must have."""

    phrase: str
    first: frozenset[str]
    all_of: frozenset[str]
    some_of: list[frozenset[str]]
    entries: list[T]


class PhraseFinder(Generic[T]):
    """Finds the phrases of many entries; ``entries``: phrases parted by ``|``, and what they stand for.

    A phrase is tried where its first word stands, if the text has its rarest word and then the others.
    """

    def __init__(self, entries: Sequence[tuple[str, T]]) -> None:
        held: dict[str, list[T]] = defaultdict(list)
        for phrases, entry in entries:
            for phrase in phrases.split("|"):
                held[phrase].append(entry)
        words = {phrase: _keys(phrase) for phrase in held}
        often = Counter(key for alternatives in words.values() for keys in alternatives for key in keys)
        self._by_key: dict[str, list[_Sought[T]]] = defaultdict(list)
        for phrase, found in held.items():
            alternatives = words[phrase]
            rarest = min(alternatives, key=lambda keys: sum(often[key] for key in keys))
            all_of = frozenset(key for keys in alternatives if len(keys) == 1 for key in keys)
            some_of = [keys for keys in alternatives if len(keys) > 1]
            for key in rarest:
                self._by_key[key].append(_Sought(phrase, alternatives[0], all_of, some_of, found))

    def find(self, page: Page) -> Iterator[tuple[int, int, str, T]]:
        """Find where each phrase stands: start, end, the phrase, the entry."""
        text, there, tried = page.text, page.keys, set[str]()
        for key in sorted(there & self._by_key.keys()):
            for phrase, first, all_of, some_of, entries in self._by_key[key]:
                if not all_of <= there or phrase in tried or any(there.isdisjoint(words) for words in some_of):
                    continue
                tried.add(phrase)
                match_at = _compiled(phrase).match
                begins = [at for word in first & there for at in page.places(word)]
                for match in filter(None, map(match_at, repeat(text), begins)):
                    yield from ((match.start(), match.end(), phrase, entry) for entry in entries)
