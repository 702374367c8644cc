"""Claims of reference encounters are such as an independent validator takes, and are read back as they were written."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from claim_samples import FACTS, blocking, drafts, knee

from leadterm.claim.drafting import draft_claim
from leadterm.claim.parties import LineFacts, Party
from leadterm.claim.read_x12 import read_x12
from leadterm.claim.segments import parse_segments
from leadterm.claim.wire import as_sent
from leadterm.claim.write_x12 import x12_text
from leadterm.errors import LeadtermError


def is_valid(text: str) -> bool:
    from pyx12.params import ParamsBase
    from pyx12.x12n_document import x12n_document

    told = io.StringIO()
    valid = bool(x12n_document(ParamsBase(), io.StringIO(text), None, None, fd_json=told))
    assert valid, told.getvalue()[:2000]
    return valid


@pytest.mark.parametrize(("setting", "count"), [("outpatient", 60), ("inpatient", 60)])
def test_claims_of_reference_encounters_are_valid_and_read_back_equal(setting: str, count: int) -> None:
    found = drafts(setting, count)
    assert [blocking(one) for one in found] == [[]] * count
    text = x12_text(found)
    assert read_x12(text) == [as_sent(one) for one in found]
    assert is_valid(text)


def test_a_dependent_with_a_facility_and_lower_case_is_read_back_equal() -> None:
    child = Party(last_name="Doe", first_name="Sam", relationship="child", birth_date="2015-02-03", sex="M",
                  address="1 River Road", city="Springfield", state="IL", zip="62701")  # fmt: skip
    facts = replace(
        FACTS, patient=child, facility=replace(FACTS.billing, taxonomy="", tax_id=""),
        claim=replace(FACTS.claim, charset="extended", control_number=70_123, number="A-7"),
    )  # fmt: skip
    draft = draft_claim(knee(birth_year=2015, sex="M"), facts)
    assert blocking(draft) == []
    text = x12_text([draft])
    assert "NM1*QC*1*Doe*Sam~" in text
    assert read_x12(text) == [as_sent(draft)]
    assert is_valid(text)


def test_the_envelope_has_its_fixed_width_and_counts_right() -> None:
    text = x12_text([draft_claim(replace(knee(), encounter_id=name), FACTS) for name in ("e1", "e2")])
    assert text.index("~") == 105
    segments, use = parse_segments(text, "made")
    names = [one.name for one in segments]
    assert (use.element, use.component, use.segment) == ("*", ":", "~")
    assert names.count("ST") == names.count("SE") == 2
    starts = [at for at, name in enumerate(names) if name == "ST"]
    assert [segments[end].at(1) for end, name in enumerate(names) if name == "SE"] == [
        str(end - start + 1) for start, end in zip(starts, (i for i, n in enumerate(names) if n == "SE"), strict=True)
    ]


def test_nothing_that_decides_a_payment_changes_on_the_way() -> None:
    draft = draft_claim(knee(), replace(FACTS, lines=(LineFacts("J1885", units=2.5, charge=89.9),)))
    (line,) = read_x12(x12_text([draft]))[0].lines
    assert (line.units, line.charge, line.date) == (Decimal("2.5"), Decimal("89.90"), "2026-03-02")


def test_a_hospital_bills_a_visit_with_revenue_codes_and_without_pointers() -> None:
    bill = replace(FACTS.claim, kind="institutional", type_of_bill="0131", admission_type="3", discharge_status="01")
    draft = draft_claim(knee(), replace(FACTS, claim=replace(bill, reasons_for_visit=("M25.561",))))
    assert blocking(draft) == []
    text = x12_text([draft])
    assert "SV2*0510*HC:G0463*180*UN*1~" in text
    assert read_x12(text) == [as_sent(draft)]
    assert is_valid(text)
    with pytest.raises(LeadtermError, match="of two forms"):
        x12_text([draft, draft_claim(knee(), FACTS)])
