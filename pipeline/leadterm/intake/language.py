"""A cheap look at the language of a note, so that a model that reads English is not believed on another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from leadterm.schema import Encounter
from leadterm.storage.tsv import package_table
from leadterm.text.knowledge import load_table
from leadterm.text.words.languages import TRANSLATED, stem
from leadterm.text.words.normalise import fold

__all__ = ["in_their_language", "other_language", "read_as"]

LOOK = 20_000
LETTERS = re.compile(r"[^\W\d_]+")
READ = {"Spanish": "es"}
NAMES = {"en": "English", **{code: name for name, code in READ.items()}}
ENOUGH_WORDS, ENOUGH_SHARE, FOREIGN_SCRIPT = 12, 0.08, 0.3
SHORT, LONG = 40, 4  # words of a short note, letters of a telling word
MOSTLY, PARTLY = 0.6, 0.3  # of these are Spanish; where an accent or a word that joins them speaks for it
ENDINGS = ("a", "o", "as", "os", "cion", "sion", "dor")
ACCENTS = frozenset("áéíóúñ")
JOINING = frozenset({"de", "del", "con", "sin", "por", "la", "el", "y", "en"})
ENOUGH_KINDS = 3  # different words: a telegraphic English note may repeat one that looks foreign


def other_language(text: str) -> str:
    """Name the language of a text if it is plainly not English.

    >>> other_language("El paciente acude por dolor en la rodilla derecha desde hace un mes, sin fiebre ni tos.")
    'Spanish'
    >>> other_language("HTN, T2DM, CKD 3. Continue lisinopril."), other_language("患者因发热三天就诊。")
    ('', 'another script')
    """
    words = LETTERS.findall(text[:LOOK])
    letters = sum(map(len, words))
    if letters and sum(char > "ɏ" for word in words for char in word.lower()) / letters > FOREIGN_SCRIPT:
        return "another script"
    running = 4 * sum(map(str.islower, words)) > len(words)  # then IM, LE and OS are short forms, no words
    counts, kinds = Counter[str](), Counter[str]()
    for word, times in Counter(word.lower() for word in words if not (running and word.isupper())).items():
        for language in _function_words().get(word, ()):
            counts[language] += times
            kinds[language] += 1
    english = counts.pop("English", 0)
    language, found = min(counts.items(), key=lambda pair: (-pair[1], pair[0] not in READ, pair[0]), default=("", 0))
    enough = len(words) >= ENOUGH_WORDS and found / len(words) >= ENOUGH_SHARE and kinds[language] >= ENOUGH_KINDS
    if enough and found > english:
        return language
    return "Spanish" if not english and len(words) < SHORT and _says_spanish(words) else ""


def _says_spanish(words: Iterable[str]) -> bool:
    """Whether the words of a short note are clinical Spanish, for want of function words: "Fractura de cadera"."""
    low = {word.lower() for word in words}
    told = {word for word in low if len(word) >= LONG and fold(word) not in _meant(word)}
    forms = {word for word in told if word.endswith(ENDINGS) or ACCENTS & set(word)}
    spanish = sum(bool(_meant(word)) for word in forms)
    joined = any(ACCENTS & set(word) for word in low) or bool(low & JOINING)
    return spanish >= (PARTLY if joined else MOSTLY) * len(told) > 0


def _meant(word: str) -> frozenset[str]:
    """The English words that a clinical word of Spanish stands for; words alike in both are no sign of either."""
    return _spanish_words().get(stem(fold(word), "es"), frozenset())


@lru_cache(maxsize=1)
def _spanish_words() -> Mapping[str, frozenset[str]]:
    """The English words that clinical words of Spanish stand for, by their stem."""
    found: dict[str, frozenset[str]] = {}
    for row in load_table(TRANSLATED["es"]):
        short = stem(fold(row["word"]), "es")
        found[short] = found.get(short, frozenset()) | frozenset(row["english"].split())
    return found


def read_as(text: str) -> str:
    """Give the language that a note is read in: its ISO 639-1 code, English where nothing speaks for another.

    >>> read_as("Fractura de cadera derecha"), read_as("Fracture of the right hip")
    ('es', 'en')
    """
    return READ.get(other_language(text), "en")


def in_their_language(
    encounters: Iterable[Encounter],
    languages: Collection[str],
    tell: Callable[[str], object],
    language: str | None = None,
) -> Iterator[Encounter]:
    """Pass encounters on, those that plainly read as Spanish as Spanish where a model reads it.

    ``languages`` are those of the model. ``language``: what all are said to be in; then nothing is looked at. What
    another language means is told once.

    >>> from leadterm.schema import Note
    >>> said = "El paciente acude por dolor en la rodilla derecha desde hace un mes, sin fiebre ni tos."
    >>> [e.language for e in in_their_language([Encounter("e1", (Note("n1", said),))], {"en", "es"}, print)]
    note: 'e1' reads as Spanish; it is read as such.
    ['es']
    """
    told = set[str]()
    for encounter in encounters:
        if language:
            yield replace(encounter, language=language)
            continue
        other = other_language(encounter.notes[0].text) if encounter.language == "en" else ""
        read = READ.get(other, "") if READ.get(other) in languages else ""
        if other and other not in told and "en" in languages:
            told.add(other)
            news = "it is read as such" if read else f"this model reads {_names(languages)}"
            tell(f"{'note' if read else 'warning'}: '{encounter.encounter_id}' reads as {other}; {news}.")
        yield replace(encounter, language=read) if read else encounter


def _names(languages: Iterable[str]) -> str:
    return " and ".join(sorted(NAMES.get(language, f"'{language}'") for language in languages))


@lru_cache(maxsize=1)
def _function_words() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in package_table("leadterm.intake", "language_words.tsv"):
        for word in row["words"].split():
            found[word] = (*found.get(word, ()), row["language"])
    return found
