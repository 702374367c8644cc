"""Languages other than English: function words, endings, and the English words that a foreign word stands for.

The dictionary is English. A note in another language is read word by word: ``words_es.tsv`` gives the English
words of a Spanish one; a word it does not hold is compared with English words by its Greek or Latin spelling
(``cognates.tsv``). Terms match in any word order, so the order of the other language does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property

from leadterm.text.knowledge import load_table
from leadterm.text.words.normalise import ROMAN, Normaliser, default_normaliser, fold

__all__ = ["TRANSLATED", "Translator", "cognate_form", "sense", "stem", "words_of"]

TRANSLATED: Mapping[str, str] = {"es": "words_es.tsv"}
"""Tables of English words by language."""
NEARBY: Mapping[str, str] = {"es": "words_es_near.tsv"}
SHORTEST = 4


def stem(word: str, language: str) -> str:
    """Take plural and gender endings off a folded word; other languages than English and Spanish are left alone.

    >>> stem("dolores", "es"), stem("biopsies", "en"), stem("gris", "fr")
    ('dolor', 'biopsy', 'gris')
    """
    if len(word) < 4 or not word.isalpha():
        return word
    if language == "es":
        if word.endswith("es") and len(word) > 5:
            word = word[:-2]
        elif word.endswith("s") and not word.endswith(("is", "us")):
            word = word[:-1]
        word = word[:-1] if word[-1] in "aeo" and len(word) > 4 else word
        return word[:-1] + "c" if word[-1] == "z" else word  # "cicatriz", "cicatrices"
    if language == "en":
        if word.endswith("ies") and len(word) > 4:
            return word[:-3] + "y"
        if word.endswith("s") and not word.endswith(("ss", "is", "us")):
            return word[:-1]
    return word


@cache
def words_of(language: str, kind: str) -> frozenset[str]:
    """Give the function words or cues of a language.

    ``language``: ISO 639-1 code; an unknown language has none. ``kind``: ``stop``, ``break``, ``pause``,
    ``negation``, ``family``, ``history`` or ``possible``.

    >>> "sin" in words_of("es", "negation")
    True
    """
    rows = [row for row in load_table("function_words.tsv") if (row["language"], row["kind"]) == (language, kind)]
    return frozenset(word for row in rows for word in row["words"].split())


@cache
def _rules(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = [row for row in load_table("cognates.tsv") if row["language"] in (language, "*")]
    return tuple((re.compile(row["pattern"]), "" if row["form"] == "-" else row["form"]) for row in rows)


def cognate_form(word: str, language: str) -> str:
    """Give the form that a word of Greek or Latin shares with its cognates in other languages.

    The form is no word of any language.

    >>> cognate_form("esquizofrenia", "es"), cognate_form("schizophrenia", "en")
    ('skisofren', 'skisofren')
    """
    for pattern, form in _rules(language):
        word = pattern.sub(form, word)
    return word


def _key(word: str) -> str:
    """A folded word in which ñ stays apart from n: año is not ano."""
    return fold(word.lower().replace("ñ", "ny"))


class Translator(Normaliser):
    """Turns words of another language into normal English words.

    ``english``: gives the normal form of English words. ``counts``: normal English words of the dictionary, and how
    many terms hold each. ``table``: words and their English words (``-`` for a word without one); those of the
    language's own table if left out. Where words of one stem differ in meaning, only their singular and plural as
    written are read.

    >>> known = {"pneumonia": 90, "kidney": 300, "stone": 9}
    >>> spanish = Translator("es", Normaliser({}), known, [("riñón", "kidney")])
    >>> spanish.words("Neumonía; riñones de la abuela")
    ['pneumonia', 'kidney', 'abuela']
    """

    def __init__(
        self, language: str, english: Normaliser, counts: Mapping[str, int],
        table: Iterable[tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__({})
        self.language, self._english, self._counts = language, english, counts
        rows = table if table is not None else [(r["word"], r["english"]) for r in load_table(TRANSLATED[language])]
        meant = {_key(word): tuple(dict.fromkeys(english.content(said))) for word, said in rows}
        self._whole = {**{f"{word}s": words for word, words in meant.items()}, **meant}
        by_stem: dict[str, set[tuple[str, ...]]] = {}
        for word, words in meant.items():
            by_stem.setdefault(stem(word, language), set()).add(words)
        self._stems = {short: min(options) for short, options in by_stem.items() if len(options) == 1}
        unmarked = {stem(word.replace("ny", "n"), language): words for word, words in meant.items() if "ny" in word}
        self._unmarked = {short: words for short, words in unmarked.items() if short not in by_stem}
        self._cognates = self._english_forms()

    @cached_property
    def nearby(self) -> Mapping[str, list[tuple[list[frozenset[str]], str]]]:
        """Words that mean something else near others: sets of words of which one must stand near, and the meaning."""
        rows: dict[str, list[tuple[list[frozenset[str]], str]]] = {}
        for row in load_table(NEARBY[self.language]):
            near = [frozenset(joined.split("+")) for joined in row["near"].split("|")]
            rows.setdefault(row["word"], []).append((near, row["english"]))
        return rows

    def spellings(self) -> dict[str, int]:
        """Give the words of the table as they are spelled without accents, to tell a misspelling from a word.

        Folded word to the number of the dictionary's terms that its English words help to name.
        """
        found: dict[str, int] = {}
        for key, words in self._whole.items():
            word = key.replace("ny", "n")
            found[word] = max(found.get(word, 1), max((self._counts.get(w, 0) for w in words), default=0))
        return found

    def forms(self) -> dict[str, int]:
        """Give the forms of the English words that have a cognate, as :meth:`spellings` does.

        Form to the number of the dictionary's terms that the word helps to name.
        """
        return {
            form: min(self._counts.get(w, 0) for w in words)
            for form, words in self._cognates.items() if self._normal(form) == words
        }  # fmt: skip

    def _english_forms(self) -> dict[str, tuple[str, ...]]:
        """English words by the form they share with cognates; of several, the commonest."""
        best: dict[str, tuple[int, tuple[str, ...]]] = {}
        options = {word: (word,) for word in self._counts} | dict(self._english.variants)
        for word, meant in options.items():
            form, n = cognate_form(word, "en"), min(self._counts.get(w, 0) for w in meant)
            if word.isalpha() and len(form) >= SHORTEST and n > best.get(form, (0, ()))[0]:
                best[form] = n, meant
        return {form: meant for form, (_, meant) in best.items()}

    def _normal(self, surface: str) -> tuple[str, ...]:
        word, key = fold(surface), _key(surface)
        if key in words_of(self.language, "stop"):
            return ()
        short = stem(word, self.language)
        found = self._whole.get(key, self._stems.get(stem(key, self.language)))
        if found is None:
            found = self._unmarked.get(short)
        if found is None and word.isalpha():
            found = self._cognates.get(cognate_form(word, self.language))
            found = found or self._cognates.get(cognate_form(short, self.language))
        return (ROMAN.get(word, word),) if found is None else found


@cache
def _reader(language: str) -> Normaliser:
    """What gives the normal English words of a language's words: its table, or the variants of English ones."""
    english = default_normaliser()
    return Translator(language, english, {}) if language in TRANSLATED else english


def sense(word: str, language: str) -> tuple[str, ...]:
    """Give the normal English words that a word stands for, where they say more than the word itself.

    The same for synonyms; may be empty. ``language``: ISO 639-1 code; a language without a table has no senses.

    >>> sense("renal", "en"), sense("renal", "es"), sense("rinones", "es"), sense("gout", "en")
    (('kidney',), ('kidney',), ('kidney',), ())
    """
    if language != "en" and language not in TRANSLATED:
        return ()
    return tuple(found for found in _reader(language).word(word) if found != word)
