"""What codes mean for payment, as tables for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from io import StringIO
from typing import Any

from leadterm.claim.drafts import ClaimDraft
from leadterm.claim.payment import MODEL, TABLES, Flag, Group
from leadterm.pages.terminal import make_console, make_table, plain

__all__ = ["impact_json", "impact_text"]

Weighed = tuple[ClaimDraft, Sequence[Flag], Sequence[Group]]


def impact_json(found: Sequence[Weighed]) -> list[dict[str, Any]]:
    """Give flags and groups as JSON objects, one an encounter."""
    return [
        {
            "encounter_id": draft.encounter_id, "tables": TABLES, "model": MODEL,
            "diagnoses": [asdict(flag) for flag in flags], "groups": [asdict(group) for group in groups],
        }
        for draft, flags, groups in found
    ]  # fmt: skip


def impact_text(found: Sequence[Weighed], note: str, *, width: int = 100) -> str:
    """Lay flags and groups out; ``note`` says why there are no groups."""
    text = StringIO()
    console = make_console(file=text, width=width, color_system=None)
    for draft, flags, groups in found:
        console.print(_flags(draft, flags))
        if groups:
            console.print(_groups(groups))
        elif note and draft.setting == "inpatient":
            console.print(plain(note))
    console.print(plain(f"Complications by {TABLES}, risk categories by {MODEL}."))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _flags(draft: ClaimDraft, flags: Sequence[Flag]) -> Any:
    table = make_table(draft.encounter_id, ("#", "Code", "Title", "Counts as", "HCC"), right=("#",), whole=("Code",))
    for flag in flags:
        level = f"({flag.level}) {flag.why_not}" if flag.why_not else flag.level
        hcc = f"{flag.hcc} {flag.category}".strip()
        table.add_row(*map(plain, (str(flag.position), flag.code, flag.title, level, hcc)))
    return table


def _groups(groups: Sequence[Group]) -> Any:
    columns = ("Principal", "MS-DRG", "What it groups", "Weight", "Days")
    table = make_table(
        "With each diagnosis as the principal one", columns, right=("Weight", "Days"), whole=("Principal",)
    )
    for number, group in enumerate(groups):
        name = group.principal + (" (as coded)" if number == 0 else "" if group.may_lead else " (may not lead)")
        weight, days = (f"{value:g}" if value else "" for value in (group.weight, group.days))
        table.add_row(*map(plain, (name, group.drg, group.title, weight, days)))
    return table
