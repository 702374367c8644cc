"""What other programs ask: codes for a note, codes by words, what a code is, whether codes fit. Nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from leadterm.codes import load_system
from leadterm.codes.registry import is_at_hand
from leadterm.codes.search import search
from leadterm.errors import LeadtermError, unknown_name
from leadterm.rules.findings import Coded
from leadterm.schema import Encounter

if TYPE_CHECKING:
    from leadterm.suggester import Suggester

__all__ = ["check_codes_of", "found_codes", "read_encounter", "read_fhir"]

MOST_HITS = 50


def read_encounter(text: str = "", given: Mapping[str, Any] | None = None) -> Encounter:
    """Read a text, or an encounter in our format; `LeadtermError` if it is neither or both."""
    from leadterm.corpus.format import decode
    from leadterm.suggester import as_encounter

    if bool(text.strip()) == (given is not None):
        raise LeadtermError("there must be a text or an encounter.", hint="Give one of them, and it must have words.")
    return as_encounter(text) if given is None else decode(given)


def read_fhir(given: Mapping[str, Any]) -> list[Encounter]:
    """Read the encounters of a FHIR resource or bundle."""
    from leadterm.intake.fhir_documents import fhir_encounters

    with TemporaryDirectory(prefix="leadterm-") as folder:  # for the user alone, and gone at once
        path = Path(folder) / "given.json"
        path.write_text(json.dumps(given), encoding="utf-8")
        found, _ = fhir_encounters([path])
    if not found:
        raise LeadtermError("this FHIR holds no document with a text.", hint="Give a Bundle with DocumentReferences.")
    return [encounter for encounter, _ in found]


def found_codes(system: str, text: str, date: str | None = None, top: int = 12) -> list[dict[str, Any]]:
    """Find codes by words or by their beginning; `LeadtermError` if the system is not at hand.

    >>> found_codes("icd10cm", "gout right ankle", top=1)[0]["code"]
    'M10.071'
    """
    if not is_at_hand(system):
        raise unknown_name("code system", system[:20], ("icd10cm", "icd10pcs", "hcpcs"))
    return [{"system": system, "code": one.code, "title": one.title, "term": one.term, "billable": one.billable}
            for one in search(load_system(system, date), text, min(top, MOST_HITS))]  # fmt: skip


def check_codes_of(model: Suggester, encounter: Encounter, codes: Iterable[str]) -> dict[str, Any]:
    """Check a coder's codes, spelt with or without dots or as ``SYSTEM:CODE``, against the note and the rules."""
    from leadterm.rules.review import review_codes

    given = _coded(encounter, codes, model.systems)
    if not given:
        raise LeadtermError("there are no codes to check.", hint='Give them: ["E11.9", "I10"].')
    said_of = getattr(model, "said_of", None)
    return review_codes(encounter, given, model.suggest(encounter), said_of=said_of).to_json()


def _coded(encounter: Encounter, codes: Iterable[str], systems: Sequence[str]) -> list[Coded]:
    made = []
    for typed in codes:
        name, _, code = typed.rpartition(":")
        known = [one for one in ([name] if name else systems) if is_at_hand(one)]
        spelt = ((one, load_system(one, encounter.date_of_service).normalise(code)) for one in known)
        found = next(((one, right) for one, right in spelt if right), (known[0] if known else systems[0], code.upper()))
        made.append(Coded(*found))
    return made
