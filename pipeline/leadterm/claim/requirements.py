"""What a form cannot do without, and the refusal to write a claim that no payer would take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.parties import Party
from leadterm.claim.wire import is_self
from leadterm.errors import LeadtermError, counted
from leadterm.rules.book import make_finding
from leadterm.rules.findings import Finding
from leadterm.storage.tsv import package_table

__all__ = ["UNFINISHED", "missing_facts", "refuse"]

SHOWN = 12
UNFINISHED = ("claim-missing", "claim-suggested")
"""Rules that a draft may break: nothing is wrong, something is still to come."""


def missing_facts(draft: ClaimDraft) -> Iterator[Finding]:
    """Find the facts that the form needs and nobody has given."""
    for row in _table():
        party, field = row["field"].split(".")
        if (
            row["form"] in (draft.kind, "both")
            and _applies(row["when"], draft, party)
            and not _value(draft, party, field)
        ):
            fix = f"Give {field} under [{party}] in the file of facts."
            yield make_finding(
                "claim-missing", "", (), section=row["place"], where=row["field"], what=row["what"], fix=fix
            )
    for number, line in enumerate(draft.lines, 1):
        for name, value in (("charge", line.charge), ("date", line.date)):
            if value in (None, ""):
                where, fix = f"line {number}", f"Give its {name} in the charges."
                what = f"the {name} of {line.code or line.revenue}"
                yield make_finding("claim-missing", line.system, (line.code,), where=where, what=what, fix=fix)
        if draft.kind == "institutional" and not line.revenue:
            what, fix = f"the revenue code of {line.code}", "Give its revenue code in the charges."
            yield make_finding("claim-missing", line.system, (line.code,), where=f"line {number}", what=what, fix=fix)
    yield from _nothing(draft)


def _nothing(draft: ClaimDraft) -> Iterator[Finding]:
    """A claim without diagnoses or without services."""
    if not draft.diagnoses:
        what, fix = "at least one diagnosis", "Give the encounter with its codes."
        yield make_finding("claim-missing", "", (), where="diagnoses", what=what, fix=fix)
    if not draft.lines:
        fix = "Give them under [[lines]] in the file of facts, in a table with --lines, or as codes of the encounter."
        yield make_finding("claim-missing", "", (), where="lines", what="at least one service", fix=fix)


@cache
def _table() -> list[dict[str, str]]:
    return package_table("leadterm.claim", "requirements.tsv")


def _applies(when: str, draft: ClaimDraft, party: str) -> bool:
    return {
        "always": True, "self": is_self(draft), "other": not is_self(draft),
        "stay": draft.setting == "inpatient", "named": draft.party(party) != Party(),
    }[when]  # fmt: skip


def _value(draft: ClaimDraft, party: str, field: str) -> object:
    given = draft.circumstances if party == "claim" else draft.party(party)
    value = getattr(given, field)
    if not value and field == "last_name" and party == "attending":
        return getattr(given, "name", "")
    return value


def refuse(drafts: Sequence[ClaimDraft], form: str, *, missing: bool = True) -> None:
    """Raise an error that names all that is wrong and, unless told not to, all that is missing."""
    wrong = [
        (draft, finding)
        for draft in drafts
        for finding in draft.findings
        if finding.blocks and (missing or finding.rule not in UNFINISHED)
    ]
    if not wrong:
        return
    about = "" if len(drafts) > 1 else f" for '{drafts[0].encounter_id}'"
    listed = [
        f"\n  {f'{draft.encounter_id}: ' if not about else ''}{finding.message} {finding.fix}".rstrip()
        for draft, finding in wrong
    ]
    rest = f"\n  and {len(wrong) - SHOWN} more; see them all with --format table" if len(wrong) > SHOWN else ""
    what = f"{counted(len(wrong), 'thing')} to mend"
    raise LeadtermError(f"no {form} claim is written{about}: {what}.{''.join(listed[:SHOWN])}{rest}")
