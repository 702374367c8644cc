"""Why a payer may have denied a claim: the findings that lead to the reason it gave."""

from __future__ import annotations

from functools import cache

from leadterm.claim.drafts import ClaimDraft
from leadterm.errors import LeadtermError
from leadterm.rules.findings import Finding
from leadterm.storage.tsv import package_table

__all__ = ["explain_denial", "reasons"]


@cache
def reasons() -> dict[str, dict[str, str]]:
    """Give the reasons that the facts of a claim can explain, by their number."""
    return {row["carc"]: row for row in package_table("leadterm.claim", "denials.tsv")}


def explain_denial(draft: ClaimDraft, number: str) -> list[Finding]:
    """Find what in a claim leads to a reason; nothing where the claim itself does not tell.

    ``LeadtermError`` for a reason that no claim can explain.

    >>> from leadterm.claim.parties import Circumstances
    >>> explain_denial(ClaimDraft("e1", "professional", Circumstances(), {}, ()), "45")
    Traceback (most recent call last):
    leadterm.errors.LeadtermError: the claim cannot tell why of reason '45'. Reasons that it can: 11, 16, 97.
    """
    if number not in reasons():
        hint = f"Reasons that it can: {', '.join(reasons())}."
        raise LeadtermError(f"the claim cannot tell why of reason '{number[:8]}'.", hint=hint)
    names = reasons()[number]["rules"].split(";")
    whole, begun = set(names), tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    return [one for one in draft.findings if one.rule in whole or (begun and one.rule.startswith(begun))]
