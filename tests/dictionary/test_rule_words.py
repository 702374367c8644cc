"""Words that rules look for near a mention can be read: they are normal words that the shipped terms or rules hold."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from leadterm import dictionary
from leadterm.dictionary.dictionary_model import DictionaryModel

LEFT_OUT = {"STOPWORDS", "WITHOUT_WEIGHT"}  # what rules pass over


def test_every_word_of_a_rule_can_be_read(engine: DictionaryModel) -> None:
    known = engine.readers.of("en")[1].lexicon.words.keys()
    sets = {
        f"{module.name}.{name}": value
        for module in pkgutil.iter_modules(dictionary.__path__)
        for name, value in vars(import_module(f"{dictionary.__name__}.{module.name}")).items()
        if isinstance(value, frozenset) and name not in LEFT_OUT
        if all(isinstance(word, str) and word.isalpha() and word.islower() for word in value)
    }
    assert len(sets) > 20
    assert {name: sorted(words - known) for name, words in sets.items() if words - known} == {}
