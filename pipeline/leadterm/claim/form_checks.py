"""Whether the values of a claim are such as its form takes: numbers, shapes, lists, dates, letters, counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from leadterm.claim.drafts import ClaimDraft, ServiceLine
from leadterm.claim.listed_codes import is_listed
from leadterm.claim.segments import find_unfit, transliterate
from leadterm.claim.wire import ADDRESS, CARRIED, EXTERNAL, RELATIONSHIPS, number_of
from leadterm.codes import load_system
from leadterm.procedures.services.modifiers import in_line_order
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Finding

__all__ = ["form_faults", "is_npi", "npi_fault"]

NPI_PREFIX = "80840"
SHAPES = {
    "taxonomy": (r"\d{3}[0-9A-Z]{6}X", "a taxonomy code", "Ten characters, the last an X, for instance 207Q00000X."),
    "tax_id": (r"\d{9}", "a tax number of nine digits", "Leave hyphens out."),
    "zip": (r"\d{5}(\d{4})?", "a ZIP code of five or nine digits", "Leave hyphens out."),
    "state": (r"[A-Z]{2}", "a state of two capital letters", "For instance CA."),
    "phone": (r"\d{10}", "a telephone number of ten digits", "Leave out hyphens, brackets and the country."),
    "sex": (r"[FMU]", "F, M or U", "U where it is unknown."),
    "filing": (r"[0-9A-Z]{2}", "a claim filing indicator of two characters", "For instance MB, MA, MC, CI, BL or 11."),
}  # fmt: skip
OF_CLAIM = {
    "type_of_bill": (r"0?[1-9][1-9][0-9A-Z]", "a type of bill", "It has three digits, for instance 111 or 131."),
    "frequency": (r"[1-9A-Z]", "a claim frequency", "1 is an original claim, 7 replaces, 8 voids one."),
    "admission_hour": (r"([01]\d|2[0-3])[0-5]\d", "an hour HHMM", "For instance 1430."),
    "discharge_hour": (r"([01]\d|2[0-3])[0-5]\d", "an hour HHMM", "For instance 1430."),
    "admission_type": (r"[1-59]", "a type of admission", "1 emergency, 2 urgent, 3 elective, 4 newborn, 5 trauma."),
    "admission_source": (r"[1245689D-F]", "a source of admission", "1 home, 2 clinic, 4 hospital, 5 nursing home …"),
    "assignment": (r"[ABC]", "A, B or C", "A where the provider accepts assignment."),
    "benefits_assigned": (r"[NWY]", "Y, N or W", "Y where benefits go to the provider."),
    "release_signed": (r"[IY]", "Y or I", "Y where a signed release is on file."),
}  # fmt: skip
LONGEST = {
    "name": 60, "last_name": 60, "first_name": 35, "middle_name": 25, "address": 55, "city": 30, "contact": 60,
    "member_id": 80, "group": 50, "id": 80,
}  # fmt: skip
ENVELOPE_ID = 15
DATES = ("from_date", "to_date", "admission_date", "created")
MODIFIER = re.compile(r"[0-9A-Z]{2}")
NUMBER_LENGTH, DIGITS = 20, 8
STILL_THERE, INTERIM, CLOSED = "30", ("2", "3"), ("1", "4")  # a patient; last digits of types of bill
DIAGNOSES = {"professional": 12, "institutional": 25}
LINES = {"professional": 50, "institutional": 999}
EXTERNALS, POINTERS = 12, 4
POA = ("Y", "N", "U", "W", "1")


def is_npi(number: str) -> bool:
    """Tell whether a number is a National Provider Identifier: ten digits that pass the Luhn check behind 80840.

    >>> is_npi("1234567893"), is_npi("1234567890")
    (True, False)
    """
    return not npi_fault(number)


def npi_fault(number: str) -> str:
    """Say what keeps a number from being an NPI; empty if nothing does.

    >>> npi_fault("12345")
    'it has 5 characters, not ten digits'
    """
    if not re.fullmatch(r"[0-9]{10}", number):
        return f"it has {len(number)} characters, not ten digits" if len(number) != 10 else "it is not all digits"
    digits = [int(char) for char in reversed(NPI_PREFIX + number)]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return "" if (sum(digits[::2]) + doubled) % 10 == 0 else "its check digit is wrong"


def form_faults(draft: ClaimDraft) -> Iterator[Finding]:
    """Find the values that the form does not take."""
    for name, fields in CARRIED[draft.kind].items():
        party = draft.party(name)
        for field in dict.fromkeys((*fields, "birth_date", "sex", *(ADDRESS if name == "subscriber" else ()))):
            if value := getattr(party, field):
                yield from _field_faults(draft, name, field, value)
    yield from _claim_faults(draft)
    yield from _count_faults(draft)
    yield from _repeated(draft)
    yield from _status_and_bill(draft)
    for number, line in enumerate(draft.lines, 1):
        yield from _line_faults(draft, number, line)
    if draft.setting == "inpatient" and draft.kind == "institutional":
        for one in draft.diagnoses:
            if one.poa not in POA:
                yield make_finding("claim-poa", one.system, (one.code,))


def _field_faults(draft: ClaimDraft, name: str, field: str, value: str) -> Iterator[Finding]:
    """What is wrong with one value of a party; only values that are no patient's are shown."""
    where = f"{name}.{field}"
    if field == "npi" and (why := npi_fault(value)):
        yield _fault("claim-npi", where=where, value=value, why=why)
    elif field in SHAPES:
        yield from _misshapen(where, value, SHAPES[field], hide=name in ("subscriber", "patient"))
    elif field == "birth_date":
        yield from _bad_date(where, value)
    elif field == "relationship" and value not in RELATIONSHIPS:
        yield _unknown(where, value, RELATIONSHIPS)
    elif field in LONGEST:
        yield from _unfit(
            draft, where, value, ENVELOPE_ID if where in ("submitter.id", "receiver.id") else LONGEST[field]
        )
    if where == "billing.zip" and re.fullmatch(r"\d{5}", value):
        yield _fault(
            "claim-shape", where=where, value=value, wanted="a ZIP code of nine digits", fix="Add the last four."
        )


def _fault(rule: str, **values: Any) -> Finding:
    return make_finding(rule, "", (), **values)


def _misshapen(where: str, value: str, shape: tuple[str, str, str], *, hide: bool = False) -> Iterator[Finding]:
    pattern, wanted, fix = shape
    if not re.fullmatch(pattern, value, re.ASCII):
        yield _fault("claim-shape", where=where, value="…" if hide else value, wanted=wanted, fix=fix)


def _unknown(where: str, value: str, allowed: Iterable[str]) -> Finding:
    names = sorted(allowed)
    near = get_close_matches(value, names, n=1)
    shown = ", ".join(names) if len(names) < 20 else f"{len(names)} codes, {names[0]} to {names[-1]}"
    return _fault("claim-value", where=where, value=value, guess=f"; did you mean '{near[0]}'?" if near else ".",
                  fix=f"Allowed: {shown}.")  # fmt: skip


def _unfit(draft: ClaimDraft, where: str, value: str, most: int) -> Iterator[Finding]:
    told = draft.circumstances
    spelling = transliterate(value) if told.names == "transliterate" else value
    if letters := find_unfit(spelling, told.charset):
        able = find_unfit(transliterate(value), told.charset) == ""
        fix = 'Spell it without, or set names = "transliterate" under [claim].' if able else "Spell it without."
        yield _fault("claim-letters", where=where, letters=" ".join(letters), fix=fix)
    if len(spelling) > most:
        yield _fault("claim-length", where=where, count=len(spelling), most=most)


def _unlisted(name: str, where: str, value: str) -> Iterator[Finding]:
    if value and not is_listed(name, value):
        yield _unknown(where, value, load_system(name))


def _bad_date(where: str, value: str) -> Iterator[Finding]:
    try:
        if date.fromisoformat(value) > date.today():
            yield _fault("claim-date", where=where, why="the date lies in the future")
        elif len(value) != 10:
            raise ValueError
    except ValueError:
        yield _fault("claim-date", where=where, why="this is no date")


def _claim_faults(draft: ClaimDraft) -> Iterator[Finding]:
    told = draft.circumstances
    for field, shape in OF_CLAIM.items():
        if value := getattr(told, field):
            yield from _misshapen(f"claim.{field}", value, shape)
    for field in DATES:
        if value := getattr(told, field):
            yield from _bad_date(f"claim.{field}", value)
    if told.from_date and told.to_date and told.to_date < told.from_date:
        yield _fault("claim-date", where="claim.to_date", why="it is before claim.from_date")
    for name in ("place_of_service", "discharge_status"):
        yield from _unlisted(name, f"claim.{name}", getattr(told, name))
    if not 1 <= told.control_number <= 999_999_999:
        yield _fault("claim-shape", where="claim.control_number", value=told.control_number, wanted="a number",
                     fix="It lies between 1 and 999999999.")  # fmt: skip
    if draft.accepted or told.number:  # the id of a draft may be the name of a file
        where = "claim.number" if told.number else "the encounter's id"
        yield from _unfit(draft, where, number_of(draft), NUMBER_LENGTH)


def _repeated(draft: ClaimDraft) -> Iterator[Finding]:
    """Lines that say the same as one before: payers pay the first and deny the others."""
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(draft.lines, 1):
        first = seen.setdefault((line.code, line.revenue, line.date, *sorted(line.modifiers)), number)
        if first != number:
            yield make_finding("claim-repeated", line.system, (line.code,), line=number, first=first)


def _status_and_bill(draft: ClaimDraft) -> Iterator[Finding]:
    """Whether the patient has left, as the status and the last digit of the type of bill tell it."""
    told = draft.circumstances
    last, known = told.type_of_bill[-1:], draft.setting == "inpatient" and told.discharge_status
    if known and last in INTERIM + CLOSED and (known == STILL_THERE) != (last in INTERIM):
        yield make_finding("claim-status", "", (), status=told.discharge_status, bill=told.type_of_bill)


def _count_faults(draft: ClaimDraft) -> Iterator[Finding]:
    own = [one for one in draft.diagnoses if draft.kind == "professional" or one.role != EXTERNAL]
    external = [one for one in draft.diagnoses if draft.kind == "institutional" and one.role == EXTERNAL]
    for what, group, most in (("diagnoses", own, DIAGNOSES[draft.kind]), ("external causes", external, EXTERNALS)):
        if len(group) > most:
            yield _fault("claim-diagnoses", count=len(group), what=what, form=draft.kind, most=most)
    if len(draft.lines) > (most := LINES[draft.kind]):
        yield _fault(
            "claim-lines", count=len(draft.lines), form=draft.kind, most=most, parts=-(-len(draft.lines) // most)
        )


def _line_faults(draft: ClaimDraft, number: int, line: ServiceLine) -> Iterator[Finding]:
    def fault(rule: str, **values: Any) -> Finding:
        return make_finding(rule, line.system, (line.code,), line=number, **values)

    if line.units <= 0 or not _fits(line.units, 3):
        yield fault("claim-units", value=line.units)
    if line.charge is not None and (line.charge < 0 or not _fits(line.charge, 2)):
        yield fault("claim-charge", value=line.charge)
    wrong = [one for one in line.modifiers if not MODIFIER.fullmatch(one)]
    if wrong or len(line.modifiers) > POINTERS or len(set(line.modifiers)) < len(line.modifiers):
        why = f"'{wrong[0]}' is no modifier" if wrong else f"it has the modifiers {' '.join(line.modifiers)}"
        yield fault("claim-modifier", why=why)
    elif (ordered := in_line_order(line.modifiers)) != list(line.modifiers):
        yield fault("claim-modifier-order", given=" ".join(line.modifiers), ordered=" ".join(ordered))
    if line.date:
        yield from _bad_date(f"line {number} date", line.date)
    yield from _unlisted("revenue_codes", f"line {number} revenue", line.revenue)
    yield from _unlisted("place_of_service", f"line {number} place_of_service", line.place_of_service)
    if draft.kind == "professional":
        yield from _pointer_faults(draft, number, line)


def _fits(number: Decimal, decimals: int) -> bool:
    """Whether a number has no more digits than the form takes, before the point and behind it."""
    if not number.is_finite() or abs(number) >= 10**DIGITS:
        return False
    return int(number.normalize().as_tuple().exponent) >= -decimals


def _pointer_faults(draft: ClaimDraft, number: int, line: ServiceLine) -> Iterator[Finding]:
    given, count = line.pointers, len(draft.diagnoses)
    beyond = next((one for one in given if not 1 <= one.position <= count), None)
    if beyond or not 1 <= len(given) <= POINTERS:
        why = f"{len(given)} diagnoses" if given else "no diagnosis"
        if beyond:
            why = f"diagnosis {beyond.position}, and the claim has {count}" if beyond.position else beyond.why
        yield make_finding("claim-pointer", line.system, (line.code,), line=number, why=why)
