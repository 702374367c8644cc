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

__all__ = ["TEXT", "Problem", "Section", "declare", "set_on_span", "text_of", "token_starts"]

TEXT = "leadterm_text"
STARTS = "leadterm_token_starts"


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
    import numpy as np

    starts: npt.NDArray[np.int64] | None = doc.user_data.get(STARTS)
    if starts is None:
        sizes = doc.to_array(["LENGTH", "SPACY"]).astype(np.int64).sum(axis=1)
        starts = doc.user_data[STARTS] = sizes.cumsum() - sizes
    return starts
