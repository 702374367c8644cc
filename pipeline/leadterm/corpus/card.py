"""The data card of a corpus: ``corpus.toml``, typed, read and written."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from leadterm.errors import LeadtermError, unknown_name
from leadterm.storage.text_files import read_toml, toml_key, toml_value
from leadterm.storage.tsv import parse_pairs
from leadterm.storage.validation import STRICT, validated

__all__ = ["CARD_FILE", "COUNTS", "Card", "card_text", "read_card", "read_code_list"]

CARD_FILE = "corpus.toml"
LARGEST_LIST = 100_000_000
COUNTS = ("encounters", "outpatient", "inpatient", "notes", "words", "codes", "distinct_codes", "evidence")


@dataclass(frozen=True)
class Card:
    """What a corpus is, where it comes from and what may be done with it.

    - ``source``: who made it and where it was published.
    - ``licence``: terms of the whole, best as an SPDX name.
    - ``languages``: ISO 639-1 codes.
    - ``systems``: code system → release, for instance ``{"icd10cm": "2026-04-01"}``.
    - ``split_method``: how encounters were parted into splits.
    - ``phi_status``: whether patients can be recognised, for instance ``"none: invented"``.
    - ``text_licence``: terms of the notes, where they differ.
    - ``partial_codes``: systems whose codes may be headings or cut short by design.
    - ``code_lists``: system → file in the corpus folder: tab-separated code and title, for systems leadterm does not
      know.
    - ``counts``: any of ``encounters outpatient inpatient notes words codes distinct_codes evidence``.
    - ``splits``: split → number of encounters.

    >>> card = Card("demo", "Invented.", "CC0-1.0", ("en",), {"icd10cm": "2026"}, "all train", "none: invented")
    >>> card.partial_codes
    ()
    """

    __pydantic_config__ = STRICT

    name: str
    source: str
    licence: str
    languages: tuple[str, ...]
    systems: Mapping[str, str]
    split_method: str
    phi_status: str
    text_licence: str = ""
    partial_codes: tuple[str, ...] = ()
    code_lists: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    splits: Mapping[str, int] = field(default_factory=dict)


REQUIRED = ("name", "source", "licence", "languages", "systems", "split_method", "phi_status")
TABLES = ("systems", "code_lists", "counts", "splits")


def read_card(path: str | Path) -> Card:
    """Read the card of a corpus.

    ``LeadtermError`` if there is no card, it is not TOML, or a
    field is missing, unknown or of the wrong type.

    >>> import tempfile
    >>> card = Card("demo", "Invented.", "CC0-1.0", ("en",), {"icd10cm": "2026"}, "all train", "none: invented")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "corpus.toml").write_text(card_text(card))
    ...     read_card(folder) == card
    True
    """
    file = Path(path) / CARD_FILE
    if not file.is_file():
        raise LeadtermError(f"no card {CARD_FILE} in '{path}'.", hint="Make a corpus with 'leadterm corpus import'.")
    return _card(read_toml(file), str(file))


def _card(given: dict[str, Any], where: str) -> Card:
    card = validated(Card, given, where)
    for key in card.counts:
        if key not in COUNTS:
            raise unknown_name(f"count in {where}:", key, COUNTS)
    return card


def card_text(card: Card) -> str:
    """Give a card as TOML, fields in a fixed order.

    >>> print(card_text(Card("demo", "Invented.", "CC0-1.0", ("en",), {}, "all train", "none")).splitlines()[0])
    name = "demo"
    """
    plain = [item.name for item in fields(Card) if item.name not in TABLES]
    lines = [f"{key} = {toml_value(getattr(card, key))}" for key in plain if getattr(card, key) or key in REQUIRED]
    for table in TABLES:
        entries: Mapping[str, object] = getattr(card, table)
        if entries or table in REQUIRED:
            lines += ["", f"[{table}]", *(f"{toml_key(key)} = {toml_value(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n"


def read_code_list(path: str | Path, system: str) -> list[tuple[str, str]]:
    """Read the list of codes a corpus declares for a system of its own.

    Code and title, in the order of the file; the title is empty where none is given. ``system``: name of the system.
    ``LeadtermError`` if the corpus declares no such list or its file cannot be read.

    >>> import tempfile
    >>> card = Card("d", "", "", (), {"oiics": "2"}, "", "", code_lists={"oiics": "codes-oiics.tsv"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "corpus.toml").write_text(card_text(card))
    ...     _ = (Path(folder) / "codes-oiics.tsv").write_text("42\\tFalls on the same level\\n")
    ...     read_code_list(folder, "oiics")
    [('42', 'Falls on the same level')]
    """
    lists = read_card(path).code_lists
    if system not in lists:
        raise unknown_name("code list", system, lists, hint=f"Name its file under [code_lists] in {CARD_FILE}.")
    try:
        text = _inside(Path(path), lists[system]).read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        message = f"cannot read the code list of '{system}' in {path}."
        raise LeadtermError(message, hint=f"It must be a UTF-8 text file under {LARGEST_LIST:,} bytes.") from None
    return parse_pairs(text)


def _inside(folder: Path, name: str) -> Path:
    """Find a file that a card names: a regular one inside the folder, since a corpus may come from anywhere."""
    file = folder / name
    if Path(name).name != name or file.resolve().parent != folder.resolve():
        raise LeadtermError(f"a code list of {folder / CARD_FILE} lies outside the corpus.", hint="Name a file inside.")
    if not stat.S_ISREG(file.stat().st_mode) or file.stat().st_size > LARGEST_LIST:
        raise OSError
    return file
