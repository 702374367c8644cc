"""The spaCy components of this package, and what each needs and gives."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from leadterm.text.extensions import SENTENCES, declare, text_of, token_column, token_starts
from leadterm.text.layout.lines import split_lines
from leadterm.text.layout.problems import find_problems
from leadterm.text.layout.sections import find_marks, to_sections
from leadterm.text.layout.sentences import sentence_starts

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

__all__ = ["EntitiesAsMentions", "SectionFinder", "SentenceSplitter", "register"]


LINES = "leadterm_lines"
LONGEST_SENTENCE = 500




class SectionFinder:
    """Component ``leadterm_sections``: sets ``doc._.sections`` and ``doc._.problems``.

    >>> import spacy
    >>> declare()
    >>> doc = SectionFinder()(spacy.blank("en")("IMPRESSION: Gout."))
    >>> doc._.sections[0].category, doc.text[slice(*doc._.problems[0][:2])]
    ('impression', 'Gout')
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        text = text_of(doc)
        lines = doc.user_data[LINES] = split_lines(text)
        marks = find_marks(text, lines)
        doc._.sections = to_sections(len(text), lines, marks, token_starts(doc))
        doc._.problems = find_problems(text, lines, marks)
        return doc


class SentenceSplitter:
    """Component ``leadterm_sentences``: sets the sentence starts of a doc whose sections are known.

    No sentence has more than 500 tokens.

    >>> import spacy
    >>> declare()
    >>> doc = SentenceSplitter()(SectionFinder()(spacy.blank("en")("No fever. No cough")))
    >>> len(list(doc.sents))
    2
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        import numpy as np

        n, text, spaces = len(doc), text_of(doc), token_column(doc, "IS_SPACE")
        if not n:
            return doc
        lines = doc.user_data.get(LINES) or split_lines(text)
        forced = [s.start for s in doc._.sections if s.start]
        forced += [p.body_start for p in doc._.problems if p.body_start < p.body_end]
        listed = pairwise(doc._.problems)  # "1) gout 2) GERD"
        forced += [a.body_end for a, b in listed if "\n" not in text[a.end : b.start]]
        starts: list[int] = []
        for i in token_starts(doc).searchsorted(sentence_starts(text, lines, forced)).tolist():
            while i < n and spaces[i]:  # never a sentence of white space alone
                i += 1
            if not starts or i > starts[-1]:
                starts.append(i)
        if text[0].isspace():
            del starts[:1]
        starts = [0, *(i for i in starts if 0 < i < n)]
        every = [k for a, b in pairwise([*starts, n]) for k in range(a, b, LONGEST_SENTENCE)]
        flags = np.full((n, 1), -1, dtype=np.int64)
        flags[every] = 1
        doc.from_array(["SENT_START"], flags.astype(np.uint64))  # type: ignore[arg-type]
        doc.user_data[SENTENCES] = (flags[:, 0] == 1).tolist()
        return doc


class EntitiesAsMentions:
    """Component ``leadterm_mentions``: the entities of a model, if any, become the mentions.

    >>> import spacy
    >>> list(EntitiesAsMentions()(spacy.blank("en")("No fever.")).spans["mentions"])
    []
    """

    def __call__(self, doc: Doc) -> Doc:
        """Annotate a doc."""
        doc.spans["mentions"] = list(doc.ents)
        return doc


class Stage(NamedTuple):
    """What a component reads and writes."""

    requires: tuple[str, ...]
    assigns: tuple[str, ...]


STAGES: dict[str, Stage] = {
    "leadterm_sections": Stage((), ("doc._.sections", "doc._.problems")),
    "leadterm_sentences": Stage(("doc._.sections", "doc._.problems"), ("token.is_sent_start", "doc.sents")),
    "leadterm_abbreviations": Stage((), ("doc._.abbreviations", "span._.long_form")),
    "leadterm_mentions": Stage((), ("doc.spans",)),
    "leadterm_context": Stage(
        ("doc._.sections", "doc.sents", "doc.spans"),
        ("span._.assertion", "span._.cues", "span._.section", "span._.label"),
    ),
}


def _make_sections(nlp: Language, name: str) -> SectionFinder:  # noqa: ARG001
    return SectionFinder()


def _make_sentences(nlp: Language, name: str) -> SentenceSplitter:  # noqa: ARG001
    return SentenceSplitter()


def _make_abbreviations(nlp: Language, name: str) -> Any:  # noqa: ARG001
    from leadterm.text.words.short_forms import ShortFormFinder

    return ShortFormFinder(nlp.vocab)


def _make_mentions(nlp: Language, name: str) -> EntitiesAsMentions:  # noqa: ARG001
    return EntitiesAsMentions()


def _make_context(nlp: Language, name: str) -> Any:  # noqa: ARG001
    from leadterm.text.context.assertion import ContextTagger

    return ContextTagger.for_language(nlp)


def register() -> None:
    """Declare the attributes and register the factories with spaCy; does nothing the second time.

    >>> register()
    >>> from spacy.language import Language
    >>> Language.has_factory("leadterm_context")
    True
    """
    from spacy.language import Language

    declare()
    makers = {
        "leadterm_sections": _make_sections,
        "leadterm_sentences": _make_sentences,
        "leadterm_abbreviations": _make_abbreviations,
        "leadterm_mentions": _make_mentions,
        "leadterm_context": _make_context,
    }
    for name, make in makers.items():
        if not Language.has_factory(name):
            stage = STAGES[name]
            Language.factory(name, requires=list(stage.requires), assigns=list(stage.assigns), func=make)
