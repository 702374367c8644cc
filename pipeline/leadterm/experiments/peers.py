"""Other tools set to the same work: the same terms found in the same notes, and whether each is denied.

Those that are not installed are left out. medspaCy needs Python 3.12 beside spaCy 3.8; MedCAT asks for NumPy 2 and
runs with 1.26. Neither has learned anything here, and MedCAT then cannot tell what is denied.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["peers"]

MOST_WORDS = 12  # of a term; longer ones are titles that no note says word for word
Read = Callable[[str], object]


def peers(terms: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Read]]:
    """Give the name of each installed tool, and what reads a text with it.

    ``terms``: as their sources write them, each with its code.

    >>> for name, read in peers([("gout", "M10.9"), ("heart failure", "I50.9")]):
    ...     _ = read("No gout.")
    """
    distinct = {term.lower(): code for term, code in terms if len(term.split()) <= MOST_WORDS}
    for package, name, make in PEERS:
        if find_spec(package) is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield name, make(distinct)


def _phrases_and_negex(terms: Mapping[str, str]) -> Read:
    """spaCy's own matcher of phrases, and negspacy."""
    import spacy
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher
    from spacy.tokens import Doc
    from spacy.util import filter_spans

    import_module("negspacy.negation")
    nlp = spacy.blank("en")
    matcher = PhraseMatcher(nlp.vocab, attr="LOWER")
    matcher.add("PROBLEM", list(map(nlp.make_doc, terms)))

    def find_phrases(doc: Doc) -> Doc:
        doc.ents = filter_spans(matcher(doc, as_spans=True))
        return doc

    Language.component("peer_phrases", func=find_phrases)
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("peer_phrases")
    nlp.add_pipe("negex", config={"chunk_prefix": []})
    return nlp


def _medspacy(terms: Mapping[str, str]) -> Read:
    """medspaCy's sentences, matcher of targets, ConText and sections."""
    medspacy: Any = import_module("medspacy")
    rule: Any = import_module("medspacy.target_matcher").TargetRule
    parts = ["medspacy_pyrush", "medspacy_target_matcher", "medspacy_context", "medspacy_sectionizer"]
    import_module("loguru").logger.disable("PyRuSH")  # it tells of every sentence
    nlp: Any = medspacy.load(medspacy_enable=parts)
    nlp.get_pipe("medspacy_target_matcher").add([rule(literal=term, category="PROBLEM") for term in terms])
    read: Read = nlp
    return read


def _medcat(terms: Mapping[str, str]) -> Read:
    """MedCAT over the same terms, its tokens found by a pattern; without a model, context decides nothing."""
    import pandas as pd

    config: Any = import_module("medcat.config").Config()
    config.general.nlp.provider = "regex"
    config.components.linking.similarity_threshold = -1
    names = pd.DataFrame(((code, term) for term, code in terms.items()), columns=["cui", "name"])
    base: Any = import_module("medcat.model_creation.cdb_maker").CDBMaker(config).prepare_csvs([names])
    words: Any = import_module("medcat.vocab").Vocab()
    read: Read = import_module("medcat.cat").CAT(cdb=base, vocab=words, config=config).get_entities
    return read


PEERS: tuple[tuple[str, str, Callable[[Mapping[str, str]], Read]], ...] = (
    ("negspacy", "PhraseMatcher and negspacy", _phrases_and_negex),
    ("medspacy", "medspaCy", _medspacy),
    ("medcat", "MedCAT, nothing learned", _medcat),
)
