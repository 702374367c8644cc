"""An X12 837 interchange back to claims: what `x12_text` wrote is read back equal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import cast

from leadterm.claim.drafts import ClaimDraft, Diagnosis, Pointer, Procedure, ServiceLine
from leadterm.claim.parties import Circumstances, Kind, Party, money
from leadterm.claim.segments import Segment, parse_segments
from leadterm.claim.wire import EXTERNAL, RELATIONSHIPS, VERSION
from leadterm.codes.systems import dictionary_system, spec_of

__all__ = ["ClaimReader", "as_number", "iso", "read_x12"]

ROLES = {"41": "submitter", "40": "receiver", "85": "billing", "IL": "subscriber", "PR": "payer", "QC": "patient",
         "82": "rendering", "71": "attending", "77": "facility"}  # fmt: skip
FORMS: dict[str, Kind] = {guide[:10]: kind for kind, guide in VERSION.items()}


def read_x12(text: str, name: str = "the file") -> list[ClaimDraft]:
    """Read the claims of an interchange.

    ``LeadtermError`` if it is no X12 file. What else may be wrong in it, `find_faults` says.

    >>> read_x12("nothing")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: the file is no X12 file: it has no ISA segment of 105 characters. ...
    """
    segments, _ = parse_segments(text, name)
    reader = ClaimReader()
    for one in segments:
        reader.take(one)
    return reader.finish()


def iso(digits: str) -> str:
    """Write a date of eight digits with hyphens; anything else stays as it is.

    >>> iso("20260302"), iso("")
    ('2026-03-02', '')
    """
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 and digits.isdigit() else digits


def as_number(text: str) -> Decimal:
    """Read a number; what is none counts as not a number."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


@dataclass
class ClaimReader:
    """Takes segments one after the other and keeps what they say of the claim at hand."""

    kind: Kind = "professional"
    made: dict[str, str] = field(default_factory=dict)
    parties: dict[str, Party] = field(default_factory=dict)
    party: str = ""
    claims: list[ClaimDraft] = field(default_factory=list)
    open: ClaimDraft | None = None
    aside: bool = False  # parties of another payer, or of one line: not those of the claim

    def take(self, one: Segment) -> None:
        """Take a segment."""
        if one.name in ("HL", "ST", "SE", "CLM"):
            self._close()
        reader = getattr(self, f"_{one.name.lower()}", None)
        if reader is not None:
            reader(one)

    def finish(self) -> list[ClaimDraft]:
        """Give the claims read."""
        self._close()
        return self.claims

    def _close(self) -> None:
        if self.open is not None:
            named = {name: party for name, party in self.parties.items() if party != Party()}
            ordered = sorted(self.open.diagnoses, key=lambda one: one.role == EXTERNAL)  # they stand before the others
            self.claims.append(replace(self.open, parties=named, diagnoses=tuple(ordered)))
            self.open = None
        self.aside = False

    def _isa(self, one: Segment) -> None:
        self.made |= {"usage": one.at(15), "control": one.at(13)}

    def _gs(self, one: Segment) -> None:
        self.made["created"] = iso(one.at(4))
        self.kind = FORMS.get(one.at(8)[:10], "professional")

    def _st(self, one: Segment) -> None:
        self.kind = FORMS.get(one.at(3)[:10], self.kind)
        self.parties = {}

    def _hl(self, one: Segment) -> None:
        gone = {"20": ("billing", "subscriber", "payer", "patient"), "22": ("subscriber", "payer", "patient")}
        for name in gone.get(one.at(3), ("patient",)):
            self.parties.pop(name, None)
        self._set("billing" if one.at(3) == "20" else "subscriber" if one.at(3) == "22" else "patient")

    def _set(self, party: str, **values: str) -> None:
        self.party = party
        known = {name: value for name, value in values.items() if value}
        self.parties[party] = replace(self.parties.get(party, Party()), **known)

    def _prv(self, one: Segment) -> None:
        self._set(self.party, taxonomy=one.at(3))

    def _lx(self, _: Segment) -> None:
        self.aside = True

    def _sbr(self, one: Segment) -> None:
        if self.open is not None:
            self.aside = True
            return
        self._set("subscriber", group=one.at(3))
        self._set("payer", filing=one.at(9))

    def _pat(self, one: Segment) -> None:
        told = {code: name for name, code in RELATIONSHIPS.items()}
        self._set("patient", relationship=told.get(one.at(1), ""))

    def _nm1(self, one: Segment) -> None:
        party = f"other {one.at(1)}" if self.aside or one.at(1) not in ROLES else ROLES[one.at(1)]
        person = one.at(2) == "1"
        name = (
            {"last_name": one.at(3), "first_name": one.at(4), "middle_name": one.at(5)}
            if person
            else {"name": one.at(3)}
        )
        kind = {"XX": "npi", "MI": "member_id", "46": "id", "PI": "id"}.get(one.at(8), "")
        self._set(party, **name, **({kind: one.at(9)} if kind else {}))

    def _per(self, one: Segment) -> None:
        self._set(self.party, contact=one.at(2), phone=one.at(4) if one.at(3) == "TE" else "")

    def _n3(self, one: Segment) -> None:
        self._set(self.party, address=one.at(1))

    def _n4(self, one: Segment) -> None:
        self._set(self.party, city=one.at(1), state=one.at(2), zip=one.at(3))

    def _dmg(self, one: Segment) -> None:
        self._set(self.party, birth_date=iso(one.at(2)), sex=one.at(3))

    def _ref(self, one: Segment) -> None:
        if one.at(1) == "EI":
            self._set(self.party, tax_id=one.at(2))

    def _clm(self, one: Segment) -> None:
        place, frequency = one.at(5), one.at(5, 3)
        professional = self.kind == "professional"
        told = Circumstances(
            kind=self.kind, number=one.at(1), place_of_service=place if professional else "",
            type_of_bill="" if professional else place + frequency, frequency=frequency, assignment=one.at(7),
            benefits_assigned=one.at(8), release_signed=one.at(9), created=self.made.get("created", ""),
            control_number=int(self.made["control"]) if self.made.get("control", "").isdigit() else 0,
            usage="P" if self.made.get("usage") == "P" else "T",
        )  # fmt: skip
        self.open = ClaimDraft(one.at(1), self.kind, told, {}, ())

    def _told(self, **values: object) -> None:
        if self.open is not None:
            told = replace(self.open.circumstances, **values)  # type: ignore[arg-type]
            self.open = replace(self.open, circumstances=told)

    def _dtp(self, one: Segment) -> None:
        value = one.at(3)
        if one.at(1) == "434":
            first, _, last = value.partition("-")
            self._told(from_date=iso(first), to_date=iso(last or first))
        elif one.at(1) == "435":
            self._told(admission_date=iso(value[:8]), admission_hour=value[8:])
        elif one.at(1) == "096":
            self._told(discharge_hour=value)
        elif one.at(1) == "472" and self.open is not None and self.open.lines:
            *before, last_line = self.open.lines
            self.open = replace(self.open, lines=(*before, replace(last_line, date=iso(value.partition("-")[0]))))

    def _cl1(self, one: Segment) -> None:
        self._told(admission_type=one.at(1), admission_source=one.at(2), discharge_status=one.at(3))

    def _hi(self, one: Segment) -> None:
        if self.open is None:
            return
        groups: dict[str, list[tuple[str, ...]]] = {}
        for parts in one.elements:
            groups.setdefault(parts[0] if parts else "", []).append(parts)
        for qualifier, found in groups.items():
            codes = [parts[1] if len(parts) > 1 else "" for parts in found]
            spelled = [spec_of(dictionary_system()).spell(code) for code in codes]
            if qualifier == "ABJ":
                self._told(admitting_diagnosis=spelled[0])
            elif qualifier == "APR":
                self._told(reasons_for_visit=tuple(spelled))
            elif qualifier in ("BBR", "BBQ"):
                made = tuple(
                    Procedure(parts[1], iso(parts[3]) if len(parts) > 3 else "") for parts in found if len(parts) > 1
                )
                self.open = replace(self.open, procedures=(*self.open.procedures, *made))
            elif qualifier in ("ABK", "ABF", "ABN", "BK", "BF", "BN"):
                self._diagnoses(qualifier, spelled, [parts[8] if len(parts) > 8 else "" for parts in found])

    def _diagnoses(self, qualifier: str, codes: Iterable[str], poa: Iterable[str]) -> None:
        claim = cast("ClaimDraft", self.open)
        leads = "first-listed" if self.kind == "professional" else "principal"
        role = {"K": leads, "F": "secondary", "N": EXTERNAL}[qualifier[-1]]
        made = tuple(Diagnosis(code, role, letter) for code, letter in zip(codes, poa, strict=True))
        self.open = replace(claim, diagnoses=(*claim.diagnoses, *made))

    def _service(self, parts: tuple[str, ...], charge: str, units: str, **more: object) -> None:
        if self.open is not None:
            code, modifiers = (parts[1] if len(parts) > 1 else ""), tuple(part for part in parts[2:6] if part)
            amount = as_number(charge)
            charged = money(float(amount)) if amount.is_finite() else amount
            line = ServiceLine(code, modifiers, as_number(units), charged, **more)  # type: ignore[arg-type]
            self.open = replace(self.open, lines=(*self.open.lines, line))

    def _sv1(self, one: Segment) -> None:
        pointers = tuple(Pointer(int(part) if part.isdigit() else 0) for part in one.parts(7))
        self._service(one.parts(1), one.at(2), one.at(4), place_of_service=one.at(5), pointers=pointers)

    def _sv2(self, one: Segment) -> None:
        self._service(one.parts(2), one.at(3), one.at(5), revenue=one.at(1))
