"""What is wrong with the claims in a file: numbers, dates, counts, totals, pointers, diagnoses of another day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.form_checks import form_faults
from leadterm.claim.read_x12 import ClaimReader, as_number
from leadterm.claim.segments import parse_segments
from leadterm.codes.release import as_day
from leadterm.errors import LeadtermError
from leadterm.rules.book import make_finding
from leadterm.rules.code_checks import check_items
from leadterm.rules.findings import Coded, Facts, Finding

__all__ = ["claim_faults"]

END_OF_ICD9 = "2015-10-01"
OLD = ("BK", "BF", "BJ", "PR", "BN")
VALIDITY = ("unknown-code", "retired", "not-yet", "incomplete", "seventh-character", "not-in-force",
            "unknown-modifier")  # fmt: skip
LEVEL_II, FIRST_LISTED = re.compile(r"[A-CE-V]\d{4}"), "2024-07-01"


def claim_faults(text: str, name: str) -> Iterator[Finding]:
    """Check each claim of an interchange by itself."""
    segments, _ = parse_segments(text, name)
    reader = ClaimReader()
    totals: list[tuple[str, Decimal]] = []
    old: dict[int, str] = {}
    for one in segments:
        reader.take(one)
        if one.name == "CLM":
            totals.append((one.at(1), as_number(one.at(2))))
        elif one.name == "HI" and one.at(1) in OLD:
            old[len(totals) - 1] = one.at(1)
    for number, (draft, (claim, total)) in enumerate(zip(reader.finish(), totals, strict=True)):
        where = f"claim {claim}"
        if total != draft.total:
            yield make_finding("x12-total", "", (), where=where, value=total, sum=draft.total)
        yield from _of_claim(draft, where, old.get(number, ""))
    for claim, times in Counter(claim for claim, _ in totals).items():
        if times > 1:
            yield make_finding("x12-repeated", "", (claim,), where="the file")


def _of_claim(draft: ClaimDraft, where: str, old: str) -> Iterator[Finding]:
    days = [line.date for line in draft.lines if line.date]
    day = min(days, default=draft.circumstances.from_date)
    if old and day >= END_OF_ICD9:
        yield make_finding("x12-icd9", "", (), where=where, value=old)
    for code, times in Counter(one.code for one in draft.diagnoses).items():
        if times > 1:
            yield make_finding("x12-repeated", "", (code,), where=where)
    read = replace(draft, circumstances=replace(draft.circumstances, charset="extended"))
    found = [fault for fault in form_faults(read) if fault.rule != "claim-poa"]
    with suppress(LeadtermError):  # the fault of the date itself is among those
        items = [] if old else [Coded(one.system, one.code, one.role) for one in draft.diagnoses]
        facts = Facts(as_day(day) if day else None, draft.setting)
        listed = day >= FIRST_LISTED  # of days before there is no list of HCPCS
        items += [Coded("hcpcs", one.code, modifiers=one.modifiers) for one in draft.lines
                  if listed and LEVEL_II.fullmatch(one.code)]  # fmt: skip
        found += [fault for fault in check_items(facts, items) if fault.rule in VALIDITY]
    yield from (replace(fault, message=f"{where}: {fault.message}") for fault in found)
