"""Index and table files: official XML → entries → terms, with cross-references resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element

from leadterm.codes.official.entry import LIST, Entry
from leadterm.codes.official.see import FEW, MOST, Node, Tree, resolve
from leadterm.codes.official.xml import line
from leadterm.codes.types import Term, TermSource

__all__ = ["COLUMNS", "index_entries", "terms_of"]

# Columns 2 to 7 of the two official tables.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "neoplasm": (
        "malignant primary", "malignant secondary", "in situ", "benign", "uncertain behavior", "unspecified behavior",
    ),
    "drug": (
        "poisoning accidental", "poisoning self-harm", "poisoning assault", "poisoning undetermined",
        "adverse effect", "underdosing",
    ),
}  # fmt: skip
CODE = re.compile(r"\b([A-Z](?:\d[\dA-Z]|[A-Z]\d)(?:\.[\dA-Z]{1,4})?)\.?(-*)")


def index_entries(root: Element) -> Iterator[Entry]:
    """Walk an index or table in its official XML.

    >>> from leadterm.codes.official.xml import parse_xml
    >>> xml = b"<i><mainTerm><title>Gout<nemod>(acute)</nemod></title><code>M10.9</code></mainTerm></i>"
    >>> next(index_entries(parse_xml(xml, "x.xml"))).optional
    ('acute',)
    """
    for term in root.iter("mainTerm"):
        yield from _entry(term, 0)


def _entry(term: Element, level: int) -> Iterator[Entry]:
    title, optional = _title(term.find("title"))
    texts = {tag: [line("".join(child.itertext())) for child in term.findall(tag)] for tag in
             ("code", "subcat", "seecat", "manif", "see", "seeAlso")}  # fmt: skip
    codes, second = [], ""
    for text in texts["code"]:
        printed, _, bracket = text.partition("[")
        codes += [found.group(0) for found in CODE.finditer(printed)]
        second = second or bracket.rstrip("] ")
    # "see category X58" and "see subcategory T75.0": a family of codes
    codes += [f"{found.group(1)}-" for text in texts["subcat"] + texts["seecat"] for found in CODE.finditer(text)]
    for text in texts["manif"]:
        found = CODE.match(text.strip("[] "))
        second, optional = (found.group(0), optional) if found else (second, (*optional, text.replace(LIST, " ")))
    cells = tuple(
        f"{cell.get('col', '')}={found.group(0)}"
        for cell in term.findall("cell")
        if (found := CODE.match(line(cell.text)))
    )
    see, also = (tuple(text.replace(LIST, " ") for text in texts[tag] if text) for tag in ("see", "seeAlso"))
    yield Entry(level, title, optional, tuple(codes), second, see, also, cells)
    for child in term.findall("term"):
        yield from _entry(child, level + 1)


def _title(element: Element | None) -> tuple[str, tuple[str, ...]]:
    """Divide a title into its essential words and the optional ones, in round or square brackets."""
    if element is None:
        return "", ()
    essential = line(" ".join([element.text or "", *(child.tail or "" for child in element)])).replace(LIST, " ")
    modifiers = line(" ".join("".join(child.itertext()) for child in element.iter("nemod"))).replace(LIST, " ")
    optional = [piece for piece in re.split(r"[()]", modifiers) if piece.strip()]
    optional += re.findall(r"\[([^\]]*)\]", essential)
    words = line(re.sub(r"\[[^\]]*\]", " ", essential)).strip(", ") or essential
    return words.replace(" ,", ","), tuple(line(piece).strip(", ") for piece in optional if piece.strip(", "))


def terms_of(entries: Mapping[str, Sequence[Entry]]) -> list[Term]:
    """Turn index and table entries into terms; "see" entries take the codes of their targets.

    >>> found = terms_of({"index": [Entry(0, "Ache", see=("Pain",)), Entry(0, "Pain", codes=("R52",))]})
    >>> [(term.text, term.code) for term in found]
    [('Ache', 'R52'), ('Pain', 'R52')]
    """
    trees = {kind: Tree.of(listed) for kind, listed in entries.items()}
    table = trees.get("neoplasm")
    unique: dict[tuple[tuple[str, ...], str, str], Term] = {}
    for kind, tree in trees.items():
        for root in tree.roots:
            for node in root.walk():
                for term in _node_terms(kind, node, tree, table):  # type: ignore[arg-type]
                    unique.setdefault((term.path, term.code, term.column), term)
    return list(unique.values())


def _node_terms(source: TermSource, node: Node, tree: Tree, table: Tree | None) -> Iterator[Term]:
    """Give the terms of one line: its own codes, or those of the line it refers to."""
    if node.entry.codes or node.entry.cells:
        yield from _own_terms(source, node, node.path, node.optional)
        return
    loose = bool(node.children) and not node.entry.see  # "see also" beside subterms: the target itself, nothing below
    for reference in node.entry.see or node.entry.see_also:
        for target, tail, column in resolve(reference, tree, table, 0 if loose else FEW if node.parent else MOST):
            path = (*node.path, *(part.entry.title for part in tail))
            optional = (*node.optional, *(word for part in tail for word in part.entry.optional))
            if column:
                yield from _by_column(path, optional, target, column)
            else:
                yield from _own_terms(source, target, path, optional)


def _own_terms(source: TermSource, node: Node, path: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[Term]:
    """Give the codes printed at a node as terms with another path."""
    found = CODE.match(node.entry.manifestation)
    second = found.group(1) if found else None
    for printed in node.entry.codes:
        code, dash = printed.rstrip("-."), printed.endswith("-")
        yield Term(", ".join(path), code, source, path, optional, second, dash)
    labels = COLUMNS.get(source, ())
    for number, printed in (cell.split("=", 1) for cell in node.entry.cells):
        at = int(number) - 2 if number.isdecimal() else -1
        if 0 <= at < len(labels):
            code, dash = printed.rstrip("-."), printed.endswith("-")
            yield Term(", ".join((*path, labels[at])), code, source, path, optional, None, dash, labels[at])


def _by_column(path: tuple[str, ...], optional: tuple[str, ...], target: Node, column: str) -> Iterator[Term]:
    """Give the term of a tumour's name: the behaviour it stands for and the table's code for the site."""
    number = f"{COLUMNS['neoplasm'].index(column) + 2}="
    for cell in target.entry.cells:
        if cell.startswith(number):
            printed = cell.removeprefix(number)
            dash = printed.endswith("-") or target.parent is None
            yield Term(", ".join(path), printed.rstrip("-."), "index", path, optional, None, dash, column)
