"""Cross-references of an index: from "see Pain, abdominal" to the line that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leadterm.codes.official.entry import Entry

__all__ = ["FEW", "MOST", "Node", "Tree", "resolve"]

HOPS = 4  # a reference may lead to a reference, this often
BELOW = 3  # levels under a target that are also reached by the referring term
MOST = 150  # lines under a target that a main term reaches too; above it only the target itself is
FEW = 20  # the same for a subterm
CONNECTIVES = {"with", "due to", "in", "of", "in due to", "with or without"}
NO_TARGET = {"condition", "table of drugs and chemicals"}
BEHAVIOURS = {
    "malignant secondary": "malignant secondary", "secondary": "malignant secondary",
    "malignant primary": "malignant primary", "malignant": "malignant primary", "primary": "malignant primary",
    "in situ": "in situ", "benign": "benign",
    "uncertain behavior": "uncertain behavior", "unspecified behavior": "unspecified behavior",
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Node:
    """A line of an index with the lines below it.

    >>> from leadterm.codes.official.entry import Entry
    >>> Node(Entry(0, "Gout"), None).path
    ('Gout',)
    """

    entry: Entry
    parent: Node | None
    children: list[Node] = field(default_factory=list)

    @property
    def path(self) -> tuple[str, ...]:
        """Titles from the main term down to this line."""
        above = self.parent.path if self.parent else ()
        return (*above, self.entry.title)

    @property
    def optional(self) -> tuple[str, ...]:
        """Nonessential modifiers of this line and of those above."""
        above = self.parent.optional if self.parent else ()
        return above + self.entry.optional

    def walk(self) -> Iterator[Node]:
        """Give this line and all below, in reading order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Tree:
    """An index: its main terms, and how to find them by their words.

    ``by_key``: main terms by each of the names in their titles.

    >>> from leadterm.codes.official.entry import Entry
    >>> Tree.of([Entry(0, "Abdomen, abdominal"), Entry(1, "acute")]).by_key["abdominal"].children[0].entry.title
    'acute'
    """

    roots: tuple[Node, ...]
    by_key: dict[str, Node]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Tree:
        """Build the tree from entries in reading order."""
        roots: list[Node] = []
        line: list[Node] = []
        for entry in entries:
            del line[entry.level :]
            node = Node(entry, line[-1] if line else None)
            (line[-1].children if line else roots).append(node)
            line.append(node)
        return cls(tuple(roots), _names(roots))

    def find(self, reference: str) -> Node | None:
        """Find the line that a reference names, such as ``"Pain, abdominal, acute"``."""
        parts = [part for part in (key(piece) for piece in reference.split(",")) if part]
        for size in range(min(3, len(parts)), 0, -1):
            node = self.by_key.get(" ".join(parts[:size]))
            if node:
                return _descend(node, parts[size:])
        return None


def _names(roots: Sequence[Node]) -> dict[str, Node]:
    """Map names to main terms: whole titles win over their first names, and those over the other names.

    Where several main terms share a first name (``Fracture, burst`` and ``Fracture, traumatic``), the
    one with most lines below it is meant.
    """
    by_size = sorted(roots, key=lambda node: -len(node.children))
    names: dict[str, Node] = {}
    for pick in (lambda title: [title], lambda title: title.split(",")[:1], lambda title: title.split(",")[1:]):
        for node in by_size:
            for name in pick(node.entry.title):
                names.setdefault(key(name), node)
    return names


@lru_cache(maxsize=1 << 17)
def key(text: str) -> str:
    """Reduce a title to lower-case singular words for comparison, without NEC and NOS.

    >>> key(" Addison's disease NEC ")
    'addison disease'
    """
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]|\bN(?:EC|OS)\b", " ", text)
    words = re.findall(r"\w+", plain.lower().replace("'s", ""))
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "sui" else word for word in words
    )


def _descend(node: Node, parts: Sequence[str]) -> Node | None:
    """Follow the parts of a reference downwards; "by site" and the like are passed over."""
    if not parts:
        return node
    if parts[0].startswith("by "):
        return _descend(node, parts[1:])
    for size in (1, 2):
        child = _child(node, " ".join(parts[:size])) if size <= len(parts) else None
        if child is not None and (found := _descend(child, parts[size:])):
            return found
    first, _, rest = parts[0].partition(" ")  # "upper limb" may stand as "upper", below it "limb"
    child = _child(node, first) if rest else None
    return _descend(child, [rest, *parts[1:]]) if child else None


def _child(node: Node, part: str) -> Node | None:
    """Find a line below by its words: exactly, by one of its names, or behind a "with" or "due to"."""
    for child in node.children:
        if key(child.entry.title) == part:
            return child
    for child in node.children:
        if part in (key(name) for name in re.split(r",| or ", child.entry.title)):
            return child
    for child in node.children:
        title = key(child.entry.title)
        if title in CONNECTIVES and (found := _child(child, part.removeprefix(f"{title} "))):
            return found
    return None


def resolve(
    reference: str, tree: Tree, table: Tree | None, most: int = MOST
) -> Iterator[tuple[Node, tuple[Node, ...], str]]:
    """Find what a cross-reference leads to.

    Gives a line with codes, the lines between the target and it, and the column of the neoplasm table that is meant
    (or empty). Lines under the target count too if there are no more than ``most``.

    >>> from leadterm.codes.official.entry import Entry
    >>> tree = Tree.of([Entry(0, "Pain", codes=("R52",)), Entry(1, "ear", codes=("H92.0-",))])
    >>> [(node.entry.codes[0], len(tail)) for node, tail, _ in resolve("Pain", tree, None)]
    [('R52', 0), ('H92.0-', 1)]
    """
    for piece in re.split(r";|\balso\b|\bor see\b", reference):
        first = key(piece.split(",")[0])
        if not first or first in NO_TARGET:
            continue
        if first in ("neoplasm", "table of neoplasm") and table is not None and table is not tree:
            yield from _neoplasm(piece, table)
        elif target := _follow(piece, tree):
            yield from _reach(target, most)


def _follow(reference: str, tree: Tree) -> Node | None:
    """Find the target, and the target's target where it only refers on."""
    for _ in range(HOPS):
        node = tree.find(reference)
        if node is None:
            return None
        if node.entry.codes or node.entry.cells or node.children or not node.entry.see:
            return node
        reference = node.entry.see[0]
    return None


def _reach(target: Node, most: int) -> Iterator[tuple[Node, tuple[Node, ...], str]]:
    """Give the target and, if they are not too many, the lines below it."""
    yield target, (), ""
    below = list(islice(_below(target, ()), most + 1))
    if len(below) <= most:
        yield from ((node, tail, "") for node, tail in below if node.entry.codes)


def _below(node: Node, tail: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    if len(tail) == BELOW:
        return
    for child in node.children:
        yield child, (*tail, child)
        yield from _below(child, (*tail, child))


def _neoplasm(reference: str, table: Tree) -> Iterator[tuple[Node, tuple[Node, ...], str]]:
    """Divide "Neoplasm, skin, benign" into a site and a column of the table."""
    parts = [key(part) for part in reference.split(",")][1:]
    column = next((BEHAVIOURS[part] for part in parts if part in BEHAVIOURS), "")
    sites = [part for part in parts if part and part not in BEHAVIOURS and not part.startswith("by ")]
    site = _descend(table.roots[0], sites) if table.roots else None
    if site is not None and column:
        yield site, (), column
