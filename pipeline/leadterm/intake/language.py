"""A cheap look at the language of a note, so that a model that reads English is not believed on another."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from leadterm.storage.tsv import package_table

__all__ = ["other_language"]

LOOK = 20_000
LETTERS = re.compile(r"[^\W\d_]+")
ENOUGH_WORDS, ENOUGH_SHARE, FOREIGN_SCRIPT = 12, 0.08, 0.3


def other_language(text: str) -> str:
    """Name the language of a text if it is plainly not English.

    >>> other_language("El paciente acude por dolor en la rodilla derecha desde hace un mes, sin fiebre ni tos.")
    'Spanish'
    >>> other_language("HTN, T2DM, CKD 3. Continue lisinopril."), other_language("患者因发热三天就诊。")
    ('', 'another script')
    """
    words = [word.lower() for word in LETTERS.findall(text[:LOOK])]
    letters = sum(map(len, words))
    if letters and sum(char > "ɏ" for word in words for char in word) / letters > FOREIGN_SCRIPT:
        return "another script"
    counts = Counter(language for word in words for language in _function_words().get(word, ()))
    english = counts.pop("English", 0)
    language, found = min(counts.items(), key=lambda pair: (-pair[1], pair[0]), default=("", 0))
    plain = len(words) >= ENOUGH_WORDS and found > english and found / len(words) >= ENOUGH_SHARE
    return language if plain else ""


@lru_cache(maxsize=1)
def _function_words() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in package_table("leadterm.intake", "language_words.tsv"):
        for word in row["words"].split():
            found[word] = (*found.get(word, ()), row["language"])
    return found
