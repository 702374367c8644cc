"""A claim draft as a self-contained page: what goes to the payer, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadterm.claim.claim_json import MISSING
from leadterm.claim.claim_table import FORMS, heading_of, state_of
from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Party
from leadterm.claim.wire import number_of
from leadterm.pages.render import render

__all__ = ["claim_page"]

SHOWN = {
    "npi": "NPI", "taxonomy": "Taxonomy", "id": "Number", "member_id": "Member", "group": "Group", "birth_date": "Born",
    "sex": "Sex", "relationship": "Relationship", "filing": "Filing",
}  # fmt: skip


def claim_page(drafts: Sequence[ClaimDraft]) -> str:
    """Make the page. It loads nothing and sends nothing; it holds patient data, so keep it as you keep the notes.

    >>> from leadterm.claim.parties import Circumstances
    >>> claim_page([ClaimDraft("<e1>", "professional", Circumstances(), {}, ())]).startswith("<!doctype html>")
    True
    """
    return render(
        "claim.html", drafts=drafts, details_of=_details, forms=FORMS, state_of=state_of, number_of=number_of,
        heading_of=heading_of,
        missing_of=lambda draft: [one for one in draft.findings if one.rule == MISSING],
        others_of=lambda draft: [one for one in draft.findings if one.rule != MISSING],
    )  # fmt: skip


def _details(party: Party) -> Iterator[tuple[str, str]]:
    """What a biller looks for of a party, as far as it is known."""
    return ((label, value) for field, label in SHOWN.items() if (value := getattr(party, field)))
