"""CodiEsp: Spanish clinical cases with diagnoses, procedures and evidence (Miranda-Escalada et al. 2020).

A folder with ``train/ dev/ test/``, whichever are there. Each holds ``{split}D.tsv`` and ``{split}P.tsv``
(case, code), ``{split}X.tsv`` (case, label, code, words, offsets such as ``2787 2801;2810 2823``) and the
folders ``text_files`` (Spanish) and ``text_files_en`` (machine translation, without offsets).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from leadterm.corpus import Card, arrange_mentions
from leadterm.corpus.code_spelling import canonical
from leadterm.errors import LeadtermError, counted, unknown_name
from leadterm.readers.base import Imported, take_folder
from leadterm.schema import Encounter, EvidenceSpan, Mention, Note, ReferenceCode
from leadterm.storage.text_files import read_text
from leadterm.storage.tsv import iter_rows

__all__ = ["read"]

TEXTS = {"es": "text_files", "en": "text_files_en"}
SYSTEMS = {"D": "icd10cm", "P": "icd10pcs"}
LABELS = {"DIAGNOSTICO": "icd10cm", "PROCEDIMIENTO": "icd10pcs"}
NOTE_ID = "n1"

Codes = dict[str, list[tuple[str, str]]]
Mentions = dict[tuple[str, str, str], list[list[tuple[int, int]]]]


def read(source: Path, *, language: str = "es") -> Imported:
    """Read CodiEsp.

    Systems ``icd10cm`` and ``icd10pcs``; about half of the procedure codes are cut at 4 characters by design.
    ``language``: ``"es"``: the original with evidence; ``"en"``: the machine translation without. ``LeadtermError``
    if the folder holds no split, a file is malformed, or a coded case has no text.

    >>> read(Path("."), language="fr")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: unknown language 'fr'. Allowed: en, es.
    """
    if language not in TEXTS:
        raise unknown_name("language", language, TEXTS)
    take_folder(source, "codiesp")
    splits = [name for name in ("train", "dev", "test") if (source / name).is_dir()]
    if not splits:
        raise LeadtermError(f"no train/, dev/ or test/ in '{source}'.", hint="Give the folder that holds them.")
    card = Card(
        name=f"codiesp-{language}",
        source="CodiEsp v4, CLEF eHealth 2020, Miranda-Escalada et al.; Spanish clinical cases"
        + (", machine translation into English." if language == "en" else "."),
        licence="CC-BY-4.0",
        languages=(language,),
        systems={"icd10cm": "CIE10-ES 2018", "icd10pcs": "CIE10-ES 2018"},
        split_method="As published.",
        phi_status="Published case reports without identifiers.",
        partial_codes=("icd10cm", "icd10pcs"),
    )
    encounters = ((split, case) for split in splits for case in _split(source / split, split, language))
    return Imported(card, encounters)


def _split(folder: Path, split: str, language: str) -> Iterator[Encounter]:
    codes: Codes = {}
    for letter, system in SYSTEMS.items():
        for _, case, code in _lines(folder / f"{split}{letter}.tsv", 2):
            codes.setdefault(case, []).append((system, canonical(system, code)))
    mentions = _mentions(folder / f"{split}X.tsv") if language == "es" else {}
    texts = folder / TEXTS[language]
    cases = sorted(file.stem for file in texts.glob("*.txt")) if texts.is_dir() else []
    lost = sorted(set(codes) - set(cases))
    if lost or not cases:
        lacking = counted(len(lost), "coded case") + (f", the first is {lost[0]}" if lost else "")
        raise LeadtermError(f"{texts} lacks the text of {lacking}.", hint="Give the folder as published.")
    for case in cases:
        text = read_text(texts / f"{case}.txt")
        yield _encounter(case, text, language, codes.get(case, []), mentions)


def _lines(path: Path, fields: int) -> Iterator[tuple[str, ...]]:
    """Yield the line number and the fields of each line; a file that is not there has none."""
    if not path.exists():
        return
    for number, cells in iter_rows(read_text(path), str(path), fields=fields):
        yield (str(number), *map(str.strip, cells))


def _mentions(path: Path) -> Mentions:
    """Read the evidence: case, system, code → mentions, each a list of offsets."""
    found: Mentions = {}
    for number, case, label, code, _, offsets in _lines(path, 5):
        if label not in LABELS:
            raise unknown_name(f"label in {path} line {number}:", label, LABELS)
        try:
            pairs = sorted((int(start), int(end)) for start, end in (pair.split() for pair in offsets.split(";")))
        except ValueError:
            raise LeadtermError(f"{path} line {number}: bad offsets '{offsets}'.", hint="Like '5 9;12 20'.") from None
        system = LABELS[label]
        spans = [(start, end) for start, end in pairs if start != end]  # a few published pieces are empty
        found.setdefault((case, system, canonical(system, code)), []).append(spans)
    return found


def _encounter(case: str, text: str, language: str, codes: list[tuple[str, str]], mentions: Mentions) -> Encounter:
    made = []
    for system, code in dict.fromkeys(codes):
        spans = [
            Mention.of(*(_span(case, start, end, text) for start, end in mention))
            for mention in mentions.get((case, system, code), [])
            if mention
        ]
        made.append(ReferenceCode(system, code, "", arrange_mentions(spans)))
    return Encounter(case, (Note(NOTE_ID, text, "case report"),), tuple(made), None, "inpatient", language)


def _span(case: str, start: int, end: int, text: str) -> EvidenceSpan:
    if not 0 <= start < end <= len(text):
        raise LeadtermError(
            f"case {case}: evidence offsets [{start}, {end}) lie outside a text of {len(text)} characters.",
            hint="Are the text files as published?",
        )
    return EvidenceSpan(NOTE_ID, start, end, text[start:end])
