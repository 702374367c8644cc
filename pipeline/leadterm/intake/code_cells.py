"""Codes as people write them in a cell of a table; what is no code of a release is told, never made into one."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadterm.codes.registry import is_at_hand, load_system
from leadterm.codes.systems import SYSTEMS, spec_of
from leadterm.codes.systems.bare_codes import bare
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError

if TYPE_CHECKING:
    from leadterm.codes.system import CodeSystem

__all__ = ["CellCodes", "CellFault", "CodeCells", "check_system", "is_empty"]

EMPTY = frozenset(
    ("", "nan", "none", "null", "n/a", "#n/a", "na", "<na>", "nat", "nil", "-", "--", "[]", "{}", "#null!")
)
SPLIT = re.compile(r"[,;|/\n\r\t\f\v]+")
DOT = re.compile(  # spaces around the dot, or a comma in its place: what follows is too short to be a code
    r"(?<![A-Za-z0-9])([A-Za-z]?\d[0-9A-Za-z]{1,3})(?:(?:\s+\.\s*|\.\s+)(?=[\dXx][0-9A-Za-z]{0,3}(?![A-Za-z0-9]))|,(?=\d{1,2}(?![\w.])))"
)
EDGES = "()[]{}<>\"'`:=*#.–—-"
NUMBER = re.compile(r"\d+(?:\.\d+)?[eE]\+?\d+")
SHEET_ERROR = re.compile(r"#(?:REF|VALUE|DIV/0|NAME|NUM)[!?]?", re.IGNORECASE)
LABEL = re.compile(r"icd(?:[- ]?(?:9|10))?(?:-?(?:cm|pcs))?|cm|pcs|code|codes|dx", re.IGNORECASE)
SHOWN = 20
LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"})


@dataclass(frozen=True, slots=True)
class CellFault:
    """What stands in a cell and is no code: its text (or its length, where it may be of a note), why, and a guess.

    ``text``, ``why``, ``perhaps``: ``perhaps`` is what may be meant; empty where nothing comes near. ``system``:
    another system that has the code; empty if none.
    """

    text: str
    why: str
    perhaps: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class CellCodes:
    """The codes of a cell, each once, in their order; those mended; and what is no code."""

    codes: tuple[str, ...] = ()
    faults: tuple[CellFault, ...] = ()
    remarks: tuple[CellFault, ...] = ()


def is_empty(cell: str) -> bool:
    """Tell whether a cell says nothing: blank, or what programs write for nothing.

    >>> is_empty(" NaN "), is_empty("#N/A"), is_empty("R05.9")
    (True, True, False)
    """
    return cell.strip().lower() in EMPTY


@dataclass
class _Found:
    codes: dict[str, None] = field(default_factory=dict)
    faults: list[CellFault] = field(default_factory=list)
    remarks: list[CellFault] = field(default_factory=list)
    title_of: str = ""
    in_title: bool = False


class CodeCells:
    """Reads the cells of a column of codes.

    ``system``: the code system that the codes are of. Of one that no release is at hand of, every word is taken as it
    is.

    >>> read = CodeCells("icd10cm").read
    >>> read("r059 / E11 .9\\nJ20.9 Acute bronchitis").codes
    ('R05.9', 'E11.9', 'J20.9')
    >>> read("401.9").faults[0].why
    'a code of ICD-9-CM diagnoses'
    """

    def __init__(self, system: str) -> None:
        self.system, self.spec = system, spec_of(system)
        self.codes: CodeSystem | None = load_system(system) if is_at_hand(system) else None
        self._cells: dict[str, CellCodes] = {}

    def read(self, cell: str) -> CellCodes:
        """Read a cell; the same cell is read once."""
        if cell not in self._cells:
            if len(self._cells) > 20_000:
                self._cells.clear()
            self._cells[cell] = self._read(cell)
        return self._cells[cell]

    def _read(self, cell: str) -> CellCodes:
        found = _Found()
        for text in _items(cell):
            if self.codes is None:
                words = re.split(r"[;,|\s]+", text)
                found.codes |= dict.fromkeys(canonical(self.system, word) for word in words if not is_empty(word))
                continue
            found.title_of, found.in_title = "", False
            for piece in SPLIT.split(DOT.sub(r"\1.", text)):
                self._read_piece(piece, found)
        return CellCodes(tuple(found.codes), tuple(found.faults), tuple(found.remarks))

    def _read_piece(self, piece: str, found: _Found) -> None:
        """Read what stands between two separators: codes, a code with its title, or what is neither."""
        if is_empty(piece):
            return
        titled, seen, words = found.in_title, False, list[str]()
        for given in piece.split():
            token = given.strip(EDGES)
            if not token or is_empty(token) or LABEL.fullmatch(token):
                continue
            if (code := self._code(token, found)) and not (words and token.isdigit()):
                found.codes[code] = None
                found.title_of, seen, words = code, True, []
            elif fault := None if self._is_word(token, words, found.title_of) else self._fault(token):
                found.faults.append(fault)
                seen, words = True, []
            else:
                words.append(token)
        found.in_title = bool(seen and words) or (titled and not seen)
        if words and not seen and not titled and not self._of_title(words, found.title_of):
            found.faults.append(CellFault(_sayable(piece), "no code"))

    def _is_word(self, token: str, before: list[str], code: str) -> bool:
        """Whether a token that is no code is a word of a title: B12, 2018."""
        short = len(token) <= 3 or _is_number(token)
        return self._of_title([token], code) or bool(before and "." not in token and short)

    def _code(self, token: str, found: _Found) -> str:
        """Find a token in the release; one that lost leading zeros too, where the place of its dot shows it."""
        assert self.codes is not None
        if not any(map(str.isdigit, token)) or not token[0].isalnum():
            return ""
        code = self.codes.normalise(token)
        if code is None:
            whole, dot, rest = token.partition(".")
            if dot and token.replace(".", "").isdigit() and len(whole) < self.spec.dot:
                code = self.codes.normalise(whole.zfill(self.spec.dot) + rest)
                if code:
                    found.remarks.append(CellFault(token, "leading zeros were lost", code))
            return code or ""
        if token.isdigit() or token.replace(".", "").isdigit():
            return "" if self._zeros(token) else code
        if not self.codes.is_billable(code):
            found.remarks.append(CellFault(token, f"a heading in {self.codes.release}, not billable"))
        return code

    def _zeros(self, token: str) -> list[str]:
        """Billable codes that a spreadsheet may have cut this number of; none if it is billable itself."""
        assert self.codes is not None
        own = self.codes.normalise(token)
        if own and self.codes.is_billable(own):
            return []
        whole, _, rest = token.partition(".")
        padded = [whole.zfill(self.spec.dot) + rest + "0" * more for more in range(3)] if "." in token else []
        plain = ["0" * more + token for more in (1, 2)] if "." not in token else []
        near = (self.codes.normalise(each) for each in (*padded, *plain))
        return list(dict.fromkeys(code for code in near if code and self.codes.is_billable(code)))

    def _fault(self, token: str) -> CellFault | None:
        """Say what is wrong with a token that looks like a code; nothing for a word."""
        if (NUMBER.fullmatch(token) and "." in token) or re.fullmatch(r"\d+(?:\.\d+)?[eE]\+\d+", token):
            return CellFault(token, "a number that a spreadsheet made of a code", "")
        if SHEET_ERROR.fullmatch(f"#{token}") or SHEET_ERROR.fullmatch(token):
            return CellFault(f"#{token}", "an error of a spreadsheet")
        if _is_number(token) and (near := self._zeros(token)):
            return CellFault(token, "zeros may be lost", " or ".join(near[:3]))
        plain = bare(token)
        if re.fullmatch(r"[A-Za-z0-9.-]+", token) and (name := self._other(token, plain)):
            return CellFault(token, f"a code of {spec_of(name).title}", "", name)
        looks = any(map(str.isdigit, plain)) and bool(re.fullmatch(r"[A-Za-z]{0,2}\d[0-9A-Za-z.-]{1,9}", token))
        if not looks or len(plain) < 3 or not (plain[0].isalpha() or token.replace(".", "").isdigit()):
            return self._mistyped(token)
        assert self.codes is not None
        return CellFault(_sayable(token), f"not in {self.spec.short_title} {self.codes.release}", self._near(token))

    def _mistyped(self, token: str) -> CellFault | None:
        """A word that is a code once letters that look like digits are read as such: ``EI1.9``, ``RO5.9``."""
        assert self.codes is not None
        if "." not in token or len(token) < 4:
            return None
        near = self.codes.normalise(token[0] + token[1:].upper().translate(LOOKALIKES))
        return CellFault(_sayable(token), "letters in the place of digits", near) if near else None

    def _other(self, token: str, plain: str) -> str:
        """Another system that has the code, one of the same kind first; only those are loaded that its shape fits."""
        for name, spec in sorted(SYSTEMS.items(), key=lambda pair: pair[1].codes != self.spec.codes):
            fits = name != self.system and spec.pattern and re.fullmatch(spec.pattern, plain)
            dotted = "." not in token or spec.spell(plain) == token.upper()
            if fits and dotted and is_at_hand(name) and load_system(name).normalise(plain):
                return name
        return ""

    def _near(self, token: str) -> str:
        """The code most likely meant: with look-alikes mended, or two written as one, or a longer or shorter one."""
        assert self.codes is not None
        plain = bare(token)
        swapped = self.codes.normalise(plain[0] + plain[1:].translate(LOOKALIKES))
        if swapped:
            return swapped
        if token.count(".") > 1:
            cuts = ((plain[:at], plain[at:]) for at in range(3, len(plain) - 2))
            halves = ((self.codes.normalise(one), self.codes.normalise(two)) for one, two in cuts)
            return next((f"{one} {two}" for one, two in halves if one and two), "")
        shorter = (self.codes.normalise(plain[:at]) for at in range(len(plain) - 1, 2, -1))
        return next((code for code in shorter if code), "")

    def _of_title(self, words: Iterable[str], code: str) -> bool:
        """Whether words that stand apart are of the title of the code before them."""
        if not code or self.codes is None:
            return False
        title = set(re.findall(r"\w+", self.codes.title(code).lower()))
        return {part for word in words for part in re.findall(r"\w+", word.lower())} <= title


def _items(cell: str) -> list[str]:
    """The texts of a cell: the cell itself, or the items of a list in JSON or as Python prints it."""
    text = cell.strip()
    if is_empty(text):
        return []
    if text[0] not in "[{" or text[-1] not in "]}":
        return [text]
    text = re.sub(r"(['\"])\s+(?=['\"])", r"\1, ", text)  # as NumPy prints it
    for read in (json.loads, ast.literal_eval):
        try:
            given = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return list(_strings(given))
    return [text.strip("[]{}")]


def _strings(given: object) -> Iterator[str]:
    if isinstance(given, dict):
        coded = [value for key, value in given.items() if "code" in str(key).lower()]
        yield from _strings(coded or list(given))
    elif isinstance(given, list | tuple | set):
        for one in given:
            yield from _strings(one)
    elif given is not None:
        yield str(given)


def _is_number(token: str) -> bool:
    return token.replace(".", "", 1).isdigit()


def _sayable(text: str) -> str:
    """What may stand in a message: a short word; anything longer may be of a note."""
    text = text.strip()
    return text if len(text) <= SHOWN and not re.search(r"\s", text) else f"({len(text)} characters)"


def check_system(system: str) -> None:
    """Refuse what cannot be the name of a code system."""
    if not re.fullmatch(r"[\w.-]+", system):
        raise LeadtermError(f"bad name of a code system: '{system}'.", hint="Use letters, digits, - . and _.")
