"""Official XML of a system whose characters mean something each: tables, definitions, index (ICD-10-PCS)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from math import prod
from xml.etree.ElementTree import Element

from leadterm.codes.official.xml import line
from leadterm.errors import LeadtermError

__all__ = ["read_axis_file"]

HEAD, SIZE = 3, 7
Rows = tuple[tuple[str, ...], ...]
Labels = dict[tuple[str, str], dict[str, str]]


def read_axis_file(root: Element, label: str) -> tuple[str, Rows] | None:
    """Read the rows of an official file; None where the root is none of the three kinds.

    Raises LeadtermError where the file is not laid out as those of 2025: a table without seven axes, or a row whose
    values do not make the number of codes that it states.
    """
    kind = root.tag.partition(".")[2]
    if kind == "tabular":
        return "tables", _table_rows(root, label)
    if kind == "definitions":
        return "definitions", tuple(_definitions(root))
    return ("procedure index", tuple(_index_rows(root))) if kind == "index" else None


def _table_rows(root: Element, label: str) -> Rows:
    """Rows of all tables, then what each axis is called in a section, then what each character stands for."""
    rows: list[tuple[str, ...]] = []
    names: dict[tuple[str, int], str] = {}
    said: Labels = defaultdict(dict)
    for table in root.iter("pcsTable"):
        heads = [_axis(axis, label) for axis in table.findall("axis")]
        if len(heads) != HEAD or any(len(values) != 1 for _, _, values in heads):
            raise _changed(label, f"a table has {len(heads)} axes before its rows, not {HEAD}")
        prefix = "".join(next(iter(values)) for _, _, values in heads)
        for number, row in enumerate(table.findall("pcsRow")):
            axes = [_axis(axis, label) for axis in row.findall("axis")]
            _check_row(prefix, axes, row.get("codes"), label)
            rows.append(("row", prefix, str(number), " ".join("".join(values) for _, _, values in axes)))
            for at, title, values in (*heads, *axes):
                names.setdefault((prefix[0], at), title)
                for char, text in values.items():
                    said[f"{at}{char}", f"{prefix}{number}" if at > HEAD else prefix[: at - 1]][""] = text
    axis_rows = [("axis", section, str(at), title) for (section, at), title in sorted(names.items())]
    return (*rows, *axis_rows, *_label_rows(said))


def _axis(axis: Element, label: str) -> tuple[int, str, dict[str, str]]:
    """Position, title and values of an axis."""
    place = axis.get("pos") or ""
    values = {one.get("code") or "": line("".join(one.itertext())) for one in axis.findall("label")}
    if not place.isdecimal() or not values or any(len(char) != 1 for char in values):
        raise _changed(label, "an axis has no position, or a value without one character as its code")
    return int(place), line(axis.findtext("title")), values


def _check_row(prefix: str, axes: list[tuple[int, str, dict[str, str]]], codes: str | None, label: str) -> None:
    if [at for at, _, _ in axes] != list(range(HEAD + 1, SIZE + 1)):
        raise _changed(label, f"a row of table {prefix} has not the axes 4 to 7")
    made = prod(len(values) for _, _, values in axes)
    if codes is not None and codes != str(made):
        raise _changed(label, f"a row of table {prefix} states {codes} codes, its values make {made}")


def _label_rows(said: Labels) -> Iterator[tuple[str, ...]]:
    """What a character stands for, under the shortest beginning of a code where that is so, most places first."""
    for place, group in groupby(sorted((key, where, text[""]) for (key, where), text in said.items()), lambda x: x[0]):
        yield from _shortest(place, [(where, text) for _, where, text in group], 0)


def _shortest(place: str, found: list[tuple[str, str]], size: int, known: str = "") -> Iterator[tuple[str, ...]]:
    common = min(Counter(text for _, text in found).items(), key=lambda item: (-item[1], item[0]))[0]
    if common != known:
        yield "label", found[0][0][:size], place, common
    if any(text != common for _, text in found):
        size = size + 1 if size < HEAD else 99
        for _, group in groupby(found, lambda one: one[0][:size]):
            yield from _shortest(place, list(group), size, common)


def _definitions(root: Element) -> Iterator[tuple[str, ...]]:
    """Title of a value with its definition, explanation and examples; the section and axis it is of."""
    for section in root.iter("section"):
        for axis in section.findall("axis"):
            where = f"{section.get('code')}{axis.get('pos')}"
            for terms in axis.findall("terms"):
                titles = [line(one.text) for one in terms.findall("title")]
                for what in ("definition", "explanation", "includes"):
                    text = "; ".join(line("".join(one.itertext())) for one in terms.findall(what))
                    yield from ((what, where, title, text) for title in titles if text)


def _index_rows(root: Element) -> Iterator[tuple[str, ...]]:
    """Terms that a table does not say itself: keys of body parts and devices, "see", terms that are no operation."""
    for main in root.iter("mainTerm"):
        yield from _merged(_leaves(main, ()))


def _leaves(node: Element, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    title = line(node.findtext("title"))
    path = (*path, title) if title else path
    for child in node:
        if child.tag in ("mainTerm", "term"):
            yield from _leaves(child, path)
        elif child.tag in ("use", "see"):
            codes = " ".join(line(one.text) for one in (*child.findall("codes"), *child.findall("code")))
            yield path, child.tag, f"{line(child.text)}\t{codes}"
        elif child.tag in ("code", "codes"):
            yield path, "code", f"\t{line(child.text)}"


def _merged(leaves: Iterator[tuple[tuple[str, ...], str, str]]) -> Iterator[tuple[str, ...]]:
    """One row for what stands under one path."""
    for (path, way), group in groupby(leaves, lambda leaf: leaf[:2]):
        parts = [text.split("\t") for _, _, text in group]
        texts, codes = dict.fromkeys(part[0] for part in parts), dict.fromkeys(part[1] for part in parts)
        yield " | ".join(path), way, " | ".join(filter(None, texts)), " ".join(filter(None, codes))


def _changed(label: str, what: str) -> LeadtermError:
    return LeadtermError(
        f"'{label}' is laid out in a way that leadterm does not know: {what}.",
        hint="Known: the XML files that CMS publishes since 2016. Nothing was installed.",
    )
