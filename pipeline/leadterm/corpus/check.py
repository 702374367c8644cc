"""Find what is wrong in a corpus, and mend the spelling of its codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadterm.corpus.card import CARD_FILE, Card, read_card, read_code_list
from leadterm.corpus.code_spelling import canonical
from leadterm.corpus.format import arrange_mentions, decode, decode_codes, decode_shell, encode, replace_codes
from leadterm.corpus.splits import BOM, Tally, iter_lines, iter_split, splits_of
from leadterm.errors import LeadtermError
from leadterm.schema import Encounter, ReferenceCode
from leadterm.storage.writer import explain_failure, open_file, write_file

if TYPE_CHECKING:
    from leadterm.codes import CodeSystem

__all__ = ["Problem", "check", "fix"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, or worth knowing, in a corpus.

    - ``level``: ``"error"`` (the corpus should not be used so) or ``"warning"``.
    - ``kind``: for instance ``"duplicate-id"`` or ``"unknown-code"``.
    - ``message``: what is wrong; never text of a note.
    - ``split``: the split; empty for the corpus as a whole.
    - ``line``: line of the split's file, from 1; 0 for the corpus as a whole.

    >>> print(Problem("error", "empty-note", "note 'n1' is empty.", "dev", 7, "e1"))
    error dev.jsonl:7 e1: note 'n1' is empty. [empty-note]
    """

    level: str
    kind: str
    message: str
    split: str = ""
    line: int = 0
    encounter_id: str = ""

    def __str__(self) -> str:
        place = f" {self.split}.jsonl:{self.line}" if self.line else f" {self.split}.jsonl" if self.split else ""
        return f"{self.level}{place}{' ' if self.encounter_id else ''}{self.encounter_id}: {self.message} [{self.kind}]"


CodeTest = Callable[[str], str]
"""Says what is wrong with a code; empty if nothing is."""

Found = Callable[[str, str, str], Problem]


def check(path: str | Path) -> list[Problem]:
    """Check a corpus: form, ids, patients across splits, evidence, codes, and the figures of its card.

    Problems of the card come first, then line by line. ``LeadtermError`` if there is no such folder or it holds
    no split.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "train.jsonl").write_text('{"encounter_id": "e1", "notes": []}')
    ...     [problem.kind for problem in check(folder)]
    ['bad-card', 'bad-encounter']
    """
    splits = splits_of(path)
    try:
        card = read_card(path)
    except LeadtermError as error:
        return [Problem("error", "bad-card", str(error)), *_check_splits(path, splits, {}, Tally())]
    tests, found = _code_tests(path, card)
    tally = Tally()
    found += _check_splits(path, splits, tests, tally)
    return [*_check_card(card, tally), *found]


def _check_card(card: Card, tally: Tally) -> Iterator[Problem]:
    counted = tally.counts()
    for name, said, real in [
        *((key, value, counted[key]) for key, value in card.counts.items()),
        *((f"splits.{key}", value, tally.splits[key]) for key, value in card.splits.items()),
    ]:
        if said != real:
            yield Problem("error", "wrong-count", f"the card says {name} = {said}, the files hold {real}.")
    for split in tally.splits if card.splits else ():
        if split not in card.splits:
            yield Problem("error", "wrong-count", f"the card does not name the split '{split}'.")
    for system in sorted({system for system, _ in tally.distinct} - set(card.systems)):
        yield Problem("error", "undeclared-system", f"the card does not declare the system '{system}'.")


def _check_splits(path: str | Path, splits: list[str], tests: Mapping[str, CodeTest], tally: Tally) -> list[Problem]:
    """Check every line of every split; `tally` counts the encounters that could be read."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    patients: dict[str, str] = {}
    for split in splits:
        try:
            for number, line in iter_lines(path, split):
                encounter = _check_line(line, split, number, tests, problems)
                if encounter is not None:
                    tally.add(split, encounter)
                    problems += _check_ids(encounter, split, number, seen, patients)
        except LeadtermError as error:
            problems.append(Problem("error", "bad-file", str(error), split))
    return problems


def _check_line(
    line: object, split: str, number: int, tests: Mapping[str, CodeTest], problems: list[Problem]
) -> Encounter | None:
    """Check one line; give the encounter with the codes that could be read."""
    given = line.get("encounter_id") if isinstance(line, dict) else None
    name = given[:80] if isinstance(given, str) else ""

    def found(level: str, kind: str, message: str) -> Problem:
        return Problem(level, kind, message, split, number, name)

    try:
        shell, raw_codes = decode_shell(line)
    except LeadtermError as error:
        problems.append(found("error", "bad-encounter", str(error)))
        return None
    problems += [
        found("error", "empty-note", f"note '{note.note_id}' is empty.")
        for note in shell.notes
        if not note.text.strip()
    ]
    notes = {note.note_id: note.text for note in shell.notes}
    codes: list[ReferenceCode] = []
    for raw in raw_codes:
        try:
            codes += decode_codes([raw], notes)
        except LeadtermError as error:
            problems.append(found("error", "bad-code", str(error)))
    problems += _check_codes(codes, tests, found)
    return replace_codes(shell, tuple(codes))


def _check_codes(codes: list[ReferenceCode], tests: Mapping[str, CodeTest], found: Found) -> Iterator[Problem]:
    if not codes:
        yield found("warning", "no-codes", "the encounter has no codes.")
    names = [(code.system, canonical(code.system, code.code)) for code in codes]
    for system, code in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield found("warning", "duplicate-code", f"{system} {code} stands more than once.")
    for given, (system, spelt) in zip(codes, names, strict=True):
        if given.code != spelt:
            yield found("error", "spelling", f"{system} '{given.code}' should be written '{spelt}'.")
        fault = tests[system](spelt) if system in tests else ""
        if fault:
            level, _, message = fault.partition(": ")
            yield found(level, "unknown-code", f"{system} {spelt} {message}.")


def _check_ids(
    encounter: Encounter, split: str, number: int, seen: dict[str, str], patients: dict[str, str]
) -> Iterator[Problem]:
    """Compare the ids with those before; both mappings hold where an id came first."""
    name, patient = encounter.encounter_id, encounter.patient_id
    place = f"{split}.jsonl:{number}"
    if name in seen:
        yield Problem("error", "duplicate-id", f"the encounter id was used at {seen[name]}.", split, number, name)
    seen.setdefault(name, place)
    if patient is None:
        return
    first = patients.setdefault(patient, place)
    if not first.startswith(f"{split}.jsonl:"):
        message = f"its patient '{patient}' is also at {first}: a split divides a patient."
        yield Problem("error", "patient-in-two-splits", message, split, number, name)


def _code_tests(path: str | Path, card: Card) -> tuple[dict[str, CodeTest], list[Problem]]:
    """Make a test for the codes of each system that a list of codes is at hand for."""
    from leadterm.codes import from_pairs, load_system

    tests: dict[str, CodeTest] = {}
    problems: list[Problem] = []
    for name, release in card.systems.items():
        try:
            own = name in card.code_lists
            system = from_pairs(name, read_code_list(path, name)) if own else load_system(name)
        except LeadtermError as error:
            problems.append(Problem("warning", "codes-not-checked", f"codes of '{name}' are not checked: {error}"))
            continue
        where = f"the list {card.code_lists[name]}" if own else system.release
        same = own or _same_release(release, system.release)
        tests[name] = _code_test(system, where, same=same, partial=name in card.partial_codes)
    return tests, problems


def _code_test(system: CodeSystem, where: str, *, same: bool, partial: bool) -> CodeTest:
    """Make the test for one system; in another release than the corpus was coded with, faults are warnings."""
    level = "error" if same else "warning"
    starts = {code[:length] for code in system.codes for length in range(2, len(code))} if partial else set()

    def test(code: str) -> str:
        if code not in system:
            return "" if code in starts else f"{level}: is not in {where}"
        if not partial and not system.is_billable(code):
            return f"{level}: is a heading in {where}, not a billable code"
        return ""

    return test


def _same_release(said: str, loaded: str) -> bool:
    """Compare the digits of two releases as far as both go: 2026-04-01 is 2026.04."""
    one, other = (re.sub(r"\D", "", name) for name in (said, loaded))
    return bool(one and other) and (one.startswith(other) or other.startswith(one))


def fix(path: str | Path) -> int:
    """Write every code the way its system does, and put codes that stand twice in an encounter together.

    Only lines with such codes are written anew, and the counts of the card that change by it; all else in the
    folder stays as it is.

    ``LeadtermError`` if the corpus cannot be read; nothing is changed then.

    >>> import tempfile
    >>> from leadterm.corpus import Card, read_split, write_corpus
    >>> from leadterm.schema import Note
    >>> card = Card("demo", "", "", ("en",), {"icd10cm": "2026"}, "", "none: invented")
    >>> rough = Encounter("e1", (Note("n1", "Cough."),), (ReferenceCode("icd10cm", "r059"),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_corpus(f"{folder}/demo", card, {"train": [rough]})
    ...     fix(f"{folder}/demo"), read_split(f"{folder}/demo", "train")[0].codes[0].code
    (1, 'R05.9')
    """
    read_card(path)
    tally = Tally()
    changed = {split: _count_mended(path, split, tally) for split in splits_of(path)}
    for split, codes in changed.items():
        file = Path(path) / f"{split}.jsonl"
        if codes:
            with explain_failure(file), open_file(file) as mended:
                mended.writelines(_mended_lines(file))
    if any(changed.values()):
        _renew_counts(Path(path) / CARD_FILE, tally.counts())
    return sum(changed.values())


def _count_mended(path: str | Path, split: str, tally: Tally) -> int:
    changed = 0
    for encounter in iter_split(path, split):
        codes = _mend(encounter.codes)
        changed += len(encounter.codes) - len({*encounter.codes} & {*codes})
        tally.add(split, replace_codes(encounter, codes))
    return changed


def _mended_lines(file: Path) -> Iterator[bytes]:
    """Give the lines of a split, those without a fault byte for byte."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines):
            content = line.removeprefix(BOM) if number == 0 else line
            encounter = decode(json.loads(content)) if content.strip() else None
            codes = _mend(encounter.codes) if encounter else ()
            if encounter is None or codes == encounter.codes:
                yield line
            else:
                yield json.dumps(encode(replace_codes(encounter, codes)), ensure_ascii=False).encode() + b"\n"


def _renew_counts(file: Path, counts: Mapping[str, int]) -> None:
    """Write the counts that a card states anew, and leave its remarks and its layout."""
    lines = file.read_bytes().decode("utf-8-sig").splitlines(keepends=True)
    table = ""
    for place, line in enumerate(lines):
        head = re.match(r"\s*\[\s*(\w+)\s*\]", line)
        table = head[1] if head else table
        entry = re.match(r"(\s*\"?(\w+)\"?\s*=\s*)\d[\d_]*", line)
        if table == "counts" and entry and entry[2] in counts:
            lines[place] = f"{entry[1]}{counts[entry[2]]}{line[entry.end() :]}"
    with explain_failure(file):
        write_file(file, "".join(lines))


def _mend(codes: Iterable[ReferenceCode]) -> tuple[ReferenceCode, ...]:
    merged: dict[tuple[str, str], ReferenceCode] = {}
    for code in codes:
        name = (code.system, canonical(code.system, code.code))
        before = merged.get(name)
        unique = dict.fromkeys(m for c in (before, code) if c for m in c.evidence)
        role = before.role if before and before.role else code.role
        need = "must" if any(c.need == "must" for c in (before, code) if c) else "may"
        merged[name] = ReferenceCode(*name, role, arrange_mentions(unique), need)
    return tuple(merged.values())
