"""Build the reference corpus from its hand-written sources.

Run as ``python -m leadterm.readers.reference_sources SOURCES OUTPUT``: reads ``SOURCES/*.md``, checks
every code and every quoted word, and writes ``OUTPUT/train.jsonl`` and ``OUTPUT/corpus.toml``. The
format of a source is told in `leadterm.readers.reference_format`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from leadterm.codes.registry import release_on
from leadterm.errors import LeadtermError, unknown_name
from leadterm.readers.reference_format import DIAGNOSES, REQUIRED, CodeLine, SourceEncounter, locate, parse
from leadterm.readers.reference_rules import code_faults, excludes1_conflict, other_faults
from leadterm.schema import SETTINGS
from leadterm.service_line import shown_units
from leadterm.storage.text_files import read_text
from leadterm.storage.writer import write_file

__all__ = ["build", "main", "read_sources"]

RELEASE = "2026-04-01"
FIRST_ROLE = {"outpatient": "first-listed", "inpatient": "principal"}
CARD = """\
# Made by `python -m leadterm.readers.reference_sources`; edit the sources, not this file.
name = "{name}"
source = "Written for leadterm: invented encounters, coded by hand with evidence."
licence = "Apache-2.0"
text_licence = "CC0-1.0"
languages = ["en"]
split_method = "Everything is train; cross-validate by encounter. Every encounter is another patient."
phi_status = "none: invented"

[systems]
icd10cm = "{release}"
{others}
[counts]
encounters = {encounters}
outpatient = {outpatient}
inpatient = {inpatient}
codes = {codes}
distinct_codes = {distinct}
evidence = {evidence}
words = {words}
"""


def _evidence(source: SourceEncounter) -> list[dict[str, object]]:
    coded: list[dict[str, object]] = []
    for item in source.codes:
        evidence: list[dict[str, object]] = []
        for mention in item.quotes.split(" ; "):
            spans = locate(mention, source.text)
            if spans is None:
                place = f"{source.place.split(':')[0]}:{item.line}: {source.encounter_id}"
                raise LeadtermError(
                    f"{place}: no such words in the note for {item.code}: '{mention.strip()}'.",
                    hint="Quote whole words, letter for letter, within one line.",
                )
            evidence.append({"note_id": "n1", "spans": spans})
        coded.append(_code_json(item) | {"evidence": evidence})
    return coded


def _code_json(item: CodeLine) -> dict[str, object]:
    """Give a code with what is known of it; a role only to diagnoses, units and modifiers only to services."""
    made: dict[str, object] = {"system": item.system, "code": item.code}
    made |= {"role": item.role} if item.role else {}
    made |= {"units": shown_units(item.units)} if item.units is not None else {}
    return made | ({"modifiers": list(item.modifiers)} if item.modifiers else {})


def _check_header(source: SourceEncounter) -> None:
    missing = [key for key in REQUIRED if not source.fields.get(key)]
    if missing:
        raise LeadtermError(f"{source.place}: {source.encounter_id}: header lacks {', '.join(missing)}.")
    values = source.fields
    if values["setting"] not in SETTINGS:
        raise unknown_name(f"setting at {source.place}", values["setting"], SETTINGS)
    if values["sex"] not in ("F", "M"):
        raise unknown_name(f"sex at {source.place}", values["sex"], ("F", "M"))
    try:
        day = date.fromisoformat(values["date_of_service"])
        born = int(values["birth_year"])
    except ValueError as error:
        raise LeadtermError(f"{source.place}: {source.encounter_id}: a date that cannot be read: {error}.") from error
    if not date(2026, 4, 1) <= day <= date(2026, 9, 30) or not 1900 <= born <= day.year:
        raise LeadtermError(
            f"{source.place}: {source.encounter_id}: service on {day}, born {born}.",
            hint="Use a day from 2026-04-01 to 2026-09-30, for which the release is valid, and a birth year before it.",
        )


def _check_codes(source: SourceEncounter) -> None:
    if not source.codes or not source.text.strip():
        raise LeadtermError(f"{source.place}: {source.encounter_id}: needs a note and at least one code.")
    first = FIRST_ROLE[source.fields["setting"]]
    diagnoses = [item for item in source.codes if item.system == DIAGNOSES]
    roles = [item.role for item in diagnoses]
    if roles != [first] + ["secondary"] * (len(roles) - 1):
        raise LeadtermError(
            f"{source.place}: {source.encounter_id}: roles are {', '.join(roles)}.",
            hint=f"Write one '{first}' at the top, then 'secondary'.",
        )
    codes = [item.code for item in diagnoses]
    others = [(item.system, item.code, item.modifiers) for item in source.codes if item.system != DIAGNOSES]
    faults = code_faults(codes) + other_faults(others, source.fields["date_of_service"])
    allowed = {frozenset(pair.split()) for pair in source.fields.get("excludes1_allowed", "").split(";")}
    conflict = excludes1_conflict(codes, allowed)
    if conflict:
        faults.append(f"an Excludes1 note parts {conflict[0]} and {conflict[1]}")
    if faults:
        raise LeadtermError(f"{source.place}: {source.encounter_id}: {'; '.join(faults)}.")


def _to_json(source: SourceEncounter) -> dict[str, object]:
    _check_header(source)
    _check_codes(source)
    values = source.fields
    return {
        "encounter_id": source.encounter_id,
        "patient_id": values.get("patient", f"p-{source.encounter_id}"),
        "setting": values["setting"],
        "language": "en",
        "patient": {"sex": values["sex"], "birth_year": int(values["birth_year"])},
        "date_of_service": values["date_of_service"],
        "notes": [{"note_id": "n1", "kind": values["kind"], "text": source.text}],
        "codes": _evidence(source),
    }


def read_sources(folder: Path) -> list[SourceEncounter]:
    """Read every ``*.md`` file of a folder.

    ``LeadtermError`` if there is no source, a file cannot be read, or two encounters share an id.

    >>> read_sources(Path("no-such-folder"))
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: no sources (*.md) in 'no-such-folder'. Give the folder that holds them.
    """
    sources: list[SourceEncounter] = []
    for path in sorted(folder.glob("*.md")):
        sources.extend(parse(read_text(path), path.name))
    if not sources:
        raise LeadtermError(f"no sources (*.md) in '{folder}'.", hint="Give the folder that holds them.")
    sources.sort(key=lambda source: source.encounter_id)
    for before, after in pairwise(sources):
        if before.encounter_id == after.encounter_id:
            raise LeadtermError(f"{after.place}: {after.encounter_id} is also at {before.place}.", hint="Rename one.")
    return sources


def build(sources: Sequence[SourceEncounter], name: str = "reference") -> dict[str, str]:
    """Check the sources and give the corpus files.

    Content by file name: ``train.jsonl`` and ``corpus.toml``. Same sources, same bytes. ``LeadtermError`` if any
    encounter has a fault; one line each, with the encounter and the place.

    >>> sorted(build([]))
    ['corpus.toml', 'train.jsonl']
    """
    rows: list[dict[str, object]] = []
    faults: list[str] = []
    for source in sources:
        try:
            rows.append(_to_json(source))
        except LeadtermError as error:
            faults.append(str(error))
    if faults:
        raise LeadtermError("\n".join(faults))
    codes = [(item.system, item.code) for source in sources for item in source.codes]
    systems = sorted({system for system, _ in codes})
    settings = [source.fields["setting"] for source in sources]
    card = CARD.format(
        name=name,
        release=RELEASE,
        others="".join(f'{name} = "{release_on(name)}"\n' for name in systems if name != DIAGNOSES),
        encounters=len(rows),
        outpatient=settings.count("outpatient"),
        inpatient=settings.count("inpatient"),
        codes=len(codes),
        distinct=len(set(codes)),
        evidence=sum(len(item.quotes.split(" ; ")) for source in sources for item in source.codes),
        words=sum(len(source.text.split()) for source in sources),
    )
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return {"train.jsonl": lines, "corpus.toml": card}


def main(argv: Sequence[str]) -> int:
    """Build the corpus: ``SOURCES OUTPUT`` are two folders.

    0 when built, 2 on a fault (told on standard error, nothing written).

    >>> main(["no-such-folder", "out"])
    2
    """
    try:
        if len(argv) != 2:
            raise LeadtermError(f"got {len(argv)} arguments.", hint="Give SOURCES and OUTPUT, two folders.")
        output = Path(argv[1])
        files = build(read_sources(Path(argv[0])), output.resolve().name)
        for name, content in files.items():
            write_file(output / name, content)
    except LeadtermError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot write the corpus: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
