"""Codes from words: body part, approach, device and qualifier put together through the official tables alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from leadterm.codes.axis_tables import AxisTables
from leadterm.procedures import pcs_levels as levels
from leadterm.procedures.note_phrases import BORDER
from leadterm.procedures.pcs_parts import Part, PartFinder, side_in
from leadterm.procedures.pcs_words import Way, said
from leadterm.procedures.performed import Status
from leadterm.schema import Mention

__all__ = ["Builder", "Built", "Place", "Support"]

AXES = ("approach", "device", "qualifier")
MOST_NAMED, MOST_OTHERS, STEM = 4, 3, 4
NEAR = 90  # characters around a word of operation in which its body part stands
PERIPHERAL = "047"  # dilation of arteries of the lower half of the body
GRAFT = "0HR"
DONOR = re.compile(r"\b(?:harvested )?from .*?(?= (?:to|onto|over|for|applied|and)\b|[,;]|$)|donor site.*")
FREED = ("0B", "0D", "0F", "0T", "0U")  # what adhesions are cut from; the wall that they go to is not it
ONWARD = re.compile(r"\b(?:and|with|then|but|which|while)\b|[,;:]")
SCOPE = re.compile(r"endoscop|egd|colonoscop|sigmoidoscop|gastroscop|enteroscop|anoscop|proctoscop|\bercp\b")
OPENED = re.compile(r"prepped|draped|\bincis(?:ion|ed)|laparoscop|arthroscop|tourniquet")
FACE = re.compile(r"mandib|maxill|zygom|malar|orbit|\bjaw|facial|tripod|le ?fort")
SCOPED = "BCDFGLMRSTUVW279"  # body systems that a scope reaches
BELLY = re.compile(r"lapar|abdom|pelvi|periton|bowel|intestin|hernia|celiot")
LIMB = re.compile(r"shoulder|knee|elbow|ankle|wrist|joint|tendon|nerve|chest|thora|pleura|spin(?:e|al)|eye|nasal")
LIMBS = ("0PS", "0QS")
REGIONS = ("spine", "cord", "root", "vertebra")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a phrase stands: its sentence and the one before it; then texts to ask next, nearest first; diagnoses."""

    sentence: str
    at: int
    more: tuple[str, ...] = ()
    before: str = ""
    end: int = 0
    about: str = ""

    @property
    def near(self) -> str:
        """The words around the phrase."""
        return self.sentence[max(0, self.at - NEAR) : self.at + NEAR]

    @property
    def own(self) -> str:
        """The phrase and the words behind it, up to those that lead on."""
        stop = ONWARD.search(self.sentence, self.end)
        return self.sentence[self.at : min(stop.start() if stop else len(self.sentence), self.end + NEAR)]

    @property
    def side(self) -> str:
        """The side of the phrase, else the nearest in the sentence, the last of the one before, the first after."""
        begin, end = self.sentence.rfind(";", 0, self.at) + 1, self.sentence.find(";", self.at)
        part = self.sentence[begin : end if end > 0 else None]
        nearest = ((self.own, 0), (part, self.at - begin), (self.sentence, self.at), (self.before, len(self.before)))
        asked = (*nearest, *((text, 0) for text in self.more))
        return next((side for text, at in asked if (side := side_in(text, at))), "")

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.sentence, *self.more)


@dataclass(frozen=True, slots=True)
class Built:
    """A code with what the text left open. ``other``: 0 for the code chosen, else its number among the others."""

    code: str
    hints: tuple[str, ...] = ()
    other: int = 0
    said: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Support:
    """One place where a note leads to a code. ``item``: the note and the sentence it stands in."""

    mention: Mention
    way: Way
    standing: Status
    built: Built
    operative: bool
    place: float
    item: tuple[str, int] = ("", 0)

    @property
    def strength(self) -> tuple[int, bool]:
        """How well its words are known: those of surgeons better than an operation with a part beside it."""
        return self.way.sure, self.way.source != "operation"


@dataclass(frozen=True, slots=True)
class _Stem:
    """Table and body part, whether the text named it, and other body parts that may be meant."""

    stem: str
    hints: tuple[str, ...] = ()
    named: bool = True
    others: tuple[str, ...] = ()


class Builder:
    """Builds codes of one release of the tables."""

    def __init__(self, tables: AxisTables) -> None:
        self.tables = tables
        self.parts = PartFinder(tables)
        self._told: dict[tuple[tuple[str, int], int], Mapping[str, str]] = {}
        self._settled_codes = lru_cache(maxsize=4096)(self._codes)

    def build(self, way: Way, place: Place) -> Iterator[Built]:
        """Give the code or codes that a phrase leads to, and others that what is left open may mean."""
        if way.part == "cabg":
            yield from (Built(code, said=2) for code in levels.cabg_codes(" ".join(place.texts)) if code in self.tables)
            return
        for stem in self._stems(way, place):
            made = list(self._fill(way, stem, place))
            yield from made
            for number, other in enumerate(stem.others, start=1):
                first = next(self._fill(way, _Stem(other), place), None)
                if first is not None:
                    yield replace(first, hints=stem.hints, other=number)

    def _stems(self, way: Way, place: Place) -> Iterator[_Stem]:
        """Table and body part, or several of them."""
        texts = place.texts
        if way.part in REGIONS or way.part == "disc":
            stems = dict.fromkeys(self._by_level(way, texts))
            yield from (_Stem(stem) for stem in stems if stem[:3] in self.tables.tables)
        elif way.part == "vessels":
            count = levels.vessels_in(texts)
            if not count and self.parts.best(PERIPHERAL, place.sentence):
                return
            hint = () if count else ("how many arteries were treated is not documented",)
            yield _Stem(f"{way.table}{max(count, 1) - 1}", hint, bool(count))
        elif way.part in ("dura", "brain"):
            yield _Stem(way.table + (levels.dura_part(texts) if way.part == "dura" else levels.brain_part(texts[:2])))
        elif way.part == "scope":
            if any(SCOPE.search(text) for text in texts) or not any(OPENED.search(text) for text in texts):
                yield _Stem(way.table + "P")
        elif way.part == "face":
            found = self.parts.find(way.table, (place.own, place.sentence)) if FACE.search(place.sentence) else None
            yield from self._of_part(way.table, found, "", place)
        elif way.part == "freed":
            yield from self._freed(way, place)
        elif "/" in way.part:
            yield from self._sided(way.table, way.part.split("/"), place)
        elif way.part == "any":
            named = self.parts.any(way.table, place.near)
            yield from self._of_part(named[0], named[1], "", place) if named else ()
        elif way.part.startswith("?"):
            yield from self._found(way, place)
        else:
            yield _Stem(way.table + way.part.rstrip("*"))

    def _freed(self, way: Way, place: Place) -> Iterator[_Stem]:
        """What adhesions were cut from: by the sentence, else by those that tell of adhesions, else the peritoneum."""
        told = [text for whole in place.more[-1:] for text in whole.split(BORDER) if "adhe" in text]
        found = [one for text in (place.sentence, *told) if (one := self.parts.any(way.table, text, FREED))]
        best = min(found, key=lambda one: one[1].core == "Peritoneum", default=None)
        if best:
            yield from self._of_part(*best, "", place)
        elif any(BELLY.search(text) for text in place.texts) or not any(LIMB.search(text) for text in place.texts):
            yield _Stem("0DNW")

    def _by_level(self, way: Way, texts: Sequence[str]) -> list[str]:
        if way.part == "root":
            return levels.root_parts(texts)
        if way.part == "vertebra":
            return levels.vertebra_parts(texts, way.table)
        return levels.spine_parts(texts, f"disc:{way.table[2]}" if way.part == "disc" else way.part)

    def _sided(self, table: str, chars: Sequence[str], place: Place) -> Iterator[_Stem]:
        """Right, left, or both: by one value where there is one, else by two codes."""
        side = place.side
        by_side = dict(zip("RLB", chars, strict=False))
        if side in by_side:
            yield _Stem(table + by_side[side])
        elif side == "B":
            yield from (_Stem(table + char) for char in chars)
        else:
            yield _Stem(table + chars[0], (self._side_hint(table, chars),), False, (table + chars[1],))

    def _side_hint(self, table: str, chars: Sequence[str]) -> str:
        named = (f"{char} {self.tables.label(table + char, 4)}" for char in chars[:2])
        return f"side not documented: {', '.join(named)}"

    def _found(self, way: Way, place: Place) -> Iterator[_Stem]:
        """The body part that the text names, or the usual one."""
        if way.table == GRAFT:
            place = replace(place, sentence=DONOR.sub(lambda match: " " * len(match[0]), place.sentence))
        if way.table in LIMBS and FACE.search(place.sentence):
            return
        texts = (place.sentence, place.before, *place.more[:1], place.about)
        part = self.parts.only(way.table, place.own) or self.parts.find(way.table, texts)
        yield from self._of_part(way.table, part, way.part[1:], place)

    def _of_part(self, table: str, part: Part | None, usual: str, place: Place) -> Iterator[_Stem]:
        if part is None and usual:
            label = self.tables.label(table + usual, 4)
            yield _Stem(table + usual, (f"body part not documented: {usual} {label} is taken",), False)
        elif part is not None:
            side = place.side
            chars = part.of_side(side)
            if side or len(chars) == 1:
                yield from (_Stem(table + char) for char in chars)
            else:
                hint = self._side_hint(table, chars)
                yield _Stem(table + chars[0], (hint,), False, tuple(table + char for char in chars[1:3]))

    def _fill(self, way: Way, stem: _Stem, place: Place) -> Iterator[Built]:
        """Choose the last three characters through the rows of the table: what is said, else what is usual."""
        codes = self._settled_codes(stem.stem, way.settled)
        if not codes:
            return
        wanted, told = [], []
        for at, axis, spec in zip((5, 6, 7), AXES, way.rest, strict=True):
            char, known = self._wanted(axis, at, spec, codes, place)
            wanted.append(char)
            told.append(known)
        usual = [spec.rstrip("*")[:1] for spec in way.rest]

        def fit(code: str) -> tuple[int, int, int, str]:
            rest = code[4:]
            exact = sum(weight for weight, a, b in zip((4, 2, 2), rest, wanted, strict=True) if a == b)
            return -exact, -sum(map(str.__eq__, rest, usual)), -rest.count("Z"), code

        best = min(codes, key=fit)
        open_axes = [at for at, spec, known in zip((5, 6, 7), way.rest, told, strict=True) if "*" in spec and not known]
        hints = (*stem.hints, *filter(None, (self._open(best, at) for at in open_axes if at == 5)))
        counted = sum(told)
        yield Built(best, hints, 0, counted + stem.named, len(open_axes) + (not stem.named))
        others = [c for at in open_axes for c in sorted(codes, key=fit) if self._differs_at(c, best, at)]
        for number, code in enumerate(others[:MOST_OTHERS], start=1):
            yield Built(code, hints, number, counted + stem.named, len(open_axes))

    def _codes(self, stem: str, settled: str) -> list[str]:
        """The codes of a body part that have the characters which words settle; all where none has."""
        rows = [row for row in self.tables.tables.get(stem[:3], ()) if stem[3:4] in row.values[0]]
        codes = [stem + "".join(rest) for row in rows for rest in product(*row.values[1:])] if len(stem) == STEM else []
        told = [(at, char) for at, char in enumerate(settled, start=STEM) if char != "*"]
        return [code for code in codes if all(code[at] == char for at, char in told)] or codes

    @staticmethod
    def _differs_at(code: str, best: str, at: int) -> bool:
        return code[at - 1] != best[at - 1] and code[: at - 1] + code[at:] == best[: at - 1] + best[at:]

    def _wanted(self, axis: str, at: int, spec: str, codes: Sequence[str], place: Place) -> tuple[str, bool]:
        """The character wanted at a position, and whether the text says so."""
        if spec == "hours":
            return levels.hours_value(place.sentence)
        if spec == "stents":
            return self._stent(place)
        if "*" not in spec:
            return spec, True
        texts = place.texts
        if axis == "approach" and (codes[0][1] not in SCOPED or spec[0] == "3"):
            texts = texts[:-1] if len(texts) > 1 else texts  # what else the report tells is of other parts
        found = said(axis, self._labels(codes, at), texts)
        return (found, True) if found else (spec.rstrip("*"), False)

    def _labels(self, codes: Sequence[str], at: int) -> Mapping[str, str]:
        """What the characters at a position of some codes of one body part stand for."""
        key = (codes[0], len(codes)), at
        if key not in self._told:
            self._told[key] = {
                char: self.tables.label(code, at) for char, code in {code[at - 1]: code for code in codes}.items()
            }
        return self._told[key]

    @staticmethod
    def _stent(place: Place) -> tuple[str, bool]:
        """Drug-eluting or not, and how many; none where no stent is named."""
        text = " ".join(place.texts)
        if "stent" not in text:
            return "Z", True
        eluting = said("device", {"4": "Drug-eluting"}, [text]) == "4"
        return ("4567" if eluting else "DEFG")[min(levels.stents_in(place.sentence), 4) - 1], True

    def _open(self, code: str, at: int) -> str:
        """What could stand at a position that the text leaves open."""
        chars = self.tables.options(code, at)
        if len(chars) < 2:
            return ""
        named = (f"{char} {self.tables.label(code[: at - 1] + char + code[at:], at).lower()}" for char in chars)
        return f"{AXES[at - 5]} not documented: {', '.join(list(named)[:MOST_NAMED])}"
