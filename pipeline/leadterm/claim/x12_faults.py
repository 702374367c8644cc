"""The faults of an 837 file, each at its segment: envelopes, levels, segments, qualifiers, and the claim itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

from leadterm.claim.claim_faults import claim_faults
from leadterm.claim.segments import Delimiters, Segment, parse_segments
from leadterm.claim.wire import VERSION
from leadterm.errors import LeadtermError, counted
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Finding
from leadterm.storage.tsv import package_table

__all__ = ["fault_lines", "find_faults"]

LEVELS = {"20": "billing", "22": "subscriber", "23": "patient"}
LARGEST = 50_000_000
A = {"professional": "a professional", "institutional": "an institutional"}
GUIDES = {guide: kind for kind, guide in VERSION.items()}
PLACE = re.compile(r"segment (\d+) ")
COMPOSITES = {("CLM", 5), ("SV1", 1), ("SV2", 2), ("HI", 1)}


def find_faults(path: Path) -> list[Finding]:
    """Name the faults of a claim file, errors first, in the order of the file.

    ``LeadtermError`` if it cannot be read or is no X12 file at all.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise LeadtermError(f"{path} is larger than {LARGEST // 1_000_000} MB.", hint="Split it.")
        text = path.read_bytes().decode("latin-1")
    except OSError as error:
        raise LeadtermError(f"cannot read {path}: {error.strerror}.", hint="Check the path.") from None
    segments, use = parse_segments(text, str(path))
    found = [*_envelopes(segments), *(fault for one in _transactions(segments) for fault in _of_transaction(one, use))]
    found += claim_faults(text, str(path))
    return sorted(dict.fromkeys(found), key=lambda one: (one.severity != "error", _place(one)))


def _place(one: Finding) -> float:
    """The segment that a fault names; those of claims come after them."""
    told = PLACE.match(one.message)
    return int(told[1]) if told else inf


def fault_lines(name: str, faults: Sequence[Finding]) -> str:
    """Give the faults as lines for a terminal."""
    if not faults:
        return f"{name}: no fault found.\n"
    lines = "".join(f"  {one.message}{f' {one.fix}' if one.fix else ''}\n" for one in faults)
    return f"{name}: {counted(len(faults), 'fault')}\n{lines}"


@dataclass
class Transaction:
    """The segments from ST to SE, each with its number in the file, and the form they are of."""

    kind: str
    segments: list[tuple[int, Segment]] = field(default_factory=list)


def _fault(rule: str, number: int, one: Segment | str, **values: Any) -> Finding:
    name = one if isinstance(one, str) else one.name
    return make_finding(rule, "", (), where=f"segment {number} {name}", **values)


def _envelopes(segments: Sequence[Segment]) -> Iterator[Finding]:
    """Whether each envelope is closed, counts right and bears the same number at both ends."""
    opened: dict[str, tuple[int, Segment]] = {}
    groups = sets = inside = 0
    closers = {"IEA": ("ISA", 13, 2), "GE": ("GS", 6, 2), "SE": ("ST", 2, 2)}
    for number, one in enumerate(segments, 1):
        groups, sets, inside = groups + (one.name == "GS"), sets + (one.name == "ST"), inside + 1
        if one.name in ("ISA", "GS", "ST"):
            if one.name in opened:
                yield _fault("x12-envelope", number, one, what=f"the {one.name} before it was never closed")
            opened[one.name] = (number, one)
            inside = 1 if one.name == "ST" else inside
            sets, groups = (0 if one.name == "GS" else sets), (0 if one.name == "ISA" else groups)
        if one.name == "ISA" and one.at(12) != "00501":
            yield _fault("x12-guide", number, one, what=f"ISA12 says version '{one.at(12)}', not 00501")
        if one.name in closers:
            opener, at, back = closers[one.name]
            count = {"IEA": groups, "GE": sets, "SE": inside}[one.name]
            known = opened.pop(opener, None)
            if known is None:
                yield _fault("x12-envelope", number, one, what=f"it closes no {opener}")
            elif known[1].at(at).lstrip("0") != one.at(back).lstrip("0"):
                yield _fault("x12-envelope", number, one, what=f"its number is not that of the {opener}")
            if one.at(1).lstrip("0") != str(count):
                yield _fault("x12-envelope", number, one, what=f"it counts {one.at(1) or 'nothing'}, there are {count}")
    for name, (number, one) in opened.items():
        yield _fault("x12-envelope", number, one, what=f"this {name} is never closed")


def _transactions(segments: Sequence[Segment]) -> Iterator[Transaction]:
    group = ""
    made: Transaction | None = None
    for number, one in enumerate(segments, 1):
        group = one.at(8) if one.name == "GS" else group
        if one.name == "ST":
            guide = one.at(3) or group
            made = Transaction("institutional" if guide.startswith("005010X223") else "professional")
        if made is not None:
            made.segments.append((number, one))
        if one.name == "SE" and made is not None:
            yield made
            made = None
    if made is not None:
        yield made


def _of_transaction(one: Transaction, use: Delimiters) -> Iterator[Finding]:
    number, start = one.segments[0]
    if start.at(3) and start.at(3) not in GUIDES:
        known = start.at(3).startswith(tuple(guide[:10] for guide in GUIDES))
        what = f"the guide '{start.at(3)}' is none that payers must take"
        yield replace(_fault("x12-guide", number, start, what=what), severity="warning" if known else "error")
    yield from _hierarchy(one)
    yield from _elements(one, use)
    yield from _parts_faults(one)


def _hierarchy(one: Transaction) -> Iterator[Finding]:
    known: set[str] = set()
    count = 0
    for number, part in one.segments:
        if part.name == "HL":
            count += 1
            if part.at(1) != str(count):
                yield _fault(
                    "x12-hierarchy", number, part, what=f"HL01 is {part.at(1)}, the levels before it make it {count}"
                )
            if part.at(3) != "20" and part.at(2) not in known:
                yield _fault("x12-hierarchy", number, part, what=f"its parent '{part.at(2)}' is no level before it")
            known.add(part.at(1))


def _elements(one: Transaction, use: Delimiters) -> Iterator[Finding]:
    """Composites in one piece, and elements that the guides leave out."""
    for number, part in one.segments:
        for name, at in COMPOSITES:
            if part.name == name and len(part.parts(at)) == 1 and len(part.at(at)) > 2:
                yield _fault("x12-delimiter", number, f"{name}{at:02}", value=part.at(at), component=use.component)
        if part.name == "CLM":
            code = "A" if one.kind == "institutional" else "B"
            if len(part.parts(5)) > 1 and part.at(5, 2) != code:
                yield _fault("x12-qualifier", number, "CLM05-2", value=part.at(5, 2), allowed=code)
            if len(part.parts(5)) > 1 and not part.at(5, 3):
                yield _fault("x12-missing", number, "CLM05-3", what="the claim frequency")
            if one.kind == "institutional" and part.at(6):
                yield _fault("x12-unused", number, "CLM06", what="the provider's signature has no place in an 837I")


@cache
def _rules() -> list[dict[str, str]]:
    return package_table("leadterm.claim", "x12_rules.tsv")


def _cut(one: Transaction) -> Iterator[tuple[str, int, list[tuple[int, Segment]]]]:
    """The parts of a transaction: header, levels, claims, other payers, lines; each with its first segment's number."""
    name, first, held = "header", one.segments[0][0], list[tuple[int, Segment]]()
    service = "SV2" if one.kind == "institutional" else "SV1"
    for number, part in one.segments:
        following = (
            LEVELS.get(part.at(3), "level") if part.name == "HL" else "claim" if part.name == "CLM"
            else "line" if part.name == "LX" or (part.name == service and name not in ("line",))
            else "other payer" if part.name == "SBR" and name in ("claim", "other payer") else ""
        )  # fmt: skip
        if following:
            yield name, first, held
            name, first, held = following, number, []
        held.append((number, part))
    yield name, first, held


def _parts_faults(one: Transaction) -> Iterator[Finding]:
    for name, first, held in _cut(one):
        rules = [row for row in _rules() if row["part"] == name]
        for row in rules:
            if (
                row["need"] == "must"
                and row["form"] in ("both", one.kind)
                and not any(_is(part, row) for _, part in held)
            ):
                yield _fault("x12-missing", first, f"({name})", what=f"{row['what']} ({_shown(row)})")
        for number, part in held:
            yield from _segment_faults(one, number, part, rules)


def _shown(row: dict[str, str]) -> str:
    return row["segment"] + (f"*{row['first']}" if row["first"] != "-" else "")


def _is(part: Segment, row: dict[str, str]) -> bool:
    return part.name == row["segment"] and row["first"] in ("-", part.at(1))


def _segment_faults(one: Transaction, number: int, part: Segment, rules: Iterable[dict[str, str]]) -> Iterator[Finding]:
    own = [row for row in rules if row["segment"] == part.name]
    fitting = [row for row in own if row["form"] in ("both", one.kind) and _is(part, row)]
    if part.name in ("SV1", "SV2") and not fitting:
        yield _fault("x12-misplaced", number, part, what=f"it does not belong into {A[one.kind]} claim")
    elif part.name == "AMT" and not fitting:
        allowed = ", ".join(row["first"] for row in own if row["form"] in ("both", one.kind))
        yield _fault("x12-qualifier", number, "AMT01", value=part.at(1), allowed=allowed or "no amount")
    for row in fitting:
        if row["element"] != "-":
            at, _, values = row["element"].partition("=")
            if (value := part.at(int(at))) not in values.split("|"):
                where = f"{part.name}{int(at):02} ({row['what']})"
                yield _fault("x12-qualifier", number, where, value=value, allowed=values.replace("|", ", "))
