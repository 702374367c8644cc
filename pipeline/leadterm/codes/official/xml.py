"""Read official XML safely: no document types, no entities, no network."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

from leadterm.errors import LeadtermError

__all__ = ["line", "parse_xml"]


DEEPEST = 100


class _Prolog(Exception):
    """The root element was reached: no error, it ends the look at the prolog."""


def parse_xml(data: bytes, label: str) -> ElementTree.Element:
    """Parse XML that must not declare a document type.

    Entities can only be declared in a document type, so refusing one shuts out entity expansion and outside
    references alike.

    >>> parse_xml(b"<a><b/></a>", "x.xml").tag
    'a'
    """
    try:
        _refuse_doctype(data, label)
        root = ElementTree.fromstring(data)
        _refuse_depth(root)
        return root
    except (ElementTree.ParseError, expat.ExpatError, ValueError, LookupError) as error:
        raise LeadtermError(
            f"'{label}' is not complete, well-formed XML ({error}).", hint="Download it again; nothing was installed."
        ) from None


def _refuse_depth(root: ElementTree.Element) -> None:
    """Official files are about a dozen elements deep; what reads them goes down one call an element."""
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise ValueError(f"more than {DEEPEST} elements inside one another")


def _refuse_doctype(data: bytes, label: str) -> None:
    """Run the parser up to the root element and refuse a document type on the way."""

    def doctype(*_: object) -> None:
        raise LeadtermError(
            f"'{label}' declares a document type or entities, which official files do not.",
            hint="Nothing was installed.",
        )

    def root(*_: object) -> None:
        raise _Prolog

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        parser.Parse(data, True)
    except _Prolog:
        return


def line(text: str | None) -> str:
    """Put a text on one line: runs of white space become one space.

    >>> line(" Acute\\n  sinusitis ")
    'Acute sinusitis'
    """
    return " ".join((text or "").split())
