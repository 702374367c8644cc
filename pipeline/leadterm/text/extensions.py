"""All custom attributes of the text pipeline, declared in this one place.

======================  ==============================================================================
``doc._.sections``      tuple of `Section`: the sections, then within them the labelled lines
``doc._.problems``      tuple of `Problem`: problem headings of assessments, plans and diagnosis lists
``doc._.abbreviations`` list of Span: short forms the note itself explains (``span._.long_form``)
``doc._.scan``          what the term matcher read, for the stages after it
``doc._.covers``        the matches behind each mention, parallel to ``doc.spans["mentions"]``
``span._.assertion``    one of the assertions of `leadterm.schema.Mention`
``span._.cues``         tuple of ``(start, end)`` characters: the words that set the assertion
``span._.section``      category of the section the mention stands in, or ``""``
``span._.label``        category of the labelled line the mention stands in, or ``""``
======================  ==============================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from spacy.tokens import Doc

__all__ = [
    "RAW", "TEXT", "Problem", "Section", "declare", "sentence_flags", "set_on_span", "text_of", "token_column",
    "token_starts", "word_places",
]  # fmt: skip

TEXT, RAW = "leadterm_text", "leadterm_raw_text"
STARTS = "leadterm_token_starts"
COLUMNS, SENTENCES = "leadterm_token_columns", "leadterm_sentence_flags"
PLACES = "leadterm_word_places"
ATTRIBUTES = ("ORTH", "LOWER", "LENGTH", "SPACY", "IS_SPACE")


class Section(NamedTuple):
    """A stretch of a note under one title.

    ``start``, ``end``: characters ``[start, end)``, title and content. Sections of kind ``section`` follow one
    another without gaps. ``title_start``, ``title_end``: characters of the title; equal where the text has none.
    ``category``: for instance ``"assessment_plan"``; empty before the first title, ``"other"`` for an unknown title.
    ``kind``: a label is a labelled line (``Cardiovascular: …``) inside a section.
    """

    start: int
    end: int
    title_start: int
    title_end: int
    category: str
    token_start: int
    token_end: int
    kind: Literal["section", "label"]


class Problem(NamedTuple):
    """The heading of a problem and the text that belongs to it.

    ``start``, ``end``: characters of the heading, without its bullet or number. ``body_start``, ``body_end``:
    characters of what is written under it; equal when there is nothing.
    """

    start: int
    end: int
    body_start: int
    body_end: int
    number: int


DOC_ATTRIBUTES: dict[str, Any] = {"sections": (), "problems": (), "abbreviations": [], "scan": None, "covers": ()}
SPAN_ATTRIBUTES: dict[str, Any] = {"assertion": "present", "cues": (), "section": "", "label": "", "long_form": None}


def declare() -> None:
    """Declare the attributes; does nothing for those already there.

    >>> declare()
    >>> from spacy.tokens import Doc
    >>> Doc.has_extension("problems")
    True
    """
    from spacy.tokens import Doc, Span

    for owner, attributes in ((Doc, DOC_ATTRIBUTES), (Span, SPAN_ATTRIBUTES)):
        for name, default in attributes.items():
            if not owner.has_extension(name):
                owner.set_extension(name, default=default)


def text_of(doc: Doc) -> str:
    """Give the text of a doc without joining its tokens anew, as ``doc.text`` does each time.

    >>> import spacy
    >>> text_of(spacy.blank("en")("No fever."))
    'No fever.'
    """
    text: str | None = doc.user_data.get(TEXT)
    if text is None:
        text = doc.user_data[TEXT] = doc.text
    return text


def set_on_span(user_data: dict[Any, Any], start: int, end: int, values: dict[str, Any]) -> None:
    """Set custom attributes of a span, several times as fast as through ``span._``.

    >>> import spacy
    >>> declare()
    >>> doc = spacy.blank("en")("No fever.")
    >>> set_on_span(doc.user_data, 3, 8, {"assertion": "absent"})
    >>> doc[1:2]._.assertion
    'absent'
    """
    for name, value in values.items():
        user_data["._.", name, start, end] = value


def token_starts(doc: Doc) -> npt.NDArray[np.int64]:
    """First character of each token.

    >>> import spacy
    >>> token_starts(spacy.blank("en")("No fever.")).tolist()
    [0, 3, 8]
    """
    starts: npt.NDArray[np.int64] | None = doc.user_data.get(STARTS)
    return _read_tokens(doc)[1] if starts is None else starts


def token_column(doc: Doc, name: str) -> list[int]:
    """One of `ATTRIBUTES` of every token, as spaCy's number; read from the doc once for all stages.

    >>> import spacy
    >>> token_column(spacy.blank("en")("No fever."), "LENGTH")
    [2, 5, 1]
    """
    columns: dict[str, list[int]] | None = doc.user_data.get(COLUMNS)
    return (_read_tokens(doc)[0] if columns is None else columns)[name]


def word_places(doc: Doc) -> dict[int, list[int]]:
    """Where each word stands: its lower-case form, as spaCy's number, to its tokens in order.

    Whoever looks for a few words asks here and need not go through all tokens.

    >>> import spacy
    >>> doc = spacy.blank("en")("No fever, no cough")
    >>> word_places(doc)[doc.vocab.strings["no"]]
    [0, 3]
    """
    places: dict[int, list[int]] | None = doc.user_data.get(PLACES)
    if places is None:
        places = doc.user_data[PLACES] = {}
        for i, word in enumerate(token_column(doc, "LOWER")):
            places.setdefault(word, []).append(i)
    return places


def _read_tokens(doc: Doc) -> tuple[dict[str, list[int]], npt.NDArray[np.int64]]:
    """Keep the columns of `ATTRIBUTES`, and the first character of each token, with a doc."""
    import numpy as np

    table = doc.to_array([*ATTRIBUTES])
    columns = dict(zip(ATTRIBUTES, table.T.tolist(), strict=True))
    sizes = table[:, [ATTRIBUTES.index("LENGTH"), ATTRIBUTES.index("SPACY")]].astype(np.int64).sum(axis=1)
    starts = sizes.cumsum() - sizes
    doc.user_data[COLUMNS], doc.user_data[STARTS] = columns, starts
    return columns, starts


def forget_columns(doc: Doc) -> None:
    """Forget the columns read so far: the lower-case form of a token is another now."""
    for name in (COLUMNS, STARTS, PLACES):
        doc.user_data.pop(name, None)


def sentence_flags(doc: Doc) -> list[bool]:
    """Whether each token begins a sentence; asked for once they are set.

    >>> import spacy
    >>> doc = spacy.blank("en")("No fever.")
    >>> doc[0].is_sent_start, doc[1].is_sent_start = True, False
    >>> sentence_flags(doc)
    [True, False, False]
    """
    flags: list[bool] | None = doc.user_data.get(SENTENCES)
    if flags is None:
        flags = doc.user_data[SENTENCES] = (doc.to_array(["SENT_START"]).ravel() == 1).tolist()
    return flags
