"""Builds the spaCy pipeline that reads a note, and checks that its components stand in a working order."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.text.components import STAGES, register
from leadterm.text.extensions import RAW, TEXT, forget_columns, token_starts
from leadterm.text.words.characters import UNSEEN, plain, without_markup

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = ["build_nlp", "check_order"]

LONGEST_NOTE = 100_000_000
LONGEST_RUN = 400
_RUN = re.compile(rf"\S{{{LONGEST_RUN}}}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ODD = re.compile(f"[\u0300-\u036f’‐‑‒−{UNSEEN}]")
_CUT_WORD = re.compile(r"-(?<=[^\W\d_]{2}-)[ \t]*\r?\n[ \t]*(?=[a-zà-ÿ]{2})")
MOST_KEPT = 20_000  # words
AFFIXES = ".,;:()[]\"/-"
BEFORE_MENTIONS = ("leadterm_sections", "leadterm_sentences", "leadterm_abbreviations")
AFTER_MENTIONS = ("leadterm_context",)


class SafeTokenizer:
    """A spaCy tokenizer that stays linear and total on any text.

    Runs of more than 400 characters without white space are cut before the rules see them; half characters
    (lone surrogates) are read as the replacement character. Offsets stay those of the raw text.

    ``inner``: the tokenizer that does the work.

    >>> import spacy
    >>> nlp = spacy.blank("en")
    >>> safe = SafeTokenizer(nlp.tokenizer, nlp.vocab)
    >>> len(safe("x" * 1000)), len(safe("x" * 1000).text)
    (3, 1000)
    """

    def __init__(self, inner: Any, vocab: Vocab) -> None:
        self.inner, self.vocab = inner, vocab
        self._kept: set[str] = set()
        self._special = frozenset(getattr(inner, "rules", None) or ())
        if hasattr(inner, "max_cache_size"):
            inner.max_cache_size = MOST_KEPT

    def __call__(self, text: str) -> Doc:
        """Tokenise a text."""
        if not text.isascii():
            text = _SURROGATE.sub("\ufffd", text)
        raw, text = text, without_markup(text)
        fresh = set(text.split()) - self._kept
        doc: Doc = self._whole(text, fresh) if max(map(len, fresh), default=0) < LONGEST_RUN else self._in_parts(text)
        doc.user_data[TEXT] = text
        if raw is not text:
            doc.user_data[RAW] = raw
        if "-" in text and "\n" in text:
            self._join_cut_words(doc, text)
        if not text.isascii():
            self._respell(doc, text)
        return doc

    def _whole(self, text: str, fresh: set[str]) -> Doc:
        """Tokenise a text; before that, the words not met before (``fresh``), so that each is kept.

        Behind the first special case of a text ("Dr.") spaCy keeps no word, and reads each by its rules every time:
        so words that may hold one are read alone, all others in one text of their own.
        """
        if fresh and len(self._kept) < MOST_KEPT:
            special = {word for word in fresh if self._may_be_special(word)}
            for alone in (*special, " ".join(fresh - special)):
                self.inner(alone)
            self._kept |= fresh
        doc: Doc = self.inner(text)
        return doc

    def _may_be_special(self, word: str) -> bool:
        bare = word.strip(AFFIXES)
        return "'" in word or bare in self._special or f"{bare}." in self._special

    @staticmethod
    def _respell(doc: Doc, text: str) -> None:
        """Give tokens with characters that print like others the lower-case form of how they are typed."""
        places = [match.start() for match in _ODD.finditer(text)]
        for i in dict.fromkeys((token_starts(doc).searchsorted(places, side="right") - 1).tolist()):
            lex = doc[i].lex
            lex.lower_ = plain(lex.text).lower()
        forget_columns(doc)

    @staticmethod
    def _join_cut_words(doc: Doc, text: str) -> None:
        """Make one token of a word that a line break divides after its hyphen."""
        cuts = [doc.char_span(m.start(), m.end() + 1, alignment_mode="expand") for m in _CUT_WORD.finditer(text)]
        if not cuts:
            return
        with doc.retokenize() as retokenizer:
            for span in cuts:
                if span is not None and len(span) > 1:
                    retokenizer.merge(span)

    def pipe(self, texts: Iterable[str], batch_size: int = 1000) -> Iterator[Doc]:  # noqa: ARG002
        """Tokenise several texts."""
        yield from map(self, texts)

    def _in_parts(self, text: str) -> Doc:
        from spacy.tokens import Doc as NewDoc

        words: list[str] = []
        spaces: list[bool] = []
        for part in self._parts(text):
            piece = self.inner(part)
            words += [token.text for token in piece]
            spaces += [bool(token.whitespace_) for token in piece]
        return NewDoc(self.vocab, words=words, spaces=spaces)

    @staticmethod
    def _parts(text: str) -> Iterable[str]:
        at = 0
        for match in _RUN.finditer(text):
            if match.start() > at:
                yield text[at : match.start()]
            yield match.group()
            at = match.end()
        if at < len(text):
            yield text[at:]

    def to_bytes(self, **settings: Any) -> bytes:
        """Serialise the rules of the inner tokenizer."""
        data: bytes = self.inner.to_bytes(**settings)
        return data

    def from_bytes(self, data: bytes, **settings: Any) -> SafeTokenizer:
        """Restore what `to_bytes` made."""
        self.inner.from_bytes(data, **settings)
        return self


def build_nlp(
    language: str = "en", *, ner: str | None = None, extra: Sequence[str | tuple[str, Mapping[str, Any]]] = ()
) -> Language:
    """Build the pipeline: sections, sentences, abbreviations, mentions, context.

    ``language``: ISO 639-1 code of a language spaCy can tokenise. English gets scispaCy's tokenizer. ``ner``: an
    installed spaCy or scispaCy model, or the folder of one, whose entity recognisers run as well; they set
    ``doc.ents``. ``extra``: names of factories that make ``doc.spans["mentions"]``, with their settings; they run
    before the context. ``LeadtermError`` if the language or model is unknown, or a component would run before one it
    needs.

    >>> build_nlp("en").pipe_names
    ['leadterm_sections', 'leadterm_sentences', 'abbreviation_detector', 'leadterm_mentions', 'leadterm_context']
    """
    register()
    nlp = _blank(language)
    nlp.max_length = LONGEST_NOTE
    for name in BEFORE_MENTIONS:
        nlp.add_pipe(name, name="abbreviation_detector" if name == "leadterm_abbreviations" else None)
    if ner is not None:
        _add_ner(nlp, ner)
    for item in extra or ("leadterm_mentions",):
        name, config = (item, {}) if isinstance(item, str) else item
        if not nlp.has_factory(name):
            raise unknown_name("text component", name, nlp.factory_names, hint="Register its factory first.")
        nlp.add_pipe(name, config=dict(config))
    for name in AFTER_MENTIONS:
        nlp.add_pipe(name)
    check_order(nlp)
    return nlp


def _blank(language: str) -> Language:
    import spacy

    try:
        blank = spacy.util.get_lang_class(language)
        nlp = blank(create_tokenizer=_scientific_tokenizer) if language == "en" else blank()
    except (ImportError, ValueError) as error:
        raise LeadtermError(
            f"unknown language '{language}'.", hint="Give an ISO 639-1 code that spaCy can tokenise, such as en or es."
        ) from error
    nlp.tokenizer = SafeTokenizer(nlp.tokenizer, nlp.vocab)
    return nlp


def _scientific_tokenizer(nlp: Language) -> Any:
    """scispaCy's tokenizer, in place of spaCy's own, whose expressions of words it goes on with."""
    from scispacy.custom_tokenizer import combined_rule_tokenizer

    nlp.tokenizer = SimpleNamespace(token_match=nlp.Defaults.token_match)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Possible set union", category=FutureWarning)
        return combined_rule_tokenizer(nlp)


def _add_ner(nlp: Language, name: str) -> None:
    """Add the entity recognisers of a model, in its order."""
    model = _model(name)
    for maker in _recognisers(model):
        for shared in model.pipe_names:
            if maker in getattr(model.get_pipe(shared), "listener_map", {}):
                model.replace_listeners(shared, maker, ["model.tok2vec"])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"\[W113\]", category=UserWarning)
            nlp.add_pipe(maker, source=model)


def _recognisers(model: Language) -> list[str]:
    return [name for name in model.pipe_names if "doc.ents" in model.get_pipe_meta(name).assigns]


def _model(name: str) -> Language:
    """Load a model that has an entity recogniser: an installed one, or a folder as spaCy writes it."""
    import spacy

    if not spacy.util.is_package(name) and not (Path(name) / "config.cfg").is_file():
        installed = spacy.util.get_installed_models()
        raise unknown_name("entity recogniser", name, installed, hint="Install it as a package or give a folder.")
    try:
        model = spacy.load(name)
    except (ImportError, KeyError, OSError, ValueError) as error:
        raise LeadtermError(f"the model '{name}' cannot be loaded.", hint="Is it whole, and of this spaCy?") from error
    if not _recognisers(model):
        raise LeadtermError(f"the model '{name}' has no entity recogniser; it has: {', '.join(model.pipe_names)}.")
    return model


def check_order(nlp: Language) -> None:
    """Check that each component finds what it requires.

    ``LeadtermError`` naming the component, the attribute it misses and the component that gives it.

    >>> import spacy
    >>> register()
    >>> nlp = spacy.blank("en")
    >>> _ = nlp.add_pipe("leadterm_sentences")
    >>> try:
    ...     check_order(nlp)
    ... except LeadtermError as error:
    ...     print(error)
    the text component 'leadterm_sentences' needs doc._.sections, which nothing before it gives. Put
    'leadterm_sections' before it.
    """
    given: set[str] = set()
    for name in nlp.pipe_names:
        meta = nlp.get_pipe_meta(name)
        for needed in meta.requires:
            if needed not in given:
                raise _misplaced(name, needed)
        given.update(meta.assigns)


def _misplaced(name: str, needed: str) -> LeadtermError:
    maker = next((other for other, stage in STAGES.items() if needed in stage.assigns), None)
    hint = f"Put '{maker}' before it." if maker else f"Put a component that gives {needed} before it."
    return LeadtermError(f"the text component '{name}' needs {needed}, which nothing before it gives.", hint=hint)
