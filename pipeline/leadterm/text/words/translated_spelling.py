"""Misspelled words of notes in another language: the known word that each can only mean."""

from __future__ import annotations

from leadterm.text.knowledge import load_table
from leadterm.text.words.languages import Translator, cognate_form
from leadterm.text.words.normalise import fold
from leadterm.text.words.spelling import SpellingCorrector

__all__ = ["TranslatedSpelling"]

SHORTEST_CAPITALS, SHORTEST_PROSE = 6, 9


class TranslatedSpelling:
    """Finds the known word that a misspelled word of another language stands for.

    Lists and certificates in capitals name diseases and little else: there short words and cognates of English words
    are corrected too. In prose only long words are, and only to words of the table.

    >>> english = {"pneumonia": 90, "kidney": 300}
    >>> from leadterm.text.words.normalise import Normaliser
    >>> spanish = Translator("es", Normaliser({}), english, [("neumonía", "pneumonia"), ("riñón", "kidney")])
    >>> [TranslatedSpelling(spanish).correct(w) for w in ("NEUMONNIA", "neumonnia", "momento", "ALTA")]
    ['neumonia', 'neumonia', None, None]
    """

    def __init__(self, translator: Translator) -> None:
        self._language = translator.language
        table = load_table(f"spelled_right_{translator.language}.tsv")
        self._right = frozenset(fold(row["word"]) for row in table)
        self._whole = SpellingCorrector(translator.spellings(), self._right)
        self._alike = SpellingCorrector(translator.forms())

    def correct(self, surface: str) -> str | None:
        """Find what a word means.

        A word, or the form of a cognate, that the translator reads; None if there is none, or several.
        """
        word = fold(surface)
        capitals = surface.isupper()
        if word in self._right or len(word) < (SHORTEST_CAPITALS if capitals else SHORTEST_PROSE):
            return None
        found = self._whole.correct(word)
        return self._alike.correct(cognate_form(word, self._language)) if found is None and capitals else found
